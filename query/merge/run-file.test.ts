import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CodedError } from '../../proto/errors.js';
import { cellColumn } from '../frame-build.js';
import type { Frame } from '../frame.js';
import { readRun, RunWriter } from './run-file.js';

describe('a run of groups on disk', () => {
  let folder = '';
  before(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-run-'))));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const frames = [1n, 2n].map((first): Frame => ({
    rows: 3,
    columns: [cellColumn('n', 'LONG', [first, 5n, null]), cellColumn('t', 'STRING', ['a', null, 'ü'])],
  }));
  const written = (name: string): { file: string; bytes: number } => {
    const file = path.join(folder, name);
    const writer = new RunWriter(file, 10_000);
    for (const frame of frames) writer.add(frame);
    writer.end();
    return { file, bytes: writer.bytes };
  };
  const codeOf = (work: () => unknown): string => {
    try {
      work();
      return 'none';
    } catch (thrown) {
      return thrown instanceof CodedError ? thrown.code : String(thrown);
    }
  };

  it('comes back as it was', () => {
    const { file, bytes } = written('whole');
    expect(fs.statSync(file).size).to.equal(bytes);
    expect([...readRun(file, bytes)]).to.deep.equal(frames);
  });

  it('is never read from when a byte of it is another, or it is cut short', () => {
    const { file, bytes } = written('damaged');
    const whole = fs.readFileSync(file);
    for (let at = 0; at < bytes; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      fs.writeFileSync(file, damaged);
      expect(codeOf(() => [...readRun(file, bytes)])).to.equal('StorageFailure');
    }
    fs.writeFileSync(file, whole.subarray(0, bytes - 1));
    expect(codeOf(() => [...readRun(file, bytes)])).to.equal('StorageFailure');
  });

  it('takes no more bytes than it may, and leaves nothing behind when it is given up', () => {
    const file = path.join(folder, 'small');
    const writer = new RunWriter(file, 20);
    expect(codeOf(() => writer.add(frames[0] as Frame))).to.equal('LimitExceeded');
    writer.discard();
    expect(fs.existsSync(file)).to.equal(false);
  });
});
