/**
 * scan over one segment: at most `rowsPerPart` rows at a time; where there are more, the outcome says where to go on,
 * so that a consumer that is slow or has enough stops the work. Limit and order are applied per segment (offset + limit
 * rows are answered: whose rows are skipped is only known at the end).
 */
import { CodedError } from '../../proto/errors.js';
import type { IntervalMs, SegmentView } from '../../segment/read/view.js';
import type { Frame } from '../frame.js';
import { longKeys, sortedOrder } from '../merge/order.js';
import type { ScanQuery } from '../native/model.js';
import { forEachBatch } from './cursor.js';
import type { Environment } from './environment.js';
import { selectRows } from './filter.js';
import { readColumn } from './scan-column.js';

/** Large enough that recomputing the filter for the next part does not matter, small enough to be a message. */
const rowsPerPart = 65_536;

export interface ScanPart {
  readonly frame: Frame;
  readonly resumeAt: number | undefined;
}

/** `resumeAt`: rows of the segment's answer to leave out, as they were answered before. */
export function runScan(
  environment: Environment,
  query: ScanQuery,
  intervals: readonly IntervalMs[],
  resumeAt: number,
): ScanPart {
  const names = query.columns.length === 0 ? allColumns(environment.segment) : query.columns;
  if (query.order !== 'none' && !names.includes('__time')) {
    throw new CodedError('InvalidInput', 'columns must contain __time when order is set', {
      field: 'columns',
    });
  }
  const most = query.limit === undefined ? Infinity : query.limit + query.offset;
  const rows = answerRows(environment, query, intervals, Math.min(most, resumeAt + rowsPerPart + 1));
  const part = rows.subarray(resumeAt, Math.min(rows.length, resumeAt + rowsPerPart, most));
  const frame: Frame = {
    rows: part.length,
    columns: [...new Set(names)].map((name) => readColumn(environment, name, part)),
  };
  const next = resumeAt + part.length;
  return { frame, resumeAt: next < Math.min(rows.length, most) ? next : undefined };
}

function allColumns(segment: SegmentView): string[] {
  return [...new Set(['__time', ...segment.dimensions, ...segment.metrics])];
}

/** The first `most` rows of the segment's answer, in the order they are answered. */
function answerRows(
  environment: Environment,
  query: ScanQuery,
  intervals: readonly IntervalMs[],
  most: number,
): Uint32Array {
  const selected = selectRows(environment, intervals, query.filter);
  const sorted = environment.segment.timeSorted;
  // Rows of a sorted segment are in order as they are; else all have to be seen before the first is known.
  const needed = query.order === 'none' || (query.order === 'ascending' && sorted) ? most : Infinity;
  const rows = new RowList();
  const { arena } = environment.scratch;
  forEachBatch(environment, selected, (batch) => {
    if (batch.sel === 0) rows.addRange(batch.start + batch.from, batch.count);
    else rows.addAll(arena.u32(batch.sel, batch.count), batch.start);
    return rows.count < needed;
  });
  const found = rows.list();
  if (query.order === 'none' || (query.order === 'ascending' && sorted)) return found;
  const ordered = sorted ? found.reverse() : byTime(environment, found, query.order === 'descending');
  return ordered.subarray(0, Math.min(ordered.length, most));
}

function byTime(environment: Environment, rows: Uint32Array, descending: boolean): Uint32Array {
  const time = readColumn(environment, '__time', rows);
  if (time.type !== 'LONG') throw new CodedError('Bug', 'column __time is not a long');
  const keys = longKeys(time.values);
  if (descending) for (const key of keys) for (let i = 0; i < key.length; i++) key[i] = ~(key[i] ?? 0);
  return sortedOrder(keys, rows.length).map((at) => rows[at] ?? 0);
}

class RowList {
  #rows = new Uint32Array(1024);
  count = 0;

  addRange(from: number, count: number): void {
    this.#room(count);
    for (let i = 0; i < count; i++) this.#rows[this.count + i] = from + i;
    this.count += count;
  }

  addAll(rows: Uint32Array, base: number): void {
    this.#room(rows.length);
    for (let i = 0; i < rows.length; i++) this.#rows[this.count + i] = (rows[i] ?? 0) + base;
    this.count += rows.length;
  }

  list(): Uint32Array {
    return this.#rows.subarray(0, this.count);
  }

  #room(more: number): void {
    if (this.count + more <= this.#rows.length) return;
    const rows = new Uint32Array(Math.max(this.#rows.length * 2, this.count + more));
    rows.set(this.#rows.subarray(0, this.count));
    this.#rows = rows;
  }
}
