import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { CodedError } from '../../proto/errors.js';
import { LocalStorage } from '../../segment/store/local-storage.js';
import type { DataSegment } from '../../segment/timeline/data-segment.js';
import { compareTuples, rangeBucket, type RangeTuple } from '../../segment/timeline/range-bucket.js';
import { runBatch } from '../batch.js';
import { PlainRow } from '../formats/row-reader.js';
import { createRowsReader } from '../segment-rows.js';
import { compileTask } from '../spec/task.js';
import { PlanMaker } from './partition-plan.js';
import { KeySieve } from './key-sieve.js';
import { rowStrings, sortedDimensions } from './row-strings.js';
import { ENTRIES_MAX, TupleCounts } from './tuple-counts.js';

const nothing = (): void => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const day = (n: number): number => Date.UTC(2020, 0, n);

describe('partitions', () => {
  const reader = createRowsReader();
  let base = '';
  beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'partitions-'))));
  afterEach(() => rmSync(base, { recursive: true }));

  interface Built {
    readonly spec: Record<string, unknown>;
    readonly rows: Record<string, unknown>[];
  }

  const taskOf = (data: readonly object[], partitionsSpec: object, more: object = {}): object => ({
    type: 'index_parallel',
    spec: {
      dataSchema: {
        dataSource: 'd',
        timestampSpec: { column: 't' },
        dimensionsSpec: { dimensions: ['a', 'b'] },
        metricsSpec: [{ type: 'count', name: 'n' }],
        granularitySpec: { segmentGranularity: 'day', queryGranularity: 'hour', rollup: true },
      },
      ioConfig: {
        inputSource: { type: 'inline', data: data.map((row) => JSON.stringify(row)).join('\n') },
        inputFormat: { type: 'json' },
      },
      tuningConfig: { forceGuaranteedRollup: true, partitionsSpec, ...more },
    },
  });

  async function build(data: readonly object[], partitionsSpec: object, more: object = {}): Promise<Built[]> {
    const { spec } = compileTask(taskOf(data, partitionsSpec, more));
    const { segments } = await runBatch(spec, {
      inputDirs: [],
      workDir: join(base, 'work'),
      store: new LocalStorage({ root: join(base, 'deep') }),
      lock: () => Promise.resolve('v'),
      allocate: () => Promise.reject(new Error('nothing is appended')),
      usedIntervals: () => Promise.resolve([]),
      sequencePrefix: 't',
      clock: { now: () => day(9), monotonic: () => 0 },
      log,
      signal: new AbortController().signal,
      hit: nothing,
    });
    return segments.map((segment: DataSegment) => ({
      spec: segment.shardSpec as unknown as Record<string, unknown>,
      rows: reader.rows(String(segment.loadSpec?.['path'])),
    }));
  }
  const events = (count: number): object[] =>
    Array.from({ length: count }, (_, i) => ({
      t: day(1 + (i % 2)) + (i % 3) * 3_600_000,
      a: i % 7 === 0 ? null : `a${i % 7}`,
      b: `b${(i * 13) % 50}`,
    }));

  it('hash by the given dimensions', async () => {
    const built = await build(events(300), { type: 'hashed', numShards: 4, partitionDimensions: ['a'] });
    const homes = new Map<unknown, unknown>();
    for (const { spec, rows } of built) {
      expect(spec).include({ type: 'hashed', numBuckets: 4, partitionFunction: 'murmur3_32_abs' });
      expect(spec['partitionDimensions']).deep.equal(['a']);
      for (const row of rows) {
        expect(homes.get(row['a']) ?? spec['bucketId']).equal(spec['bucketId']);
        homes.set(row['a'], spec['bucketId']);
      }
    }
    expect(homes.size).equal(7);
    const first = built.slice(0, built.length / 2).map(({ spec }) => spec);
    expect(first.map((spec) => spec['partitionNum'])).deep.equal(first.map((_, i) => i));
    expect(first.every((spec) => spec['partitions'] === first.length)).equal(true);
    expect(built.flatMap(({ rows }) => rows).reduce((sum, row) => sum + Number(row['n']), 0)).equal(300);
  });

  it('are not pruned by hash when rows hold several values', async () => {
    const spec = { type: 'hashed', numShards: 2, partitionDimensions: ['a'] };
    const built = await build(
      [
        { t: 1, a: ['x', 'y'] },
        { t: 1, a: 'x' },
        { t: 1, a: 'z' },
      ],
      spec,
    );
    expect(built.length).within(1, 2);
    for (const { spec: shard } of built) expect(shard).include({ type: 'hashed', partitionFunction: null });
  });

  it('hash the whole row, into as many as the rows ask for, with rollup complete', async () => {
    const once = events(300);
    const built = await build(
      [...once, ...once],
      { type: 'hashed', targetRowsPerSegment: 20 },
      { maxRowsInMemory: 250 },
    );
    const perDay = built.length / 2;
    expect(perDay).within(5, 9);
    expect(built[0]?.spec).include({ partitions: perDay, numBuckets: perDay });
    const rows = built.flatMap((one) => one.rows);
    const keys = new Set(
      rows.map((row) => `${String(row['__time'])} ${String(row['a'])} ${String(row['b'])}`),
    );
    expect(keys.size).equal(rows.length);
    expect(rows.reduce((sum, row) => sum + Number(row['n']), 0)).equal(600);
  });

  it('cut by ranges of several dimensions', async () => {
    const once = events(300);
    const spec = { type: 'range', partitionDimensions: ['a', 'b'], targetRowsPerSegment: 30 };
    const built = (await build([...once, ...once], spec)).filter(
      ({ rows }) => Number(rows[0]?.['__time']) < day(2),
    );
    expect(built.length).within(4, 6);
    let end: unknown = null;
    for (const [i, { spec: shard, rows }] of built.entries()) {
      expect(shard).include({ type: 'range', partitionNum: i, numCorePartitions: built.length });
      expect(shard['start']).deep.equal(end);
      end = shard['end'];
      for (const row of rows) {
        const tuple = [row['a'], row['b']] as RangeTuple;
        if (shard['start'] !== null) expect(compareTuples(shard['start'] as RangeTuple, tuple)).most(0);
        if (end !== null) expect(compareTuples(tuple, end as RangeTuple)).below(0);
      }
      expect(rows.length).within(15, 45);
    }
    expect(end).equal(null);
  });

  it('cut by one dimension, never larger than the maximum', async () => {
    const spec = { type: 'single_dim', partitionDimension: 'b', maxRowsPerSegment: 20 };
    const built = await build(events(300), spec);
    expect(built[1]?.spec).include({ type: 'single', dimension: 'b', partitionNum: 1 });
    expect(Math.max(...built.map(({ rows }) => rows.length))).most(20);
  });

  it('refuse ranges over several values', async () => {
    const spec = { type: 'range', partitionDimensions: ['a'], targetRowsPerSegment: 3 };
    const thrown: unknown = await build([{ t: 1, a: ['x', 'y'] }], spec).then(
      nothing,
      (error: unknown) => error,
    );
    expect(thrown).instanceOf(CodedError).include({ code: 'InvalidInput' });
  });

  it('see values as the texts that are hashed', () => {
    const row = new PlainRow({ n: null, e: [], s: '', l: ['b', null, 'a', 'b'], i: 42, d: 0.5, t: true });
    const texts = (name: string): readonly string[] => rowStrings(row, name);
    expect(['n', 'e', 'missing', 'toString'].flatMap(texts)).deep.equal([]);
    expect(['s', 'i', 'd', 't'].map((name) => texts(name)[0])).deep.equal(['', '42', '0.5', 'true']);
    expect(texts('l')).deep.equal(['b', 'null', 'a', 'b']);
    const spec = { dimensions: [], discoverDimensions: 'strings', dimensionExclusions: ['t'] } as const;
    expect(sortedDimensions(row, spec)).deep.equal([
      ['d', ['0.5']],
      ['i', ['42']],
      ['l', ['a', 'b', 'null']],
      ['s', ['']],
    ]);
  });

  it('find the range of any tuple', () => {
    const value = fc.constantFrom(null, '', 'a', 'b', '\u{1F600}', '\uFF5E');
    const tuples = fc.array(fc.tuple(value, value), { maxLength: 8 });
    fc.assert(
      fc.property(tuples, fc.tuple(value, value), (cuts, tuple) => {
        const sorted = cuts
          .toSorted(compareTuples)
          .filter((t, i, all) => i === 0 || compareTuples(all[i - 1]!, t) < 0);
        const expected = sorted.filter((cut) => compareTuples(cut, tuple) <= 0).length;
        expect(rangeBucket(sorted, tuple)).equal(expected);
      }),
    );
    expect(compareTuples(['\u{1F600}'], ['\uFF5E'])).below(0);
  });

  it('are cut evenly in bounded memory', () => {
    for (const limit of [1000, 128]) {
      const counts = new TupleCounts(limit);
      for (let i = 0; i < 500; i++) counts.add([String((i * 7) % 500).padStart(3, '0')]);
      const cuts = counts.cuts(100, false);
      expect(cuts).length(4);
      for (const [i, [cut]] of cuts.entries())
        expect(Number(cut)).closeTo((i + 1) * 100, limit === 1000 ? 1 : 40);
    }
    const skewed = new TupleCounts();
    for (let i = 0; i < 90; i++) skewed.add(['m']);
    for (const tuple of ['a', 'z']) skewed.add([tuple]);
    expect(skewed.cuts(10, false)).deep.equal([['z']]);
  });

  it('are cut in bounded memory however many time chunks there are', () => {
    const { spec } = compileTask(
      taskOf([], { type: 'single_dim', partitionDimension: 'a', targetRowsPerSegment: 9 }),
    );
    const { partitioning } = spec.tuning;
    if (partitioning.type !== 'range') throw new Error('no ranges');
    const maker = new PlanMaker(spec, partitioning);
    for (let chunk = 0; chunk < 52; chunk++) {
      const tuples = Array.from({ length: 8000 }, (_, i) => [[String(i).padStart(5, '0')], 1] as const);
      maker.merge([{ startMs: day(chunk), tuples }]);
    }
    const survey = maker.survey();
    expect(survey.reduce((sum, { tuples = [] }) => sum + tuples.length, 0)).most(2 * ENTRIES_MAX);
    for (const { tuples = [] } of survey)
      expect(tuples.reduce((sum, [, count]) => sum + count, 0)).equal(8000);
  });

  it('count keys once', () => {
    const sieve = new KeySieve();
    const keys = Array.from({ length: 2000 }, (_, i) => `key ${i}`);
    expect(keys.filter((key) => sieve.add(key)).length).least(1999);
    expect(keys.filter((key) => sieve.add(key))).deep.equal([]);
  });
});
