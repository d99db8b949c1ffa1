/**
 * Ends the process once its readers have taken what was printed, or have gone: process.exit alone cuts off what a full
 * pipe still owes.
 */
export async function endProcess(code: number): Promise<never> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) => new Promise<void>((done) => void stream.write('', () => done())),
    ),
  );
  process.exit(code);
}
