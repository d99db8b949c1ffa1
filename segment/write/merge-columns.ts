/** Reading the columns of several segments in their merged form: one dictionary, one kind, batch by batch. */
import { CodedError } from '../../proto/errors.js';
import type { Arena } from '../kernels/arena.js';
import { doubleText, floatText } from '../format/json.js';
import {
  BATCH_ROWS,
  type ColumnView,
  type NumericColumnView,
  type SegmentView,
  type StringColumnView,
} from '../read/view.js';
import type { JsonValue } from './source.js';

export type MergedKind = 'string' | 'multiString' | 'long' | 'float' | 'double' | 'json' | 'auto' | 'complex';

/** One column of the result and where it comes from. */
export interface MergedColumn {
  readonly name: string;
  readonly kind: MergedKind;
  /** Per input its column; undefined = missing there, null in every row. */
  readonly parts: readonly (ColumnView | undefined)[];
  /** Complex columns. */
  readonly typeName: string;
  /** String kinds: the merged dictionary, and per input what its ids become (the entry behind the last: a null row). */
  readonly dictionary: readonly (string | null)[];
  readonly remaps: readonly Uint32Array[];
}

/** No such value in the merged dictionary. */
const noId = 0xffffffff;

interface WithJson {
  json(row: number): JsonValue;
}

function kindOf(column: ColumnView): MergedKind {
  if ((column as { readonly isAuto?: boolean }).isAuto === true) return 'auto';
  if ('json' in column) return column.kind === 'complex' && column.typeName === 'json' ? 'json' : 'auto';
  if (column.kind === 'string') return column.hasMultipleValues ? 'multiString' : 'string';
  return column.kind;
}

/** The kind that holds both; text holds every plain kind. */
function commonKind(name: string, a: MergedKind, b: MergedKind): MergedKind {
  if (a === b) return a;
  const pair = new Set([a, b]);
  if (pair.has('complex')) {
    throw new CodedError(
      'InvalidInput',
      `column[${name}] is complex in one segment and ${a === 'complex' ? b : a} in another`,
      { field: name },
    );
  }
  if (pair.has('json')) return 'json';
  if (pair.has('auto')) return 'auto';
  if (pair.has('multiString')) return 'multiString';
  if (pair.has('string')) return 'string';
  return 'double';
}

/** Works out a column over all inputs; undefined when no input has it. */
export function mergeColumn(name: string, inputs: readonly SegmentView[]): MergedColumn | undefined {
  const parts = inputs.map((input) => input.column(name));
  let kind: MergedKind | undefined;
  let typeName = '';
  for (const part of parts) {
    // An all-null column is of no kind of its own.
    if (part === undefined || isAllNull(part)) continue;
    const own = kindOf(part);
    kind = kind === undefined ? own : commonKind(name, kind, own);
    if (part.kind === 'complex') {
      if (typeName !== '' && typeName !== part.typeName && kind === 'complex') {
        throw new CodedError('InvalidInput', `column[${name}] holds ${typeName} and ${part.typeName}`, {
          field: name,
        });
      }
      typeName = part.typeName;
    }
  }
  if (kind === undefined) {
    const present = parts.find((part) => part !== undefined);
    if (present === undefined) return undefined;
    kind = kindOf(present);
  }
  const isText = kind === 'string' || kind === 'multiString';
  const { dictionary, remaps } = isText ? mergeDictionaries(parts, inputs) : { dictionary: [], remaps: [] };
  return { name, kind, parts, typeName, dictionary, remaps };
}

function isAllNull(column: ColumnView): boolean {
  return column.kind === 'string' && column.cardinality === 1 && column.hasNulls && column.value(0) === null;
}

function mergeDictionaries(
  parts: readonly (ColumnView | undefined)[],
  inputs: readonly SegmentView[],
): { readonly dictionary: (string | null)[]; readonly remaps: Uint32Array[] } {
  let hasNull = false;
  const texts = new Set<string>();
  const own = parts.map((part, i) => {
    if (part === undefined) {
      hasNull ||= (inputs[i] as SegmentView).rowCount > 0;
      return [];
    }
    if (part.kind !== 'string') return [];
    hasNull ||= part.hasNulls;
    const values = Array.from({ length: part.cardinality }, (_, id) => part.value(id));
    for (const value of values) if (value !== null) texts.add(value);
    return values;
  });
  const dictionary: (string | null)[] = [...texts].sort((a, b) => (a < b ? -1 : 1));
  if (hasNull) dictionary.unshift(null);
  const ids = new Map(dictionary.map((value, id) => [value, id]));
  const remaps = own.map((values) => Uint32Array.from([...values, null], (value) => ids.get(value) ?? noId));
  return { dictionary, remaps };
}

/** The same dictionary and remaps, numbers in string columns included: their texts join the dictionary. */
export function addNumberTexts(
  column: MergedColumn,
  arena: Arena,
  inputs: readonly SegmentView[],
): MergedColumn {
  const numeric = column.parts.some((part) => part !== undefined && part.kind !== 'string');
  if (!numeric || (column.kind !== 'string' && column.kind !== 'multiString')) return column;
  const texts = new Set(column.dictionary);
  column.parts.forEach((part, i) => {
    if (part === undefined || part.kind === 'string' || part.kind === 'complex') return;
    const input = inputs[i] as SegmentView;
    const reader = new NumberReader(part, arena, input.rowCount);
    for (let row = 0; row < input.rowCount; row++) texts.add(numberText(part, reader.value(row)));
  });
  const sorted = [...texts].filter((text) => text !== null).sort((a, b) => (a < b ? -1 : 1));
  const dictionary = texts.has(null) ? [null, ...sorted] : sorted;
  const ids = new Map(dictionary.map((value, id) => [value, id]));
  const remaps = column.remaps.map((remap) =>
    Uint32Array.from(remap, (old) => ids.get(column.dictionary[old] ?? null) ?? noId),
  );
  return { ...column, dictionary, remaps };
}

export function numberText(part: NumericColumnView, value: bigint | number | null): string | null {
  if (value === null) return null;
  if (typeof value === 'bigint') return value.toString();
  return (part.kind === 'float' ? floatText(value) : doubleText(value)).replaceAll('"', '');
}

/** Single values of a number column, read in order. */
export class NumberReader {
  readonly #column: NumericColumnView;
  readonly #arena: Arena;
  readonly #rowCount: number;
  readonly #nulls: Uint8Array | undefined;
  #start = -1;
  #values: BigInt64Array | Float64Array | Float32Array = new Float64Array();

  constructor(column: NumericColumnView, arena: Arena, rowCount: number) {
    this.#column = column;
    this.#arena = arena;
    this.#rowCount = rowCount;
    if (column.hasNulls) this.#nulls = arena.bytes(column.nullBits(), Math.ceil(rowCount / 8));
  }

  value(row: number): bigint | number | null {
    const nulls = this.#nulls;
    if (nulls !== undefined && ((nulls[row >>> 3] as number) >>> (row & 7)) & 1) return null;
    const start = row - (row % BATCH_ROWS);
    if (start !== this.#start) this.#load(start);
    return this.#values[row - start] as bigint | number;
  }

  #load(start: number): void {
    const n = Math.min(BATCH_ROWS, this.#rowCount - start);
    const pointer = this.#column.batch(start);
    const { kind } = this.#column;
    // Copies: several readers may share one column, whose buffer is good until the next batch.
    this.#values =
      kind === 'long'
        ? this.#arena.i64(pointer, n).slice()
        : kind === 'double'
          ? this.#arena.f64(pointer, n).slice()
          : this.#arena.f32(pointer, n).slice();
    this.#start = start;
  }
}

/** Merged ids of a string column, one a row. */
export class IdReader {
  readonly #column: StringColumnView;
  readonly #arena: Arena;
  readonly #rowCount: number;
  readonly #remap: Uint32Array;
  #start = -1;
  #ids: Uint8Array | Uint16Array | Uint32Array = new Uint8Array();
  #offsets = new Uint32Array();

  constructor(column: StringColumnView, arena: Arena, rowCount: number, remap: Uint32Array) {
    this.#column = column;
    this.#arena = arena;
    this.#rowCount = rowCount;
    this.#remap = remap;
  }

  /** Of a single-value column. */
  id(row: number): number {
    const start = row - (row % BATCH_ROWS);
    if (start !== this.#start) this.#load(start);
    return this.#remap[this.#ids[row - start] as number] as number;
  }

  /** Of any column; a row without ids holds null. */
  ids(row: number): readonly number[] {
    if (!this.#column.hasMultipleValues) return [this.id(row)];
    const start = row - (row % BATCH_ROWS);
    if (start !== this.#start) this.#load(start);
    const from = this.#offsets[row - start] as number;
    const to = this.#offsets[row - start + 1] as number;
    if (from === to) {
      const nullId = this.#remap[this.#remap.length - 1] as number;
      return nullId === noId ? [] : [nullId];
    }
    const ids: number[] = [];
    const first = this.#offsets[0] as number;
    for (let i = from - first; i < to - first; i++) ids.push(this.#remap[this.#ids[i] as number] as number);
    return ids;
  }

  #load(start: number): void {
    const n = Math.min(BATCH_ROWS, this.#rowCount - start);
    const arena = this.#arena;
    if (this.#column.hasMultipleValues) {
      const at = this.#column.multiBatch(start);
      this.#offsets = arena.u32(at.offsets, n + 1).slice();
      const first = this.#offsets[0] as number;
      this.#ids = arena.u32(at.ids + first * 4, (this.#offsets[n] as number) - first).slice();
    } else {
      const pointer = this.#column.batch(start);
      const { idWidth } = this.#column;
      this.#ids =
        idWidth === 1
          ? arena.bytes(pointer, n).slice()
          : idWidth === 2
            ? arena.u16(pointer, n).slice()
            : arena.u32(pointer, n).slice();
    }
    this.#start = start;
  }
}

/** Any column's value as JSON: longs bigint, doubles number. */
export function jsonReader(
  part: ColumnView | undefined,
  arena: Arena,
  rowCount: number,
): (row: number) => JsonValue {
  if (part === undefined) return () => null;
  if ('json' in part) return (row) => (part as unknown as WithJson).json(row);
  if (part.kind === 'string') {
    const remap = Uint32Array.from({ length: part.cardinality + 1 }, (_, id) => id);
    const reader = new IdReader(part, arena, rowCount, remap);
    const text = (id: number) => (id < part.cardinality ? part.value(id) : null);
    return (row) => {
      const ids = reader.ids(row);
      if (ids.length === 0) return null;
      return ids.length === 1 ? text(ids[0] as number) : ids.map(text);
    };
  }
  if (part.kind === 'complex') throw new CodedError('Bug', 'a complex column is no JSON');
  const reader = new NumberReader(part, arena, rowCount);
  return (row) => reader.value(row);
}
