/**
 * Which column files are in memory: a table of slots in shared memory, one per internal file of every registered
 * segment. Any thread pins a file; whoever comes first reads it into the arena, the others wait. Unpinned files are
 * dropped, least recently used first, when the byte budgets or the arena are full. A file's decoded ("hot") form and
 * its null bitset belong to its slot.
 */
import fs from 'node:fs';
import { CodedError } from '../../proto/errors.js';
import type { Arena, ArenaHandle } from '../kernels/arena.js';
import type { Files } from '../ports.js';

/** Goes through postMessage. */
export interface ResidencyHandle {
  readonly table: SharedArrayBuffer;
}

export interface ResidencyOptions {
  readonly arena: Arena;
  /** Budget of file bytes as they are on disk. */
  readonly coldBytesMax: number;
  /** Budget of decoded columns; 0 turns the hot form off. */
  readonly hotBytesMax: number;
  /** Internal files that may be registered at a time. */
  readonly slotsMax?: number;
}

export interface ResidencyStats {
  readonly coldBytes: number;
  readonly hotBytes: number;
  readonly slots: number;
  readonly loads: number;
  readonly evictions: number;
}

/** What a pinned file offers. */
export interface PinnedFile {
  readonly slot: number;
  readonly pointer: number;
  readonly length: number;
  /** Touched by at least two views: worth decoding as a whole. */
  readonly isHot: boolean;
}

const slotWords = 16;
const headWords = 16;
const pageBytes = 4096;
const patienceMs = 60_000;

const head = {
  lock: 0,
  clock: 1,
  coldPages: 2,
  hotPages: 3,
  coldMax: 4,
  hotMax: 5,
  slots: 6,
  loads: 7,
  evictions: 8,
  generation: 9,
  used: 10,
  token: 11,
  highest: 12,
} as const;
const word = {
  state: 0,
  pins: 1,
  pointer: 2,
  length: 3,
  lastUse: 4,
  touches: 5,
  token: 6,
  hotState: 7,
  hotPointer: 8,
  hotBytes: 9,
  auxState: 10,
  auxPointer: 11,
  life: 12,
  generation: 13,
  auxBytes: 14,
} as const;
const empty = 0;
const busy = 1;
const ready = 2;
const freeLife = 0;
const liveLife = 1;
const doomedLife = 2;

function pagesOf(bytes: number): number {
  return Math.ceil((bytes + 64) / pageBytes);
}

export const nodeFiles: Files = {
  readSync(path, into, position) {
    const fd = fs.openSync(path, 'r');
    try {
      let done = 0;
      while (done < into.length) {
        const count = fs.readSync(fd, into, done, Math.min(into.length - done, 1 << 30), position + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    } finally {
      fs.closeSync(fd);
    }
  },
  sizeSync(path) {
    return fs.statSync(path).size;
  },
};

export class Residency {
  readonly handle: ResidencyHandle;
  readonly arena: Arena;
  readonly #table: Int32Array;

  constructor(handle: ResidencyHandle, arena: Arena) {
    this.handle = handle;
    this.arena = arena;
    this.#table = new Int32Array(handle.table);
  }

  /** Takes `count` neighbouring slots; answers the first and the generation that guards against stale handles. */
  register(count: number): { readonly slotBase: number; readonly generation: number } {
    return this.#locked(() => {
      const slots = this.#head(head.slots);
      let run = 0;
      for (let slot = 0; slot < slots; slot++) {
        run = this.#get(slot, word.life) === freeLife ? run + 1 : 0;
        if (run < Math.max(count, 1)) continue;
        const slotBase = slot - run + 1;
        const generation = this.#add(head.generation, 1) + 1;
        for (let taken = slotBase; taken < slotBase + count; taken++) {
          const base = headWords + taken * slotWords;
          this.#table.fill(0, base, base + slotWords);
          this.#set(taken, word.life, liveLife);
          this.#set(taken, word.generation, generation);
        }
        this.#add(head.used, count);
        this.#table[head.highest] = Math.max(this.#head(head.highest), slotBase + count);
        return { slotBase, generation };
      }
      throw new CodedError('LimitExceeded', `no room for ${count} more column files: slots[${slots}]`);
    });
  }

  /** Frees the slots; those still pinned go when their last view closes. */
  unregister(slotBase: number, count: number, generation: number): void {
    this.#locked(() => {
      for (let slot = slotBase; slot < slotBase + count; slot++) {
        if (this.#get(slot, word.generation) !== generation || this.#get(slot, word.life) !== liveLife)
          continue;
        this.#set(slot, word.life, doomedLife);
        if (this.#get(slot, word.pins) === 0) this.#release(slot);
      }
    });
  }

  /** A number per view, so that several columns or threads of one query count as one touch. */
  nextToken(): number {
    return Atomics.add(this.#table, head.token, 1) + 1;
  }

  /**
   * Keeps a file in memory until `unpin`. `length` bytes are read by `read` when they are not there yet.
   * Throws what `read` throws, LimitExceeded when nothing can be dropped, NotFound after `unregister`.
   */
  pin(
    slot: number,
    generation: number,
    token: number,
    length: number,
    read: (into: Buffer<ArrayBufferLike>) => void,
  ): PinnedFile {
    for (;;) {
      const state = this.#locked(() => this.#pinLocked(slot, generation, token));
      if (state === empty) this.#load(slot, length, read);
      else if (state === busy) {
        this.#await(slot, word.state);
        if (this.#get(slot, word.state) !== ready) {
          this.unpin(slot);
          continue;
        }
      }
      return {
        slot,
        pointer: this.#get(slot, word.pointer) >>> 0,
        length,
        isHot: this.#get(slot, word.touches) >= 2,
      };
    }
  }

  unpin(slot: number): void {
    this.#locked(() => {
      const pins = this.#get(slot, word.pins) - 1;
      this.#set(slot, word.pins, pins);
      if (pins === 0 && this.#get(slot, word.life) === doomedLife) this.#release(slot);
    });
  }

  /**
   * The decoded form's area of a pinned file: its address, or 0 when there is no room for one. `prepare` runs once,
   * in the thread that takes it.
   */
  hot(slot: number, bytes: number, prepare: (pointer: number) => void): number {
    return this.#derived(
      slot,
      { state: word.hotState, pointer: word.hotPointer, bytes: word.hotBytes },
      bytes,
      prepare,
      true,
    );
  }

  /** A smaller companion of a pinned file (its null bitset), made once. */
  companion(slot: number, bytes: number, build: (pointer: number) => void): number {
    return this.#derived(
      slot,
      { state: word.auxState, pointer: word.auxPointer, bytes: word.auxBytes },
      bytes,
      build,
      false,
    );
  }

  stats(): ResidencyStats {
    return {
      coldBytes: this.#head(head.coldPages) * pageBytes,
      hotBytes: this.#head(head.hotPages) * pageBytes,
      slots: this.#head(head.used),
      loads: this.#head(head.loads),
      evictions: this.#head(head.evictions),
    };
  }

  #pinLocked(slot: number, generation: number, token: number): number {
    if (this.#get(slot, word.generation) !== generation || this.#get(slot, word.life) !== liveLife) {
      throw new CodedError('NotFound', 'the segment was closed');
    }
    this.#set(slot, word.pins, this.#get(slot, word.pins) + 1);
    this.#set(slot, word.lastUse, this.#add(head.clock, 1));
    if (this.#get(slot, word.token) !== token) {
      this.#set(slot, word.token, token);
      this.#set(slot, word.touches, Math.min(this.#get(slot, word.touches) + 1, 1 << 20));
    }
    const state = this.#get(slot, word.state);
    if (state === empty) this.#set(slot, word.state, busy);
    return state;
  }

  #load(slot: number, length: number, read: (into: Buffer<ArrayBufferLike>) => void): void {
    let pointer = 0;
    try {
      pointer = this.#allocate(length, false);
      read(this.arena.buffer(pointer, length));
      this.#set(slot, word.pointer, pointer | 0);
      this.#set(slot, word.length, length | 0);
      Atomics.add(this.#table, head.loads, 1);
      this.#settle(slot, word.state, ready);
    } catch (error) {
      if (pointer !== 0) this.#giveBack(pointer, length, false);
      this.#settle(slot, word.state, empty);
      this.unpin(slot);
      throw error;
    }
  }

  #derived(
    slot: number,
    at: { readonly state: number; readonly pointer: number; readonly bytes: number },
    bytes: number,
    build: (pointer: number) => void,
    isHot: boolean,
  ): number {
    for (;;) {
      const state = Atomics.compareExchange(this.#table, this.#index(slot, at.state), empty, busy);
      if (state === ready) return this.#get(slot, at.pointer) >>> 0;
      if (state === busy) {
        this.#await(slot, at.state);
        continue;
      }
      let pointer = 0;
      try {
        pointer = this.#allocate(bytes, isHot);
        if (pointer === 0) {
          this.#settle(slot, at.state, empty);
          return 0;
        }
        build(pointer);
      } catch (error) {
        if (pointer !== 0) this.#giveBack(pointer, bytes, isHot);
        this.#settle(slot, at.state, empty);
        if (isHot && pointer === 0 && error instanceof CodedError && error.code === 'LimitExceeded') return 0;
        throw error;
      }
      this.#set(slot, at.pointer, pointer | 0);
      this.#set(slot, at.bytes, bytes | 0);
      this.#settle(slot, at.state, ready);
      return pointer;
    }
  }

  /** Room within the budget and the arena, dropping others; 0 when hot bytes don't fit their budget. */
  #allocate(bytes: number, isHot: boolean): number {
    const pages = pagesOf(bytes);
    return this.#locked(() => {
      const counter = isHot ? head.hotPages : head.coldPages;
      const limit = this.#head(isHot ? head.hotMax : head.coldMax);
      const over = this.#head(counter) + pages - limit;
      if (isHot && pages > limit) return 0;
      if (over > 0) this.#evict(over, isHot);
      if (isHot && this.#head(counter) + pages > limit) return 0;
      for (;;) {
        try {
          const pointer = this.arena.alloc(bytes);
          this.#add(counter, pages);
          return pointer;
        } catch (error) {
          if (this.#evict(pages, true) + this.#evict(pages, false) === 0) throw error;
        }
      }
    });
  }

  #giveBack(pointer: number, bytes: number, isHot: boolean): void {
    this.arena.free(pointer);
    this.#add(isHot ? head.hotPages : head.coldPages, -pagesOf(bytes));
  }

  /** Drops unpinned files, or only their hot forms, until `pages` are free; answers how many became free. */
  #evict(pages: number, hotOnly: boolean): number {
    const candidates: number[] = [];
    const highest = this.#head(head.highest);
    const state = hotOnly ? word.hotState : word.state;
    for (let slot = 0; slot < highest; slot++) {
      if (this.#get(slot, state) === ready && this.#get(slot, word.pins) === 0) candidates.push(slot);
    }
    candidates.sort((a, b) => this.#get(a, word.lastUse) - this.#get(b, word.lastUse));
    let freed = 0;
    for (const slot of candidates) {
      if (freed >= pages) break;
      const hotPages = this.#dropHot(slot);
      freed += hotOnly ? hotPages : hotPages + this.#dropCold(slot);
      this.#add(head.evictions, 1);
    }
    return freed;
  }

  #dropHot(slot: number): number {
    if (this.#get(slot, word.hotState) !== ready) return 0;
    const bytes = this.#get(slot, word.hotBytes) >>> 0;
    this.#giveBack(this.#get(slot, word.hotPointer) >>> 0, bytes, true);
    this.#set(slot, word.hotState, empty);
    return pagesOf(bytes);
  }

  #dropCold(slot: number): number {
    let freed = 0;
    if (this.#get(slot, word.auxState) === ready) {
      const bytes = this.#get(slot, word.auxBytes) >>> 0;
      this.#giveBack(this.#get(slot, word.auxPointer) >>> 0, bytes, false);
      this.#set(slot, word.auxState, empty);
      freed += pagesOf(bytes);
    }
    if (this.#get(slot, word.state) === ready) {
      const bytes = this.#get(slot, word.length) >>> 0;
      this.#giveBack(this.#get(slot, word.pointer) >>> 0, bytes, false);
      this.#set(slot, word.state, empty);
      freed += pagesOf(bytes);
    }
    this.#set(slot, word.touches, 0);
    return freed;
  }

  #release(slot: number): void {
    this.#dropHot(slot);
    this.#dropCold(slot);
    this.#set(slot, word.life, freeLife);
    this.#add(head.used, -1);
  }

  #settle(slot: number, at: number, state: number): void {
    Atomics.store(this.#table, this.#index(slot, at), state);
    Atomics.notify(this.#table, this.#index(slot, at));
  }

  #await(slot: number, at: number): void {
    const index = this.#index(slot, at);
    for (let waited = 0; waited < patienceMs; waited += 100) {
      if (Atomics.load(this.#table, index) !== busy) return;
      Atomics.wait(this.#table, index, busy, 100);
    }
    throw new CodedError('Bug', 'another thread did not finish loading a column');
  }

  #locked<T>(action: () => T): T {
    for (let waited = 0; Atomics.compareExchange(this.#table, head.lock, 0, 1) !== 0; waited += 10) {
      Atomics.wait(this.#table, head.lock, 1, 10);
      if (waited > patienceMs) throw new CodedError('Bug', 'the column table stays locked');
    }
    try {
      return action();
    } finally {
      Atomics.store(this.#table, head.lock, 0);
      Atomics.notify(this.#table, head.lock, 1);
    }
  }

  #index(slot: number, at: number): number {
    return headWords + slot * slotWords + at;
  }

  #get(slot: number, at: number): number {
    return Atomics.load(this.#table, headWords + slot * slotWords + at);
  }

  #set(slot: number, at: number, value: number): void {
    Atomics.store(this.#table, headWords + slot * slotWords + at, value);
  }

  #head(at: number): number {
    return Atomics.load(this.#table, at);
  }

  #add(at: number, value: number): number {
    return Atomics.add(this.#table, at, value);
  }
}

const slotsDefault = 65536;

export function createResidency(options: ResidencyOptions): Residency {
  const slots = options.slotsMax ?? slotsDefault;
  const table = new SharedArrayBuffer((headWords + slots * slotWords) * 4);
  const words = new Int32Array(table);
  words[head.slots] = slots;
  words[head.coldMax] = Math.floor(options.coldBytesMax / pageBytes);
  words[head.hotMax] = Math.floor(options.hotBytesMax / pageBytes);
  return new Residency({ table }, options.arena);
}

export function attachResidency(handle: ResidencyHandle, arena: Arena): Residency {
  return new Residency(handle, arena);
}

/** Everything a thread needs to read columns. */
export interface SharedColumns {
  readonly arena: ArenaHandle;
  readonly residency: ResidencyHandle;
}
