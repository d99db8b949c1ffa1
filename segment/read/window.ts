/**
 * Column files that memory has no room for: their bytes are read where they are needed, through pages and one range
 * buffer of a fixed size that all such files of a thread share.
 */
import type { ByteSource } from '../format/bytes.js';
import type { Arena } from '../kernels/arena.js';

/** Reads into the whole of `into` from `position` of a column file. Throws when it can't. */
export type ReadFile = (into: Buffer<ArrayBufferLike>, position: number) => void;

export const windowPageBytes = 32_768;
const pagesMax = 64;
const rangeBytes = 65_536 + 1024;

/** A thread's pages and its range buffer. */
export class Windows {
  readonly #arena: Arena;
  readonly #pages = new Map<string, Buffer<ArrayBufferLike>>();
  #range = 0;
  #room = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** A page by its name, the least recently used one making room for it. */
  page(name: string, read: () => Buffer<ArrayBufferLike>): Buffer<ArrayBufferLike> {
    let page = this.#pages.get(name);
    if (page === undefined) {
      page = read();
      const oldest = this.#pages.keys().next();
      if (this.#pages.size >= pagesMax && oldest.done !== true) this.#pages.delete(oldest.value);
    } else this.#pages.delete(name);
    this.#pages.set(name, page);
    return page;
  }

  /** Address of room for `length` bytes, the same at every call while it is large enough. */
  range(length: number): number {
    if (length > this.#room) {
      this.shrink();
      this.close();
      const room = Math.max(length, rangeBytes);
      this.#range = this.#arena.alloc(room);
      this.#room = room;
    }
    return this.#range;
  }

  /** Gives back what only a long range (a large bitmap) needed. */
  shrink(): void {
    if (this.#room > rangeBytes) this.close();
  }

  /** Frees the range buffer. */
  close(): void {
    if (this.#room > 0) this.#arena.free(this.#range);
    this.#room = 0;
    this.#range = 0;
  }
}

/** A file's bytes, page by page. */
export class WindowedBytes implements ByteSource {
  readonly length: number;
  readonly #name: string;
  readonly #windows: Windows;
  readonly #read: ReadFile;
  #page: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #start = 0;

  /** `name` is the file's own among all of the thread. */
  constructor(name: string, length: number, windows: Windows, read: ReadFile) {
    this.#name = name;
    this.length = length;
    this.#windows = windows;
    this.#read = read;
  }

  readUInt8(at: number): number {
    return this.#holding(at, 1).readUInt8(at - this.#start);
  }

  readInt32BE(at: number): number {
    const page = this.#holding(at, 4);
    return page.readInt32BE(at - this.#start);
  }

  readInt32LE(at: number): number {
    const page = this.#holding(at, 4);
    return page.readInt32LE(at - this.#start);
  }

  readBigInt64BE(at: number): bigint {
    const page = this.#holding(at, 8);
    return page.readBigInt64BE(at - this.#start);
  }

  readBigInt64LE(at: number): bigint {
    const page = this.#holding(at, 8);
    return page.readBigInt64LE(at - this.#start);
  }

  readDoubleBE(at: number): number {
    const page = this.#holding(at, 8);
    return page.readDoubleBE(at - this.#start);
  }

  readDoubleLE(at: number): number {
    const page = this.#holding(at, 8);
    return page.readDoubleLE(at - this.#start);
  }

  toString(encoding: 'utf8', start: number, end: number): string {
    return this.subarray(start, end).toString(encoding);
  }

  subarray(start: number, end: number): Buffer<ArrayBufferLike> {
    const from = Math.min(Math.max(start, 0), this.length);
    const to = Math.min(Math.max(end, from), this.length);
    if (to === from) return Buffer.alloc(0);
    if (to - from <= windowPageBytes) {
      const page = this.#holding(from, to - from);
      return page.subarray(from - this.#start, to - this.#start);
    }
    const bytes = Buffer.allocUnsafeSlow(to - from);
    this.#read(bytes, from);
    return bytes;
  }

  /** Bytes in the arena, good until the thread's next call. */
  at(arena: Arena, start: number, length: number): number {
    const pointer = this.#windows.range(length);
    if (length > 0) this.#read(arena.buffer(pointer, length), start);
    return pointer;
  }

  /** Makes `#page`, which starts at `#start`, hold `length` bytes from `at` on. */
  #holding(at: number, length: number): Buffer<ArrayBufferLike> {
    if (at >= this.#start && at + length <= this.#start + this.#page.length) return this.#page;
    const number = Math.floor(at / windowPageBytes);
    const start = number * windowPageBytes;
    if (at + length <= start + windowPageBytes) {
      this.#page = this.#windows.page(`${this.#name}/${number}`, () => this.#copy(start, windowPageBytes));
      this.#start = start;
    } else {
      // Across a border: a page of its own, read for this once.
      this.#page = this.#copy(at, length);
      this.#start = at;
    }
    return this.#page;
  }

  #copy(start: number, length: number): Buffer {
    const page = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.length - start)));
    this.#read(page, start);
    return page;
  }
}
