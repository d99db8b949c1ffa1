/**
 * What the segment writer is handed: whole columns in plain JavaScript memory, rows already sorted and rolled up.
 * Every column has exactly `rowCount` rows. Bitsets: row r is bit (r & 7) of byte (r >> 3).
 */

import type { TextDictionary } from '../format/packed-texts.js';

export type JsonValue =
  | null
  | boolean
  | number
  /** A 64-bit integer that may exceed 2^53. */
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export interface SegmentSource {
  /** At least 1. */
  readonly rowCount: number;
  /** Half-open, epoch milliseconds; every row's time lies inside. */
  readonly interval: { readonly startMs: number; readonly endMs: number };
  /** `__time`, epoch milliseconds; ascending unless `metadata.ordering` starts with another column. */
  readonly time: BigInt64Array;
  /** In the segment's dimension order. */
  readonly dimensions: readonly SourceDimension[];
  /** Any order; the writer sorts them by name. */
  readonly metrics: readonly SourceMetric[];
  readonly metadata: SegmentMetadata;
}

export type SourceDimension = StringSource | MultiStringSource | NumericSource | NestedSource;
export type SourceMetric = NumericSource | ComplexSource;
export type SourceColumn = SourceDimension | SourceMetric;

/**
 * One value a row. Unused dictionary entries are allowed. A column whose only entry is null is stored as an all-null column.
 */
export interface StringSource {
  readonly kind: 'string';
  readonly name: string;
  readonly dictionary: TextDictionary;
  /** rowCount ids into the dictionary. */
  readonly ids: Uint32Array;
}

/**
 * Several values a row: row r holds ids[offsets[r]] … ids[offsets[r + 1] - 1]. A row without ids reads as null, but has no
 * value: the dictionary of a column with such rows holds null.
 */
export interface MultiStringSource {
  readonly kind: 'multiString';
  readonly name: string;
  readonly dictionary: TextDictionary;
  /** rowCount + 1 offsets, the first 0. */
  readonly offsets: Uint32Array;
  readonly ids: Uint32Array;
}

/** Null rows hold 0. `nulls`: set bit = null; absent or all clear = no nulls. */
export type NumericSource =
  | {
      readonly kind: 'long';
      readonly name: string;
      readonly values: BigInt64Array;
      readonly nulls?: Uint8Array;
    }
  | {
      readonly kind: 'float';
      readonly name: string;
      readonly values: Float32Array;
      readonly nulls?: Uint8Array;
    }
  | {
      readonly kind: 'double';
      readonly name: string;
      readonly values: Float64Array;
      readonly nulls?: Uint8Array;
    };

/** Opaque bytes a row; null = no value. */
export interface ComplexSource {
  readonly kind: 'complex';
  readonly name: string;
  /** e.g. "hyperUnique". */
  readonly typeName: string;
  readonly values: readonly (Uint8Array | null)[];
}

/** `json`: documents, stored whole and cut into fields. `auto`: stored in the plainest layout that fits the values. */
export interface NestedSource {
  readonly kind: 'json' | 'auto';
  readonly name: string;
  readonly values: readonly JsonValue[];
  /**
   * Set: every number is a double and every bigint a long (as the reader hands them out). Absent: a number that is whole
   * and below 2^53 is a long, as in what JSON.parse returns.
   */
  readonly exactNumbers?: boolean;
  /** Of an `auto` column: what the schema demands. The values are of this type already. */
  readonly castTo?: CastType;
}

export type CastType = 'STRING' | 'LONG' | 'DOUBLE' | `ARRAY<${'STRING' | 'LONG' | 'DOUBLE'}>`;

export interface ColumnOrder {
  readonly columnName: string;
  readonly order: 'ascending' | 'descending';
}

/** Becomes metadata.drd. */
export interface SegmentMetadata {
  /** The combining form of each metric's aggregator, as Druid's JSON. */
  readonly aggregators: readonly JsonValue[];
  /** Druid's JSON, e.g. "HOUR" or {"type":"none"}. */
  readonly queryGranularity: JsonValue;
  readonly rollup: boolean | null;
  readonly timestampSpec?: JsonValue;
  /** How the rows are sorted; only what is true. Absent: [__time ascending]. */
  readonly ordering?: readonly ColumnOrder[];
  readonly container?: { readonly [key: string]: JsonValue };
}

/** Druid's indexSpec in our words; the defaults are Druid's. */
export interface WriteOptions {
  /** Blocks of dictionary ids. zstd here and below: see format/zstd-encode.ts. */
  readonly dimensionCompression?: 'lz4' | 'zstd' | 'uncompressed';
  /** Blocks of numbers. */
  readonly metricCompression?: 'lz4' | 'zstd' | 'uncompressed' | 'none';
  readonly bitmap?: 'roaring' | 'concise';
  /** Whole documents of json columns. */
  readonly jsonCompression?: 'lz4' | 'zstd' | 'uncompressed';
  /** Values of complex columns in compressed blocks, which Druid reads from release 33 on; absent: a plain list. */
  readonly complexCompression?: 'lz4' | 'zstd' | 'uncompressed';
  readonly longEncoding?: 'longs' | 'auto';
  /** Bucket size of front-coded string dictionaries; absent: plain dictionaries. */
  readonly frontCodedBucketSize?: 1 | 2 | 4 | 8 | 16 | 32 | 64 | 128;
  readonly frontCodedVersion?: 0 | 1;
  /** High-compression LZ4: smaller files that decode faster, slower writing. For segments that will be queried often. */
  readonly highCompression?: boolean;
  /** String dimensions without a bitmap index. */
  readonly withoutBitmaps?: readonly string[];
  /** Largest size of one smoosh file, bytes; default 2147483647. */
  readonly smooshLimitBytes?: number;
}
