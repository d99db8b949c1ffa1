/** Aggregates of equal groups combined, over typed arrays; longs by 32-bit halves, exact and wrapping. */
import type { FrameColumn } from '../frame.js';
import { CodedError } from '../../proto/errors.js';
import type { Combine, MergeStates } from '../engine/aggregators/accumulator.js';
import {
  type ConcatRoom,
  concatFloats,
  concatLongs,
  isNull,
  nullFlags,
  packNulls,
  typeError,
} from './columns.js';
import { DictionaryBuilder, entryBytes } from './dictionary.js';

interface Groups {
  readonly order: Uint32Array;
  /** Group of each position of `order`; ascending. */
  readonly groupOf: Uint32Array;
  readonly count: number;
}

/** The columns of one aggregator of all frames to one column with a row a group. */
export function combineColumns(
  columns: readonly FrameColumn[],
  rows: readonly number[],
  type: 'LONG' | 'DOUBLE' | 'FLOAT',
  combine: Combine,
  groups: Groups,
  room: ConcatRoom,
): FrameColumn {
  const name = columns[0]?.name ?? '';
  const flags = nullFlags(columns, rows);
  // A group is null until something that is not null arrives.
  const empty = new Uint8Array(groups.count).fill(1);
  if (type === 'LONG') {
    const values = combineLongs(concatLongs(columns, room), flags, combine, groups, empty);
    return withNulls({ name, type, values }, empty);
  }
  const input = concatFloats(columns, type, room);
  if (input instanceof Float64Array) {
    const values = combineFloats(input, new Float64Array(groups.count), flags, combine, groups, empty);
    return withNulls({ name, type: 'DOUBLE', values }, empty);
  }
  const values = combineFloats(input, new Float32Array(groups.count), flags, combine, groups, empty);
  return withNulls({ name, type: 'FLOAT', values }, empty);
}

/** States of all frames, those of one group merged in order. */
export function combineStates(
  columns: readonly FrameColumn[],
  name: string,
  merge: MergeStates | undefined,
  { order, groupOf, count }: Groups,
): FrameColumn {
  if (merge === undefined) throw new CodedError('Bug', `aggregator[${name}] can't merge its states`);
  const states = columns.flatMap((column) => statesOf(column));
  const merged: (Uint8Array | null)[] = Array.from({ length: count }, () => null);
  for (let i = 0; i < order.length; i++) {
    const state = states[order[i] ?? 0] ?? null;
    const group = groupOf[i] ?? 0;
    const before = merged[group] ?? null;
    if (state !== null) merged[group] = before === null ? state : merge(before, state);
  }
  const builder = new DictionaryBuilder();
  const values = Uint32Array.from(merged, (state) => (state === null ? 0 : builder.addBytes(state)));
  const complexType = columns.find((column) => column.type === 'COMPLEX')?.complexType ?? '';
  const column = { name, type: 'COMPLEX', complexType, values, dictionary: builder.build() } as const;
  return withNulls(
    column,
    Uint8Array.from(merged, (state) => (state === null ? 1 : 0)),
  );
}

function statesOf(column: FrameColumn): (Uint8Array | null)[] {
  if (column.type !== 'COMPLEX') throw typeError(column, 'COMPLEX');
  return Array.from(column.values, (entry, row) =>
    isNull(column.nulls, row) ? null : entryBytes(column.dictionary, entry),
  );
}

function withNulls<C extends FrameColumn>(column: C, flags: Uint8Array): C {
  const nulls = packNulls(flags);
  return nulls === undefined ? column : { ...column, nulls };
}

function combineFloats<A extends Float64Array | Float32Array>(
  input: A,
  out: A,
  flags: Uint8Array | undefined,
  combine: Combine,
  { order, groupOf }: Groups,
  empty: Uint8Array,
): A {
  for (let i = 0; i < order.length; i++) {
    const row = order[i] ?? 0;
    if (flags !== undefined && flags[row] === 1) continue;
    const group = groupOf[i] ?? 0;
    const value = input[row] ?? 0;
    if (empty[group] === 1) {
      empty[group] = 0;
      out[group] = value;
      continue;
    }
    const before = out[group] ?? 0;
    // Assigning to a Float32Array rounds, as Java's float addition does.
    if (combine === 'sum') out[group] = before + value;
    else out[group] = combine === 'min' ? Math.min(before, value) : Math.max(before, value);
  }
  return out;
}

function combineLongs(
  input: BigInt64Array,
  flags: Uint8Array | undefined,
  combine: Combine,
  { order, groupOf, count }: Groups,
  empty: Uint8Array,
): BigInt64Array {
  const out = new BigInt64Array(count);
  const from = new Int32Array(input.buffer, input.byteOffset, input.length * 2);
  const to = new Int32Array(out.buffer);
  for (let i = 0; i < order.length; i++) {
    const row = order[i] ?? 0;
    if (flags !== undefined && flags[row] === 1) continue;
    const group = groupOf[i] ?? 0;
    const low = from[row * 2] ?? 0;
    const high = from[row * 2 + 1] ?? 0;
    const at = group * 2;
    if (empty[group] === 1) {
      empty[group] = 0;
      to[at] = low;
      to[at + 1] = high;
      continue;
    }
    const lowBefore = to[at] ?? 0;
    const highBefore = to[at + 1] ?? 0;
    if (combine === 'sum') {
      const total = (lowBefore >>> 0) + (low >>> 0);
      to[at] = total | 0;
      to[at + 1] = (highBefore + high + (total > 0xffffffff ? 1 : 0)) | 0;
      continue;
    }
    const less = high < highBefore || (high === highBefore && low >>> 0 < lowBefore >>> 0);
    if (less === (combine === 'min')) {
      to[at] = low;
      to[at + 1] = high;
    }
  }
  return out;
}
