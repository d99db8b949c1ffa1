import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { identifierOf, parseDataSegment } from '../../segment/timeline/data-segment.js';
import { cacheName, reconcileCache, SegmentCache, type CachedSegment } from './cache.js';
import { SegmentRegistry } from '../segment-registry.js';

function cached(dataSource: string): CachedSegment {
  const segment = parseDataSegment({
    dataSource,
    interval: '2024-01-01/2024-01-02',
    version: 'v1',
    loadSpec: { type: 'local', path: '/x' },
    shardSpec: { type: 'numbered', partitionNum: 0, partitions: 1 },
    size: 1,
  });
  return {
    id: identifierOf(segment),
    segment,
    json: JSON.stringify({ ...segment, interval: '2024-01-01/2024-01-02' }),
  };
}

describe('segment cache', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'grove-cache-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('names are file names, and different for different ids', () => {
    for (const id of ['a b', 'ä*?', 'x'.repeat(300), '日'.repeat(100)]) {
      expect(cacheName(id)).to.match(/^[^/\\*]{1,255}$/);
    }
    expect(cacheName('x'.repeat(300))).to.not.equal(cacheName('x'.repeat(301)));
  });

  it('serves only folders with a record, and sweeps the rest', () => {
    const plan = reconcileCache(
      ['a', 'b', 'temporary'],
      [
        { name: 'a', id: 'a' },
        { name: 'c', id: 'c' },
        { name: 'b', id: undefined },
      ],
    );
    expect(plan).to.deep.equal({ serve: ['a'], sweepFolders: ['b', 'temporary'], sweepRecords: ['c', 'b'] });
  });

  it('keeps what was whole over a restart', async () => {
    const one = cached('one');
    const two = cached('two');
    const cache = new SegmentCache(dir);
    expect(await cache.open()).to.deep.equal([]);
    for (const entry of [one, two]) await mkdir(cache.folderOf(entry.id));
    await cache.keep(one);
    await writeFile(path.join(dir, 'info', 'half.json.writing'), '{');
    const again = await new SegmentCache(dir).open();
    expect(again.map((entry) => entry.id)).to.deep.equal([one.id]);
    expect(await readdir(path.join(dir, 'segments'))).to.deep.equal([cacheName(one.id)]);
    expect(await readdir(path.join(dir, 'info'))).to.have.length(1);
    await cache.forget(one.id);
    expect(await new SegmentCache(dir).open()).to.deep.equal([]);
  });

  it('remembers the epoch', async () => {
    const cache = new SegmentCache(dir);
    expect(await cache.readEpoch()).to.deep.equal({ clusterId: '', epoch: 0 });
    await cache.writeEpoch({ clusterId: 'c', epoch: 4 });
    expect(await new SegmentCache(dir).readEpoch()).to.deep.equal({ clusterId: 'c', epoch: 4 });
  });
});

describe('segment registry', () => {
  it('closes when the last query has gone', async () => {
    const registry = new SegmentRegistry();
    let isClosed = false;
    registry.add('s', { handle: 1, rows: 1, times: undefined, close: () => void (isClosed = true) });
    const first = registry.acquire('s');
    const second = registry.acquire('s');
    expect(registry.users).to.equal(2);
    const retired = registry.retire('s');
    expect(registry.acquire('s')).to.equal(undefined);
    first?.release();
    first?.release();
    await Promise.resolve();
    expect(isClosed).to.equal(false);
    second?.release();
    await retired;
    expect(isClosed).to.equal(true);
    expect(registry.users).to.equal(0);
  });
});
