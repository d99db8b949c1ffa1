/** An answer as JSON against what the reference says; throws an Error that tells the first difference. */
import { isArray, type Kinds, type Single } from '../naive.js';
import type { Wanted } from './aggregates.js';
import {
  groupBySections,
  intervalOf,
  plainDimension,
  scanSection,
  searchSection,
  timeseries,
  timesOf,
  topNSections,
  type Candidate,
  type Section,
} from './answers.js';
import type { AskedGroupBy, AskedQuery, AskedScan, AskedTimeseries, AskedTopN } from './asked.js';
import { elementKind, type World } from './table.js';

type Json = Readonly<Record<string, unknown>>;

interface FoundRow {
  readonly ms: number | undefined;
  readonly cells: Json;
}

export function judge(query: AskedQuery, answer: unknown, world: World): void {
  switch (query.queryType) {
    case 'timeseries':
      return judgeSeries(query, answer as readonly Json[], world);
    case 'topN':
      return judgeTopN(query, answer as readonly Json[], world);
    case 'groupBy':
      return judgeGroupBy(query, answer as readonly Json[], world);
    case 'scan':
      return judgeScan(query, answer as readonly Json[], world);
    case 'search': {
      const section = searchSection(query, world);
      const entries = answer as readonly { readonly result: readonly Json[] }[];
      const rows = entries.flatMap(({ result }) => result.map((cells) => ({ ms: undefined, cells })));
      return judgeSection(section, rows);
    }
    case 'timeBoundary': {
      const times = timesOf(query, world);
      const [entry] = answer as readonly { readonly result: Json }[];
      const found =
        entry && [entry.result['minTime'], entry.result['maxTime']].map((at) => Date.parse(String(at)));
      same(String(found), String(times), 'times');
      return undefined;
    }
  }
}

function same(found: unknown, wanted: unknown, what: string): void {
  if (found !== wanted) throw new Error(`${what}: ${String(found)} instead of ${String(wanted)}`);
}

const timeOf = (query: AskedTopN | AskedGroupBy | AskedTimeseries, entry: Json): number | undefined =>
  query.granularity === 'all' ? undefined : Date.parse(String(entry['timestamp']));

function judgeGroupBy(query: AskedGroupBy, answer: readonly Json[], world: World): void {
  const asArrays = query.context?.['resultAsArray'] === true;
  const names = [
    ...query.dimensions.map((spec) => plainDimension(spec).outputName),
    ...query.aggregations.map(({ name }) => name),
    ...query.postAggregations.map(({ name }) => name),
  ];
  const rows = answer.map((entry): FoundRow => {
    if (!asArrays) return { ms: timeOf(query, entry), cells: entry['event'] as Json };
    const cells = [...(entry as unknown as readonly unknown[])];
    const ms = query.granularity === 'all' ? undefined : Number(cells.shift());
    return { ms, cells: Object.fromEntries(names.map((name, i) => [name, cells[i]])) };
  });
  let from = 0;
  for (const section of groupBySections(query, world)) {
    const count = countOf(section);
    judgeSection(section, rows.slice(from, from + count));
    from += count;
  }
  same(rows.length, from, 'rows');
}

function judgeTopN(query: AskedTopN, answer: readonly Json[], world: World): void {
  const entries = answer as readonly (Json & { readonly result: readonly Json[] })[];
  // Buckets in which nothing was found may be there.
  const found = entries.filter(({ result }) => result.length > 0);
  const sections = topNSections(query, world);
  same(found.length, sections.length, 'buckets');
  sections.forEach((section, i) => {
    const entry = found[i];
    if (entry === undefined) return;
    judgeSection(
      section,
      entry.result.map((cells) => ({ ms: timeOf(query, entry), cells })),
    );
  });
}

function judgeScan(query: AskedScan, answer: readonly Json[], world: World): void {
  const rows = answer.flatMap((entry) =>
    (entry['events'] as readonly unknown[]).map((event): FoundRow => {
      if (!Array.isArray(event)) return { ms: undefined, cells: event as Json };
      const columns = entry['columns'] as readonly string[];
      return {
        ms: undefined,
        cells: Object.fromEntries(columns.map((name, i) => [name, (event as unknown[])[i]])),
      };
    }),
  );
  judgeSection(scanSection(query, world), rows);
}

/** Buckets without rows may be filled in between the first and the last instant that was asked for, unless skipped. */
function judgeSeries(query: AskedTimeseries, answer: readonly Json[], world: World): void {
  const { buckets, empty, total } = timeseries(query, world);
  const left = [...answer];
  if (query.context?.['grandTotal'] === true) {
    const last = left.pop();
    if (last === undefined || last['timestamp'] !== null) throw new Error('there is no grand total');
    if (buckets.some(({ ms }) => ms !== undefined)) judgeValues(total, last['result'] as Json, 'the total');
  }
  const rest = [...buckets];
  let before: number | undefined;
  for (const entry of left) {
    const ms = timeOf(query, entry);
    if (ms !== undefined && before !== undefined && (query.descending ? ms >= before : ms <= before))
      throw new Error(`bucket[${String(entry['timestamp'])}] is out of order`);
    before = ms;
    const cells = entry['result'] as Json;
    if (rest[0]?.ms === ms && rest[0] !== undefined) {
      judgeValues(rest[0].values, cells, `bucket[${String(entry['timestamp'])}]`);
      rest.shift();
      continue;
    }
    const starts = query.intervals.map(intervalOf);
    const isInside = starts.some(
      ([start, end]) => (ms ?? start) < end && (ms ?? start) >= start - 31 * 86_400_000,
    );
    if (!isInside || query.context?.['skipEmptyBuckets'] === true)
      throw new Error(`bucket[${String(entry['timestamp'])}] should not be there`);
    judgeValues(empty, cells, `empty bucket[${String(entry['timestamp'])}]`);
  }
  same(rest.length, 0, `buckets missing, the first of ${rest[0]?.ms}`);
}

const countOf = ({ sorted, offset, limit }: Section): number =>
  Math.min(Math.max(sorted.length - offset, 0), limit);

function judgeSection(section: Section, found: readonly FoundRow[]): void {
  const { sorted, compare, offset, kinds } = section;
  same(found.length, countOf(section), 'rows');
  const byKey = new Map<string, Candidate[]>();
  for (const candidate of sorted) {
    const text = keyText(candidate.ms, candidate.key, kinds);
    byKey.set(text, [...(byKey.get(text) ?? []), candidate]);
  }
  found.forEach(({ ms, cells }, i) => {
    const wanted = sorted[offset + i];
    const names = Object.keys(wanted?.key ?? {});
    const key = Object.fromEntries(names.map((name) => [name, cells[name]]));
    const text = keyText(ms, key, kinds);
    // Each is answered as often as it is there; those of the same key may be of different sets of subtotals.
    const same = byKey.get(text) ?? [];
    const isPlace = (one: Candidate): boolean => wanted === undefined || (compare?.(one, wanted) ?? 0) === 0;
    const at = same.findIndex((one) => isPlace(one) && holdsAll(one.values, cells));
    const [candidate] = same.splice(Math.max(at, 0), 1);
    const what = `row[${i}] ${JSON.stringify(text)}`;
    if (candidate === undefined || wanted === undefined) throw new Error(`${what} should not be there`);
    if (compare !== undefined && compare(candidate, wanted) !== 0)
      throw new Error(`${what} is not in its place, which is ${keyText(wanted.ms, wanted.key, kinds)}'s`);
    judgeValues(candidate.values, cells, what);
  });
}

/** Cells of JSON and cells of the reference have the same text when they are the same. */
function keyText(ms: number | undefined, key: Json, kinds: Kinds): string {
  const parts = Object.entries(key).map(([name, cell]) => {
    const kind = kinds[name];
    const all = Array.isArray(cell) ? (cell as unknown[]) : [cell];
    if (!isArray(kind)) return all.map((one) => cellKey(one, kind)).join(',');
    const texts = all.map((one) => cellKey(one, elementKind(kind)));
    return Array.isArray(cell) ? `[${texts.join(',')}]` : 'null';
  });
  return [ms, ...parts].join('|');
}

function cellKey(cell: unknown, kind: Kinds[string] | undefined): string {
  if (cell === null || cell === undefined) return 'null';
  switch (kind) {
    case 'long':
      return typeof cell === 'bigint' || Number.isInteger(cell)
        ? String(BigInt(cell as number | bigint))
        : 'no long';
    case 'double':
      return Object.is(cell, -0) ? '-0' : String(Number(cell));
    case 'float':
      return Object.is(cell, -0) ? '-0' : String(Math.fround(Number(cell)));
    default:
      return JSON.stringify(cell) ?? '';
  }
}

function judgeValues(wanted: Readonly<Record<string, Wanted>>, cells: Json, what: string): void {
  for (const [name, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(cells, name)) throw new Error(`${what}.${name} is missing`);
    const found = cells[name];
    if (!isWanted(value, found))
      throw new Error(`${what}.${name}: ${String(found)} instead of ${shown(value)}`);
  }
}

const holdsAll = (wanted: Readonly<Record<string, Wanted>>, cells: Json): boolean =>
  Object.entries(wanted).every(([name, value]) => isWanted(value, cells[name]));

function shown(value: Wanted): string {
  if ('is' in value) return String(value.is);
  if ('bag' in value) return `${value.bag.join(', ')} in any order`;
  return 'oneOf' in value ? `one of ${value.oneOf.join(', ')}` : `${value.near} ± ${value.within}`;
}

function isWanted(wanted: Wanted, found: unknown): boolean {
  if ('is' in wanted) return isSame(wanted.is, found, wanted.float === true);
  if ('oneOf' in wanted) return wanted.oneOf.some((one) => isSame(one, found, wanted.float === true));
  if ('bag' in wanted) return isBag(wanted.bag, found);
  return (
    (typeof found === 'number' || typeof found === 'bigint') &&
    Math.abs(Number(found) - wanted.near) <= wanted.within
  );
}

function isBag(wanted: readonly Single[], found: unknown): boolean {
  if (!Array.isArray(found) || found.length !== wanted.length) return false;
  const left = [...(found as unknown[])];
  return wanted.every((one) => {
    const at = left.findIndex((other) => isSame(one, other, false));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

/** NaN and infinities are texts in JSON. */
function isSame(wanted: Single, found: unknown, isFloat: boolean): boolean {
  if (wanted === null) return found === null;
  if (typeof wanted === 'string') return found === wanted;
  if (typeof wanted === 'bigint')
    return (
      (typeof found === 'bigint' || Number.isInteger(found)) && BigInt(found as bigint | number) === wanted
    );
  if (typeof found !== 'number' && typeof found !== 'bigint' && typeof found !== 'string') return false;
  const number = isFloat ? Math.fround(Number(found)) : Number(found);
  const other = isFloat ? Math.fround(wanted) : wanted;
  return number === other || (Number.isNaN(number) && Number.isNaN(other));
}
