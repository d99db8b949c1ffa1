import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { IntervalMs, SegmentView } from '../../segment/read/view.js';
import type { Frame } from '../frame.js';
import { bucketStart, nextBucket } from '../granularity.js';
import { mergePartials } from '../merge.js';
import { entryText } from '../merge/dictionary.js';
import { isNull } from '../merge/columns.js';
import type {
  Aggregator,
  DimensionSpec,
  Filter,
  Granularity,
  NativeQuery,
  QueryContext,
  ValueStep,
} from '../native/model.js';
import { extraction } from './columns/extraction.js';
import { aggregateOutput } from '../results/aggregates.js';
import { createInlinePool } from './inline-pool.js';
import { naiveAggregate, naiveFilter, type Row } from './naive.js';
import {
  Chance,
  isReal,
  kinds,
  randomFilter,
  randomRows,
  virtualColumns,
  withVirtual,
} from './random-queries.js';
import { testSegment, type TestColumn } from './test-segment.js';

const context: QueryContext = {
  queryId: 'q',
  timeoutMs: 0,
  priority: 0,
  skipEmptyBuckets: false,
  grandTotal: false,
  resultAsArray: false,
  allowPartialResults: false,
  minTopNThreshold: 1000,
  given: {},
};

const arena = createArena({ maximumBytes: 1 << 30 });
const kernels = instantiateKernels(compileKernels(), arena);
const always: IntervalMs = { startMs: Date.UTC(2000, 0, 1), endMs: Date.UTC(2100, 0, 1) };

interface Promises {
  readonly timeSorted: boolean;
  readonly dictionarySorted: boolean;
  readonly hasBitmaps: boolean;
  readonly isNarrow?: boolean;
}

function segmentOf(rows: readonly Row[], promises: Promises, id: string): SegmentView {
  const columns: Record<string, TestColumn> = {};
  for (const [name, kind] of Object.entries(kinds)) {
    if (!isReal(name)) continue;
    columns[name] = { kind, values: rows.map((row) => row[name]) } as TestColumn;
  }
  return testSegment(arena, {
    id,
    interval: always,
    columns,
    metrics: ['size', 'big', 'price', 'ratio'],
    ...promises,
  });
}

async function ask(
  segments: readonly SegmentView[],
  query: NativeQuery,
  scratchBytes = 1 << 26,
): Promise<Frame> {
  const pool = createInlinePool({
    kernels,
    open: (handle) => segments[handle as number]!,
    scratchBytes,
    clock: { now: () => 0, monotonic: () => 0 },
  });
  const refs = segments.map((segment, handle) => ({
    segmentId: segment.id,
    handle,
    intervals: query.intervals,
  }));
  const frames: Frame[] = [];
  const answered: string[] = [];
  for await (const part of pool.scanSegments(query, refs)) {
    frames.push(part.frame);
    answered.push(...part.segmentIds);
  }
  expect(answered.sort()).to.deep.equal(refs.map((ref) => ref.segmentId).sort());
  return mergePartials(query, frames);
}

/** A frame as rows of plain values. */
function plain(frame: Frame): unknown[][] {
  return Array.from({ length: frame.rows }, (_, row) =>
    frame.columns.map((column) => {
      if (isNull(column.nulls, row)) return null;
      if (column.type === 'STRING') return entryText(column.dictionary, column.values[row] ?? 0);
      if (column.type === 'STRING_ARRAY') {
        return [...column.values.subarray(column.offsets[row], column.offsets[row + 1])].map((entry) =>
          entry === 0xffffffff ? null : entryText(column.dictionary, entry),
        );
      }
      return column.values[row];
    }),
  );
}

function same(found: unknown[][], wanted: unknown[][], note: string): void {
  expect(found.length, `${note} rows`).to.equal(wanted.length);
  found.forEach((row, r) =>
    row.forEach((cell, c) => {
      const other = wanted[r]?.[c];
      if (typeof cell === 'number' && typeof other === 'number' && Number.isFinite(other)) {
        expect(Math.abs(cell - other), `${note} row ${r} column ${c}: ${cell} ${other}`).to.be.at.most(
          1e-4 * Math.max(1, Math.abs(other)),
        );
      } else {
        expect(cell, `${note} row ${r} column ${c}`).to.deep.equal(other);
      }
    }),
  );
}

const aggregations: Aggregator[] = [
  { type: 'count', name: 'n' },
  { type: 'longSum', name: 'wraps', fieldName: 'big' },
  { type: 'longMax', name: 'top', fieldName: 'big' },
  { type: 'longMin', name: 'least', fieldName: 'size' },
  { type: 'doubleSum', name: 'total', fieldName: 'price' },
  { type: 'doubleMin', name: 'low', fieldName: 'price' },
  { type: 'doubleMax', name: 'high', fieldName: 'size' },
  { type: 'floatSum', name: 'small', fieldName: 'ratio' },
  { type: 'floatMax', name: 'most', fieldName: 'ratio' },
  { type: 'longSum', name: 'cut', fieldName: 'price' },
  { type: 'doubleSum', name: 'none', fieldName: 'missing' },
  {
    type: 'filtered',
    name: 'some',
    filter: { type: 'not', field: { type: 'selector', dimension: 'color', value: 'red' } },
    aggregator: { type: 'longSum', name: 'inner', fieldName: 'size' },
  },
];

const base = { dataSources: ['t'], context, virtualColumns, postAggregations: [] } as const;
const granularities: Granularity[] = [
  { type: 'all' },
  { type: 'period', period: 'PT1H', timeZone: 'UTC', originMs: undefined },
  { type: 'period', period: 'P1D', timeZone: 'Europe/Berlin', originMs: undefined },
  { type: 'duration', durationMs: 60_000, originMs: 0 },
];
/** Most buckets are empty: only the filled ones are made. */
const fine: Granularity[] = [
  { type: 'none' },
  { type: 'period', period: 'PT1S', timeZone: 'UTC', originMs: undefined },
];
const someSteps: readonly ValueStep[] = [
  { type: 'extraction', fn: { type: 'upper', locale: undefined } },
  { type: 'extraction', fn: { type: 'strlen' } },
  { type: 'extraction', fn: { type: 'substring', index: 0, length: 2 } },
  { type: 'listFiltered', values: ['a', null, 'red', '7'], isWhitelist: true },
  { type: 'listFiltered', values: ['b', ''], isWhitelist: false },
  { type: 'prefixFiltered', prefix: 'b' },
  { type: 'regexFiltered', pattern: '[a-z]+' },
];
const midday: IntervalMs[] = [
  { startMs: Date.UTC(2024, 0, 1, 12), endMs: Date.UTC(2024, 0, 2, 3) },
  { startMs: Date.UTC(2024, 0, 2, 12, 30), endMs: Date.UTC(2024, 0, 3) },
];

const timeOf = (row: Row): number => Number(row['__time']);
const inIntervals = (row: Row, intervals: readonly IntervalMs[]): boolean =>
  intervals.some(({ startMs, endMs }) => timeOf(row) >= startMs && timeOf(row) < endMs);
const bucketOf = (granularity: Granularity, ms: number): number =>
  granularity.type === 'all' ? 0 : bucketStart(granularity, ms);

function compareCells(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return (a as number) < (b as number) ? -1 : 1;
}

/** Only steps over text. */
function naiveStep(step: ValueStep, value: string | null): (string | null)[] {
  switch (step.type) {
    case 'extraction':
      return [extraction(step.fn)(value)];
    case 'listFiltered':
      return step.values.includes(value) === step.isWhitelist ? [value] : [];
    case 'prefixFiltered':
      return value?.startsWith(step.prefix) === true ? [value] : [];
    case 'regexFiltered':
      return value !== null && new RegExp(`^(?:${step.pattern})$`, 'u').test(value) ? [value] : [];
  }
}

function naiveGroups(
  rows: readonly Row[],
  granularity: Granularity,
  dimensions: readonly DimensionSpec[],
): unknown[][] {
  const groups = new Map<string, { key: unknown[]; rows: Row[] }>();
  const keyText = (key: readonly unknown[]): string =>
    key.map((part) => `${typeof part} ${String(part)}`).join('\0');
  for (const row of rows) {
    let keys: unknown[][] = [[BigInt(bucketOf(granularity, timeOf(row)))]];
    for (const { dimension, steps = [] } of dimensions) {
      const cell = kinds[dimension] === undefined ? null : (row[dimension] ?? null);
      let values: readonly unknown[] = Array.isArray(cell) ? (cell.length === 0 ? [null] : cell) : [cell];
      for (const step of steps) values = values.flatMap((value) => naiveStep(step, value as string | null));
      if (values.length === 0) values = [null];
      keys = keys.flatMap((key) => values.map((value) => [...key, value]));
    }
    for (const key of keys) {
      const text = keyText(key.map((part) => (Object.is(part, -0) ? '-0' : part)));
      const group = groups.get(text) ?? { key, rows: [] };
      group.rows.push(row);
      groups.set(text, group);
    }
  }
  return [...groups.values()].map(({ key, rows: own }) => [
    ...key,
    ...aggregations.map((spec) => naiveAggregate(spec, own, kinds)),
  ]);
}

function sortRows(rows: unknown[][], keys: number): unknown[][] {
  return rows.sort((a, b) => {
    for (let i = 0; i < keys; i++) {
      const order =
        compareCells(a[i], b[i]) || (Object.is(a[i], -0) ? -1 : 0) - (Object.is(b[i], -0) ? -1 : 0);
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** Every combination of what a view promises, some with one segment and some with several. */
const shapes: { promises: Promises; parts: number; rows: number }[] = [];
for (const timeSorted of [true, false]) {
  for (const dictionarySorted of [true, false]) {
    for (const hasBitmaps of [true, false]) {
      shapes.push({
        promises: { timeSorted, dictionarySorted, hasBitmaps, isNarrow: dictionarySorted !== hasBitmaps },
        parts: 1 + (shapes.length % 3),
        rows: 150,
      });
    }
  }
}
shapes.push({
  promises: { timeSorted: true, dictionarySorted: true, hasBitmaps: true, isNarrow: true },
  parts: 1,
  rows: 9000,
});
shapes.push({
  promises: { timeSorted: false, dictionarySorted: false, hasBitmaps: false, isNarrow: true },
  parts: 2,
  rows: 18_000,
});

function shuffled(chance: Chance, rows: readonly Row[]): Row[] {
  return rows
    .map((row) => ({ row, at: chance.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
}

function prepare(
  shape: (typeof shapes)[number],
  seed: number,
): { rows: Row[]; segments: SegmentView[]; chance: Chance } {
  const chance = new Chance(seed);
  const sorted = randomRows(chance, shape.rows);
  const rows = (shape.promises.timeSorted ? sorted : shuffled(chance, sorted)).map(withVirtual);
  const size = Math.ceil(rows.length / shape.parts);
  const segments = Array.from({ length: shape.parts }, (_, i) =>
    segmentOf(rows.slice(i * size, (i + 1) * size), shape.promises, `s${i}`),
  );
  return { rows, segments, chance };
}

describe('the engine against a row-by-row evaluation', function () {
  this.timeout(300_000);
  shapes.forEach((shape, index) => {
    const name = `${JSON.stringify(shape)}`;
    const rounds = shape.rows > 1000 ? 4 : 60;

    it(`filters and timeseries ${name}`, async () => {
      const { rows, segments, chance } = prepare(shape, 1000 + index);
      for (let round = 0; round < rounds; round++) {
        const filter = round === 0 ? undefined : randomFilter(chance, 3);
        const granularity = chance.pick(granularities);
        const intervals = chance.pick([[always], midday]);
        const query: NativeQuery = {
          ...base,
          queryType: 'timeseries',
          granularity,
          filter,
          intervals,
          descending: false,
          aggregations,
          limit: 0,
        };
        const found = plain(await ask(segments, query)).filter((row) => row[1] !== 0n);
        const kept = rows.filter(
          (row) =>
            inIntervals(row, intervals) &&
            (filter === undefined || naiveFilter(filter, row, kinds) === 'true'),
        );
        const wanted = sortRows(naiveGroups(kept, granularity, []), 1).map(([bucket, count, ...rest]) => [
          bucket,
          count,
          count,
          ...rest,
        ]);
        same(
          found,
          wanted,
          `${JSON.stringify(filter, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v))} ${granularity.type}`,
        );
      }
    });

    it(`groupBy ${name}`, async () => {
      const { rows, segments, chance } = prepare(shape, 2000 + index);
      const choices = [
        'color',
        'city',
        'tags',
        'marks',
        'size',
        'price',
        'ratio',
        'missing',
        'big',
        'vlong',
        'vdouble',
        'vtext',
        'vupper',
      ];
      for (let round = 0; round < rounds / 2; round++) {
        const dimensions = Array.from({ length: chance.below(4) }, (_, i): DimensionSpec => {
          const dimension = chance.pick(choices);
          const kind = kinds[dimension];
          const outputType =
            kind === 'long' ? 'LONG' : kind === 'double' ? 'DOUBLE' : kind === 'float' ? 'FLOAT' : 'STRING';
          const isText = kind === 'string' || kind === 'strings' || kind === undefined;
          const steps = isText && chance.next() < 0.4 ? [chance.pick(someSteps)] : [];
          return { dimension, outputName: `d${i}`, outputType, steps };
        });
        const granularity = chance.pick([...granularities, ...fine]);
        const filter = chance.next() < 0.5 ? undefined : randomFilter(chance, 2);
        const intervals = chance.pick([[always], midday]);
        const query: NativeQuery = {
          ...base,
          queryType: 'groupBy',
          granularity,
          filter,
          intervals,
          dimensions,
          aggregations,
          having: undefined,
          orderBy: [],
          limit: undefined,
          offset: 0,
        };
        // A small working memory makes groups flush early.
        const found = plain(await ask(segments, query, round % 2 === 0 ? 1 << 26 : 1));
        const kept = rows.filter(
          (row) =>
            inIntervals(row, intervals) &&
            (filter === undefined || naiveFilter(filter, row, kinds) === 'true'),
        );
        const wanted = sortRows(naiveGroups(kept, granularity, dimensions), dimensions.length + 1);
        same(found, wanted, JSON.stringify(dimensions));
      }
    });

    it(`scan and timeBoundary ${name}`, async () => {
      const { rows, segments, chance } = prepare(shape, 3000 + index);
      for (let round = 0; round < rounds / 4; round++) {
        const filter = randomFilter(chance, 2);
        const order = chance.pick(['none', 'ascending', 'descending'] as const);
        const limit = chance.pick([undefined, 5, 100]);
        const columns = ['__time', 'color', 'tags', 'size', 'price', 'missing'];
        const query: NativeQuery = {
          ...base,
          queryType: 'scan',
          filter,
          intervals: [always],
          columns,
          limit,
          offset: 2,
          batchSize: 100,
          order,
          resultFormat: 'list',
        };
        const found = plain(await ask(segments, query));
        const kept = rows.filter((row) => naiveFilter(filter, row, kinds) === 'true');
        const most = limit === undefined ? Infinity : limit + 2;
        expect(found.length).to.equal(Math.min(kept.length, most));
        const scanned = (row: Row): unknown[] =>
          columns.map((column) => {
            const cell = row[column] ?? null;
            return Array.isArray(cell) && (cell.length === 0 || (cell.length === 1 && cell[0] === null))
              ? null
              : cell;
          });
        if (order === 'none') {
          if (limit === undefined) same(found, kept.map(scanned), order);
        } else {
          const times = kept.map(timeOf).sort((a, b) => (order === 'ascending' ? a - b : b - a));
          expect(found.map((row) => Number(row[0]))).to.deep.equal(times.slice(0, most));
        }
        const boundary = plain(
          await ask(segments, {
            ...base,
            queryType: 'timeBoundary',
            filter,
            intervals: midday,
            bound: undefined,
          }),
        );
        const times = kept.filter((row) => inIntervals(row, midday)).map(timeOf);
        const bounds =
          times.length === 0 ? [null, null] : [BigInt(Math.min(...times)), BigInt(Math.max(...times))];
        expect(boundary).to.deep.equal([bounds]);
      }
    });
  });

  it('states of aggregators, over one segment and several', async () => {
    const fold = { accumulatorIdentifier: '__acc', compare: undefined, finalize: undefined } as const;
    const nulls = {
      isNullUnlessAggregated: true,
      shouldAggregateNullInputs: true,
      shouldCombineAggregateNullInputs: true,
      maxSizeBytes: 1024,
    } as const;
    const timed = { timeColumn: '__time', maxStringBytes: 1024 } as const;
    const states: Aggregator[] = [
      { type: 'doubleMean', name: 'mean', fieldName: 'price' },
      { type: 'longFirst', name: 'first', fieldName: 'size', ...timed },
      { type: 'doubleLast', name: 'last', fieldName: 'price', ...timed },
      { type: 'stringFirst', name: 'city1', fieldName: 'city', ...timed },
      { type: 'stringLast', name: 'upper', fieldName: 'vupper', ...timed },
      { type: 'longSum', name: 'twice', fieldName: '', expression: 'size * 2' },
      {
        type: 'filtered',
        name: 'few',
        filter: { type: 'selector', dimension: 'city', value: 'Ulm' },
        aggregator: { type: 'doubleMean', name: 'x', fieldName: 'vdouble' },
      },
      {
        type: 'expression',
        name: 'folded',
        fields: ['big'],
        initialValue: '0',
        initialCombineValue: '0',
        fold: '__acc + big',
        combine: '__acc + folded',
        ...fold,
        ...nulls,
      },
    ];
    for (const shape of shapes.slice(0, 6)) {
      const { rows, segments } = prepare(shape, 31);
      const query: NativeQuery = {
        ...base,
        queryType: 'groupBy',
        granularity: { type: 'all' },
        filter: undefined,
        intervals: [always],
        dimensions: [{ dimension: 'color', outputName: 'color', outputType: 'STRING' }],
        aggregations: states,
        having: undefined,
        orderBy: [],
        limit: undefined,
        offset: 0,
      };
      const frame = await ask(segments, query);
      const outputs = states.map((spec) => aggregateOutput(spec, frame));
      const keys = plain(frame).map((row) => row[1]);
      const found = keys.map((_, row) => outputs.map((output) => output.at(row)));
      const wanted = keys.map((color) => {
        const own = rows.filter((row) => row['color'] === color);
        return states.map((spec) => naiveAggregate(spec, own, kinds));
      });
      same(found, wanted, 'states');
    }
  });

  it('an expression that fails counts for the rows that are asked for only', async () => {
    const { rows, segments } = prepare(shapes[0]!, 99);
    const query = (filter: Filter): NativeQuery => ({
      ...base,
      queryType: 'timeseries',
      granularity: { type: 'all' },
      filter,
      intervals: [always],
      descending: false,
      aggregations: [{ type: 'longSum', name: 'sum', fieldName: 'vpart' }],
      limit: 0,
    });
    const isBad: Filter = { type: 'selector', dimension: 'size', value: '-20' };
    expect(rows.some((row) => row['size'] === -20n)).to.equal(true);
    const good = rows.map((row) => row['vpart']).filter((value) => typeof value === 'bigint');
    const found = plain(await ask(segments, query({ type: 'not', field: isBad })));
    expect(found[0]?.[2]).to.equal(good.reduce((a, b) => a + b, 0n));
    const both: Filter = {
      type: 'and',
      fields: [
        {
          type: 'range',
          column: 'vpart',
          matchValueType: 'LONG',
          lower: 0n,
          upper: undefined,
          lowerOpen: true,
          upperOpen: false,
        },
        { type: 'not', field: isBad },
      ],
    };
    expect(plain(await ask(segments, query(both))).length).to.equal(1);
    let refused: unknown;
    await ask(segments, query(isBad)).catch((error: unknown) => (refused = error));
    expect(refused).to.have.property('code', 'QueryFailed');
  });

  it('topN keeps the best groups of each bucket', async () => {
    const { rows, segments } = prepare(
      { promises: { timeSorted: true, dictionarySorted: true, hasBitmaps: true }, parts: 1, rows: 2000 },
      77,
    );
    const granularity: Granularity = { type: 'period', period: 'P1D', timeZone: 'UTC', originMs: undefined };
    for (const inverted of [false, true]) {
      const numeric = { type: 'numeric', metric: 'least' } as const;
      const query: NativeQuery = {
        ...base,
        context: { ...context, minTopNThreshold: 2 },
        queryType: 'topN',
        granularity,
        filter: { type: 'not', field: { type: 'null', column: 'size' } },
        intervals: [always],
        dimension: { dimension: 'size', outputName: 'size', outputType: 'LONG' },
        metric: inverted ? { type: 'inverted', metric: numeric } : numeric,
        threshold: 3,
        aggregations: [{ type: 'longMin', name: 'least', fieldName: 'size' }],
      };
      const found = plain(await ask(segments, query));
      for (
        let day = bucketStart(granularity, Date.UTC(2024, 0, 1));
        day < Date.UTC(2024, 0, 4);
        day = nextBucket(granularity, day)
      ) {
        const sizes = [
          ...new Set(
            rows.filter((row) => bucketStart(granularity, timeOf(row)) === day).map((row) => row['size']),
          ),
        ];
        const best = sizes.filter((size) => typeof size === 'bigint').sort((a, b) => Number(a - b));
        const kept = inverted ? best.slice(0, 3) : best.slice(-3);
        expect(found.filter((row) => row[0] === BigInt(day)).map((row) => row[1])).to.deep.equal(kept);
      }
    }
  });
});
