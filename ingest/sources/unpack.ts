/** Packed input, told by its first bytes, whatever the name says. */
import type { Readable } from 'node:stream';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CodedError } from '../../proto/errors.js';

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

/**
 * The bytes of a stream, unpacked where they are packed. Throws InvalidInput (with the name) for damaged or truncated
 * input, Canceled.
 */
export async function* unpacked(bytes: Readable, input: PackedInput): AsyncGenerator<Uint8Array> {
  const packing = packingOf(Buffer.from(input.head).toString('latin1'));
  if (packing === undefined) yield* cancelable(bytes, input.signal);
  else if (packing === 'gzip') yield* gunzipped(bytes, input);
  else {
    const message = `${input.field}: file[${input.name}] is packed with ${packing}; only gzip can be read`;
    throw new CodedError('Unsupported', message, { field: input.field });
  }
}

/** Undefined: not packed. None of these can begin a text. */
function packingOf(head: string): string | undefined {
  if (head.startsWith('\x1f\x8b')) return 'gzip';
  if (head.startsWith('\xfd7zXZ\0')) return 'xz';
  if (head.startsWith('\x28\xb5\x2f\xfd')) return 'zstd';
  if (head.startsWith('PK\x03\x04')) return 'zip';
  return /^BZh[1-9]1AY&SY/.test(head) ? 'bzip2' : undefined;
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
