import { expect } from 'chai';
import { planLookups, retryMs } from './plan.js';

describe('plan of lookups', () => {
  const wanted = (...digests: readonly string[]) =>
    digests.map((digest) => ({ name: digest.slice(0, 1), version: 'v', digest }));

  it('fetches what is new or another, drops what is gone', () => {
    const held = new Map(wanted('a1', 'b1', 'c1').map((one) => [one.name, one]));
    const plan = planLookups(wanted('a1', 'b2', 'd1'), held);
    expect(plan.fetch.map(({ digest }) => digest)).to.deep.equal(['b2', 'd1']);
    expect(plan.drop).to.deep.equal(['c']);
    expect(planLookups(wanted('a1', 'b1', 'c1'), held)).to.deep.equal({ fetch: [], drop: [] });
  });

  it('tries again less and less often', () => {
    expect([1, 2, 3, 8, 50].map(retryMs)).to.deep.equal([1_000, 2_000, 4_000, 120_000, 120_000]);
  });
});
