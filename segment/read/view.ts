/**
 * The read interface: what a query engine sees of a segment, stored or still growing.
 *
 * All values live in one shared WebAssembly.Memory (the arena); every "pointer" is a byte address in it.
 * Rows are read in batches of {@link BATCH_ROWS}: `batch(startRow)` takes a multiple of BATCH_ROWS and answers the
 * address of the values of rows [startRow, min(startRow + BATCH_ROWS, rowCount)), valid until the next `batch` call
 * on the same column by the same thread. Behind the last value there are at least 64 readable bytes.
 * Views belong to one thread; the bytes behind them are shared by all.
 */

export const BATCH_ROWS = 8192;

/** Half-open, epoch milliseconds. */
export interface IntervalMs {
  readonly startMs: number;
  readonly endMs: number;
}

export interface SegmentView {
  readonly id: string;
  readonly interval: IntervalMs;
  /** Fixed when the view was opened (snapshot isolation for growing segments). */
  readonly rowCount: number;
  /** `__time` never descends with the row number. */
  readonly timeSorted: boolean;
  /** In the segment's order, without `__time`. */
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  /** What the writer noted of the segment (JSON: aggregators, rollup, …); absent when there is none. */
  readonly metadataText?: string | undefined;
  /** Undefined: no such column here, which reads as null in every row. Nothing is decoded before it is asked for. */
  column(name: string): ColumnView | undefined;
  /** Smallest and largest `__time`; undefined when there are no rows. */
  timeRange(): { readonly minMs: number; readonly maxMs: number } | undefined;
  /** First row whose `__time` is >= ms, by binary search; only when `timeSorted`. */
  lowerBound(ms: number): number;
  /** Unpins what this view pinned. */
  close(): void;
}

export type ColumnView = NumericColumnView | StringColumnView | ComplexColumnView;

/** The values of a batch in fewer bytes than they have by themselves. */
export interface NarrowBatch {
  /**
   * 1, 2 or 4: a value is an unsigned offset of so many bytes from the long at `base`. 0: a value has a code of one byte,
   * its index in a table of values at `base`.
   */
  readonly form: 0 | 1 | 2 | 4;
  /** Address of the first row's offset or code. */
  readonly pointer: number;
  /** Address of a long, or of values of 4 or 8 bytes. */
  readonly base: number;
  /** Values of the table, at most 256; 0 when there is none. */
  readonly size: number;
}

export interface NumericColumnView {
  readonly kind: 'long' | 'float' | 'double';
  readonly hasNulls: boolean;
  /** Stored with an index of its values: an `auto` column or a field of a json column. */
  readonly hasValueIndex?: boolean;
  /** Null rows hold 0, not only where whoever wrote them meant to; absent: they may hold anything. */
  readonly nullsAreZero?: boolean;
  /** 8 bytes (long, double) or 4 bytes (float) a value, little-endian. */
  batch(startRow: number): number;
  /**
   * The same values as `batch` answers, where they are kept in fewer bytes: codes of floats and doubles, offsets of
   * longs. Undefined when they are not, or not all of the time. Valid as long as what `batch` answers, and beside it.
   */
  readonly narrow?: (startRow: number) => NarrowBatch | undefined;
  /** Address of a bitset over all rows (bit r of 64-bit words, little-endian), set = null; 0 when !hasNulls. Words = ceil(rowCount / 64). */
  nullBits(): number;
}

export interface StringColumnView {
  readonly kind: 'string';
  readonly hasMultipleValues: boolean;
  /** Some row is null (then null has an id; with a sorted dictionary it is 0). */
  readonly hasNulls: boolean;
  /** Ids ascend with the values: null first, then UTF-16 order. */
  readonly dictionarySorted: boolean;
  readonly hasBitmaps: boolean;
  /** Worked out while a query runs: nothing of it is stored. */
  readonly isMade?: boolean;
  /** Of rows that stand one by one in memory, without a dictionary of their own. */
  readonly isRowWise?: boolean;
  readonly cardinality: number;
  /** The value of an id; null for the null id. */
  value(id: number): string | null;
  /**
   * UTF-8 of the values of several ids, none of them null, end to end with the end offset of each; absent where it is
   * no cheaper than asking for each value.
   */
  readonly texts?: (ids: Uint32Array) => { readonly bytes: Uint8Array; readonly ends: Uint32Array };
  /** The id of a value, or -1 when absent. Null is looked up too. */
  idOf(value: string | null): number;
  /** First id whose value is >= `value` (null sorts first); only when `dictionarySorted`. */
  lowerBoundId(value: string): number;
  /**
   * ORs the rows that hold `id` into the bitset at `bits` (over all rows), those outside [from, to) or not; only when
   * `hasBitmaps`.
   */
  orBitmap(id: number, bits: number, from?: number, to?: number): void;
  /** Bytes of an id in batches: 1, 2 or 4 (unsigned, little-endian). */
  readonly idWidth: 1 | 2 | 4;
  /** Ids of single-value rows. For multi-value columns use `multiBatch`. */
  batch(startRow: number): number;
  /**
   * Multi-value rows of one batch: `offsets` = address of u32 × (rows + 1), relative to `ids`, counted in ids;
   * `ids` = address of u32 ids. A row without ids reads as null.
   */
  multiBatch(startRow: number): { readonly offsets: number; readonly ids: number };
}

export interface ComplexColumnView {
  readonly kind: 'complex';
  /** e.g. "hyperUnique", "thetaSketch", "json". */
  readonly typeName: string;
  /** Some row is null; undefined = not known without reading. */
  readonly hasNulls?: boolean | undefined;
  /** Arrays of several types, or single values among arrays. */
  readonly isMixed?: boolean;
  /**
   * Bytes of one row's value (a copy), or null. Of "json" and "ARRAY<...>" columns: the value as JSON text in UTF-8,
   * longs exact.
   */
  bytes(row: number): Uint8Array | null;
}
