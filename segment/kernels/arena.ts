/**
 * One shared WebAssembly.Memory and a page allocator over it that every thread may use.
 *
 * Pages are 4 KiB. The table of runs lives in a SharedArrayBuffer beside the memory: the first and the last entry of
 * every run hold its length in pages (and, when taken, the number of the thread it belongs to), the top bit telling
 * whether it is taken; entries inside a run mean nothing.
 * A thread may be ended between any two steps: each change is made by writing one first entry, so that walking from
 * first entry to first entry always leads from run to run. The rest (last entries, sum, hint) is made anew from them
 * when a thread ended inside (`reap`).
 * Taking walks from run to run starting at a hint, giving back joins both neighbours at once. The memory grows on
 * demand; addresses may pass 2 GiB, so they are only ever added, divided or shifted with `>>>`.
 */
import { CodedError } from '../../proto/errors.js';
import { SharedLock } from './shared-lock.js';
import { hasEnded, thisThread } from './thread-life.js';
import { wasm, type WasmMemory } from './wasm.js';

const pageBytes = 4096;
const wasmPageBytes = 65536;
/** Behind every allocation, so that 16-byte loads and stores may run over. */
const slackBytes = 64;
/** Kept free for the static data of the kernels' module. */
export const reservedBytes = 16 * wasmPageBytes;
/** The memory grows in steps of at least this much. */
const growBytes = 16 * wasmPageBytes;

const lockWord = 0;
const usedWord = 1;
const hintWord = 2;
/** From here for each number the thread that has it, as the system names it. */
const threadsWord = 16;
const headerWords = 64;
const takenBit = 0x80000000;
const lengthMask = (1 << 21) - 1;
const ownerShift = 21;
/** Threads have numbers from 1 to this; 0 is everybody. */
export const ownersMax = 31;
const lockPatienceMs = 10_000;
/** Those who live keep the lock for much less. */
export const reapPatienceMs = 50;

/** Goes through postMessage; every thread attaches to it. */
export interface ArenaHandle {
  readonly memory: WasmMemory;
  readonly control: SharedArrayBuffer;
  readonly maximumBytes: number;
}

export interface ArenaOptions {
  /** At most 4 GiB; rounded up to 64 KiB; at least 2 MiB. */
  readonly maximumBytes: number;
}

export class Arena {
  readonly handle: ArenaHandle;
  readonly memory: WasmMemory;
  readonly maximumBytes: number;
  /** Whose allocations these are: see `reap`. */
  readonly owner: number;
  readonly #table: Int32Array;
  readonly #lock: SharedLock;
  readonly #pages: number;
  #buffer: ArrayBufferLike;

  constructor(handle: ArenaHandle, owner = 0) {
    if (!(owner >= 0 && owner <= ownersMax)) throw new CodedError('Bug', `arena owner[${owner}]`);
    this.handle = handle;
    this.owner = owner;
    this.memory = handle.memory;
    this.maximumBytes = handle.maximumBytes;
    this.#table = new Int32Array(handle.control);
    this.#lock = new SharedLock(this.#table, lockWord, owner, () => this.#restore());
    if (owner !== 0) Atomics.store(this.#table, threadsWord + owner, thisThread);
    this.#pages = this.#table.length - headerWords;
    this.#buffer = handle.memory.buffer;
  }

  /**
   * Takes `bytes` bytes and answers their address, 64-byte aligned, with 64 more bytes of slack behind them.
   * The contents are whatever was there. Throws LimitExceeded when the arena has no such run.
   */
  alloc(bytes: number): number {
    if (!(bytes >= 0) || bytes > this.maximumBytes) throw this.#full(bytes);
    const wanted = Math.ceil((bytes + slackBytes) / pageBytes);
    this.#enter();
    try {
      const page = this.#take(wanted, this.owner);
      if (page < 0) throw this.#full(bytes);
      return page * pageBytes;
    } finally {
      this.#lock.give();
    }
  }

  /** What a thread took outlives it from now on; whoever has it frees it. */
  share(pointer: number): void {
    this.#hand(pointer, 0);
  }

  /** What was shared goes with this thread from now on. */
  claim(pointer: number): void {
    this.#hand(pointer, this.owner);
  }

  /** The thread it goes with, 0: none. An allocation's address. */
  ownerOf(pointer: number): number {
    const entry = this.#table[headerWords + Math.floor(pointer / pageBytes)] ?? 0;
    return (entry & ~takenBit) >>> ownerShift;
  }

  /** The thread of this number is no more, as far as the system tells. */
  hasEnded(owner: number): boolean {
    return owner !== 0 && hasEnded(Atomics.load(this.#table, threadsWord + owner));
  }

  #hand(pointer: number, owner: number): void {
    const page = Math.floor(pointer / pageBytes);
    this.#enter();
    try {
      const length = this.#runAt(page);
      if (page * pageBytes !== pointer || length <= 0)
        throw new CodedError('Bug', `arena address[${pointer}] is no allocation`);
      this.#mark(page, length, takenBit | (owner << ownerShift));
    } finally {
      this.#lock.give();
    }
  }

  /**
   * Frees what a thread that is no more had taken for itself, its lock included. False: nothing is done yet, as another
   * has the lock and keeps it; when that one is no more either, it has to be given back first.
   */
  reap(owner: number): boolean {
    if (!this.#enterAfter(owner)) return false;
    try {
      for (let page = 0; page < this.#pages;) {
        const entry = this.#table[headerWords + page] ?? 0;
        const length = entry & lengthMask;
        if (entry < 0 && (entry & ~takenBit) >>> ownerShift === owner) {
          page = this.#give(page, length);
        } else page += length;
      }
    } finally {
      this.#lock.give();
    }
    return true;
  }

  /** The lock of a thread that is no more. False: another has it and keeps it. */
  release(owner: number): boolean {
    if (!this.#enterAfter(owner)) return false;
    this.#lock.give();
    return true;
  }

  #enterAfter(owner: number): boolean {
    if (!this.#lock.takeFrom(owner)) return this.#lock.take(reapPatienceMs);
    this.#restore();
    return true;
  }

  /** Gives an allocation back. Its address must be one that `alloc` answered and that was not freed before. */
  free(pointer: number): void {
    const page = Math.floor(pointer / pageBytes);
    this.#enter();
    try {
      const length = this.#runAt(page);
      if (page * pageBytes !== pointer || length <= 0) {
        throw new CodedError('Bug', `arena address[${pointer}] is no allocation`);
      }
      this.#give(page, length);
    } finally {
      this.#lock.give();
    }
  }

  /** Bytes taken now, in whole pages. */
  get usedBytes(): number {
    return Atomics.load(this.#table, usedWord) * pageBytes;
  }

  /** Bytes the memory has grown to. */
  get committedBytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** A window of `length` bytes; it stays valid when the memory grows. */
  bytes(pointer: number, length: number): Uint8Array<ArrayBufferLike> {
    return new Uint8Array(this.#over(pointer, length), pointer, length);
  }

  /** The same as a Buffer (text decoding, file reads). */
  buffer(pointer: number, length: number): Buffer<ArrayBufferLike> {
    return Buffer.from(this.#over(pointer, length), pointer, length);
  }

  u16(pointer: number, length: number): Uint16Array<ArrayBufferLike> {
    return new Uint16Array(this.#over(pointer, length * 2), pointer, length);
  }

  u32(pointer: number, length: number): Uint32Array<ArrayBufferLike> {
    return new Uint32Array(this.#over(pointer, length * 4), pointer, length);
  }

  i32(pointer: number, length: number): Int32Array<ArrayBufferLike> {
    return new Int32Array(this.#over(pointer, length * 4), pointer, length);
  }

  i64(pointer: number, length: number): BigInt64Array<ArrayBufferLike> {
    return new BigInt64Array(this.#over(pointer, length * 8), pointer, length);
  }

  u64(pointer: number, length: number): BigUint64Array<ArrayBufferLike> {
    return new BigUint64Array(this.#over(pointer, length * 8), pointer, length);
  }

  f32(pointer: number, length: number): Float32Array<ArrayBufferLike> {
    return new Float32Array(this.#over(pointer, length * 4), pointer, length);
  }

  f64(pointer: number, length: number): Float64Array<ArrayBufferLike> {
    return new Float64Array(this.#over(pointer, length * 8), pointer, length);
  }

  #over(pointer: number, length: number): ArrayBufferLike {
    if (pointer + length > this.#buffer.byteLength) {
      // Another thread may have grown the memory: growing by nothing makes this thread see it.
      this.memory.grow(0);
      this.#buffer = this.memory.buffer;
    }
    return this.#buffer;
  }

  /** With the lock held: everything that follows from the first entries. */
  #restore(): void {
    const table = this.#table;
    let used = 0;
    for (let page = reservedBytes / pageBytes; page < this.#pages;) {
      const entry = table[headerWords + page] ?? 0;
      const length = entry & lengthMask;
      if (length === 0) throw new CodedError('Bug', `arena page[${page}] begins no run`);
      table[headerWords + page + length - 1] = entry;
      if (entry < 0) used += length;
      page += length;
    }
    table[hintWord] = reservedBytes / pageBytes;
    Atomics.store(table, usedWord, used);
  }

  #runAt(page: number): number {
    // What the kernels keep there is nobody's to give.
    if (page < reservedBytes / pageBytes) return 0;
    const entry = this.#table[headerWords + page] ?? 0;
    return entry < 0 ? entry & lengthMask : 0;
  }

  #take(wanted: number, owner: number): number {
    const table = this.#table;
    let page = table[hintWord] ?? 0;
    let first = -1;
    while (page < this.#pages) {
      const entry = table[headerWords + page] ?? 0;
      const length = entry & lengthMask;
      if (entry > 0) {
        if (first < 0) first = page;
        if (length >= wanted) {
          if (!this.#commit((page + wanted) * pageBytes)) return -1;
          if (length > wanted) this.#mark(page + wanted, length - wanted, 0);
          this.#mark(page, wanted, takenBit | (owner << ownerShift));
          if (first === page) table[hintWord] = page + wanted;
          Atomics.add(table, usedWord, wanted);
          return page;
        }
      }
      page += length;
    }
    return -1;
  }

  /** Answers where the run that is free now ends: the next one begins there. */
  #give(page: number, length: number): number {
    const table = this.#table;
    let start = page;
    let total = length;
    const after = page + length;
    const next = after < this.#pages ? (table[headerWords + after] ?? 0) : -1;
    if (next > 0) total += next;
    const before = page > 0 ? (table[headerWords + page - 1] ?? 0) : -1;
    if (before > 0) {
      start -= before;
      total += before;
    }
    this.#mark(start, total, 0);
    if (start < (table[hintWord] ?? 0)) table[hintWord] = start;
    Atomics.sub(table, usedWord, length);
    return start + total;
  }

  #mark(page: number, length: number, bits: number): void {
    const entry = length | bits;
    this.#table[headerWords + page] = entry;
    this.#table[headerWords + page + length - 1] = entry;
  }

  #commit(end: number): boolean {
    let size = this.memory.buffer.byteLength;
    if (size < end + slackBytes) {
      this.memory.grow(0);
      size = this.memory.buffer.byteLength;
    }
    if (size >= end) return true;
    const step = Math.min(Math.max(end - size, growBytes), this.maximumBytes - size);
    try {
      this.memory.grow(Math.ceil(step / wasmPageBytes));
    } catch {
      return false;
    }
    this.#buffer = this.memory.buffer;
    return this.#buffer.byteLength >= end;
  }

  #enter(): void {
    if (!this.#lock.take(lockPatienceMs)) throw new CodedError('Bug', 'the arena stays locked');
  }

  #full(bytes: number): CodedError {
    return new CodedError(
      'LimitExceeded',
      `the column memory has no room for ${bytes} bytes: used[${this.usedBytes}] of maximum[${this.maximumBytes}]`,
    );
  }
}

/** A fresh arena; hand its `handle` to other threads. */
export function createArena(options: ArenaOptions): Arena {
  const limit = 65536 * wasmPageBytes;
  const wanted = Math.max(options.maximumBytes, 2 * reservedBytes);
  if (!(wanted <= limit)) {
    throw new CodedError('InvalidInput', `arena maximumBytes[${options.maximumBytes}] exceeds 4 GiB`);
  }
  const maximumBytes = Math.ceil(wanted / wasmPageBytes) * wasmPageBytes;
  const memory = new wasm.Memory({
    initial: reservedBytes / wasmPageBytes,
    maximum: maximumBytes / wasmPageBytes,
    shared: true,
  });
  const pages = maximumBytes / pageBytes;
  const control = new SharedArrayBuffer((headerWords + pages) * 4);
  const table = new Int32Array(control);
  const reserved = reservedBytes / pageBytes;
  table[headerWords] = reserved | takenBit;
  table[headerWords + reserved - 1] = reserved | takenBit;
  table[headerWords + reserved] = pages - reserved;
  table[headerWords + pages - 1] = pages - reserved;
  table[hintWord] = reserved;
  return new Arena({ memory, control, maximumBytes });
}

/** `owner`: this thread's number, for threads that may die and be replaced. */
export function attachArena(handle: ArenaHandle, owner = 0): Arena {
  return new Arena(handle, owner);
}
