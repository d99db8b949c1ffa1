/**
 * Kernels over numbers in fewer bytes beside plain TypeScript twins, and bit for bit beside the kernels over whole
 * values: random data, NaN, minus zero, odd lengths, none at all, sums that overflow, addresses above 2 GiB.
 */
import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { queryKernels } from './exports.js';
import { narrowKinds } from './narrow-exports.js';

const arena = createArena({ maximumBytes: 2 ** 32 - 65536 });
arena.alloc(2 ** 31);
const kernels = queryKernels(instantiateKernels(compileKernels(), arena).exports);

let state = 41;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const list = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 127, 257, 700];
const odd = [Number.NaN, -0, 0, Infinity, -Infinity, 1e300, -3.5];
const longMax = 2n ** 63n - 1n;
const bases = [0n, 5n, -300n, longMax - 2n ** 32n, -longMax - 1n];

type Value = bigint | number;
type Form = 0 | 1 | 2 | 4;
const forms: readonly Form[] = [0, 1, 2, 4];
const ops = ['sum', 'min', 'max'] as const;

const taken: number[] = [];
function room(bytes: number): number {
  const at = arena.alloc(bytes);
  taken.push(at);
  return at;
}
afterEach(() => {
  for (const at of taken) arena.free(at);
  taken.length = 0;
});
function ints(values: readonly number[]): number {
  const at = room(values.length * 4);
  arena.u32(at, values.length).set(values);
  return at;
}
function bitset(flags: readonly number[]): number {
  const length = Math.ceil(flags.length / 64) * 8;
  const at = room(length);
  const bytes = arena.bytes(at, length).fill(0);
  flags.forEach((flag, row) => (bytes[row >> 3]! |= flag << (row & 7)));
  return at;
}

interface Numbers {
  readonly form: Form;
  readonly values: readonly Value[];
  /** As kept, and what they are kept with. */
  readonly narrow: number;
  readonly base: number;
  /** As they are. */
  readonly wide: number;
}
function numbers(form: Form, n: number, isPlain = false): Numbers {
  const [narrow, wide] = [room(n * 4), room(n * 8)];
  if (form === 0) {
    const table = list(1 + below(256), () =>
      !isPlain && below(4) === 0 ? (odd[below(odd.length)] ?? 0) : below(64) / 8 + 1,
    );
    const codes = list(n, () => below(table.length));
    const base = room(2048);
    arena.f64(base, table.length).set(table);
    arena.bytes(narrow, n).set(codes);
    const values = codes.map((code) => table[code] ?? 0);
    arena.f64(wide, n).set(values);
    return { form, values, narrow, base, wide };
  }
  const low = bases[below(bases.length)] ?? 0n;
  const offsets = list(n, () => below(2 ** (8 * form)));
  const base = room(8);
  arena.i64(base, 1)[0] = low;
  (form === 1 ? arena.bytes(narrow, n) : form === 2 ? arena.u16(narrow, n) : arena.u32(narrow, n)).set(
    offsets,
  );
  const values = offsets.map((offset) => BigInt.asIntN(64, low + BigInt(offset)));
  arena.i64(wide, n).set(values);
  return { form, values, narrow, base, wide };
}

function fold(op: (typeof ops)[number], a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if (op === 'sum') return BigInt.asIntN(64, a + b);
    return a < b === (op === 'min') ? a : b;
  }
  const [x, y] = [Number(a), Number(b)];
  return op === 'sum' ? x + y : op === 'min' ? Math.min(x, y) : Math.max(x, y);
}
const startOf = (op: (typeof ops)[number], form: Form): Value =>
  op === 'sum'
    ? form === 0
      ? 0
      : 0n
    : form === 0
      ? op === 'min'
        ? Infinity
        : -Infinity
      : op === 'min'
        ? longMax
        : -longMax - 1n;

const groupCount = 5;
const stride = 16;
const copyBytes = groupCount * stride;
/** Cells of `copies` tables, each as an aggregation starts. */
function cellsOf(op: (typeof ops)[number], form: Form, copies: number): number {
  const at = room(copyBytes * copies);
  for (let i = 0; i < groupCount * copies; i++) setCell(at + i * stride, startOf(op, form));
  return at;
}
function setCell(at: number, value: Value): void {
  if (typeof value === 'bigint') arena.i64(at, 1)[0] = value;
  else arena.f64(at, 1)[0] = value;
}
const cellAt = (form: Form, at: number): Value =>
  (form === 0 ? arena.f64(at, 1)[0] : arena.i64(at, 1)[0]) ?? 0;
function contents(form: Form, cells: number, copies: number): Value[] {
  return list(groupCount * copies, (i) => cellAt(form, cells + i * stride));
}

/** Exactly what whole values give, and what a plain loop gives but for the order of additions. */
function check(
  of: Numbers,
  op: (typeof ops)[number],
  got: readonly Value[],
  exact: readonly Value[],
  twin: readonly Value[],
): void {
  expect(got).to.deep.equal(exact);
  got.forEach((value, i) => {
    const wanted = twin[i] ?? 0;
    if (op === 'sum' && of.form === 0 && Number.isFinite(wanted))
      expect(Math.abs(Number(value) - Number(wanted))).to.be.at.most(
        1e-9 * Math.max(1, Math.abs(Number(wanted))),
      );
    else expect(value).to.deep.equal(wanted);
  });
}

/** Every op over every form and length. */
function forAll(
  visit: (
    of: Numbers,
    op: (typeof ops)[number],
    opCode: number,
    stem: `${(typeof ops)[number]}${'F64' | 'I64'}`,
    n: number,
  ) => void,
): void {
  for (const n of lengths) {
    for (const form of forms) {
      ops.forEach((op, opCode) =>
        visit(numbers(form, n), op, opCode, `${op}${form === 0 ? 'F64' : 'I64'}`, n),
      );
    }
  }
}
const folded = (op: (typeof ops)[number], form: Form, values: readonly Value[]): Value =>
  values.reduce((a, b) => fold(op, a, b), startOf(op, form));

describe('kernels over narrow numbers', () => {
  it('bring all rows, those of a selection, or those of a mask into one cell', () => {
    forAll((of, op, opCode, stem, n) => {
      const { form, narrow, base, wide, values } = of;
      const both = (
        run: (p: number, isNarrow: boolean, cell: number) => void,
        kept: readonly Value[],
      ): void => {
        const [one, other] = [cellsOf(op, form, 1), cellsOf(op, form, 1)];
        run(narrow, true, one);
        run(wide, false, other);
        check(of, op, [cellAt(form, one)], [cellAt(form, other)], [folded(op, form, kept)]);
      };
      both((p, isNarrow, cell) => {
        if (isNarrow) kernels[`${op}${narrowKinds[form]}Run`](p, base, n, cell);
        else kernels[`${stem}Run`](p, n, cell);
      }, values);
      const rows = list(n, (i) => i).filter(() => below(3) > 0);
      const sel = ints(rows);
      both(
        (p, isNarrow, cell) => {
          if (isNarrow) kernels[`${op}${narrowKinds[form]}RunSel`](p, base, sel, rows.length, cell);
          else kernels[`${stem}RunSel`](p, sel, rows.length, cell);
        },
        rows.map((row) => values[row] ?? 0),
      );
      for (const share of [0, 3, 9, 50, 100]) {
        const first = below(70);
        const flags = list(first + n, () => (below(100) < share ? 1 : 0));
        const bits = bitset(flags);
        for (const flip of [0, 1]) {
          both(
            (p, isNarrow, cell) => {
              if (isNarrow) kernels[`${op}${narrowKinds[form]}Mask`](p, base, n, bits, first, flip, cell);
              else kernels[`${stem}Mask`](p, n, bits, first, flip, cell);
            },
            values.filter((_, i) => flags[first + i] !== flip),
          );
        }
      }
    });
  });

  it('bring entries into the cells of their groups', () => {
    forAll((of, op, opCode, stem, n) => {
      const { form, narrow, base, wide, values } = of;
      const groups = list(n, () => below(groupCount));
      const at = ints(groups);
      for (const copies of [1, 4]) {
        const copy = copies === 1 ? 0 : copyBytes;
        const both = (
          run: (isNarrow: boolean, cells: number, seen: number) => void,
          entries: readonly (readonly [number, Value])[],
        ): void => {
          const [one, other, seen] = [cellsOf(op, form, copies), cellsOf(op, form, copies), room(groupCount)];
          arena.bytes(seen, groupCount).fill(0);
          run(true, one, seen);
          run(false, other, 0);
          const twin = list(groupCount, (group) =>
            folded(
              op,
              form,
              entries.filter(([g]) => g === group).map(([, value]) => value),
            ),
          );
          const got = contents(form, one, copies);
          expect(got).to.deep.equal(contents(form, other, copies));
          const sums = twin.map((_, group) =>
            folded(
              op,
              form,
              got.filter((__, i) => i % groupCount === group),
            ),
          );
          check(of, op, sums, sums, twin);
          expect([...arena.bytes(seen, groupCount)]).to.deep.equal(
            twin.map((_, group) => (entries.some(([g]) => g === group) ? 1 : 0)),
          );
        };
        both(
          (isNarrow, cells, seen) => {
            if (isNarrow)
              kernels[`${op}${narrowKinds[form]}Group`](at, narrow, base, n, cells, stride, copy, seen);
            else kernels[`${stem}Group`](at, wide, n, cells, stride, copy, seen);
          },
          values.map((value, i) => [groups[i] ?? 0, value]),
        );
        const rows = list(n, () => below(n));
        const sel = ints(rows);
        both(
          (isNarrow, cells, seen) => {
            if (isNarrow)
              kernels[`${op}${narrowKinds[form]}GroupSel`](
                at,
                narrow,
                base,
                sel,
                n,
                cells,
                stride,
                copy,
                seen,
              );
            else kernels[`${stem}GroupSel`](at, wide, sel, n, cells, stride, copy, seen);
          },
          rows.map((row, i) => [groups[i] ?? 0, values[row] ?? 0]),
        );
        const first = below(70);
        const flags = list(first + n, () => below(2));
        const bits = bitset(flags);
        for (const flip of [0, 1]) {
          both(
            (isNarrow, cells, seen) => {
              if (isNarrow)
                kernels[`${op}${narrowKinds[form]}GroupMask`](
                  at,
                  narrow,
                  base,
                  n,
                  bits,
                  first,
                  flip,
                  cells,
                  stride,
                  copy,
                  seen,
                );
              else kernels[`${stem}GroupMask`](at, wide, n, bits, first, flip, cells, stride, copy, seen);
            },
            values.flatMap((value, i) =>
              flags[first + i] === flip ? [] : [[groups[i] ?? 0, value] as const],
            ),
          );
        }
      }
    });
  });

  it('bring plain doubles into the cells of their groups', () => {
    for (const n of lengths) {
      const { narrow, base, wide, values } = numbers(0, n, true);
      const groups = list(n, () => below(groupCount));
      const at = ints(groups);
      const [sel, bits] = [ints(list(n, () => below(n))), bitset(list(n, () => below(2)))];
      for (const op of ['min', 'max'] as const) {
        const stem = `${op}PlainGroup` as const;
        const pairs: readonly [(cells: number) => void, (cells: number) => void][] = [
          [
            (cells) => kernels[`${op}PlainCodeGroup`](at, narrow, base, n, cells, stride, 0, 0),
            (cells) => kernels[stem](at, wide, n, cells, stride, 0, 0),
          ],
          [
            (cells) => kernels[`${op}PlainCodeGroupSel`](at, narrow, base, sel, n, cells, stride, 0, 0),
            (cells) => kernels[`${stem}Sel`](at, wide, sel, n, cells, stride, 0, 0),
          ],
          [
            (cells) =>
              kernels[`${op}PlainCodeGroupMask`](at, narrow, base, n, bits, 0, 0, cells, stride, 0, 0),
            (cells) => kernels[`${stem}Mask`](at, wide, n, bits, 0, 0, cells, stride, 0, 0),
          ],
        ];
        for (const [run, other] of pairs) {
          const [one, two] = [cellsOf(op, 0, 1), cellsOf(op, 0, 1)];
          run(one);
          other(two);
          expect(contents(0, one, 1)).to.deep.equal(contents(0, two, 1));
        }
        const all = cellsOf(op, 0, 1);
        pairs[0]?.[0](all);
        const twin = list(groupCount, (group) =>
          folded(
            op,
            0,
            values.filter((_, i) => groups[i] === group),
          ),
        );
        expect(contents(0, all, 1)).to.deep.equal(twin);
      }
    }
  });

  it('bring entries into buckets that are ranges of rows', () => {
    forAll((of, op, opCode, _stem, n) => {
      const { form, narrow, base, wide } = of;
      const start = 8192;
      const ends = ints([start + (n >> 2), start + (n >> 2), start + (n >> 1), start + n, 2 ** 31]);
      const rows = list(n, (i) => i).filter(() => below(3) > 0);
      const bits = bitset(list(start + n, () => below(2)));
      const kind = form === 0 ? 3 : 0;
      for (const [sel, count, nulls] of [
        [0, n, 0],
        [0, n, bits],
        [ints(rows), rows.length, 0],
      ] as const) {
        const [one, other] = [cellsOf(op, form, 1), cellsOf(op, form, 1)];
        const run = (as: number, p: number, beside: number, cells: number): number =>
          kernels.runBuckets(
            opCode + kind,
            as,
            p,
            beside,
            sel,
            start,
            0,
            count,
            ends,
            0,
            cells,
            stride,
            0,
            nulls,
            1,
          ) >>> 0;
        expect(run(form, narrow, base, one)).to.equal(run(8, wide, 0, other));
        expect(contents(form, one, 1)).to.deep.equal(contents(form, other, 1));
      }
    });
  });

  it('list the values of a selection', () => {
    for (const n of lengths) {
      for (const form of forms) {
        const { values, narrow, base } = numbers(form, n);
        const rows = list(n, () => below(n));
        const out = room(n * 8);
        kernels.narrowGather(form, narrow, base, 8, ints(rows), n, out);
        const got = form === 0 ? arena.f64(out, n) : arena.i64(out, n);
        expect([...got]).to.deep.equal(rows.map((row) => values[row]));
      }
      const table = list(9, (i) => i / 4 - 1);
      const base = room(36);
      arena.f32(base, 9).set(table);
      const codes = list(n, () => below(9));
      const at = room(n);
      arena.bytes(at, n).set(codes);
      const rows = list(n, () => below(n));
      const out = room(n * 4);
      kernels.narrowGather(0, at, base, 4, ints(rows), n, out);
      expect([...arena.f32(out, n)]).to.deep.equal(rows.map((row) => table[codes[row] ?? 0]));
    }
  });

  it('list the values of offsets, and bits as bytes', () => {
    const [base, out] = [room(8), room(2048)];
    for (const low of bases) {
      arena.i64(base, 1)[0] = low;
      kernels.offsetTable(base, out);
      expect([...arena.i64(out, 256)]).to.deep.equal(list(256, (i) => BigInt.asIntN(64, low + BigInt(i))));
    }
    for (const n of lengths.filter((length) => length <= 257)) {
      const flags = list(n, () => below(2));
      arena.bytes(out, n + 1)[n] = 7;
      kernels.bitsToBytes(bitset(flags), n, out);
      expect([...arena.bytes(out, n + 1)]).to.deep.equal([...flags, 7]);
    }
  });
});
