/**
 * The plug-in interface of input formats: how bytes become rows.
 *
 * To add one: a file in this folder that exports a {@link FormatKind}, and a line in `format-kinds.ts`. `parse` reads
 * the spec's JSON (errors name the path) and answers a {@link LineFormat}, when a row never spans lines, or a
 * {@link FileFormat}, when the whole file has to be at hand (footers, random access, own framing).
 */
import type { JsonKeys } from '../spec/keys.js';
import type { RowCells } from '../index/row-cells.js';
import type { InputRow } from './row-reader.js';

export interface FormatKind {
  /** The `type` in the spec. */
  readonly type: string;
  parse(keys: JsonKeys): InputFormat;
}

export type InputFormat = LineFormat | FileFormat;

export interface LineFormat {
  readonly type: string;
  readonly by: 'line';
  /** A reader for one entity: headers and skipped lines count from its beginning. */
  open(wanted: Wanted): LineReader;
}

export interface FileFormat {
  readonly type: string;
  readonly by: 'file';
  /**
   * The rows in their order, in batches of bounded size; a text in place of a row says why it can't be read. Throws
   * InvalidInput when the file as a whole is damaged.
   */
  rows(file: RandomAccess, wanted: Wanted, reach: FormatReach): AsyncIterable<readonly (InputRow | string)[]>;
}

/** What the process lets formats reach besides the file itself. */
export interface FormatReach {
  /** Folders (absolute) that may be read. */
  readonly inputDirs: readonly string[];
}

export interface Wanted {
  /** Fields that are asked for by name. */
  readonly names: ReadonlySet<string>;
  /** Other fields count too: they may become dimensions. False: formats need not decode them. */
  readonly others: boolean;
  /** Undefined: rows are wanted whole. */
  readonly cells?: CellPlan;
}

export interface CellPlan {
  readonly names: readonly string[];
  /** Of each name. */
  readonly uses: readonly CellUse[];
  /** The cell of the row's time. */
  readonly time: number;
}

/** `text`: a scalar counts as the text Java makes of it; `number`: only the number counts, however it was written. */
export type CellUse = 'text' | 'number' | 'any';

export interface LineReader {
  /** Undefined: a line that is no row (a header, say). A text: why the line can't be read. */
  read(line: string): InputRow | string | undefined;
  /**
   * A shortcut for lines that are nothing special: the cells of {@link Wanted.cells}, found in bytes [start, end),
   * which are valid UTF-8; they hold until the next line is read. Undefined: {@link read} has to tell.
   */
  scan?(bytes: Buffer, start: number, end: number): RowCells | undefined;
}

export interface RandomAccess {
  readonly sizeBytes: number;
  /** Bytes [start, end). */
  slice(start: number, end: number): Promise<Uint8Array>;
}
