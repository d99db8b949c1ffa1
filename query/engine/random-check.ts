/**
 * Random schemas, rows, segments and queries: what the engine answers against the row-by-row evaluation. The same seed
 * makes the same case; what is thrown tells seed and query.
 */
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { SegmentView } from '../../segment/read/view.js';
import type { Frame } from '../frame.js';
import { bucketStart } from '../granularity.js';
import { mergePartials } from '../merge.js';
import type { Aggregator, Filter, Granularity, NativeQuery, QueryContext } from '../native/model.js';
import { aggregateOutput } from '../results/aggregates.js';
import { frameOutput } from '../results/output.js';
import { createInlinePool } from './inline-pool.js';
import { naiveAggregate, naiveFilter, type Cell, type Kinds, type Row } from './naive.js';
import { Chance } from './random-queries.js';
import { testSegment, type TestColumn } from './test-segment.js';

type Kind = Kinds[string];

const day = 86_400_000;
const start = Date.UTC(2024, 0, 1);
const interval = { startMs: start, endMs: start + 4 * day };
const texts = ['', 'a', 'b', 'red', '10', '9', '1.5', '-3', '\u{1F600}', '\uE000'];
const longs = [0n, 1n, -5n, 10n, 9007199254740993n, 9223372036854775807n, -9223372036854775808n];
const doubles = [0, 1.5, -3, 10, 1e9, 2.25, -0.5];
const odd = [Number.NaN, Infinity, -Infinity, 1.5];
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
const granularities: readonly Granularity[] = [
  { type: 'all' },
  { type: 'none' },
  { type: 'duration', durationMs: 7_200_000, originMs: 5 },
  { type: 'period', period: 'P1D', timeZone: 'America/New_York', originMs: undefined },
];

/** "wild" is a double column with NaN and infinities, which only aggregators read. */
function randomKinds(chance: Chance): Kinds {
  const kinds: Record<string, Kind> = { __time: 'long', wild: 'double' };
  const count = 2 + chance.below(5);
  for (let i = 0; i < count; i++) {
    kinds[`c${i}`] = chance.pick(['long', 'double', 'float', 'string', 'string', 'strings']);
  }
  return kinds;
}

function randomCell(chance: Chance, name: string, kind: Kind): Cell {
  if (name === 'wild') return chance.pick(odd);
  switch (kind) {
    case 'long':
      return chance.maybe(chance.pick(longs));
    case 'double':
      return chance.maybe(chance.pick(doubles));
    case 'float':
      return chance.maybe(Math.fround(chance.pick(doubles)));
    case 'string':
      return chance.maybe(chance.pick(texts));
    case 'strings':
      return Array.from({ length: chance.below(4) }, () => chance.maybe(chance.pick(texts)));
  }
}

/** Times differ, so that first and last are one. */
function randomRows(chance: Chance, kinds: Kinds, count: number): Row[] {
  return Array.from({ length: count }, (_, i) => {
    const row: Record<string, Cell> = { __time: BigInt(start + i * 3_600_000 + chance.below(3_000_000)) };
    for (const [name, kind] of Object.entries(kinds))
      if (name !== '__time') row[name] = randomCell(chance, name, kind);
    return row;
  });
}

function randomLeaf(chance: Chance, kinds: Kinds): Filter {
  const names = Object.keys(kinds).filter((name) => name.startsWith('c'));
  const column = chance.pick([...names, 'missing']);
  const text = chance.pick(texts.slice(0, 8));
  const ends = { lower: '-3', upper: chance.pick(['9', 'b', '10']) };
  switch (chance.below(9)) {
    case 0:
      return { type: 'selector', dimension: column, value: chance.maybe(text) };
    case 1:
      return { type: 'in', dimension: column, values: [text, chance.maybe('9', 0.5), '10'] };
    case 2:
      return { type: 'null', column };
    case 3:
      return { type: 'equals', column, matchValueType: 'STRING', matchValue: text };
    case 4:
      return {
        type: 'range',
        column,
        matchValueType: 'DOUBLE',
        lower: chance.maybe(-3, 0.3) ?? undefined,
        upper: 9.5,
        lowerOpen: chance.next() < 0.5,
        upperOpen: chance.next() < 0.5,
      };
    case 5:
      return {
        type: 'like',
        dimension: column,
        pattern: chance.pick(['%', '_', '1%', '%e%']),
        escape: undefined,
      };
    case 6:
      return { type: 'regex', dimension: column, pattern: chance.pick(['^[a-r]', '\\d$', '.']) };
    case 7:
      return {
        type: 'search',
        dimension: column,
        query: { type: 'contains', value: chance.pick(['E', '1']), caseSensitive: chance.next() < 0.5 },
      };
    default:
      return {
        type: 'bound',
        dimension: column,
        lower: chance.maybe(ends.lower, 0.4) ?? undefined,
        upper: ends.upper,
        lowerStrict: chance.next() < 0.5,
        upperStrict: chance.next() < 0.5,
        ordering: chance.pick(['lexicographic', 'numeric', 'strlen'] as const),
      };
  }
}

function randomFilter(chance: Chance, kinds: Kinds, depth: number): Filter {
  if (depth === 0 || chance.next() < 0.4) return randomLeaf(chance, kinds);
  const inner = (): Filter => randomFilter(chance, kinds, depth - 1);
  return chance.pick<() => Filter>([
    () => ({ type: 'and', fields: [inner(), inner()] }),
    () => ({ type: 'or', fields: [inner(), inner()] }),
    () => ({ type: 'not', field: inner() }),
    () => ({ type: chance.pick(['istrue', 'isfalse'] as const), field: inner() }),
  ])();
}

function randomAggregator(chance: Chance, kinds: Kinds, name: string): Aggregator {
  const numeric = Object.keys(kinds).filter((each) =>
    ['long', 'double', 'float'].includes(kinds[each] ?? ''),
  );
  const fieldName = chance.pick([...numeric.filter((each) => each !== '__time'), 'missing']);
  const whole = numeric.filter((each) => kinds[each] === 'long');
  const strings = Object.keys(kinds).filter((each) => kinds[each] === 'string');
  const timed = { timeColumn: '__time', maxStringBytes: 1024 };
  switch (chance.below(6)) {
    case 0:
      return { type: 'count', name };
    case 1: {
      // Sums of huge numbers depend on their order.
      const fractions = numeric.filter((each) => kinds[each] !== 'long');
      const type = chance.pick(['doubleMean', 'doubleSum'] as const);
      return { type, name, fieldName: chance.pick(fractions) };
    }
    case 2:
      return { type: 'longFirst', name, fieldName: chance.pick(whole), ...timed };
    case 3: {
      const text = strings.length === 0 ? 'missing' : chance.pick(strings);
      return { type: chance.pick(['stringFirst', 'stringLast'] as const), name, fieldName: text, ...timed };
    }
    case 4:
      return {
        type: 'filtered',
        name,
        filter: randomFilter(chance, kinds, 1),
        aggregator: { type: 'count', name: 'inner' },
      };
    default:
      return {
        type: chance.pick([
          'longSum',
          'longMin',
          'longMax',
          'doubleMin',
          'doubleMax',
          'floatMin',
          'floatMax',
        ] as const),
        name,
        // What a cast of NaN or infinity to a long is, is told by tests of their own.
        fieldName: fieldName === 'wild' && chance.next() < 0.5 ? 'missing' : fieldName,
      };
  }
}

const outputTypes = {
  long: 'LONG',
  double: 'DOUBLE',
  float: 'FLOAT',
  string: 'STRING',
  strings: 'STRING',
} as const;

interface Case {
  readonly kinds: Kinds;
  readonly rows: readonly Row[];
  readonly segments: readonly SegmentView[];
}

const arena = createArena({ maximumBytes: 1 << 30 });
const kernels = instantiateKernels(compileKernels(), arena);

function randomCase(chance: Chance): Case {
  const kinds = randomKinds(chance);
  const rows = randomRows(chance, kinds, chance.pick([0, 1, 3, 20, 60]));
  const parts = 1 + chance.below(4);
  const timeSorted = chance.next() < 0.6;
  const segments = Array.from({ length: parts }, (_, part) => {
    // Some get nothing.
    const own = rows.filter((__, i) => i % parts === part);
    if (!timeSorted) own.reverse();
    const columns: Record<string, TestColumn> = {};
    for (const [name, kind] of Object.entries(kinds))
      columns[name] = { kind, values: own.map((row) => row[name]) } as TestColumn;
    return testSegment(arena, {
      id: `s${part}`,
      interval,
      columns,
      metrics: ['wild'],
      timeSorted,
      dictionarySorted: chance.next() < 0.5,
      hasBitmaps: chance.next() < 0.5,
    });
  });
  return { kinds, rows, segments };
}

async function ask(segments: readonly SegmentView[], query: NativeQuery): Promise<Frame> {
  const pool = createInlinePool({
    kernels,
    open: (handle) => segments[handle as number]!,
    scratchBytes: 1 << 26,
    clock: { now: () => 0, monotonic: () => 0 },
  });
  const refs = segments.map(({ id }, handle) => ({ segmentId: id, handle, intervals: query.intervals }));
  const frames: Frame[] = [];
  for await (const part of pool.scanSegments(query, refs)) frames.push(part.frame);
  return mergePartials(query, frames);
}

/** Minus zero is a value of its own to groups. */
const keyText = (key: readonly unknown[]): string =>
  key.map((part) => (Object.is(part, -0) ? 'number -0' : `${typeof part} ${String(part)}`)).join('\0');

function naiveGroups(
  { kinds }: Case,
  rows: readonly Row[],
  granularity: Granularity,
  dimensions: readonly string[],
  aggregations: readonly Aggregator[],
): Map<string, unknown[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const ms = Number(row['__time']);
    let keys: unknown[][] = [[BigInt(granularity.type === 'all' ? 0 : bucketStart(granularity, ms))]];
    for (const name of dimensions) {
      const cell = row[name] ?? null;
      const values: readonly unknown[] = Array.isArray(cell) ? (cell.length === 0 ? [null] : cell) : [cell];
      keys = keys.flatMap((key) => values.map((value) => [...key, value]));
    }
    for (const key of keys) {
      const text = keyText(key);
      const own = groups.get(text);
      if (own === undefined) groups.set(text, [row]);
      else own.push(row);
    }
  }
  return new Map(
    [...groups].map(([text, own]) => [text, aggregations.map((spec) => naiveAggregate(spec, own, kinds))]),
  );
}

function engineGroups(
  frame: Frame,
  keys: readonly string[],
  aggregations: readonly Aggregator[],
): Map<string, unknown[]> {
  const key = keys.map((name) => frameOutput(frame, name));
  const values = aggregations.map((spec) => aggregateOutput(spec, frame));
  const matched = frame.columns.some(({ name }) => name === '__rows')
    ? frameOutput(frame, '__rows')
    : undefined;
  const groups = new Map<string, unknown[]>();
  for (let row = 0; row < frame.rows; row++) {
    if (matched?.at(row) === 0n) continue;
    const text = keyText(key.map((output) => output.at(row)));
    if (groups.has(text)) throw new Error(`group[${text}] is there twice`);
    groups.set(
      text,
      values.map((output) => output.at(row)),
    );
  }
  return groups;
}

function sameCell(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'number' || typeof b !== 'number') return false;
  return a === b || Math.abs(a - b) <= 1e-4 * Math.max(1, Math.abs(b));
}

function compare(found: Map<string, unknown[]>, wanted: Map<string, unknown[]>): void {
  if (found.size !== wanted.size) throw new Error(`${found.size} groups instead of ${wanted.size}`);
  for (const [key, values] of wanted) {
    const own = found.get(key);
    if (own === undefined) throw new Error(`group[${key}] is missing`);
    values.forEach((value, i) => {
      if (!sameCell(own[i], value))
        throw new Error(`group[${key}] value[${i}]: ${String(own[i])} instead of ${String(value)}`);
    });
  }
}

const shown = (query: unknown): string =>
  JSON.stringify(query, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));

/** Asks `queries` of one random case; throws an Error that tells the seed. */
export async function checkRandom(seed: number, queries: number): Promise<void> {
  const chance = new Chance(seed);
  const made = randomCase(chance);
  for (let i = 0; i < queries; i++) {
    const query = randomQuery(chance, made.kinds);
    try {
      await checkQuery(made, query);
    } catch (error) {
      throw new Error(`seed[${seed}] query[${i}] ${shown(query)}: ${String(error)}`, { cause: error });
    }
  }
}

type Asked = Extract<NativeQuery, { queryType: 'timeseries' | 'groupBy' | 'topN' }>;

function randomQuery(chance: Chance, kinds: Kinds): Asked {
  const common = {
    dataSources: ['t'],
    context,
    intervals: [
      chance.next() < 0.7 ? interval : { startMs: start + 7_000_000, endMs: start + day + chance.below(day) },
    ],
    filter: chance.next() < 0.75 ? randomFilter(chance, kinds, 3) : undefined,
    granularity: chance.pick(granularities),
    aggregations: [
      { type: 'count', name: 'n' } as const,
      ...Array.from({ length: 1 + chance.below(3) }, (_, i) => randomAggregator(chance, kinds, `a${i}`)),
    ],
    postAggregations: [],
  };
  const names = Object.keys(kinds).filter((name) => name.startsWith('c'));
  const dimensionOf = (dimension: string) => ({
    dimension,
    outputName: `d_${dimension}`,
    outputType: outputTypes[kinds[dimension] ?? 'string'],
  });
  const single = names.filter((name) => kinds[name] !== 'strings');
  switch (chance.below(4)) {
    case 0:
      // Every millisecond would be a bucket.
      return {
        queryType: 'timeseries',
        ...common,
        granularity: common.granularity.type === 'none' ? { type: 'all' } : common.granularity,
        descending: false,
        limit: 0,
      };
    case 1:
      return {
        queryType: 'topN',
        ...common,
        dimension: dimensionOf(chance.pick([...single, 'missing'])),
        metric: { type: 'numeric', metric: 'n' },
        threshold: 1000,
      };
    default:
      return {
        queryType: 'groupBy',
        ...common,
        dimensions: names.filter(() => chance.next() < 0.4).map(dimensionOf),
        having: undefined,
        orderBy: [],
        limit: undefined,
        offset: 0,
      };
  }
}

async function checkQuery(made: Case, query: Asked): Promise<void> {
  const { intervals, filter, granularity, aggregations } = query;
  const [{ startMs, endMs } = interval] = intervals;
  const kept = made.rows.filter((row) => {
    const ms = Number(row['__time']);
    if (ms < startMs || ms >= endMs) return false;
    return filter === undefined || naiveFilter(filter, row, made.kinds) === 'true';
  });
  const specs =
    query.queryType === 'groupBy' ? query.dimensions : query.queryType === 'topN' ? [query.dimension] : [];
  const frame = await ask(made.segments, query);
  const keys = ['__bucket', ...specs.map(({ outputName }) => outputName)];
  const wanted = naiveGroups(
    made,
    kept,
    granularity,
    specs.map(({ dimension }) => dimension),
    aggregations,
  );
  compare(engineGroups(frame, keys, aggregations), wanted);
}
