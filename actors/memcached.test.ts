import { expect } from 'chai';
import { silentLog } from '../runtime/log.js';
import { createVirtualClock } from '../runtime/virtual-clock.js';
import { NotTaken, type MemcachedClient } from './memcached-client.js';
import { Memcached, type MemcachedSettings } from './memcached.js';

const settings = { hosts: ['h:1'], timeoutMs: 100, expirationS: 60, entryBytesMax: 10, prefix: 'main' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const never = async (): Promise<never> => new Promise(() => undefined);

/** A server's client that keeps what it gets, unless something else is said. */
function keeping(kept: Map<string, Buffer>): MemcachedClient {
  return {
    get: async (key) => await Promise.resolve(kept.get(key)),
    set: async (key, value) => {
      kept.set(key, value);
      await Promise.resolve();
    },
    close: () => undefined,
  };
}

function world(clientOf: (host: string) => MemcachedClient, given: Partial<MemcachedSettings> = {}) {
  const clock = createVirtualClock();
  const opened: string[] = [];
  const connect = (host: string): MemcachedClient => {
    opened.push(host);
    return clientOf(host);
  };
  const memcached = new Memcached({ ...settings, ...given }, { connect, clock, log: silentLog() });
  return { memcached, store: memcached.store('segment'), clock, opened };
}

describe('memcached', () => {
  it('keeps by short names and answers what it has', async () => {
    const kept = new Map<string, Buffer>();
    const { store, clock } = world(() => keeping(kept));
    store.put('a key with blanks', bytes('abc'));
    store.put('too large', bytes('x'.repeat(11)));
    await clock.advance(0);
    expect([...kept.keys()].every((key) => /^main:[\w-]{43}$/.test(key))).to.equal(true);
    const found = await store.get(['a key with blanks', 'too large']);
    expect([...found]).to.deep.equal([['a key with blanks', Buffer.from('abc')]]);
    expect(store.figures).to.deep.include({ hits: 1, misses: 1, puts: 1, oversized: 1, errors: 0 });
  });

  it('takes nothing from it that it has not put there under that name', async () => {
    const kept = new Map<string, Buffer>();
    const { store, memcached, clock } = world(() => keeping(kept));
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
    expect((await memcached.store('result').get(['a'])).size).to.equal(0);
  });

  it('a server that says nothing is waited for once, then left alone, then asked over a new connection', async () => {
    const kept = new Map<string, Buffer>();
    let closed = 0;
    let isHung = true;
    const { store, clock, opened } = world(() =>
      isHung ? { get: never, set: never, close: () => void closed++ } : keeping(kept),
    );
    const asked = store.get(['a', 'b']);
    await clock.advance(settings.timeoutMs + 50);
    expect((await asked).size).to.equal(0);
    expect(closed).to.equal(1);
    expect(store.figures).to.deep.include({ hits: 0, misses: 2, timeouts: 2 });
    isHung = false;
    // Nobody waits: no time passes here.
    expect((await store.get(['a'])).size).to.equal(0);
    store.put('a', bytes('a'));
    await clock.advance(0);
    expect(store.figures).to.deep.include({ misses: 3, timeouts: 2, putErrors: 1 });
    expect(opened).to.deep.equal(['h:1']);
    await clock.advance(5_000);
    store.put('a', bytes('a'));
    await clock.advance(0);
    expect((await store.get(['a'])).size).to.equal(1);
    expect(opened).to.deep.equal(['h:1', 'h:1']);
    expect(clock.pending).to.equal(0);
  });

  it('an answer that was there when its time was found to be over counts', async () => {
    let answer: (value: undefined) => void = () => undefined;
    const get = async (): Promise<undefined> => new Promise((done) => (answer = done));
    const { store, clock } = world(() => ({ get, set: never, close: () => undefined }));
    const asked = store.get(['a']);
    await clock.advance(settings.timeoutMs);
    answer(undefined);
    expect((await asked).size).to.equal(0);
    expect(store.figures).to.deep.include({ misses: 1, timeouts: 0, errors: 0 });
  });

  it('a lost connection fails what was asked over it, and is given up once', async () => {
    let lose: (reason: Error) => void = () => undefined;
    const lost = new Promise<never>((_, reject) => (lose = reject));
    let closed = 0;
    const { store, clock, opened } = world(() => ({
      get: async () => await lost,
      set: async () => await lost,
      close: () => void closed++,
    }));
    store.put('a', bytes('a'));
    const asked = store.get(['a', 'b']);
    lose(new Error('reset'));
    expect((await asked).size).to.equal(0);
    await clock.advance(0);
    expect(store.figures).to.deep.include({ misses: 2, errors: 3, putErrors: 1, timeouts: 0 });
    expect([closed, opened.length]).to.deep.equal([1, 1]);
  });

  it('a value the server does not want is no reason to leave it', async () => {
    const kept = new Map<string, Buffer>();
    const refusing = { ...keeping(kept), set: async () => await Promise.reject(new NotTaken('too large')) };
    const { store, clock, opened } = world(() => refusing);
    store.put('a', bytes('a'));
    await clock.advance(0);
    expect((await store.get(['a'])).size).to.equal(0);
    expect(store.figures).to.deep.include({ putErrors: 1, errors: 1, misses: 1 });
    expect(opened).to.have.length(1);
  });

  it('of several servers one that hangs costs only its own keys; a new one takes only keys for itself', async () => {
    const keptBy = new Map<string, Map<string, Buffer>>();
    const clientOf = (host: string): MemcachedClient => {
      const kept = keptBy.get(host) ?? new Map<string, Buffer>();
      keptBy.set(host, kept);
      return host === 'hung:1' ? { get: never, set: never, close: () => undefined } : keeping(kept);
    };
    const keys = Array.from({ length: 90 }, (_, i) => `key ${i}`);
    const three = world(clientOf, { hosts: ['a:1', 'hung:1', 'b:1'] });
    for (const key of keys) three.store.put(key, bytes('v'));
    await three.clock.advance(settings.timeoutMs + 50);
    const found = await three.store.get(keys);
    expect(found.size).to.be.within(40, 80);
    expect(three.store.figures.puts).to.equal(found.size);
    const two = world(clientOf, { hosts: ['b:1', 'a:1'] });
    expect((await two.store.get(keys)).size).to.equal(found.size);
  });

  it('does not pile up what a silent server does not take', () => {
    const { store } = world(() => ({ get: never, set: never, close: () => undefined }), {
      entryBytesMax: 9 << 20,
    });
    store.put('a', new Uint8Array(9 << 20));
    store.put('b', new Uint8Array(9 << 20));
    return Promise.resolve().then(() => expect(store.figures.putErrors).to.equal(1));
  });
});
