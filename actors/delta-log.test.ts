import { expect } from 'chai';
import { DeltaFollower, DeltaLog, type Delta } from './delta-log.js';

interface Item {
  readonly key: string;
  readonly value: number;
}
const keyOf = (item: Item): string => item.key;

async function take(stream: AsyncGenerator<Delta<Item>>, count: number): Promise<Delta<Item>[]> {
  const seen: Delta<Item>[] = [];
  while (seen.length < count) {
    const next = await stream.next();
    if (next.done === true) break;
    seen.push(next.value);
  }
  return seen;
}

describe('delta log', () => {
  it('gives a snapshot, then each change in order', async () => {
    const log = new DeltaLog<Item>(keyOf);
    log.apply([{ key: 'a', value: 1 }]);
    const stop = new AbortController();
    const stream = log.watch(0, stop.signal);
    const follower = new DeltaFollower<Item>(keyOf);
    for (const delta of await take(stream, 1)) expect(follower.apply(delta)).to.equal('applied');
    log.apply([{ key: 'b', value: 2 }]);
    log.apply([{ key: 'b', value: 3 }], ['a']);
    for (const delta of await take(stream, 2)) expect(follower.apply(delta)).to.equal('applied');
    expect([...follower.items.values()]).to.deep.equal([{ key: 'b', value: 3 }]);
    expect(follower.sequence).to.equal(4);
    stop.abort();
    expect((await stream.next()).done).to.equal(true);
  });

  it('wakes a waiting watcher', async () => {
    const log = new DeltaLog<Item>(keyOf);
    log.apply([{ key: 'a', value: 1 }]);
    const stop = new AbortController();
    const stream = log.watch(2, stop.signal);
    const hello = (await stream.next()).value as Delta<Item>;
    expect(hello).to.deep.include({ sequence: 2, changed: [], removed: [] });
    const coming = stream.next();
    log.apply([{ key: 'a', value: 2 }]);
    expect((await coming).value).to.deep.include({ sequence: 3, changed: [{ key: 'a', value: 2 }] });
    stop.abort();
  });

  it('tells a very large change by a snapshot: one message has an end', async () => {
    const log = new DeltaLog<Item>(keyOf);
    log.apply([{ key: 'a', value: 1 }]);
    const stop = new AbortController();
    const stream = log.watch(0, stop.signal);
    const follower = new DeltaFollower<Item>(keyOf);
    for (const delta of await take(stream, 1)) follower.apply(delta);
    log.apply(
      Array.from({ length: 20_000 }, (_, value) => ({ key: `k${value}`, value })),
      ['a'],
    );
    log.apply([{ key: 'b', value: 2 }]);
    let largest = 0;
    while (follower.sequence < 4) {
      for (const delta of await take(stream, 1)) {
        largest = Math.max(largest, delta.changed.length + delta.removed.length);
        expect(follower.apply(delta)).to.not.equal('gap');
      }
    }
    expect(largest).to.be.at.most(5_000);
    expect([follower.items.size, follower.items.has('a')]).to.deep.equal([20_001, false]);
    stop.abort();
  });

  it('continues from where a watcher stands while the log reaches back, otherwise snapshots', async () => {
    const log = new DeltaLog<Item>(keyOf, 2);
    for (let i = 1; i <= 10; i++) log.apply([{ key: 'k', value: i }]);
    const stop = new AbortController();
    const [, near] = await take(log.watch(10, stop.signal), 2);
    expect(near).to.deep.include({ sequence: 11, snapshot: false });
    const [far] = await take(log.watch(2, stop.signal), 1);
    expect(far).to.deep.include({ sequence: 11, snapshot: true, snapshotEnd: true });
    const [ahead] = await take(log.watch(99, stop.signal), 1);
    expect(ahead).to.deep.include({ snapshot: true });
    stop.abort();
  });

  it('splits a long snapshot, visible only when whole', async () => {
    const log = new DeltaLog<Item>(keyOf);
    log.apply(Array.from({ length: 1_200 }, (_, i) => ({ key: `k${i}`, value: i })));
    const stop = new AbortController();
    const parts = await take(log.watch(0, stop.signal), 3);
    const follower = new DeltaFollower<Item>(keyOf);
    expect(parts.map((part) => follower.apply(part))).to.deep.equal(['partial', 'partial', 'applied']);
    expect(follower.items.size).to.equal(1_200);
    stop.abort();
  });

  it('sees a gap and keeps what it had', () => {
    const follower = new DeltaFollower<Item>(keyOf);
    const delta = (sequence: number): Delta<Item> => ({
      sequence,
      snapshot: false,
      snapshotEnd: false,
      changed: [],
      removed: [],
    });
    expect(follower.apply(delta(1))).to.equal('gap');
    follower.apply({ ...delta(4), snapshot: true, snapshotEnd: true, changed: [{ key: 'a', value: 1 }] });
    expect(follower.apply(delta(6))).to.equal('gap');
    expect(follower.apply(delta(4))).to.equal('applied');
    expect(follower.items.size).to.equal(1);
    expect(follower.apply(delta(5))).to.equal('applied');
  });

  it('a change of nothing is no change', () => {
    const log = new DeltaLog<Item>(keyOf);
    expect(log.apply([], ['nothing'])).to.equal(1);
  });

  it('snapshots an empty set once, then waits', async () => {
    const log = new DeltaLog<Item>(keyOf);
    const stop = new AbortController();
    const stream = log.watch(0, stop.signal);
    expect((await stream.next()).value).to.deep.include({ snapshotEnd: true, changed: [] });
    const coming = stream.next();
    stop.abort();
    expect((await coming).done).to.equal(true);
  });
});
