import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import { writeWhole } from './segment-work.js';

describe('segment work', () => {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-work-'));
  after(() => fs.rmSync(base, { recursive: true }));

  it('leaves no half of a segment when the disk is full, and says so', () => {
    const dir = path.join(base, 'segment');
    const write = (): never => {
      fs.writeFileSync(path.join(dir, '00000.smoosh'), 'half');
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    expect(() => writeWhole(dir, write))
      .to.throw(CodedError, 'ENOSPC')
      .with.deep.include({ code: 'StorageFailure', context: { reason: 'ENOSPC' } });
    expect(fs.readdirSync(base)).to.deep.equal([]);
    expect(writeWhole(dir, () => 1)).to.equal(1);
  });
});
