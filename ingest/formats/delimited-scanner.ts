/** Finds the cells of a csv or tsv line in its bytes; quotes and lists are left to the reader of whole lines. */
import { RowCells, cellKinds } from '../index/row-cells.js';
import type { DelimitedSpec } from './delimited.js';
import type { CellPlan } from './format.js';

const QUOTE = 0x22;
/** What no byte is. */
const NONE = -1;

export class DelimitedScanner {
  readonly #cells: RowCells;
  /** The cell that each column is, -1 for those that nobody asks for. */
  readonly #targets: Int32Array;
  readonly #delimiter: number;
  readonly #listDelimiter: number;
  readonly #quote: number;
  readonly #isAble: boolean;

  constructor(spec: DelimitedSpec, columns: readonly string[], { names }: CellPlan) {
    const { type, delimiter, listDelimiter, tryParseNumbers } = spec;
    this.#cells = new RowCells(names.length);
    this.#targets = Int32Array.from(columns, (name) => names.indexOf(name));
    this.#delimiter = byteOf(delimiter);
    this.#listDelimiter = byteOf(listDelimiter);
    this.#quote = type === 'csv' ? QUOTE : NONE;
    this.#isAble = !tryParseNumbers && this.#delimiter !== NONE && this.#listDelimiter !== NONE;
  }

  /** Of the line [start, end) of valid UTF-8; undefined: it has to be read as a whole. */
  scan(bytes: Buffer, start: number, end: number): RowCells | undefined {
    if (!this.#isAble) return undefined;
    const { kinds, starts, ends } = this.#cells;
    const targets = this.#targets;
    const delimiter = this.#delimiter;
    const listDelimiter = this.#listDelimiter;
    const quote = this.#quote;
    this.#cells.bytes = bytes;
    kinds.fill(cellKinds.none);
    let column = 0;
    let from = start;
    let isList = false;
    for (let at = start; at <= end; at++) {
      const byte = at < end ? bytes[at]! : delimiter;
      if (byte === delimiter) {
        const cell = column < targets.length ? targets[column]! : -1;
        column++;
        if (cell >= 0 && at > from) {
          kinds[cell] = isList ? cellKinds.value : cellKinds.text;
          starts[cell] = from;
          ends[cell] = at;
        }
        from = at + 1;
        isList = false;
      } else if (byte === listDelimiter) isList = true;
      else if (byte === quote) return undefined;
    }
    return this.#cells;
  }
}

/** The only byte of a text. */
function byteOf(text: string): number {
  const bytes = Buffer.from(text);
  return bytes.length === 1 ? bytes[0]! : NONE;
}
