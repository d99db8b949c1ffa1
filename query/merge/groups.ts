/** Merging partial results that are groups with aggregates: timeseries, topN, groupBy. */
import { CodedError } from '../../proto/errors.js';
import type { Frame, FrameColumn } from '../frame.js';
import type { Combine, MergeStates } from '../engine/aggregators/accumulator.js';
import {
  ConcatRoom,
  columnsNamed,
  concatFloats,
  concatLongs,
  isConstant,
  isNull,
  nullFlags,
  pickFloats,
  pickInts,
  pickLongs,
  pickNulls,
  sum,
  typeError,
} from './columns.js';
import { combineColumns, combineStates } from './combine.js';
import { emptyDictionary, mergeDictionaries } from './dictionary.js';
import { doubleKeys, groupRuns, longKeys, packKeys, sortedOrder, type SortKey } from './order.js';

export interface KeyColumn {
  readonly name: string;
  /** COMPLEX: equal when the bytes are, sorted by them. */
  readonly type: 'STRING' | 'LONG' | 'DOUBLE' | 'FLOAT' | 'COMPLEX';
}
export interface AggregateColumn {
  readonly name: string;
  readonly type: 'LONG' | 'DOUBLE' | 'FLOAT' | 'COMPLEX';
  readonly combine: Combine;
  /** Of states (COMPLEX). */
  readonly merge?: MergeStates | undefined;
}

function isIdentity(order: Uint32Array): boolean {
  for (let i = 0; i < order.length; i++) if (order[i] !== i) return false;
  return true;
}

/** One frame that is sorted and without equal keys is its own result. */
export function inOrder(frame: Frame, columns: readonly { readonly name: string }[]): Frame {
  return {
    rows: frame.rows,
    columns: columns.map(({ name }) => columnsNamed([frame], name)).flat(),
    isMerged: true,
  };
}

/** A key column of all frames: what it sorts by, and how its rows are picked for the result. */
interface Key {
  readonly sortKeys: readonly SortKey[];
  pick(rows: Uint32Array): FrameColumn;
}

/** One row per distinct key, sorted by the keys in their order, nulls first. */
export function mergeGroups(
  frames: readonly Frame[],
  keys: readonly KeyColumn[],
  aggregates: readonly AggregateColumn[],
): Frame {
  const only = frames[0];
  const rows = frames.map((frame) => frame.rows);
  const total = sum(rows);
  const found = keys.map((key) => readKey(columnsNamed(frames, key.name), rows, key));
  const sortKeys = packKeys(
    found.flatMap((key) => key.sortKeys),
    total,
  );
  const order = sortedOrder(sortKeys, total);
  const { groupOf, firsts } = groupRuns(sortKeys, order);
  const isMerged = frames.length === 1 && firsts.length === total && isIdentity(order);
  if (only !== undefined && isMerged) return inOrder(only, [...keys, ...aggregates]);
  const groups = { order, groupOf, count: firsts.length };
  const room = new ConcatRoom();
  return {
    rows: firsts.length,
    isMerged: true,
    columns: [
      ...found.map((key) => key.pick(firsts)),
      ...aggregates.map(({ name, type, combine, merge }) => {
        const columns = columnsNamed(frames, name);
        if (type === 'COMPLEX') return combineStates(columns, name, merge, groups);
        return { ...combineColumns(columns, rows, type, combine, groups, room), name };
      }),
    ],
  };
}

function readKey(columns: readonly FrameColumn[], rows: readonly number[], { name, type }: KeyColumn): Key {
  const flags = nullFlags(columns, rows);
  // Null first: 0 for null, 1 for a value, in front of the value's own keys.
  const nullKeys = flags === undefined ? [] : [Uint32Array.from(flags, (flag) => 1 - flag)];
  const nullsOf = (picked: Uint32Array): { nulls?: Uint8Array } => {
    const nulls = pickNulls(flags, picked);
    return nulls === undefined ? {} : { nulls };
  };
  switch (type) {
    case 'LONG': {
      // The one bucket of most queries.
      if (flags === undefined && isConstant(columns)) {
        const value = columns.find(({ values: some }) => some.length > 0)?.values[0] ?? 0n;
        const fill = (picked: Uint32Array): FrameColumn => {
          return { name, type, values: new BigInt64Array(picked.length).fill(BigInt(value)) };
        };
        return { sortKeys: [], pick: fill };
      }
      const values = concatLongs(columns);
      const pick = (picked: Uint32Array): FrameColumn => ({
        name,
        type,
        values: pickLongs(values, picked),
        ...nullsOf(picked),
      });
      return { sortKeys: [...nullKeys, ...longKeys(values)], pick };
    }
    case 'STRING':
    case 'COMPLEX':
      return readDictionaryKey(columns, rows, { name, type }, nullKeys, nullsOf);
    default: {
      const values = concatFloats(columns, type);
      const pick = (picked: Uint32Array): FrameColumn => {
        return { name, type, values: pickFloats(values, picked), ...nullsOf(picked) } as FrameColumn;
      };
      return { sortKeys: [...nullKeys, ...doubleKeys(values)], pick };
    }
  }
}

function readDictionaryKey(
  columns: readonly FrameColumn[],
  rows: readonly number[],
  { name, type }: { readonly name: string; readonly type: 'STRING' | 'COMPLEX' },
  nullKeys: readonly SortKey[],
  nullsOf: (picked: Uint32Array) => { nulls?: Uint8Array },
): Key {
  const strings = columns.map((column) => {
    if (column.type !== 'STRING' && column.type !== 'COMPLEX') throw typeError(column, type);
    return column;
  });
  const { dictionary, remaps } = mergeDictionaries(strings.map((column) => column.dictionary));
  const values = new Uint32Array(sum(rows));
  let at = 0;
  strings.forEach((column, i) => {
    const remap = remaps[i] ?? new Uint32Array(0);
    // Null rows all hold 0, or they would sort as different keys.
    for (let row = 0; row < column.values.length; row++) {
      if (!isNull(column.nulls, row)) values[at + row] = remap[column.values[row] ?? 0] ?? 0;
    }
    at += column.values.length;
  });
  const complexType = strings.find((column) => column.type === 'COMPLEX')?.complexType ?? '';
  return {
    sortKeys: [...nullKeys, values],
    pick(picked) {
      const rest = { name, values: pickInts(values, picked), dictionary, ...nullsOf(picked) };
      return type === 'STRING' ? { ...rest, type } : { ...rest, type, complexType };
    },
  };
}

/** A frame without rows, with the columns a merged result has. */
export function emptyGroups(keys: readonly KeyColumn[], aggregates: readonly AggregateColumn[]): Frame {
  return { rows: 0, columns: [...keys, ...aggregates].map(({ name, type }) => emptyColumn(name, type)) };
}

function emptyColumn(name: string, type: KeyColumn['type'] | AggregateColumn['type']): FrameColumn {
  switch (type) {
    case 'LONG':
      return { name, type, values: new BigInt64Array(0) };
    case 'DOUBLE':
      return { name, type, values: new Float64Array(0) };
    case 'FLOAT':
      return { name, type, values: new Float32Array(0) };
    case 'STRING':
      return { name, type, values: new Uint32Array(0), dictionary: emptyDictionary };
    case 'COMPLEX':
      return { name, type, complexType: '', values: new Uint32Array(0), dictionary: emptyDictionary };
    default:
      throw new CodedError('Bug', 'unknown type of a key column');
  }
}
