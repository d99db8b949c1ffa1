// Groups under a mask: entries are rows first, first + 1, ... of a bitset, and only those whose bit differs from `flip`
// are looked at. Cells, copies of the table and `seen` are those of aggregate.ts.

import { increment, marked, update, updatePlain } from './_cells';
import { wordFrom } from './_words';

/** 0 sum, 1 min, 2 max; 3 and 4: min and max of plain doubles; 5 counts; 6 only marks. */
// @ts-ignore: decorator
@inline function step<T>(cell: usize, p: usize, op: i32): void {
  if (op < 3) update<T>(cell, load<T>(p), op);
  else if (op < 5) updatePlain(cell, p, op == 3);
  else if (op == 5) increment(cell);
}
// @ts-ignore: decorator
@inline function groupMask<T>(
  groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize, op: i32,
): void {
  for (let i: u32 = 0; i < n; i += 64) {
    let x = wordFrom(bits, first + i, flip, n - i);
    const g = groups + (<usize>i << 2), q = p + <usize>i * sizeof<T>();
    for (let fours = <u32>popcnt<u64>(x) >>> 2; fours != 0; fours--) {
      let e = <usize>ctz<u64>(x);
      x &= x - 1;
      step<T>(marked(cells, g + (e << 2), stride, seen), q + e * sizeof<T>(), op);
      e = <usize>ctz<u64>(x);
      x &= x - 1;
      step<T>(marked(cells, g + (e << 2), stride, seen) + copy, q + e * sizeof<T>(), op);
      e = <usize>ctz<u64>(x);
      x &= x - 1;
      step<T>(marked(cells, g + (e << 2), stride, seen) + copy * 2, q + e * sizeof<T>(), op);
      e = <usize>ctz<u64>(x);
      x &= x - 1;
      step<T>(marked(cells, g + (e << 2), stride, seen) + copy * 3, q + e * sizeof<T>(), op);
    }
    for (; x != 0; x &= x - 1) {
      const e = <usize>ctz<u64>(x);
      step<T>(marked(cells, g + (e << 2), stride, seen), q + e * sizeof<T>(), op);
    }
  }
}
export function sumI64GroupMask(groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64>(groups, p, n, bits, first, flip, cells, stride, copy, seen, 0); }
export function minI64GroupMask(groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64>(groups, p, n, bits, first, flip, cells, stride, copy, seen, 1); }
export function maxI64GroupMask(groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64>(groups, p, n, bits, first, flip, cells, stride, copy, seen, 2); }
export function sumF64GroupMask(groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f64>(groups, p, n, bits, first, flip, cells, stride, copy, seen, 0); }
export function minF64GroupMask(groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f64>(groups, p, n, bits, first, flip, cells, stride, copy, seen, 1); }
export function maxF64GroupMask(groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f64>(groups, p, n, bits, first, flip, cells, stride, copy, seen, 2); }
export function sumF32GroupMask(groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f32>(groups, p, n, bits, first, flip, cells, stride, copy, seen, 0); }
export function minF32GroupMask(groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f32>(groups, p, n, bits, first, flip, cells, stride, copy, seen, 1); }
export function maxF32GroupMask(groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f32>(groups, p, n, bits, first, flip, cells, stride, copy, seen, 2); }
export function minPlainGroupMask(groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f64>(groups, p, n, bits, first, flip, cells, stride, copy, seen, 3); }
export function maxPlainGroupMask(groups: usize, p: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f64>(groups, p, n, bits, first, flip, cells, stride, copy, seen, 4); }
export function countGroupMask(groups: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void {
  groupMask<i64>(groups, 0, n, bits, first, flip, cells, stride, copy, seen, 5);
}
/** A byte at `seen` is set for each group of an entry that counts. */
export function markGroupMask(groups: usize, n: u32, bits: usize, first: u32, flip: u32, seen: usize): void {
  groupMask<i64>(groups, 0, n, bits, first, flip, 0, 0, 0, seen, 6);
}
