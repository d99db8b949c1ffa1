/**
 * Which column files are in memory: a table of slots in shared memory, one per internal file of every registered
 * segment. Any thread pins a file; whoever comes first reads it into the arena, the others wait. Unpinned files are
 * dropped, least recently used first, when the byte budgets or the arena are full; a file that finds no room even so is
 * pinned without its bytes, and its reader goes to the file for them. A file's decoded ("hot") form and its null bitset
 * belong to its slot.
 *
 * A thread may be ended between any two steps. Its pins are also counted for itself, so that they can be taken back
 * (`reap`). Memory belongs to it until it stands in the table, and again before it is struck from there, so that what
 * stands nowhere goes with the thread; each such change is made with the lock held, and whoever gets the lock of a
 * thread that is no more puts right what that one was at (`#mend`).
 */
import { CodedError } from '../../proto/errors.js';
import { ownersMax, reapPatienceMs, reservedBytes, type Arena } from '../kernels/arena.js';
import { SharedLock } from '../kernels/shared-lock.js';
import { addArea, areasOf, hotHeadBytes, startAreas, takeRest, type HotArea } from './hot-areas.js';
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
  type PinnedFile,
  type ResidencyHandle,
  type ResidencyStats,
} from './residency-table.js';

export interface ResidencyOptions {
  readonly arena: Arena;
  /** Budget of file bytes as they are on disk; at most half of the arena. */
  readonly coldBytesMax: number;
  /** Budget of decoded columns; 0 turns the hot form off. */
  readonly hotBytesMax: number;
  /** Internal files that may be registered at a time. */
  readonly slotsMax?: number;
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
    this.#lock = new SharedLock(this.#table, head.lock, arena.owner, (ended) => this.#mend(ended));
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
        this.#await(slot, cold);
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
    if (!this.arena.release(owner)) return false;
    if (!this.#lock.takeFrom(owner) && !this.#lock.take(reapPatienceMs)) return false;
    try {
      this.#mend(owner);
      const pins = this.#pinsOf(owner);
      const highest = this.#head(head.highest);
      for (let slot = 0; slot < highest; slot++) {
        pins[slot] = 0;
        this.#recount(slot);
      }
    } finally {
      this.#lock.give();
    }
    // What it had that stands in no table.
    return this.arena.reap(owner);
  }

  /** With the lock held: every form is nobody's work or a living thread's, and the sums are those of the forms. */
  #mend(owner: number): void {
    const highest = this.#head(head.highest);
    let [coldPages, hotPages, used] = [0, 0, 0];
    for (let slot = 0; slot < highest; slot++) {
      if (this.#get(slot, word.life) === freeLife) continue;
      used++;
      for (const form of [cold, hot, aux]) {
        this.#mendForm(slot, form, owner);
        const pages = this.#areas(slot, form).reduce((sum, { bytes }) => sum + pagesOf(bytes), 0);
        if (form.isHot) hotPages += pages;
        else coldPages += pages;
      }
    }
    this.#setHead(head.coldPages, coldPages);
    this.#setHead(head.hotPages, hotPages);
    this.#setHead(head.used, used);
  }

  #mendForm(slot: number, form: Form, owner: number): void {
    const [first, ...more] = this.#areas(slot, form);
    const isMade = this.#get(slot, form.state) === busy && this.#makerOf(slot, form) === owner;
    // It was about to strike a form from the table.
    const isDropped = first !== undefined && this.arena.ownerOf(first.pointer) === owner;
    if (isMade || isDropped) {
      this.#drop(slot, form);
      return;
    }
    for (const { pointer } of more) if (this.arena.ownerOf(pointer) === owner) this.arena.share(pointer);
  }

  /** A thread may have ended between counting a pin for itself and for all. */
  #recount(slot: number): void {
    if (this.#get(slot, word.life) === freeLife) return;
    const slots = this.#head(head.slots);
    let pins = 0;
    for (let of = 0; of <= ownersMax; of++) pins += this.#allPins[of * slots + slot] ?? 0;
    this.#dropPins(slot, this.#get(slot, word.pins) - pins);
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

  #makerOf(slot: number, form: Form): number {
    return (this.#get(slot, word.makers) >>> form.shift) & 0xff;
  }

  /** With the lock held: this thread is about to make a form; it has no memory yet. */
  #begin(slot: number, form: Form): void {
    this.#set(slot, form.pointer, 0);
    const others = this.#get(slot, word.makers) & ~(0xff << form.shift);
    this.#set(slot, word.makers, others | (this.arena.owner << form.shift));
    this.#set(slot, form.state, busy);
  }

  /** Memory for a form that was begun: its address, 0 when the budget has no room for it. */
  #obtain(slot: number, form: Form, bytes: number): number {
    return this.#locked(() => {
      const pointer = this.#allocate(bytes, form.isHot, !form.isHot);
      if (pointer === 0) return 0;
      if (form.isHot) startAreas(this.arena, pointer);
      this.#set(slot, form.bytes, bytes | 0);
      this.#set(slot, form.pointer, pointer | 0);
      this.arena.share(pointer);
      return pointer;
    });
  }

  /** The memory of a form, made or being made. */
  #areas(slot: number, form: Form): readonly HotArea[] {
    const pointer = this.#get(slot, form.pointer) >>> 0;
    if (this.#get(slot, form.state) === empty || pointer === 0) return [];
    const first = { pointer, bytes: this.#get(slot, form.bytes) >>> 0 };
    return form.isHot ? areasOf(this.arena, first) : [first];
  }

  /** With the lock held: strikes a form from the table; answers how many pages became free. */
  #drop(slot: number, form: Form): number {
    const areas = this.#areas(slot, form);
    for (const { pointer } of areas) this.arena.claim(pointer);
    this.#settle(slot, form.state, empty);
    let pages = 0;
    for (const { pointer, bytes } of areas) {
      this.arena.free(pointer);
      pages += pagesOf(bytes);
    }
    this.#add(form.isHot ? head.hotPages : head.coldPages, -pages);
    return pages;
  }

  /**
   * The decoded form's area of a pinned file: its address, or 0 when there is no room for one. `prepare` runs once,
   * in the thread that takes it.
   */
  hot(slot: number, bytes: number, prepare: (pointer: number) => void): number {
    const pointer = this.#derived(slot, hot, hotHeadBytes + bytes, (first) => prepare(first + hotHeadBytes));
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
      const pointer = this.#allocate(bytes, true);
      if (pointer === 0) return;
      addArea(this.arena, first, { pointer, bytes });
      this.arena.share(pointer);
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
        this.#dropReady(slot, hot);
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
    if (state === empty) this.#begin(slot, cold);
    return state;
  }

  /** False: there is no room. */
  #load(slot: number, length: number, read: (into: Buffer<ArrayBufferLike>) => void): boolean {
    try {
      const pointer = this.#room(slot, length);
      if (pointer === 0) {
        this.#settle(slot, word.state, empty);
        return false;
      }
      read(this.arena.buffer(pointer, length));
      Atomics.add(this.#table, head.loads, 1);
      this.#settle(slot, word.state, ready);
      return true;
    } catch (error) {
      this.#locked(() => this.#drop(slot, cold));
      this.unpin(slot);
      throw error;
    }
  }

  #derived(slot: number, form: Form, bytes: number, build: (pointer: number) => void): number {
    for (;;) {
      const state = this.#ask(slot, form);
      if (state === ready) return this.#get(slot, form.pointer) >>> 0;
      if (state === busy) {
        this.#await(slot, form);
        continue;
      }
      let pointer = 0;
      try {
        pointer = this.#obtain(slot, form, bytes);
        if (pointer === 0) {
          this.#settle(slot, form.state, empty);
          return 0;
        }
        build(pointer);
      } catch (error) {
        this.#locked(() => this.#drop(slot, form));
        if (pointer === 0 && error instanceof CodedError && error.code === 'LimitExceeded') return 0;
        throw error;
      }
      this.#settle(slot, form.state, ready);
      return pointer;
    }
  }

  /** How a form of a pinned file stands; empty: it is this thread's to make now. */
  #ask(slot: number, form: Form): number {
    const state = this.#get(slot, form.state);
    if (state !== empty) return state;
    return this.#locked(() => {
      const now = this.#get(slot, form.state);
      if (now === empty) this.#begin(slot, form);
      return now;
    });
  }

  /** Room for a file, dropping others; 0 when what is pinned leaves none: then nothing is dropped. */
  #room(slot: number, bytes: number): number {
    try {
      return this.#obtain(slot, cold, bytes);
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
   * With the lock held: room within the budget and the arena, dropping others; 0 when hot bytes don't fit their budget,
   * or cold ones that `mustFit` do not: looking and taking are one step, or two threads would take the same room. It
   * goes with this thread until it is shared.
   */
  #allocate(bytes: number, isHot: boolean, mustFit = false): number {
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
        const pointer = this.arena.alloc(bytes);
        this.#add(counter, pages);
        return pointer;
      } catch (error) {
        if (this.#evict(pages, true) + this.#evict(pages, false) === 0) throw error;
      }
    }
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
      const hotPages = this.#dropReady(slot, hot);
      freed += hotOnly ? hotPages : (ofBudget ? 0 : hotPages) + this.#dropCold(slot);
      this.#add(head.evictions, 1);
    }
    return freed;
  }

  #dropReady(slot: number, form: Form): number {
    return this.#get(slot, form.state) === ready ? this.#drop(slot, form) : 0;
  }

  #dropCold(slot: number): number {
    const freed = this.#dropReady(slot, aux) + this.#dropReady(slot, cold);
    this.#set(slot, word.touches, 0);
    return freed;
  }

  #release(slot: number): void {
    this.#dropReady(slot, hot);
    this.#dropCold(slot);
    this.#set(slot, word.life, freeLife);
    this.#add(head.used, -1);
  }

  #settle(slot: number, at: number, state: number): void {
    Atomics.store(this.#table, this.#index(slot, at), state);
    Atomics.notify(this.#table, this.#index(slot, at));
  }

  #await(slot: number, form: Form): void {
    const index = this.#index(slot, form.state);
    for (let waited = 0; waited < patienceMs; waited += 100) {
      if (Atomics.load(this.#table, index) !== busy) return;
      if (Atomics.wait(this.#table, index, busy, 100) === 'timed-out') this.#dropLeft(slot, form);
    }
    throw new CodedError('Bug', 'another thread did not finish loading a column');
  }

  /** What nobody will finish any more is not waited for. */
  #dropLeft(slot: number, form: Form): void {
    this.#locked(() => {
      const maker = this.#makerOf(slot, form);
      if (this.#get(slot, form.state) === busy && this.arena.hasEnded(maker)) this.#drop(slot, form);
    });
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

  #setHead(at: number, value: number): void {
    Atomics.store(this.#table, at, value);
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
