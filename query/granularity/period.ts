/** ISO 8601 periods ("P1M", "PT36H", "P1DT12H") with Joda-Time's grammar and arithmetic. */
import { addMonths, addYears, MS_PER_DAY } from './calendar.js';
import type { Zone } from './zone.js';

export interface Period {
  readonly years: number;
  readonly months: number;
  readonly weeks: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly millis: number;
}

const dateUnits = ['years', 'months', 'weeks', 'days'] as const;
const timeUnits = ['hours', 'minutes', 'seconds', 'millis'] as const;
export const periodUnits = [...dateUnits, ...timeUnits] as const;

const grammar =
  /^P(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?(T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d*)(?:[.,](\d*))?S)?)?$/i;

/** Undefined when the text is no period. "P" alone is the empty one; a "T" needs something behind it. */
export function parsePeriod(text: string): Period | undefined {
  const match = grammar.exec(text);
  if (match === null || match[5]?.length === 1) return undefined;
  const [, years, months, weeks, days, , hours, minutes, seconds, fraction] = match;
  if (seconds !== undefined && !/\d/.test(seconds + (fraction ?? ''))) return undefined;
  const number = (digits: string | undefined): number =>
    digits === undefined || digits === '' ? 0 : Number(digits);
  const negative = seconds?.startsWith('-') === true;
  const millis = number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
  const period = {
    years: number(years),
    months: number(months),
    weeks: number(weeks),
    days: number(days),
    hours: number(hours),
    minutes: number(minutes),
    seconds: number(seconds === '-' || seconds === '+' ? '' : seconds),
    millis: negative ? -millis || 0 : millis,
  };
  return Object.values(period).every((value) => Math.abs(value) <= 0x7fffffff) ? period : undefined;
}

export function isZeroPeriod(period: Period): boolean {
  return periodUnits.every((unit) => period[unit] === 0);
}

export function hasDateUnits(period: Period): boolean {
  return dateUnits.some((unit) => period[unit] !== 0);
}

/** Milliseconds of the part below a month, days taken as 24 hours. */
export function plainMillis(period: Period): number {
  const days = period.weeks * 7 + period.days;
  return (
    days * MS_PER_DAY +
    period.hours * 3_600_000 +
    period.minutes * 60_000 +
    period.seconds * 1000 +
    period.millis
  );
}

/** `ms` plus `times` periods: calendar units by the zone's wall clock, hours and smaller in real time. */
export function addPeriod(ms: number, period: Period, times: number, zone: Zone): number {
  if (times === 0) return ms;
  let at = ms;
  if (period.years !== 0) at = zone.fromLocalAdding(addYears(zone.toLocal(at), period.years * times));
  if (period.months !== 0) at = zone.fromLocalAdding(addMonths(zone.toLocal(at), period.months * times));
  if (period.weeks !== 0) at = addDays(at, period.weeks * 7 * times, zone);
  if (period.days !== 0) at = addDays(at, period.days * times, zone);
  const time = period.hours * 3_600_000 + period.minutes * 60_000 + period.seconds * 1000 + period.millis;
  return at + time * times;
}

export function addDays(ms: number, days: number, zone: Zone): number {
  return zone.fromLocalAdding(zone.toLocal(ms) + days * MS_PER_DAY);
}

/** The text form Joda-Time writes: "P1D", "PT1.500S". */
export function formatPeriod(period: Period): string {
  const letters = ['Y', 'M', 'W', 'D'] as const;
  const date = dateUnits
    .map((unit, i) => (period[unit] === 0 ? '' : `${period[unit]}${letters[i]}`))
    .join('');
  let time = '';
  if (period.hours !== 0) time += `${period.hours}H`;
  if (period.minutes !== 0) time += `${period.minutes}M`;
  if (period.seconds !== 0 || period.millis !== 0) {
    const total = period.seconds * 1000 + period.millis;
    const size = Math.abs(total);
    const fraction = size % 1000 === 0 ? '' : `.${String(size % 1000).padStart(3, '0')}`;
    time += `${total < 0 ? '-' : ''}${Math.floor(size / 1000)}${fraction}S`;
  }
  if (date === '' && time === '') return 'PT0S';
  return `P${date}${time === '' ? '' : `T${time}`}`;
}
