import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { kernelCompressor } from '../engine/block-compressor.js';
import { orderKey } from '../engine/numbers.js';
import { queryKernels } from './exports.js';

const arena = createArena({ maximumBytes: 1 << 28 });
const loaded = instantiateKernels(compileKernels(), arena);
const kernels = queryKernels(loaded.exports);

function longs(values: readonly bigint[]): number {
  const pointer = arena.alloc(values.length * 8);
  arena.i64(pointer, values.length).set(values);
  return pointer;
}
function doubles(values: readonly number[]): number {
  const pointer = arena.alloc(values.length * 8);
  arena.f64(pointer, values.length).set(values);
  return pointer;
}
function ints(values: readonly number[]): number {
  const pointer = arena.alloc(values.length * 4);
  arena.u32(pointer, values.length).set(values);
  return pointer;
}
const readInts = (pointer: number, n: number): number[] => [...arena.u32(pointer, n)];

describe('query kernels', () => {
  it('sum longs, wrapping, for every length', () => {
    const max = 2n ** 63n - 1n;
    for (let n = 0; n < 40; n++) {
      const values = Array.from({ length: n }, (_, i) => (i % 5 === 0 ? max : BigInt(i) - 7n));
      const cell = longs([3n]);
      kernels.sumI64Run(longs(values), n, cell);
      expect(arena.i64(cell, 1)[0]).to.equal(
        BigInt.asIntN(
          64,
          values.reduce((a, b) => a + b, 3n),
        ),
      );
    }
  });

  it('sum doubles and floats for every length', () => {
    for (let n = 0; n < 40; n++) {
      const values = Array.from({ length: n }, (_, i) => i / 4 - 3);
      const sum = values.reduce((a, b) => a + b, 0);
      const cell = doubles([0.5]);
      kernels.sumF64Run(doubles(values), n, cell);
      expect(arena.f64(cell, 1)[0]).to.equal(sum + 0.5);
      const floats = arena.alloc(n * 4);
      arena.f32(floats, n).set(values);
      const small = doubles([0]);
      kernels.sumF32Run(floats, n, small);
      expect(arena.f32(small, 1)[0]).to.equal(sum);
    }
  });

  it('minima and maxima follow Java: NaN wins, minus zero is below zero', () => {
    const cases = [
      [1, -0, 0, 5, 3],
      [0, -0, 0, 0, -0, 0, 0, 0, 7],
      [1, Number.NaN, 2, 4, 5],
      [Infinity, -Infinity],
    ];
    for (const values of cases) {
      const low = doubles([Infinity]);
      kernels.minF64Run(doubles(values), values.length, low);
      expect(Object.is(arena.f64(low, 1)[0], Math.min(...values)), `min ${values.join()}`).to.equal(true);
      const cells = doubles([Infinity]);
      kernels.minF64Group(ints(values.map(() => 0)), doubles(values), values.length, cells, 8, 0, 0);
      expect(Object.is(arena.f64(cells, 1)[0], Math.min(...values)), `grouped min ${values.join()}`).to.equal(
        true,
      );
      const high = doubles([-Infinity]);
      const sel = ints(values.map((_, i) => i));
      kernels.maxF64RunSel(doubles(values), sel, values.length, high);
      expect(Object.is(arena.f64(high, 1)[0], Math.max(...values)), `max ${values.join()}`).to.equal(true);
      const tops = doubles([-Infinity]);
      kernels.maxF64GroupSel(ints(values.map(() => 0)), doubles(values), sel, values.length, tops, 8, 0, 0);
      expect(Object.is(arena.f64(tops, 1)[0], Math.max(...values)), `grouped max ${values.join()}`).to.equal(
        true,
      );
    }
  });

  it('convert doubles to longs as Java casts', () => {
    const values = [1.9, -1.9, Number.NaN, 1e300, -1e300, 2 ** 63, -(2 ** 63), 2 ** 53];
    const out = arena.alloc(values.length * 8);
    kernels.convertF64ToI64(doubles(values), values.length, out);
    const max = 2n ** 63n - 1n;
    expect([...arena.i64(out, values.length)]).to.deep.equal([
      1n,
      -1n,
      0n,
      max,
      -max - 1n,
      max,
      -max - 1n,
      9007199254740992n,
    ]);
  });

  it('fill, count, find and list ranges of bits', () => {
    const bits = arena.alloc(40);
    for (const [from, to] of [
      [0, 0],
      [0, 1],
      [3, 61],
      [63, 65],
      [64, 128],
      [5, 200],
      [130, 131],
      [0, 320],
    ] as const) {
      kernels.bitsClear(bits, 5);
      kernels.bitsFillRange(bits, from, to, 1);
      const rows = Array.from({ length: to - from }, (_, i) => from + i);
      expect(kernels.bitsCount(bits, 0, 320)).to.equal(rows.length);
      expect(kernels.bitsCount(bits, 10, 100)).to.equal(rows.filter((row) => row >= 10 && row < 100).length);
      expect(kernels.bitsFirst(bits, 0, 320) >>> 0).to.equal(rows[0] ?? 0xffffffff);
      expect(kernels.bitsLast(bits, 0, 320) >>> 0).to.equal(rows.at(-1) ?? 0xffffffff);
      const sel = arena.alloc(400 * 4);
      const n = kernels.bitsToSelection(bits, 0, 2, 300, 0, sel);
      expect(readInts(sel, n)).to.deep.equal(rows.filter((row) => row >= 2 && row < 300));
      const others = kernels.bitsToSelection(bits, 0, 2, 300, 1, sel);
      expect(others).to.equal(298 - n);
    }
  });

  it('order doubles as Double.compare does', () => {
    const values = [-Infinity, -2, -1e-300, -0, 0, 1e-300, 1, 1e300, Infinity, Number.NaN];
    const bits = arena.alloc(8);
    values.forEach((low, i) => {
      kernels.rangeF64(doubles(values), values.length, orderKey(low), 2n ** 63n - 1n, bits);
      const matched = values.map((_, row) => ((arena.bytes(bits, 2)[row >> 3] ?? 0) >> (row & 7)) & 1);
      expect(matched).to.deep.equal(values.map((_, row) => (row >= i ? 1 : 0)));
    });
  });

  it('number keys, also after rebuilding the table', () => {
    const keys = Array.from({ length: 500 }, (_, i) => BigInt((i * 7919) % 83) << 40n);
    const table = arena.alloc(1024 * 16);
    const list = arena.alloc(1024 * 8);
    const out = arena.alloc(500 * 4);
    kernels.hashRebuild(table, 1024, list, 0);
    const count = kernels.hashNumber(longs(keys), 500, table, 1024, list, 0, out);
    const distinct = [...new Set(keys)];
    expect(count).to.equal(distinct.length);
    expect([...arena.i64(list, count)]).to.deep.equal(distinct);
    const first = readInts(out, 500);
    expect(first).to.deep.equal(keys.map((key) => distinct.indexOf(key)));
    kernels.hashRebuild(table, 256, list, count);
    expect(kernels.hashNumber(longs(keys), 500, table, 256, list, count, out)).to.equal(count);
    expect(readInts(out, 500)).to.deep.equal(first);
  });

  it('find buckets of unsorted times', () => {
    const edges = longs([0n, 10n, 20n, 1000n]);
    const times = [5n, 0n, 25n, 19n, 2000n, 10n, 999n];
    const out = arena.alloc(64);
    kernels.bucketNumbers(longs(times), ints(times.map((_, i) => i)), times.length, edges, 4, out);
    expect(readInts(out, times.length)).to.deep.equal([0, 0, 2, 1, 3, 1, 2]);
  });

  it('work above 2 GiB', function () {
    this.timeout(300_000);
    const large = createArena({ maximumBytes: 2 ** 32 - 65536 });
    const high = instantiateKernels(compileKernels(), large);
    const { sumI64Run, bitsToSelection, bitsFillRange, bitsClear, sumI64GroupSel } = queryKernels(
      high.exports,
    );
    large.alloc(2 ** 31);
    const values = large.alloc(80);
    expect(values).to.be.greaterThan(2 ** 31);
    large.i64(values, 10).set([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n]);
    const cells = large.alloc(16);
    large.i64(cells, 2).fill(0n);
    sumI64Run(values, 10, cells);
    expect(large.i64(cells, 1)[0]).to.equal(55n);
    const bits = large.alloc(8);
    const sel = large.alloc(64);
    bitsClear(bits, 1);
    bitsFillRange(bits, 3, 6, 1);
    expect(bitsToSelection(bits, 0, 0, 10, 0, sel)).to.equal(3);
    const groups = large.alloc(16);
    large.u32(groups, 3).set([1, 1, 0]);
    sumI64GroupSel(groups, values, sel, 3, cells, 8, 0, 0);
    expect([...large.i64(cells, 2)]).to.deep.equal([61n, 9n]);
  });

  it('pack and unpack LZ4 blocks of any size', () => {
    const compressor = kernelCompressor(loaded);
    const random = (n: number): Uint8Array =>
      Uint8Array.from({ length: n }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24);
    const inputs = [0, 1, 12, 13, 14, 300].map(random);
    inputs.push(
      new Uint8Array(200_000),
      Uint8Array.from({ length: 300_001 }, (_, i) => (i >> 3) & 0xff),
      random(70_000),
    );
    for (const input of inputs) {
      const packed = compressor.compress(input) ?? new Uint8Array(0);
      expect(packed.length).to.be.at.most(input.length + Math.ceil(input.length / 255) + 16);
      if (input.length === 200_000) expect(packed.length).to.be.lessThan(1000);
      expect(Buffer.compare(compressor.decompress(packed, input.length), input)).to.equal(0);
    }
    expect(() => compressor.decompress(Uint8Array.of(0xff, 0xff, 0xff), 100)).to.throw('corrupt');
  });
});
