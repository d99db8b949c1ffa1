/** Frames out of JavaScript values, and frames that all threads of a process share. */
import type { Frame, FrameColumn } from './frame.js';
import { packNulls } from './merge/columns.js';
import { DictionaryBuilder } from './merge/dictionary.js';

/** LONG holds bigint, DOUBLE and FLOAT number, STRING string; null anywhere. */
export type FrameCell = bigint | number | string | null;

export type PlainType = 'LONG' | 'DOUBLE' | 'FLOAT' | 'STRING';

/** A value of another kind than the column's counts as null. */
export function cellColumn(name: string, type: PlainType, cells: readonly FrameCell[]): FrameColumn {
  const flags = new Uint8Array(cells.length);
  const withNulls = (): { nulls?: Uint8Array } => {
    const nulls = packNulls(flags);
    return nulls === undefined ? {} : { nulls };
  };
  switch (type) {
    case 'LONG': {
      const values = new BigInt64Array(cells.length);
      cells.forEach((cell, i) => {
        if (typeof cell === 'bigint') values[i] = cell;
        else flags[i] = 1;
      });
      return { name, type, values, ...withNulls() };
    }
    case 'STRING': {
      const builder = new DictionaryBuilder();
      const entries = new Map<string, number>();
      const values = new Uint32Array(cells.length);
      cells.forEach((cell, i) => {
        if (typeof cell !== 'string') {
          flags[i] = 1;
          return;
        }
        let entry = entries.get(cell);
        if (entry === undefined) entries.set(cell, (entry = builder.addText(cell)));
        values[i] = entry;
      });
      return { name, type, values, dictionary: builder.build(), ...withNulls() };
    }
    default: {
      const values = type === 'DOUBLE' ? new Float64Array(cells.length) : new Float32Array(cells.length);
      cells.forEach((cell, i) => {
        if (typeof cell === 'number') values[i] = cell;
        else flags[i] = 1;
      });
      return { name, type, values, ...withNulls() } as FrameColumn;
    }
  }
}

/** `complexType` as in a frame: the name of the type, or the Druid type of an array. */
export function bytesColumn(
  name: string,
  complexType: string,
  cells: readonly (Uint8Array | null)[],
): FrameColumn {
  const builder = new DictionaryBuilder();
  const values = new Uint32Array(cells.length);
  const flags = new Uint8Array(cells.length);
  cells.forEach((cell, i) => {
    if (cell === null) flags[i] = 1;
    else values[i] = builder.addBytes(cell);
  });
  const nulls = packNulls(flags);
  const column = { name, type: 'COMPLEX', complexType, values, dictionary: builder.build() } as const;
  return nulls === undefined ? column : { ...column, nulls };
}

/** The same frame in shared memory: sent to any number of threads without another copy. */
export const sharedFrame = (frame: Frame): Frame => copied(frame, shared);

/** The same frame in memory that no other has a part of: it may be moved to another thread. */
export const ownFrame = (frame: Frame): Frame => copied(frame, (array) => array.slice() as typeof array);

type Copy = <A extends Packed>(array: A) => A;

function copied(frame: Frame, copy: Copy): Frame {
  const { rows, columns } = frame;
  return { rows, columns: columns.map((column) => copiedColumn(column, copy)) };
}

function copiedColumn(column: FrameColumn, copy: Copy): FrameColumn {
  const nulls = column.nulls === undefined ? {} : { nulls: copy(column.nulls) };
  if (!('dictionary' in column)) return { ...column, values: copy(column.values), ...nulls } as FrameColumn;
  const { bytes, ends } = column.dictionary;
  const dictionary = { bytes: copy(bytes), ends: copy(ends) };
  const values = copy(column.values);
  if (column.type !== 'STRING_ARRAY') return { ...column, values, dictionary, ...nulls };
  return { ...column, values, offsets: copy(column.offsets), dictionary, ...nulls };
}

type Packed = BigInt64Array | Float64Array | Float32Array | Uint32Array | Uint8Array;

function shared<A extends Packed>(array: A): A {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const buffer = new SharedArrayBuffer(array.byteLength);
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  new Uint8Array(buffer).set(bytes);
  const make = array.constructor as new (from: SharedArrayBuffer) => A;
  return new make(buffer);
}
