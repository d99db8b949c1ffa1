/** The one importer of the optional npm package `lz4`; undefined where it is not installed or does not load. */
import { createRequire } from 'node:module';

export interface NativeLz4 {
  /** Bytes written into `output`, 0 when they don't fit. */
  encodeBlock(input: Buffer, output: Buffer): number;
  encodeBlockHC(input: Buffer, output: Buffer): number;
  /** Bytes written, negative when the block is corrupt. */
  decodeBlock(input: Buffer, output: Buffer): number;
}

let loaded: NativeLz4 | undefined | 'untried' = 'untried';

export function loadNativeLz4(): NativeLz4 | undefined {
  if (loaded === 'untried') {
    try {
      loaded = createRequire(import.meta.url)('lz4') as NativeLz4;
    } catch {
      loaded = undefined;
    }
  }
  return loaded;
}
