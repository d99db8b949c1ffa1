import { expect } from 'chai';
import { silentLog } from '../runtime/log.js';
import { createVirtualClock } from '../runtime/virtual-clock.js';
import { MemcachedStore, type MemcachedClient } from './memcached.js';

const settings = { hosts: ['h:1'], timeoutMs: 100, expirationS: 60, entryBytesMax: 10, prefix: 'main' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function world(client: Partial<MemcachedClient>): {
  store: MemcachedStore;
  clock: ReturnType<typeof createVirtualClock>;
} {
  const clock = createVirtualClock();
  const whole = { get: never, set: never, close: () => undefined, ...client } as MemcachedClient;
  return { store: new MemcachedStore(whole, settings, { clock, log: silentLog() }), clock };
}
const never = async (): Promise<never> => new Promise(() => undefined);

describe('memcached', () => {
  it('keeps by short names and answers what it has', async () => {
    const kept = new Map<string, Buffer>();
    const { store, clock } = world({
      get: async (key) => await Promise.resolve({ value: kept.get(key) ?? null }),
      set: async (key, value) => {
        kept.set(key, value);
        return await Promise.resolve(true);
      },
    });
    store.put('a key with blanks', bytes('abc'));
    store.put('too large', bytes('x'.repeat(11)));
    await clock.advance(0);
    expect([...kept.keys()].every((key) => /^main:[\w-]{43}$/.test(key))).to.equal(true);
    const found = await store.get(['a key with blanks', 'too large']);
    expect([...found]).to.deep.equal([['a key with blanks', Buffer.from('abc')]]);
    expect(store.figures).to.deep.include({ hits: 1, misses: 1, refused: 1 });
  });

  it('takes nothing from it that it has not put there under that name', async () => {
    const kept = new Map<string, Buffer>();
    const { store, clock } = world({
      get: async (key) => await Promise.resolve({ value: kept.get(key) ?? null }),
      set: async (key, value) => {
        kept.set(key, value);
        return await Promise.resolve(true);
      },
    });
    store.put('a', bytes('abc'));
    store.put('b', bytes('xyz'));
    await clock.advance(0);
    const [[a, ofA] = [], [b] = []] = [...kept];
    if (a === undefined || b === undefined || ofA === undefined) throw new Error('not kept');
    const others = [Buffer.alloc(0), Buffer.from('abc'), ofA.subarray(0, -1), ofA.map((byte) => byte ^ 1)];
    for (const other of others) {
      kept.set(a, Buffer.from(other));
      expect((await store.get(['a'])).size).to.equal(0);
    }
    kept.set(b, ofA);
    expect((await store.get(['b'])).size).to.equal(0);
    kept.set(a, ofA);
    expect((await store.get(['a'])).size).to.equal(1);
  });

  it('a server that says nothing or fails costs a little time, no query', async () => {
    const silent = world({ get: never });
    const asked = silent.store.get(['a', 'b']);
    expect(await silent.clock.advanceUntil(() => silent.clock.pending === 0, 1_000)).to.equal(true);
    expect((await asked).size).to.equal(0);
    expect(silent.store.figures).to.deep.include({ hits: 0, misses: 2 });

    const failing = world({
      get: async () => await Promise.reject(new Error('No servers available')),
      set: async () => await Promise.reject(new Error('No servers available')),
    });
    failing.store.put('a', bytes('a'));
    expect((await failing.store.get(['a'])).size).to.equal(0);
    await failing.clock.advance(0);
    expect(failing.store.figures).to.deep.include({ refused: 1, misses: 1 });
  });

  it('does not pile up what a silent server does not take', async () => {
    const { store } = world({ set: never });
    const large = new MemcachedStore(
      { get: never, set: never, close: () => undefined },
      { ...settings, entryBytesMax: 9 << 20 },
      { clock: createVirtualClock(), log: silentLog() },
    );
    large.put('a', new Uint8Array(9 << 20));
    large.put('b', new Uint8Array(9 << 20));
    expect(large.figures.refused).to.equal(1);
    expect(store.figures.refused).to.equal(0);
  });
});
