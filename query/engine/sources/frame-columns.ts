/** Columns of a frame as a query engine reads them. Dictionaries are sorted and without duplicates here. */
import { CodedError } from '../../../proto/errors.js';
import {
  BATCH_ROWS,
  type ColumnView,
  type ComplexColumnView,
  type NumericColumnView,
  type StringColumnView,
} from '../../../segment/read/view.js';
import { elementText, type Json } from '../../expression/value.js';
import { type FrameColumn, mixedType } from '../../frame.js';
import { cellColumn } from '../../frame-build.js';
import { isNull } from '../../merge/columns.js';
import { entryBytes, entryText } from '../../merge/dictionary.js';
import { compareText } from '../../sort/comparators.js';
import { jsonOf } from '../columns/cells.js';
import type { Scratch } from '../scratch.js';

const nullElement = 0xffffffff;

type TextColumn = Extract<FrameColumn, { type: 'STRING' }>;

export function frameColumnView(column: FrameColumn, rows: number, scratch: Scratch): ColumnView {
  switch (column.type) {
    case 'LONG':
    case 'DOUBLE':
    case 'FLOAT':
      return numericView(column, rows, scratch);
    case 'STRING':
    case 'STRING_ARRAY':
      return new FrameStringView(column, rows, scratch);
    case 'COMPLEX': {
      const { values, dictionary, nulls, complexType } = column;
      if (complexType === mixedType) return mixedView(column, rows, scratch);
      return {
        kind: 'complex',
        typeName: complexType,
        bytes: (row) => (isNull(nulls, row) ? null : entryBytes(dictionary, values[row] ?? 0).slice()),
      } satisfies ComplexColumnView;
    }
  }
}

/** How one of values of several kinds reads as a text. */
export const mixedText = (value: Json): string | null => (value === null ? null : elementText(value));

/** Texts to whoever filters or groups by them; shown as what they are. */
function mixedView(
  { name, values, dictionary, nulls }: Extract<FrameColumn, { type: 'COMPLEX' }>,
  rows: number,
  scratch: Scratch,
): ColumnView {
  const shown = Array.from(dictionary.ends, (_, entry) => jsonOf(entryBytes(dictionary, entry)));
  const at = (row: number): Json => (isNull(nulls, row) ? null : (shown[values[row] ?? 0] ?? null));
  const texts = Array.from({ length: rows }, (_, row) => mixedText(at(row)));
  const view = new FrameStringView(cellColumn(name, 'STRING', texts) as TextColumn, rows, scratch);
  return Object.assign(view, { json: at });
}

function numericView(
  column: Extract<FrameColumn, { type: 'LONG' | 'DOUBLE' | 'FLOAT' }>,
  rows: number,
  scratch: Scratch,
): NumericColumnView {
  const { values, nulls } = column;
  const width = column.type === 'FLOAT' ? 4 : 8;
  const pointer = scratch.take(rows * width);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  scratch.arena.bytes(pointer, rows * width).set(bytes);
  let bits = 0;
  return {
    kind: column.type === 'LONG' ? 'long' : column.type === 'DOUBLE' ? 'double' : 'float',
    hasNulls: nulls !== undefined,
    batch: (start) => pointer + start * width,
    nullBits() {
      if (nulls === undefined) return 0;
      if (bits === 0) {
        bits = scratch.takeZeroed(Math.ceil(rows / 64) * 8);
        scratch.arena.bytes(bits, nulls.length).set(nulls);
      }
      return bits;
    },
  };
}

class FrameStringView implements StringColumnView {
  readonly kind = 'string';
  readonly isRowWise = true;
  readonly hasMultipleValues: boolean;
  readonly hasNulls: boolean;
  readonly dictionarySorted = true;
  readonly hasBitmaps = false;
  readonly cardinality: number;
  readonly idWidth = 4;
  readonly #values: readonly (string | null)[];
  readonly #idOf: ReadonlyMap<string | null, number>;
  readonly #scratch: Scratch;
  readonly #rows: number;
  readonly #offsets: Uint32Array | undefined;
  /** Ids of rows, or of elements. */
  readonly #ids: number;
  #blockOffsets = 0;

  constructor(
    column: Extract<FrameColumn, { type: 'STRING' | 'STRING_ARRAY' }>,
    rows: number,
    scratch: Scratch,
  ) {
    const { dictionary, nulls } = column;
    const texts = Array.from(dictionary.ends, (_, entry) => entryText(dictionary, entry));
    const isMulti = column.type === 'STRING_ARRAY';
    const holdsNull = isMulti ? column.values.includes(nullElement) : nulls !== undefined;
    const distinct: (string | null)[] = [...new Set(texts)].sort(compareText);
    if (holdsNull) distinct.unshift(null);
    const idOf = new Map(distinct.map((value, id) => [value, id]));
    const idOfEntry = Uint32Array.from(texts, (text) => idOf.get(text) ?? 0);
    this.hasMultipleValues = isMulti;
    this.hasNulls = nulls !== undefined || holdsNull;
    this.cardinality = distinct.length;
    this.#values = distinct;
    this.#idOf = idOf;
    this.#scratch = scratch;
    this.#rows = rows;
    const { values } = column;
    this.#ids = scratch.take(values.length * 4);
    const ids = scratch.arena.u32(this.#ids, values.length);
    for (let i = 0; i < values.length; i++) {
      const entry = values[i] ?? 0;
      const isEmpty = isMulti ? entry === nullElement : isNull(nulls, i);
      ids[i] = isEmpty ? 0 : (idOfEntry[entry] ?? 0);
    }
    this.#offsets = isMulti ? column.offsets : undefined;
  }

  value(id: number): string | null {
    return this.#values[id] ?? null;
  }
  idOf(value: string | null): number {
    return this.#idOf.get(value) ?? -1;
  }
  lowerBoundId(value: string): number {
    let low = 0;
    let high = this.#values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#values[middle] ?? null;
      if (entry === null || compareText(entry, value) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  orBitmap(): never {
    throw new CodedError('Bug', 'a column in memory has no bitmaps');
  }
  batch(start: number): number {
    return this.#ids + start * 4;
  }
  multiBatch(start: number): { readonly offsets: number; readonly ids: number } {
    const rows = Math.min(BATCH_ROWS, this.#rows - start);
    if (this.#blockOffsets === 0) this.#blockOffsets = this.#scratch.take((BATCH_ROWS + 1) * 4);
    const first = this.#offsets?.[start] ?? 0;
    const out = this.#scratch.arena.u32(this.#blockOffsets, rows + 1);
    for (let i = 0; i <= rows; i++) out[i] = (this.#offsets?.[start + i] ?? 0) - first;
    return { offsets: this.#blockOffsets, ids: this.#ids + first * 4 };
  }
}
