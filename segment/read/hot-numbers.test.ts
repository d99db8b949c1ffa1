/** The decoded form of number columns in fewer bytes: the same bits as from the blocks, whatever the numbers. */
import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createArena, type Arena } from '../kernels/arena.js';
import { compileKernels, instantiateKernels } from '../kernels/load.js';
import type { NumericSource } from '../write/source.js';
import { writeSegment } from '../write/writer.js';
import { createResidency } from './residency.js';
import { registerSegment, SegmentReader, unregisterSegment, type SegmentHandle } from './segment.js';
import type { NarrowBatch, NumericColumnView, SegmentView } from './view.js';

const rows = 3 * 8192 + 1234;
const longMax = 2n ** 63n - 1n;

let state = 3;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};

const longs = (value: (row: number) => bigint): BigInt64Array =>
  BigInt64Array.from({ length: rows }, (_, row) => value(row));
const cents = (count: number) => (): number => below(count) / 100;
const oddDoubles = [0, -0, Number.NaN, Infinity, -Infinity, 4.9e-324, 1.5];
/** NaN of other bits than Java's. */
const strangeNaN = new Float64Array(BigUint64Array.of(0xfff8dead00000001n).buffer)[0] ?? 0;
const odd = (): number => (below(9) === 0 ? strangeNaN : (oddDoubles[below(oddDoubles.length)] ?? 0));
/** Null rows hold 0. */
const someNulls = Uint8Array.from({ length: Math.ceil(rows / 8) }, () => below(256) & below(256));
const isNull = (row: number): boolean => (((someNulls[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;

interface Case {
  readonly column: NumericSource;
  /** What the whole batches are kept as; undefined = as they are. */
  readonly form: NarrowBatch['form'] | undefined;
}
const long = (name: string, form: Case['form'], values: BigInt64Array, nulls?: Uint8Array): Case => ({
  column: { kind: 'long', name, values, ...(nulls === undefined ? {} : { nulls }) },
  form,
});
const double = (name: string, form: Case['form'], value: () => number, nulls?: Uint8Array): Case => {
  const values = Float64Array.from({ length: rows }, (_, row) =>
    nulls !== undefined && isNull(row) ? 0 : value(),
  );
  return { column: { kind: 'double', name, values, ...(nulls === undefined ? {} : { nulls }) }, form };
};
const float = (name: string, form: Case['form'], value: () => number): Case => {
  const values = Float32Array.from({ length: rows }, value);
  return { column: { kind: 'float', name, values }, form };
};
const cases: readonly Case[] = [
  long(
    'bytes',
    1,
    longs(() => BigInt(1 + below(50))),
  ),
  long(
    'negative',
    1,
    longs(() => BigInt(below(200)) - 5000n),
  ),
  long(
    'equal',
    1,
    longs(() => 77n),
  ),
  long(
    'words',
    2,
    longs(() => BigInt(below(60_000)) - longMax),
  ),
  long(
    'halves',
    4,
    longs(() => BigInt(below(2 ** 32)) + 2n ** 40n),
  ),
  long(
    'wide',
    undefined,
    longs((row) => (row % 2 === 0 ? longMax : -longMax - 1n)),
  ),
  long(
    'nullable',
    2,
    longs(() => 60_000n + BigInt(below(10))),
    someNulls,
  ),
  double('few', 0, cents(11)),
  double('odd', 0, odd),
  double('codes', 0, cents(256)),
  double('many', undefined, cents(1_000_000)),
  double('fewOrNull', 0, cents(11), someNulls),
  float('floats', 0, cents(50)),
  float('manyFloats', undefined, cents(1_000_000)),
];

let dir = '';
before(() => {
  dir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'hot-numbers-')), 's');
  writeSegment(dir, {
    rowCount: rows,
    interval: { startMs: 0, endMs: rows },
    time: BigInt64Array.from({ length: rows }, (_, row) => BigInt(row)),
    dimensions: [],
    metrics: cases.map(({ column }) => column),
    metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
  });
});
after(() => fs.rmSync(path.dirname(dir), { recursive: true }));

function setUp(hotBytesMax = 16 << 20) {
  const arena = createArena({ maximumBytes: 32 << 20 });
  const kernels = instantiateKernels(compileKernels(), arena);
  const residency = createResidency({ arena, coldBytesMax: 16 << 20, hotBytesMax });
  const reader = new SegmentReader({ kernels, residency });
  const handle = registerSegment(residency, { id: 'n', dir });
  return { arena, residency, reader, handle };
}

function numbers(view: SegmentView, name: string): NumericColumnView {
  const column = view.column(name);
  if (column === undefined || column.kind === 'string' || column.kind === 'complex') throw new Error(name);
  return column;
}

const widthOf = (column: NumericColumnView): number => (column.kind === 'float' ? 4 : 8);

/** The bits of all values through a view of its own, and those that its narrow batches stand for. */
function read(arena: Arena, reader: SegmentReader, handle: SegmentHandle, name: string) {
  const view = reader.openView(handle);
  const column = numbers(view, name);
  const width = widthOf(column);
  const bits: bigint[] = [];
  const forms: NarrowBatch['form'][] = [];
  // Backwards, too: batches do not come in order.
  const starts = Array.from({ length: Math.ceil(rows / 8192) }, (_, i) => i * 8192);
  for (const start of [...starts.toReversed(), ...starts]) {
    const n = Math.min(8192, rows - start);
    const narrow = column.narrow?.(start);
    const at = column.batch(start);
    const own = width === 8 ? [...arena.u64(at, n)] : [...arena.u32(at, n)].map(BigInt);
    if (narrow !== undefined) {
      forms.push(narrow.form);
      expect(decoded(arena, narrow, n, width)).to.deep.equal(own);
    }
    if (bits.length < rows && start === bits.length) bits.push(...own);
  }
  view.close();
  return { bits, forms };
}

/** A plain reading of what a narrow batch says. */
function decoded(
  arena: Arena,
  { form, pointer, base, size }: NarrowBatch,
  n: number,
  width: number,
): bigint[] {
  if (form === 0) {
    const table = width === 8 ? [...arena.u64(base, size)] : [...arena.u32(base, size)].map(BigInt);
    return [...arena.bytes(pointer, n)].map((code) => table[code] ?? 0n);
  }
  const offsets =
    form === 1 ? arena.bytes(pointer, n) : form === 2 ? arena.u16(pointer, n) : arena.u32(pointer, n);
  const low = arena.i64(base, 1)[0] ?? 0n;
  return [...offsets].map((offset) => BigInt.asUintN(64, low + BigInt(offset)));
}

describe('hot numbers', () => {
  for (const { column, form } of cases) {
    it(`have the bits of their blocks: ${column.name}`, () => {
      const { arena, reader, handle } = setUp();
      const cold = read(arena, reader, handle, column.name);
      expect(cold.forms).to.deep.equal([]);
      for (let touch = 0; touch < 3; touch++) {
        const hot = read(arena, reader, handle, column.name);
        expect(hot.bits).to.deep.equal(cold.bits);
        expect([...new Set(hot.forms)]).to.deep.equal(form === undefined ? [] : [form]);
      }
    });
  }

  it('take fewer bytes', () => {
    const { arena, residency, reader, handle } = setUp();
    const bytesOf = (name: string): number => {
      const before = residency.stats().hotBytes;
      for (let touch = 0; touch < 3; touch++) read(arena, reader, handle, name);
      return residency.stats().hotBytes - before;
    };
    // A page for the list of units, and what pages round up.
    for (const [name, bytes] of Object.entries({
      bytes: 1,
      words: 2,
      halves: 4,
      wide: 8,
      few: 1,
      many: 8,
      floats: 1,
    }))
      expect(bytesOf(name), name).to.be.within(bytes * rows, bytes * rows + 3 * 4096);
    expect(bytesOf('manyFloats')).to.be.within(4 * rows, 4 * rows + 3 * 4096);
  });

  it('stay within their budget, are evicted whole, and go with their segment', () => {
    const budget = 5 * rows;
    const { arena, residency, reader, handle } = setUp(budget);
    const cold = cases.map(({ column }) => read(arena, reader, handle, column.name).bits);
    for (let round = 0; round < 3; round++) {
      cases.forEach(({ column }, i) => {
        expect(read(arena, reader, handle, column.name).bits).to.deep.equal(cold[i]);
        expect(residency.stats().hotBytes).to.be.at.most(budget);
      });
    }
    expect(residency.stats().evictions).to.be.above(10);
    const open = reader.openView(handle);
    const used = numbers(open, 'few').batch(0);
    residency.dropHot();
    expect(residency.stats().hotBytes).to.be.above(0);
    expect(arena.u64(used, 1)[0]).to.equal(cold[7]?.[0]);
    open.close();
    residency.dropHot();
    expect(residency.stats().hotBytes).to.equal(0);
    for (let touch = 0; touch < 2; touch++) read(arena, reader, handle, 'bytes');
    expect(residency.stats().hotBytes).to.be.above(0);
    unregisterSegment(residency, handle);
    reader.close();
    expect(residency.stats()).to.include({ hotBytes: 0, coldBytes: 0 });
    expect(arena.usedBytes).to.equal(0);
  });

  it('leave sorted times as they are, which are asked for one by one', () => {
    const { arena, reader, handle } = setUp();
    for (let touch = 0; touch < 3; touch++)
      expect(read(arena, reader, handle, '__time').forms).to.deep.equal([]);
  });
});
