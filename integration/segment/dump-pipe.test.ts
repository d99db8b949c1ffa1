import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { writeSegment } from '../../segment/write/writer.js';
import { root, temporaryFolder } from '../launch.js';
import { everyKind } from './specimens.js';

describe('grove segment dump', function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('gives a slow reader all rows', () => {
    const rows = 3000;
    const dir = path.join(folder, 's');
    writeSegment(dir, everyKind(rows));
    const grove = path.join(root, 'scripts/grove.mjs');
    // The reader begins when the pipe is full, and the program has nothing left to do but to print.
    const script = '"$0" "$1" segment dump "$2" | (sleep 2; wc -l)';
    const text = execFileSync('/bin/sh', ['-c', script, process.execPath, grove, dir], { encoding: 'utf8' });
    expect(Number(text)).to.equal(rows);
  });
});
