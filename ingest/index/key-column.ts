/**
 * A dimension of the in-memory index: each column turns a value into one to three 32-bit words of its row's key, null
 * always into zeros, and turns the words of many rows back into a column for the segment writer.
 */
import type { CastType, JsonValue, SourceDimension } from '../../segment/write/source.js';
import type { InputRow } from '../formats/row-reader.js';
import type { ColumnSnapshot } from './column-snapshot.js';

/** Reads the words of rows' keys. */
export interface KeyWords {
  readonly rowCount: number;
  word(row: number, word: number): number;
  /** One word of all rows. */
  column(word: number): Int32Array;
  /** One word of rows of one block to `out[at]`, `out[at + step]` … */
  gather(word: number, start: number, count: number, out: Int32Array, at?: number, step?: number): void;
  /** One word of all rows: that of row r to out[places[r]], as `values[word]` if there are values (below 0: as 0). */
  place(word: number, places: Uint32Array, out: Int32Array | Uint32Array, values?: Uint32Array): void;
  /** Two neighbouring words of all rows: those of row r to out[2 * places[r]] and behind it. */
  placePairs(word: number, places: Uint32Array, out: Int32Array): void;
  /** Whether any row has 0 in a word. */
  holdsZero(word: number): boolean;
  /** Which places hold rows with 0 in a word, as bits; undefined when none has. */
  zeros(word: number, places: Uint32Array): Uint8Array | undefined;
}

/** Where the words of one row's key go: word w to `words[base + w * step]`. */
export interface KeyRoom {
  readonly words: Int32Array;
  readonly base: number;
  readonly step: number;
}

export interface KeyColumn {
  readonly name: string;
  /** First word in the key, and how many. */
  readonly at: number;
  readonly words: number;
  /** Writes the words of a value; answers what was wrong with it (null was written instead). */
  encode(value: unknown, row: InputRow, key: KeyRoom): string | undefined;
  /** The same for the text whose well-formed UTF-8 is bytes[start, end). */
  encodeBytes(bytes: Uint8Array, start: number, end: number, key: KeyRoom): string | undefined;
  /** Words may be written late: this writes those still missing. `data` and `snapshot` do so by themselves. */
  settle?(): void;
  /** The values seen so far, as they may go to another thread. */
  data(): DimensionData;
  /** What the rows that are there now hold, for as long as it is looked at. */
  snapshot(keys: KeyWords): ColumnSnapshot;
  readonly bytes: number;
}

/** What a dimension knows beside the words of its rows. */
export type DimensionData = TextData | NumberData | NestedData;

export interface TextData {
  readonly kind: 'string';
  readonly name: string;
  readonly at: number;
  /** Value n (from 1) is text n - 1. */
  readonly bytes: Buffer | Uint8Array;
  readonly ends: Uint32Array;
  /** Numbers of the values of each list, 0 = null. */
  readonly lists: readonly Uint32Array[];
}

export interface NumberData {
  readonly kind: 'long' | 'float' | 'double';
  readonly name: string;
  readonly at: number;
}

export interface NestedData {
  readonly kind: 'json' | 'auto';
  readonly name: string;
  readonly at: number;
  /** Value n (from 1) is at n - 1. */
  readonly values: readonly JsonValue[];
  readonly castTo: CastType | undefined;
}

/** A dimension whose values are all there, for ordering rows and for the writer. */
export interface FrozenColumn {
  readonly name: string;
  /** A column of texts without any. */
  readonly isAllNull: boolean;
  /** Order of two rows by this dimension: null first, then by value. */
  compare(a: number, b: number): number;
  /**
   * Numbers in the same order for rows[from … to), to the same places of `out`: never descending where values ascend.
   * True: rows of the same number are equal.
   */
  sortKeys(rows: Uint32Array, from: number, to: number, out: Float64Array): boolean;
  /** The column with its rows in the given order. */
  source(order: StorageOrder): SourceDimension;
}

/** The order in which rows are stored. */
export interface StorageOrder {
  /** The row at each place. */
  readonly rows: Uint32Array;
  /** The place of each row. */
  readonly places: Uint32Array;
}
