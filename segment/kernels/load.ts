/** Compiling the kernels' module and binding it to an arena: one instance per thread and arena. */
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CodedError } from '../../proto/errors.js';
import type { Arena } from './arena.js';
import { wasm, type WasmExports, type WasmModule } from './wasm.js';

/** Addresses and lengths are bytes of the arena, unsigned (results: apply `>>> 0`). */
export interface SegmentKernels {
  /** Bytes written, or -1 (0xffffffff) when the block is corrupt. */
  lz4_decode(source: number, sourceLength: number, target: number, capacity: number): number;
  /** `table` = 16384 bytes of scratch; `target` needs length + length / 255 + 16 bytes; at most 65536 bytes in. */
  lz4_encode(source: number, length: number, target: number, table: number): number;
  /** The same, smaller and slower; `table` = 262144 bytes of scratch. */
  lz4_encode_high(source: number, length: number, target: number, table: number): number;
  unpack_le(source: number, count: number, width: number, target: number): void;
  unpack_be(source: number, count: number, width: number, target: number, targetWidth: number): void;
  max_id(source: number, count: number, width: number): number;
  ascending(source: number, count: number, limit: number): number;
  unpack_delta(
    source: number,
    first: number,
    count: number,
    bits: number,
    base: bigint,
    target: number,
  ): void;
  unpack_table(
    source: number,
    first: number,
    count: number,
    bits: number,
    table: number,
    size: number,
    target: number,
  ): number;
  /** `n` > 0 i64: the smallest to `base`; answers how many bytes offsets from it take (1, 2, 4), 0 = eight. */
  narrow_offsets(source: number, n: number, base: number): number;
  pack_offsets(source: number, n: number, base: number, width: number, target: number): void;
  unpack_offsets(source: number, n: number, width: number, base: number, target: number): void;
  /** `slots` = scratch of 2,048 bytes. Answers the size of the table, at most 256; 0 = more would be needed. */
  pack_codes(source: number, n: number, width: number, slots: number, table: number, target: number): number;
  unpack_codes(source: number, n: number, table: number, width: number, target: number): void;
  /** 0 = done, 1 = corrupt. Parts of 65,536 rows without any of [from, to) are left out. */
  roaring_or(source: number, length: number, bits: number, rows: number, from: number, to: number): number;
  /** 0 = done, 1 = corrupt. */
  concise_or(source: number, length: number, bits: number, rows: number): number;
  set_range(bits: number, from: number, to: number): void;
  /** Values of rows whose bit is set become 0; `first` is a multiple of 8, `width` 4 or 8. */
  zero_marked(pointer: number, width: number, count: number, bits: number, first: number): void;
  /**
   * Packs `count` texts behind those packed before, makes an entry of 16 bytes of each at `entries`, and answers the end
   * of what was written: at most the texts' bytes, one more a text, and 16 more. They are well-formed UTF-8, end to end
   * at `source` with 16 more readable bytes, text i up to ends[i] - base; their numbers go up from `first`.
   */
  text_pack(
    source: number,
    ends: number,
    base: number,
    count: number,
    target: number,
    entries: number,
    first: number,
  ): number;
  /** Sorts entries in UTF-16 order, equal texts by number. `pending` = scratch of 4 bytes an entry; `rounds`: see there. */
  text_sort(entries: number, count: number, pending: number, rounds: number): void;
  text_numbers(entries: number, count: number, target: number): void;
  /**
   * Copies texts in a given order, each behind a word of 0, as many as fit into `room` bytes with 16 to spare; their
   * ends, counted from `offset`, become big-endian words at `places`. Answers how many were copied.
   */
  text_gather(
    source: number,
    ends: number,
    order: number,
    count: number,
    target: number,
    room: number,
    places: number,
    offset: number,
  ): number;
  /**
   * Rows as JSON text; see assembly/row-text.ts for its parts. `table` is that of number-table.ts. Answers where the
   * text ends, or 0 where a value is none that can be written here.
   */
  row_text(parts: number, count: number, rows: number, target: number, table: number): number;
}

export interface Kernels {
  readonly arena: Arena;
  readonly segment: SegmentKernels;
  /** The same instance, for other folders to type their own part. */
  readonly exports: WasmExports;
}

const segmentNames: readonly (keyof SegmentKernels)[] = [
  'lz4_decode',
  'lz4_encode',
  'lz4_encode_high',
  'unpack_le',
  'unpack_be',
  'max_id',
  'ascending',
  'unpack_delta',
  'unpack_table',
  'narrow_offsets',
  'pack_offsets',
  'unpack_offsets',
  'pack_codes',
  'unpack_codes',
  'roaring_or',
  'concise_or',
  'set_range',
  'zero_marked',
  'text_pack',
  'text_sort',
  'text_numbers',
  'text_gather',
  'row_text',
];

/** kernels.wasm as the build leaves it, found from the compiled files and from the bundles beside them. */
export function defaultKernelsPath(): string {
  const candidates = ['../../kernels.wasm', '../kernels.wasm', './kernels.wasm'].map((relative) =>
    fileURLToPath(new URL(relative, import.meta.url)),
  );
  const found = candidates.find((path) => fs.existsSync(path));
  if (found === undefined) throw new CodedError('Bug', 'kernels.wasm is missing: run the build');
  return found;
}

/** The module can be sent to other threads by postMessage. */
export function compileKernels(path: string = defaultKernelsPath()): WasmModule {
  return new wasm.Module(fs.readFileSync(path));
}

export function instantiateKernels(module: WasmModule, arena: Arena): Kernels {
  const instance = new wasm.Instance(module, {
    env: {
      memory: arena.memory,
      abort: () => {
        throw new CodedError('Bug', 'a kernel aborted');
      },
    },
  });
  for (const name of segmentNames) {
    if (typeof instance.exports[name] !== 'function')
      throw new CodedError('Bug', `kernel[${name}] is missing`);
  }
  return { arena, segment: instance.exports as unknown as SegmentKernels, exports: instance.exports };
}
