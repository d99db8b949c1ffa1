import { expect } from 'chai';
import type { CachedSegment } from './cache.js';
import { Statuses } from './statuses.js';

const cached = (id: string, size: number): CachedSegment =>
  ({ id, json: '', segment: { size } }) as unknown as CachedSegment;

describe('statuses of segments', () => {
  it('count their bytes, whatever becomes of them', () => {
    const statuses = new Statuses();
    statuses.set('a', { kind: 'queued', cached: cached('a', 5), attempts: 0 });
    statuses.set('b', { kind: 'served', cached: cached('b', 7) });
    statuses.set('a', { kind: 'served', cached: cached('a', 5) });
    expect(statuses.bytes).to.equal(12);
    statuses.set('a', { kind: 'leaving', cached: cached('a', 6), next: undefined });
    statuses.delete('b');
    statuses.delete('c');
    expect([statuses.bytes, statuses.ids()]).to.deep.equal([6, ['a']]);
  });

  it('give the loads that wait in turn', () => {
    const statuses = new Statuses();
    const queue = (id: string): void =>
      statuses.set(id, { kind: 'queued', cached: cached(id, 1), attempts: 0 });
    for (const id of ['a', 'b', 'c']) queue(id);
    statuses.delete('b');
    const order: string[] = [];
    for (let next = statuses.nextQueued(); next !== undefined; next = statuses.nextQueued()) {
      order.push(next.cached.id);
      statuses.set(next.cached.id, { kind: 'served', cached: next.cached });
      if (order.length === 1) queue('b');
    }
    expect(order).to.deep.equal(['a', 'c', 'b']);
  });
});
