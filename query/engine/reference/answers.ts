/** What a native query answers, worked out one row at a time. What may differ between two right answers is said here. */
import { doubleText, floatText } from '../../json/java-number.js';
import type { Having } from '../../native/model.js';
import { bucketStart, parseGranularity } from '../../granularity.js';
import { comparatorOf } from '../../sort/comparators.js';
import { isArray, naiveFilter, type Kinds, type Row, type Single } from '../naive.js';
import { postValue, wantedAggregate, type Wanted } from './aggregates.js';
import type {
  AskedDimension,
  AskedExtraction,
  AskedGroupBy,
  AskedMetric,
  AskedQuery,
  AskedScan,
  AskedSearch,
  AskedSource,
  AskedTimeseries,
  AskedTopN,
} from './asked.js';
import { elements, keep, tableOf, withVirtual, type Table, type World } from './table.js';

/** A row that may be answered. */
export interface Candidate {
  /** Of its bucket; undefined: not compared. */
  readonly ms: number | undefined;
  /** What tells it from others. */
  readonly key: Readonly<Record<string, Single | readonly Single[]>>;
  readonly values: Readonly<Record<string, Wanted>>;
}

/**
 * A list of rows in an order. Rows that are equal in that order may be answered in any order, and be cut off by a limit
 * in favour of each other: of the answer only the sequence of what it is ordered by is fixed, and that each of its rows
 * is a candidate of its own.
 */
export interface Section {
  readonly sorted: readonly Candidate[];
  /** Undefined: in any order. */
  readonly compare: ((a: Candidate, b: Candidate) => number) | undefined;
  readonly offset: number;
  readonly limit: number;
  /** Types of the key's columns. */
  readonly kinds: Kinds;
}

type Compare = (a: Candidate, b: Candidate) => number;

export const intervalOf = (text: string): readonly [number, number] => {
  const [start = '', end = ''] = text.split('/');
  return [Date.parse(start), Date.parse(end)];
};

/** The rows that a query looks at, virtual columns included. */
export function rowsAsked(query: AskedQuery, world: World): Table {
  const intervals = query.intervals.map(intervalOf);
  const isInTime = (row: Row): boolean => {
    // Rows without a time of their own are there at all times.
    const time = row['__time'];
    if (typeof time !== 'bigint') return true;
    return intervals.some(([start, end]) => Number(time) >= start && Number(time) < end);
  };
  const table = withVirtual(tableOf(query.dataSource, world, isInTime), query.virtualColumns ?? []);
  return keep({ kinds: table.kinds, rows: table.rows.filter(isInTime) }, query.filter);
}

export const outputKinds = { STRING: 'string', LONG: 'long', FLOAT: 'float', DOUBLE: 'double' } as const;

export const plainDimension = (spec: AskedDimension): Exclude<AskedDimension, { type: 'listFiltered' }> =>
  spec.type === 'listFiltered' ? spec.delegate : spec;

/** The column of unnested elements, of which a dimension makes nothing. */
const elementOf = (source: AskedSource): string | undefined =>
  typeof source !== 'string' && source.type === 'unnest' ? source.virtualColumn.name : undefined;

/** The values of a dimension in a row: several, one, or null; none when a list filter leaves nothing. */
function dimensionValues(
  spec: AskedDimension,
  row: Row,
  kinds: Kinds,
  element: string | undefined,
): readonly Single[] {
  const plain = plainDimension(spec);
  const kind = kinds[plain.dimension] ?? 'string';
  const cell = row[plain.dimension];
  if (Array.isArray(cell) && cell.length === 0) return [];
  const all = elements(cell);
  const isAsItIs = plain.dimension === element;
  if (spec.type === 'listFiltered' && !isAsItIs)
    return all.filter((value) => spec.values.includes(value as string | null) === spec.isWhitelist);
  if (plain.type === 'extraction' && !isAsItIs)
    return all.map((value) => extracted(plain.extractionFn, value === null ? null : cellText(value, kind)));
  if (plain.outputType !== 'STRING') return all;
  return all.map((value) => (value === null ? null : cellText(value, kind)));
}

function cellText(value: bigint | number | string, kind: Kinds[string] | undefined): string {
  if (typeof value !== 'number') return String(value);
  return kind === 'float' ? floatText(value) : doubleText(value);
}

function extracted(fn: AskedExtraction, text: string | null): string | null {
  switch (fn.type) {
    case 'upper':
      return text === null ? null : text.toUpperCase();
    case 'strlen':
      return text === null ? null : String(text.length);
    case 'substring':
      return text === null || fn.index >= text.length ? null : text.slice(fn.index, fn.index + fn.length);
    case 'lookup': {
      if (text === null) return null;
      return Object.hasOwn(fn.lookup.map, text)
        ? (fn.lookup.map[text] ?? null)
        : fn.retainMissingValue
          ? text
          : null;
    }
  }
}

/** Exact values by name; what is not exact is not there. */
export function exact(candidate: Candidate): Map<string, Single> {
  const found = new Map<string, Single>();
  for (const [name, value] of Object.entries(candidate.key)) found.set(name, value as Single);
  for (const [name, value] of Object.entries(candidate.values)) if ('is' in value) found.set(name, value.is);
  return found;
}

export type Aggregates = Pick<AskedGroupBy, 'aggregations' | 'postAggregations'>;

function valuesOf(
  { aggregations, postAggregations }: Aggregates,
  rows: readonly Row[],
  kinds: Kinds,
  grouped: readonly string[] = [],
): Record<string, Wanted> {
  const values: Record<string, Wanted> = {};
  for (const spec of aggregations) values[spec.name] = wantedAggregate(spec, rows, kinds, grouped);
  const known = exact({ ms: undefined, key: {}, values });
  for (const post of postAggregations) {
    const value = postValue(post, known);
    known.set(post.name, value);
    values[post.name] = { is: value };
  }
  return values;
}

export function bucketOf(query: Pick<AskedGroupBy, 'granularity'>, row: Row): number {
  if (query.granularity === 'all') return 0;
  return bucketStart(parseGranularity(query.granularity, 'granularity'), Number(row['__time']));
}

interface Group {
  readonly ms: number;
  readonly values: readonly Single[];
  readonly rows: Row[];
}

const singleText = (value: Single): string =>
  Object.is(value, -0) ? 'number -0' : `${typeof value} ${String(value)}`;

/**
 * A group for each bucket and each combination of the dimensions' values; a row may be in several. An empty list, and
 * what a list filter leaves nothing of, is null to a groupBy (`keepsEmpty`), and nothing to a topN.
 */
function groupsOf(
  query: Pick<AskedGroupBy, 'dataSource' | 'granularity' | 'dimensions'>,
  { rows, kinds }: Table,
  keepsEmpty: boolean,
): Group[] {
  const element = elementOf(query.dataSource);
  const groups = new Map<string, Group>();
  for (const row of rows) {
    let keys: Single[][] = [[]];
    for (const spec of query.dimensions) {
      const found = dimensionValues(spec, row, kinds, element);
      const values = found.length === 0 && keepsEmpty ? [null] : found;
      keys = keys.flatMap((key) => values.map((value) => [...key, value]));
    }
    const ms = bucketOf(query, row);
    for (const values of keys) {
      const text = [ms, ...values.map(singleText)].join('\0');
      const group = groups.get(text) ?? { ms, values, rows: [] };
      groups.set(text, group);
      group.rows.push(row);
    }
  }
  return [...groups.values()];
}

export const hasTime = (query: Pick<AskedGroupBy, 'granularity'>): boolean => query.granularity !== 'all';

/** Nulls first. */
export function compareSingles(a: Single, b: Single): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a === 'string' || typeof b === 'string')
    return comparatorOf('lexicographic')(String(a), String(b));
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(Number(a))) - Number(Number.isNaN(Number(b)));
}

const inTurn =
  (all: readonly Compare[]): Compare =>
  (a, b) => {
    for (const compare of all) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };

const byTime: Compare = (a, b) => (a.ms ?? 0) - (b.ms ?? 0);

export function groupBySections(query: AskedGroupBy, world: World): Section[] {
  const table = rowsAsked(query, world);
  const names = query.dimensions.map((spec) => plainDimension(spec).outputName);
  const kinds = Object.fromEntries(
    query.dimensions.map((spec) => [
      plainDimension(spec).outputName,
      outputKinds[plainDimension(spec).outputType],
    ]),
  );
  const sets = query.subtotalsSpec ?? [names];
  const groups = groupsOf(query, table, true);
  const sections = sets.map((set) => groupBySection(query, { table, names, kinds, groups, set }));
  const [first] = sections;
  const { columns = [], limit, offset = 0 } = query.limitSpec ?? {};
  const isLimited = columns.length > 0 || limit !== undefined || offset > 0;
  if (!isLimited || first === undefined || sections.length === 1) return sections;
  // Limits, and the order asked, are of all sets together; without an order each bucket has set after set.
  const setOf = new Map(sections.flatMap(({ sorted }, set) => sorted.map((one) => [one, set] as const)));
  const bySet: Compare = (a, b) => (setOf.get(a) ?? 0) - (setOf.get(b) ?? 0);
  const own = first.compare ?? (() => 0);
  const compare = columns.length > 0 ? own : inTurn([byTime, bySet, own]);
  return [{ ...first, compare, sorted: [...setOf.keys()].toSorted(compare) }];
}

interface GroupByParts {
  readonly table: Table;
  readonly names: readonly string[];
  readonly kinds: Kinds;
  readonly groups: readonly Group[];
  readonly set: readonly string[];
}

function groupBySection(query: AskedGroupBy, { table, names, kinds, groups, set }: GroupByParts): Section {
  // A subtotal adds up groups: a row that is in several of them counts several times.
  const merged = new Map<string, Group>();
  for (const group of groups) {
    const values = names.map((name, i) => (set.includes(name) ? (group.values[i] ?? null) : null));
    const text = [group.ms, ...values.map(singleText)].join('\0');
    const known = merged.get(text) ?? { ms: group.ms, values, rows: [] };
    merged.set(text, known);
    known.rows.push(...group.rows);
  }
  // Grouping by nothing at all has one group, even of no rows.
  if (names.length === 0 && !hasTime(query) && merged.size === 0)
    merged.set('', { ms: 0, values: [], rows: [] });
  // Groupings name columns, not outputs.
  const grouped = query.dimensions.flatMap((spec) => {
    const { dimension, outputName } = plainDimension(spec);
    return set.includes(outputName) ? [dimension] : [];
  });
  const all = [...merged.values()].map((group): Candidate => ({
    ms: hasTime(query) ? group.ms : undefined,
    key: Object.fromEntries(names.map((name, i) => [name, group.values[i] ?? null])),
    values: valuesOf(query, group.rows, table.kinds, grouped),
  }));
  const kept = all.filter((one) => query.having === undefined || holds(query.having, exact(one), kinds));
  const orders = (query.limitSpec?.columns ?? []).map(({ dimension, direction, dimensionOrder }): Compare => {
    const sign = direction === 'descending' ? -1 : 1;
    const compare: Compare = names.includes(dimension)
      ? byText(dimension, comparatorOf(dimensionOrder), kinds)
      : (a, b) => compareSingles(exact(a).get(dimension) ?? null, exact(b).get(dimension) ?? null);
    return (a, b) => sign * compare(a, b);
  });
  const natural = names.map(
    (name): Compare =>
      (a, b) =>
        compareSingles(a.key[name] as Single, b.key[name] as Single),
  );
  const times = hasTime(query) ? [byTime] : [];
  const compare = inTurn(orders.length === 0 ? [...times, ...natural] : [...times, ...orders]);
  return {
    sorted: kept.toSorted(compare),
    compare,
    offset: query.limitSpec?.offset ?? 0,
    limit: query.limitSpec?.limit ?? Infinity,
    kinds,
  };
}

function byText(name: string, order: (a: string, b: string) => number, kinds: Kinds): Compare {
  return (a, b) => {
    const left = a.key[name] as Single;
    const right = b.key[name] as Single;
    if (left === null || right === null) return Number(left !== null) - Number(right !== null);
    return order(cellText(left, kinds[name]), cellText(right, kinds[name]));
  };
}

function isNoNumber(text: string, kind: Kinds[string] | undefined): boolean {
  if (kind === 'long') return !/^[+-]?\d+(\.0*)?$/.test(text);
  return (kind === 'double' || kind === 'float') && (text.trim() === '' || Number.isNaN(Number(text)));
}

function holds(having: Having, values: ReadonlyMap<string, Single>, kinds: Kinds): boolean {
  switch (having.type) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'and':
      return having.havingSpecs.every((one) => holds(one, values, kinds));
    case 'or':
      return having.havingSpecs.some((one) => holds(one, values, kinds));
    case 'not':
      return !holds(having.havingSpec, values, kinds);
    case 'dimSelector': {
      // Having specs make no difference between null and the empty text.
      const value = values.get(having.dimension) ?? null;
      return (value === null ? '' : cellText(value, kinds[having.dimension])) === (having.value ?? '');
    }
    case 'filter': {
      const row = Object.fromEntries(values);
      const types = Object.fromEntries(
        [...values].map(([name, value]) => [
          name,
          kinds[name] ??
            (typeof value === 'bigint' ? 'long' : typeof value === 'string' ? 'string' : 'double'),
        ]),
      );
      const { filter } = having;
      // A text that no number of the type reads as stands for null.
      if (
        filter.type === 'selector' &&
        filter.value !== null &&
        isNoNumber(filter.value, types[filter.dimension])
      )
        return (values.get(filter.dimension) ?? null) === null;
      return naiveFilter(filter, row, types) === 'true';
    }
    default: {
      const value = values.get(having.aggregation) ?? null;
      if (value === null || typeof value === 'string') return false;
      const order = compareSingles(value, having.value);
      return having.type === 'equalTo' ? order === 0 : having.type === 'lessThan' ? order < 0 : order > 0;
    }
  }
}

/** One section a bucket; the best of each bucket by the metric, null metrics last, null values of the dimension first. */
export function topNSections(query: AskedTopN, world: World): Section[] {
  const table = rowsAsked(query, world);
  const { outputName, outputType } = plainDimension(query.dimension);
  const kinds = { [outputName]: outputKinds[outputType] };
  const buckets = new Map<number, Candidate[]>();
  for (const group of groupsOf({ ...query, dimensions: [query.dimension] }, table, false)) {
    const candidates = buckets.get(group.ms) ?? [];
    buckets.set(group.ms, candidates);
    candidates.push({
      ms: hasTime(query) ? group.ms : undefined,
      key: { [outputName]: group.values[0] ?? null },
      values: valuesOf(query, group.rows, table.kinds),
    });
  }
  const compare = ranking(query.metric, outputName, kinds, false);
  return [...buckets]
    .toSorted(([a], [b]) => a - b)
    .map(([, all]) => ({ sorted: all.toSorted(compare), compare, offset: 0, limit: query.threshold, kinds }));
}

function ranking(metric: AskedMetric, dimension: string, kinds: Kinds, isInverted: boolean): Compare {
  switch (metric.type) {
    case 'inverted':
      return ranking(metric.metric, dimension, kinds, !isInverted);
    case 'dimension': {
      const order = comparatorOf(metric.ordering);
      return (a, b) => {
        const left = a.key[dimension] as Single;
        const right = b.key[dimension] as Single;
        if (left === null || right === null) return Number(left !== null) - Number(right !== null);
        const found = order(cellText(left, kinds[dimension]), cellText(right, kinds[dimension]));
        return isInverted ? -found : found;
      };
    }
    case 'numeric':
      return (a, b) => {
        const left = exact(a).get(metric.metric) ?? null;
        const right = exact(b).get(metric.metric) ?? null;
        if (left === null || right === null) return Number(left === null) - Number(right === null);
        const found = compareSingles(left, right);
        return isInverted ? found : -found;
      };
  }
}

export interface Series {
  /** Buckets with rows, in the order asked. */
  readonly buckets: readonly Candidate[];
  /** What a bucket without rows answers: the engine may fill such in between. */
  readonly empty: Readonly<Record<string, Wanted>>;
  /** Of all rows together. */
  readonly total: Readonly<Record<string, Wanted>>;
}

export function timeseries(query: AskedTimeseries, world: World): Series {
  const { rows, kinds } = rowsAsked(query, world);
  const buckets = new Map<number, Row[]>();
  for (const row of rows) {
    const ms = bucketOf(query, row);
    const own = buckets.get(ms) ?? [];
    buckets.set(ms, own);
    own.push(row);
  }
  if (!hasTime(query) && buckets.size === 0 && query.context?.['skipEmptyBuckets'] !== true)
    buckets.set(0, []);
  const sign = query.descending ? -1 : 1;
  return {
    buckets: [...buckets]
      .toSorted(([a], [b]) => sign * (a - b))
      .map(([ms, own]) => ({
        ms: hasTime(query) ? ms : undefined,
        key: {},
        values: valuesOf(query, own, kinds),
      })),
    empty: valuesOf(query, [], kinds),
    total: valuesOf(query, rows, kinds),
  };
}

/** Rows of a scan as candidates of which every cell is the key; a list of one value is that value, an empty one null. */
export function scanSection(query: AskedScan, world: World): Section {
  const { rows, kinds } = rowsAsked(query, world);
  const cellOf = (row: Row, name: string): Single | readonly Single[] => {
    if (isArray(kinds[name])) return (row[name] ?? null) as Single | readonly Single[];
    const all = elements(row[name]);
    return all.length === 1 ? (all[0] ?? null) : all;
  };
  const all = rows.map((row): Candidate => ({
    ms: undefined,
    key: Object.fromEntries(query.columns.map((name) => [name, cellOf(row, name)])),
    values: {},
  }));
  const orders =
    query.orderBy ?? (query.order === 'none' ? [] : [{ columnName: '__time', order: query.order } as const]);
  const compare = inTurn(
    orders.map(({ columnName, order }): Compare => {
      const sign = order === 'descending' ? -1 : 1;
      return (a, b) => sign * compareSingles(a.key[columnName] as Single, b.key[columnName] as Single);
    }),
  );
  return {
    sorted: orders.length === 0 ? all : all.toSorted(compare),
    compare: orders.length === 0 ? undefined : compare,
    offset: query.offset,
    limit: query.limit ?? Infinity,
    kinds,
  };
}

/**
 * Values found, with the rows they are in. A value that is several times in one row counts once where there is an index
 * of values, and each time where rows are read.
 */
export function searchSection(query: AskedSearch, world: World): Section {
  const { rows, kinds } = rowsAsked(query, world);
  const fold = (text: string): string => (query.query.caseSensitive ? text : text.toLowerCase());
  const wanted = query.query.type === 'contains' ? [query.query.value] : query.query.values;
  const found = new Map<string, { key: Record<string, string>; rows: number; times: number }>();
  for (const row of rows) {
    for (const dimension of query.searchDimensions) {
      const texts = elements(row[dimension]).flatMap((value) =>
        value === null ? [] : [cellText(value, kinds[dimension])],
      );
      for (const value of new Set(texts)) {
        if (!wanted.every((part) => fold(value).includes(fold(part)))) continue;
        const text = `${dimension}\0${value}`;
        const known = found.get(text) ?? { key: { dimension, value }, rows: 0, times: 0 };
        found.set(text, known);
        known.rows += 1;
        known.times += texts.filter((one) => one === value).length;
      }
    }
  }
  const order = comparatorOf(query.sort.type);
  const compare: Compare = (a, b) =>
    order(String(a.key['value']), String(b.key['value'])) ||
    comparatorOf('lexicographic')(String(a.key['dimension']), String(b.key['dimension']));
  const sorted = [...found.values()].map(({ key, rows: count, times }): Candidate => {
    const oneOf = Array.from({ length: times - count + 1 }, (_, i) => BigInt(count + i));
    return { ms: undefined, key, values: { count: { oneOf } } };
  });
  return {
    sorted: sorted.toSorted(compare),
    compare,
    offset: 0,
    limit: Infinity,
    kinds: { dimension: 'string', value: 'string' },
  };
}

export function timesOf(query: AskedQuery, world: World): readonly [number, number] | undefined {
  const times = rowsAsked(query, world).rows.map((row) => Number(row['__time']));
  return times.length === 0 ? undefined : [Math.min(...times), Math.max(...times)];
}
