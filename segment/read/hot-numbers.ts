/**
 * The decoded ("hot") form of a number column, made unit by unit as its rows are asked for. A unit is kept in the fewest
 * bytes that give its values back bit for bit: longs as offsets from the unit's smallest value (1, 2 or 4 bytes), floats
 * and doubles of at most 256 bit patterns as codes (1 byte) with their table, others as they are. A column whose first
 * units don't fit is not tried any further.
 */
import type { ValueSource } from './blocks.js';
import type { ColumnFile, ReadContext } from './column-file.js';
import { BATCH_ROWS, type NarrowBatch, type NumericColumnView } from './view.js';

const stateNone = 0;
const stateBusy = 1;
const stateDone = 2;

/** Of the column: units that fit into fewer bytes and units that did not, and rows of both. */
const head = { narrow: 0, wide: 1, rows: 2 } as const;
const headWords = 4;
/** Of a unit. `form` is that of NarrowBatch, or 8: as they are. With a table its address and size, else the `base` (i64). */
const word = { state: 0, form: 1, pointer: 2, table: 3, base: 4, size: 4 } as const;
const unitWords = 8;
const wideForm = 8;
/** Units that are tried before a column is taken for one that does not fit. */
const triesMax = 2;
const slotsBytes = 2048;
const tableBytesMax = 2048;
/** Decoded units go through a scratch buffer. */
const unitBytesMax = 65536;

const padded = (bytes: number): number => Math.ceil(bytes / 64) * 64;

export class HotNumbers {
  readonly #context: ReadContext;
  readonly #file: ColumnFile;
  readonly #kind: NumericColumnView['kind'];
  readonly #source: ValueSource;
  readonly #zeroNulls: (pointer: number, start: number, n: number) => void;
  readonly #unit: number;
  readonly #head: Int32Array;
  readonly #units: Int32Array;
  readonly #unitsAt: number;
  #hasRoom = true;
  #wide = 0;
  #wideStart = -1;
  #found = 0;
  #foundStart = -1;

  /** Undefined when there is no room for such a form. */
  static open(
    context: ReadContext,
    file: ColumnFile,
    column: {
      readonly kind: NumericColumnView['kind'];
      readonly source: ValueSource;
      readonly zeroNulls: (pointer: number, start: number, n: number) => void;
    },
  ): HotNumbers | undefined {
    const { perBlock, width, count } = column.source;
    const isMultiple = perBlock > BATCH_ROWS && perBlock % BATCH_ROWS === 0;
    const unit = isMultiple && perBlock * width <= unitBytesMax ? perBlock : BATCH_ROWS;
    const words = headWords + Math.ceil(count / unit) * unitWords;
    const { arena } = context.kernels;
    const pointer = context.residency.hot(file.slot, words * 4, (at) => arena.i32(at, words).fill(0));
    return pointer === 0 ? undefined : new HotNumbers(context, file, column, unit, pointer, words);
  }

  private constructor(
    context: ReadContext,
    file: ColumnFile,
    column: Parameters<typeof HotNumbers.open>[2],
    unit: number,
    pointer: number,
    words: number,
  ) {
    this.#context = context;
    this.#file = file;
    this.#kind = column.kind;
    this.#source = column.source;
    this.#zeroNulls = column.zeroNulls;
    this.#unit = unit;
    const all = context.kernels.arena.i32(pointer, words);
    this.#head = all.subarray(0, headWords);
    this.#units = all.subarray(headWords);
    this.#unitsAt = pointer + headWords * 4;
  }

  /** Address of the values from `start`, as they are; 0 when they are not here. */
  batch(start: number): number {
    if (start === this.#wideStart) return this.#wide;
    const at = this.#find(start);
    if (at < 0) return 0;
    if (this.#get(at, word.form) === wideForm) {
      return this.#pointer(at, start, this.#source.width);
    }
    if (this.#wide === 0) {
      this.#wide = this.#context.scratch.take();
      this.#context.onClose(() => this.#context.scratch.give(this.#wide));
    }
    const { form, pointer, base } = this.#narrowAt(at, start);
    const { segment: kernels } = this.#context.kernels;
    const { count, width } = this.#source;
    const n = Math.min(BATCH_ROWS, count - start);
    this.#wideStart = -1;
    if (form === 0) kernels.unpack_codes(pointer, n, base, width, this.#wide);
    else kernels.unpack_offsets(pointer, n, form, base, this.#wide);
    this.#wideStart = start;
    return this.#wide;
  }

  /** The values from `start` in fewer bytes; undefined when they take all of theirs, or are not here. */
  narrow(start: number): NarrowBatch | undefined {
    const at = this.#find(start);
    return at < 0 || this.#get(at, word.form) === wideForm ? undefined : this.#narrowAt(at, start);
  }

  #narrowAt(at: number, start: number): NarrowBatch {
    const form = this.#get(at, word.form) as NarrowBatch['form'];
    const pointer = this.#pointer(at, start, form || 1);
    if (form === 0) return { form, pointer, base: this.#get(at, word.table), size: this.#get(at, word.size) };
    return { form, pointer, base: this.#unitsAt + (at + word.base) * 4, size: 0 };
  }

  #get(at: number, field: number): number {
    return (this.#units[at + field] ?? 0) >>> 0;
  }

  #pointer(at: number, start: number, width: number): number {
    return this.#get(at, word.pointer) + (start % this.#unit) * width;
  }

  /** Where the unit of row `start` stands among the units, its values made when nobody did so before; -1: not here. */
  #find(start: number): number {
    // Asked for narrow values first, then for whole ones.
    if (start === this.#foundStart) return this.#found;
    const unit = Math.floor(start / this.#unit);
    const at = unit * unitWords;
    const isThere = Atomics.load(this.#units, at) === stateDone || this.#claim(unit, at);
    if (!isThere) return -1;
    this.#foundStart = start;
    this.#found = at;
    return at;
  }

  /** True once the unit is there; false: not here. */
  #claim(unit: number, at: number): boolean {
    const state = Atomics.compareExchange(this.#units, at, stateNone, stateBusy);
    if (state === stateDone) return true;
    // Another thread is at it: this one decodes for itself rather than wait.
    if (state === stateBusy) return false;
    let isDone = false;
    try {
      isDone = this.#hasRoom && this.#make(unit, at);
      this.#hasRoom = isDone;
    } finally {
      Atomics.store(this.#units, at, isDone ? stateDone : stateNone);
    }
    return isDone;
  }

  /** False: there is no room for the unit. */
  #make(unit: number, at: number): boolean {
    const first = unit * this.#unit;
    const n = Math.min(this.#unit, this.#source.count - first);
    const [narrow = 0, wide = 0] = this.#head;
    const isMade =
      wide >= triesMax && wide > narrow ? this.#makeWide(first, n, at) : this.#makeFitting(first, n, at);
    if (!isMade) return false;
    const isWide = this.#get(at, word.form) === wideForm;
    Atomics.add(this.#head, isWide ? head.wide : head.narrow, 1);
    Atomics.add(this.#head, head.rows, n);
    return true;
  }

  #makeWide(first: number, n: number, at: number): boolean {
    const pointer = this.#piece(n, this.#source.width, 0);
    if (pointer === 0) return false;
    this.#source.fill(first, n, pointer);
    this.#zeroNulls(pointer, first, n);
    this.#note(at, wideForm, pointer);
    return true;
  }

  #makeFitting(first: number, n: number, at: number): boolean {
    const { scratch } = this.#context;
    const values = scratch.take();
    try {
      this.#source.fill(first, n, values);
      this.#zeroNulls(values, first, n);
      return this.#kind === 'long' ? this.#makeOffsets(values, n, at) : this.#makeCodes(values, n, at);
    } finally {
      scratch.give(values);
    }
  }

  #makeOffsets(values: number, n: number, at: number): boolean {
    const { segment: kernels } = this.#context.kernels;
    const base = this.#unitsAt + (at + word.base) * 4;
    const form = kernels.narrow_offsets(values, n, base) >>> 0;
    if (form === 0) return this.#keepWide(values, n, at);
    const pointer = this.#piece(n, form, 0);
    if (pointer === 0) return false;
    kernels.pack_offsets(values, n, base, form, pointer);
    this.#note(at, form, pointer);
    return true;
  }

  #makeCodes(values: number, n: number, at: number): boolean {
    const { scratch } = this.#context;
    const work = scratch.take();
    try {
      return this.#packCodes(values, work, n, at);
    } finally {
      scratch.give(work);
    }
  }

  #packCodes(values: number, work: number, n: number, at: number): boolean {
    const { arena, segment: kernels } = this.#context.kernels;
    const { width } = this.#source;
    const table = work + slotsBytes;
    const codes = table + tableBytesMax;
    const entries = kernels.pack_codes(values, n, width, work, table, codes) >>> 0;
    if (entries === 0) return this.#keepWide(values, n, at);
    const tableBytes = padded(entries * width);
    const pointer = this.#piece(n, 1, tableBytes);
    if (pointer === 0) return false;
    arena.bytes(pointer, tableBytes).set(arena.bytes(table, tableBytes));
    arena.bytes(pointer + tableBytes, n).set(arena.bytes(codes, n));
    this.#units[at + word.table] = pointer;
    this.#units[at + word.size] = entries;
    this.#note(at, 0, pointer + tableBytes);
    return true;
  }

  #keepWide(values: number, n: number, at: number): boolean {
    const { arena } = this.#context.kernels;
    const { width } = this.#source;
    const pointer = this.#piece(n, width, 0);
    if (pointer === 0) return false;
    arena.bytes(pointer, n * width).set(arena.bytes(values, n * width));
    this.#note(at, wideForm, pointer);
    return true;
  }

  /** Room for `n` values of so many bytes behind a table, in expectation of more like them. */
  #piece(n: number, width: number, tableBytes: number): number {
    const { count } = this.#source;
    const left = Math.max(0, count - n - Atomics.load(this.#head, head.rows));
    const ahead = Math.ceil(left / this.#unit) * tableBytes + padded(left * width);
    return this.#context.residency.hotPiece(this.#file.slot, tableBytes + padded(n * width), ahead);
  }

  #note(at: number, form: number, pointer: number): void {
    this.#units[at + word.form] = form;
    this.#units[at + word.pointer] = pointer;
  }
}
