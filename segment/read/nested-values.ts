/** The value dictionaries of json and auto columns, and columns that hold ids into them. */
import {
  readDictionary,
  readFrontCodedList,
  type FrontCoded,
  type StringDictionary,
} from '../format/dictionary.js';
import { readDoubleList, readIntList, readLongList, type FixedList } from '../format/fixed-list.js';
import type { IndexedList } from '../format/indexed.js';
import { doubleText } from '../format/json.js';
import type { JsonValue } from '../write/source.js';
import { Batches, type ValueSource } from './blocks.js';
import { corruptIn, cursorOf, holderOf, opener, type ColumnFile, type ReadContext } from './column-file.js';
import { ComplexColumn } from './complex.js';
import { keptBitset, orInto, type BitmapKind } from './numbers.js';
import { BATCH_ROWS, type NumericColumnView, type StringColumnView } from './view.js';

/** All values of a column, numbered through: strings (null first), longs, doubles, arrays. */
export class GlobalValues {
  readonly strings: StringDictionary;
  readonly longs: FixedList<bigint>;
  readonly doubles: FixedList<number>;
  readonly #arrays: FrontCoded | undefined;
  readonly #file: ColumnFile;
  readonly count: number;

  readonly #bigEndian: boolean;

  constructor(context: ReadContext, base: string, bigEndian: boolean) {
    this.#bigEndian = bigEndian;
    const stringFile = context.open(`${base}.__stringDictionary`);
    this.#file = stringFile;
    this.strings = readDictionary(cursorOf(stringFile), opener(context), { bigEndian });
    this.longs = readLongList(cursorOf(context.open(`${base}.__longDictionary`)), bigEndian);
    this.doubles = readDoubleList(cursorOf(context.open(`${base}.__doubleDictionary`)), bigEndian);
    const arrays = context.find(`${base}.__arrayDictionary`);
    if (arrays !== undefined) this.#arrays = readFrontCodedList(cursorOf(arrays), 4, bigEndian);
    this.count = this.arraysAt + (this.#arrays?.count ?? 0);
  }

  get longsAt(): number {
    return this.strings.count;
  }

  get doublesAt(): number {
    return this.longsAt + this.longs.count;
  }

  get arraysAt(): number {
    return this.doublesAt + this.doubles.count;
  }

  /** Longs are bigint, doubles number. */
  value(id: number): JsonValue {
    if (id < this.longsAt) return this.strings.value(id);
    if (id < this.doublesAt) return this.longs.at(id - this.longsAt);
    if (id < this.arraysAt) return this.doubles.at(id - this.doublesAt);
    if (this.#arrays === undefined || id >= this.count) throw corruptIn(this.#file, 0, `no value[${id}]`);
    const entry = this.#arrays.entry(id - this.arraysAt);
    const items: JsonValue[] = [];
    for (let at = 0; at < entry.length; at += 4) {
      const item = this.#bigEndian ? entry.readInt32BE(at) : entry.readInt32LE(at);
      if (item < 0 || item >= this.arraysAt) throw corruptIn(this.#file, 0, `an array holds the id[${item}]`);
      items.push(this.value(item));
    }
    return items;
  }
}

/** A column of ids that stand for values. */
export interface ValueIds {
  readonly context: ReadContext;
  readonly file: ColumnFile;
  /** Ids, 4 bytes each. */
  readonly ids: ValueSource;
  readonly cardinality: number;
  value(id: number): JsonValue;
  readonly bitmaps: IndexedList | undefined;
  readonly bitmapFile: ColumnFile;
  readonly bitmapKind: BitmapKind;
  readonly hasNulls: boolean;
}

/** Local ids (positions in a sorted list of global ids) as values. */
export function localValue(values: GlobalValues, list: FixedList<number>): (id: number) => JsonValue {
  return (id) => values.value(list.at(id) ?? 0);
}

export function readLocalList(
  file: ColumnFile,
  cursor: ReturnType<typeof cursorOf>,
  bigEndian: boolean,
): FixedList<number> {
  const list = readIntList(cursor, bigEndian);
  if (list.hasNull) throw corruptIn(file, cursor.at, 'a local dictionary has a null');
  return list;
}

export function orValueBitmap(of: ValueIds, id: number, bits: number): void {
  const extent = of.bitmaps?.locate(id);
  if (extent === undefined || extent.length === 0) return;
  const { start, length } = extent;
  const file = holderOf(of.context, of.bitmapFile, extent);
  orInto(of.context, { file, start, length, kind: of.bitmapKind }, bits);
}

/** Reads single rows' ids, batch by batch. */
export class RowIds {
  readonly #of: ValueIds;
  readonly #batches: Batches;
  #start = -1;
  #ids: Uint32Array | undefined;

  constructor(of: ValueIds) {
    this.#of = of;
    this.#batches = new Batches(of.context, of.file, of.ids);
  }

  /** The ids of the batch that starts at `start`, valid until the next call. */
  batch(start: number): Uint32Array {
    if (start !== this.#start || this.#ids === undefined) {
      const n = Math.min(BATCH_ROWS, this.#of.context.rowCount - start);
      this.#start = -1;
      this.#ids = this.#of.context.kernels.arena.u32(this.#batches.batch(start), n);
      this.#start = start;
    }
    return this.#ids;
  }

  id(row: number): number {
    const inBatch = row % BATCH_ROWS;
    return this.batch(row - inBatch)[inBatch] as number;
  }
}

/** A complex column whose values are JSON: `bytes` is their text in UTF-8 (longs exact). */
export class JsonColumn extends ComplexColumn {
  readonly isMixed: boolean;
  readonly #json: (row: number) => JsonValue;

  constructor(
    typeName: string,
    json: (row: number) => JsonValue,
    toBytes: (value: JsonValue) => Uint8Array,
    hasNulls: boolean,
    isMixed = false,
  ) {
    super(
      typeName,
      (row) => {
        const value = json(row);
        return value === null ? null : toBytes(value);
      },
      hasNulls,
    );
    this.#json = json;
    this.isMixed = isMixed;
  }

  /** Longs are bigint, doubles number. */
  json(row: number): JsonValue {
    return this.#json(row);
  }
}

/** Arrays, by value ids. `isMixed`: of several types, or with single values among them. */
export function arrayColumn(
  of: ValueIds,
  typeName: string,
  toBytes: (value: JsonValue) => Uint8Array,
  isMixed: boolean,
): JsonColumn {
  const rows = new RowIds(of);
  return new JsonColumn(typeName, (row) => of.value(rows.id(row)), toBytes, of.hasNulls, isMixed);
}

function asText(value: JsonValue): string | null {
  if (value === null) return null;
  if (typeof value === 'number') return doubleText(value).replaceAll('"', '');
  return String(value as string | bigint);
}

/** Strings mixed with numbers, seen as strings: the dictionary is sorted anew, equal texts become one value. */
export class MixedStringColumn implements StringColumnView {
  readonly kind = 'string';
  readonly hasMultipleValues = false;
  readonly dictionarySorted = true;
  readonly idWidth = 4;
  readonly hasNulls: boolean;
  readonly hasBitmaps: boolean;
  readonly #of: ValueIds;
  readonly #rows: RowIds;
  readonly #texts: (string | null)[];
  readonly #known: Map<string | null, number>;
  /** Per stored id its new one, and the reverse. */
  readonly #newIds: Uint32Array;
  readonly #stored: number[][];
  #buffer = 0;

  constructor(of: ValueIds) {
    this.#of = of;
    this.#rows = new RowIds(of);
    this.hasNulls = of.hasNulls;
    this.hasBitmaps = of.bitmaps !== undefined;
    const all = Array.from({ length: of.cardinality }, (_, id) => asText(of.value(id)));
    const texts = [...new Set(all)].filter((text) => text !== null).sort((a, b) => (a < b ? -1 : 1));
    this.#texts = all.includes(null) ? [null, ...texts] : texts;
    this.#known = new Map(this.#texts.map((text, id) => [text, id]));
    this.#newIds = Uint32Array.from(all, (text) => this.#known.get(text) as number);
    this.#stored = this.#texts.map(() => []);
    this.#newIds.forEach((id, stored) => this.#stored[id]?.push(stored));
  }

  get cardinality(): number {
    return this.#texts.length;
  }

  value(id: number): string | null {
    return this.#texts[id] ?? null;
  }

  idOf(value: string | null): number {
    return this.#known.get(value) ?? -1;
  }

  lowerBoundId(value: string): number {
    let low = 0;
    let high = this.#texts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = this.#texts[middle] as string | null;
      if (there === null || there < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  orBitmap(id: number, bits: number): void {
    for (const stored of this.#stored[id] ?? []) orValueBitmap(this.#of, stored, bits);
  }

  batch(startRow: number): number {
    const { context } = this.#of;
    const { scratch, kernels } = context;
    if (this.#buffer === 0) {
      this.#buffer = scratch.take();
      context.onClose(() => scratch.give(this.#buffer));
    }
    const ids = this.#rows.batch(startRow);
    const out = kernels.arena.u32(this.#buffer, ids.length);
    for (let i = 0; i < ids.length; i++) out[i] = this.#newIds[ids[i] as number] as number;
    return this.#buffer;
  }

  multiBatch(_startRow: number): never {
    throw corruptIn(this.#of.file, 0, 'the column has one value a row');
  }

  /** The value as it is stored: string, bigint or number. */
  json(row: number): JsonValue {
    return this.#of.value(this.#rows.id(row));
  }
}

/** Longs mixed with doubles, seen as doubles. */
export class MixedDoubleColumn implements NumericColumnView {
  readonly kind = 'double';
  readonly hasNulls: boolean;
  readonly #of: ValueIds;
  readonly #rows: RowIds;
  readonly #values: Float64Array;
  #buffer = 0;
  #nulls = 0;

  constructor(of: ValueIds) {
    this.#of = of;
    this.#rows = new RowIds(of);
    this.hasNulls = of.hasNulls;
    this.#values = Float64Array.from({ length: of.cardinality }, (_, id) => Number(of.value(id) ?? 0));
  }

  batch(startRow: number): number {
    const { context } = this.#of;
    const { scratch, kernels } = context;
    if (this.#buffer === 0) {
      this.#buffer = scratch.take();
      context.onClose(() => scratch.give(this.#buffer));
    }
    const ids = this.#rows.batch(startRow);
    const out = kernels.arena.f64(this.#buffer, ids.length);
    for (let i = 0; i < ids.length; i++) out[i] = this.#values[ids[i] as number] as number;
    return this.#buffer;
  }

  nullBits(): number {
    if (!this.hasNulls) return 0;
    this.#nulls ||= valueBitset(this.#of, 0);
    return this.#nulls;
  }

  /** The value as it is stored: bigint or number. */
  json(row: number): JsonValue {
    return this.#of.value(this.#rows.id(row));
  }
}

/** The bitset of the rows that hold an id, kept with the column's file. */
export function valueBitset(of: ValueIds, id: number): number {
  return keptBitset(of.context, of.file, (bits) => {
    if (of.bitmaps !== undefined) orValueBitmap(of, id, bits);
  });
}
