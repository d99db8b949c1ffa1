/** The real memcached, alone and behind Grove: what it does wrong costs a scan, never a query, never a wrong row. */
import net from 'node:net';
import { expect } from 'chai';
import { openMemcachedClient } from '../../actors/memcached-client.js';
import { Memcached } from '../../actors/memcached.js';
import { silentLog } from '../../runtime/log.js';
import { Cluster } from '../cluster/cluster.js';
import { launchGrove, patienceMs, until, type Answer, type Grove } from '../launch.js';
import { eventsTask, inlineEvents, type EventRow } from '../quickstart/tasks.js';
import { startTestMemcached, type TestMemcached } from '../servers/memcached.js';
import { clock, freePort, natsBinary } from '../servers/nats.js';

const sums = {
  queryType: 'timeseries',
  dataSource: 'events',
  granularity: 'all',
  intervals: ['2024-03-01/2024-03-03'],
  aggregations: [
    { type: 'count', name: 'rows' },
    { type: 'longSum', name: 'added', fieldName: 'added' },
  ],
};
const whole = { rows: 6, added: 34 };
const fewer = { rows: 5, added: 31 };

const taskOf = (rows: readonly EventRow[]): unknown =>
  eventsTask('events', rows, { intervals: ['2024-03-01/2024-03-03'] });

function resultOf(answer: Answer): unknown {
  expect(answer.status, answer.text).to.equal(200);
  return answer.json<{ result: unknown }[]>()[0]?.result;
}

describe('memcached itself', function () {
  this.timeout(120_000);
  let memcached: TestMemcached;
  before(async function () {
    memcached = await startTestMemcached(this, await freePort());
  });
  const servers: net.Server[] = [];
  afterEach(() => {
    memcached.resume();
    for (const server of servers.splice(0)) server.close();
  });
  after(() => memcached?.kill());

  /** A server is left alone for some seconds, which pass with `wait`. */
  function connected(hosts: readonly string[], timeoutMs = 5_000, prefix = 'main') {
    let passedMs = 0;
    const store = new Memcached(
      { hosts, timeoutMs, expirationS: 60, entryBytesMax: 4 << 20, prefix },
      {
        connect: (host) => openMemcachedClient(host, timeoutMs, silentLog()),
        clock: {
          setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
          monotonic: () => passedMs,
        },
        log: silentLog(),
      },
    );
    return { memcached: store, store: store.store('segment'), wait: () => (passedMs += 10_000) };
  }
  type Connected = ReturnType<typeof connected>;
  const put = async ({ store }: Connected, key: string, value: Uint8Array): Promise<void> => {
    const { puts } = store.figures;
    store.put(key, value);
    await until('a value is kept', patienceMs, async () =>
      Promise.resolve(store.figures.puts > puts ? true : undefined),
    );
  };
  const value = (seed: number, length = 200_000): Buffer =>
    Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + seed) % 251));

  const isValue = (found: Uint8Array | undefined, seed: number): boolean =>
    found !== undefined && value(seed).equals(found);

  it('what one puts there another finds under the same prefix, and nobody under another', async () => {
    const [one, other] = [connected([memcached.address]), connected([memcached.address])];
    const stranger = connected([memcached.address], 5_000, 'else');
    await put(one, 'a', value(1));
    expect((await other.store.get(['a', 'b'])).get('a')).to.deep.equal(value(1));
    expect((await stranger.store.get(['a'])).size).to.equal(0);
    expect((await one.memcached.store('result').get(['a'])).size).to.equal(0);
    for (const { memcached: each } of [one, other, stranger]) each.close();
  });

  it('hung, it is waited for once; going on again, it is used again', async () => {
    const { address } = memcached;
    const patient = connected([address]);
    await put(patient, 'h', value(2));
    patient.memcached.close();
    const hasty = connected([address], 50);
    await memcached.pause();
    expect((await hasty.store.get(['h', 'x', 'y'])).size).to.equal(0);
    const failures = (): number => hasty.store.figures.timeouts + hasty.store.figures.errors;
    expect(failures()).to.equal(3);
    for (let i = 0; i < 50; i++) expect((await hasty.store.get(['h'])).size).to.equal(0);
    hasty.store.put('z', value(3));
    expect([failures(), hasty.store.figures.hits]).to.deep.equal([3, 0]);
    memcached.resume();
    await until('a hit', patienceMs, async () => {
      hasty.wait();
      return isValue((await hasty.store.get(['h'])).get('h'), 2) ? true : undefined;
    });
    hasty.memcached.close();
  });

  it('a value it does not want is refused without harm', async () => {
    const one = connected([memcached.address]);
    await put(one, 'a', value(1));
    one.store.put('huge', value(1, 3 << 20));
    await until('it is refused', patienceMs, async () =>
      Promise.resolve(one.store.figures.putErrors === 1 ? true : undefined),
    );
    expect((await one.store.get(['a', 'huge'])).size).to.equal(1);
    one.memcached.close();
  });

  it('a connection lost in the middle of an answer leaves nothing behind', async () => {
    const port = Number(memcached.address.split(':')[1]);
    let left = Infinity;
    const cutting = net.createServer((client) => {
      const server = net.connect(port, '127.0.0.1');
      for (const socket of [client, server]) socket.on('error', () => client.destroy());
      client.pipe(server);
      client.on('close', () => server.destroy());
      server.on('data', (bytes) => {
        const part = bytes.subarray(0, left);
        left -= part.length;
        client.write(part);
        if (left === 0) client.destroy();
      });
    });
    servers.push(cutting);
    await new Promise<void>((done) => cutting.listen(0, '127.0.0.1', done));
    const { port: ownPort } = cutting.address() as net.AddressInfo;
    // Whether an answer still comes is found out by waiting for it.
    const one = connected([`127.0.0.1:${ownPort}`], 500);
    const keys = ['a', 'b', 'c'];
    const direct = connected([memcached.address]);
    for (const [i, key] of keys.entries()) await put(direct, key, value(i));
    direct.memcached.close();
    for (const cutAt of [10, 24, 100, 150_000, 250_000]) {
      left = cutAt;
      for (const [key, found] of await one.store.get(keys))
        expect(isValue(found, keys.indexOf(key)), key).to.equal(true);
      left = Infinity;
      await until('all are found again', patienceMs, async () => {
        one.wait();
        const again = await one.store.get(keys);
        return keys.every((key, i) => isValue(again.get(key), i)) ? true : undefined;
      });
    }
    expect(one.store.figures.timeouts + one.store.figures.errors).to.be.above(0);
    one.memcached.close();
  });
});

describe('caches in memcached', function () {
  this.timeout(600_000);
  let grove: Grove;
  let memcached: TestMemcached;
  before(async function () {
    memcached = await startTestMemcached(this, await freePort());
    grove = await launchGrove({
      env: {
        GROVE_CACHE_TYPE: 'memcached',
        GROVE_CACHE_HOSTS: memcached.address,
        GROVE_CACHE_TIMEOUT_MS: '200',
      },
    });
    const done = await grove.ingest(taskOf(inlineEvents()));
    expect(done.statusCode, done.errorMsg ?? '').to.equal('SUCCESS');
    await grove.rowsQueryable('events', 6);
  });
  after(async () => {
    await grove?.stop();
    await memcached?.kill();
  });

  const added = async (): Promise<unknown> => resultOf(await grove.query(sums));
  async function hits(): Promise<number> {
    const { text } = await grove.request('GET', '/metrics');
    const name = 'druid_query_cache_total_hits{druid_service="druid/historical"}';
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length) ?? Number.NaN);
  }
  const hitAgain = (): Promise<true> =>
    until('a hit', patienceMs, async () => {
      const before = await hits();
      expect(await added()).to.deep.equal(whole);
      return (await hits()) > before ? true : undefined;
    });

  it('partial results come back from it', async () => {
    expect(await hitAgain()).to.equal(true);
  });

  it('killed, it costs no query; back again, it is used again', async () => {
    await memcached.kill();
    for (let i = 0; i < 5; i++) expect(await added()).to.deep.equal(whole);
    await memcached.start();
    expect(await hitAgain()).to.equal(true);
  });

  it('hung, it costs no query either', async () => {
    await memcached.pause();
    for (let i = 0; i < 5; i++) expect(await added()).to.deep.equal(whole);
    memcached.resume();
    expect(await hitAgain()).to.equal(true);
  });
});

describe('two brokers over one memcached', function () {
  this.timeout(600_000);
  let cluster: Cluster;
  let memcached: TestMemcached;
  before(async function () {
    memcached = await startTestMemcached(this, await freePort());
    const door = (name: string) => ({ name, roles: ['broker', 'gateway'] });
    cluster = await Cluster.start(await natsBinary(this), {
      processes: [
        { name: 'core', roles: ['metadata', 'coordinator', 'overlord', 'historical', 'middlemanager'] },
        door('one'),
        door('two'),
      ],
      settings: {
        'druid.cache.type': 'memcached',
        'druid.cache.hosts': memcached.address,
        'druid.cache.timeout': 10_000,
        'druid.broker.cache.useCache': true,
        'druid.broker.cache.populateCache': true,
        'druid.broker.cache.useResultLevelCache': true,
        'druid.broker.cache.populateResultLevelCache': true,
      },
    });
  });
  after(async () => {
    await cluster?.stop();
    await memcached?.kill();
  });

  const doors = (): ReturnType<Cluster['process']>[] => [cluster.process('one'), cluster.process('two')];
  const ask = async (query: object): Promise<unknown[]> =>
    await Promise.all(doors().map(async (door) => resultOf(await door.request('POST', '/druid/v2', query))));
  const bothMetrics = async (name: string, ...words: string[]): Promise<number> => {
    const each = await Promise.all(doors().map((door) => door.metric(name, ...words)));
    return each.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0);
  };
  async function load(rows: readonly EventRow[]): Promise<void> {
    const door = cluster.process('one');
    const sent = await door.request('POST', '/druid/indexer/v1/task', taskOf(rows));
    const { task } = sent.json<{ task: string }>();
    await until('the task ends', patienceMs, async () => {
      const { text } = await door.request('GET', `/druid/indexer/v1/task/${task}/status`);
      expect(text).not.to.contain('FAILED');
      return text.includes('SUCCESS') ? true : undefined;
    });
  }
  const bothAnswer = (wanted: unknown, others: readonly unknown[], context: object = {}): Promise<true> =>
    until('both answer the new rows', patienceMs, async () => {
      const found = await ask({ ...sums, context }).catch(() => undefined);
      if (found === undefined) return undefined;
      for (const one of found) expect([wanted, ...others]).to.deep.include(one);
      return found.every((one) => JSON.stringify(one) === JSON.stringify(wanted)) ? true : undefined;
    });

  it('one finds what the other has put there: parts and whole answers', async () => {
    await load(inlineEvents());
    const noParts = { useCache: false, populateCache: false };
    const noResults = { useResultLevelCache: false, populateResultLevelCache: false };
    // Before anything is there, there are no rows.
    await bothAnswer(whole, [undefined], { ...noParts, ...noResults });
    for (const [cache, context] of [
      ['broker', noResults],
      ['result', noParts],
    ] as const) {
      // A question nobody has asked yet.
      const query = { ...sums, context, descending: true };
      const label = `cache="${cache}"`;
      const first = cluster.process('one');
      const puts = await bothMetrics('druid_query_cache_total_put_ok', 'druid/broker');
      expect(resultOf(await first.request('POST', '/druid/v2', query))).to.deep.equal(whole);
      const kept = cache === 'broker' ? 2 : 1;
      await until('it is kept', patienceMs, async () => {
        const now = await bothMetrics('druid_query_cache_total_put_ok', 'druid/broker');
        return now === puts + kept ? true : undefined;
      });
      const before = await bothMetrics('grove_cache_hits_total', label);
      for (let i = 0; i < 4; i++) expect(await ask(query)).to.deep.equal([whole, whole]);
      expect(await bothMetrics('grove_cache_hits_total', label)).to.equal(before + 8 * kept);
      expect(await bothMetrics('druid_query_cache_total_put_ok', 'druid/broker')).to.equal(puts + kept);
    }
  });

  it('overwritten rows: each answers the old ones or the new ones whole, and then the new ones for ever', async () => {
    await load(inlineEvents().slice(0, 5));
    await bothAnswer(fewer, [whole]);
    for (let i = 0; i < 5; i++) expect(await ask(sums)).to.deep.equal([fewer, fewer]);
  });
});
