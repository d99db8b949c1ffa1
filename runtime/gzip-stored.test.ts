import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { gzipStored } from './gzip-stored.js';

describe('runtime/gzip-stored', () => {
  it('unpacks to what went in', () => {
    for (const length of [0, 1, 255, 1_024, 65_535]) {
      const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 31 + length) & 0xff));
      expect(gunzipSync(gzipStored(bytes)).equals(bytes)).to.equal(true);
    }
    expect(() => gzipStored(Buffer.alloc(65_536))).to.throw(RangeError);
  });
});
