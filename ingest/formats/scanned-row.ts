/** A row whose cells were found in bytes, without being decoded: see {@link RowCells}. */
import { CodedError } from '../../proto/errors.js';
import { cellKinds, type RowCells } from '../index/row-cells.js';
import type { CellPlan, LineReader } from './format.js';
import type { InputRow } from './row-reader.js';

/** One object for all rows of an entity. Whoever asks for its fields has the whole line read. */
export class ScannedRow implements InputRow {
  readonly #plan: CellPlan;
  readonly #reader: LineReader;
  #cells: RowCells | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #whole: InputRow | undefined;

  constructor(plan: CellPlan, reader: LineReader) {
    this.#plan = plan;
    this.#reader = reader;
  }

  /** Makes this the row of bytes [start, end), where the cells were found. */
  set(cells: RowCells, bytes: Buffer, start: number, end: number): this {
    this.#cells = cells;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#whole = undefined;
    return this;
  }

  get cells(): RowCells | undefined {
    return this.#cells;
  }

  get fields(): Readonly<Record<string, unknown>> {
    return this.#read().fields;
  }

  doubleText(name: string, item?: number): string | undefined {
    const cell = this.#plan.names.indexOf(name);
    // But for cells of which only the number counts, what was written like a double is no number here.
    const isWhole = this.#plan.uses[cell] !== 'number' && this.#cells?.kinds[cell] === cellKinds.number;
    return isWhole ? undefined : this.#read().doubleText(name, item);
  }

  exact(name: string): unknown {
    return this.#read().exact?.(name);
  }

  #read(): InputRow {
    if (this.#whole !== undefined) return this.#whole;
    const row = this.#reader.read(this.#bytes.toString('utf8', this.#start, this.#end));
    if (typeof row !== 'object') throw new CodedError('Bug', 'A line whose cells were found is no row');
    this.#whole = row;
    return row;
  }
}
