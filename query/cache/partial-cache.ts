/** Partial results by segment: in this process's memory, or as bytes in a store beside it. */
import { grove } from '../../proto/gen/messages.js';
import type { Frame } from '../frame.js';
import { sharedFrame } from '../frame-build.js';
import { decodeFrame, encodeFrame, frameBytes } from '../frame-codec.js';
import { ByteLru, type CacheFigures } from './byte-lru.js';

export interface PartialCache {
  /** By key; what is not there is left out. Never rejects: a store that can't be reached has nothing. */
  get(keys: readonly string[]): Promise<ReadonlyMap<string, readonly Frame[]>>;
  /** The frames stay the caller's. Too large ones are not taken. */
  put(key: string, frames: readonly Frame[]): void;
  /** Frames of more bytes are too large. */
  readonly entryBytesMax: number;
  /** Counts what was found too large before it was put. */
  tooLarge(): void;
  readonly figures: CacheFigures;
}

/** Bytes by key in another process; the adapter of its client counts and never rejects. */
export interface ByteStore {
  get(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  put(key: string, value: Uint8Array): void;
  /** Counts what was found too large before it was put. */
  tooLarge(): void;
  readonly figures: CacheFigures;
}

export interface CacheLimits {
  readonly bytesMax: number;
  readonly entryBytesMax: number;
}

/** A frame's objects and the memory pages its arrays begin. */
const frameObjectBytes = 1_000;
const columnObjectBytes = 500;

function memoryOf(frames: readonly Frame[]): number {
  let bytes = 0;
  for (const frame of frames)
    bytes += frameBytes(frame) + frameObjectBytes + frame.columns.length * columnObjectBytes;
  return bytes;
}

/** In shared memory: what is handed out may be sent to any thread as often as wanted and stays here. */
export function createLocalPartials(limits: CacheLimits): PartialCache {
  const lru = new ByteLru<readonly Frame[]>({ ...limits, sizeOf: memoryOf });
  return {
    get: async (keys) => {
      const found = new Map<string, readonly Frame[]>();
      for (const key of keys) {
        const frames = lru.get(key);
        if (frames !== undefined) found.set(key, frames);
      }
      return await Promise.resolve(found);
    },
    put: (key, frames) => {
      if (memoryOf(frames) <= limits.entryBytesMax) lru.put(key, frames.map(sharedFrame));
      else lru.tooLarge();
    },
    tooLarge: () => lru.tooLarge(),
    entryBytesMax: limits.entryBytesMax,
    get figures() {
      return lru.figures;
    },
  };
}

/** First byte of a stored value: what is written in another form is no hit. */
const formatByte = 1;

/** Frames as one value: per frame its length (4 bytes, little-endian) and its protocol bytes. */
export function packFrames(frames: readonly Frame[]): Uint8Array {
  const parts = frames.map((frame) => grove.query.v1.Frame.encode(encodeFrame(frame)).finish());
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 1));
  const view = new DataView(bytes.buffer);
  bytes[0] = formatByte;
  let at = 1;
  for (const part of parts) {
    view.setUint32(at, part.length, true);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}

/** Undefined: not what packFrames writes, or damaged. */
export function unpackFrames(bytes: Uint8Array): Frame[] | undefined {
  if (bytes[0] !== formatByte) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Frame[] = [];
  try {
    for (let at = 1; at < bytes.length;) {
      const length = view.getUint32(at, true);
      if (at + 4 + length > bytes.length) return undefined;
      frames.push(decodeFrame(grove.query.v1.Frame.decode(bytes.subarray(at + 4, at + 4 + length))));
      at += 4 + length;
    }
  } catch {
    // A foreign or damaged value: scanned again and written anew.
    return undefined;
  }
  // A segment is answered by its last frame: there is always one.
  return frames.length === 0 ? undefined : frames;
}

export function createStoredPartials(store: ByteStore, entryBytesMax: number): PartialCache {
  return {
    get: async (keys) => {
      const found = new Map<string, readonly Frame[]>();
      for (const [key, bytes] of await store.get(keys)) {
        const frames = unpackFrames(bytes);
        if (frames !== undefined) found.set(key, frames);
      }
      return found;
    },
    put: (key, frames) => {
      // Packing costs time in proportion: what is too large is not even tried.
      if (memoryOf(frames) <= entryBytesMax) store.put(key, packFrames(frames));
      else store.tooLarge();
    },
    tooLarge: () => store.tooLarge(),
    entryBytesMax,
    get figures() {
      return store.figures;
    },
  };
}
