/** What the operations share: values as the drivers hand them out, paging, limits, the change counter. */
import { createHash } from 'node:crypto';
import { invalidInput } from '../../../proto/errors.js';
import { pageRowsMax, type Interval, type PageInput } from '../../../proto/metadata.js';
import type { IntervalMs } from '../../../segment/read/view.js';
import {
  contains as msContains,
  overlaps as msOverlap,
  parseInterval,
} from '../../../segment/timeline/interval.js';
import type { Tx } from '../store.js';

/** Payload columns are text in SQLite and bytes in MySQL. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  throw invalidInput('A payload column of the metadata store holds neither text nor bytes');
}

/** Booleans are 0 and 1 in both databases. */
export function flag(value: unknown): boolean {
  return value === true || value === 1;
}

export function pageLimit(page: PageInput): number {
  const limit = page.limit ?? pageRowsMax;
  if (!Number.isInteger(limit) || limit < 1 || limit > pageRowsMax) {
    throw invalidInput(`limit[${limit}] is not between 1 and ${pageRowsMax}`, 'limit');
  }
  return limit;
}

export function bounded<T>(list: readonly T[], field: string): readonly T[] {
  if (list.length > pageRowsMax) {
    throw invalidInput(`${field} holds ${list.length} entries, at most ${pageRowsMax} are allowed`, field);
  }
  return list;
}

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Within the years 0000 … 9999 instants compare as text. */
export function comparable(interval: Interval): boolean {
  return instant.test(interval.start) && instant.test(interval.end);
}

const ms = (interval: Interval): IntervalMs => parseInterval(`${interval.start}/${interval.end}`);

export function overlaps(a: Interval, b: Interval): boolean {
  return msOverlap(ms(a), ms(b));
}
export function contains(outer: Interval, inner: Interval): boolean {
  return msContains(ms(outer), ms(inner));
}

export function sha1(...parts: readonly string[]): string {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part).update('\xff');
  return hash.digest('hex').toUpperCase();
}

interface CounterRow {
  readonly value: number;
}
export async function segmentsRevision(tx: Tx): Promise<number> {
  const row = (await tx('grove_counter').where({ name: 'segments' }).first('value')) as
    | CounterRow
    | undefined;
  return row?.value ?? 0;
}
export async function bumpSegmentsRevision(tx: Tx): Promise<void> {
  await tx('grove_counter').where({ name: 'segments' }).increment('value', 1);
}
