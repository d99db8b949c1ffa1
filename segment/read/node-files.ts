/** Files of this machine, read while the thread waits. */
import fs from 'node:fs';
import type { Files } from '../ports.js';

export const nodeFiles: Files = {
  readSync(path, into, position) {
    const fd = fs.openSync(path, 'r');
    try {
      let done = 0;
      while (done < into.length) {
        const count = fs.readSync(fd, into, done, Math.min(into.length - done, 1 << 30), position + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    } finally {
      fs.closeSync(fd);
    }
  },
  sizeSync(path) {
    return fs.statSync(path).size;
  },
};
