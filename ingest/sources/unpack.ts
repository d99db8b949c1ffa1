/** Packed input, told by its first bytes, whatever the name says. */
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CodedError } from '../../proto/errors.js';
import { bunzip2 } from './bunzip2.js';
import { unxz } from './unxz.js';
import { unzipFirst } from './unzip-first.js';
import { unzstd } from './unzstd.js';

/** How many of the first bytes are needed to tell. */
export const HEAD_BYTES = 10;
const READ_BYTES = 256 * 1024;

export interface PackedInput {
  readonly head: Uint8Array;
  /** For errors. */
  readonly name: string;
  readonly field: string;
  readonly signal: AbortSignal;
}

type Packing = 'gzip' | 'xz' | 'zstd' | 'zip' | 'bzip2';
type Unpacker = (packed: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

const unpackers: Readonly<Record<Exclude<Packing, 'gzip'>, Unpacker>> = {
  bzip2: bunzip2,
  xz: unxz,
  zip: unzipFirst,
  zstd: unzstd,
};

/**
 * The bytes of a stream, unpacked where they are packed. Throws InvalidInput (with the name) for damaged or truncated
 * input, Canceled.
 */
export async function* unpacked(bytes: Readable, input: PackedInput): AsyncGenerator<Uint8Array> {
  const packing = packingOf(Buffer.from(input.head).toString('latin1'));
  if (packing === undefined) yield* cancelable(bytes, input.signal);
  else if (packing === 'gzip') yield* gunzipped(bytes, input);
  else yield* named(unpackers[packing](cancelable(bytes, input.signal)), input);
}

/** As {@link unpacked}, of a stream whose first bytes have not been looked at yet. */
export async function* unpackedBytes(
  pieces: AsyncIterable<Uint8Array>,
  input: Omit<PackedInput, 'head'>,
): AsyncGenerator<Uint8Array> {
  const source = pieces[Symbol.asyncIterator]();
  try {
    yield* unpackedAfterHead(source, input);
  } finally {
    // Whoever stops reading early must not leave a connection open.
    await source.return?.();
  }
}

async function* unpackedAfterHead(
  source: AsyncIterator<Uint8Array>,
  input: Omit<PackedInput, 'head'>,
): AsyncGenerator<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < HEAD_BYTES) {
    const next = await source.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  const all = async function* all(): AsyncGenerator<Uint8Array> {
    yield head;
    for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
  };
  yield* unpacked(Readable.from(all(), { objectMode: true }), {
    ...input,
    head: head.subarray(0, HEAD_BYTES),
  });
}

async function* named(pieces: AsyncIterable<Uint8Array>, input: PackedInput): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (thrown) {
    if (!(thrown instanceof CodedError) || thrown.code === 'Canceled') throw thrown;
    const { field, name } = input;
    throw new CodedError(thrown.code, `${field}: file[${name}] is ${thrown.message}`, { field }, thrown);
  }
}

const bzipMarks: readonly string[] = ['1AY&SY', '\x17rE8P\x90'];

/** Undefined: not packed. None of these can begin a text. */
function packingOf(head: string): Packing | undefined {
  if (head.startsWith('\x1f\x8b')) return 'gzip';
  if (head.startsWith('\xfd7zXZ\0')) return 'xz';
  if (head.startsWith('\x28\xb5\x2f\xfd')) return 'zstd';
  if (head.startsWith('PK\x03\x04')) return 'zip';
  // Blocks, or the end of an empty stream.
  const isBzip = /^BZh[1-9]/.test(head) && bzipMarks.includes(head.slice(4, 10));
  return isBzip ? 'bzip2' : undefined;
}

async function* cancelable(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    if (signal.aborted) throw new CodedError('Canceled', 'Stopped while reading');
    yield piece;
  }
}

async function* gunzipped(packed: Readable, input: PackedInput): AsyncGenerator<Uint8Array> {
  const { signal, name, field } = input;
  const out = new PassThrough({ highWaterMark: READ_BYTES });
  const done = pipeline(packed, createGunzip({ chunkSize: READ_BYTES }), out, { signal });
  // The error is taken from `done` below; without this an early one would count as unhandled.
  done.catch(() => undefined);
  try {
    yield* cancelable(out as AsyncIterable<Uint8Array>, signal);
    await done;
  } catch (thrown) {
    if (thrown instanceof CodedError) throw thrown;
    if (signal.aborted) throw new CodedError('Canceled', 'Stopped while reading');
    throw new CodedError('InvalidInput', `${field}: file[${name}] is no whole gzip file`, { field });
  } finally {
    packed.destroy();
    out.destroy();
  }
}
