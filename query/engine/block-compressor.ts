/** LZ4 for frames by the kernels, working in the arena. */
import { CodedError } from '../../proto/errors.js';
import type { Kernels } from '../../segment/kernels/load.js';
import { withScratch } from '../../segment/kernels/scratch.js';
import type { BlockCompressor } from '../frame-codec.js';
import { queryKernels } from '../kernels/exports.js';

const tableBytes = 65_536;

export function kernelCompressor(kernels: Kernels): BlockCompressor {
  const { arena, segment } = kernels;
  const { packLz4 } = queryKernels(kernels.exports);
  const withMemory = <T>(sizes: readonly number[], work: (pointers: readonly number[]) => T): T => {
    const pointers: number[] = [];
    try {
      for (const size of sizes) pointers.push(arena.alloc(size));
      return work(pointers);
    } finally {
      for (const pointer of pointers) arena.free(pointer);
    }
  };
  return {
    compress(input) {
      const bound = input.length + Math.ceil(input.length / 255) + 16;
      return withMemory([input.length, bound, tableBytes], ([source = 0, target = 0, table = 0]) => {
        arena.bytes(source, input.length).set(input);
        const size = packLz4(source, input.length, target, table) >>> 0;
        return new Uint8Array(arena.bytes(target, size));
      });
    },
    decompress(input, size) {
      return withMemory([input.length, size], ([source = 0, target = 0]) => {
        arena.bytes(source, input.length).set(input);
        const written = segment.lz4_decode(source, input.length, target, size) >>> 0;
        if (written !== size) throw new CodedError('InvalidInput', 'an LZ4 block is corrupt');
        return new Uint8Array(arena.bytes(target, size));
      });
    },
  };
}

/** The same in a memory of the thread's own, wherever no arena is at hand. */
export const threadCompressor: BlockCompressor = {
  compress: (input) => withScratch((kernels) => kernelCompressor(kernels).compress(input)),
  decompress: (input, size) => withScratch((kernels) => kernelCompressor(kernels).decompress(input, size)),
};
