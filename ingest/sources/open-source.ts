/** From the spec's input source to the entities to read, in order. */
import type { InputSource } from '../spec/model.js';
import type { InputEntity } from './input-entity.js';
import { findLocalFiles } from './local-files.js';

/** `allowedDirs`: absolute folders that local sources may read. Throws InvalidInput, LimitExceeded. */
export async function openSource(
  source: InputSource,
  allowedDirs: readonly string[],
): Promise<InputEntity[]> {
  if (source.type === 'local') return await findLocalFiles(source, allowedDirs);
  const bytes = Buffer.from(source.data, 'utf8');
  return [{ name: 'inline', open: () => pieces(bytes) }];
}

const PIECE_BYTES = 256 * 1024;

// eslint-disable-next-line typescript/require-await -- the one source that needs no waiting
async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
