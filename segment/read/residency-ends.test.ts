/** A thread may be ended between any two steps: what it leaves is put right, by whoever comes first. */
import { expect } from 'chai';
import { Worker } from 'node:worker_threads';
import { attachArena, createArena, reservedBytes, type Arena } from '../kernels/arena.js';
import { thisThread } from '../kernels/thread-life.js';
import { head } from './residency-table.js';
import { attachResidency, createResidency, type Residency } from './residency.js';

const arenaBytes = 8 << 20;
const fileBytes = 20_000;
const owner = 3;

function setUp() {
  const arena = createArena({ maximumBytes: arenaBytes });
  const residency = createResidency({ arena, coldBytesMax: 80_000, hotBytesMax: 120_000, slotsMax: 8 });
  return { arena, residency };
}

function filled(mark: number): (into: Buffer<ArrayBufferLike>) => void {
  return (into) => void into.fill(mark);
}

/** Loads, decodes, chains, fails, drops and lets go of: of all that a thread does with columns something. */
function useColumns(residency: Residency, generation: number, doom: () => void): void {
  const { arena } = residency;
  const use = (slot: number, close = true): void => {
    residency.pin(slot, generation, residency.nextToken(), fileBytes, filled(slot + 1));
    residency.companion(slot, 3000, (at) => arena.bytes(at, 3000).fill(slot + 11));
    residency.hot(slot, 9000, (at) => arena.bytes(at, 9000).fill(slot + 21));
    for (let i = 0; i < 3; i++) residency.hotPiece(slot, 20_032, 0);
    if (close) residency.unpin(slot);
  };
  use(0);
  use(1);
  // From here on others are dropped for it.
  use(2, false);
  const failing = (): never => {
    throw new Error('no such file');
  };
  expect(() => residency.pin(3, generation, 0, fileBytes, failing)).to.throw();
  residency.pin(3, generation, 0, 10, filled(4));
  expect(() => residency.hot(3, 100, failing)).to.throw();
  arena.alloc(5000);
  doom();
  residency.unpin(3);
  residency.dropHot();
  residency.unpin(2);
}

function expectFilled(arena: Arena, pointer: number, bytes: number, mark: number): void {
  expect(arena.buffer(pointer, bytes).equals(Buffer.alloc(bytes, mark))).to.equal(true);
}

/** Everything can be read, everything goes, and the memory is one free run again. */
function expectWhole(arena: Arena, residency: Residency, slotBase: number, generation: number): void {
  for (const slot of [0, 1, 2]) {
    const file = residency.pin(slotBase + slot, generation, 0, fileBytes, filled(slot + 1));
    expectFilled(arena, file.pointer ?? 0, fileBytes, slot + 1);
    const bits = residency.companion(slot, 3000, (at) => arena.bytes(at, 3000).fill(slot + 11));
    expectFilled(arena, bits, 3000, slot + 11);
    const hot = residency.hot(slot, 9000, (at) => arena.bytes(at, 9000).fill(slot + 21));
    expectFilled(arena, hot, 9000, slot + 21);
    residency.unpin(slotBase + slot);
  }
  residency.unregister(slotBase, 4, generation);
  expect(residency.stats()).to.include({ coldBytes: 0, hotBytes: 0, slots: 0 });
  expect(arena.usedBytes).to.equal(0);
  arena.free(arena.alloc(arenaBytes - reservedBytes - 4096));
}

class Ended extends Error {}

/** Steps of others do not count. */
let isOther = false;

/**
 * Does it as a thread that is ended before its `step`-th look at or change of what threads share: what is shared stays
 * as it is then. False: it came to its end before.
 */
function endsAt(step: number, shared: readonly SharedArrayBuffer[], action: () => void): boolean {
  const names = ['load', 'store', 'add', 'sub', 'compareExchange', 'wait', 'notify'] as const;
  const real = Object.fromEntries(names.map((name) => [name, Atomics[name]]));
  let steps = 0;
  let left: readonly Uint8Array[] | undefined;
  const counted =
    (run: (...given: unknown[]) => unknown) =>
    (...given: unknown[]) => {
      if (isOther || steps++ < step) return run(...given);
      left ??= shared.map((buffer) => new Uint8Array(buffer).slice());
      throw new Ended();
    };
  Object.assign(
    Atomics,
    Object.fromEntries(names.map((name) => [name, counted(real[name] as (...given: unknown[]) => unknown)])),
  );
  try {
    action();
  } catch (thrown) {
    if (left === undefined) throw thrown;
  } finally {
    Object.assign(Atomics, real);
  }
  shared.forEach((buffer, i) => left && new Uint8Array(buffer).set(left[i] ?? []));
  return left !== undefined;
}

describe('threads that end among columns', () => {
  it('whatever the step, all is given back and goes on', () => {
    let step = 0;
    const { arena, residency } = setUp();
    for (; ; step++) {
      const { slotBase, generation } = residency.register(4);
      const thread = attachResidency(residency.handle, attachArena(arena.handle, owner));
      const shared = [residency.handle.table, residency.handle.pins, arena.handle.control];
      let isDoomed = false;
      const doom = (): void => {
        isOther = isDoomed = true;
        residency.unregister(slotBase + 3, 1, generation);
        isOther = false;
      };
      const hasEnded = endsAt(step, shared, () => useColumns(thread, generation, doom));
      expect(residency.reap(owner), `step ${step}`).to.equal(true);
      if (!isDoomed) residency.unregister(slotBase + 3, 1, generation);
      try {
        expectWhole(arena, residency, slotBase, generation);
      } catch (thrown) {
        throw new Error(`ended at step ${step}`, { cause: thrown });
      }
      if (!hasEnded) break;
    }
    expect(step).to.be.above(200);
  });

  it('who gets its lock may go on before anybody else has heard of its end', () => {
    const { arena, residency } = setUp();
    for (let step = 0; ; step += 7) {
      const { slotBase, generation } = residency.register(4);
      const thread = attachResidency(residency.handle, attachArena(arena.handle, owner));
      const shared = [residency.handle.table, residency.handle.pins, arena.handle.control];
      const hasEnded = endsAt(step, shared, () => useColumns(thread, generation, () => undefined));
      // As if the system told that it is no more.
      for (const table of [residency.handle.table, arena.handle.control]) {
        const words = new Int32Array(table);
        if (words[0] !== 0) words[0] = (owner + 1) | ((2 ** 22 - 1) << 6);
      }
      new Int32Array(arena.handle.control)[16 + owner] = 2 ** 22 - 1;
      const other = attachResidency(residency.handle, attachArena(arena.handle, owner + 1));
      for (const slot of [0, 1]) {
        const { pointer } = other.pin(slot, generation, 0, fileBytes, filled(slot + 1));
        if (pointer !== undefined) expectFilled(arena, pointer, fileBytes, slot + 1);
        other.unpin(slot);
      }
      expect(residency.reap(owner), `step ${step}`).to.equal(true);
      expect(residency.reap(owner + 1), `step ${step}`).to.equal(true);
      residency.unregister(slotBase + 3, 1, generation);
      expectWhole(arena, residency, slotBase, generation);
      if (!hasEnded) return;
    }
  });
});

/** A thread that says 'ready' and waits for ever, in the middle of `code`. */
async function stuckThread(data: object, code: string): Promise<Worker> {
  const text = `
    const { parentPort, workerData: w } = require('node:worker_threads');
    const stick = () => {
      parentPort.postMessage('ready');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    };
    (async () => {
      const { attachArena } = await import(w.base + 'kernels/arena.js');
      const { SharedLock } = await import(w.base + 'kernels/shared-lock.js');
      const { attachResidency } = await import(w.base + 'read/residency.js');
      const arena = attachArena(w.arena, ${owner});
      const residency = attachResidency(w.residency, arena);
      ${code}
    })();`;
  const base = new URL('../', import.meta.url).href;
  const worker = new Worker(text, { eval: true, workerData: { ...data, base } });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  return worker;
}

describe('a thread that waits for one that was ended', () => {
  before(function () {
    if (thisThread === 0) this.skip();
  });

  /** Nothing is awaited in between: the events of the thread's end can't have arrived. */
  async function whileEnding(code: string, action: (residency: Residency, generation: number) => void) {
    const { arena, residency } = setUp();
    const { slotBase, generation } = residency.register(4);
    const data = { arena: arena.handle, residency: residency.handle, generation };
    const worker = await stuckThread(data, code);
    const ended = worker.terminate();
    action(residency, generation);
    await ended;
    expect(residency.reap(owner)).to.equal(true);
    residency.unregister(slotBase + 3, 1, generation);
    expectWhole(arena, residency, slotBase, generation);
  }

  it('takes its lock of the table', () =>
    whileEnding(
      `new SharedLock(new Int32Array(w.residency.table), ${head.lock}, ${owner}).take(0); stick();`,
      (residency) => {
        const { slotBase, generation } = residency.register(1);
        residency.unregister(slotBase, 1, generation);
      },
    ));

  it('takes its lock of the memory', () =>
    whileEnding(
      `new SharedLock(new Int32Array(w.arena.control), 0, ${owner}).take(0); stick();`,
      ({ arena }) => arena.free(arena.alloc(100)),
    ));

  it('makes what it was making', () =>
    whileEnding(`residency.pin(0, w.generation, 1, ${fileBytes}, stick);`, (residency, generation) => {
      residency.pin(0, generation, 2, fileBytes, filled(1));
      residency.unpin(0);
    }));
});
