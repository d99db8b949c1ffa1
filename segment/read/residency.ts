/**
 * Which column files are in memory: a table of slots in shared memory, one per internal file of every registered
 * segment. Any thread pins a file; whoever comes first reads it into the arena, the others wait. Unpinned files are
 * dropped, least recently used first, when the byte budgets or the arena are full; a file that finds no room even so is
 * pinned without its bytes, and its reader goes to the file for them. A file's decoded ("hot") form and its null bitset
 * belong to its slot. Pins are also counted per thread, so that those of a thread that died can be
 * taken back (`reap`).
 */
import { CodedError } from '../../proto/errors.js';
import { ownersMax, reapPatienceMs, reservedBytes, type Arena } from '../kernels/arena.js';
import { SharedLock } from '../kernels/shared-lock.js';
import { addArea, areasOf, hotHeadBytes, startAreas, takeRest } from './hot-areas.js';
import {
  aux,
  busy,
  cold,
  doomedLife,
  empty,
  freeLife,
  head,
  headWords,
  hot,
  liveLife,
  ready,
  slotWords,
  word,
  type Form,
} from './residency-table.js';

/** Goes through postMessage. */
export interface ResidencyHandle {
  readonly table: SharedArrayBuffer;
  /** Per thread and slot its pins, 16 bits. */
  readonly pins: SharedArrayBuffer;
}

export interface ResidencyOptions {
  readonly arena: Arena;
  /** Budget of file bytes as they are on disk; at most half of the arena. */
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
  /** Pins that found no room for the file. */
  readonly windowed: number;
}

/** What a pinned file offers. */
export interface PinnedFile {
  readonly slot: number;
  /** Undefined: there is no room for it. */
  readonly pointer: number | undefined;
  readonly length: number;
  /** Touched by at least two views: worth decoding as a whole. */
  readonly isHot: boolean;
}

const pageBytes = 4096;
const patienceMs = 60_000;
const pinsMax = 65535;
/** At most so much is taken ahead of need. */
const aheadBytesMax = 1 << 20;

function pagesOf(bytes: number): number {
  return Math.ceil((bytes + 64) / pageBytes);
}

export class Residency {
  readonly handle: ResidencyHandle;
  readonly arena: Arena;
  readonly #table: Int32Array;
  readonly #lock: SharedLock;
  readonly #allPins: Uint16Array;
  readonly #ownPins: Uint16Array;

  constructor(handle: ResidencyHandle, arena: Arena) {
    this.handle = handle;
    this.arena = arena;
    this.#table = new Int32Array(handle.table);
    this.#lock = new SharedLock(this.#table, head.lock, arena.owner);
    this.#allPins = new Uint16Array(handle.pins);
    this.#ownPins = this.#pinsOf(arena.owner);
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
   * Keeps a file in memory until `unpin`, or at least its slot when nothing can be dropped for it. `length` bytes are
   * read by `read` when they are not there yet. Throws what `read` throws, NotFound after `unregister`.
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
      if (state === empty) {
        if (!this.#load(slot, length, read)) {
          this.#add(head.windowed, 1);
          return { slot, pointer: undefined, length, isHot: false };
        }
      } else if (state === busy) {
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
      const own = this.#ownPins[slot] ?? 0;
      this.#ownPins[slot] = own - 1;
      this.#dropPins(slot, 1);
    });
  }

  /**
   * Takes back what a thread that is no more held (see Arena.owner): its locks, its pins, what it was loading, its own
   * memory. Call after it ended and before its number is used again, until it answers true: false when another thread
   * that ended has to be given back before.
   */
  reap(owner: number): boolean {
    if (!this.arena.reap(owner)) return false;
    if (!this.#lock.takeFrom(owner) && !this.#lock.take(reapPatienceMs)) return false;
    try {
      const pins = this.#pinsOf(owner);
      const highest = this.#head(head.highest);
      for (let slot = 0; slot < highest; slot++) {
        for (const form of [cold, hot, aux]) this.#abandon(slot, owner, form);
        pins[slot] = 0;
        this.#recount(slot);
      }
    } finally {
      this.#lock.give();
    }
    return true;
  }

  /** A thread may have ended between counting a pin for itself and for all. */
  #recount(slot: number): void {
    if (this.#get(slot, word.life) === freeLife) return;
    const slots = this.#head(head.slots);
    let pins = 0;
    for (let of = 0; of <= ownersMax; of++) pins += this.#allPins[of * slots + slot] ?? 0;
    const missing = this.#get(slot, word.pins) - pins;
    if (missing !== 0) this.#dropPins(slot, missing);
  }

  #pinsOf(owner: number): Uint16Array {
    const slots = Atomics.load(new Int32Array(this.handle.table), head.slots);
    return new Uint16Array(this.handle.pins, owner * slots * 2, slots);
  }

  #dropPins(slot: number, count: number): void {
    const pins = this.#get(slot, word.pins) - count;
    this.#set(slot, word.pins, pins);
    if (pins === 0 && this.#get(slot, word.life) === doomedLife) this.#release(slot);
  }

  /** What the thread was making is nobody's now: others start anew. */
  #abandon(slot: number, owner: number, form: Form): void {
    const maker = (this.#get(slot, word.makers) >>> form.shift) & 0xff;
    if (maker !== owner || this.#get(slot, form.state) !== busy) return;
    const pointer = this.#get(slot, form.pointer) >>> 0;
    if (pointer !== 0) this.#giveBack(pointer, this.#get(slot, form.bytes) >>> 0, form.isHot);
    this.#settle(slot, form.state, empty);
  }

  /** Before a form is made: whose work it is, and no memory yet. */
  #begin(slot: number, form: Form): void {
    this.#set(slot, form.pointer, 0);
    Atomics.and(this.#table, this.#index(slot, word.makers), ~(0xff << form.shift));
    Atomics.or(this.#table, this.#index(slot, word.makers), this.arena.owner << form.shift);
  }

  #note(slot: number, form: Form, pointer: number, bytes: number): void {
    this.#set(slot, form.bytes, bytes | 0);
    this.#set(slot, form.pointer, pointer | 0);
  }

  /**
   * The decoded form's area of a pinned file: its address, or 0 when there is no room for one. `prepare` runs once,
   * in the thread that takes it.
   */
  hot(slot: number, bytes: number, prepare: (pointer: number) => void): number {
    const pointer = this.#derived(slot, hot, hotHeadBytes + bytes, (first) => {
      startAreas(this.arena, first);
      prepare(first + hotHeadBytes);
    });
    return pointer === 0 ? 0 : pointer + hotHeadBytes;
  }

  /**
   * Adds `bytes` bytes (a multiple of 64) to the decoded form of a pinned file, which go when that goes: their address,
   * or 0 when there is no room. `aheadBytes` more will be asked for if all goes as it looks: some of that is taken with
   * them.
   */
  hotPiece(slot: number, bytes: number, aheadBytes: number): number {
    return this.#locked(() => {
      const first = this.#get(slot, word.hotPointer) >>> 0;
      for (const size of [0, bytes + Math.min(aheadBytes, aheadBytesMax), bytes]) {
        if (size > 0) this.#extendHot(first, hotHeadBytes + size);
        const pointer = takeRest(this.arena, first, bytes);
        if (pointer !== 0) return pointer;
      }
      return 0;
    });
  }

  /** With the lock held; does nothing when there is no room. */
  #extendHot(first: number, bytes: number): void {
    try {
      const pointer = this.#allocateLocked(bytes, true);
      if (pointer !== 0) addArea(this.arena, first, { pointer, bytes });
    } catch (error) {
      if (!(error instanceof CodedError && error.code === 'LimitExceeded')) throw error;
    }
  }

  /** A smaller companion of a pinned file (its null bitset), made once; 0 when there is no room for it. */
  companion(slot: number, bytes: number, build: (pointer: number) => void): number {
    return this.#derived(slot, aux, bytes, build);
  }

  /** Drops the decoded forms that nobody reads just now; their columns have to earn new ones. */
  dropHot(): void {
    this.#locked(() => {
      const highest = this.#head(head.highest);
      for (let slot = 0; slot < highest; slot++) {
        if (this.#get(slot, word.pins) > 0) continue;
        this.#dropHot(slot);
        this.#set(slot, word.touches, 0);
      }
    });
  }

  stats(): ResidencyStats {
    return {
      coldBytes: this.#head(head.coldPages) * pageBytes,
      hotBytes: this.#head(head.hotPages) * pageBytes,
      slots: this.#head(head.used),
      loads: this.#head(head.loads),
      evictions: this.#head(head.evictions),
      windowed: this.#head(head.windowed),
    };
  }

  #pinLocked(slot: number, generation: number, token: number): number {
    if (this.#get(slot, word.generation) !== generation || this.#get(slot, word.life) !== liveLife) {
      throw new CodedError('NotFound', 'the segment was closed');
    }
    const own = this.#ownPins[slot] ?? 0;
    if (own === pinsMax) throw new CodedError('LimitExceeded', `a column is open in views[${pinsMax}]`);
    this.#ownPins[slot] = own + 1;
    this.#set(slot, word.pins, this.#get(slot, word.pins) + 1);
    this.#set(slot, word.lastUse, this.#add(head.clock, 1));
    if (this.#get(slot, word.token) !== token) {
      this.#set(slot, word.token, token);
      this.#set(slot, word.touches, Math.min(this.#get(slot, word.touches) + 1, 1 << 20));
    }
    const state = this.#get(slot, word.state);
    if (state === empty) {
      this.#set(slot, word.state, busy);
      this.#begin(slot, cold);
    }
    return state;
  }

  /** False: there is no room. */
  #load(slot: number, length: number, read: (into: Buffer<ArrayBufferLike>) => void): boolean {
    let pointer = 0;
    try {
      pointer = this.#room(length);
      if (pointer === 0) {
        this.#settle(slot, word.state, empty);
        return false;
      }
      this.#note(slot, cold, pointer, length);
      read(this.arena.buffer(pointer, length));
      Atomics.add(this.#table, head.loads, 1);
      this.#settle(slot, word.state, ready);
      return true;
    } catch (error) {
      if (pointer !== 0) this.#giveBack(pointer, length, false);
      this.#settle(slot, word.state, empty);
      this.unpin(slot);
      throw error;
    }
  }

  #derived(slot: number, form: Form, bytes: number, build: (pointer: number) => void): number {
    const { isHot } = form;
    for (;;) {
      const state = Atomics.compareExchange(this.#table, this.#index(slot, form.state), empty, busy);
      if (state === ready) return this.#get(slot, form.pointer) >>> 0;
      if (state === busy) {
        this.#await(slot, form.state);
        continue;
      }
      this.#begin(slot, form);
      let pointer = 0;
      try {
        pointer = this.#allocate(bytes, isHot, !isHot);
        if (pointer === 0) {
          this.#settle(slot, form.state, empty);
          return 0;
        }
        this.#note(slot, form, pointer, bytes);
        build(pointer);
      } catch (error) {
        if (pointer !== 0) this.#giveBack(pointer, bytes, isHot);
        this.#settle(slot, form.state, empty);
        if (pointer === 0 && error instanceof CodedError && error.code === 'LimitExceeded') return 0;
        throw error;
      }
      this.#settle(slot, form.state, ready);
      return pointer;
    }
  }

  /** Room for a file, dropping others; 0 when what is pinned leaves none: then nothing is dropped. */
  #room(bytes: number): number {
    try {
      return this.#allocate(bytes, false, true);
    } catch (error) {
      if (error instanceof CodedError && error.code === 'LimitExceeded') return 0;
      throw error;
    }
  }

  /** With the lock held: would there be so many cold pages if all that is not pinned were dropped? */
  #coldFits(pages: number): boolean {
    let free = this.#head(head.coldMax) - this.#head(head.coldPages);
    const highest = this.#head(head.highest);
    for (let slot = 0; slot < highest && free < pages; slot++) {
      if (this.#get(slot, word.pins) === 0) free += this.#coldPages(slot);
    }
    return free >= pages;
  }

  #coldPages(slot: number): number {
    const own = this.#get(slot, word.state) === ready ? pagesOf(this.#get(slot, word.length) >>> 0) : 0;
    const aux = this.#get(slot, word.auxState) === ready ? pagesOf(this.#get(slot, word.auxBytes) >>> 0) : 0;
    return own + aux;
  }

  /**
   * Room within the budget and the arena, dropping others; 0 when hot bytes don't fit their budget, or cold ones that
   * `mustFit` do not: looking and taking are one step, or two threads would take the same room.
   */
  #allocate(bytes: number, isHot: boolean, mustFit = false): number {
    return this.#locked(() => this.#allocateLocked(bytes, isHot, mustFit));
  }

  #allocateLocked(bytes: number, isHot: boolean, mustFit = false): number {
    const pages = pagesOf(bytes);
    if (mustFit && !this.#coldFits(pages)) return 0;
    const counter = isHot ? head.hotPages : head.coldPages;
    const limit = this.#head(isHot ? head.hotMax : head.coldMax);
    const over = this.#head(counter) + pages - limit;
    if (isHot && pages > limit) return 0;
    if (over > 0) this.#evict(over, isHot, true);
    if (isHot && this.#head(counter) + pages > limit) return 0;
    for (;;) {
      try {
        const pointer = this.arena.allocShared(bytes);
        this.#add(counter, pages);
        return pointer;
      } catch (error) {
        if (this.#evict(pages, true) + this.#evict(pages, false) === 0) throw error;
      }
    }
  }

  #giveBack(pointer: number, bytes: number, isHot: boolean): void {
    this.arena.free(pointer);
    this.#add(isHot ? head.hotPages : head.coldPages, -pagesOf(bytes));
  }

  /**
   * Drops unpinned files, or only their hot forms, until `pages` are free, of the arena or of that budget; answers how
   * many became free.
   */
  #evict(pages: number, hotOnly: boolean, ofBudget = false): number {
    const candidates: number[] = [];
    const highest = this.#head(head.highest);
    for (let slot = 0; slot < highest; slot++) {
      if (this.#get(slot, word.pins) > 0) continue;
      const holds = hotOnly ? this.#get(slot, word.hotState) === ready : this.#coldPages(slot) > 0;
      if (holds) candidates.push(slot);
    }
    // The clock begins anew after 2^32 uses: what counts is how far apart two are.
    candidates.sort((a, b) => (this.#get(a, word.lastUse) - this.#get(b, word.lastUse)) | 0);
    let freed = 0;
    for (const slot of candidates) {
      if (freed >= pages) break;
      const hotPages = this.#dropHot(slot);
      freed += hotOnly ? hotPages : (ofBudget ? 0 : hotPages) + this.#dropCold(slot);
      this.#add(head.evictions, 1);
    }
    return freed;
  }

  #dropHot(slot: number): number {
    if (this.#get(slot, word.hotState) !== ready) return 0;
    const first = {
      pointer: this.#get(slot, word.hotPointer) >>> 0,
      bytes: this.#get(slot, word.hotBytes) >>> 0,
    };
    let pages = 0;
    for (const { pointer, bytes } of areasOf(this.arena, first)) {
      this.#giveBack(pointer, bytes, true);
      pages += pagesOf(bytes);
    }
    this.#set(slot, word.hotState, empty);
    return pages;
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
    if (!this.#lock.take(patienceMs)) throw new CodedError('Bug', 'the column table stays locked');
    try {
      return action();
    } finally {
      this.#lock.give();
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
const coldShareMax = 0.5;

export function createResidency(options: ResidencyOptions): Residency {
  const slots = options.slotsMax ?? slotsDefault;
  const table = new SharedArrayBuffer((headWords + slots * slotWords) * 4);
  const words = new Int32Array(table);
  words[head.slots] = slots;
  // Scratch buffers, null bitsets and what scans build need the rest.
  const coldBytesMax = Math.min(
    options.coldBytesMax,
    (options.arena.maximumBytes - reservedBytes) * coldShareMax,
  );
  words[head.coldMax] = Math.floor(coldBytesMax / pageBytes);
  words[head.hotMax] = Math.floor(options.hotBytesMax / pageBytes);
  // Pages of threads that never come stay untouched, and so cost nothing.
  const pins = new SharedArrayBuffer((ownersMax + 1) * slots * 2);
  return new Residency({ table, pins }, options.arena);
}

export function attachResidency(handle: ResidencyHandle, arena: Arena): Residency {
  return new Residency(handle, arena);
}
