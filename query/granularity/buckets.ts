/** Buckets of a granularity, made once per granularity object and kept: `bucketer(g)`. */
import { CodedError } from '../../proto/errors.js';
import type { Granularity } from '../native/model.js';
import {
  addMonths,
  addYears,
  civilOf,
  localMsOf,
  millisOfDay,
  monthsBetween,
  MS_PER_DAY,
  yearsBetween,
} from './calendar.js';
import {
  addDays,
  addPeriod,
  hasDateUnits,
  isZeroPeriod,
  parsePeriod,
  periodUnits,
  plainMillis,
  type Period,
} from './period.js';
import { type Zone, zoneOrUtc } from './zone.js';

export interface Bucketer {
  /** The start of the bucket that holds the instant (epoch ms). */
  start(ms: number): number;
  /** The start of the bucket after the one that starts here. */
  next(startMs: number): number;
  /** Set when all buckets that hold instants >= `fromMs` are `widthMs` wide, counted from `originMs`. */
  readonly fixed: FixedBuckets | undefined;
}

export interface FixedBuckets {
  readonly widthMs: number;
  readonly originMs: number;
  readonly fromMs: number;
}

/** The instants between which Druid's eternity lies; half the range of a 64-bit long. */
export const MIN_INSTANT = -(2 ** 62);
export const MAX_INSTANT = 2 ** 62;

/** A bucket chain is kept from its origin on; instants further than this many buckets away are refused. */
const MAX_CHAIN = 2_000_000;
const EPOCH_MONDAY_OFFSET = 3;

const bucketers = new WeakMap<Granularity, Bucketer>();

export function bucketer(granularity: Granularity): Bucketer {
  let made = bucketers.get(granularity);
  if (made === undefined) {
    made = make(granularity);
    bucketers.set(granularity, made);
  }
  return made;
}

function make(granularity: Granularity): Bucketer {
  switch (granularity.type) {
    case 'all':
      return { start: () => MIN_INSTANT, next: () => MAX_INSTANT, fixed: undefined };
    case 'none':
      return fixedBuckets(1, 0);
    case 'duration':
      return fixedBuckets(granularity.durationMs, granularity.originMs);
    case 'period':
      return periodBuckets(granularity);
  }
}

/** Floor to a multiple; exact for all safe integers. */
function floorTo(ms: number, width: number, origin: number): number {
  const rest = (ms - origin) % width;
  return ms - (rest < 0 ? rest + width : rest);
}

function fixedBuckets(widthMs: number, originMs: number): Bucketer {
  return {
    start: (ms) => floorTo(ms, widthMs, originMs),
    next: (ms) => ms + widthMs,
    fixed: { widthMs, originMs, fromMs: -Infinity },
  };
}

function periodBuckets(granularity: Extract<Granularity, { type: 'period' }>): Bucketer {
  const period = parsePeriod(granularity.period);
  if (period === undefined || isZeroPeriod(period)) {
    throw new CodedError('InvalidInput', `granularity period[${granularity.period}] is no period`, {
      field: 'granularity',
    });
  }
  const zone = zoneOrUtc(granularity.timeZone);
  const given = granularity.originMs;
  const origin = given ?? zone.fromLocalAdding(0);
  const positive = periodUnits.filter((unit) => period[unit] > 0);
  const unit = positive[0];
  if (unit === undefined) {
    // Only negative amounts: Druid leaves the instant as it is.
    return { start: (ms) => ms, next: (ms) => addPeriod(ms, period, 1, zone), fixed: undefined };
  }
  if (positive.length > 1) return compoundBuckets(period, zone, origin);
  const count = period[unit];
  if (unit === 'hours' && (count > 1 || given !== undefined)) return hourBuckets(period, origin, zone);
  const uniform = uniformWidth(period, unit, zone, given !== undefined);
  if (uniform !== undefined)
    return fixedBuckets(uniform, given === undefined && period.weeks === 1 ? weekOrigin(zone) : origin);
  const aligned = count > 1 || given !== undefined;
  const start = aligned ? multiples(unit, count, origin, zone) : single(unit, zone);
  return { start, next: (ms) => addPeriod(ms, period, 1, zone), fixed: undefined };
}

/** Single weeks start on Mondays; 1970-01-01 was a Thursday. */
function weekOrigin(zone: Zone): number {
  return -EPOCH_MONDAY_OFFSET * MS_PER_DAY - (zone.fixedOffsetMs ?? 0);
}

/** The bucket width in ms when the period's only unit has one length in this zone. */
function uniformWidth(
  period: Period,
  unit: (typeof periodUnits)[number],
  zone: Zone,
  hasOrigin: boolean,
): number | undefined {
  if (unit === 'years' || unit === 'months') return undefined;
  if (periodUnits.some((other) => other !== unit && period[other] !== 0)) return undefined;
  if (zone.fixedOffsetMs !== undefined) return plainMillis(period);
  if (unit === 'weeks' || unit === 'days' || unit === 'hours') return undefined;
  // Minutes and smaller count real time from the origin; single ones follow the wall clock instead.
  return hasOrigin || period[unit] > 1 || unit === 'millis' ? plainMillis(period) : undefined;
}

/**
 * Several hours count real time from the origin. Druid's quirks, kept because clients see them: before an origin that
 * is not after 1970 the bucket can begin behind the instant, and after an origin before 1970 it begins at a full hour of
 * the wall clock.
 */
function hourBuckets(period: Period, origin: number, zone: Zone): Bucketer {
  const width = period.hours * 3_600_000;
  const start = (ms: number): number => {
    const hours = Math.trunc((ms - origin) / 3_600_000);
    const at = origin + (hours - (hours % period.hours)) * 3_600_000;
    if (ms < at && origin > 0) return at - width;
    return ms > at && origin < 0 ? fullHour(at, zone) : at;
  };
  const next = (ms: number): number => addPeriod(ms, period, 1, zone);
  const onlyHours = plainMillis(period) === width && !hasDateUnits(period);
  const fixed = onlyHours && origin >= 0 ? { widthMs: width, originMs: origin, fromMs: origin } : undefined;
  return { start, next, fixed };
}

function fullHour(ms: number, zone: Zone): number {
  const local = floorTo(zone.toLocal(ms), 60_000, 0);
  const full = zone.fromLocalNear(floorTo(local, 3_600_000, 0), ms);
  if (millisOfDay(zone.toLocal(full)) % 3_600_000 === 0) return full;
  throw new CodedError('InvalidInput', `granularity: no full hour in zone[${zone.id}] at instant[${ms}]`, {
    field: 'granularity',
  });
}

/** Several units in one bucket, or one unit from an origin: whole steps counted from the origin. */
function multiples(
  unit: (typeof periodUnits)[number],
  count: number,
  origin: number,
  zone: Zone,
): (ms: number) => number {
  const local = zone.toLocal(origin);
  const difference = (ms: number): number => {
    if (unit === 'years') return yearsBetween(zone.toLocal(ms), local);
    if (unit === 'months') return monthsBetween(zone.toLocal(ms), local);
    return Math.trunc((zone.toLocal(ms) - local) / (unit === 'weeks' ? 7 * MS_PER_DAY : MS_PER_DAY));
  };
  const add = (from: number, steps: number): number => {
    if (unit === 'years') return zone.fromLocalAdding(addYears(zone.toLocal(from), steps));
    if (unit === 'months') return zone.fromLocalAdding(addMonths(zone.toLocal(from), steps));
    return addDays(from, unit === 'weeks' ? steps * 7 : steps, zone);
  };
  return (ms) => {
    const steps = difference(ms);
    const start = add(origin, steps - (steps % count));
    return ms < start ? add(start, -count) : start;
  };
}

/** One unit without an origin: the wall clock's own boundary. */
function single(unit: (typeof periodUnits)[number], zone: Zone): (ms: number) => number {
  switch (unit) {
    case 'years':
      return (ms) => zone.fromLocalNear(localMsOf(civilOf(zone.toLocal(ms)).year, 1, 1), ms);
    case 'months':
      return (ms) => {
        const { year, month } = civilOf(zone.toLocal(ms));
        return zone.fromLocalNear(localMsOf(year, month, 1), ms);
      };
    case 'weeks':
      return (ms) => {
        // First to the day, then to Monday at the same time of day: on a day without a midnight these differ.
        const day = zone.fromLocalNear(floorTo(zone.toLocal(ms), MS_PER_DAY, 0), ms);
        const local = zone.toLocal(day);
        const weekday = (((Math.floor(local / MS_PER_DAY) + EPOCH_MONDAY_OFFSET) % 7) + 7) % 7;
        return zone.fromLocalNear(local - weekday * MS_PER_DAY, day);
      };
    case 'days':
      return (ms) => {
        const local = zone.toLocal(ms);
        return zone.fromLocalNear(local - millisOfDay(local), ms);
      };
    default: {
      const width = unit === 'hours' ? 3_600_000 : unit === 'minutes' ? 60_000 : 1000;
      return (ms) => {
        const offset = zone.offsetAt(ms);
        return floorTo(ms + offset, width, 0) - offset;
      };
    }
  }
}

/** More than one unit: the chain origin, origin + p, origin + p + p… (and the other way before the origin). */
function compoundBuckets(period: Period, zone: Zone, origin: number): Bucketer {
  const next = (ms: number): number => addPeriod(ms, period, 1, zone);
  const calendar = period.years !== 0 || period.months !== 0;
  if (!calendar && zone.fixedOffsetMs !== undefined) {
    const width = plainMillis(period);
    const start = (ms: number): number => {
      // Remainders of both sides, as Druid takes them: before the origin this can land behind the instant.
      const rest = (ms % width) - (origin % width);
      return ms - (rest < 0 ? rest + width : rest);
    };
    return { start, next, fixed: undefined };
  }
  if (!hasDateUnits(period))
    return { start: (ms) => floorTo(ms, plainMillis(period), origin), next, fixed: undefined };
  const forward = [origin];
  const backward = [origin];
  const start = (ms: number): number => {
    if (ms >= origin) {
      extend(
        forward,
        ms,
        (last) => next(last),
        (last) => ms >= last,
      );
      return search(forward, (at) => at <= ms);
    }
    extend(
      backward,
      ms,
      (last) => addPeriod(last, period, -1, zone),
      (last) => ms < last,
    );
    return backward[backward.findLastIndex((at) => ms < at) + 1] ?? ms;
  };
  return { start, next, fixed: undefined };
}

function extend(
  chain: number[],
  ms: number,
  step: (last: number) => number,
  more: (last: number) => boolean,
): void {
  for (let last = chain[chain.length - 1] ?? 0; more(last);) {
    const following = step(last);
    if (chain.length >= MAX_CHAIN || following === last) {
      throw new CodedError(
        'LimitExceeded',
        `granularity period reaches instant[${ms}] in more than ${MAX_CHAIN} buckets`,
        {
          field: 'granularity',
        },
      );
    }
    chain.push(following);
    last = following;
  }
}

/** The last entry of an ascending chain that holds the predicate. */
function search(chain: readonly number[], holds: (at: number) => boolean): number {
  let low = 0;
  let high = chain.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (holds(chain[middle] ?? Infinity)) low = middle;
    else high = middle;
  }
  return chain[low] ?? 0;
}
