/** Druid's timestampSpec: from the value of the time column to epoch milliseconds. */
import { findZone } from '../../query/granularity/zone.js';
import { parseInstant, parseTimeOfDay } from '../../segment/timeline/instant.js';
import { isDecimalText, javaTrim, scalarText } from '../values.js';
import { compilePattern } from './joda-pattern.js';

/**
 * Epoch milliseconds of a value that is neither null nor undefined, or undefined when it can't be read. Instants
 * beyond 2^53 come back as the nearest double.
 */
export type TimestampParser = (value: unknown) => number | undefined;

/** `format` as in the spec, any case for the named ones. Throws InvalidInput naming `field` for a bad pattern. */
export function timestampParser(format: string, nowYear: number, field: string): TimestampParser {
  switch (format.toLowerCase()) {
    case 'auto':
      return (value) => numeric(value, millisOf, autoText);
    case 'millis':
      return (value) => numeric(value, millisOf, (text) => wholeText(text, millisOf));
    case 'posix':
      return (value) => numeric(value, posixOf, (text) => wholeText(text, posixOf));
    case 'micro':
      return (value) => numeric(value, microOf, (text) => wholeText(text, microOf));
    case 'nano':
      return (value) => numeric(value, nanoOf, (text) => wholeText(text, nanoOf));
    case 'ruby':
      return rubyOf;
    case 'iso':
      return (value) => isoText(typeof value === 'string' ? value : scalarText(value));
    default: {
      const parse = compilePattern(format, nowYear, field);
      return (value) => {
        const text = unquoted(typeof value === 'string' ? value : scalarText(value));
        return text === undefined ? undefined : parse(text);
      };
    }
  }
}

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);
const saturate = (value: bigint): number =>
  Number(value > LONG_MAX ? LONG_MAX : value < LONG_MIN ? LONG_MIN : value);

const millisOf = (value: number | bigint): number => Number(value);
const posixOf = (value: number | bigint): number =>
  typeof value === 'number' ? value * 1000 : saturate(value * 1000n);
const microOf = (value: number | bigint): number =>
  typeof value === 'number' ? Math.trunc(value / 1000) + 0 : Number(value / 1000n);
const nanoOf = (value: number | bigint): number =>
  typeof value === 'number' ? Math.trunc(value / 1e6) + 0 : Number(value / 1_000_000n);

/** Numbers are cut to whole ones first; everything else is read as text. */
function numeric(
  value: unknown,
  convert: (value: number | bigint) => number,
  readText: (text: string) => number | undefined,
): number | undefined {
  if (typeof value === 'number') return convert(wholeNumber(value));
  if (typeof value === 'bigint') return convert(BigInt(saturateLong(value)));
  return readText(typeof value === 'string' ? value : scalarText(value));
}

function saturateLong(value: bigint): bigint {
  return value > LONG_MAX ? LONG_MAX : value < LONG_MIN ? LONG_MIN : value;
}

/** Java's `(long) x`; what a double no longer holds exactly goes on as a bigint. */
function wholeNumber(value: number): number | bigint {
  if (Number.isNaN(value)) return 0;
  if (Number.isSafeInteger(value)) return value;
  if (!Number.isFinite(value)) return value > 0 ? LONG_MAX : LONG_MIN;
  const whole = Math.trunc(value) + 0;
  return Number.isSafeInteger(whole) ? whole : saturateLong(BigInt(whole));
}

/** Surrounding blanks, then double quotes and the blanks inside them, are taken off; blank text can't be read. */
function unquoted(text: string): string | undefined {
  const trimmed = javaTrim(text);
  if (trimmed === '') return undefined;
  if (trimmed.length > 1 && trimmed.startsWith('"') && trimmed.endsWith('"'))
    return javaTrim(trimmed.slice(1, -1));
  return trimmed;
}

function wholeText(text: string, convert: (value: number | bigint) => number): number | undefined {
  const bare = unquoted(text);
  if (bare === undefined || !/^[+-]?\d{1,40}$/.test(bare)) return undefined;
  if (bare.length <= 15) return convert(Number(bare));
  const value = BigInt(bare.startsWith('+') ? bare.slice(1) : bare);
  return value > LONG_MAX || value < LONG_MIN ? undefined : convert(value);
}

function autoText(text: string): number | undefined {
  if (text === '') return undefined;
  if (/^\d+$/.test(text)) return wholeText(text, millisOf);
  const bare = unquoted(text);
  if (bare === undefined) return undefined;
  const whole = parseInstant(bare, true);
  if (whole !== undefined) return whole;
  // A zone name at the end is dropped, its offset is not applied: that is what Druid does.
  const blank = bare.lastIndexOf(' ');
  const isZone = blank > 2 && /^[A-Za-z]/.test(bare.slice(blank + 1)) && findZone(bare.slice(blank + 1));
  return isZone ? parseInstant(bare.slice(0, blank), true) : undefined;
}

function isoText(text: string): number | undefined {
  const bare = unquoted(text);
  if (bare === undefined) return undefined;
  return parseInstant(bare) ?? parseTimeOfDay(bare) ?? wholeText(bare, millisOf);
}

function rubyOf(value: unknown): number | undefined {
  if (typeof value === 'bigint') return posixOf(saturateLong(value));
  if (typeof value === 'number') return Number(wholeNumber(value * 1000));
  const text = unquoted(typeof value === 'string' ? value : scalarText(value));
  if (text === undefined || !isDecimalText(text)) return undefined;
  return Number(wholeNumber(Number.parseFloat(text) * 1000));
}
