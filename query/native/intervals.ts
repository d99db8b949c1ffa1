/** Query intervals: text, arrays, {"type":"intervals"}; sorted and merged as Druid condenses them. */
import { invalidInput } from '../../proto/errors.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { MAX_INSTANT, MIN_INSTANT } from '../granularity/buckets.js';
import { parseInterval } from '../granularity/instant.js';
import {
  describe,
  isMissing,
  isObject,
  type JsonObject,
  objectAt,
  optionalInteger,
  requiredArray,
  requiredText,
  typeOf,
  unknownType,
} from './json-fields.js';
import type { NamedSegment } from './model.js';

export const eternity: IntervalMs = { startMs: MIN_INSTANT, endMs: MAX_INSTANT };

/** The query's `intervals` field, condensed. */
export function parseQueryIntervals(json: unknown, field: string): readonly IntervalMs[] {
  if (!isObject(json)) return condense(parseLegacyList(json, field));
  const type = isMissing(json['type']) ? 'LegacySegmentSpec' : typeOf(json, 'segment spec', field);
  const inner = `${field}.intervals`;
  switch (type) {
    case 'segments':
      return condense(parseSegments(json, field).map(({ interval }) => interval));
    case 'intervals':
      return condense(parseIntervalList(json['intervals'] ?? null, inner));
    case 'LegacySegmentSpec':
      return condense(parseLegacyList(json['intervals'] ?? null, inner));
    default:
      throw unknownType('segment spec', type, field, []);
  }
}

/** In a bare list null is an interval of no length, as Druid reads it. */
function parseLegacyList(json: unknown, field: string): IntervalMs[] {
  return parseIntervalList(Array.isArray(json) ? json.filter((item) => item !== null) : json, field);
}

/** The segments that a query names one by one; undefined: it names none. */
export function namedSegments(json: unknown, field: string): readonly NamedSegment[] | undefined {
  return isObject(json) && json['type'] === 'segments' ? parseSegments(json, field) : undefined;
}

function parseSegments(json: JsonObject, field: string): NamedSegment[] {
  return requiredArray(json, 'segments', field).map((each, i) => {
    const at = `${field}.segments[${i}]`;
    const object = objectAt(each, at);
    return {
      interval: parseOne(requiredText(object, 'itvl', at), `${at}.itvl`),
      version: requiredText(object, 'ver', at),
      partitionNum: optionalInteger(object, 'part', at) ?? 0,
    };
  });
}

/** One interval text or a list of them, as given. A text may hold several, separated by commas. */
export function parseIntervalList(json: unknown, field: string): IntervalMs[] {
  if (typeof json === 'string') return json.split(',').map((text) => parseOne(text, field));
  if (!Array.isArray(json))
    throw invalidInput(`${field} must be an interval or a list of them, got ${describe(json)}`, field);
  return json.map((item: unknown, i) => {
    if (typeof item !== 'string')
      throw invalidInput(`${field}[${i}] must be an interval, got ${describe(item)}`, `${field}[${i}]`);
    return parseOne(item, `${field}[${i}]`);
  });
}

function parseOne(text: string, field: string): IntervalMs {
  const interval = parseInterval(text);
  if ('error' in interval)
    throw invalidInput(`${field}: invalid interval[${text}]: ${interval.error}`, field);
  return interval;
}

/** Sorted by start, overlapping and adjoining ones joined, empty ones left out. */
export function condense(intervals: readonly IntervalMs[]): readonly IntervalMs[] {
  const sorted = intervals
    .filter(({ startMs, endMs }) => endMs > startMs)
    .toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const joined: IntervalMs[] = [];
  for (const interval of sorted) {
    const last = joined[joined.length - 1];
    if (last !== undefined && interval.startMs <= last.endMs) {
      joined[joined.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, interval.endMs) };
    } else {
      joined.push(interval);
    }
  }
  return joined;
}
