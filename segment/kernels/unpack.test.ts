/** Kernels that widen and check packed integers beside plain TypeScript twins: odd lengths, every width, above 2 GiB. */
import { expect } from 'chai';
import { createArena } from './arena.js';
import { compileKernels, instantiateKernels } from './load.js';

const arena = createArena({ maximumBytes: 2 ** 32 - 65536 });
arena.alloc(2 ** 31);
const { segment: kernels } = instantiateKernels(compileKernels(), arena);

let state = 5;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const lengths = [0, 1, 2, 3, 5, 6, 7, 8, 9, 15, 16, 17, 33, 64, 65, 255];
const list = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

function bytesAt(values: readonly number[]): number {
  const at = arena.alloc(values.length);
  arena.bytes(at, values.length).set(values);
  return at;
}
const bytesOf = (value: number, width: number): number[] =>
  list(width, (i) => Math.floor(value / 2 ** (8 * i)) % 256);

/** Numbers of so many bits, most significant first, one after the other. */
function packed(values: readonly bigint[], bits: number): number {
  const text = values.map((value) => value.toString(2).padStart(bits, '0')).join('');
  return bytesAt(
    list(Math.ceil(text.length / 8) + 9, (i) => parseInt(text.slice(i * 8, i * 8 + 8).padEnd(8, '0'), 2)),
  );
}

describe('kernels over packed integers', () => {
  it('widen ids of 1 to 4 bytes, of both byte orders', () => {
    for (const n of lengths) {
      for (const width of [1, 2, 3, 4]) {
        const ids = list(n, () => below(2 ** (8 * width)));
        const out = arena.alloc(n * 4);
        kernels.unpack_le(bytesAt([...ids.flatMap((id) => bytesOf(id, width)), 0, 0, 0, 0]), n, width, out);
        expect([...arena.u32(out, n)]).to.deep.equal(ids);
        const big = bytesAt(ids.flatMap((id) => bytesOf(id, width).toReversed()));
        for (const target of [1, 2, 4]) {
          if (target < width) continue;
          kernels.unpack_be(big, n, width, out, target);
          const got =
            target === 1 ? arena.bytes(out, n) : target === 2 ? arena.u16(out, n) : arena.u32(out, n);
          expect([...got]).to.deep.equal(ids);
        }
      }
    }
  });

  it('find the largest id and say whether numbers ascend', () => {
    for (const n of lengths) {
      for (const width of [1, 2, 4]) {
        const ids = list(n, () => below(2 ** (8 * width)));
        const at = bytesAt(ids.flatMap((id) => bytesOf(id, width)));
        expect(kernels.max_id(at, n, width) >>> 0).to.equal(ids.reduce((a, b) => Math.max(a, b), 0));
      }
      let last = 0;
      const rising = list(n, () => (last += below(3)));
      const at = bytesAt(rising.flatMap((value) => bytesOf(value, 4)));
      expect(kernels.ascending(at, n, last)).to.equal(1);
      if (last > 0) expect(kernels.ascending(at, n, last - 1)).to.equal(0);
      if (n < 2) continue;
      arena.u32(at + below(n - 1) * 4, 1)[0] = last + 1;
      expect(kernels.ascending(at, n, last + 9)).to.equal(0);
    }
  });

  it('unpack numbers of any width, plus a base and through a table', () => {
    for (const bits of [1, 2, 4, 8, 12, 16, 20, 24, 32, 40, 48, 56, 64]) {
      for (const n of lengths) {
        const values = list(n, () =>
          BigInt.asUintN(bits, (BigInt(below(2 ** 32)) << 32n) | BigInt(below(2 ** 32))),
        );
        const first = below(n + 1);
        const base = BigInt(below(1000)) - 500n;
        const at = packed(values, bits);
        const out = arena.alloc(n * 8);
        kernels.unpack_delta(at, first, n - first, bits, base, out);
        expect([...arena.i64(out, n - first)]).to.deep.equal(
          values.slice(first).map((value) => BigInt.asIntN(64, value + base)),
        );
        const ids = list(n, () => BigInt(below(Math.min(7, 2 ** bits))));
        const table = arena.alloc(56);
        arena.i64(table, 7).set(list(7, (i) => BigInt(i * i) - 9n));
        const idsAt = packed(ids, bits);
        expect(kernels.unpack_table(idsAt, first, n - first, bits, table, 7, out)).to.equal(1);
        expect([...arena.i64(out, n - first)]).to.deep.equal(ids.slice(first).map((id) => id * id - 9n));
        const largest = ids.slice(first).reduce((a, b) => (a > b ? a : b), -1n);
        if (largest >= 0n)
          expect(kernels.unpack_table(idsAt, first, n - first, bits, table, Number(largest), out)).to.equal(
            0,
          );
      }
    }
  });

  it('set ranges of bits', () => {
    for (let round = 0; round < 200; round++) {
      const from = below(300);
      const to = from + below(300 - from);
      const bits = bytesAt(list(40, () => 0));
      kernels.set_range(bits, from, to);
      const got = list(320, (row) => ((arena.bytes(bits, 40)[row >> 3] ?? 0) >> (row & 7)) & 1);
      expect(got).to.deep.equal(list(320, (row) => (row >= from && row < to ? 1 : 0)));
    }
  });
});
