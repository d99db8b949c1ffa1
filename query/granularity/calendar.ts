/**
 * The ISO calendar on local milliseconds (ms since 1970-01-01T00:00 of a wall clock): conversions and the
 * clamping arithmetic of months and years. Pure numbers; zones are in zone.ts.
 */

export const MS_PER_DAY = 86_400_000;
const DAYS_PER_ERA = 146_097;

/** Days since 1970-01-01 of a proleptic Gregorian date; month 1…12. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - 719_468;
}

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export function civilFromDays(days: number): CivilDate {
  const z = days + 719_468;
  const era = Math.floor(z / DAYS_PER_ERA);
  const dayOfEra = z - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1,
  };
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

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
