/** Functions on instants (epoch milliseconds): floor, ceil, shift, extract, difference, ISO text. */
import { invalidInput } from '../../../proto/errors.js';
import { bucketer } from '../../granularity/buckets.js';
import { civilOf, localMsOf, millisOfDay, monthsBetween, MS_PER_DAY } from '../../granularity/calendar.js';
import { parseInstant } from '../../granularity/instant.js';
import {
  formatPattern,
  parsePattern,
  type PatternToken,
  weekdayOf,
  weekOf,
} from '../../granularity/pattern.js';
import { parseByPattern } from '../../granularity/pattern-parse.js';
import { addPeriod, parsePeriod, type Period } from '../../granularity/period.js';
import { formatInstant, utcZone, type Zone, zoneOrUtc } from '../../granularity/zone.js';
import { parseGranularity } from '../../granularity.js';
import type { Granularity } from '../../native/model.js';
import { argument, type ExprFunction, validationError } from '../function.js';
import { evaluationError } from '../operators.js';
import { asLong, asString, double, long, nullValue, string, type Value } from '../value.js';
import { far, farText, near, nearText } from './wide-instant.js';

type Constants = readonly (Value | undefined)[];
type Apply = (args: readonly Value[]) => Value;

/** The zone of an argument that may be missing or null (then UTC); must be a literal. */
function zoneAt(name: string, constants: Constants, index: number): Zone {
  if (index >= constants.length) return utcZone;
  const value = constants[index];
  if (value === undefined) throw validationError(`Function[${name}] timezone must be a literal`);
  return value.value === null ? utcZone : zoneOrUtc(asString(value) ?? 'UTC');
}

function instantOf(value: Value): number | null {
  const ms = asLong(value);
  return ms === null ? null : Number(ms);
}

function toLong(ms: number): Value {
  return long(BigInt(Math.trunc(ms)));
}

/** Floor and ceil: (time, period, origin, zone), of which all but the time are usually literals. */
function rounding(name: string, round: (granularity: Granularity, ms: number) => number): ExprFunction {
  const prepare = (constants: Constants): Apply => {
    const rest = constants.slice(1);
    const known = rest.every((value) => value !== undefined) ? granularityOf(name, rest) : undefined;
    return (args) => {
      const given = asLong(argument(args, 0));
      // With a period from a column null counts as 1970: Druid's quirk.
      if (given === null && known !== undefined) return nullValue;
      const { ms, cycles } = near(given ?? 0n);
      const granularity = known ?? granularityOf(name, args.slice(1));
      if (cycles !== 0n) checkLocal(given ?? 0n, ms, granularity);
      const rounded = far(round(granularity, ms), cycles);
      // Rounding down wraps; adding to it afterwards may not.
      if (name === 'timestamp_ceil' && cycles !== 0n) {
        for (const instant of [far(floorTo(granularity, ms), cycles), rounded])
          if (BigInt.asIntN(64, instant) !== instant)
            throw evaluationError(`Function[${name}] the calculation caused an overflow`);
      }
      return long(rounded);
    };
  };
  return { name, arity: [2, 4], prepare };
}

/** The local time of an instant must have 64 bits. */
function checkLocal(instant: bigint, nearMs: number, granularity: Granularity): void {
  const zone = granularity.type === 'period' ? zoneOrUtc(granularity.timeZone) : utcZone;
  checkOffset(instant, zone.offsetAt(nearMs));
}

function checkOffset(instant: bigint, offset: number): void {
  const local = instant + BigInt(offset);
  if (local !== BigInt.asIntN(64, local)) throw evaluationError('Adding time zone offset caused overflow');
}

function granularityOf(name: string, [period, origin, zone]: readonly (Value | undefined)[]): Granularity {
  const text = period === undefined ? null : asString(period);
  if (text === null) throw validationError(`Function[${name}] period must not be null`);
  const originMs = origin === undefined || origin.value === null ? null : originOf(name, origin);
  const timeZone = zone === undefined || zone.value === null ? 'UTC' : zoneOrUtc(asString(zone) ?? 'UTC').id;
  return parseGranularity({ type: 'period', period: text, timeZone, origin: originMs }, 'expression');
}

function originOf(name: string, origin: Value): number {
  const ms = origin.type === 'STRING' ? parseInstant(asString(origin) ?? '') : instantOf(origin);
  if (ms === undefined || ms === null)
    throw invalidInput(`Function[${name}] invalid origin[${asString(origin)}]`, 'expression');
  return ms;
}

function floorTo(granularity: Granularity, ms: number): number {
  return bucketer(granularity).start(ms);
}

function ceilTo(granularity: Granularity, ms: number): number {
  const start = floorTo(granularity, ms);
  return start === ms ? ms : bucketer(granularity).next(start);
}

/** (time, period, step, zone): the period added `step` times at once. */
function shift(constants: Constants): Apply {
  const name = 'timestamp_shift';
  const zone = zoneAt(name, constants, 3);
  const literal = constants[1];
  const known = literal === undefined ? undefined : periodOf(name, literal);
  return (args) => {
    const given = asLong(argument(args, 0));
    if (given === null) return nullValue;
    const { ms, cycles } = near(given);
    if (cycles !== 0n) checkOffset(given, zone.offsetAt(ms));
    const step = asLong(argument(args, 2)) ?? 0n;
    const period = known ?? periodOf(name, argument(args, 1));
    return long(far(addPeriod(ms, period, Number(BigInt.asIntN(32, step)), zone), cycles));
  };
}

function periodOf(name: string, value: Value): Period {
  const text = asString(value);
  const period = text === null ? undefined : parsePeriod(text);
  if (period === undefined)
    throw invalidInput(`Function[${name}] invalid period[${text ?? 'null'}]`, 'expression');
  return period;
}

/** A long, or ISO text. */
function instantOrText(name: string, value: Value): number | null {
  if (value.value === null) return null;
  if (value.type === 'LONG') return instantOf(value);
  const ms = value.type === 'STRING' ? parseInstant(asString(value) ?? '') : undefined;
  if (ms === undefined) throw evaluationError(`Function[${name}] no instant[${asString(value)}]`);
  return ms;
}

type Unit = (local: number, ms: number) => number;

const units: Readonly<Record<string, Unit>> = {
  EPOCH: (_, ms) => Math.trunc(ms / 1000),
  MILLISECOND: (local) => millisOfDay(local) % 1000,
  SECOND: (local) => Math.floor(millisOfDay(local) / 1000) % 60,
  MINUTE: (local) => Math.floor(millisOfDay(local) / 60_000) % 60,
  HOUR: (local) => Math.floor(millisOfDay(local) / 3_600_000),
  DAY: (local) => civilOf(local).day,
  DOW: (local) => weekdayOf(Math.floor(local / MS_PER_DAY)) + 1,
  ISODOW: (local) => weekdayOf(Math.floor(local / MS_PER_DAY)) + 1,
  DOY: (local) => Math.floor((local - localMsOf(civilOf(local).year, 1, 1)) / MS_PER_DAY) + 1,
  WEEK: (local) => weekOf(Math.floor(local / MS_PER_DAY)).week,
  MONTH: (local) => civilOf(local).month,
  QUARTER: (local) => Math.floor((civilOf(local).month - 1) / 3) + 1,
  YEAR: (local) => civilOf(local).year,
  // Not the week's year: Druid answers the plain one.
  ISOYEAR: (local) => civilOf(local).year,
  DECADE: (local) => Math.trunc(civilOf(local).year / 10),
  CENTURY: (local) => Math.ceil(civilOf(local).year / 100),
  MILLENNIUM: (local) => Math.ceil(civilOf(local).year / 1000),
};

/** (time, unit, zone); CENTURY and MILLENNIUM are DOUBLE, all others LONG. */
function extract(constants: Constants): Apply {
  const name = 'timestamp_extract';
  const literal = constants[1];
  if (literal === undefined || literal.value === null)
    throw validationError(`Function[${name}] unit must be a literal`);
  const unitName = (asString(literal) ?? '').toUpperCase();
  const unit = Object.hasOwn(units, unitName) ? units[unitName] : undefined;
  if (unit === undefined) throw validationError(`Function[${name}] unknown unit[${unitName}]`);
  const zone = zoneAt(name, constants, 2);
  const asDouble = unitName === 'CENTURY' || unitName === 'MILLENNIUM';
  return (args) => {
    const ms = instantOrText(name, argument(args, 0));
    if (ms === null) return nullValue;
    const value = unit(zone.toLocal(ms), ms);
    return asDouble ? double(value) : toLong(value);
  };
}

/** Whole months from the second instant to the first; null counts as 1970. */
function subtractMonths(constants: Constants): Apply {
  const zone = zoneAt('subtract_months', constants, 2);
  return (args) => {
    const left = instantOf(argument(args, 0)) ?? 0;
    const right = instantOf(argument(args, 1)) ?? 0;
    if (Math.abs(left) > 8.64e15 || Math.abs(right) > 8.64e15)
      throw evaluationError('Function[subtract_months] the instant is out of range');
    return toLong(monthsBetween(zone.toLocal(left), zone.toLocal(right)));
  };
}

/** The pattern of an argument that may be missing or null; must be a literal. */
function patternAt(name: string, constants: Constants, index: number): readonly PatternToken[] | undefined {
  if (index >= constants.length) return undefined;
  const literal = constants[index];
  if (literal === undefined) throw validationError(`Function[${name}] format argument must be a literal`);
  const pattern = asString(literal);
  if (pattern === null) return undefined;
  const tokens = parsePattern(pattern);
  if (tokens === undefined) throw validationError(`Function[${name}] illegal pattern[${pattern}]`);
  return tokens;
}

/** Text in a zone: ISO, or by a pattern of Joda-Time's letters. */
function format(constants: Constants): Apply {
  const name = 'timestamp_format';
  const zone = zoneAt(name, constants, 2);
  const tokens = patternAt(name, constants, 1);
  return (args) => {
    const given = asLong(argument(args, 0));
    if (given === null) return nullValue;
    if (tokens !== undefined) return string(formatPattern(tokens, Number(given), zone));
    const { ms, years } = near(given);
    return string(farText(formatInstant(ms, zone), years));
  };
}

/** Text → instant; without a pattern ISO, where a space may stand for the T. What can't be read is null. */
function parse(constants: Constants): Apply {
  const name = 'timestamp_parse';
  const tokens = patternAt(name, constants, 1);
  const zone = zoneAt(name, constants, 2);
  return (args) => {
    const text = asString(argument(args, 0));
    if (text === null) return nullValue;
    if (tokens === undefined) {
      const instant = parseIso(text, zone);
      return long(instant === undefined || BigInt.asIntN(64, instant) !== instant ? null : instant);
    }
    const ms = parseByPattern(tokens, text, zone);
    return ms === undefined ? long(null) : toLong(ms);
  };
}

function parseIso(given: string, zone: Zone): bigint | undefined {
  const { text, cycles } = nearText(given);
  const spaced = text.replace(/^([^T ]+) (?=\d|$)/, '$1T');
  const ms = spaced.startsWith('T') ? undefined : parseInstant(spaced);
  if (ms === undefined) return undefined;
  const hasOffset = /T.*(?:Z|[+-]\d\d(?::?\d\d){0,2})$/i.test(spaced);
  return far(hasOffset || zone === utcZone ? ms : zone.fromLocalAdding(ms), cycles);
}

/** Text → instant in ms or seconds; what can't be read is an error. */
function strict(name: string, perUnit: number): ExprFunction {
  const prepare = (constants: Constants): Apply => {
    const tokens = patternAt(name, constants, 1);
    return (args) => {
      const value = argument(args, 0);
      if (value.type !== 'STRING')
        throw invalidInput(`Function[${name}] first argument should be a STRING`, 'expression');
      const text = asString(value);
      if (text === null) return nullValue;
      const iso = text.startsWith('T') ? undefined : text;
      const near = iso === undefined ? undefined : nearText(iso);
      const ms =
        tokens !== undefined
          ? parseByPattern(tokens, text, utcZone)
          : near === undefined
            ? undefined
            : parseInstant(near.text);
      if (ms === undefined) throw invalidInput(`Function[${name}] invalid value ${text}`, 'expression');
      const instant = far(ms, tokens === undefined ? (near?.cycles ?? 0n) : 0n);
      if (BigInt.asIntN(64, instant) !== instant)
        throw invalidInput(`Function[${name}] invalid value ${text}`, 'expression');
      return long(instant / BigInt(perUnit));
    };
  };
  return { name, arity: [1, 2], prepare };
}

export const timeFunctions: readonly ExprFunction[] = [
  rounding('timestamp_floor', floorTo),
  rounding('timestamp_ceil', ceilTo),
  { name: 'timestamp_shift', arity: [3, 4], prepare: shift },
  { name: 'timestamp_extract', arity: [2, 3], prepare: extract },
  { name: 'subtract_months', arity: [3, 3], prepare: subtractMonths },
  { name: 'timestamp_format', arity: [1, 3], prepare: format },
  { name: 'timestamp_parse', arity: [1, 3], prepare: parse },
  strict('timestamp', 1),
  strict('unix_timestamp', 1000),
];
