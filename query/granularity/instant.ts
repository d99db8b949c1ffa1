/** ISO 8601 instants and intervals, as lenient and as strict as Joda-Time's `dateTimeParser` in UTC. */
import { MS_PER_DAY } from './calendar.js';
import { daysFromCivil, daysInMonth, isLeapYear } from '../../segment/timeline/instant.js';
import { addPeriod, parsePeriod } from './period.js';
import { utcZone } from './zone.js';

const dateGrammar = /^([+-]?\d{1,9})(?:-(\d{1,2})(?:-(\d{1,2}))?|-W(\d{1,2})(?:-(\d))?|-(\d{3}))?$/;
const timeGrammar =
  /^(?:(\d{1,2})(?:[.,](\d+)|:(\d{1,2})(?:[.,](\d+)|:(\d{1,2})(?:[.,](\d+))?)?)?)?(Z|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,]?(\d{1,3}))?)?)?)?$/i;

const MIN_YEAR = -292_275_055;
const MAX_YEAR = 292_278_994;

/**
 * Epoch milliseconds, or undefined when the text is no instant. Parts may be missing from the right ("2020",
 * "2020-W06", "2020-034", "2020-02-03T04"), fields may have one digit, fractions any length (cut to ms),
 * an offset may follow; without one the time is UTC.
 */
export function parseInstant(text: string): number | undefined {
  const at = text.search(/[Tt]/);
  const days = at === 0 ? 0 : parseDate(at < 0 ? text : text.slice(0, at));
  if (days === undefined) return undefined;
  const time = at < 0 ? 0 : parseTime(text.slice(at + 1), at === 0);
  return time === undefined ? undefined : days * MS_PER_DAY + time;
}

function parseDate(text: string): number | undefined {
  const match = dateGrammar.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  if (year < MIN_YEAR || year > MAX_YEAR) return undefined;
  if (match[4] !== undefined) return weekDate(year, Number(match[4]), Number(match[5] ?? 1));
  if (match[6] !== undefined) {
    const day = Number(match[6]);
    return day < 1 || day > (isLeapYear(year) ? 366 : 365) ? undefined : daysFromCivil(year, 1, 1) + day - 1;
  }
  const month = Number(match[2] ?? 1);
  const day = Number(match[3] ?? 1);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return daysFromCivil(year, month, day);
}

/** Monday of ISO week 1 of a week-year, in days. */
function firstWeek(year: number): number {
  const fourth = daysFromCivil(year, 1, 4);
  return fourth - ((((fourth + 3) % 7) + 7) % 7);
}

function weekDate(year: number, week: number, weekday: number): number | undefined {
  const first = firstWeek(year);
  const weeks = (firstWeek(year + 1) - first) / 7;
  if (week < 1 || week > weeks || weekday < 1 || weekday > 7) return undefined;
  return first + (week - 1) * 7 + weekday - 1;
}

function parseTime(text: string, needed: boolean): number | undefined {
  const match = timeGrammar.exec(text);
  if (match === null || (needed && match[1] === undefined)) return undefined;
  const hour = Number(match[1] ?? 0);
  const minute = Number(match[3] ?? 0);
  const second = Number(match[5] ?? 0);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = share(match[2], 3_600_000) + share(match[4], 60_000) + share(match[6], 1000);
  const offset = parseOffset(match);
  return offset === undefined
    ? undefined
    : hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction - offset;
}

/** A decimal fraction of a unit in whole milliseconds. */
function share(digits: string | undefined, unitMs: number): number {
  if (digits === undefined) return 0;
  const cut = digits.slice(0, 9);
  return Math.floor((Number(cut) * unitMs) / 10 ** cut.length);
}

function parseOffset(match: RegExpExecArray): number | undefined {
  const sign = match[8];
  if (sign === undefined) return 0;
  const hours = Number(match[9]);
  const minutes = Number(match[10] ?? 0);
  const seconds = Number(match[11] ?? 0);
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const ms = (hours * 3600 + minutes * 60 + seconds) * 1000 + Number((match[12] ?? '').padEnd(3, '0'));
  return sign === '-' ? -ms : ms;
}

export type ParsedInterval =
  | { readonly startMs: number; readonly endMs: number }
  /** Why it is no interval. */
  | { readonly error: string };

/** "start/end", "start/period" or "period/end"; both ends are UTC unless they carry an offset. */
export function parseInterval(text: string): ParsedInterval {
  const slash = text.indexOf('/');
  if (slash < 0) return { error: `Format requires a '/' separator: ${text}` };
  const left = text.slice(0, slash);
  const right = text.slice(slash + 1);
  if (left === '' || right === '') return { error: `Format invalid: ${text}` };
  const leftPeriod = /^p/i.test(left);
  const rightPeriod = /^p/i.test(right);
  if (leftPeriod && rightPeriod) return { error: `Interval composed of two durations: ${text}` };
  const period = leftPeriod ? parsePeriod(left) : rightPeriod ? parsePeriod(right) : undefined;
  if ((leftPeriod || rightPeriod) && period === undefined) {
    return { error: `Invalid format: "${leftPeriod ? left : right}"` };
  }
  let startMs = leftPeriod ? 0 : parseInstant(left);
  let endMs = rightPeriod ? 0 : parseInstant(right);
  if (startMs === undefined) return { error: `Invalid format: "${left}"` };
  if (endMs === undefined) return { error: `Invalid format: "${right}"` };
  if (period !== undefined) {
    if (leftPeriod) startMs = addPeriod(endMs, period, -1, utcZone);
    else endMs = addPeriod(startMs, period, 1, utcZone);
  }
  return endMs < startMs
    ? { error: 'The end instant must be greater than the start instant' }
    : { startMs, endMs };
}
