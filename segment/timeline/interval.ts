/** Half-open time intervals as Druid writes them: `start/end`, `start/period`, `period/end`. */
import { invalidInput } from '../../proto/errors.js';
import type { IntervalMs } from '../read/view.js';
import {
  DAY_MS,
  MAX_INSTANT_MS,
  MIN_INSTANT_MS,
  civilFromDays,
  daysFromCivil,
  daysInMonth,
  formatInstant,
  parseInstant,
} from './instant.js';

export const ETERNITY: IntervalMs = { startMs: MIN_INSTANT_MS, endMs: MAX_INSTANT_MS };

export function formatInterval(interval: IntervalMs): string {
  return `${formatInstant(interval.startMs)}/${formatInstant(interval.endMs)}`;
}

/** Throws InvalidInput that names `field`. Empty intervals are read (Druid reads them); end before start is not. */
export function parseInterval(text: string, field = 'interval'): IntervalMs {
  const interval = tryParseInterval(text);
  if (interval === undefined) {
    throw invalidInput(`Bad interval at ${field}: interval[${text.slice(0, 100)}]`, field);
  }
  return interval;
}

export function tryParseInterval(text: string): IntervalMs | undefined {
  const parts = text.split('/');
  const [left = '', right = ''] = parts;
  if (parts.length !== 2 || left === '' || right === '') return undefined;
  const leftPeriod = parsePeriod(left);
  const rightPeriod = parsePeriod(right);
  if (leftPeriod !== undefined && rightPeriod !== undefined) return undefined;
  const start = leftPeriod === undefined ? parseInstant(left) : undefined;
  const end = rightPeriod === undefined ? parseInstant(right) : undefined;
  const startMs =
    start ?? (end === undefined || leftPeriod === undefined ? undefined : add(end, leftPeriod, -1));
  const endMs =
    end ?? (start === undefined || rightPeriod === undefined ? undefined : add(start, rightPeriod, 1));
  if (startMs === undefined || endMs === undefined || endMs < startMs) return undefined;
  return { startMs, endMs };
}

interface Period {
  readonly months: number;
  readonly ms: number;
}

const periodText =
  /^[Pp](?:(-?\d+)[Yy])?(?:(-?\d+)[Mm])?(?:(-?\d+)[Ww])?(?:(-?\d+)[Dd])?(?:[Tt](?=-?\d)(?:(-?\d+)[Hh])?(?:(-?\d+)[Mm])?(?:(-?\d+)(?:\.(\d+))?[Ss])?)?$/;

function parsePeriod(text: string): Period | undefined {
  const match = periodText.exec(text);
  if (match === null) return undefined;
  const n = (at: number): number => Number(match[at] ?? 0);
  const secondsSign = (match[7] ?? '').startsWith('-') ? -1 : 1;
  const millis = secondsSign * Number((match[8] ?? '').slice(0, 3).padEnd(3, '0'));
  return {
    months: n(1) * 12 + n(2),
    ms: (n(3) * 7 + n(4)) * DAY_MS + n(5) * 3_600_000 + n(6) * 60_000 + n(7) * 1000 + millis,
  };
}

/** Months first, the day clamped to the month's length; then the rest. */
function add(ms: number, period: Period, sign: 1 | -1): number {
  let result = ms;
  if (period.months !== 0) {
    const days = Math.floor(ms / DAY_MS);
    const date = civilFromDays(days);
    const index = date.year * 12 + date.month - 1 + sign * period.months;
    const year = Math.floor(index / 12);
    const month = index - year * 12 + 1;
    const day = Math.min(date.day, daysInMonth(year, month));
    result = daysFromCivil(year, month, day) * DAY_MS + (ms - days * DAY_MS);
  }
  return result + sign * period.ms;
}

export function overlaps(a: IntervalMs, b: IntervalMs): boolean {
  return a.startMs < b.endMs && b.startMs < a.endMs;
}

export function contains(outer: IntervalMs, inner: IntervalMs): boolean {
  return outer.startMs <= inner.startMs && inner.endMs <= outer.endMs;
}

/** Sorted by start, overlapping and abutting ones joined, empty ones dropped. */
export function condense(intervals: readonly IntervalMs[]): IntervalMs[] {
  const result: { startMs: number; endMs: number }[] = [];
  const sorted = intervals
    .filter((interval) => interval.startMs < interval.endMs)
    .toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  for (const interval of sorted) {
    const last = result.at(-1);
    if (last !== undefined && interval.startMs <= last.endMs) {
      last.endMs = Math.max(last.endMs, interval.endMs);
    } else {
      result.push({ startMs: interval.startMs, endMs: interval.endMs });
    }
  }
  return result;
}
