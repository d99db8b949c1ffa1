/** Ends the process once its readers have taken what was printed: process.exit alone cuts off what a full pipe still owes. */
export async function endProcess(code) {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', () => done()))),
  );
  process.exit(code);
}
