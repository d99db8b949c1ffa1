/** inline: the data is in the spec. */
import type { InputEntity } from './input-entity.js';
import type { SourceKind } from './source.js';

export const inlineSource: SourceKind = {
  type: 'inline',
  parse(keys) {
    const data = keys.text('data');
    keys.leftovers();
    const bytes = Buffer.from(data, 'utf8');
    const entity: InputEntity = {
      name: 'inline',
      sizeBytes: bytes.length,
      alone: { type: 'inline', data },
      open: () => pieces(bytes),
    };
    return { type: 'inline', open: () => Promise.resolve([entity]) };
  },
};

const PIECE_BYTES = 256 * 1024;

// eslint-disable-next-line typescript/require-await -- the one source that needs no waiting
async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
