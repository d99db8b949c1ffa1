/** ISO 8601 instants and intervals, as lenient and as strict as Joda-Time's `dateTimeParser` in UTC. */
import { parseInstant as parseDateTime, parseTimeOfDay } from '../../segment/timeline/instant.js';
import { addPeriod, parsePeriod } from './period.js';
import { utcZone } from './zone.js';

/**
 * Epoch milliseconds, or undefined when the text is no instant. Parts may be missing from the right ("2020",
 * "2020-W06", "2020-034", "2020-02-03T04") or the date as a whole ("T04"), fields may have one digit, fractions any
 * length (cut to ms), an offset may follow; without one the time is UTC.
 */
export function parseInstant(text: string): number | undefined {
  return parseDateTime(text) ?? parseTimeOfDay(text);
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
