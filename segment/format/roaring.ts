/**
 * Portable roaring bitmaps, written straight from ascending row numbers: array, bit set and run containers, runs where
 * they are smaller (as Druid's writer chooses).
 */
import type { ByteWriter } from './bytes.js';

interface Container {
  key: number;
  /** Positions in the row list. */
  from: number;
  to: number;
  runs: number;
  isRun: boolean;
}

const pool: Container[] = [];

function containerAt(index: number): Container {
  let container = pool[index];
  if (container === undefined) {
    container = { key: 0, from: 0, to: 0, runs: 0, isRun: false };
    pool.push(container);
  }
  return container;
}

/** Cuts rows[from, to) into containers of the pool; answers how many. */
function cut(rows: Uint32Array, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; count++) {
    const container = containerAt(count);
    const key = (rows[at] as number) >>> 16;
    container.key = key;
    container.from = at;
    let runs = 1;
    let last = rows[at] as number;
    for (at++; at < to; at++) {
      const row = rows[at] as number;
      if (row >>> 16 !== key) break;
      if (row !== last + 1) runs++;
      last = row;
    }
    container.to = at;
    container.runs = runs;
    const cardinality = at - container.from;
    container.isRun = (cardinality <= 4096 ? 2 * cardinality : 8192) > 2 + 4 * runs;
  }
  return count;
}

/** Bytes of a container's body. */
function bodyBytes(container: Container): number {
  const cardinality = container.to - container.from;
  if (container.isRun) return 2 + 4 * container.runs;
  return cardinality <= 4096 ? 2 * cardinality : 8192;
}

/** Writes the bitmap of rows[from, to), which ascend strictly. No rows: no bytes. */
export function writeRoaring(out: ByteWriter, rows: Uint32Array, from: number, to: number): void {
  if (from >= to) return;
  if (to - from === 1) {
    writeOne(out, rows[from]!);
    return;
  }
  const count = cut(rows, from, to);
  let anyRun = false;
  let bodies = 0;
  for (let i = 0; i < count; i++) {
    const container = pool[i] as Container;
    anyRun ||= container.isRun;
    bodies += bodyBytes(container);
  }
  const flagBytes = anyRun ? (count + 7) >>> 3 : 0;
  const hasOffsets = !anyRun || count >= 4;
  const head = (anyRun ? 4 + flagBytes : 8) + 4 * count + (hasOffsets ? 4 * count : 0);
  out.reserve(head + bodies);
  const bytes = out.buffer;
  const start = out.length;
  let at = start;
  if (anyRun) {
    at = bytes.writeUInt32LE((12347 | ((count - 1) << 16)) >>> 0, at);
    bytes.fill(0, at, at + flagBytes);
    for (let i = 0; i < count; i++) {
      if ((pool[i] as Container).isRun)
        bytes[at + (i >>> 3)] = (bytes[at + (i >>> 3)] as number) | (1 << (i & 7));
    }
    at += flagBytes;
  } else {
    at = bytes.writeUInt32LE(12346, at);
    at = bytes.writeUInt32LE(count, at);
  }
  for (let i = 0; i < count; i++) {
    const container = pool[i] as Container;
    at = putU16(bytes, at, container.key);
    at = putU16(bytes, at, container.to - container.from - 1);
  }
  if (hasOffsets) {
    let offset = head;
    for (let i = 0; i < count; i++) {
      at = bytes.writeUInt32LE(offset, at);
      offset += bodyBytes(pool[i] as Container);
    }
  }
  for (let i = 0; i < count; i++) at = putBody(bytes, at, pool[i] as Container, rows);
  out.length = at;
}

/** The bitmap of one row: most values of a column of many are in one row only. */
function writeOne(out: ByteWriter, row: number): void {
  out.reserve(18);
  const bytes = out.buffer;
  const at = out.length;
  for (let i = 0; i < 16; i++) bytes[at + i] = oneHead[i]!;
  putU16(bytes, at + 8, row >>> 16);
  putU16(bytes, at + 16, row & 0xffff);
  out.length = at + 18;
}

/** Cookie, one container, its key (patched) and cardinality - 1, its offset. */
const oneHead = Uint8Array.of(0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0);

function putU16(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value & 0xff;
  bytes[at + 1] = value >>> 8;
  return at + 2;
}

function putBody(bytes: Buffer, start: number, container: Container, rows: Uint32Array): number {
  const { from, to } = container;
  let at = start;
  if (container.isRun) {
    at = putU16(bytes, at, container.runs);
    let first = rows[from] as number;
    let last = first;
    for (let i = from + 1; i <= to; i++) {
      const row = i < to ? (rows[i] as number) : -1;
      if (row === last + 1) {
        last = row;
        continue;
      }
      at = putU16(bytes, at, first & 0xffff);
      at = putU16(bytes, at, last - first);
      first = row;
      last = row;
    }
    return at;
  }
  if (to - from <= 4096) {
    for (let i = from; i < to; i++) {
      const row = rows[i] as number;
      bytes[at] = row & 0xff;
      bytes[at + 1] = (row >>> 8) & 0xff;
      at += 2;
    }
    return at;
  }
  bytes.fill(0, at, at + 8192);
  for (let i = from; i < to; i++) {
    const bit = (rows[i] as number) & 0xffff;
    const byte = at + (bit >>> 3);
    bytes[byte] = (bytes[byte] as number) | (1 << (bit & 7));
  }
  return at + 8192;
}
