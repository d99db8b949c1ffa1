/**
 * Rows as JSON text by the bytes: numbers, texts and times of columns are written by a kernel, all else is put between
 * as text. A few rows, and what the kernel doesn't take, are put together as strings: the text is the same.
 */
import { isUtf8 } from 'node:buffer';
import type { Arena } from '../../segment/kernels/arena.js';
import { placeNumberTable } from '../../segment/kernels/number-table.js';
import { withScratch } from '../../segment/kernels/scratch.js';
import type { JsonSink } from '../json/write.js';
import type { Steps } from './buckets.js';
import { inTurns, type RowPart, rowText } from './json-rows.js';
import type { PlainValues, RowJson } from './output.js';

/** Kinds of parts, as the kernel knows them. */
const CONSTANT = 0;
const LONG = 1;
const DOUBLE = 2;
const TEXT = 3;
const QUOTED = 4;
const INSTANT = 5;
const partBytes = 16;

const batchRows = 1024;
/** Fewer are quicker as strings. */
const rowsMin = 32;
/** What the text of a batch may take at most; rows of large texts come in smaller batches. */
const batchBytesMax = 4 << 20;
/** Any number or time as text, and what a null or the quotes of a text take. */
const numberBytes = 32;
const quoteBytes = 8;
/** JSON's longest way to write one byte. */
const escapedBytes = 6;

/** One value of each row of a batch, on its way into the kernel's memory. */
interface Field {
  readonly kind: number;
  /** Looks at the rows of a batch: bytes of memory they need, and of text at most. */
  measure(rows: Uint32Array): { readonly memory: number; readonly text: number };
  /** Writes them to `at`, 16-byte aligned; answers the part's words a, b and nulls. Undefined: not for the kernel. */
  place(rows: Uint32Array, arena: Arena, at: number): readonly [number, number, number] | undefined;
}

const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16;

export class RowPrinter {
  readonly #text: (row: number) => string;
  readonly #constants: readonly Buffer[];
  readonly #fields: readonly Field[];
  readonly #isPlain: boolean;

  constructor(parts: readonly RowPart[]) {
    this.#text = rowText(parts);
    const { texts, values } = inTurns(parts);
    // Rows are parted by commas; the first row's is left out.
    this.#constants = texts.map((text, i) => Buffer.from(i === 0 ? `,${text}` : text));
    this.#fields = values.map((json) => fieldOf(json));
    const plain = values.filter(({ plain: values_ }) => values_ !== undefined).length;
    this.#isPlain = plain * 2 >= values.length && plain > 0;
  }

  /** Rows in their order, parted by commas; the first one begins with a comma unless it `isFirst`. */
  *print(rows: Uint32Array, sink: JsonSink, isFirst: boolean): Steps {
    let most = batchRows;
    for (let at = 0; at < rows.length;) {
      const batch = rows.subarray(at, Math.min(rows.length, at + most));
      const isBegin = isFirst && at === 0;
      const isKernels = this.#isPlain && batch.length >= rowsMin;
      const outcome = isKernels ? this.#write(batch, sink, isBegin) : 'refused';
      if (outcome === 'large' && batch.length > rowsMin) {
        most = Math.max(rowsMin, batch.length >> 2);
        continue;
      }
      if (outcome !== 'written') this.#join(batch, sink, isBegin);
      at += batch.length;
      if (at < rows.length) yield;
    }
  }

  #join(rows: Uint32Array, sink: JsonSink, isBegin: boolean): void {
    for (const [i, row] of rows.entries())
      sink.raw(isBegin && i === 0 ? this.#text(row) : `,${this.#text(row)}`);
  }

  #write(rows: Uint32Array, sink: JsonSink, isBegin: boolean): 'written' | 'large' | 'refused' {
    const constants = this.#constants;
    const sizes = this.#fields.map((field) => field.measure(rows));
    const constantBytes = constants.reduce((total, bytes) => total + bytes.length, 0);
    const text = sizes.reduce((total, size) => total + size.text, constantBytes * rows.length);
    if (text > batchBytesMax) return 'large';
    const count = constants.length + this.#fields.length;
    const constantsAt = count * partBytes;
    const fieldsAt = aligned(constantsAt + constantBytes);
    const textAt = sizes.reduce((total, size) => total + aligned(size.memory), fieldsAt);
    return withScratch((kernels, alloc) => {
      const { arena, segment } = kernels;
      const table = placeNumberTable(kernels);
      const base = alloc(textAt + text);
      const parts: number[] = [];
      let constantAt = base + constantsAt;
      let fieldAt = base + fieldsAt;
      for (const [i, bytes] of constants.entries()) {
        arena.bytes(constantAt, bytes.length).set(bytes);
        if (bytes.length > 0) parts.push(CONSTANT, constantAt, bytes.length, 0);
        constantAt += bytes.length;
        const field = this.#fields[i];
        if (field === undefined) continue;
        const words = field.place(rows, arena, fieldAt);
        if (words === undefined) return 'refused';
        parts.push(field.kind, ...words);
        fieldAt += aligned(sizes[i]?.memory ?? 0);
      }
      arena.u32(base, parts.length).set(parts);
      const target = base + textAt;
      const end = segment.row_text(base, parts.length / 4, rows.length, target, table) >>> 0;
      if (end === 0) return 'refused';
      const from = target + (isBegin ? 1 : 0);
      sink.bytes(arena.bytes(from, end - from));
      return 'written';
    });
  }
}

function fieldOf(json: RowJson): Field {
  const { plain } = json;
  if (plain === undefined) return new TextField(json);
  if (plain.type === 'STRING') return new QuotedField(plain);
  if (plain.type === 'COMPUTED') return new ComputedField(plain.at);
  return new NumberField(plain);
}

const isRun = (rows: Uint32Array): boolean => {
  const first = rows[0] ?? 0;
  for (let i = 1; i < rows.length; i++) if (rows[i] !== first + i) return false;
  return true;
};

/** A byte a row, 1 = null. */
function placeNulls(nulls: Uint8Array, rows: Uint32Array, target: Uint8Array): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    target[i] = ((nulls[row >> 3] ?? 0) >> (row & 7)) & 1;
  }
}

class NumberField implements Field {
  readonly kind: number;
  readonly #bits: Int32Array;
  readonly #nulls: Uint8Array | undefined;

  constructor({ type, values, nulls }: Exclude<PlainValues, { type: 'STRING' | 'COMPUTED' }>) {
    this.kind = type === 'LONG' ? LONG : type === 'DOUBLE' ? DOUBLE : INSTANT;
    this.#bits = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    this.#nulls = nulls?.length === 0 ? undefined : nulls;
  }

  measure(rows: Uint32Array): { memory: number; text: number } {
    return { memory: rows.length * (this.#nulls === undefined ? 8 : 9), text: rows.length * numberBytes };
  }

  place(rows: Uint32Array, arena: Arena, at: number): readonly [number, number, number] {
    const target = arena.i32(at, rows.length * 2);
    const bits = this.#bits;
    const first = rows[0] ?? 0;
    if (isRun(rows)) target.set(bits.subarray(first * 2, (first + rows.length) * 2));
    else {
      for (let i = 0; i < rows.length; i++) {
        const from = (rows[i] ?? 0) * 2;
        target[i * 2] = bits[from] ?? 0;
        target[i * 2 + 1] = bits[from + 1] ?? 0;
      }
    }
    if (this.#nulls === undefined) return [at, 0, 0];
    const nullsAt = at + rows.length * 8;
    placeNulls(this.#nulls, rows, arena.bytes(nullsAt, rows.length));
    return [at, 0, nullsAt];
  }
}

class ComputedField implements Field {
  readonly kind = DOUBLE;
  readonly #at: (row: number) => number | null;

  constructor(at: (row: number) => number | null) {
    this.#at = at;
  }

  measure(rows: Uint32Array): { memory: number; text: number } {
    return { memory: rows.length * 9, text: rows.length * numberBytes };
  }

  place(rows: Uint32Array, arena: Arena, at: number): readonly [number, number, number] {
    const nullsAt = at + rows.length * 8;
    const values = arena.f64(at, rows.length);
    const nulls = arena.bytes(nullsAt, rows.length);
    for (let i = 0; i < rows.length; i++) {
      const value = this.#at(rows[i] ?? 0);
      values[i] = value ?? 0;
      nulls[i] = value === null ? 1 : 0;
    }
    return [at, 0, nullsAt];
  }
}

class QuotedField implements Field {
  readonly kind = QUOTED;
  readonly #column: Extract<PlainValues, { type: 'STRING' }>;
  readonly #nulls: Uint8Array | undefined;
  /** Where the rows' texts begin and end in the dictionary, by turns. */
  readonly #spans = new Uint32Array(batchRows * 2);
  #low = 0;
  #high = 0;
  #total = 0;

  constructor(column: Extract<PlainValues, { type: 'STRING' }>) {
    this.#column = column;
    this.#nulls = column.nulls?.length === 0 ? undefined : column.nulls;
  }

  measure(rows: Uint32Array): { memory: number; text: number } {
    const { values, dictionary } = this.#column;
    const { ends } = dictionary;
    const nulls = this.#nulls;
    const spans = this.#spans;
    let low = Infinity;
    let high = 0;
    let total = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0;
      const isNull = nulls !== undefined && (((nulls[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
      const entry = values[row] ?? 0;
      const from = isNull || entry === 0 ? 0 : (ends[entry - 1] ?? 0);
      const to = isNull ? 0 : (ends[entry] ?? 0);
      spans[i * 2] = from;
      spans[i * 2 + 1] = to;
      if (from >= to) continue;
      total += to - from;
      if (from < low) low = from;
      if (to > high) high = to;
    }
    this.#low = Math.min(low, high);
    this.#high = high;
    this.#total = total;
    const memory = aligned(rows.length * 9) + (this.#isDense() ? high - this.#low : total);
    return { memory, text: total * escapedBytes + rows.length * quoteBytes };
  }

  /** Texts that lie close together are copied with what lies between them. */
  #isDense(): boolean {
    return this.#high - this.#low <= this.#total * 2 + 4096;
  }

  place(rows: Uint32Array, arena: Arena, at: number): readonly [number, number, number] | undefined {
    const { bytes } = this.#column.dictionary;
    const nullsAt = at + rows.length * 8;
    const textsAt = at + aligned(rows.length * 9);
    const places = arena.u32(at, rows.length * 2);
    const spans = this.#spans;
    if (this.#isDense()) {
      const low = this.#low;
      const dense = bytes.subarray(low, this.#high);
      if (!isUtf8(dense)) return undefined;
      arena.bytes(textsAt, dense.length).set(dense);
      for (let i = 0; i < rows.length * 2; i += 2) {
        const from = spans[i] ?? 0;
        const to = spans[i + 1] ?? 0;
        places[i] = from < to ? from - low : 0;
        places[i + 1] = from < to ? to - low : 0;
      }
    } else {
      const target = arena.bytes(textsAt, this.#total);
      let end = 0;
      for (let i = 0; i < rows.length * 2; i += 2) {
        const from = spans[i] ?? 0;
        const to = spans[i + 1] ?? 0;
        places[i] = end;
        if (from < to) {
          target.set(bytes.subarray(from, to), end);
          end += to - from;
        }
        places[i + 1] = end;
      }
      if (!isUtf8(target)) return undefined;
    }
    if (this.#nulls === undefined) return [textsAt, at, 0];
    placeNulls(this.#nulls, rows, arena.bytes(nullsAt, rows.length));
    return [textsAt, at, nullsAt];
  }
}

/** What has no kernel: its JSON as text. */
class TextField implements Field {
  readonly kind = TEXT;
  readonly #json: RowJson;
  #ends: Uint32Array = new Uint32Array();
  #joined = '';
  #bytes = 0;

  constructor(json: RowJson) {
    this.#json = json;
  }

  measure(rows: Uint32Array): { memory: number; text: number } {
    const texts = Array.from(rows, (row) => this.#json(row));
    this.#joined = texts.join('');
    this.#bytes = Buffer.byteLength(this.#joined);
    const isAscii = this.#bytes === this.#joined.length;
    let end = 0;
    this.#ends = Uint32Array.from(texts, (text) => (end += isAscii ? text.length : Buffer.byteLength(text)));
    return { memory: aligned(rows.length * 4) + this.#bytes, text: this.#bytes };
  }

  place(rows: Uint32Array, arena: Arena, at: number): readonly [number, number, number] {
    const textsAt = at + aligned(rows.length * 4);
    arena.u32(at, rows.length).set(this.#ends);
    arena.buffer(textsAt, this.#bytes).write(this.#joined);
    this.#joined = '';
    return [textsAt, at, 0];
  }
}
