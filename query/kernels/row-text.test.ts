import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { placeNumberTable } from '../../segment/kernels/number-table.js';
import { doubleJson } from '../json/java-number.js';
import { jsonString } from '../json/write.js';

const constant = 0;
const long = 1;
const double = 2;
const text = 3;
const quoted = 4;
const instant = 5;

/** The kernel in a memory of its own; RowPrinter's tests hold it against strings over random columns. */
describe('row_text', () => {
  const arena = createArena({ maximumBytes: 2 ** 32 - 65536 });
  arena.alloc(2 ** 31);
  const kernels = instantiateKernels(compileKernels(), arena);

  const bytes = (values: Uint8Array | string): number => {
    const source = Buffer.from(values);
    const at = arena.alloc(source.length);
    arena.bytes(at, source.length).set(source);
    return at;
  };
  const longs = (values: readonly bigint[]): number => bytes(Buffer.from(BigInt64Array.from(values).buffer));
  const words = (values: readonly number[]): number => bytes(Buffer.from(Uint32Array.from(values).buffer));

  function run(parts: readonly (readonly number[])[], rows: number): string | undefined {
    const target = arena.alloc(4096);
    const table = placeNumberTable(kernels);
    const whole = words(parts.flatMap((part) => [...part, 0, 0, 0].slice(0, 4)));
    const end = kernels.segment.row_text(whole, parts.length, rows, target, table) >>> 0;
    return end === 0 ? undefined : arena.buffer(target, end - target).toString();
  }

  it('writes parts of every kind, above 2 GiB', () => {
    const doubles = [0.1, -1e300, 12];
    const names = ['ab', 'c"d', '\u0000 é, and more than sixteen bytes'];
    const ends = names.map((_, i) => Buffer.byteLength(names.slice(0, i + 1).join('')));
    const comma = [constant, bytes(', '), 2];
    const parts = [
      [long, longs([1n, -20n, 2n ** 63n - 1n]), 0, bytes(Uint8Array.of(0, 1, 0))],
      comma,
      [double, bytes(Buffer.from(Float64Array.from(doubles).buffer)), 0, 0],
      comma,
      [text, bytes('[][1]{}'), words([2, 5, 7])],
      comma,
      [quoted, bytes(names.join('')), words(ends.flatMap((end, i) => [ends[i - 1] ?? 0, end])), 0],
      comma,
      [instant, longs([0n, -1n, 1_700_000_000_123n])],
      [constant, bytes('\n'), 1],
    ];
    const lines = [
      `1, ${doubleJson(0.1)}, [], "ab", "1970-01-01T00:00:00.000Z"\n`,
      `null, ${doubleJson(-1e300)}, [1], "c\\"d", "1969-12-31T23:59:59.999Z"\n`,
      `9223372036854775807, 12.0, {}, ${jsonString(names[2] ?? '')}, "2023-11-14T22:13:20.123Z"\n`,
    ];
    expect(run(parts, 3)).to.equal(lines.join(''));
    expect(run(parts, 0)).to.equal('');
  });

  it('refuses times of other than four-digit years, and texts that begin inside a character', () => {
    const [first, end] = [-62_167_219_200_000n, 253_402_300_800_000n];
    expect(run([[instant, longs([first])]], 1)).to.equal('"0000-01-01T00:00:00.000Z"');
    expect(run([[instant, longs([end - 1n])]], 1)).to.equal('"9999-12-31T23:59:59.999Z"');
    for (const ms of [first - 1n, end, -(2n ** 62n), 2n ** 62n])
      expect(run([[instant, longs([ms])]], 1)).to.equal(undefined);
    expect(run([[quoted, bytes('é'), words([1, 2])]], 1)).to.equal(undefined);
  });
});
