import { expect } from 'chai';
import { notesOf } from './druid-notes.js';
import { readFlags, resolveSettings, settings } from './settings.js';

const resolve = (argv: string[], environment = {}, file?: unknown) =>
  resolveSettings({ flags: readFlags(argv).given, environment, ...(file === undefined ? {} : { file }) });

describe('settings', () => {
  it('has the documented defaults', () => {
    const all = resolve([]);
    expect(all.httpPort).to.equal(8888);
    expect(all.roles).to.deep.equal(settings.roles.fallback);
  });

  it('prefers flags over environment over file', () => {
    const environment = { GROVE_HTTP_PORT: '2' };
    const file = { httpPort: 3, grpcPort: 4 };
    expect(resolve(['--http-port', '1'], environment, file).httpPort).to.equal(1);
    expect(resolve([], environment, file).httpPort).to.equal(2);
    expect(resolve([], environment, file).grpcPort).to.equal(4);
  });

  it('spreads a port base unless a port is given', () => {
    const all = resolve(['--port-base', '9000', '--grpc-port=7']);
    expect([all.httpPort, all.grpcPort, all.natsPort]).to.deep.equal([9000, 7, 9002]);
  });

  it('takes lists, negations and the rest of the line', () => {
    const { given, rest } = readFlags(['start', '--roles', 'broker,gateway', '--no-sample', 'more']);
    expect(rest).to.deep.equal(['start', 'more']);
    const all = resolveSettings({ flags: given, environment: { GROVE_INPUT_DIRS: '/a:/b' } });
    expect(all.roles).to.deep.equal(['broker', 'gateway']);
    expect(all.sample).to.equal(false);
    expect(all.inputDirs).to.deep.equal(['/a', '/b']);
  });

  it("reads Druid's property names from the file", () => {
    expect(resolve([], {}, { 'druid.worker.capacity': 7 }).workerSlots).to.equal(7);
  });

  it('takes sizes and lists as property files have them, and properties that have nothing to set here', () => {
    const file = {
      'druid.cache.sizeInBytes': '1GiB',
      'druid.historical.cache.maxEntrySize': '500K',
      'druid.historical.cache.unCacheable': '["groupBy", "select"]',
      'druid.broker.cache.unCacheable': ['topN'],
      'druid.cache.numConnections': 4,
      'druid.realtime.cache.useCache': false,
      'druid.cache.protocol': 'binary',
    };
    expect(resolve(['--broker-entry-bytes-max', '2KiB'], {}, file)).to.deep.include({
      cacheBytesMax: 2 ** 30,
      historicalEntryBytesMax: 500_000,
      brokerEntryBytesMax: 2_048,
      historicalUncacheable: ['groupBy', 'select'],
      brokerUncacheable: ['topN'],
    });
    const told = notesOf(file).map(({ property }) => property);
    expect(told).to.deep.equal([
      'druid.cache.numConnections',
      'druid.realtime.cache.useCache',
      'druid.cache.protocol',
    ]);
    expect(notesOf(undefined)).to.deep.equal([]);
  });

  for (const [argv, file, field] of [
    [['--http-port', 'x'], {}, '--http-port'],
    [['--http-port', '70000'], {}, '--http-port'],
    [['--roles', 'king'], {}, 'king'],
    [['--roles', ''], {}, 'roles'],
    [['--port-base', '65534'], {}, '--port-base'],
    [['--nats-port', '0'], {}, '--nats-port'],
    [[], { nosuch: 1 }, 'nosuch'],
    [[], { 'druid.cache.enableTls': true }, 'druid.cache.enableTls'],
    [[], { 'druid.cache.protocol': 'text' }, 'binary protocol'],
    [[], { 'druid.realtime.cache.populateCache': 'true' }, 'rows that still grow'],
    [[], { brokerUncacheable: '["a"' }, 'brokerUncacheable'],
    [['--http-port', '1KiB'], {}, '--http-port'],
    [[], { sample: 'maybe' }, 'sample'],
    [[], [], 'configuration file'],
  ] as const) {
    it(`refuses ${JSON.stringify(argv)} ${JSON.stringify(file)} by name`, () => {
      expect(() => resolve([...argv], {}, file)).to.throw(field);
    });
  }
});
