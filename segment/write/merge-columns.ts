/** Reading the columns of several segments in their merged form: one dictionary, one kind, batch by batch. */
import { isUtf8 } from 'node:buffer';
import { CodedError } from '../../proto/errors.js';
import type { Arena } from '../kernels/arena.js';
import { doubleText, floatText } from '../format/json.js';
import {
  dictionaryTexts,
  PackedDictionary,
  TextPacker,
  type Packed,
  type TextDictionary,
} from '../format/packed-texts.js';
import { textOrder } from '../format/text-order.js';
import { noId, NumberReader } from '../read/plain-values.js';
import { enforcedType } from '../read/nested.js';
import type { CastType } from './source.js';
import type { ColumnView, NumericColumnView, SegmentView, StringColumnView } from '../read/view.js';

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
  readonly dictionary: TextDictionary;
  readonly remaps: readonly Uint32Array[];
  /** Per input whether its rows are read in an order other than the stored one. */
  readonly anyOrder: readonly boolean[];
  /** Auto columns: the type that the schema demanded in every input that has the column. */
  readonly castTo: CastType | undefined;
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
export function mergeColumn(
  name: string,
  inputs: readonly SegmentView[],
  anyOrder: readonly boolean[],
): MergedColumn | undefined {
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
  return { name, kind, parts, typeName, dictionary, remaps, anyOrder, castTo: commonCast(parts) };
}

function commonCast(parts: readonly (ColumnView | undefined)[]): CastType | undefined {
  const casts = new Set(parts.flatMap((part) => (part === undefined ? [] : [enforcedType(part)])));
  return casts.size === 1 ? [...casts][0] : undefined;
}

function isAllNull(column: ColumnView): boolean {
  return column.kind === 'string' && column.cardinality === 1 && column.hasNulls && column.value(0) === null;
}

interface MergedTexts {
  readonly dictionary: TextDictionary;
  readonly remaps: Uint32Array[];
}

function mergeDictionaries(
  parts: readonly (ColumnView | undefined)[],
  inputs: readonly SegmentView[],
): MergedTexts {
  let hasNull = false;
  const packer = new TextPacker();
  // Per part the number of its first text, and its ids that are null.
  const own = parts.map((part, i) => {
    const first = packer.count;
    if (part === undefined) hasNull ||= (inputs[i] as SegmentView).rowCount > 0;
    if (part?.kind !== 'string') return { first, cardinality: 0, nulls: new Set<number>() };
    hasNull ||= part.hasNulls;
    const { cardinality } = part;
    return { first, cardinality, nulls: addTexts(part, packer) };
  });
  const texts = packer.finish();
  const order = textOrder(texts);
  const shift = hasNull ? 1 : 0;
  const ids = new Uint32Array(texts.count);
  let distinct = 0;
  for (let i = 0; i < order.length; i++) {
    const index = order[i]!;
    if (i === 0 || !texts.isSame(index, order[distinct - 1]!)) order[distinct++] = index;
    ids[index] = distinct - 1 + shift;
  }
  const remaps = own.map(({ first, cardinality, nulls }) => {
    const remap = new Uint32Array(cardinality + 1);
    const nullId = hasNull ? 0 : noId;
    let next = first;
    for (let id = 0; id < cardinality; id++) remap[id] = nulls.has(id) ? nullId : ids[next++]!;
    remap[cardinality] = nullId;
    return remap;
  });
  return { dictionary: new PackedDictionary(texts, order.slice(0, distinct), hasNull), remaps };
}

/** Ids whose texts are asked for at once. */
const TEXTS_AT_ONCE = 1 << 16;

/** Adds the texts of a column in the order of their ids; answers which ids are null and have none. */
function addTexts(part: StringColumnView, packer: TextPacker): Set<number> {
  const nulls = new Set<number>();
  const { cardinality } = part;
  const addValue = (id: number): void => {
    const value = part.value(id);
    if (value === null) nulls.add(id);
    else packer.add(value);
  };
  if (cardinality > 0) addValue(0);
  for (let from = 1; from < cardinality; from += TEXTS_AT_ONCE) {
    const count = Math.min(TEXTS_AT_ONCE, cardinality - from);
    const packed = part.texts?.(Uint32Array.from({ length: count }, (_, i) => from + i));
    if (packed !== undefined && areWhole(packed)) packer.addPacked(packed);
    else for (let id = from; id < from + count; id++) addValue(id);
  }
  return nulls;
}

/** Whether each of the texts is well-formed, and none is empty: as such a null would be read. */
function areWhole({ bytes, ends }: Packed): boolean {
  let start = 0;
  for (const end of ends) {
    if (end === start || (bytes[start]! & 0xc0) === 0x80) return false;
    start = end;
  }
  return isUtf8(bytes);
}

/** The same dictionary and remaps, numbers in string columns included: their texts join the dictionary. */
export function addNumberTexts(
  column: MergedColumn,
  arena: Arena,
  inputs: readonly SegmentView[],
): MergedColumn {
  const numeric = column.parts.some((part) => part !== undefined && part.kind !== 'string');
  if (!numeric || (column.kind !== 'string' && column.kind !== 'multiString')) return column;
  const before = dictionaryTexts(column.dictionary);
  const texts = new Set(before);
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
    Uint32Array.from(remap, (old) => ids.get(before[old] ?? null) ?? noId),
  );
  return { ...column, dictionary, remaps };
}

export function numberText(part: NumericColumnView, value: bigint | number | null): string | null {
  if (value === null) return null;
  if (typeof value === 'bigint') return value.toString();
  return (part.kind === 'float' ? floatText(value) : doubleText(value)).replaceAll('"', '');
}
