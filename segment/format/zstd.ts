import { CodedError } from '../../proto/errors.js';

/** Decodes one zstd frame; answers the bytes written, or -1 when it is corrupt or does not fit. */
export function decodeZstd(_source: Uint8Array, _target: Uint8Array): number {
  throw new CodedError('Unsupported', 'zstd blocks are not read yet');
}
