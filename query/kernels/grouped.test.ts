/** Kernels over groups and ids beside plain TypeScript twins: random data, odd lengths, NaN, addresses above 2 GiB. */
import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { queryKernels, type GroupKernel, type GroupSelKernel } from './exports.js';

const arena = createArena({ maximumBytes: 2 ** 32 - 65536 });
arena.alloc(2 ** 31);
const kernels = queryKernels(instantiateKernels(compileKernels(), arena).exports);

let state = 7;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 100, 257, 1000];

function ints(values: readonly number[]): number {
  const pointer = arena.alloc(values.length * 4);
  arena.u32(pointer, values.length).set(values);
  return pointer;
}
function bitset(flags: readonly number[]): number {
  const length = Math.ceil(flags.length / 64) * 8;
  const pointer = arena.alloc(length);
  const bytes = arena.bytes(pointer, length).fill(0);
  flags.forEach((flag, row) => (bytes[row >> 3]! |= flag << (row & 7)));
  return pointer;
}
const odd = [Number.NaN, -0, 0, Infinity, -Infinity, 1e300, -3.5];

interface Kind {
  readonly kind: 'I64' | 'F64' | 'F32';
  readonly next: (isPlain: boolean) => number;
}
const kinds: readonly Kind[] = [
  { kind: 'I64', next: () => below(2000) - 1000 },
  {
    kind: 'F64',
    next: (isPlain) => (!isPlain && below(6) === 0 ? (odd[below(odd.length)] ?? 0) : below(64) / 8 - 3),
  },
  {
    kind: 'F32',
    next: (isPlain) => (!isPlain && below(6) === 0 ? (odd[below(3)] ?? 0) : below(64) / 8 - 3),
  },
];
const folds = {
  sum: { start: 0, fold: (a: number, b: number) => a + b },
  min: { start: Infinity, fold: (a: number, b: number) => Math.min(a, b) },
  max: { start: -Infinity, fold: (a: number, b: number) => Math.max(a, b) },
} as const;

function valuesAt(kind: Kind['kind'], values: readonly number[]): number {
  const pointer = arena.alloc(values.length * 8);
  if (kind === 'I64') arena.i64(pointer, values.length).set(values.map(BigInt));
  else if (kind === 'F64') arena.f64(pointer, values.length).set(values);
  else arena.f32(pointer, values.length).set(values);
  return pointer;
}
/** Start and end of a cell: infinities as the largest and smallest longs. */
function writeCell(kind: Kind['kind'], pointer: number, value: number): void {
  if (kind === 'I64') {
    const limit = 2n ** 63n - 1n;
    arena.i64(pointer, 1)[0] = value === Infinity ? limit : value === -Infinity ? -limit - 1n : BigInt(value);
  } else if (kind === 'F64') arena.f64(pointer, 1)[0] = value;
  else arena.f32(pointer, 1)[0] = value;
}
function readCell(kind: Kind['kind'], pointer: number): number {
  if (kind === 'I64') return Number(arena.i64(pointer, 1)[0]);
  return (kind === 'F64' ? arena.f64(pointer, 1)[0] : arena.f32(pointer, 1)[0]) ?? 0;
}

const groupsMax = 9;
const stride = 24;

/** Runs a kernel over a table in `copies` copies and compares every cell, folded, with the plain loop. */
function compare(
  label: string,
  { kind, next }: Kind,
  op: keyof typeof folds,
  n: number,
  call: (groups: number, values: number, sel: number, cells: number, copy: number, seen: number) => void,
  options: { readonly copies: number; readonly isPlain?: boolean; readonly isKept?: (i: number) => boolean },
): void {
  const { start, fold } = folds[op];
  const rows = n + below(5);
  const values = Array.from({ length: rows }, () => next(options.isPlain === true));
  const sel = Array.from({ length: n }, () => below(rows));
  const groups = Array.from({ length: n }, () => below(groupsMax));
  const copy = options.copies === 1 ? 0 : groupsMax * stride;
  const table = arena.alloc(groupsMax * stride * options.copies);
  const cells = table + 8;
  for (let g = 0; g < groupsMax * options.copies; g++) writeCell(kind, cells + g * stride, start);
  const seen = arena.alloc(groupsMax);
  arena.bytes(seen, groupsMax).fill(0);
  call(ints(groups), valuesAt(kind, values), ints(sel), cells, copy, seen);
  const isSel = label.includes('Sel');
  const isKept = options.isKept ?? (() => true);
  for (let g = 0; g < groupsMax; g++) {
    const own = groups.flatMap((group, i) =>
      group === g && isKept(i) ? [values[isSel ? (sel[i] ?? 0) : i] ?? 0] : [],
    );
    const wanted = own.reduce((a, b) => fold(a, b), Number(start));
    let got: number = start;
    for (let c = 0; c < options.copies; c++)
      got = fold(got, readCell(kind, cells + (c * groupsMax + g) * stride));
    const isEmptyLong = kind === 'I64' && own.length === 0 && op !== 'sum';
    if (!isEmptyLong) expect(Object.is(got, wanted), `${label} ${n}: ${got} ${wanted}`).to.equal(true);
    expect(arena.bytes(seen, groupsMax)[g]).to.equal(own.length > 0 ? 1 : 0);
  }
  arena.free(table);
}

describe('grouping kernels', () => {
  it('sum, min and max by group, in one table and in copies', () => {
    for (const kind of kinds) {
      for (const op of ['sum', 'min', 'max'] as const) {
        const group: GroupKernel = kernels[`${op}${kind.kind}Group`];
        const groupSel: GroupSelKernel = kernels[`${op}${kind.kind}GroupSel`];
        for (const n of lengths) {
          for (const copies of [1, 4]) {
            compare(
              `${op}${kind.kind}Group`,
              kind,
              op,
              n,
              (g, p, _sel, cells, copy, seen) => group(g, p, n, cells, stride, copy, seen),
              { copies },
            );
            compare(
              `${op}${kind.kind}GroupSel`,
              kind,
              op,
              n,
              (g, p, sel, cells, copy, seen) => groupSel(g, p, sel, n, cells, stride, copy, seen),
              { copies },
            );
          }
        }
      }
    }
  });

  it('min and max of plain doubles without branches', () => {
    const kind = kinds[1];
    if (kind === undefined) return;
    for (const op of ['min', 'max'] as const) {
      for (const n of lengths) {
        for (const copies of [1, 4]) {
          compare(
            `${op}PlainGroup`,
            kind,
            op,
            n,
            (g, p, _sel, cells, copy, seen) => kernels[`${op}PlainGroup`](g, p, n, cells, stride, copy, seen),
            { copies, isPlain: true },
          );
          compare(
            `${op}PlainGroupSel`,
            kind,
            op,
            n,
            (g, p, sel, cells, copy, seen) =>
              kernels[`${op}PlainGroupSel`](g, p, sel, n, cells, stride, copy, seen),
            { copies, isPlain: true },
          );
        }
      }
    }
  });

  it('sum, min, max, count and mark what a mask keeps', () => {
    const double = kinds[1];
    if (double === undefined) return;
    const plain = (['min', 'max'] as const).map((op) => ({ kind: double, op, isPlain: true }));
    const all = kinds.flatMap((kind) =>
      (['sum', 'min', 'max'] as const).map((op) => ({ kind, op, isPlain: false })),
    );
    for (const { kind, op, isPlain } of [...all, ...plain]) {
      const name =
        isPlain && op !== 'sum' ? (`${op}PlainGroupMask` as const) : (`${op}${kind.kind}GroupMask` as const);
      for (const n of lengths) {
        for (const copies of [1, 4]) {
          const first = below(130);
          const flip = below(2);
          const share = below(12);
          const flags = Array.from({ length: first + n + 1 }, () => (below(11) < share ? 1 : 0));
          const bits = bitset(flags);
          const isKept = (i: number): boolean => flags[first + i] !== flip;
          const call = kernels[name];
          compare(
            name,
            kind,
            op,
            n,
            (g, p, _sel, cells, copy, seen) => call(g, p, n, bits, first, flip, cells, stride, copy, seen),
            { copies, isPlain, isKept },
          );
          const groups = Array.from({ length: n }, () => below(groupsMax));
          const counts = arena.alloc(groupsMax * 8);
          arena.i64(counts, groupsMax).fill(0n);
          const seen = arena.alloc(groupsMax);
          arena.bytes(seen, groupsMax).fill(0);
          kernels.countGroupMask(ints(groups), n, bits, first, flip, counts, 8, 0, 0);
          kernels.markGroupMask(ints(groups), n, bits, first, flip, seen);
          for (let g = 0; g < groupsMax; g++) {
            const own = groups.filter((group, i) => group === g && isKept(i)).length;
            expect(Number(arena.i64(counts, groupsMax)[g])).to.equal(own);
            expect(arena.bytes(seen, groupsMax)[g]).to.equal(own > 0 ? 1 : 0);
          }
        }
      }
    }
  });

  it('tell plain doubles from NaN and minus zero', () => {
    for (const n of lengths) {
      const values = Array.from({ length: n }, () => below(8) - 4);
      expect(kernels.isPlainF64(valuesAt('F64', values), n)).to.equal(1);
      for (const bad of [Number.NaN, -0]) {
        if (n === 0) continue;
        values[below(n)] = bad;
        expect(kernels.isPlainF64(valuesAt('F64', values), n), `${n}`).to.equal(0);
        values.fill(1);
      }
    }
  });

  it('count by group and gather cells', () => {
    for (const n of lengths) {
      const groups = Array.from({ length: n }, () => below(groupsMax));
      const cells = arena.alloc(groupsMax * stride);
      kernels.fillCells(cells, groupsMax, stride, 5n);
      kernels.countGroup(ints(groups), n, cells, stride, 0, 0);
      const out = arena.alloc(groupsMax * 8);
      kernels.gatherCells(cells, stride, ints([8, 7, 6, 5, 4, 3, 2, 1, 0]), groupsMax, out);
      const wanted = Array.from({ length: groupsMax }, (_, i) =>
        BigInt(5 + groups.filter((g) => g === 8 - i).length),
      );
      expect([...arena.i64(out, groupsMax)]).to.deep.equal(wanted);
    }
  });

  it('widen, combine, pair and fill ids of any length', () => {
    for (const n of lengths) {
      const ids = Array.from({ length: n }, () => below(200));
      const others = Array.from({ length: n }, () => below(2 ** 32));
      const out = arena.alloc(n * 8);
      for (const width of [1, 2, 4] as const) {
        const at = arena.alloc(n * width);
        const view = { 1: arena.bytes(at, n), 2: arena.u16(at, n), 4: arena.u32(at, n) }[width];
        view.set(ids);
        kernels.idsWiden(at, width, n, out);
        expect([...arena.u32(out, n)]).to.deep.equal(ids);
      }
      kernels.combine32(ints(others), 7, ints(ids), n, out);
      expect([...arena.u32(out, n)]).to.deep.equal(
        others.map((other, i) => (Math.imul(other, 7) + (ids[i] ?? 0)) >>> 0),
      );
      kernels.pair64(ints(ids), ints(others), n, out);
      expect([...arena.u32(out, n * 2)]).to.deep.equal(others.flatMap((other, i) => [other, ids[i] ?? 0]));
      kernels.fill32(out, n, 0xfffffffe);
      expect([...arena.u32(out, n)]).to.deep.equal(ids.map(() => 0xfffffffe));
      kernels.selectRange(1000, n, out);
      expect([...arena.u32(out, n)]).to.deep.equal(ids.map((_, i) => 1000 + i));
    }
  });

  it('aggregate into buckets that are ranges of rows', () => {
    const start = 8192;
    for (const n of lengths) {
      for (const isSel of [false, true]) {
        const rows = n + 10;
        const values = Array.from({ length: rows }, () => below(100));
        const from = isSel ? 0 : below(10);
        const entries = Array.from({ length: rows }, (_, i) => i)
          .filter((i) => (isSel ? below(3) > 0 : i >= from))
          .slice(0, n);
        // Some buckets are empty; the first ones lie before the block.
        const ends = [10, start, start + 3, start + 3, start + below(rows), start + rows]
          .toSorted((a, b) => a - b)
          .concat(2 ** 31);
        const sel = isSel ? ints(entries) : 0;
        const cells = arena.alloc(ends.length * stride);
        const seen = arena.alloc(ends.length);
        kernels.fillCells(cells, ends.length, stride, 0n);
        arena.bytes(seen, ends.length).fill(0);
        const bucketOf = (row: number): number => ends.findIndex((end) => end > start + row);
        const first = 1;
        const last =
          kernels.runBuckets(
            0,
            8,
            valuesAt('I64', values),
            0,
            sel,
            start,
            from,
            entries.length,
            ints(ends),
            first,
            cells,
            stride,
            seen,
            0,
            0,
          ) >>> 0;
        const wanted = ends.map(() => 0);
        for (const row of entries) wanted[bucketOf(row)]! += values[row] ?? 0;
        const got = ends.map((_, b) => Number(arena.i64(cells + b * stride, 1)[0]));
        expect(got).to.deep.equal(wanted);
        const marked = ends.map((_, b) => (entries.some((row) => bucketOf(row) === b) ? 1 : 0));
        expect([...arena.bytes(seen, ends.length)]).to.deep.equal(marked);
        const lastEntry = entries.at(-1);
        expect(last).to.equal(lastEntry === undefined ? first : bucketOf(lastEntry));
      }
    }
  });
});
