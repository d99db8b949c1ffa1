/**
 * What depends on how rows are spread over segments, by the kind of query. Each rule still compares everything that
 * does not depend on it.
 */
import { parseJson } from '../../query/json/parse.js';
import { jsonText } from '../../query/json/write.js';
import {
  allAmong,
  difference,
  isScanAnswer,
  plain,
  sameRows,
  toleranceOf,
  without,
  type Difference,
  type ScanAnswer,
} from './compare.js';
import type { Answer } from './cluster.js';
import { isObject, type Case } from './suite.js';

export interface Lenient {
  readonly rule: string;
  readonly difference: Difference;
}

type Ask = (text: string) => Promise<Answer>;

/** Undefined: nothing in the answer may depend on the shape. */
export async function byShape(wanted: Case, answer: Answer, ask: Ask): Promise<Lenient | undefined> {
  const { query } = wanted;
  if (query === undefined || wanted.status !== 200 || answer.status !== 200) return undefined;
  if (query['queryType'] === 'scan')
    return {
      rule: 'rows in any order that the query allows',
      difference: await scanDifference(wanted, answer, ask),
    };
  if (query['queryType'] === 'segmentMetadata')
    return {
      rule: 'metadata of segments that are cut otherwise',
      difference: metadataDifference(wanted, answer),
    };
  if (query['queryType'] === 'timeseries' && query['descending'] === true && query['granularity'] === 'all')
    return { rule: 'time of the last segment', difference: timelessDifference(wanted, answer) };
  if (query['queryType'] === 'search')
    return { rule: 'times of what a search found', difference: searchDifference(wanted, answer) };
  return undefined;
}

async function scanDifference(wanted: Case, answer: Answer, ask: Ask): Promise<Difference> {
  const { query = {} } = wanted;
  const tolerance = toleranceOf(wanted);
  const left = plain(wanted, wanted.response);
  const right = plain(wanted, parseJson(answer.text));
  if (!isScanAnswer(left) || !isScanAnswer(right)) return difference(left, right, tolerance);
  if (left.events.length > 0 || right.events.length > 0) {
    const columns = difference(left.columns, right.columns, tolerance, '$.columns');
    if (columns !== undefined) return columns;
  }
  if (left.events.length !== right.events.length)
    return `${right.events.length} rows instead of ${left.events.length}`;
  const order = orderOf(query);
  const sequence = difference(cellsOf(left, order), cellsOf(right, order), tolerance);
  if (sequence !== undefined) return sequence;
  const rows = sameRows(left.events, right.events, tolerance);
  if (rows === undefined || (query['limit'] === undefined && query['offset'] === undefined)) return rows;
  const whole = await ask(jsonText(without(query, 'limit', 'offset')));
  const all = plain(wanted, parseJson(whole.text));
  return isScanAnswer(all) ? allAmong(right.events, all.events, tolerance) : 'no answer without a limit';
}

/** Names of the columns that rows are ordered by. */
function orderOf(query: Readonly<Record<string, unknown>>): string[] {
  const { order, orderBy } = query;
  if (Array.isArray(orderBy))
    return orderBy.flatMap((one) => (isObject(one) ? [String(one['columnName'])] : []));
  return order === 'ascending' || order === 'descending' ? ['__time'] : [];
}

/** The cells of these columns, row by row. */
function cellsOf({ columns, events }: ScanAnswer, names: readonly string[]): unknown[] {
  return events.map((event) =>
    names.map((name) =>
      Array.isArray(event)
        ? (event as unknown[])[columns.indexOf(name)]
        : (event as Record<string, unknown>)[name],
    ),
  );
}

/**
 * A search's buckets bear the time of a lone segment, or the bucket's own when several were merged; a descending
 * timeseries without buckets that of its last segment.
 */
function timelessDifference(wanted: Case, answer: Answer): Difference {
  const timeless = (entries: unknown): unknown =>
    isEntries(entries) ? entries.map((entry) => without(entry, 'timestamp')) : entries;
  return difference(timeless(wanted.response), timeless(parseJson(answer.text)), toleranceOf(wanted));
}

/**
 * Druid joins what several segments found without the limit unless the granularity is all. The first values are in the
 * first values of each segment that has them, so they and their counts are the same; more may follow them.
 */
function searchDifference(wanted: Case, answer: Answer): Difference {
  const { limit, granularity = 'all' } = wanted.query ?? {};
  if (granularity === 'all' || typeof limit !== 'number') return timelessDifference(wanted, answer);
  const found = parseJson(answer.text);
  if (!isEntries(found)) return timelessDifference(wanted, answer);
  const first = found.map((entry) => {
    const { result } = entry;
    return Array.isArray(result) ? { ...entry, result: result.slice(0, limit) as unknown[] } : entry;
  });
  return timelessDifference(wanted, { ...answer, text: jsonText(first) });
}

type Entry = Readonly<Record<string, unknown>>;

/**
 * Of all entries together: what the columns are, and how many rows there are. Sizes and intervals are those of the
 * segments; the cardinality of several is that of the one with the largest.
 */
function metadataDifference(wanted: Case, answer: Answer): Difference {
  const left = plain(wanted, wanted.response);
  const right = plain(wanted, parseJson(answer.text));
  if (!isEntries(left) || !isEntries(right)) return difference(left, right, toleranceOf(wanted));
  const found = together(right);
  const asked = together(left);
  const columns = difference(asked, found, toleranceOf(wanted));
  if (columns !== undefined || left.length !== 1 || right.length !== 1) return columns;
  const [one = {}] = left;
  const [other = {}] = right;
  const spread = ['columns', 'size', 'intervals'];
  return difference(without(one, ...spread), without(other, ...spread), toleranceOf(wanted));
}

const isEntries = (value: unknown): value is readonly Entry[] =>
  Array.isArray(value) && value.every(isObject);

function together(entries: readonly Entry[]): unknown {
  const columns: Record<string, Record<string, unknown>> = {};
  let rows = 0;
  for (const entry of entries) {
    rows += Number(entry['numRows']);
    for (const [name, column] of Object.entries(isObject(entry['columns']) ? entry['columns'] : {})) {
      if (!isObject(column)) continue;
      const known = columns[name];
      columns[name] = {
        ...without(column, 'size', 'cardinality', 'minValue', 'maxValue'),
        hasMultipleValues: column['hasMultipleValues'] === true || known?.['hasMultipleValues'] === true,
        hasNulls: column['hasNulls'] === true || known?.['hasNulls'] === true,
      };
    }
  }
  return { columns, rows };
}
