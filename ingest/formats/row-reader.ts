/** Lines to rows: one reader per input entity, made from the spec's input format. */
import type { InputFormat } from '../spec/model.js';
import { DelimitedReader } from './delimited.js';
import { JsonLineReader } from './json-lines.js';

export interface InputRow {
  /** Fields by name; values as in values.ts. Never a prototype: any name is just a name. */
  readonly fields: Readonly<Record<string, unknown>>;
  /**
   * How a whole number was written when it was written like a double (`3.0`, `1e3`): Java's text of that double;
   * otherwise undefined. `item`: index in the list `name` holds.
   */
  doubleText(name: string, item?: number): string | undefined;
}

export interface RowReader {
  /** Undefined: a line that is no row (header, blank). A text: why the line can't be read. */
  read(line: string): InputRow | string | undefined;
}

export function rowReader(format: InputFormat): RowReader {
  return format.type === 'json' ? new JsonLineReader() : new DelimitedReader(format);
}
