import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createInlinePool } from '../../query/engine/inline-pool.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import { timedKindOf, timedTime, timedValue } from '../../segment/format/timed-values.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { createResidency } from '../../segment/read/residency.js';
import { registerSegment, SegmentReader, type SegmentHandle } from '../../segment/read/segment.js';
import type { SegmentView } from '../../segment/read/view.js';
import { JsonLineReader } from '../formats/json-lines.js';
import { PlainRow, type InputRow } from '../formats/row-reader.js';
import { PartMerger } from '../part-merger.js';
import { createRowsReader } from '../segment-rows.js';
import { SegmentScanner } from '../sources/segment-scanner.js';
import { compileTask } from '../spec/task.js';
import type { IngestSpec } from '../spec/model.js';
import { GrowingSegment } from './growing-segment.js';
import { IncrementalIndex } from './incremental-index.js';
import { isRealtimeHandle, openRealtimeView, realtimeHandle } from './realtime-view.js';

const interval = { startMs: 0, endMs: 86_400_000 };
const filter = { type: 'selector', dimension: 'd', value: 'x' };
const fold = {
  type: 'expression',
  name: 'product',
  fields: ['k'],
  accumulatorIdentifier: 'acc',
  initialValue: '1',
  fold: 'acc * k',
  combine: 'acc * product',
  shouldAggregateNullInputs: false,
};
const metrics: readonly Record<string, unknown>[] = [
  { type: 'longFirst', name: 'lf', fieldName: 'v' },
  { type: 'longLast', name: 'll', fieldName: 'v' },
  { type: 'doubleFirst', name: 'df', fieldName: 'v' },
  { type: 'floatLast', name: 'fl', fieldName: 'v' },
  { type: 'stringFirst', name: 'sf', fieldName: 's', maxStringBytes: 4 },
  { type: 'stringLast', name: 'sl', fieldName: 's' },
  { type: 'longLast', name: 'lt', fieldName: 'v', timeColumn: 'tc' },
  { type: 'filtered', filter, aggregator: { type: 'longLast', name: 'flt', fieldName: 'v' } },
  { type: 'filtered', filter, aggregator: { type: 'stringLast', name: 'fls', fieldName: 's' } },
  { type: 'longAny', name: 'la', fieldName: 'k' },
  { type: 'longSum', name: 'twice', expression: 'k * 2' },
  fold,
];
const rows: readonly Record<string, unknown>[] = [
  { t: 5, d: 'x', v: 3, s: 'hello', tc: 100, k: 2 },
  { t: 3, d: 'x', v: '4.5', s: ['a', 'b'], tc: 90, k: 3 },
  { t: 9, d: 'x', v: null, s: '', k: null },
  { t: 9, d: 'y', v: 7, s: null, tc: '1', k: 5 },
  { t: 9, d: 'y', v: 8.5, k: 7 },
  { t: 1, d: 'y', s: 'é123' },
];

function specOf(metricsSpec: readonly object[]): IngestSpec {
  return compileTask({
    type: 'index',
    spec: {
      dataSchema: {
        dataSource: 'd',
        timestampSpec: { column: 't' },
        dimensionsSpec: { dimensions: ['d'] },
        metricsSpec,
        granularitySpec: { queryGranularity: 'day', rollup: true },
      },
      ioConfig: { inputSource: { type: 'inline', data: '' }, inputFormat: { type: 'json' } },
    },
  }).spec;
}

/** What Druid's segments of these rows hold. */
const expected: readonly Record<string, unknown>[] = [
  {
    d: 'x',
    lf: [3n, 4n],
    ll: [9n, null],
    df: [3n, 4.5],
    fl: [9n, null],
    sf: [3n, '[a, '],
    sl: [9n, ''],
    lt: [100n, 3n],
    flt: [9n, null],
    fls: [9n, ''],
    twice: 10n,
    product: 6n,
  },
  {
    d: 'y',
    lf: [1n, null],
    ll: [9n, 8n],
    df: [1n, null],
    fl: [9n, 8.5],
    sf: [1n, 'é12'],
    sl: [1n, 'é123'],
    lt: [1n, 7n],
    flt: [-(2n ** 63n), null],
    fls: [-(2n ** 62n), null],
    twice: 24n,
    product: 35n,
  },
];

describe('metrics with a state', () => {
  const reader = createRowsReader();
  const merger = new PartMerger();
  const scanner = new SegmentScanner();
  let base = '';
  let built = 0;
  beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'states-'))));
  afterEach(() => rmSync(base, { recursive: true }));

  function build(spec: IngestSpec, input: readonly { timeMs: number; row: InputRow }[], every = 99): string {
    const segment = new GrowingSegment(spec, interval, {
      dir: join(base, `parts${every}`),
      write: {},
      merger,
    });
    for (const [i, { timeMs, row }] of input.entries()) {
      expect(segment.index.add(timeMs, row)).deep.equal([]);
      if (i % every === every - 1) segment.persist();
    }
    const dir = join(base, `segment${built++}`);
    segment.finish(dir);
    return dir;
  }

  function shown(dir: string): Record<string, unknown>[] {
    return reader.rows(dir).map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => {
          const metric = metrics.find((each) => (each['aggregator'] as { name?: string })?.name === name);
          const type = String((metric?.['aggregator'] as { type?: string })?.type ?? typeOf(name));
          const kind = timedKindOf(`serializablePairLong${capital(type.replace(/(First|Last)$/, ''))}`);
          if (kind === undefined || !(value instanceof Uint8Array)) return [name, value];
          return [name, [timedTime(value), timedValue(kind, value)]];
        }),
      ),
    );
  }
  const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
  const typeOf = (name: string): unknown => metrics.find((each) => each['name'] === name)?.['type'];
  const json = new JsonLineReader();
  const input = rows.map((row) => ({
    timeMs: Number(row['t']),
    row: json.read(JSON.stringify(row)) as InputRow,
  }));

  it('hold what those of Druid hold, however often they are written down', () => {
    for (const every of [99, 3, 2, 1]) {
      const found = shown(build(specOf(metrics), input, every));
      expect(found).length(2);
      for (const [i, row] of expected.entries()) expect(found[i], `every ${every}`).deep.include(row);
      expect(found.map((row) => row['la'])).satisfies(([x, y]: bigint[]) => x! < 4n && y! > 4n);
    }
  });

  it('are folded again when their segment is read again', () => {
    const spec = specOf(metrics);
    const first = build(spec, input.slice(0, 2));
    const second = build(spec, input.slice(2));
    const growing = new GrowingSegment(spec, interval, { dir: base, write: {}, merger });
    const { aggregators } = growing.index.metadata();
    const again = specOf(aggregators as readonly object[]);
    const stored = [first, second].flatMap((dir) => [...scanner.scan(dir, interval, undefined)].flat());
    const found = shown(
      build(
        again,
        stored.map((row) => ({ timeMs: row.timeMs, row })),
      ),
    );
    for (const [i, row] of expected.entries()) expect(found[i]).deep.include(row);
  });

  it('answer queries, growing and stored', async () => {
    const arena = createArena({ maximumBytes: 1 << 27 });
    const kernels = instantiateKernels(compileKernels(), arena);
    const residency = createResidency({ arena, coldBytesMax: 1 << 24, hotBytesMax: 0 });
    const segments = new SegmentReader({ kernels, residency });
    const open = (handle: unknown): SegmentView =>
      isRealtimeHandle(handle) ? openRealtimeView(handle, arena) : segments.openView(handle as SegmentHandle);
    const pool = createInlinePool({ kernels, open, clock: { now: () => 0, monotonic: () => 0 } });
    const answer = async (query: object, handle: unknown): Promise<unknown> => {
      const parsed = parseNativeQuery(query, { queryId: 'q' } as never);
      const frames = [];
      const refs = [{ segmentId: 's', handle, intervals: parsed.intervals }];
      for await (const part of pool.scanSegments(parsed, refs)) frames.push(part.frame);
      const chunks = (await pool.run('finish', { query: parsed, frames })) as Uint8Array[];
      return JSON.parse(Buffer.concat(chunks).toString('utf8'));
    };
    const names = ['lf', 'll', 'df', 'fl', 'sf', 'sl', 'lt'];
    const common = { dataSource: 'd', intervals: ['1970-01-01/1970-01-02'] };
    const query = {
      ...common,
      queryType: 'timeseries',
      granularity: 'all',
      aggregations: names.map((name) => ({ type: typeOf(name), name, fieldName: name })),
    };
    const growing = new GrowingSegment(specOf(metrics), interval, { dir: base, write: {}, merger });
    for (const { timeMs, row } of input) growing.index.add(timeMs, row);
    const dir = build(specOf(metrics), input);
    const handles = [realtimeHandle('s', growing.index), registerSegment(residency, { id: 's', dir })];
    for (const handle of handles) {
      expect(await answer(query, handle)).deep.equal([
        {
          timestamp: '1970-01-01T00:00:00.000Z',
          result: { lf: null, ll: 8, df: null, fl: 8.5, sf: 'é12', sl: '', lt: 3 },
        },
      ]);
      const scan = {
        ...common,
        queryType: 'scan',
        columns: ['d', 'lf', 'sl'],
        resultFormat: 'compactedList',
      };
      const [result] = (await answer(scan, handle)) as { events: unknown[] }[];
      expect(result?.events).deep.equal([
        ['x', { lhs: 3, rhs: 4 }, { lhs: 9, rhs: '' }],
        ['y', { lhs: 1, rhs: null }, { lhs: 1, rhs: 'é123' }],
      ]);
    }
  });

  it('count the texts they hold as memory', () => {
    const aggregator = { type: 'stringLast', name: 'long', fieldName: 's', maxStringBytes: 2048 };
    for (const metric of [aggregator, { type: 'filtered', filter, aggregator }]) {
      const index = new IncrementalIndex(specOf([metric]), interval);
      index.add(1, new PlainRow({ d: 'x', s: 'a' }));
      const before = index.bytes;
      index.add(2, new PlainRow({ d: 'x', s: 'b'.repeat(4000) }));
      expect(index.bytes - before).equal(2 * 2047);
      index.add(3, new PlainRow({ d: 'x', s: 'c' }));
      expect(index.bytes).equal(before);
    }
  });

  it('are refused by name where nothing can be stored', () => {
    const bad = (metric: object): string => {
      try {
        specOf([metric]);
        return 'accepted';
      } catch (thrown) {
        return thrown instanceof Error ? thrown.message : String(thrown);
      }
    };
    expect(bad({ type: 'doubleMean', name: 'm', fieldName: 'v' })).match(/metricsSpec\[0\].*doubleMean/s);
    expect(bad({ type: 'stringAny', name: 'm', fieldName: 'v' })).match(/stringFirst/);
    expect(bad({ type: 'thetaSketch', name: 'm', fieldName: 'v' })).match(/thetaSketch/);
    expect(bad({ ...fold, initialValue: "''" })).match(/initialValue/);
    expect(bad({ ...fold, fold: 'acc +' })).match(/fold/);
    expect(bad({ type: 'longSum', name: 's', expression: '1 +' })).match(/expression/);
    expect(bad({ type: 'longSum', name: 's' })).match(/fieldName/);
  });
});
