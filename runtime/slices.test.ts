import { expect } from 'chai';
import { eventLoopTurn } from './clock.js';
import { atOnce, inSlices } from './slices.js';

describe('work in slices', () => {
  function* count(to: number, did: (step: number) => void): Generator<void, string> {
    for (let step = 0; step < to; step++) {
      did(step);
      yield;
    }
    return 'done';
  }

  it('lets others run after each slice', async () => {
    let now = 0;
    const seen: string[] = [];
    const others = (async () => {
      for (let turn = 0; turn < 3; turn++) {
        await eventLoopTurn();
        seen.push('other');
      }
    })();
    const work = inSlices(
      count(5, (step) => {
        now += 4;
        seen.push(String(step));
      }),
      { monotonic: () => now },
      8,
    );
    expect(await work).to.equal('done');
    await others;
    // Two steps of 4 ms fill a slice of 8.
    expect(seen.slice(0, 2)).to.deep.equal(['0', '1']);
    expect(seen.indexOf('other')).to.equal(2);
    expect(seen.filter((one) => one !== 'other')).to.deep.equal(['0', '1', '2', '3', '4']);
  });

  it('at once it is the same work', () => {
    const steps: number[] = [];
    expect(atOnce(count(3, (step) => steps.push(step)))).to.equal('done');
    expect(steps).to.deep.equal([0, 1, 2]);
  });

  it('a step that fails fails the work', async () => {
    const failing = inSlices(
      count(1, () => {
        throw new Error('no');
      }),
      { monotonic: () => 0 },
    );
    let error: unknown;
    await failing.catch((thrown: unknown) => (error = thrown));
    expect(error).to.be.instanceOf(Error).with.property('message', 'no');
  });
});
