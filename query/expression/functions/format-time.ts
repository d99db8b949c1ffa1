/** The %t conversions of Java's formatter: parts of an instant, in UTC and English. */
import { MS_PER_DAY } from '../../granularity/calendar.js';
import { civilFromDays } from '../../../segment/timeline/instant.js';
import { monthNames, weekdayNames, weekdayOf } from '../../granularity/pattern.js';

/** Before this day (1582-10-15) Java's calendar is Julian. */
const gregorianFromDay = -141_427;

interface Parts {
  /** Counted in its era, as Java does. */
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly dayOfYear: number;
  readonly weekday: number;
  readonly msOfDay: number;
  readonly ms: bigint;
}

function julianFromDays(days: number): { year: number; month: number; day: number } {
  // Days since 0000-03-01 of the Julian calendar, in years that begin in March.
  const shifted = days + 719_470;
  const cycle = Math.floor(shifted / 1461);
  const inCycle = shifted - cycle * 1461;
  const yearOfCycle = Math.min(3, Math.floor(inCycle / 365));
  const inYear = inCycle - yearOfCycle * 365;
  const fromMarch = Math.floor((5 * inYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = cycle * 4 + yearOfCycle + (month <= 2 ? 1 : 0);
  return { year, month, day: inYear - Math.floor((153 * fromMarch + 2) / 5) + 1 };
}

const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

function partsOf(ms: bigint): Parts {
  const perDay = BigInt(MS_PER_DAY);
  const rest = ((ms % perDay) + perDay) % perDay;
  const days = Number((ms - rest) / perDay);
  const isJulian = days < gregorianFromDay;
  const { year, month, day } = isJulian ? julianFromDays(days) : civilFromDays(days);
  const isLeap = year % 4 === 0 && (isJulian || year % 100 !== 0 || year % 400 === 0);
  const dayOfYear = (daysBefore[month - 1] ?? 0) + day + (isLeap && month > 2 ? 1 : 0);
  return {
    year: year <= 0 ? 1 - year : year,
    month,
    day,
    dayOfYear,
    weekday: weekdayOf(days),
    msOfDay: Number(rest),
    ms,
  };
}

const two = (value: number): string => String(value).padStart(2, '0');
const three = (value: number): string => String(value).padStart(3, '0');
const hour12 = (msOfDay: number): number => ((Math.floor(msOfDay / 3_600_000) + 11) % 12) + 1;

const conversions: Readonly<Record<string, (parts: Parts) => string>> = {
  H: ({ msOfDay }) => two(Math.floor(msOfDay / 3_600_000)),
  k: ({ msOfDay }) => String(Math.floor(msOfDay / 3_600_000)),
  I: ({ msOfDay }) => two(hour12(msOfDay)),
  l: ({ msOfDay }) => String(hour12(msOfDay)),
  M: ({ msOfDay }) => two(Math.floor(msOfDay / 60_000) % 60),
  S: ({ msOfDay }) => two(Math.floor(msOfDay / 1000) % 60),
  L: ({ msOfDay }) => three(msOfDay % 1000),
  N: ({ msOfDay }) => `${three(msOfDay % 1000)}000000`,
  p: ({ msOfDay }) => (msOfDay < 43_200_000 ? 'am' : 'pm'),
  z: () => '+0000',
  Z: () => 'UTC',
  s: ({ ms }) => (ms / 1000n).toString(),
  Q: ({ ms }) => ms.toString(),
  B: ({ month }) => monthNames[month - 1] ?? '',
  b: ({ month }) => (monthNames[month - 1] ?? '').slice(0, 3),
  h: ({ month }) => (monthNames[month - 1] ?? '').slice(0, 3),
  A: ({ weekday }) => weekdayNames[weekday] ?? '',
  a: ({ weekday }) => (weekdayNames[weekday] ?? '').slice(0, 3),
  C: ({ year }) => two(Math.floor(year / 100)),
  Y: ({ year }) => String(year).padStart(4, '0'),
  y: ({ year }) => two(year % 100),
  j: ({ dayOfYear }) => three(dayOfYear),
  m: ({ month }) => two(month),
  d: ({ day }) => two(day),
  e: ({ day }) => String(day),
};

/** Conversions made of others; those behind "^" in upper case. */
const compounds: Readonly<Record<string, string>> = {
  R: 'H:M',
  T: 'H:M:S',
  r: 'I:M:S ^p',
  D: 'm/d/y',
  F: 'Y-m-d',
  c: 'a b d H:M:S Z Y',
};

/** The text of a conversion's letter; undefined for letters that are none. */
export function formatTimePart(letter: string, ms: bigint): string | undefined {
  const parts = partsOf(ms);
  const compound = Object.hasOwn(compounds, letter) ? compounds[letter] : undefined;
  const one = (name: string): string | undefined =>
    Object.hasOwn(conversions, name) ? conversions[name]?.(parts) : undefined;
  if (compound === undefined) return one(letter);
  return compound.replace(/(\^?)([A-Za-z])/g, (_, raised: string, name: string) => {
    const text = one(name) ?? '';
    return raised === '' ? text : text.toUpperCase();
  });
}
