import { expect } from 'chai';
import { skipBecause } from '../skips.js';
import { fuzz } from './fuzz.js';
import { fixtureFolder } from './specimens.js';

describe('damaged segments', () => {
  it('are refused, found out, or change values of the damaged column alone', async () => {
    const report = await fuzz({ mutations: 630, from: 0, seed: 7 });
    expect(report.faults).to.deep.equal([]);
    expect(report.mutations).to.equal(630);
    expect(report.outcomes['refused']).to.be.above(0);
    expect(report.outcomes['found']).to.be.above(0);
  });

  it('recorded ones too', function () {
    // The run above takes them in when they are there.
    const fixtures = fixtureFolder();
    if ('missing' in fixtures) skipBecause(this, fixtures.missing);
  });
});
