/** Zstandard streams of any length. The one importer of fzstd (pure JavaScript; Node 20 has no zstd of its own). */
import { Decompress } from 'fzstd';
import { invalidInput } from '../../proto/errors.js';

const PUSH_BYTES = 64 * 1024;

/** Throws InvalidInput for damaged or truncated streams. */
export async function* unzstd(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const decoder = new Decompress((piece) => void (piece.length > 0 && ready.push(piece)));
  const push = (bytes: Uint8Array, isLast: boolean): Uint8Array[] => {
    ready = [];
    try {
      decoder.push(bytes, isLast);
    } catch {
      throw invalidInput('no whole zstd stream', 'zstd');
    }
    return ready;
  };
  for await (const piece of packed) {
    for (let at = 0; at < piece.length; at += PUSH_BYTES) {
      // The decoder keeps what it can't use yet, and the source may use its buffer again.
      yield* push(piece.slice(at, at + PUSH_BYTES), false);
    }
  }
  yield* push(new Uint8Array(0), true);
}

/** A whole stream at once. Throws InvalidInput, also when there are more than `bytesMax` inside. */
export function unzstdBytes(packed: Uint8Array, bytesMax: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const decoder = new Decompress((piece) => {
    size += piece.length;
    if (size <= bytesMax) pieces.push(piece);
  });
  try {
    for (let at = 0; at < packed.length && size <= bytesMax; at += PUSH_BYTES) {
      decoder.push(packed.slice(at, at + PUSH_BYTES), at + PUSH_BYTES >= packed.length);
    }
  } catch {
    throw invalidInput('no whole zstd stream', 'zstd');
  }
  if (size > bytesMax) throw invalidInput('a zstd stream is too long', 'zstd');
  return Buffer.concat(pieces);
}
