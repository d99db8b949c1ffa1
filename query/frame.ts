/**
 * Columnar batches of rows: how results cross threads, roles and processes. The layout is documented in
 * proto/query.proto; this is the same thing as typed arrays, handed by reference inside a process.
 */

export type FrameColumn =
  | {
      readonly name: string;
      readonly type: 'LONG';
      readonly values: BigInt64Array;
      readonly nulls?: Uint8Array;
    }
  | {
      readonly name: string;
      readonly type: 'DOUBLE';
      readonly values: Float64Array;
      readonly nulls?: Uint8Array;
    }
  | {
      readonly name: string;
      readonly type: 'FLOAT';
      readonly values: Float32Array;
      readonly nulls?: Uint8Array;
    }
  | {
      readonly name: string;
      readonly type: 'STRING';
      /** Index into `dictionary`. */
      readonly values: Uint32Array;
      readonly nulls?: Uint8Array;
      readonly dictionary: Dictionary;
    }
  | {
      readonly name: string;
      readonly type: 'STRING_ARRAY';
      /** rows + 1 ends; row r owns elements offsets[r] … offsets[r + 1] - 1. */
      readonly offsets: Uint32Array;
      /** Index into `dictionary` per element; 0xffffffff = a null element. */
      readonly values: Uint32Array;
      readonly nulls?: Uint8Array;
      readonly dictionary: Dictionary;
    }
  | {
      readonly name: string;
      readonly type: 'COMPLEX';
      readonly complexType: string;
      readonly values: Uint32Array;
      readonly nulls?: Uint8Array;
      readonly dictionary: Dictionary;
    };

/** A `complexType`: values of several types, each in its own, as JSON. */
export const mixedType = 'mixed';

/** Entries end to end (UTF-8 or opaque), `ends[i]` = end offset of entry i. */
export interface Dictionary {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

export interface Frame {
  readonly rows: number;
  readonly columns: readonly FrameColumn[];
  /**
   * Known to be what merging it alone would make: one row a key, in the order of the keys. Says nothing when absent; not
   * on the wire.
   */
  readonly isMerged?: true;
}
