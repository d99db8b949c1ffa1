import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { createArena } from '../kernels/arena.js';
import { compileKernels, defaultKernelsPath, instantiateKernels } from '../kernels/load.js';
import { writeSegment } from '../write/writer.js';
import { createResidency, type Residency, type ResidencyOptions } from './residency.js';
import { registerSegment, SegmentReader, unregisterSegment, type SegmentHandle } from './segment.js';
import type { SegmentView } from './view.js';

const rows = 40_000;
const columns = 6;
let dir = '';

before(() => {
  dir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'residency-')), 's');
  writeSegment(dir, {
    rowCount: rows,
    interval: { startMs: 0, endMs: rows },
    time: BigInt64Array.from({ length: rows }, (_, r) => BigInt(r)),
    dimensions: [],
    metrics: Array.from({ length: columns }, (_, c) => ({
      kind: 'double' as const,
      name: `d${c}`,
      values: Float64Array.from({ length: rows }, (__, r) => Math.sin(r * (c + 1))),
    })),
    metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
  });
});

after(() => fs.rmSync(path.dirname(dir), { recursive: true }));

const plainBytes = rows * 8;

function setUp(budget: Omit<ResidencyOptions, 'arena'>, maximumBytes = 32 << 20) {
  const arena = createArena({ maximumBytes });
  const kernels = instantiateKernels(compileKernels(), arena);
  const residency = createResidency({ arena, ...budget });
  const reader = new SegmentReader({ kernels, residency });
  const handle = registerSegment(residency, { id: 'r', dir });
  return { arena, residency, reader, handle };
}

/** Sum of a column through a view of its own. */
function sum(
  reader: SegmentReader,
  handle: SegmentHandle,
  name: string,
  arena: ReturnType<typeof createArena>,
): number {
  const view = reader.openView(handle);
  try {
    return sumOf(view, name, arena);
  } finally {
    view.close();
  }
}

function sumOf(view: SegmentView, name: string, arena: ReturnType<typeof createArena>): number {
  const column = view.column(name);
  if (column?.kind !== 'double') throw new Error(name);
  let total = 0;
  for (let start = 0; start < rows; start += 8192) {
    for (const value of arena.f64(column.batch(start), Math.min(8192, rows - start))) total += value;
  }
  return total;
}

function wanted(c: number): number {
  let total = 0;
  for (let r = 0; r < rows; r++) total += Math.sin(r * (c + 1));
  return total;
}

function heldBytes(residency: Residency): number {
  const { coldBytes, hotBytes } = residency.stats();
  return coldBytes + hotBytes;
}

describe('residency', () => {
  it('loads a column once and decodes it on the second touch', () => {
    const { arena, residency, reader, handle } = setUp({ coldBytesMax: 16 << 20, hotBytesMax: 16 << 20 });
    for (let i = 0; i < 4; i++) expect(sum(reader, handle, 'd0', arena)).to.equal(wanted(0));
    expect(residency.stats().loads).to.equal(1);
    expect(residency.stats().hotBytes).to.be.within(plainBytes, plainBytes + 8192);
  });

  it('drops decoded columns when asked, but not under an open view', () => {
    const { arena, residency, reader, handle } = setUp({ coldBytesMax: 16 << 20, hotBytesMax: 16 << 20 });
    for (const name of ['d0', 'd0', 'd1', 'd1']) sum(reader, handle, name, arena);
    const both = residency.stats().hotBytes;
    const view = reader.openView(handle);
    expect(sumOf(view, 'd0', arena)).to.equal(wanted(0));
    residency.dropHot();
    expect(residency.stats().hotBytes).to.equal(both / 2);
    expect(sumOf(view, 'd0', arena)).to.equal(wanted(0));
    view.close();
    residency.dropHot();
    expect(residency.stats().hotBytes).to.equal(0);
    expect(sum(reader, handle, 'd0', arena)).to.equal(wanted(0));
    expect(residency.stats().hotBytes).to.equal(0);
    expect(sum(reader, handle, 'd0', arena)).to.equal(wanted(0));
    expect(residency.stats()).to.include({ hotBytes: both / 2, loads: 2 });
  });

  it('counts one query on many views as one touch', () => {
    const { residency, reader, handle } = setUp({ coldBytesMax: 16 << 20, hotBytesMax: 16 << 20 });
    const token = residency.nextToken();
    for (let i = 0; i < 3; i++) {
      const view = reader.openView(handle, token);
      const column = view.column('d1');
      if (column?.kind === 'double') column.batch(0);
      view.close();
    }
    expect(residency.stats().hotBytes).to.equal(0);
  });

  it('keeps to its budgets, dropping what was used least recently', () => {
    const { arena, residency, reader, handle } = setUp({ coldBytesMax: 700_000, hotBytesMax: 700_000 });
    for (let round = 0; round < 3; round++) {
      for (let c = 0; c < columns; c++) {
        expect(sum(reader, handle, `d${c}`, arena)).to.equal(wanted(c));
        expect(sum(reader, handle, `d${c}`, arena)).to.equal(wanted(c));
        expect(residency.stats().coldBytes).to.be.at.most(700_000);
        expect(residency.stats().hotBytes).to.be.at.most(700_000);
      }
    }
    expect(residency.stats().evictions).to.be.above(columns);
  });

  it('never drops what is pinned; what finds no room beside it is read through a window', () => {
    const { arena, residency, reader, handle } = setUp({ coldBytesMax: 64 << 20, hotBytesMax: 0 }, 2 << 20);
    const view = reader.openView(handle);
    for (let c = 0; c < columns; c++) view.column(`d${c}`);
    expect(residency.stats().windowed).to.be.within(1, columns - 1);
    for (let c = 0; c < columns; c++) expect(sumOf(view, `d${c}`, arena)).to.equal(wanted(c));
    view.close();
    for (let c = 0; c < columns; c++) expect(sum(reader, handle, `d${c}`, arena)).to.equal(wanted(c));
    expect(heldBytes(residency)).to.be.below(2 << 20);
  });

  it('frees everything when a segment goes, but not under an open view', () => {
    const { arena, residency, reader, handle } = setUp({ coldBytesMax: 16 << 20, hotBytesMax: 16 << 20 });
    sum(reader, handle, 'd0', arena);
    const view = reader.openView(handle);
    const column = view.column('d0');
    unregisterSegment(residency, handle);
    if (column?.kind === 'double') expect(arena.f64(column.batch(0), 2)[1]).to.equal(Math.sin(1));
    expect(() => reader.openView(handle).column('d1'))
      .to.throw()
      .with.property('code', 'NotFound');
    expect(heldBytes(residency)).to.be.above(0);
    view.close();
    reader.close();
    expect(heldBytes(residency)).to.equal(0);
    expect(arena.usedBytes).to.equal(0);
    expect(residency.stats().slots).to.equal(0);
  });

  it('reuses slots for later segments', () => {
    const { arena, residency, reader, handle } = setUp({
      coldBytesMax: 16 << 20,
      hotBytesMax: 0,
      slotsMax: 12,
    });
    expect(() => registerSegment(residency, { id: 's', dir }))
      .to.throw()
      .with.property('code', 'LimitExceeded');
    unregisterSegment(residency, handle);
    const again = registerSegment(residency, { id: 's', dir });
    expect(sum(reader, again, 'd2', arena)).to.equal(wanted(2));
  });

  it('lets threads read one segment at once, each file loaded once', async () => {
    const { arena, residency, handle } = setUp({ coldBytesMax: 16 << 20, hotBytesMax: 16 << 20 });
    const code = `
      const { parentPort, workerData: w } = require('node:worker_threads');
      (async () => {
        const { attachArena } = await import(w.base + 'kernels/arena.js');
        const { compileKernels, instantiateKernels } = await import(w.base + 'kernels/load.js');
        const { attachResidency } = await import(w.base + 'read/residency.js');
        const { SegmentReader } = await import(w.base + 'read/segment.js');
        const arena = attachArena(w.arena);
        const kernels = instantiateKernels(compileKernels(w.kernels), arena);
        const reader = new SegmentReader({ kernels, residency: attachResidency(w.residency, arena) });
        const sums = [];
        for (let round = 0; round < 5; round++) {
          for (let c = 0; c < w.columns; c++) {
            const view = reader.openView(w.handle);
            const column = view.column('d' + c);
            let total = 0;
            for (let start = 0; start < view.rowCount; start += 8192) {
              const values = arena.f64(column.batch(start), Math.min(8192, view.rowCount - start));
              for (let i = 0; i < values.length; i++) total += values[i];
            }
            sums.push(total);
            view.close();
          }
        }
        parentPort.postMessage(sums);
      })();`;
    const run = async (): Promise<number[]> => {
      const workerData = {
        base: new URL('../', import.meta.url).href,
        kernels: defaultKernelsPath(),
        arena: arena.handle,
        residency: residency.handle,
        handle,
        columns,
      };
      const worker = new Worker(code, { eval: true, workerData });
      const sums = await new Promise<number[]>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      await worker.terminate();
      return sums;
    };
    const results = await Promise.all([run(), run(), run()]);
    const right = Array.from({ length: 5 }, () =>
      Array.from({ length: columns }, (_, c) => wanted(c)),
    ).flat();
    for (const sums of results) expect(sums).to.deep.equal(right);
    expect(residency.stats().loads).to.equal(columns);
  });

  it('takes back what a thread held that is no more', async () => {
    const { arena, residency, handle, reader } = setUp({ coldBytesMax: 16 << 20, hotBytesMax: 16 << 20 });
    // The thread has a view open, and dies while it reads a second column's file.
    const code = `
      const { parentPort, workerData: w } = require('node:worker_threads');
      (async () => {
        const { attachArena } = await import(w.base + 'kernels/arena.js');
        const { compileKernels, instantiateKernels } = await import(w.base + 'kernels/load.js');
        const { attachResidency } = await import(w.base + 'read/residency.js');
        const { nodeFiles } = await import(w.base + 'read/node-files.js');
        const { SegmentReader } = await import(w.base + 'read/segment.js');
        const arena = attachArena(w.arena, 3);
        const kernels = instantiateKernels(compileKernels(w.kernels), arena);
        let isLast = false;
        const readSync = (path, into, position) => {
          if (isLast) {
            parentPort.postMessage('stuck');
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
          }
          return nodeFiles.readSync(path, into, position);
        };
        const files = { ...nodeFiles, readSync };
        const reader = new SegmentReader({ kernels, residency: attachResidency(w.residency, arena), files });
        reader.openView(w.handle).column('d0').batch(0);
        reader.openView(w.handle).column('d0').batch(0);
        arena.alloc(100000);
        isLast = true;
        reader.openView(w.handle).column('d1');
      })();`;
    const workerData = {
      base: new URL('../', import.meta.url).href,
      kernels: defaultKernelsPath(),
      arena: arena.handle,
      residency: residency.handle,
      handle,
    };
    const worker = new Worker(code, { eval: true, workerData });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
    });
    await worker.terminate();
    expect(arena.usedBytes).to.be.above(100_000);
    residency.reap(3);
    // What it had loaded is still good, what it was loading is loaded by others.
    expect(sum(reader, handle, 'd0', arena)).to.equal(wanted(0));
    expect(sum(reader, handle, 'd1', arena)).to.equal(wanted(1));
    // All of it can go: nothing is pinned.
    unregisterSegment(residency, handle);
    reader.close();
    expect(residency.stats().slots).to.equal(0);
    expect(heldBytes(residency)).to.equal(0);
    expect(arena.usedBytes).to.equal(0);
  });

  it('reads a segment of ten times the memory, column by column', () => {
    const many = 72;
    const big = `${dir}-big`;
    let state = 1;
    const noise = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
    const values = Array.from({ length: many }, () => Uint32Array.from({ length: 2 * rows }, noise));
    const written = writeSegment(big, {
      rowCount: rows,
      interval: { startMs: 0, endMs: rows },
      time: BigInt64Array.from({ length: rows }, (_, r) => BigInt(r)),
      dimensions: [],
      metrics: values.map((words, c) => ({
        kind: 'long' as const,
        name: `n${c}`,
        values: new BigInt64Array(words.buffer),
      })),
      metadata: { aggregators: [], queryGranularity: null, rollup: false },
    });
    const { arena, residency, reader } = setUp({ coldBytesMax: 64 << 20, hotBytesMax: 64 << 20 }, 2 << 20);
    expect(written.bytes).to.be.above(10 * arena.maximumBytes);
    const handle = registerSegment(residency, { id: 'big', dir: big });
    for (let round = 0; round < 2; round++) {
      for (let c = 0; c < many; c++) {
        const view = reader.openView(handle);
        const column = view.column(`n${c}`);
        if (column?.kind !== 'long') throw new Error('kind');
        const own = new BigInt64Array((values[c] as Uint32Array).buffer);
        for (let start = 0; start < rows; start += 8192) {
          const n = Math.min(8192, rows - start);
          const got = Buffer.from(arena.bytes(column.batch(start), 8 * n));
          expect(got.equals(Buffer.from(own.buffer, 8 * start, 8 * n))).to.equal(true);
        }
        view.close();
      }
    }
    unregisterSegment(residency, handle);
  });
});
