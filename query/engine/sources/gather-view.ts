/**
 * Some rows of another view, in an order of their own and as often as wanted, with further columns beside them: what
 * filtering, unnesting and joining make of a segment. Values are fetched a batch at a time.
 */
import { CodedError } from '../../../proto/errors.js';
import {
  BATCH_ROWS,
  type ColumnView,
  type ComplexColumnView,
  type IntervalMs,
  type NumericColumnView,
  type SegmentView,
  type StringColumnView,
} from '../../../segment/read/view.js';
import { hasJson } from '../../../segment/read/rows.js';
import { wordsOf, type Environment } from '../environment.js';
import { type UnderGaps, underGaps } from '../columns/dimension-column.js';
import { gatherNumbers } from '../gather-numbers.js';
import { forEachRun } from '../scan-column.js';

/** A row that has no counterpart in the other view: its values are null, its time is that of the view. */
export const noRow = 0xffffffff;

export interface Gathered {
  /** Row numbers of the base, or {@link noRow}. */
  readonly rows: Uint32Array;
  /** Columns of as many rows, which hide the base's of the same name. */
  readonly columns?: ReadonlyMap<string, () => ColumnView>;
  /** Those of them that rows are printed from instead. */
  readonly printed?: ReadonlyMap<string, () => ColumnView>;
  /** Of a column that dimension specs do not change: what they are to make of its values is not made. */
  readonly asIs?: string;
  /** The rows ascend. */
  readonly inOrder: boolean;
  /** `__time` of rows without a counterpart. */
  readonly noRowTimeMs?: number;
}

export class GatherView implements SegmentView {
  readonly id: string;
  readonly interval: IntervalMs;
  readonly rowCount: number;
  readonly timeSorted: boolean;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  readonly #environment: Environment;
  readonly #gathered: Gathered;
  readonly #hasGaps: boolean;
  readonly #views = new Map<string, ColumnView>();

  /** `environment.segment` is the base; it stays the caller's to close. */
  constructor(environment: Environment, gathered: Gathered) {
    const base = environment.segment;
    const { rows, columns, inOrder } = gathered;
    this.id = base.id;
    this.interval = base.interval;
    this.rowCount = rows.length;
    this.#hasGaps = rows.includes(noRow);
    this.timeSorted = base.timeSorted && inOrder && !this.#hasGaps;
    const added = [...(columns?.keys() ?? [])];
    this.dimensions = [...base.dimensions.filter((name) => !added.includes(name)), ...added];
    this.metrics = base.metrics.filter((name) => !added.includes(name));
    this.#environment = environment;
    this.#gathered = gathered;
  }

  column(name: string): ColumnView | undefined {
    const known = this.#views.get(name);
    if (known !== undefined) return known;
    const own = this.#gathered.columns?.get(name);
    const view = own === undefined ? this.#fromBase(name) : own();
    if (view !== undefined) this.#views.set(name, view);
    return view;
  }

  /** The column as the rows of a scan show it. */
  printed(name: string): ColumnView | undefined {
    if (name === '__time' && !this.#gathered.columns?.has(name)) return this.#printedTime();
    return this.#gathered.printed?.get(name)?.() ?? this.column(name);
  }

  underGaps(name: string, make: (environment: Environment) => ColumnView | undefined): UnderGaps {
    if (name === this.#gathered.asIs) return { column: this.column(name) };
    if (this.#gathered.columns?.has(name)) return undefined;
    const made = (): ColumnView | undefined => make(this.#environment);
    if (this.#hasGaps && name !== '__time') return { column: this.#gather(name, made()) };
    const deeper = underGaps(this.#environment.segment, name, make);
    return deeper === undefined ? undefined : { column: this.#gather(name, deeper.column) };
  }

  /** Rows without a counterpart show no time. */
  #printedTime(): ColumnView | undefined {
    const base = this.#environment.segment;
    const time = base instanceof GatherView ? base.printed('__time') : base.column('__time');
    if (time === undefined || time.kind === 'string' || time.kind === 'complex') return time;
    const rows = new RowBatches(this.#environment, this.#gathered.rows, this.#hasGaps);
    return new GatheredNumbers(rows, time, undefined);
  }

  timeRange(): { readonly minMs: number; readonly maxMs: number } | undefined {
    const base = this.#environment.segment.timeRange();
    // Buckets are those of the whole segment, whatever rows are left of it.
    if (base !== undefined) {
      const extra = this.#hasGaps ? (this.#gathered.noRowTimeMs ?? 0) : base.minMs;
      return { minMs: Math.min(base.minMs, extra), maxMs: Math.max(base.maxMs, extra) };
    }
    if (this.rowCount === 0) return undefined;
    if (this.timeSorted) return { minMs: this.#timeAt(0), maxMs: this.#timeAt(this.rowCount - 1) };
    let minMs = Infinity;
    let maxMs = -Infinity;
    const time = this.#time();
    for (let start = 0; start < this.rowCount; start += BATCH_ROWS) {
      const rows = Math.min(BATCH_ROWS, this.rowCount - start);
      for (const value of this.#environment.scratch.arena.i64(time.batch(start), rows)) {
        minMs = Math.min(minMs, Number(value));
        maxMs = Math.max(maxMs, Number(value));
      }
    }
    return { minMs, maxMs };
  }

  lowerBound(ms: number): number {
    if (!this.timeSorted) throw new CodedError('Bug', 'lowerBound needs rows sorted by time');
    let low = 0;
    let high = this.rowCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#timeAt(middle) < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  close(): void {}

  #time(): NumericColumnView {
    const time = this.column('__time');
    if (time?.kind !== 'long') throw new CodedError('Bug', 'a segment has no __time');
    return time;
  }
  #timeAt(row: number): number {
    const inBatch = row % BATCH_ROWS;
    const pointer = this.#time().batch(row - inBatch);
    return Number(this.#environment.scratch.arena.i64(pointer + inBatch * 8, 1)[0]);
  }

  #fromBase(name: string): ColumnView | undefined {
    return this.#gather(name, this.#environment.segment.column(name));
  }

  /** A column of the base's rows, for the gathered ones. */
  #gather(name: string, column: ColumnView | undefined): ColumnView | undefined {
    if (column === undefined) return undefined;
    const rows = new RowBatches(this.#environment, this.#gathered.rows, this.#hasGaps);
    const at = (row: number): number => this.#gathered.rows[row] ?? noRow;
    // Values of several types are still told one by one.
    const told = hasJson(column)
      ? { json: (row: number) => (at(row) === noRow ? null : column.json(at(row))) }
      : {};
    switch (column.kind) {
      case 'string':
        return Object.assign(new GatheredStrings(rows, column), told);
      case 'complex':
        return {
          kind: 'complex',
          typeName: column.typeName,
          bytes: (row) => (at(row) === noRow ? null : column.bytes(at(row))),
        } satisfies ComplexColumnView;
      default:
        return name === '__time'
          ? new GatheredNumbers(rows, column, BigInt(this.#gathered.noRowTimeMs ?? 0))
          : Object.assign(new GatheredNumbers(rows, column, undefined), told);
    }
  }
}

/** The rows of the base behind one batch, as runs of rows of the same block of the base. */
class RowBatches {
  readonly environment: Environment;
  readonly rows: Uint32Array;
  readonly hasGaps: boolean;
  readonly #sel: number;

  constructor(environment: Environment, rows: Uint32Array, hasGaps: boolean) {
    this.environment = environment;
    this.rows = rows;
    this.hasGaps = hasGaps;
    this.#sel = environment.scratch.take(BATCH_ROWS * 4);
  }

  batch(start: number): Uint32Array {
    return this.rows.subarray(start, start + BATCH_ROWS);
  }

  /** `visit` gets the block of the base, the selection within it, and where in the batch it belongs. */
  forEach(start: number, visit: (block: number, sel: number, at: number, count: number) => void): void {
    let rows = this.batch(start);
    // Values of gaps are written over afterwards: any row will do.
    if (this.hasGaps) rows = rows.map((row) => (row === noRow ? 0 : row));
    if (this.environment.segment.rowCount === 0) return;
    forEachRun(rows, (block, at, count) => {
      const sel = this.environment.scratch.arena.u32(this.#sel, count);
      for (let i = 0; i < count; i++) sel[i] = (rows[at + i] ?? 0) - block;
      visit(block, this.#sel, at, count);
    });
  }

  forEachGap(start: number, visit: (at: number) => void): void {
    if (!this.hasGaps) return;
    this.batch(start).forEach((row, at) => {
      if (row === noRow) visit(at);
    });
  }
}

class GatheredNumbers implements NumericColumnView {
  readonly kind: NumericColumnView['kind'];
  readonly hasNulls: boolean;
  readonly #rows: RowBatches;
  readonly #column: NumericColumnView;
  readonly #gapValue: bigint | undefined;
  readonly #out: number;
  #bits = 0;

  constructor(rows: RowBatches, column: NumericColumnView, gapValue: bigint | undefined) {
    this.kind = column.kind;
    this.hasNulls = column.hasNulls || (rows.hasGaps && gapValue === undefined);
    this.#rows = rows;
    this.#column = column;
    this.#gapValue = gapValue;
    this.#out = rows.environment.scratch.take(BATCH_ROWS * 8);
  }

  batch(start: number): number {
    const { kernels, scratch } = this.#rows.environment;
    const width = this.kind === 'float' ? 4 : 8;
    this.#rows.forEach(start, (block, sel, at, count) =>
      gatherNumbers(kernels, this.#column, block, sel, count, this.#out + at * width),
    );
    this.#rows.forEachGap(start, (at) => {
      if (width === 8) scratch.arena.i64(this.#out + at * 8, 1)[0] = this.#gapValue ?? 0n;
      else scratch.arena.u32(this.#out + at * 4, 1)[0] = 0;
    });
    return this.#out;
  }

  nullBits(): number {
    if (!this.hasNulls || this.#bits !== 0) return this.#bits;
    const { rows, environment } = this.#rows;
    const { scratch, segment } = environment;
    this.#bits = scratch.takeZeroed(wordsOf(rows.length) * 8);
    const from = this.#column.hasNulls ? this.#column.nullBits() : 0;
    const source = from === 0 ? undefined : scratch.arena.bytes(from, wordsOf(segment.rowCount) * 8);
    const out = scratch.arena.bytes(this.#bits, wordsOf(rows.length) * 8);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? noRow;
      const isNull =
        row === noRow
          ? this.#gapValue === undefined
          : source !== undefined && ((source[row >>> 3] ?? 0) >> (row & 7)) % 2 === 1;
      if (isNull) out[i >> 3] = (out[i >> 3] ?? 0) | (1 << (i & 7));
    }
    return this.#bits;
  }
}

class GatheredStrings implements StringColumnView {
  readonly kind = 'string';
  readonly isMade = true;
  readonly isRowWise: boolean;
  readonly hasMultipleValues: boolean;
  readonly hasNulls: boolean;
  readonly dictionarySorted: boolean;
  readonly hasBitmaps = false;
  readonly cardinality: number;
  readonly idWidth = 4;
  readonly #rows: RowBatches;
  readonly #column: StringColumnView;
  readonly #nullId: number;
  readonly #out: number;
  #ids = 0;
  #room = 0;

  constructor(rows: RowBatches, column: StringColumnView) {
    const { hasGaps } = rows;
    const known = column.idOf(null);
    const isNew = hasGaps && known < 0;
    this.isRowWise = column.isRowWise === true;
    this.hasMultipleValues = column.hasMultipleValues;
    this.hasNulls = column.hasNulls || hasGaps;
    this.dictionarySorted = column.dictionarySorted && !isNew;
    this.cardinality = column.cardinality + (isNew ? 1 : 0);
    this.#rows = rows;
    this.#column = column;
    this.#nullId = isNew ? column.cardinality : known;
    this.#out = rows.environment.scratch.take((BATCH_ROWS + 1) * 4);
  }

  value(id: number): string | null {
    return id < this.#column.cardinality ? this.#column.value(id) : null;
  }
  idOf(value: string | null): number {
    return value === null ? this.#nullId : this.#column.idOf(value);
  }
  lowerBoundId(value: string): number {
    return this.#column.lowerBoundId(value);
  }
  orBitmap(): never {
    throw new CodedError('Bug', 'gathered rows have no bitmaps');
  }

  batch(start: number): number {
    const { kernels, scratch } = this.#rows.environment;
    const { idWidth } = this.#column;
    this.#rows.forEach(start, (block, sel, at, count) =>
      kernels.idsGather(this.#column.batch(block), idWidth, sel, count, this.#out + at * 4),
    );
    this.#rows.forEachGap(start, (at) => {
      scratch.arena.u32(this.#out + at * 4, 1)[0] = this.#nullId;
    });
    return this.#out;
  }

  multiBatch(start: number): { readonly offsets: number; readonly ids: number } {
    const { scratch, segment } = this.#rows.environment;
    const rows = this.#rows.batch(start);
    const parts: Uint32Array[] = [];
    const ends = new Uint32Array(rows.length + 1);
    forEachRun(rows, (block, at, count) => {
      if (rows[at] === noRow) {
        // A row that is not there has one value, null: unlike a list without values it is a value of a topN.
        for (let i = at; i < at + count; i++) ends[i + 1] = (ends[i] ?? 0) + 1;
        parts.push(new Uint32Array(count).fill(this.#nullId));
        return;
      }
      const { offsets, ids } = this.#column.multiBatch(block);
      const blockRows = Math.min(BATCH_ROWS, segment.rowCount - block);
      const from = scratch.arena.u32(offsets, blockRows + 1);
      const all = scratch.arena.u32(ids, from[blockRows] ?? 0);
      for (let i = at; i < at + count; i++) {
        const row = (rows[i] ?? 0) - block;
        // A gap that stands behind rows of the last block falls outside of it.
        const values = all.slice(from[row] ?? 0, from[row + 1] ?? 0);
        parts.push(values);
        ends[i + 1] = (ends[i] ?? 0) + values.length;
      }
    });
    const total = ends[rows.length] ?? 0;
    if (total > this.#room || this.#ids === 0) {
      if (this.#ids !== 0) scratch.give(this.#ids);
      this.#room = Math.max(total, BATCH_ROWS);
      this.#ids = scratch.take(this.#room * 4);
    }
    const out = scratch.arena.u32(this.#ids, total);
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    scratch.arena.u32(this.#out, ends.length).set(ends);
    return { offsets: this.#out, ids: this.#ids };
  }
}
