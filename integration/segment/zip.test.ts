import { expect } from 'chai';
import fs from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../proto/errors.js';
import { defaultUnzipLimits, unzip, writeZip } from '../../segment/store/zip.js';
import { writeSegment } from '../../segment/write/writer.js';
import { temporaryFolder } from '../launch.js';
import { randomOf } from './mutation.js';
import { everyKind, filesIn } from './specimens.js';

describe('a damaged index.zip', () => {
  const folder = temporaryFolder();
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('is refused, or unpacks to what was packed', async () => {
    const dir = path.join(folder, 'segment');
    writeSegment(dir, everyKind(40));
    const whole = filesIn(dir);
    const zip = path.join(folder, 'index.zip');
    await writeZip(dir, zip);
    const bytes = fs.readFileSync(zip);
    const random = randomOf(5);
    let refused = 0;
    for (let n = 0; n < 150; n++) {
      const damaged = Buffer.from(bytes);
      // A third each: anywhere, in the directory at the end, in the first local header.
      const at = [
        Math.floor(random() * bytes.length),
        bytes.length - 1 - Math.floor(random() * 360),
        Math.floor(random() * 48),
      ][n % 3] as number;
      const isCut = n % 10 === 9;
      damaged[at] = (damaged[at] as number) ^ (1 << Math.floor(random() * 8));
      const file = path.join(folder, 'damaged.zip');
      const target = path.join(folder, `out-${n}`);
      fs.writeFileSync(file, isCut ? damaged.subarray(0, at) : damaged);
      fs.mkdirSync(target);
      try {
        await unzip(file, target, defaultUnzipLimits);
        for (const [name, content] of filesIn(target)) {
          const before = whole.get(name);
          // A damaged name is another file: the segment then misses one.
          if (before !== undefined) expect(content.equals(before), `${n}: ${name}`).to.equal(true);
          else expect(filesIn(target).size).to.equal(whole.size);
        }
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        expect(error.code, `${n}: ${error.message}`).to.be.oneOf(['CorruptSegment', 'LimitExceeded']);
        refused++;
      }
      fs.rmSync(target, { recursive: true, force: true });
    }
    expect(refused).to.be.above(70);
  });
});
