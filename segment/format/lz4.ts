/** LZ4 block encoders for the writer: the native package when present, else the WebAssembly kernel. */
import { CodedError } from '../../proto/errors.js';
import { createArena } from '../kernels/arena.js';
import { compileKernels, instantiateKernels } from '../kernels/load.js';
import { loadNativeLz4, type NativeLz4 } from '../kernels/lz4-native.js';

/** Largest block of a segment, bytes. */
export const blockBytesMax = 65536;

/** Worst-case size of an encoded block. */
export function lz4Bound(length: number): number {
  return length + Math.floor(length / 255) + 16;
}

export interface Lz4Encoder {
  readonly name: string;
  /** Encodes `input` (at most 65536 bytes) at the start of `output` (at least lz4Bound(input) bytes); answers the size. */
  encode(input: Buffer, output: Buffer): number;
}

function nativeEncoder(native: NativeLz4, high: boolean): Lz4Encoder {
  const encode = high ? native.encodeBlockHC.bind(native) : native.encodeBlock.bind(native);
  return {
    name: high ? 'native-high' : 'native',
    encode(input, output) {
      const size = encode(input, output);
      if (!(size > 0)) throw new CodedError('Bug', 'the native LZ4 encoder failed');
      return size;
    },
  };
}

/** Scratch of the encoding kernels, bytes. */
const tableBytes = 262144;

interface WasmEncoders {
  readonly fast: Lz4Encoder;
  readonly high: Lz4Encoder;
}

function wasmEncoders(): WasmEncoders {
  const arena = createArena({ maximumBytes: 0 });
  const kernels = instantiateKernels(compileKernels(), arena).segment;
  const source = arena.alloc(blockBytesMax);
  const target = arena.alloc(lz4Bound(blockBytesMax));
  const table = arena.alloc(tableBytes);
  const encoder = (name: string, run: (length: number) => number): Lz4Encoder => ({
    name,
    encode(input, output) {
      arena.bytes(source, input.length).set(input);
      const size = run(input.length);
      output.set(arena.bytes(target, size));
      return size;
    },
  });
  return {
    fast: encoder('wasm', (length) => kernels.lz4_encode(source, length, target, table)),
    high: encoder('wasm-high', (length) => kernels.lz4_encode_high(source, length, target, table)),
  };
}

let shared: WasmEncoders | undefined;

/** `native: false` forces the WebAssembly encoders; `high` asks for the high-compression form. */
export function createLz4Encoder(
  options: { readonly native?: boolean; readonly high?: boolean } = {},
): Lz4Encoder {
  const high = options.high === true;
  const native = options.native === false ? undefined : loadNativeLz4();
  if (native !== undefined) return nativeEncoder(native, high);
  shared ??= wasmEncoders();
  return high ? shared.high : shared.fast;
}
