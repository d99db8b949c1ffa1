/** Numbers of a test segment in fewer bytes, as the read interface may offer them. */
import type { Arena } from '../../segment/kernels/arena.js';
import { BATCH_ROWS, type NarrowBatch, type NumericColumnView } from '../../segment/read/view.js';

/** Undefined for batches that don't fit. Values are bits, of which those of longs are signed. */
export function narrowBatches(
  arena: Arena,
  kind: NumericColumnView['kind'],
  bits: readonly bigint[],
): (start: number) => NarrowBatch | undefined {
  const batches: (NarrowBatch | undefined)[] = [];
  for (let start = 0; start < bits.length; start += BATCH_ROWS) {
    const block = bits.slice(start, start + BATCH_ROWS);
    batches.push(kind === 'long' ? offsets(arena, block) : codes(arena, block, kind === 'float' ? 4 : 8));
  }
  return (start) => batches[start / BATCH_ROWS];
}

function offsets(arena: Arena, values: readonly bigint[]): NarrowBatch | undefined {
  const low = values.reduce((a, b) => (a < b ? a : b));
  const range = values.reduce((a, b) => (a > b ? a : b)) - low;
  if (range >= 2n ** 32n) return undefined;
  const base = arena.alloc(8);
  arena.i64(base, 1)[0] = low;
  const pointer = arena.alloc(values.length * 4);
  const form = range < 256n ? 1 : range < 65536n ? 2 : 4;
  const n = values.length;
  const target =
    form === 1 ? arena.bytes(pointer, n) : form === 2 ? arena.u16(pointer, n) : arena.u32(pointer, n);
  target.set(values.map((value) => Number(value - low)));
  return { form, pointer, base, size: 0 };
}

function codes(arena: Arena, values: readonly bigint[], width: 4 | 8): NarrowBatch | undefined {
  const table = [...new Set(values)];
  if (table.length > 256) return undefined;
  const code = new Map(table.map((value, i) => [value, i]));
  const base = arena.alloc(table.length * width);
  if (width === 8) arena.u64(base, table.length).set(table);
  else arena.u32(base, table.length).set(table.map(Number));
  const pointer = arena.alloc(values.length);
  arena.bytes(pointer, values.length).set(values.map((value) => code.get(value) ?? 0));
  return { form: 0, pointer, base, size: table.length };
}
