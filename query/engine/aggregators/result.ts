/** Cells of the arena as a column of a frame, in JavaScript memory of its own. */
import type { FrameColumn } from '../../frame.js';
import { wordsOf, type Environment } from '../environment.js';

export type CellType = 'LONG' | 'DOUBLE' | 'FLOAT';

interface Cells {
  readonly name: string;
  readonly type: CellType;
  /** Address of 8-byte cells by group number, `stride` bytes apart. */
  readonly cells: number;
  readonly stride: number;
  /** Address of a byte per group, 0 = null; address 0 = no nulls. */
  readonly seen: number;
  /** Address of the group numbers (u32), and how many. */
  readonly groups: number;
  readonly count: number;
}

export function cellsColumn(environment: Environment, of: Cells): FrameColumn {
  const { kernels, scratch } = environment;
  const { name, count } = of;
  const gathered = scratch.take(count * 8);
  kernels.gatherCells(of.cells, of.stride, of.groups, count, gathered);
  const nulls = of.seen === 0 ? undefined : nullsOf(environment, of, gathered);
  let column: FrameColumn;
  if (of.type === 'LONG') {
    column = { name, type: 'LONG', values: scratch.arena.i64(gathered, count).slice() };
  } else if (of.type === 'DOUBLE') {
    column = { name, type: 'DOUBLE', values: scratch.arena.f64(gathered, count).slice() };
  } else {
    const halves = scratch.arena.f32(gathered, count * 2);
    column = {
      name,
      type: 'FLOAT',
      values: Float32Array.from({ length: count }, (_, i) => halves[i * 2] ?? 0),
    };
  }
  scratch.give(gathered);
  return nulls === undefined ? column : { ...column, nulls };
}

/** Bitmap of the groups not seen, whose values become 0; undefined when all were. */
function nullsOf(
  environment: Environment,
  { seen, groups, count }: Cells,
  gathered: number,
): Uint8Array | undefined {
  const { kernels, scratch } = environment;
  const bits = scratch.take(wordsOf(count) * 8);
  kernels.lookupBits(groups, count, seen, bits);
  const all = kernels.bitsCount(bits, 0, count) >>> 0 === count;
  if (!all) {
    kernels.bitsNot(bits, bits, wordsOf(count));
    kernels.zero_marked(gathered, 8, count, bits, 0);
  }
  const nulls = all ? undefined : scratch.arena.bytes(bits, Math.ceil(count / 8)).slice();
  scratch.give(bits);
  if (nulls !== undefined && count % 8 !== 0) nulls[nulls.length - 1]! &= (1 << (count % 8)) - 1;
  return nulls;
}

export function nullColumn(name: string, type: CellType, count: number): FrameColumn {
  const nulls = allNulls(count);
  if (type === 'LONG') return { name, type, values: new BigInt64Array(count), nulls };
  if (type === 'DOUBLE') return { name, type, values: new Float64Array(count), nulls };
  return { name, type, values: new Float32Array(count), nulls };
}

export function allNulls(count: number): Uint8Array {
  const nulls = new Uint8Array(Math.ceil(count / 8)).fill(0xff);
  if (count % 8 !== 0) nulls[nulls.length - 1] = (1 << (count % 8)) - 1;
  return nulls;
}
