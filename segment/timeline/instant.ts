/**
 * Instants as ISO-8601 text, in Druid's (Joda's) reading of it: proleptic Gregorian calendar, UTC, years of any
 * size and sign, parts left out from the right. Values are epoch milliseconds in a double; ±2^62, the ends of
 * Druid's eternity, are exact.
 */

export const DAY_MS = 86_400_000;
/** Druid's smallest and largest instants. The largest prints as …27.903Z although its double is one more. */
export const MIN_INSTANT_MS = -(2 ** 62);
export const MAX_INSTANT_MS = 2 ** 62;

/** The instant as Druid's 64-bit number: a double can't hold the last one. */
export function exactMs(ms: number): bigint {
  return ms === MAX_INSTANT_MS ? 2n ** 62n - 1n : BigInt(ms);
}

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days since 1970-01-01 of a date; month 1–12. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export function civilFromDays(days: number): CivilDate {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor(
    (doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365,
  );
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return {
    year: yoe + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: doy - Math.floor((153 * mp + 2) / 5) + 1,
  };
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** Days of a month, 1–12. */
export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (monthDays[month - 1] ?? 0);
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** `2020-01-01T00:00:00.000Z`; years of fewer than four digits are padded, negative ones carry a minus. */
export function formatInstant(ms: number): string {
  if (!Number.isFinite(ms)) throw new RangeError(`Not an instant: ${ms}`);
  const days = Math.floor(ms / DAY_MS);
  // 2^62 stands for 2^62 - 1, which no double holds.
  const inDay = ms === MAX_INSTANT_MS ? ms - days * DAY_MS - 1 : ms - days * DAY_MS;
  const { year, month, day } = civilFromDays(days);
  const yearText = year < 0 ? `-${pad(-year, 4)}` : pad(year, 4);
  const time = `${pad(Math.floor(inDay / 3_600_000), 2)}:${pad(Math.floor(inDay / 60_000) % 60, 2)}`;
  const seconds = `${pad(Math.floor(inDay / 1000) % 60, 2)}.${pad(inDay % 1000, 3)}`;
  return `${yearText}-${pad(month, 2)}-${pad(day, 2)}T${time}:${seconds}Z`;
}

const datePart = /([+-]?\d{1,9})(?:-[Ww](\d{1,2})(?:-(\d))?|-(\d{3})|-(\d{1,2})(?:-(\d{1,2}))?)?/;
const timePart = /(\d{1,2})(?:[.,](\d+)|:(\d{1,2})(?:[.,](\d+)|:(\d{1,2})(?:[.,](\d+))?)?)?/;
const offsetPart = /([Zz]|[+-]\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]?\d{1,3})?)?)?)/;
const withT = new RegExp(`^${datePart.source}(?:[Tt](?:${timePart.source})?${offsetPart.source}?)?$`);
const withTOrSpace = new RegExp(`^${datePart.source}(?:[Tt ](?:${timePart.source})?${offsetPart.source}?)?$`);
const timeOnly = new RegExp(`^[Tt]${timePart.source}${offsetPart.source}?$`);

/**
 * An ISO date-time (`2020`, `2020-02-01`, `2020-W06-1`, `2020-034`, `2020-01-02T03:04:05.678+05:30`, …); without an
 * offset it is UTC. `spaceAllowed` also takes a blank instead of `T`. Undefined when the text is none.
 */
export function parseInstant(text: string, spaceAllowed = false): number | undefined {
  const fast = parseCanonical(text);
  if (fast !== undefined) return fast;
  const match = (spaceAllowed ? withTOrSpace : withT).exec(text);
  if (match === null) return undefined;
  const days = dateDays(match);
  if (days === undefined) return undefined;
  const inDay = timeMs(match, 7);
  const offset = offsetMs(match[13]);
  if (inDay === undefined || offset === undefined) return undefined;
  // Two steps would lose the last bits of instants near eternity; the end of eternity itself is special.
  const ms = days * DAY_MS + (inDay - offset);
  return ms > MAX_INSTANT_MS || ms < MIN_INSTANT_MS ? undefined : ms;
}

/** `T03:04…`: a time of 1970-01-01. */
export function parseTimeOfDay(text: string): number | undefined {
  const match = timeOnly.exec(text);
  if (match === null) return undefined;
  const inDay = timeMs(match, 1);
  const offset = offsetMs(match[7]);
  return inDay === undefined || offset === undefined ? undefined : inDay - offset;
}

function dateDays(match: RegExpExecArray): number | undefined {
  const [, yearText = '', week, weekDay, dayOfYear, month, day] = match;
  const year = Number(yearText);
  if (week !== undefined) return weekDays(year, Number(week), Number(weekDay ?? 1));
  if (dayOfYear !== undefined) {
    const n = Number(dayOfYear);
    if (n < 1 || n > (isLeapYear(year) ? 366 : 365)) return undefined;
    return daysFromCivil(year, 1, 1) + n - 1;
  }
  const m = Number(month ?? 1);
  const d = Number(day ?? 1);
  if (m < 1 || m > 12 || d < 1 || d > daysInMonth(year, m)) return undefined;
  return daysFromCivil(year, m, d);
}

/** Monday of week 1 is the Monday of the week that holds 4 January. */
function weekDays(year: number, week: number, weekDay: number): number | undefined {
  const first = firstWeekStart(year);
  const weeks = (firstWeekStart(year + 1) - first) / 7;
  if (week < 1 || week > weeks || weekDay < 1 || weekDay > 7) return undefined;
  return first + (week - 1) * 7 + weekDay - 1;
}

/** Day number of the Monday that begins ISO week 1 of a week year. */
export function firstWeekStart(weekYear: number): number {
  const fourth = daysFromCivil(weekYear, 1, 4);
  return fourth - ((((fourth + 3) % 7) + 7) % 7);
}

function timeMs(match: RegExpExecArray, at: number): number | undefined {
  const hours = Number(match[at] ?? 0);
  const minutes = Number(match[at + 2] ?? 0);
  const seconds = Number(match[at + 4] ?? 0);
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const fraction =
    fractionMs(match[at + 1], 3_600_000) +
    fractionMs(match[at + 3], 60_000) +
    fractionMs(match[at + 5], 1000);
  return hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + fraction;
}

function fractionMs(digits: string | undefined, unitMs: number): number {
  if (digits === undefined) return 0;
  if (unitMs === 1000) return Number(digits.slice(0, 3).padEnd(3, '0'));
  const nine = digits.slice(0, 9);
  return Math.floor((Number(nine) * unitMs) / 10 ** nine.length);
}

/** Milliseconds east of UTC of `Z`, `+05`, `+0530`, `-05:30:15`; undefined when out of range. */
export function offsetMs(text: string | undefined): number | undefined {
  if (text === undefined || text === 'Z' || text === 'z') return 0;
  const digits = text.slice(1).replace(/[:.,]/g, '');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2, 4) || 0);
  const seconds = Number(digits.slice(4, 6) || 0);
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const millis = Number(digits.slice(6).padEnd(3, '0') || 0);
  const ms = hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + millis;
  return text.startsWith('-') ? -ms : ms;
}

let lastDayText = '';
let lastDayMs = 0;

/** `YYYY-MM-DDTHH:MM:SS.mmmZ`, with or without the fraction: what nearly all rows carry. */
function parseCanonical(text: string): number | undefined {
  const length = text.length;
  if (length !== 24 && length !== 20) return undefined;
  if (text.charCodeAt(length - 1) !== 0x5a || text.charCodeAt(10) !== 0x54) return undefined;
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return undefined;
  const hours = twoDigits(text, 11);
  const minutes = twoDigits(text, 14);
  const seconds = twoDigits(text, 17);
  let millis = 0;
  if (length === 24) {
    if (text.charCodeAt(19) !== 0x2e) return undefined;
    const last = text.charCodeAt(22) - 48;
    millis = twoDigits(text, 20) * 10 + last;
    if (!(last >= 0 && last <= 9)) return undefined;
  }
  if (!(hours <= 23 && minutes <= 59 && seconds <= 59 && millis >= 0)) return undefined;
  if (!text.startsWith(lastDayText) || lastDayText === '') {
    const dayText = text.slice(0, 10);
    const days = /^\d{4}-\d\d-\d\d$/.test(dayText) ? dayOf(dayText) : undefined;
    if (days === undefined) return undefined;
    lastDayText = dayText;
    lastDayMs = days * DAY_MS;
  }
  return lastDayMs + hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + millis;
}

function dayOf(text: string): number | undefined {
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(5, 7));
  const day = Number(text.slice(8, 10));
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return daysFromCivil(year, month, day);
}

function twoDigits(text: string, at: number): number {
  const high = text.charCodeAt(at) - 48;
  const low = text.charCodeAt(at + 1) - 48;
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : Number.NaN;
}
