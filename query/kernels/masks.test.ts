/** Kernels over bitsets and rows with several values beside plain TypeScript twins: NaN, odd lengths, above 2 GiB. */
import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { queryKernels } from './exports.js';

const arena = createArena({ maximumBytes: 2 ** 32 - 65536 });
arena.alloc(2 ** 31);
const kernels = queryKernels(instantiateKernels(compileKernels(), arena).exports);

let state = 11;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 100, 257, 1000];
const firsts = [0, 3, 8, 13, 64];

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

const kinds = ['I64', 'F64', 'F32'] as const;
type Kind = (typeof kinds)[number];
const odd = [Number.NaN, -0, 0, Infinity, -Infinity, -3.5];

function numbersAt(kind: Kind, values: readonly number[]): number {
  const pointer = arena.alloc(values.length * 8);
  if (kind === 'I64') arena.i64(pointer, values.length).set(values.map(BigInt));
  else if (kind === 'F64') arena.f64(pointer, values.length).set(values);
  else arena.f32(pointer, values.length).set(values);
  return pointer;
}
function numberAt(kind: Kind, pointer: number): number {
  if (kind === 'I64') return Number(arena.i64(pointer, 1)[0]);
  return (kind === 'F64' ? arena.f64(pointer, 1)[0] : arena.f32(pointer, 1)[0]) ?? 0;
}

const folds = {
  sum: (a: number, b: number) => a + b,
  min: (a: number, b: number) => Math.min(a, b),
  max: (a: number, b: number) => Math.max(a, b),
} as const;

/** Every length, first row and sense of bits, of few and of many rows that count. */
function forEachMask(
  visit: (n: number, first: number, flip: 0 | 1, bits: number, isKept: (i: number) => boolean) => void,
): void {
  for (const n of lengths) {
    for (const first of firsts) {
      for (const flip of [0, 1] as const) {
        // From none and very few to all of them.
        const share = [0, 2, 5, 12, 30, 50, 90, 100][below(8)] ?? 0;
        const flags = Array.from({ length: first + n + 8 }, () => (below(100) < share ? 1 : 0));
        visit(n, first, flip, bitset(flags), (i) => flags[first + i] !== flip);
      }
    }
  }
}

describe('kernels over masks', () => {
  it('sum and find the least and the most of what a mask keeps', () => {
    forEachMask((n, first, flip, bits, isKept) => {
      for (const kind of kinds) {
        for (const op of ['sum', 'min', 'max'] as const) {
          const start = below(40) - 20;
          // Zeros of both signs are the least or the most of some.
          const isZeros = kind !== 'I64' && below(4) === 0;
          // What is left out may be anything.
          const values = Array.from({ length: n }, (_, i) => {
            if (kind === 'I64') return below(200) - 100;
            if (isZeros)
              return below(9) === 0 ? -0 : below(3) === 0 ? 0 : op === 'max' ? -1 - below(9) : below(9);
            if (!isKept(i) && below(3) > 0) return odd[below(odd.length)] ?? 0;
            return op !== 'sum' && below(50) === 0 ? (odd[below(odd.length)] ?? 0) : below(800) / 8 - 50;
          });
          const cell = numbersAt(kind, [start]);
          kernels[`${op}${kind}Mask`](numbersAt(kind, values), n, bits, first, flip, cell);
          const wanted = values.filter((_, i) => isKept(i)).reduce(folds[op], start);
          const got = numberAt(kind, cell);
          expect(Object.is(got, wanted), `${op}${kind} ${n} ${first}: ${got} ${wanted}`).to.equal(true);
        }
      }
    });
  });

  it('minima and maxima of runs', () => {
    for (const n of lengths) {
      for (const kind of kinds) {
        for (const op of ['min', 'max'] as const) {
          const values = Array.from({ length: n }, () =>
            kind !== 'I64' && below(99) === 0 ? (odd[below(odd.length)] ?? 0) : below(1000) - 500,
          );
          const cell = numbersAt(kind, [3]);
          kernels[`${op}${kind}Run`](numbersAt(kind, values), n, cell);
          expect(Object.is(numberAt(kind, cell), values.reduce(folds[op], 3)), `${op}${kind} ${n}`).to.equal(
            true,
          );
        }
      }
    }
  });

  it('send entries that do not count to spare groups', () => {
    const spare = 500;
    forEachMask((n, first, flip, bits, isKept) => {
      const groups = Array.from({ length: n }, () => below(400));
      const out = arena.alloc(n * 4);
      kernels.spareGroups(ints(groups), n, bits, first, flip, spare, out);
      const check = (isCounted: (i: number) => boolean): void => {
        const got = arena.u32(out, n);
        groups.forEach((group, i) => {
          if (isCounted(i)) expect(got[i]).to.equal(group);
          else expect(got[i]).to.be.within(spare, spare + 3);
        });
      };
      check(isKept);
      const sel = Array.from({ length: n }, () => below(Math.max(1, n)));
      kernels.spareGroupsSel(ints(groups), ints(sel), n, bits, first, flip, spare, out);
      check((i) => isKept(sel[i] ?? 0));
      const any = sel.some((row) => isKept(row)) ? 1 : 0;
      expect(kernels.anyKept(ints(sel), n, bits, first, flip)).to.equal(any);
    });
  });

  it('list rows of any share of set bits', () => {
    for (const share of [0, 1, 10, 15, 20, 50, 90, 99, 100]) {
      for (const n of [...lengths, 8192]) {
        const flags = Array.from({ length: n + 200 }, () => (below(100) < share ? 1 : 0));
        const bits = bitset(flags);
        for (const from of [0, 5, 64, 130]) {
          for (const flip of [0, 1] as const) {
            const out = arena.alloc(n * 4);
            const count = kernels.bitsToSelection(bits, 0, from, from + n, flip, out) >>> 0;
            const wanted = Array.from({ length: n }, (_, i) => from + i).filter((row) => flags[row] !== flip);
            expect([...arena.u32(out, count)]).to.deep.equal(wanted);
            arena.free(out);
          }
        }
      }
    }
  });

  it('tell whether every group that is wanted was seen', () => {
    for (const n of lengths) {
      for (let round = 0; round < 4; round++) {
        const bytesAt = (values: readonly number[]): number => {
          const pointer = arena.alloc(n);
          arena.bytes(pointer, n).set(values);
          return pointer;
        };
        const wanted = Array.from({ length: n }, () => below(2));
        const seen = wanted.map((want) => (round === 0 ? want : below(40) > 0 ? 1 : 0));
        const missing = wanted.some((want, i) => want === 1 && seen[i] === 0) ? 1 : 0;
        expect(kernels.marksMissing(bytesAt(wanted), bytesAt(seen), n)).to.equal(missing);
        const from = below(n + 1);
        const unmarked = seen.indexOf(0, from);
        expect(kernels.firstUnmarked(bytesAt(seen), from, n) >>> 0).to.equal(unmarked < 0 ? n : unmarked);
      }
    }
  });

  it('look for few groups among the entries', () => {
    const size = 30;
    for (const n of lengths) {
      const seen = arena.alloc(size);
      const groups = Array.from({ length: n }, () => below(below(2) === 0 ? size : 3));
      const [a, b, c] = [below(size), below(size), below(size)];
      for (const those of [
        [a, b, c, n],
        [a, a, a, a],
      ].map((four) => four.map((group) => group % size))) {
        arena.bytes(seen, size).fill(0);
        const [first = 0, second = 0, third = 0, fourth = 0] = those;
        kernels.markThose(ints(groups), n, seen, first, second, third, fourth);
        expect([...arena.bytes(seen, size)]).to.deep.equal(
          Array.from({ length: size }, (_, i) => (those.includes(i) && groups.includes(i) ? 1 : 0)),
        );
      }
    }
  });

  it('make marked values zero', () => {
    for (const n of lengths) {
      for (const first of [0, 8, 64]) {
        const flags = Array.from({ length: first + n + 9 }, () => below(2));
        for (const width of [4, 8] as const) {
          const values = Array.from({ length: n + 1 }, () => 1 + below(100));
          const at = width === 8 ? numbersAt('I64', values) : ints(values);
          kernels.zero_marked(at, width, n, bitset(flags), first);
          const got = width === 8 ? [...arena.i64(at, n + 1)].map(Number) : [...arena.u32(at, n + 1)];
          expect(got).to.deep.equal(values.map((value, i) => (i < n && flags[first + i] === 1 ? 0 : value)));
        }
      }
    }
  });

  it('aggregate into buckets what a mask keeps', () => {
    const rows = 300;
    for (const flip of [0, 1] as const) {
      const flags = Array.from({ length: rows }, (_, row) => (row >= 20 && row < 40 ? flip : below(2)));
      const bits = bitset(flags);
      const ends = [20, 40, 63, 200, rows];
      kinds.forEach((kind, k) => {
        (['sum', 'min', 'max'] as const).forEach((op, o) => {
          const values = flags.map(() => below(100) - 50);
          const start = op === 'sum' ? 0 : op === 'min' ? 1000 : -1000;
          const cells = numbersAt(
            'I64',
            ends.map(() => 0),
          );
          for (let b = 0; b < ends.length; b++) {
            const from = numbersAt(kind, [start]);
            arena.bytes(cells + b * 8, 8).set(arena.bytes(from, 8));
          }
          const seen = arena.alloc(ends.length);
          arena.bytes(seen, ends.length).fill(0);
          const at = numbersAt(kind, values);
          kernels.runBuckets(k * 3 + o, 8, at, 0, 0, 0, 0, rows, ints(ends), 0, cells, 8, seen, bits, flip);
          ends.forEach((end, b) => {
            const own = values.filter(
              (_, row) => row < end && row >= (ends[b - 1] ?? 0) && flags[row] !== flip,
            );
            expect(numberAt(kind, cells + b * 8)).to.equal(own.reduce(folds[op], start));
            expect(arena.bytes(seen, ends.length)[b]).to.equal(own.length > 0 ? 1 : 0);
          });
        });
      });
      const zeroed = flags.map((flag) => (flag === flip ? 0 : below(50)));
      const cells = numbersAt(
        'I64',
        ends.map(() => 0),
      );
      const seen = arena.alloc(ends.length);
      arena.bytes(seen, ends.length).fill(0);
      const at = numbersAt('I64', zeroed);
      kernels.runBuckets(0, 8, at, 0, 0, 0, 0, rows, ints(ends), 0, cells, 8, seen, bits, flip | 2);
      expect([...arena.i64(cells, ends.length)].map(Number)).to.deep.equal(
        ends.map((end, b) => zeroed.slice(ends[b - 1] ?? 0, end).reduce((a, v) => a + v, 0)),
      );
      expect(arena.bytes(seen, ends.length)[1]).to.equal(0);
    }
  });
});

describe('kernels over rows with several values', () => {
  it('make an entry of each value, and say which rows have any', () => {
    for (const n of lengths) {
      const lists = Array.from({ length: n + 3 }, () =>
        Array.from({ length: below(6) === 0 ? below(40) : below(4) }, () => below(1000)),
      );
      let end = 0;
      const offsets = ints([0, ...lists.map((list) => (end += list.length))]);
      const ids = ints(lists.flat());
      const rows = Array.from({ length: n }, () => below(n + 3));
      const sources = arena.alloc((n + 1) * 40 * 4);
      const out = arena.alloc((n + 1) * 40 * 4);
      const wanted = rows.flatMap((row, i) => {
        const list = lists[row] ?? [];
        return (list.length === 0 ? [77] : list).map((id) => ({ id, row, i }));
      });
      for (const isRow of [false, true]) {
        const sel = ints(rows);
        const count = kernels.explode(offsets, ids, sel, n, 77, isRow ? sel : 0, sources, out) >>> 0;
        expect([...arena.u32(out, count)]).to.deep.equal(wanted.map(({ id }) => id));
        expect([...arena.u32(sources, count)]).to.deep.equal(wanted.map(({ row, i }) => (isRow ? row : i)));
      }
      for (const from of [0, 1, 2]) {
        const count = kernels.explodeRange(offsets, ids, from, n, 77, sources, out) >>> 0;
        const own = Array.from({ length: n }, (_, i) => ({ row: from + i, list: lists[from + i] ?? [] }));
        const pairs = own.flatMap(({ row, list }) =>
          (list.length === 0 ? [77] : list).map((id) => ({ id, row })),
        );
        expect([...arena.u32(out, count)]).to.deep.equal(pairs.map(({ id }) => id));
        expect([...arena.u32(sources, count)]).to.deep.equal(pairs.map(({ row }) => row));
      }
      const isFilled = (row: number): boolean => (lists[row]?.length ?? 0) > 0;
      for (const from of [0, 1, 2]) {
        const own = Array.from({ length: n }, (_, i) => from + i);
        const empty = own.every(isFilled) ? 0 : 1;
        expect(kernels.anyEmpty(offsets, from, n)).to.equal(empty);
        const count = kernels.rowsOfValues(offsets, from, n, sources) >>> 0;
        expect([...arena.u32(sources, count)]).to.deep.equal(
          own.flatMap((row) => (lists[row] ?? []).map(() => row)),
        );
        const empties = kernels.emptyRows(offsets, from, n, out) >>> 0;
        expect([...arena.u32(out, empties)]).to.deep.equal(own.filter((row) => !isFilled(row)));
      }
      const full = ints(Array.from({ length: n + 1 }, (_, i) => i * 2));
      expect(kernels.anyEmpty(full, 0, n)).to.equal(0);
      const bits = arena.alloc(Math.ceil(n / 64) * 8);
      kernels.filledRows(offsets, n, bits);
      const bytes = arena.bytes(bits, Math.ceil(n / 64) * 8);
      const got = Array.from({ length: bytes.length * 8 }, (_, row) => (bytes[row >> 3]! >> (row & 7)) & 1);
      expect(got).to.deep.equal(got.map((_, row) => (row < n && (lists[row]?.length ?? 0) > 0 ? 1 : 0)));
    }
  });
});
