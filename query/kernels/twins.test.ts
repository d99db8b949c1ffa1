/**
 * Kernels over bits, selections, numbers and predicates beside plain TypeScript twins: random data, NaN, odd lengths,
 * none at all, addresses above 2 GiB; and a list that leaves no kernel without a twin.
 */
import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { queryKernels } from './exports.js';

const arena = createArena({ maximumBytes: 2 ** 32 - 65536 });
arena.alloc(2 ** 31);
const loaded = instantiateKernels(compileKernels(), arena);
const kernels = queryKernels(loaded.exports);

let state = 23;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const lengths = [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 127, 257, 700];
const list = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const odd = [Number.NaN, -0, 0, Infinity, -Infinity, 1e300, -1e300, 9.3e18, -9.3e18, 2 ** 53, -2.5];
const number = (): number => (below(4) === 0 ? (odd[below(odd.length)] ?? 0) : below(2000) / 8 - 100);

const ints = (values: readonly number[]): number => {
  const at = arena.alloc(values.length * 4);
  arena.u32(at, values.length).set(values);
  return at;
};
const longs = (values: readonly bigint[]): number => {
  const at = arena.alloc(values.length * 8);
  arena.i64(at, values.length).set(values);
  return at;
};
const doubles = (values: readonly number[]): number => {
  const at = arena.alloc(values.length * 8);
  arena.f64(at, values.length).set(values);
  return at;
};
const floats = (values: readonly number[]): number => {
  const at = arena.alloc(values.length * 4);
  arena.f32(at, values.length).set(values);
  return at;
};
const bytes = (values: readonly number[]): number => {
  const at = arena.alloc(values.length);
  arena.bytes(at, values.length).set(values);
  return at;
};
const long = (): bigint =>
  (below(5) === 0 ? (1n << 63n) - 1n : BigInt(below(2 ** 32)) * BigInt(below(2 ** 31))) *
  (below(2) === 0 ? 1n : -1n);

/** Whole words; bits behind the last flag are 0. */
function bitset(flags: readonly number[]): number {
  const words = Math.ceil(flags.length / 64);
  const packed = new Uint8Array(words * 8);
  flags.forEach((flag, row) => (packed[row >> 3]! |= flag << (row & 7)));
  return bytes([...packed]);
}
const flagsAt = (at: number, n: number): number[] =>
  list(n, (row) => ((arena.bytes(at, Math.ceil(n / 8))[row >> 3] ?? 0) >> (row & 7)) & 1);
const wordsOf = (n: number): number => Math.ceil(n / 64);

const toLong = (value: number): bigint => {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  return value < -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(value));
};

/** Java's order of doubles as ascending longs. */
const cast = new DataView(new ArrayBuffer(8));
function orderKey(value: number): bigint {
  cast.setFloat64(0, value);
  const key = Number.isNaN(value) ? 0x7ff8000000000000n : cast.getBigInt64(0);
  return key < 0n ? key ^ 0x7fffffffffffffffn : key;
}

describe('kernels beside their twins', () => {
  it('combine, copy and clear bitsets', () => {
    for (const n of lengths) {
      const a = list(wordsOf(n) * 64, () => below(2));
      const b = a.map(() => below(2));
      const words = wordsOf(n);
      const out = bitset(a.map(() => below(2)));
      const check = (wanted: readonly number[]): void => {
        expect(flagsAt(out, words * 64)).to.deep.equal(wanted);
      };
      kernels.bitsAnd(bitset(a), bitset(b), out, words);
      check(a.map((bit, i) => bit & (b[i] ?? 0)));
      kernels.bitsOr(bitset(a), bitset(b), out, words);
      check(a.map((bit, i) => bit | (b[i] ?? 0)));
      kernels.bitsAndNot(bitset(a), bitset(b), out, words);
      check(a.map((bit, i) => bit & (1 - (b[i] ?? 0))));
      kernels.bitsNot(bitset(a), out, words);
      check(a.map((bit) => 1 - bit));
      kernels.bitsCopy(bitset(a), out, words);
      check(a);
      const from = below(words * 64 + 1);
      const to = below(words * 64 + 1);
      expect(kernels.bitsCount(out, from, to) >>> 0).to.equal(
        a.slice(from, Math.max(from, to)).filter((bit) => bit).length,
      );
      kernels.bitsClear(out, words);
      check(a.map(() => 0));
      const some = bytes(list(n + 2, () => 7));
      kernels.clearBytes(some + 1, n);
      expect([...arena.bytes(some, n + 2)]).to.deep.equal([7, ...list(n, () => 0), 7]);
    }
  });

  it('refine and search selections', () => {
    for (const n of lengths) {
      const base = below(100);
      const rows = list(n, (i) => i * 3 + below(3));
      const flags = list(base + n * 3 + 3, () => below(2));
      const groups = rows.map(() => below(50));
      for (const flip of [0, 1]) {
        const outSel = arena.alloc(n * 4);
        const outGroups = arena.alloc(n * 4);
        const kept = rows.flatMap((row, i) => (flags[row + base] === flip ? [] : [i]));
        const count = kernels.selectionRefine(
          ints(rows),
          ints(groups),
          n,
          bitset(flags),
          base,
          flip,
          outSel,
          outGroups,
        );
        expect(count).to.equal(kept.length);
        expect([...arena.u32(outSel, count)]).to.deep.equal(kept.map((i) => rows[i]));
        expect([...arena.u32(outGroups, count)]).to.deep.equal(kept.map((i) => groups[i]));
        const sameSel = ints(rows);
        expect(kernels.selectionRefine(sameSel, 0, n, bitset(flags), base, flip, sameSel, 0)).to.equal(count);
        expect([...arena.u32(sameSel, count)]).to.deep.equal(kept.map((i) => rows[i]));
      }
      const row = below(n * 3 + 2);
      expect(kernels.selectionLowerBound(ints(rows), n, row)).to.equal(
        rows.filter((one) => one < row).length,
      );
      const times = rows.map((one) => BigInt(one) - 50n);
      expect(kernels.lowerBoundI64(longs(times), n, BigInt(row) - 50n)).to.equal(
        rows.filter((one) => one < row).length,
      );
    }
  });

  it('gather by rows, mark and look up', () => {
    for (const n of lengths) {
      const rows = list(n, () => below(n + 4));
      const sel = ints(rows);
      const wide = list(n + 4, long);
      const narrow = list(n + 4, () => below(2 ** 32));
      const out = arena.alloc(n * 8);
      kernels.gather64(longs(wide), sel, n, out);
      expect([...arena.i64(out, n)]).to.deep.equal(rows.map((row) => wide[row]));
      kernels.gather32(ints(narrow), sel, n, out);
      expect([...arena.u32(out, n)]).to.deep.equal(rows.map((row) => narrow[row]));
      kernels.gather32To64(ints(narrow), sel, n, out);
      expect([...arena.i64(out, n)]).to.deep.equal(rows.map((row) => BigInt(narrow[row] ?? 0)));
      for (const width of [1, 2, 4]) {
        const ids = list(n + 4, () => below(2 ** Math.min(31, width * 8)));
        const at = arena.alloc((n + 4) * 4);
        if (width === 1) arena.bytes(at, n + 4).set(ids);
        else if (width === 2) arena.u16(at, n + 4).set(ids);
        else arena.u32(at, n + 4).set(ids);
        kernels.idsGather(at, width, sel, n, out);
        expect([...arena.u32(out, n)]).to.deep.equal(rows.map((row) => ids[row]));
      }
      const flags = list(n + 4, () => below(2));
      const numbers = ints(rows);
      kernels.numbersWithNull(numbers, sel, n, bitset([0, 0, 0, ...flags]), 3);
      expect([...arena.u32(numbers, n)]).to.deep.equal(rows.map((row) => (flags[row] === 1 ? 0 : row + 1)));
      const bits = arena.alloc(wordsOf(n) * 8);
      kernels.lookupBits(sel, n, bytes(flags), bits);
      expect(flagsAt(bits, wordsOf(n) * 64)).to.deep.equal(
        list(wordsOf(n) * 64, (i) => (i < n ? (flags[rows[i] ?? 0] ?? 0) : 0)),
      );
      const marks = list(n, () => (below(3) === 0 ? 1 : 0));
      const count = kernels.markedNumbers(bytes(marks), n, out);
      expect([...arena.u32(out, count)]).to.deep.equal(marks.flatMap((mark, i) => (mark === 1 ? [i] : [])));
      const seen = bytes(list(n + 4, () => 0));
      kernels.markGroup(sel, n, seen);
      expect([...arena.bytes(seen, n + 4)]).to.deep.equal(
        list(n + 4, (group) => (rows.includes(group) ? 1 : 0)),
      );
      kernels.fill8(seen, 9);
      expect(arena.bytes(seen, 1)[0]).to.equal(9);
      const sizes = list(n + 4, () => below(4));
      let end = 0;
      const offsets = ints([0, ...sizes.map((size) => (end += size))]);
      const entries = rows.reduce((sum, row) => sum + Math.max(1, sizes[row] ?? 0), 0);
      expect(kernels.explodedCount(offsets, sel, n)).to.equal(entries);
    }
  });

  it('aggregate selected rows to one cell', () => {
    const folds = {
      sum: (a: number, b: number) => a + b,
      min: (a: number, b: number) => Math.min(a, b),
      max: (a: number, b: number) => Math.max(a, b),
    };
    for (const n of lengths) {
      const rows = list(n, () => below(n + 3));
      for (const op of ['sum', 'min', 'max'] as const) {
        const eighths = list(n + 3, () => (op === 'sum' ? below(800) / 8 : number()));
        const small = eighths.map((value) => Math.fround(value));
        const whole = list(n + 3, () => BigInt(below(1000) - 500));
        const wanted = (values: readonly number[]): number =>
          rows.reduce((a, row) => folds[op](a, values[row] ?? 0), 2);
        const cell = arena.alloc(8);
        arena.i64(cell, 1)[0] = 2n;
        kernels[`${op}I64RunSel`](longs(whole), ints(rows), n, cell);
        expect(Number(arena.i64(cell, 1)[0])).to.equal(wanted(whole.map(Number)));
        arena.f64(cell, 1)[0] = 2;
        kernels[`${op}F64RunSel`](doubles(eighths), ints(rows), n, cell);
        expect(Object.is(arena.f64(cell, 1)[0], wanted(eighths))).to.equal(true);
        arena.f32(cell, 1)[0] = 2;
        kernels[`${op}F32RunSel`](floats(small), ints(rows), n, cell);
        expect(Object.is(arena.f32(cell, 1)[0], wanted(small))).to.equal(true);
      }
      const cell = arena.alloc(8);
      arena.i64(cell, 1)[0] = 5n;
      kernels.countRun(n, cell);
      expect(arena.i64(cell, 1)[0]).to.equal(BigInt(n + 5));
    }
  });

  it('convert as Java casts', () => {
    for (const n of lengths) {
      const wide = list(n, long);
      const real = list(n, number);
      const small = real.map((value) => Math.fround(value));
      const out = arena.alloc(n * 8);
      kernels.convertI64ToF64(longs(wide), n, out);
      expect([...arena.f64(out, n)]).to.deep.equal(wide.map(Number));
      kernels.convertI64ToF32(longs(list(n, (i) => BigInt(i * 7 - 900))), n, out);
      expect([...arena.f32(out, n)]).to.deep.equal(list(n, (i) => i * 7 - 900));
      kernels.convertF64ToI64(doubles(real), n, out);
      expect([...arena.i64(out, n)]).to.deep.equal(real.map(toLong));
      kernels.convertF64ToF32(doubles(real), n, out);
      expect([...arena.f32(out, n)]).to.deep.equal(small);
      kernels.convertF32ToF64(floats(small), n, out);
      expect([...arena.f64(out, n)]).to.deep.equal(small);
      kernels.convertF32ToI64(floats(small), n, out);
      expect([...arena.i64(out, n)]).to.deep.equal(small.map(toLong));
    }
  });

  it('match ids, ranges and sets', () => {
    for (const n of lengths) {
      const bits = arena.alloc(wordsOf(n) * 8);
      const check = (matches: (row: number) => boolean): void => {
        const size = wordsOf(n) * 64;
        expect(flagsAt(bits, size)).to.deep.equal(list(size, (row) => (row < n && matches(row) ? 1 : 0)));
      };
      const table = list(200, () => below(2));
      const ids = list(n, () => below(200));
      const isIn = (row: number): boolean => table[ids[row] ?? 0] === 1;
      kernels.matchIds1(bytes(ids), n, bytes(table), bits);
      check(isIn);
      const pairs = arena.alloc(n * 2);
      arena.u16(pairs, n).set(ids);
      kernels.matchIds2(pairs, n, bytes(table), bits);
      check(isIn);
      kernels.matchIds4(ints(ids), n, bytes(table), bits);
      check(isIn);
      const lists = list(n, () => list(below(4), () => below(200)));
      let end = 0;
      const offsets = ints([0, ...lists.map((one) => (end += one.length))]);
      for (const empty of [0, 1]) {
        kernels.matchIdsMulti(offsets, ints(lists.flat()), n, bytes(table), empty, bits);
        check((row) => {
          const own = lists[row] ?? [];
          return own.length === 0 ? empty === 1 : own.some((id) => table[id] === 1);
        });
      }
      const kinds = [
        { range: kernels.rangeI64, inSet: kernels.inI64, make: () => BigInt(below(40) - 20), at: longs },
      ] as const;
      for (const { range, inSet, make, at } of kinds) {
        const values = list(n, make);
        const [low, high] = [make(), make()];
        range(at(values), n, low, high, bits);
        check((row) => (values[row] ?? 0n) >= low && (values[row] ?? 0n) <= high);
        const keys = [...new Set(list(below(9), make))].toSorted((a, b) => (a < b ? -1 : 1));
        inSet(at(values), n, longs(keys), keys.length, bits);
        check((row) => keys.includes(values[row] ?? 0n));
      }
      for (const isFloat of [false, true]) {
        const make = (): number => (isFloat ? Math.fround(number()) : number());
        const values = list(n, make);
        const keyAt = (row: number): bigint => orderKey(values[row] ?? 0);
        const at = isFloat ? floats(values) : doubles(values);
        const [low, high] = [orderKey(make()), orderKey(make())];
        (isFloat ? kernels.rangeF32 : kernels.rangeF64)(at, n, low, high, bits);
        check((row) => keyAt(row) >= low && keyAt(row) <= high);
        const keys = [...new Set(list(below(9), () => orderKey(make())))].toSorted((a, b) =>
          a < b ? -1 : 1,
        );
        (isFloat ? kernels.inF32 : kernels.inF64)(at, n, longs(keys), keys.length, bits);
        check((row) => keys.includes(keyAt(row)));
      }
    }
  });

  it('are all of them beside one: here or in the files named', () => {
    const elsewhere: Readonly<Record<string, RegExp>> = {
      'query/kernels/kernels.test.ts':
        /^(?:sum(?:I64|F64|F32)Run|bits(?:FillRange|First|Last|ToSelection)|selectRange|hash(?:Number|Rebuild)|bucketNumbers|packLz4)$/,
      'query/kernels/grouped.test.ts':
        /^(?:(?:sum|min|max)(?:I64|F64|F32|Plain)Group(?:Sel|Mask)?|isPlainF64|(?:count|mark)GroupMask|countGroup|fillCells|gatherCells|idsWiden|combine32|pair64|fill32|runBuckets)$/,
      'query/kernels/masks.test.ts':
        /^(?:(?:sum|min|max)(?:I64|F64|F32)Mask|(?:min|max)(?:I64|F64|F32)Run|spareGroups(?:Sel)?|anyKept|firstUnmarked|markThose|marksMissing|zero_marked|explode|explodeRange|anyEmpty|emptyRows|rowsOfValues|filledRows)$/,
      'query/kernels/narrow.test.ts':
        /^(?:(?:sum|min|max)(?:U8|U16|U32|Code)(?:Run|RunSel|Mask|Group|GroupSel|GroupMask)|(?:min|max)PlainCodeGroup(?:Sel|Mask)?|narrowGather|offsetTable|bitsToBytes)$/,
      'query/kernels/row-text.test.ts': /^row_text$/,
      'segment/kernels/narrow.test.ts': /^(?:narrow_offsets|(?:un)?pack_(?:offsets|codes))$/,
      'segment/kernels/lz4.test.ts': /^lz4_/,
      'segment/kernels/bitmap.test.ts': /^(?:roaring|concise)_or$/,
      'segment/kernels/unpack.test.ts': /^(?:unpack_(?:le|be|delta|table)|max_id|ascending|set_range)$/,
      'segment/format/packed-texts.test.ts': /^text_/,
      'ingest/formats/cell-scan.test.ts': /^json_/,
    };
    const here =
      /^(?:bits(?:And|Or|AndNot|Not|Copy|Count|Clear)|clearBytes|selection(?:Refine|LowerBound)|lowerBoundI64|gather(?:32|64|32To64)|idsGather|numbersWithNull|lookupBits|markedNumbers|markGroup|fill8|explodedCount|(?:sum|min|max)(?:I64|F64|F32)RunSel|countRun|convert\w+|matchIds(?:1|2|4|Multi)|(?:range|in)(?:I64|F64|F32))$/;
    const names = Object.keys(loaded.exports).filter((name) => typeof loaded.exports[name] === 'function');
    const patterns = [here, ...Object.values(elsewhere)];
    expect(names.filter((name) => !patterns.some((pattern) => pattern.test(name)))).to.deep.equal([]);
  });
});
