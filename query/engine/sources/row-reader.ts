/** Rows of a segment as an expression sees them: columns by name, at the row the reader stands on. */
import { BATCH_ROWS } from '../../../segment/read/view.js';
import type { Row } from '../../expression/compile.js';
import { cellReader, type CellReader } from '../columns/cells.js';
import type { Environment } from '../environment.js';

export class RowReader {
  readonly #environment: Environment;
  readonly #readers = new Map<string, { readonly reader: CellReader; start: number }>();
  #start = 0;
  #row = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  moveTo(row: number): void {
    this.#row = row % BATCH_ROWS;
    const start = row - this.#row;
    if (start !== this.#start) this.#environment.check();
    this.#start = start;
  }

  readonly value: Row = (name) => {
    let known = this.#readers.get(name);
    if (known === undefined) {
      known = { reader: cellReader(this.#environment, this.#environment.segment.column(name)), start: -1 };
      this.#readers.set(name, known);
    }
    if (known.start !== this.#start) {
      known.reader.open(this.#start);
      known.start = this.#start;
    }
    return known.reader.at(this.#row);
  };
}
