/** Granularities: reading them from JSON, their buckets, and how a bucket's start is printed. */
import { CodedError, invalidInput } from '../proto/errors.js';
import { bucketer } from './granularity/buckets.js';
import { parseInstant } from './granularity/instant.js';
import { isZeroPeriod, parsePeriod } from './granularity/period.js';
import { findZone, formatInstant, utcZone, zoneOrUtc } from './granularity/zone.js';
import type { Granularity } from './native/model.js';

const simpleNames: Readonly<Record<string, string>> = {
  SECOND: 'PT1S',
  MINUTE: 'PT1M',
  FIVE_MINUTE: 'PT5M',
  TEN_MINUTE: 'PT10M',
  FIFTEEN_MINUTE: 'PT15M',
  THIRTY_MINUTE: 'PT30M',
  HOUR: 'PT1H',
  SIX_HOUR: 'PT6H',
  EIGHT_HOUR: 'PT8H',
  DAY: 'P1D',
  WEEK: 'P1W',
  MONTH: 'P1M',
  QUARTER: 'P3M',
  YEAR: 'P1Y',
};

/** Start (epoch ms) of the bucket that holds `ms`; for `all` the beginning of eternity (-2^62). */
export function bucketStart(granularity: Granularity, ms: number): number {
  return bucketer(granularity).start(ms);
}

/** Start of the bucket that follows the one starting at `startMs`; for `all` the end of eternity (2^62). */
export function nextBucket(granularity: Granularity, startMs: number): number {
  return bucketer(granularity).next(startMs);
}

/** End of the bucket that holds `ms`; for `all` the end of eternity. */
export function bucketEnd(granularity: Granularity, ms: number): number {
  return nextBucket(granularity, bucketStart(granularity, ms));
}

/** Are the buckets of `a` shorter than those of `b`? Measured at 1970, as Druid does. */
export function isFinerThan(a: Granularity, b: Granularity): boolean {
  return bucketLength(a) < bucketLength(b);
}

function bucketLength(granularity: Granularity): number {
  const buckets = bucketer(granularity);
  const start = buckets.start(0);
  return buckets.next(start) - start;
}

/** ISO text with milliseconds; period granularities print the offset of their zone, all others "Z". */
export function formatTimestamp(ms: number, granularity: Granularity): string {
  return formatInstant(ms, granularity.type === 'period' ? zoneOrUtc(granularity.timeZone) : utcZone);
}

/** Does `formatTimestamp` print UTC? */
export const isUtc = (granularity: Granularity): boolean =>
  granularity.type !== 'period' || zoneOrUtc(granularity.timeZone) === utcZone;

/**
 * From Druid's JSON: a simple name in any case, {"type":"duration"} or {"type":"period"}.
 * Anything else is InvalidInput naming `field`.
 */
export function parseGranularity(json: unknown, field: string): Granularity {
  if (typeof json === 'string') return simpleGranularity(json, field);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalidInput(`${field} must be a granularity, got ${json === null ? 'null' : typeof json}`, field);
  }
  const spec = json as Readonly<Record<string, unknown>>;
  switch (spec['type']) {
    case 'all':
    case 'none':
      return { type: spec['type'] };
    case 'duration':
      return durationGranularity(spec, field);
    case 'period':
      return periodGranularity(spec, field);
    default:
      throw unknownType(spec['type'], field);
  }
}

function unknownType(type: unknown, field: string): CodedError {
  const shown = typeof type === 'string' ? type : (JSON.stringify(type) ?? 'missing');
  return invalidInput(`${field}: unknown granularity type[${shown}]`, field);
}

function simpleGranularity(name: string, field: string): Granularity {
  const upper = name.toUpperCase();
  if (upper === 'ALL') return { type: 'all' };
  if (upper === 'NONE') return { type: 'none' };
  const period = Object.hasOwn(simpleNames, upper) ? simpleNames[upper] : undefined;
  if (period === undefined) throw invalidInput(`${field}: unknown granularity[${name}]`, field);
  return { type: 'period', period, timeZone: 'UTC', originMs: undefined };
}

function durationGranularity(spec: Readonly<Record<string, unknown>>, field: string): Granularity {
  const given = spec['duration'];
  const durationMs =
    typeof given === 'string' && /^\s*[+-]?\d+\s*$/.test(given) ? Number(given) : Number(given ?? 0);
  if (given === null || typeof given === 'object' || !Number.isSafeInteger(Math.trunc(durationMs))) {
    throw invalidInput(`${field}.duration must be a number of milliseconds`, `${field}.duration`);
  }
  const width = Math.trunc(durationMs);
  if (width <= 0) throw invalidInput(`${field}.duration should be greater than 0!`, `${field}.duration`);
  const origin = parseOrigin(spec['origin'], `${field}.origin`) ?? 0;
  return { type: 'duration', durationMs: width, originMs: origin % width || 0 };
}

function periodGranularity(spec: Readonly<Record<string, unknown>>, field: string): Granularity {
  const text = spec['period'];
  if (text === undefined || text === null)
    throw invalidInput(`${field}: period can't be null!`, `${field}.period`);
  const period = typeof text === 'string' ? parsePeriod(text) : undefined;
  if (typeof text !== 'string' || period === undefined) {
    throw invalidInput(`${field}.period: invalid format: ${JSON.stringify(text)}`, `${field}.period`);
  }
  if (isZeroPeriod(period)) {
    throw invalidInput(`${field}: zero period is not acceptable in PeriodGranularity!`, `${field}.period`);
  }
  const zone = spec['timeZone'];
  if (zone !== undefined && zone !== null && typeof zone !== 'string') {
    throw invalidInput(`${field}.timeZone must be a string`, `${field}.timeZone`);
  }
  const timeZone = zone === undefined || zone === null ? utcZone.id : (findZone(zone) ?? utcZone).id;
  return { type: 'period', period: text, timeZone, originMs: parseOrigin(spec['origin'], `${field}.origin`) };
}

function parseOrigin(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const ms = typeof value === 'string' ? parseInstant(value) : undefined;
  if (ms === undefined) throw invalidInput(`${field}: invalid format: ${JSON.stringify(value)}`, field);
  return ms;
}

/** The JSON that Druid writes for a granularity: a standard name where there is one, else an object. */
export function granularityJson(granularity: Granularity): unknown {
  switch (granularity.type) {
    case 'all':
    case 'none':
      return { type: granularity.type };
    case 'duration':
      return {
        type: 'duration',
        duration: granularity.durationMs,
        origin: formatInstant(granularity.originMs, utcZone),
      };
    case 'period': {
      const { period, timeZone, originMs } = granularity;
      const name = Object.keys(simpleNames).find((key) => simpleNames[key] === period);
      if (name !== undefined && timeZone === 'UTC' && originMs === undefined) return name;
      const origin = originMs === undefined ? null : formatInstant(originMs, zoneOrUtc(timeZone));
      return { type: 'period', period, timeZone, origin };
    }
  }
}
