/**
 * The ISO calendar on local milliseconds (ms since 1970-01-01T00:00 of a wall clock): conversions and the
 * clamping arithmetic of months and years. Pure numbers; zones are in zone.ts.
 */

import {
  civilFromDays,
  daysFromCivil,
  daysInMonth,
  isLeapYear,
  type CivilDate,
} from '../../segment/timeline/instant.js';

export const MS_PER_DAY = 86_400_000;
export function civilOf(localMs: number): CivilDate {
  return civilFromDays(Math.floor(localMs / MS_PER_DAY));
}

export function millisOfDay(localMs: number): number {
  return localMs - Math.floor(localMs / MS_PER_DAY) * MS_PER_DAY;
}

export function localMsOf(year: number, month: number, day: number): number {
  return daysFromCivil(year, month, day) * MS_PER_DAY;
}

/** 31 Jan + 1 month = 28 or 29 Feb. */
export function addMonths(localMs: number, months: number): number {
  const { year, month, day } = civilOf(localMs);
  const index = year * 12 + (month - 1) + months;
  const newYear = Math.floor(index / 12);
  const newMonth = index - newYear * 12 + 1;
  const newDay = Math.min(day, daysInMonth(newYear, newMonth));
  return localMsOf(newYear, newMonth, newDay) + millisOfDay(localMs);
}

/** Whole months from `earlier` to `later`; negative when they are the other way round. */
export function monthsBetween(later: number, earlier: number): number {
  if (later < earlier) return -monthsBetween(earlier, later);
  const a = civilOf(later);
  const b = civilOf(earlier);
  const months = (a.year - b.year) * 12 + a.month - b.month;
  // On the last day of a month a clamped start day counts as reached.
  const startDay = a.day === daysInMonth(a.year, a.month) && b.day > a.day ? a.day : b.day;
  const laterRest = (a.day - 1) * MS_PER_DAY + millisOfDay(later);
  const earlierRest = (startDay - 1) * MS_PER_DAY + millisOfDay(earlier);
  return laterRest < earlierRest ? months - 1 : months;
}

const FEB_29_MS = 59 * MS_PER_DAY;

/** Whole years from `earlier` to `later`, leap days balanced as Joda-Time does; negative the other way round. */
export function yearsBetween(later: number, earlier: number): number {
  if (later < earlier) return -yearsBetween(earlier, later);
  const laterYear = civilOf(later).year;
  const earlierYear = civilOf(earlier).year;
  let laterRest = later - localMsOf(laterYear, 1, 1);
  let earlierRest = earlier - localMsOf(earlierYear, 1, 1);
  if (earlierRest >= FEB_29_MS) {
    if (isLeapYear(earlierYear)) {
      if (!isLeapYear(laterYear)) earlierRest -= MS_PER_DAY;
    } else if (laterRest >= FEB_29_MS && isLeapYear(laterYear)) {
      laterRest -= MS_PER_DAY;
    }
  }
  const years = laterYear - earlierYear;
  return laterRest < earlierRest ? years - 1 : years;
}

/** 29 Feb + 1 year = 28 Feb. */
export function addYears(localMs: number, years: number): number {
  return addMonths(localMs, years * 12);
}
