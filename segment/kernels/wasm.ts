/** The part of the WebAssembly interface that is used here; Node's own type declarations leave it out. */

export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  /** Grows by 64 KiB pages; answers the size before. Throws RangeError when it can't. */
  grow(pages: number): number;
}

/** A compiled module: opaque, may be sent to other threads. */
export interface WasmModule {
  readonly wasmModule?: never;
}

export type WasmExports = Readonly<Record<string, unknown>>;

interface WasmInstance {
  readonly exports: WasmExports;
}

interface WasmApi {
  readonly Memory: new (options: { initial: number; maximum: number; shared: true }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => WasmInstance;
}

export const wasm = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly;
