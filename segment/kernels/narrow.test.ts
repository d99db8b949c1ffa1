/** Kernels that keep numbers in fewer bytes, beside plain TypeScript twins: odd lengths, extreme values, above 2 GiB. */
import { expect } from 'chai';
import { createArena } from './arena.js';
import { compileKernels, instantiateKernels } from './load.js';

const arena = createArena({ maximumBytes: 2 ** 32 - 65536 });
arena.alloc(2 ** 31);
const { segment: kernels } = instantiateKernels(compileKernels(), arena);

let state = 11;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 64, 65, 255, 256, 257, 1000, 8191, 8192];
const list = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const longMin = -(2n ** 63n);
const longMax = 2n ** 63n - 1n;

function longsAt(values: readonly bigint[]): number {
  const at = arena.alloc(values.length * 8);
  arena.i64(at, values.length).set(values);
  return at;
}

describe('kernels over narrow numbers', () => {
  it('keep longs as offsets of the fewest bytes from the smallest', () => {
    const ranges: readonly [bigint, number][] = [
      [0n, 1],
      [255n, 1],
      [256n, 2],
      [65535n, 2],
      [65536n, 4],
      [2n ** 32n - 1n, 4],
      [2n ** 32n, 0],
      [longMax, 0],
      [2n ** 64n - 1n, 0],
    ];
    for (const n of lengths) {
      for (const [range, width] of ranges) {
        const lows = [longMin, -3n, 0n, longMax - range].filter(
          (low) => low >= longMin && low + range <= longMax,
        );
        for (const low of lows) {
          const values = list(
            n,
            () => low + (range === 0n ? 0n : (BigInt(below(2 ** 32)) * 2n ** 31n) % (range + 1n)),
          );
          if (n > 0) values[below(n)] = low;
          if (n > 1) values[values.indexOf(low) === 0 ? n - 1 : 0] = low + range;
          const [source, base, packed, out] = [
            longsAt(values),
            arena.alloc(8),
            arena.alloc(n * 4),
            arena.alloc(n * 8),
          ];
          if (n === 0) arena.i64(base, 1)[0] = low;
          else {
            expect(kernels.narrow_offsets(source, n, base)).to.equal(n > 1 ? width : 1);
            expect(arena.i64(base, 1)[0]).to.equal(low);
          }
          for (const bytes of [1, 2, 4].filter((each) => each >= width && width > 0)) {
            kernels.pack_offsets(source, n, base, bytes, packed);
            const offsets =
              bytes === 1
                ? arena.bytes(packed, n)
                : bytes === 2
                  ? arena.u16(packed, n)
                  : arena.u32(packed, n);
            expect([...offsets].map((offset) => low + BigInt(offset))).to.deep.equal(values);
            kernels.unpack_offsets(packed, n, bytes, base, out);
            expect([...arena.i64(out, n)]).to.deep.equal(values);
          }
          for (const each of [source, base, packed, out]) arena.free(each);
        }
      }
    }
  });

  it('keep numbers of few bit patterns as codes, NaN and minus zero among them', () => {
    const [slots, table] = [arena.alloc(2048), arena.alloc(2048)];
    for (const n of lengths) {
      for (const width of [4, 8]) {
        for (const patterns of [1, 2, 17, 255, 256, 257, 5000]) {
          const odd = [
            0n,
            1n << BigInt(width * 8 - 1),
            0x7ff8000000000001n,
            0xfff0000000000000n,
            0x7fc00001n,
          ];
          const all = [
            ...new Set(
              list(patterns, (i) =>
                BigInt.asUintN(width * 8, odd[i] ?? (BigInt(i * 977) << 40n) | BigInt(i)),
              ),
            ),
          ];
          const values = list(n, (i) => all[i < all.length ? i : below(all.length)] ?? 0n);
          const wanted = [...new Set(values)];
          const [source, codes, out] = [arena.alloc(n * 8), arena.alloc(n), arena.alloc(n * 8)];
          const at = (pointer: number, count: number): bigint[] =>
            width === 8 ? [...arena.u64(pointer, count)] : [...arena.u32(pointer, count)].map(BigInt);
          if (width === 8) arena.u64(source, n).set(values);
          else arena.u32(source, n).set(values.map(Number));
          const entries = kernels.pack_codes(source, n, width, slots, table, codes);
          expect(entries).to.equal(wanted.length > 256 ? 0 : wanted.length);
          if (wanted.length <= 256) {
            expect(at(table, entries)).to.deep.equal(wanted);
            expect([...arena.bytes(codes, n)]).to.deep.equal(values.map((value) => wanted.indexOf(value)));
            kernels.unpack_codes(codes, n, table, width, out);
            expect(at(out, n)).to.deep.equal(values);
          }
          for (const each of [source, codes, out]) arena.free(each);
        }
      }
    }
  });
});
