import { expect } from 'chai';
import fs from 'node:fs';
import { temporaryFolder } from '../launch.js';
import { skipBecause } from '../skips.js';
import { checkRecorded } from './round-trip.js';
import { fixtureFolder } from './specimens.js';

describe('all recorded segments', function () {
  this.timeout(300_000);
  const folder = temporaryFolder();
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('are read as they were recorded, and written without loss', async function () {
    const fixtures = fixtureFolder();
    if ('missing' in fixtures) skipBecause(this, fixtures.missing);
    expect(await checkRecorded(fixtures.folder, folder, Infinity)).to.be.above(0);
  });
});
