/**
 * scan over one segment: at most `rowsPerPart` rows at a time; where there are more, the outcome says where to go on,
 * so that a consumer that is slow or has enough stops the work. Limit and order are applied per segment (offset + limit
 * rows are answered: whose rows are skipped is only known at the end).
 */
import { CodedError } from '../../proto/errors.js';
import type { IntervalMs, SegmentView } from '../../segment/read/view.js';
import type { Frame } from '../frame.js';
import { longKeys, sortedOrder } from '../merge/order.js';
import { frameOrder } from '../merge/order-by.js';
import { leafOf } from '../native/source.js';
import type { ScanQuery } from '../native/model.js';
import { forEachBatch } from './cursor.js';
import { DerivedSegment, printedColumn, restrictedTo } from './columns/derived-segment.js';
import { wordsOf, type Environment } from './environment.js';
import { selectRows, type Selected } from './filter.js';
import { readColumn } from './scan-column.js';

/** Large enough that recomputing the filter for the next part does not matter, small enough to be a message. */
const rowsPerPart = 65_536;

export interface ScanPart {
  readonly frame: Frame;
  readonly resume: ScanResume | undefined;
}

/** Where a scan goes on. Orders that rows have by themselves go on at a row, others leave out what was answered. */
export interface ScanResume {
  readonly fromRow: number;
  /** Rows of this segment answered so far. */
  readonly answered: number;
}

export const scanStart: ScanResume = { fromRow: 0, answered: 0 };

export function runScan(
  environment: Environment,
  query: ScanQuery,
  intervals: readonly IntervalMs[],
  { fromRow, answered }: ScanResume,
): ScanPart {
  const { segment } = environment;
  const names = query.columns.length === 0 ? allColumns(segment, query) : query.columns;
  if (query.order !== 'none' && query.order !== 'columns' && !names.includes('__time')) {
    throw new CodedError('InvalidInput', 'columns must contain __time when order is set', {
      field: 'columns',
    });
  }
  const most = query.limit === undefined ? Infinity : query.limit + query.offset;
  const inRowOrder = query.order === 'none' || (query.order === 'ascending' && segment.timeSorted);
  const wanted = Math.min(most - answered, rowsPerPart);
  const rows = inRowOrder
    ? selectedRows(environment, selectRows(environment, intervals, query.filter, fromRow), wanted + 1)
    : orderedRows(environment, query, intervals).subarray(answered);
  const part = rows.subarray(0, wanted);
  const forRows = onlyRows(environment, part);
  const known = new Set([...segment.dimensions, ...segment.metrics]);
  const frame: Frame = {
    rows: part.length,
    columns: [...new Set(names)].flatMap((name) => {
      const column = printedColumn(forRows.segment, name);
      // A column that no segment has is not in the answer's frame: it has no type.
      return column === undefined && !known.has(name) ? [] : [readColumn(forRows, name, part, column)];
    }),
  };
  const total = answered + part.length;
  const isMore = rows.length > part.length && total < most;
  return { frame, resume: isMore ? { fromRow: rows[part.length] ?? 0, answered: total } : undefined };
}

/** Virtual columns are computed for the rows of the part only. */
function onlyRows(environment: Environment, rows: Uint32Array): Environment {
  const { segment, scratch } = environment;
  if (!(segment instanceof DerivedSegment)) return environment;
  const bits = scratch.takeZeroed(wordsOf(segment.rowCount) * 8);
  const bytes = scratch.arena.bytes(bits, wordsOf(segment.rowCount) * 8);
  for (const row of rows) bytes[row >>> 3] = (bytes[row >>> 3] ?? 0) | (1 << (row & 7));
  return restrictedTo(environment, { kind: 'bits', bits });
}

/** Virtual columns last. Rows in memory have their columns in their order, a time only where it is one of them. */
function allColumns(segment: SegmentView, { source }: ScanQuery): string[] {
  const leaf = source === undefined ? undefined : leafOf(source);
  const first = leaf?.type === 'inline' ? leaf.frame.columns.map(({ name }) => name) : ['__time'];
  const all = [...new Set([...first, ...segment.dimensions, ...segment.metrics])];
  if (!(segment instanceof DerivedSegment)) return all;
  const own = all.filter((name) => !segment.isVirtual(name));
  return [...own, ...all.filter((name) => segment.isVirtual(name))];
}

/** Row numbers in row order; at least `needed` of them if there are as many. */
export function selectedRows(environment: Environment, selected: Selected, needed: number): Uint32Array {
  const rows = new RowList();
  const { arena } = environment.scratch;
  forEachBatch(environment, selected, (batch) => {
    if (batch.sel === 0) rows.addRange(batch.start + batch.from, batch.count);
    else rows.addAll(arena.u32(batch.sel, batch.count), batch.start);
    return rows.count < needed;
  });
  return rows.list();
}

/** All selected rows in the order of the query: none is known before all were seen. */
function orderedRows(
  environment: Environment,
  query: ScanQuery,
  intervals: readonly IntervalMs[],
): Uint32Array {
  const rows = selectedRows(environment, selectRows(environment, intervals, query.filter), Infinity);
  if (query.order === 'columns') {
    const orderBy = query.orderBy ?? [];
    const columns = orderBy.map(({ column }) => readColumn(environment, column, rows));
    return frameOrder({ rows: rows.length, columns }, orderBy).map((at) => rows[at] ?? 0);
  }
  return environment.segment.timeSorted
    ? rows.reverse()
    : byTime(environment, rows, query.order === 'descending');
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
