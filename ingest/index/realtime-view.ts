/**
 * The growing index behind the read interface, so that the engine answers from it as from a stored segment. A handle
 * fixes what its views show; it is opened on the index's own thread (an inline pool's `open`), with the engine's arena.
 * Rows stand in the order they came, dictionaries in order of appearance, and there are no bitmaps.
 */
import { CodedError } from '../../proto/errors.js';
import { exactJsonText } from '../../segment/format/json.js';
import type { Arena } from '../../segment/kernels/arena.js';
import {
  BATCH_ROWS,
  type ColumnView,
  type ComplexColumnView,
  type NumericColumnView,
  type SegmentView,
  type StringColumnView,
} from '../../segment/read/view.js';
import type { JsonValue } from '../../segment/write/source.js';
import type { ColumnSnapshot, JsonSnapshot, NumberSnapshot, TextSnapshot } from './column-snapshot.js';
import type { IncrementalIndex, IndexSnapshot } from './incremental-index.js';

export interface RealtimeHandle {
  readonly kind: 'realtime';
  readonly id: string;
  readonly snapshot: IndexSnapshot;
}

/** The index as it is now. Cheap but for metrics that rollup may still change: those are copied. */
export function realtimeHandle(id: string, index: IncrementalIndex): RealtimeHandle {
  return { kind: 'realtime', id, snapshot: index.look() };
}

export function isRealtimeHandle(handle: unknown): handle is RealtimeHandle {
  return typeof handle === 'object' && handle !== null && (handle as { kind?: unknown }).kind === 'realtime';
}

export function openRealtimeView(handle: RealtimeHandle, arena: Arena): SegmentView {
  return new RealtimeView(handle, arena);
}

/** Arena memory of one view, given back when it closes. */
class ViewMemory {
  readonly arena: Arena;
  readonly rowCount: number;
  readonly #taken: number[] = [];

  constructor(arena: Arena, rowCount: number) {
    this.arena = arena;
    this.rowCount = rowCount;
  }

  take(bytes: number): number {
    const pointer = this.arena.alloc(bytes);
    this.#taken.push(pointer);
    return pointer;
  }

  close(): void {
    for (const pointer of this.#taken.splice(0)) this.arena.free(pointer);
  }

  batchRows(startRow: number): number {
    return Math.min(BATCH_ROWS, this.rowCount - startRow);
  }
}

class RealtimeView implements SegmentView {
  readonly id: string;
  readonly interval: SegmentView['interval'];
  readonly rowCount: number;
  readonly timeSorted: boolean;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  readonly #snapshot: IndexSnapshot;
  readonly #memory: ViewMemory;
  readonly #columns = new Map<string, ColumnView>();

  constructor(handle: RealtimeHandle, arena: Arena) {
    const { snapshot } = handle;
    this.id = handle.id;
    this.interval = snapshot.interval;
    this.rowCount = snapshot.rowCount;
    this.timeSorted = snapshot.timeSorted;
    this.dimensions = snapshot.dimensions;
    this.metrics = snapshot.metrics;
    this.#snapshot = snapshot;
    this.#memory = new ViewMemory(arena, snapshot.rowCount);
  }

  get metadataText(): string {
    return JSON.stringify(this.#snapshot.metadata());
  }

  column(name: string): ColumnView | undefined {
    let view = this.#columns.get(name);
    if (view === undefined) {
      const column = this.#snapshot.columns.get(name);
      if (column === undefined) return undefined;
      view = columnView(column, this.#memory);
      this.#columns.set(name, view);
    }
    return view;
  }

  timeRange(): { readonly minMs: number; readonly maxMs: number } | undefined {
    const { minMs, maxMs } = this.#snapshot;
    return this.rowCount === 0 ? undefined : { minMs, maxMs };
  }

  lowerBound(ms: number): number {
    if (!this.timeSorted) throw new CodedError('Bug', 'lowerBound needs rows sorted by time');
    let low = 0;
    let high = this.rowCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#snapshot.timeAt(middle) < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  close(): void {
    this.#columns.clear();
    this.#memory.close();
  }
}

function columnView(column: ColumnSnapshot, memory: ViewMemory): ColumnView {
  switch (column.kind) {
    case 'string':
      return withJson(new TextView(column, memory), column.json);
    case 'json':
      return new JsonView(column, memory.rowCount);
    case 'bytes':
      return { kind: 'complex', typeName: column.typeName, bytes: (row) => column.bytes(row) };
    default:
      return withJson(new NumberView(column, memory), column.json);
  }
}

/** Readers ask mixed columns for `json`, as they ask stored ones. */
function withJson<T extends ColumnView>(view: T, json: ((row: number) => JsonValue) | undefined): T {
  return json === undefined ? view : Object.assign(view, { json });
}

class NumberView implements NumericColumnView {
  readonly kind: NumberSnapshot['kind'];
  readonly hasNulls: boolean;
  readonly #column: NumberSnapshot;
  readonly #memory: ViewMemory;
  #buffer = 0;
  #nulls = 0;

  constructor(column: NumberSnapshot, memory: ViewMemory) {
    this.kind = column.kind;
    this.#column = column;
    this.#memory = memory;
    let first = 0;
    while (first < memory.rowCount && !column.isNull(first)) first++;
    this.hasNulls = first < memory.rowCount;
  }

  batch(startRow: number): number {
    const width = this.kind === 'float' ? 1 : 2;
    const count = this.#memory.batchRows(startRow);
    this.#buffer ||= this.#memory.take(BATCH_ROWS * width * 4);
    this.#column.fill(startRow, count, this.#memory.arena.i32(this.#buffer, count * width) as Int32Array);
    return this.#buffer;
  }

  nullBits(): number {
    if (!this.hasNulls) return 0;
    if (this.#nulls === 0) {
      const { rowCount, arena } = this.#memory;
      const length = Math.ceil(rowCount / 64) * 8;
      this.#nulls = this.#memory.take(length);
      const bits = arena.bytes(this.#nulls, length).fill(0);
      for (let row = 0; row < rowCount; row++) {
        if (this.#column.isNull(row)) bits[row >>> 3]! |= 1 << (row & 7);
      }
    }
    return this.#nulls;
  }
}

class TextView implements StringColumnView {
  readonly kind = 'string';
  readonly hasMultipleValues: boolean;
  readonly hasNulls: boolean;
  readonly dictionarySorted = false;
  readonly hasBitmaps = false;
  readonly cardinality: number;
  readonly idWidth = 4;
  readonly #column: TextSnapshot;
  readonly #memory: ViewMemory;
  #buffer = 0;
  #codes = new Int32Array(0);
  #multi: { readonly pointer: number; readonly ids: number } | undefined;

  constructor(column: TextSnapshot, memory: ViewMemory) {
    this.hasMultipleValues = column.lists !== undefined;
    this.cardinality = column.cardinality;
    this.#column = column;
    this.#memory = memory;
    this.hasNulls = this.#holdsNull();
  }

  #holdsNull(): boolean {
    if (this.#column.lists?.some((ids) => ids.includes(0)) === true) return true;
    for (let start = 0; start < this.#memory.rowCount; start += BATCH_ROWS) {
      if (this.#fill(start).includes(0)) return true;
    }
    return false;
  }

  #fill(startRow: number): Int32Array {
    if (this.#codes.length === 0) this.#codes = new Int32Array(BATCH_ROWS);
    const count = this.#memory.batchRows(startRow);
    this.#column.fill(startRow, count, this.#codes);
    return this.#codes.subarray(0, count);
  }

  value(id: number): string | null {
    return this.#column.value(id);
  }

  idOf(value: string | null): number {
    if (value === null) return this.hasNulls ? 0 : -1;
    return this.#column.idOf(value);
  }

  lowerBoundId(): never {
    throw new CodedError('Bug', 'the dictionary of a growing column is not sorted');
  }

  orBitmap(): never {
    throw new CodedError('Bug', 'a growing column has no bitmaps');
  }

  batch(startRow: number): number {
    if (this.hasMultipleValues) throw new CodedError('Bug', 'the column holds several values a row');
    const count = this.#memory.batchRows(startRow);
    this.#buffer ||= this.#memory.take(BATCH_ROWS * 4);
    this.#column.fill(startRow, count, this.#memory.arena.i32(this.#buffer, count) as Int32Array);
    return this.#buffer;
  }

  multiBatch(startRow: number): { readonly offsets: number; readonly ids: number } {
    const { arena } = this.#memory;
    const codes = this.#fill(startRow);
    const lists = this.#column.lists ?? [];
    let total = 0;
    for (const code of codes) total += code < 0 ? lists[-code - 1]!.length : 1;
    this.#buffer ||= this.#memory.take((BATCH_ROWS + 1) * 4);
    if (this.#multi === undefined || this.#multi.ids < total) {
      const ids = Math.max(total, 2 * BATCH_ROWS);
      this.#multi = { pointer: this.#memory.take(ids * 4), ids };
    }
    const offsets = arena.u32(this.#buffer, codes.length + 1);
    const ids = arena.u32(this.#multi.pointer, total);
    let at = 0;
    offsets[0] = 0;
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i]!;
      if (code < 0) {
        const list = lists[-code - 1]!;
        ids.set(list, at);
        at += list.length;
      } else ids[at++] = code;
      offsets[i + 1] = at;
    }
    return { offsets: this.#buffer, ids: this.#multi.pointer };
  }
}

class JsonView implements ComplexColumnView {
  readonly kind = 'complex';
  readonly typeName: string;
  readonly #column: JsonSnapshot;
  readonly #rowCount: number;
  #hasNulls: boolean | undefined;

  constructor(column: JsonSnapshot, rowCount: number) {
    this.#rowCount = rowCount;
    this.typeName = column.typeName;
    this.#column = column;
  }

  bytes(row: number): Uint8Array | null {
    const value = this.json(row);
    return value === null ? null : Buffer.from(exactJsonText(value), 'utf8');
  }

  get hasNulls(): boolean {
    if (this.#hasNulls === undefined) {
      let row = 0;
      while (row < this.#rowCount && !this.#column.isNull(row)) row++;
      this.#hasNulls = row < this.#rowCount;
    }
    return this.#hasNulls;
  }

  /** Longs are bigint, doubles number. */
  json(row: number): JsonValue {
    return this.#column.json(row);
  }
}
