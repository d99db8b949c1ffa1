/**
 * What nulls, filters and several values a row cost beside the plain kernel: `npm run bench -- --forms`. One thread
 * runs each query of a pair over columns decoded in memory, in turn; the ratio is that of the least processor times.
 */
import { createArena } from '../../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../../segment/kernels/load.js';
import { createExecutor, executeTask, type ScanTask } from '../../../query/engine/execute.js';
import { testSegment, type TestColumn } from '../../../query/engine/test-segment.js';
import { queryKernels, type QueryKernels } from '../../../query/kernels/exports.js';
import { parseNativeQuery } from '../../../query/native/parse.js';
import type { Arena } from '../../../segment/kernels/arena.js';
import type { SegmentView } from '../../../segment/read/view.js';

const rowCount = 1 << 19;
const interval = { startMs: 0, endMs: rowCount };
/** Rows of a column with nulls that are null. */
const nullShare = 0.2;
/** Percent of the rows that filters leave. */
const shares = [5, 50, 90];

type Kind = 'long' | 'double' | 'float';
type Op = 'Sum' | 'Min' | 'Max';

interface Pair {
  readonly group: string;
  readonly form: string;
  readonly plain: object;
  readonly other: object;
  /** Row-value pairs the other query reads for each row of the plain one. */
  readonly perRow: number;
}

export interface FormTimes extends Pick<Pair, 'group' | 'form' | 'perRow'> {
  readonly plainMs: number;
  readonly otherMs: number;
}

let state = 12345;
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const below = (limit: number): number => Math.floor(random() * limit);

/** Values of rows, about two of them a row; no row is without any unless `mayBeEmpty`. */
function valueLists(cardinality: number, mayBeEmpty: boolean): string[][] {
  return Array.from({ length: rowCount }, () =>
    Array.from({ length: mayBeEmpty ? below(5) : 1 + below(3) }, () => `v${below(cardinality)}`),
  );
}

function columns(): Record<string, TestColumn> {
  const some = (): boolean => random() >= nullShare;
  const rows = <T>(make: (row: number) => T): T[] => Array.from({ length: rowCount }, (_, row) => make(row));
  const texts = (cardinality: number): TestColumn => ({
    kind: 'string',
    values: rows(() => `v${below(cardinality)}`),
  });
  return {
    __time: { kind: 'long', values: rows(BigInt) },
    long: { kind: 'long', values: rows(() => BigInt(below(100_000))) },
    longNull: { kind: 'long', values: rows(() => (some() ? BigInt(below(100_000)) : null)) },
    double: { kind: 'double', values: rows(() => random() * 1e5) },
    doubleNull: { kind: 'double', values: rows(() => (some() ? random() * 1e5 : null)) },
    float: { kind: 'float', values: rows(() => Math.fround(random())) },
    floatNull: { kind: 'float', values: rows(() => (some() ? Math.fround(random()) : null)) },
    '7': texts(7),
    '2500': texts(2500),
    '20000': texts(20_000),
    ...Object.fromEntries(
      shares.map((share) => [
        `in${share}`,
        { kind: 'string', values: rows(() => (below(100) < share ? 'y' : 'n')) },
      ]),
    ),
    several7: { kind: 'strings', values: valueLists(7, false) },
    several2500: { kind: 'strings', values: valueLists(2500, false) },
    gaps2500: { kind: 'strings', values: valueLists(2500, true) },
  };
}

const allTime = { intervals: ['1970-01-01/1970-01-02'], granularity: 'all', dataSource: 'forms' };

function query(dimension: string | undefined, aggregation: object, more: object = {}): object {
  const base = { ...allTime, aggregations: [aggregation], ...more };
  if (dimension === undefined) return { queryType: 'timeseries', ...base };
  // Of many groups the best ones: what is timed is grouping, not the making of rows.
  if (dimension === '20000') return { queryType: 'topN', dimension, metric: 'a', threshold: 10, ...base };
  return { queryType: 'groupBy', dimensions: [dimension], ...base };
}

const matching = (percent: number): object => ({ type: 'selector', dimension: `in${percent}`, value: 'y' });

/** The segment, its bitmaps and the range of its times made once. */
function indexed(segment: SegmentView, arena: Arena, kernels: QueryKernels): SegmentView {
  const words = Math.ceil(segment.rowCount / 64);
  const wrapped = new Map(
    shares.map((share) => {
      const view = segment.column(`in${share}`);
      if (view?.kind !== 'string') throw new Error(`no column in${share}`);
      const bits = arena.alloc(words * 8);
      arena.bytes(bits, words * 8).fill(0);
      view.orBitmap(view.idOf('y'), bits);
      const orBitmap = (_id: number, into: number): void => kernels.bitsOr(bits, into, into, words);
      return [`in${share}`, { ...view, orBitmap }];
    }),
  );
  return {
    ...segment,
    column: (name) => wrapped.get(name) ?? segment.column(name),
    timeRange: () => ({ minMs: interval.startMs, maxMs: interval.endMs - 1 }),
  };
}

function aggregated(dimension: string | undefined, kind: Kind, op: Op): Pair[] {
  const over = (fieldName: string): object => ({ type: `${kind}${op}`, name: 'a', fieldName });
  const group = `${kind}${op}, ${dimension === undefined ? 'one group' : `${dimension} groups`}`;
  const plain = query(dimension, over(kind));
  const filtered = (percent: number): object => ({
    type: 'filtered',
    name: 'a',
    filter: matching(percent),
    aggregator: over(kind),
  });
  const pair = (form: string, other: object): Pair => ({ group, form, plain, other, perRow: 1 });
  return [
    pair('nulls', query(dimension, over(`${kind}Null`))),
    pair('filtered 50 %', query(dimension, filtered(50))),
    pair('filtered 5 %', query(dimension, filtered(5))),
    pair('where 90 %', query(dimension, over(kind), { filter: matching(90) })),
    pair('where 50 %', query(dimension, over(kind), { filter: matching(50) })),
  ];
}

function severalValues(valuesPerRow: (column: string) => number): Pair[] {
  const pairs: Pair[] = [];
  for (const [column, dimension] of [
    ['several7', '7'],
    ['several2500', '2500'],
    ['gaps2500', '2500'],
  ] as const) {
    for (const aggregation of [
      { type: 'count', name: 'a' },
      { type: 'longSum', name: 'a', fieldName: 'long' },
      { type: 'doubleMin', name: 'a', fieldName: 'double' },
    ]) {
      pairs.push({
        group: `${aggregation.type}, ${dimension} groups`,
        form: column.startsWith('gaps') ? '0-4 values a row' : '1-3 values a row',
        plain: query(dimension, aggregation),
        other: query(column, aggregation),
        perRow: valuesPerRow(column),
      });
    }
  }
  return pairs;
}

function allPairs(made: Readonly<Record<string, TestColumn>>): Pair[] {
  const valuesPerRow = (column: string): number => {
    const lists = made[column]?.values as readonly (readonly string[])[];
    return lists.reduce((sum, list) => sum + Math.max(1, list.length), 0) / rowCount;
  };
  const shapes: [string | undefined, Kind, Op][] = [
    [undefined, 'double', 'Sum'],
    [undefined, 'double', 'Min'],
    [undefined, 'long', 'Sum'],
    [undefined, 'long', 'Max'],
    [undefined, 'float', 'Sum'],
    [undefined, 'float', 'Max'],
    ['7', 'double', 'Sum'],
    ['7', 'double', 'Max'],
    ['7', 'long', 'Sum'],
    ['7', 'long', 'Min'],
    ['2500', 'double', 'Sum'],
    ['2500', 'double', 'Min'],
    ['2500', 'long', 'Max'],
    ['2500', 'float', 'Min'],
    ['20000', 'double', 'Sum'],
    ['20000', 'long', 'Max'],
  ];
  return [...shapes.flatMap((shape) => aggregated(...shape)), ...severalValues(valuesPerRow)];
}

/** Times of all pairs whose group and form contain `only`. */
export function measureForms(rounds: number, only = ''): FormTimes[] {
  const arena = createArena({ maximumBytes: 2 ** 30 });
  const kernels = instantiateKernels(compileKernels(), arena);
  const made = columns();
  const plain = testSegment(arena, { id: 'forms', interval, columns: made });
  const segment = indexed(plain, arena, queryKernels(kernels.exports));
  const executor = createExecutor({ kernels, open: () => segment });
  const refs = [{ segmentId: 'forms', handle: 0, intervals: [interval], rows: rowCount }];
  const task = (body: object): ScanTask => ({
    query: parseNativeQuery(body, { queryId: 'forms', timeoutMs: 0 }),
    refs,
  });
  const time = (what: ScanTask): number => {
    const from = process.cpuUsage();
    executeTask(executor, what, () => undefined);
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1000;
  };
  const pairs = allPairs(made)
    .filter(({ group, form }) => `${group}: ${form}`.includes(only))
    .map((pair) => ({ ...pair, plain: task(pair.plain), other: task(pair.other) }));
  const least = pairs.map(() => ({ plainMs: Infinity, otherMs: Infinity }));
  for (let round = 0; round < rounds; round++) {
    pairs.forEach((pair, i) => {
      const best = least[i];
      if (best === undefined) return;
      // Twice each: the first brings its column near, as the other form's may be already.
      best.plainMs = Math.min(best.plainMs, time(pair.plain), time(pair.plain));
      best.otherMs = Math.min(best.otherMs, time(pair.other), time(pair.other));
    });
  }
  return pairs.map(({ group, form, perRow }, i) => ({
    group,
    form,
    perRow,
    ...(least[i] ?? { plainMs: Number.NaN, otherMs: Number.NaN }),
  }));
}

/** One line a pair; of several values, the ratio per value as well. */
export function printForms(times: readonly FormTimes[], rounds: number): void {
  console.log(
    `forms beside the plain kernel, ${rowCount} rows decoded in memory, 1 thread, ns of processor time a row, min of ${rounds} rounds; ` +
      `${nullShare * 100} % nulls`,
  );
  const head = ['plain', 'form', 'ratio', 'a value'];
  console.log(`${'aggregation'.padEnd(32)}${'form'.padEnd(20)}${head.map((t) => t.padStart(9)).join('')}`);
  for (const { group, form, plainMs, otherMs, perRow } of times) {
    const ns = [plainMs, otherMs].map((ms) => ((ms * 1e6) / rowCount).toFixed(2).padStart(9)).join('');
    const ratio = (otherMs / plainMs).toFixed(2).padStart(9);
    const each = perRow === 1 ? '' : (otherMs / plainMs / perRow).toFixed(2).padStart(9);
    console.log(`${group.padEnd(32)}${form.padEnd(20)}${ns}${ratio}${each}`);
  }
}
