import { expect } from 'chai';
import { fuzz } from './fuzz.js';

describe('10,000 damaged segments', function () {
  this.timeout(600_000);

  it('none is read wrongly', async () => {
    const report = await fuzz({ mutations: 10_000, from: 0, seed: 1 });
    console.log(`      ${JSON.stringify(report.outcomes)}`);
    expect(report.faults).to.deep.equal([]);
  });
});
