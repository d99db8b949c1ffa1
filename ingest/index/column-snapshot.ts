/**
 * What a growing column shows of the rows that were there at one moment. Snapshots are cheap: what never changes (keys,
 * dictionaries) is looked at in place, only what may still change is copied. They belong to the index's own thread.
 */
import type { JsonValue } from '../../segment/write/source.js';

export type ColumnSnapshot = NumberSnapshot | TextSnapshot | JsonSnapshot | BytesSnapshot;

/** Rows [start, start + count) lie within one block of 8,192. */
export interface NumberSnapshot {
  readonly kind: 'long' | 'float' | 'double';
  /** Writes 4 (float) or 8 bytes a row as 32-bit words; null rows get zeros. */
  fill(start: number, count: number, out: Int32Array): void;
  isNull(row: number): boolean;
  /** Of a column that mixes types: the values as they came. */
  readonly json?: (row: number) => JsonValue;
}

export interface TextSnapshot {
  readonly kind: 'string';
  /** Ids are 0 … cardinality - 1, in order of appearance; 0 is null. */
  readonly cardinality: number;
  value(id: number): string | null;
  /** -1: no such value. */
  idOf(value: string): number;
  /** The id of each row; below 0: the row holds list number -id - 1. */
  fill(start: number, count: number, out: Int32Array): void;
  /** The ids of the lists; undefined when no row holds several values. */
  readonly lists: readonly Uint32Array[] | undefined;
  /** Of a column that mixes types: the values as they came. */
  readonly json?: (row: number) => JsonValue;
}

export interface JsonSnapshot {
  readonly kind: 'json';
  /** `json`, or the type of arrays, e.g. `ARRAY<LONG>`. */
  readonly typeName: string;
  json(row: number): JsonValue;
  isNull(row: number): boolean;
}

export interface BytesSnapshot {
  readonly kind: 'bytes';
  readonly typeName: string;
  bytes(row: number): Uint8Array | null;
}
