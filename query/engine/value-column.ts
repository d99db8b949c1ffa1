/** Key values as a column of the type the query asks for. Values that can't be read as that type become null. */
import type { FrameColumn } from '../frame.js';
import { doubleText, doubleToLong, floatText } from '../json/java-number.js';
import { packNulls } from '../merge/columns.js';
import { DictionaryBuilder } from '../merge/dictionary.js';
import type { DimensionSpec } from '../native/model.js';
import { parseDouble, parseLong } from './numbers.js';

export type Value =
  | string
  | null
  | { readonly kind: 'long'; readonly value: bigint }
  | { readonly kind: 'double' | 'float'; readonly value: number };

/** `valueOf` is asked once for each distinct number. */
export function valueColumn(
  { outputName: name, outputType }: DimensionSpec,
  numbers: Uint32Array,
  valueOf: (number: number) => Value,
): FrameColumn {
  switch (outputType) {
    case 'STRING':
      return stringColumn(name, numbers, valueOf);
    case 'LONG': {
      const known = memo(numbers, (number) => asLong(valueOf(number)));
      const values = BigInt64Array.from({ length: numbers.length }, (_, i) => known(numbers[i] ?? 0) ?? 0n);
      return { name, type: 'LONG', values, ...nullsOf(numbers, known) };
    }
    default: {
      const known = memo(numbers, (number) => asDouble(valueOf(number)));
      const values =
        outputType === 'DOUBLE' ? new Float64Array(numbers.length) : new Float32Array(numbers.length);
      for (let i = 0; i < numbers.length; i++) values[i] = known(numbers[i] ?? 0) ?? 0;
      return { name, type: outputType, values, ...nullsOf(numbers, known) } as FrameColumn;
    }
  }
}

/** Distinct numbers in ascending order, so that sorted ids give a sorted dictionary. */
function distinct(numbers: Uint32Array): Uint32Array {
  const sorted = numbers.slice().sort();
  let kept = 0;
  for (const number of sorted) {
    if (kept === 0 || sorted[kept - 1] !== number) sorted[kept++] = number;
  }
  return sorted.subarray(0, kept);
}

function memo<T>(numbers: Uint32Array, read: (number: number) => T): (number: number) => T | undefined {
  const known = new Map<number, T>();
  for (const number of distinct(numbers)) known.set(number, read(number));
  return (number) => known.get(number);
}

function nullsOf(numbers: Uint32Array, known: (number: number) => unknown): { nulls?: Uint8Array } {
  const flags = Uint8Array.from(numbers, (number) => (known(number) === undefined ? 1 : 0));
  const nulls = packNulls(flags);
  return nulls === undefined ? {} : { nulls };
}

/** Few ids out of many are sorted, others marked in a table. */
const sparseShare = 4;
const sparseMin = 65_536;

/** The distinct ids but `without`, ascending; `entryOf`: the place of each by id, where there is a table of all. */
function usedIds(
  ids: Uint32Array,
  most: number,
  without: number,
): { readonly ids: Uint32Array; readonly entryOf?: Uint32Array } {
  if (most >= sparseShare * ids.length + sparseMin) {
    const all = distinct(ids);
    return { ids: without < 0 ? all : all.filter((id) => id !== without) };
  }
  const used = new Uint8Array(most + 1);
  for (const id of ids) used[id] = 1;
  if (without >= 0) used[without] = 0;
  const wanted = new Uint32Array(Math.min(ids.length, used.length));
  const entryOf = new Uint32Array(most + 1);
  let count = 0;
  for (let id = 0; id <= most; id++) {
    if (used[id] === 0) continue;
    entryOf[id] = count;
    wanted[count++] = id;
  }
  return { ids: wanted.subarray(0, count), entryOf };
}

/** The same for ids whose UTF-8 can be had at once; `nullId` stands for null. */
export function textColumn(
  name: string,
  ids: Uint32Array,
  nullId: number,
  texts: (ids: Uint32Array) => { readonly bytes: Uint8Array; readonly ends: Uint32Array },
): FrameColumn {
  let most = 0;
  let hasNull = false;
  for (const id of ids) {
    if (id > most) most = id;
    if (id === nullId) hasNull = true;
  }
  const wanted = usedIds(ids, most, hasNull ? nullId : -1);
  const values = new Uint32Array(ids.length);
  if (wanted.entryOf !== undefined) {
    const { entryOf } = wanted;
    for (let i = 0; i < ids.length; i++) values[i] = entryOf[ids[i] ?? 0] ?? 0;
  } else {
    const entries = new Map(Array.from(wanted.ids, (id, entry) => [id, entry]));
    for (let i = 0; i < ids.length; i++) values[i] = entries.get(ids[i] ?? 0) ?? 0;
  }
  const column = { name, type: 'STRING', values, dictionary: texts(wanted.ids) } as const;
  if (!hasNull) return column;
  const nulls = packNulls(Uint8Array.from(ids, (id) => (id === nullId ? 1 : 0)));
  return nulls === undefined ? column : { ...column, nulls };
}

const nullEntry = 0xffffffff;

function stringColumn(name: string, numbers: Uint32Array, valueOf: (number: number) => Value): FrameColumn {
  const builder = new DictionaryBuilder();
  const add = (number: number): number => {
    const text = asText(valueOf(number));
    return text === null ? nullEntry : builder.addText(text);
  };
  const entryOf = entryTable(numbers, add);
  const values = new Uint32Array(numbers.length);
  const flags = new Uint8Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    const entry = entryOf(numbers[i] ?? 0);
    if (entry === nullEntry) flags[i] = 1;
    else values[i] = entry;
  }
  const nulls = packNulls(flags);
  const column = { name, type: 'STRING', values, dictionary: builder.build() } as const;
  return nulls === undefined ? column : { ...column, nulls };
}

/** Calls `add` once per distinct number, in ascending order, and answers where to find what it said. */
function entryTable(numbers: Uint32Array, add: (number: number) => number): (number: number) => number {
  let most = 0;
  for (const number of numbers) if (number > most) most = number;
  if (most < sparseShare * numbers.length + sparseMin) {
    const table = new Uint32Array(most + 1);
    for (const number of numbers) table[number] = 1;
    for (let number = 0; number <= most; number++) {
      if (table[number] === 1) table[number] = add(number);
    }
    return (number) => table[number] ?? nullEntry;
  }
  const known = new Map<number, number>();
  for (const number of distinct(numbers)) known.set(number, add(number));
  return (number) => known.get(number) ?? nullEntry;
}

export function asText(value: Value): string | null {
  if (value === null || typeof value === 'string') return value;
  if (value.kind === 'long') return String(value.value);
  return value.kind === 'double' ? doubleText(value.value) : floatText(value.value);
}

function asLong(value: Value): bigint | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string') return parseLong(value);
  return value.kind === 'long' ? value.value : doubleToLong(value.value);
}

function asDouble(value: Value): number | undefined {
  if (value === null) return undefined;
  return typeof value === 'string' ? parseDouble(value) : Number(value.value);
}
