import { expect } from 'chai';
import fs from 'node:fs';
import path from 'node:path';
import { writeSegment } from '../../segment/write/writer.js';
import { temporaryFolder } from '../launch.js';
import { skipBecause } from '../skips.js';
import { checkRecorded, contentOf, expectSame, rewritten, withView } from './round-trip.js';
import { everyKind, everyOption, fixtureFolder } from './specimens.js';

describe('segments through reading and writing', function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  for (const [name, options] of Object.entries(everyOption)) {
    it(`stay the same: ${name}`, () => {
      const first = path.join(folder, `${name}-1`);
      const second = path.join(folder, `${name}-2`);
      writeSegment(first, everyKind(200), options);
      rewritten(first, second, options);
      const before = withView(first, contentOf);
      expect(before.rows).to.have.length(200);
      expectSame(before, withView(second, contentOf));
    });
  }

  it('recorded ones are read as they were recorded, and written without loss', async function () {
    const fixtures = fixtureFolder();
    if ('missing' in fixtures) skipBecause(this, fixtures.missing);
    // The large ones have their turn in the long part.
    expect(await checkRecorded(fixtures.folder, folder, 50_000)).to.be.above(0);
  });
});
