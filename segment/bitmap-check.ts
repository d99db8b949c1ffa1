/** Whether the bitmaps of a column's values say what its rows say, in time that grows with the rows and not with rows × values. */
import type { Arena } from './kernels/arena.js';
import { bitsetBytes } from './read/numbers.js';

export interface ValueBitmaps {
  readonly arena: Arena;
  readonly rowCount: number;
  readonly cardinality: number;
  /** By value id, each row once. */
  readonly rowsOf: ReadonlyMap<number, readonly number[]>;
  /** ORs the bitmap of a value into the bitset at `bits`. */
  readonly orBitmap: (id: number, bits: number) => void;
}

/** The first bitmap that is wrong; undefined when none is. Throws what `orBitmap` throws. */
export function wrongBitmap(given: ValueBitmaps): string | undefined {
  const { arena, rowCount, cardinality, rowsOf, orBitmap } = given;
  const bytes = bitsetBytes(rowCount);
  const bits = arena.alloc(bytes);
  try {
    const set = arena.bytes(bits, bytes).fill(0);
    const isSet = (row: number): boolean => (((set[row >>> 3] as number) >>> (row & 7)) & 1) === 1;
    for (let id = 0; id < cardinality; id++) {
      const rows = rowsOf.get(id) ?? [];
      // Every bitmap's own rows are taken out again: what is there before was too much in an earlier one.
      const tooMuch = rows.find(isSet);
      if (tooMuch !== undefined) return strange(tooMuch);
      orBitmap(id, bits);
      for (const row of rows) {
        if (!isSet(row)) return `the bitmap of value[${id}] differs from its rows`;
        set[row >>> 3]! &= ~(1 << (row & 7));
      }
    }
    const left = set.findIndex((byte) => byte !== 0);
    return left < 0
      ? undefined
      : strange(8 * left + Math.log2((set[left] as number) & -(set[left] as number)));
  } finally {
    arena.free(bits);
  }
}

function strange(row: number): string {
  return `a bitmap holds row[${row}], which has another value`;
}
