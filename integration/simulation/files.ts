/**
 * File work of the simulated processes in no time and in one order: the promise forms of node:fs answer from their
 * synchronous ones, so that nothing depends on how quickly a thread of this machine is. For this process's life.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

type Work = (...given: never[]) => unknown;

const answered =
  (work: Work) =>
  (...given: never[]): Promise<unknown> => {
    try {
      return Promise.resolve(work(...given));
    } catch (thrown) {
      return Promise.reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  };

function openNow(file: string, flags: string) {
  const fd = fs.openSync(file, flags);
  return {
    writeFile: answered((text: string) => fs.writeSync(fd, text)),
    // Memory is as durable as a simulation needs.
    sync: () => Promise.resolve(),
    close: answered(() => fs.closeSync(fd)),
  };
}

export function answerFilesAtOnce(): void {
  const { promises } = fs;
  Object.assign(promises, {
    mkdir: answered(fs.mkdirSync as Work),
    readdir: answered(fs.readdirSync as Work),
    readFile: answered(fs.readFileSync as Work),
    writeFile: answered(fs.writeFileSync as Work),
    rename: answered(fs.renameSync as Work),
    rm: answered(fs.rmSync as Work),
    open: answered(openNow as Work),
  });
  syncBuiltinESMExports();
}
