import { expect } from 'chai';
import { Worker } from 'node:worker_threads';
import { attachArena, createArena, reservedBytes, type Arena } from './arena.js';

const mib = 1 << 20;

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).name;
  }
  return '';
}

describe('arena', () => {
  it('hands out aligned, disjoint runs and takes them back', () => {
    const arena = createArena({ maximumBytes: 8 * mib });
    const pointers = [10, 5000, 70_000, 4032, 4033].map((bytes) => arena.alloc(bytes));
    for (const pointer of pointers) expect(pointer % 64).to.equal(0);
    expect(new Set(pointers).size).to.equal(5);
    pointers.forEach((pointer, i) => arena.bytes(pointer, 10).fill(i + 1));
    pointers.forEach((pointer, i) => expect(arena.bytes(pointer, 10)[9]).to.equal(i + 1));
    for (const pointer of pointers) arena.free(pointer);
    expect(arena.usedBytes).to.equal(0);
  });

  it('keeps the low addresses for the kernels', () => {
    expect(createArena({ maximumBytes: 4 * mib }).alloc(1)).to.be.at.least(mib);
  });

  it('joins neighbours, so that a whole run fits again', () => {
    const arena = createArena({ maximumBytes: 4 * mib });
    const pointers = Array.from({ length: 30 }, () => arena.alloc(90_000));
    for (const i of [3, 1, 2, 29, 0, 28]) arena.free(pointers[i] as number);
    const big = arena.alloc(4 * 90_112 - 64);
    expect(big).to.equal(pointers[0]);
    arena.free(big);
    for (const [i, pointer] of pointers.entries()) if (i > 3 && i < 28) arena.free(pointer);
    expect(arena.alloc(3 * mib - 4096 - 64)).to.equal(pointers[0]);
  });

  it('refuses when full and works on afterwards', () => {
    const arena = createArena({ maximumBytes: 2 * mib });
    expect(messageOf(() => arena.alloc(3 * mib))).to.equal('LimitExceeded');
    const pointer = arena.alloc(900_000);
    expect(messageOf(() => arena.alloc(900_000))).to.equal('LimitExceeded');
    arena.free(pointer);
    arena.free(arena.alloc(900_000));
  });

  it('refuses to free what is no allocation', () => {
    const arena = createArena({ maximumBytes: 2 * mib });
    const pointer = arena.alloc(100);
    expect(messageOf(() => arena.free(pointer + 4096))).to.equal('Bug');
    expect(messageOf(() => arena.free(pointer + 64))).to.equal('Bug');
    arena.free(pointer);
    expect(messageOf(() => arena.free(pointer))).to.equal('Bug');
    expect(messageOf(() => arena.free(0))).to.equal('Bug');
    expect(messageOf(() => arena.share(0))).to.equal('Bug');
    expect(arena.alloc(1)).to.be.at.least(reservedBytes);
  });

  it('reaches addresses past 2 GiB', () => {
    const arena = createArena({ maximumBytes: 4096 * mib });
    const low = arena.alloc(2200 * mib);
    const high = arena.alloc(100);
    expect(high).to.be.above(2 ** 31);
    arena.bytes(high, 100).fill(7);
    expect(arena.u32(high, 1)[0]).to.equal(0x07070707);
    arena.free(high);
    arena.free(low);
  });

  it('is shared by threads', async () => {
    const arena = createArena({ maximumBytes: 64 * mib });
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData.module).then(({ attachArena }) => {
        const arena = attachArena(workerData.handle);
        const kept = [];
        for (let i = 0; i < 2000; i++) {
          const pointer = arena.alloc((i * 7919) % 30000);
          arena.bytes(pointer, 8).fill(workerData.mark);
          kept.push(pointer);
          if (i % 3) arena.free(kept.splice((i * 31) % kept.length, 1)[0]);
        }
        parentPort.postMessage(kept);
      });`;
    const run = async (mark: number): Promise<number[]> => {
      const module = new URL('./arena.js', import.meta.url).href;
      const worker = new Worker(code, { eval: true, workerData: { module, handle: arena.handle, mark } });
      const kept = await new Promise<number[]>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      await worker.terminate();
      return kept;
    };
    const [first, second] = await Promise.all([run(1), run(2)]);
    const check = (from: Arena, pointers: readonly number[], mark: number) => {
      for (const pointer of pointers) expect(from.bytes(pointer, 8)[7]).to.equal(mark);
    };
    const again = attachArena(arena.handle);
    check(again, first, 1);
    check(again, second, 2);
    for (const pointer of [...first, ...second]) again.free(pointer);
    expect(arena.usedBytes).to.equal(0);
  });

  it('gives back all that a thread had, wherever it lies, and what follows from it', () => {
    const arena = createArena({ maximumBytes: 8 << 20 });
    const thread = attachArena(arena.handle, 3);
    // A free run of one page between its runs: where it begins, the joined one ends.
    const all = [0, 0, 0, 0].map(() => thread.alloc(100));
    thread.free(all[1] as number);
    expect(arena.reap(3)).to.equal(true);
    expect(arena.usedBytes).to.equal(0);
    arena.free(arena.alloc((8 << 20) - reservedBytes - 4096));
  });

  it('what a thread left half done is made good, and its lock is not waited for by who gives back another', () => {
    const arena = createArena({ maximumBytes: 8 << 20 });
    const [first, second] = [3, 4].map((owner) => attachArena(arena.handle, owner));
    first?.alloc(5000);
    second?.alloc(100_000);
    second?.free(second.alloc(50));
    // As the second leaves it that ends inside: its lock, and of a change no more than a first entry.
    const words = new Int32Array(arena.handle.control);
    words[0] = 5;
    words[1] = 77;
    words[2] = 1000;
    expect(arena.reap(3)).to.equal(false);
    expect(arena.reap(4)).to.equal(true);
    expect(arena.usedBytes).to.equal(8192);
    expect(arena.reap(3)).to.equal(true);
    expect(arena.usedBytes).to.equal(0);
    arena.free(arena.alloc((8 << 20) - reservedBytes - 4096));
  });
});
