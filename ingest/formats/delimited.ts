/**
 * csv and tsv. As in Druid a row is a line: quotes (csv only) may hold commas and doubled quotes, but no line breaks.
 * An empty field is null, a quoted empty csv field is the empty string.
 */
import { CodedError, invalidInput } from '../../proto/errors.js';
import { doubleText } from '../../query/json/java-number.js';
import { splitQuoted } from '../../query/csv-line.js';
import type { JsonKeys } from '../spec/keys.js';
import { isDecimalText } from '../values.js';
import type { RowCells } from '../index/row-cells.js';
import { DelimitedScanner } from './delimited-scanner.js';
import type { CellPlan, FormatKind, LineFormat, LineReader } from './format.js';
import { PlainRow, type InputRow } from './row-reader.js';

export const csvFormat: FormatKind = { type: 'csv', parse: (keys) => parseDelimited('csv', keys) };
export const tsvFormat: FormatKind = { type: 'tsv', parse: (keys) => parseDelimited('tsv', keys) };

export interface DelimitedSpec {
  readonly type: 'csv' | 'tsv';
  /** Undefined: from the header line. */
  readonly columns: readonly string[] | undefined;
  /** Lines to skip at the beginning; a header line comes after them. */
  readonly skipHeaderRows: number;
  readonly delimiter: string;
  readonly listDelimiter: string;
  readonly tryParseNumbers: boolean;
}

export const LIST_DELIMITER = '\u0001';

function parseDelimited(type: 'csv' | 'tsv', keys: JsonKeys): LineFormat {
  const given = checkColumns(keys);
  // As in Druid: the header's names count before given ones, and with these the older key means nothing.
  const older = keys.flag('hasHeaderRow', false);
  const fromHeader = keys.flag('findColumnsFromHeader', given === undefined && older);
  if (given === undefined && !fromHeader) {
    throw keys.wrong('columns', 'or findColumnsFromHeader must be given');
  }
  const columns = fromHeader ? undefined : given;
  const delimiter = type === 'csv' ? ',' : keys.text('delimiter', '\t');
  const listDelimiter = keys.text('listDelimiter', LIST_DELIMITER);
  if (delimiter === '' || /[\r\n]/.test(delimiter))
    throw keys.wrong('delimiter', 'must be a text without line breaks');
  if (delimiter === listDelimiter) {
    const field = keys.at('listDelimiter');
    throw new CodedError('InvalidInput', `${field} must differ from the delimiter`, { field });
  }
  const cut = columns?.find((name) => name.includes(delimiter));
  if (cut !== undefined) throw keys.wrong('columns', `must not hold the delimiter: name[${cut}]`);
  const spec: DelimitedSpec = {
    type,
    columns,
    skipHeaderRows: keys.whole('skipHeaderRows', 0, 0),
    delimiter,
    listDelimiter,
    tryParseNumbers: keys.flag('tryParseNumbers', false),
  };
  keys.leftovers();
  return { type, by: 'line', open: ({ cells }) => new DelimitedReader(spec, cells) };
}

/** Names of columns, none twice; undefined when there are none. */
export function checkColumns(keys: JsonKeys): readonly string[] | undefined {
  const columns = keys.texts('columns');
  const doubled = columns?.find((name, i) => columns.indexOf(name) !== i);
  if (doubled !== undefined) throw keys.wrong('columns', `holds a name twice: name[${doubled}]`);
  return columns === undefined || columns.length === 0 ? undefined : columns;
}

export class DelimitedReader implements LineReader {
  readonly #spec: DelimitedSpec;
  readonly #value: (cell: string | null) => unknown;
  #columns: readonly string[] | undefined;
  #linesToSkip: number;
  readonly #plan: CellPlan | undefined;
  #scanner: DelimitedScanner | undefined;

  /** `plan`: of {@link scan}, which is never of use without. */
  constructor(spec: DelimitedSpec, plan?: CellPlan) {
    this.#plan = plan;
    this.#spec = spec;
    this.#value = cellReader(spec.listDelimiter, spec.tryParseNumbers);
    this.#columns = spec.columns;
    this.#linesToSkip = spec.skipHeaderRows;
  }

  read(line: string): InputRow | string | undefined {
    if (this.#linesToSkip > 0) {
      this.#linesToSkip--;
      return undefined;
    }
    // An empty line is a row too: of one empty cell.
    const cells = this.#spec.type === 'csv' ? splitQuoted(line) : splitPlain(line, this.#spec.delimiter);
    if (this.#columns === undefined) {
      this.#columns = headerNames(cells);
      return undefined;
    }
    const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    const count = Math.min(cells.length, this.#columns.length);
    for (let i = 0; i < count; i++) fields[this.#columns[i]!] = this.#value(cells[i] ?? null);
    if (!this.#spec.tryParseNumbers) return new PlainRow(fields);
    return new NumberRow(fields, this.#columns, cells, this.#spec.listDelimiter);
  }

  scan(bytes: Buffer, start: number, end: number): RowCells | undefined {
    if (this.#plan === undefined || this.#columns === undefined || this.#linesToSkip > 0) return undefined;
    this.#scanner ??= new DelimitedScanner(this.#spec, this.#columns, this.#plan);
    return this.#scanner.scan(bytes, start, end);
  }
}

function splitPlain(line: string, delimiter: string): (string | null)[] {
  return line.split(delimiter).map((cell) => (cell === '' ? null : cell));
}

/** Numbers are doubles unless they were written like integers. */
class NumberRow implements InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly #columns: readonly string[];
  readonly #cells: readonly (string | null)[];
  readonly #listDelimiter: string;

  constructor(
    fields: Readonly<Record<string, unknown>>,
    columns: readonly string[],
    cells: readonly (string | null)[],
    listDelimiter: string,
  ) {
    this.fields = fields;
    this.#columns = columns;
    this.#cells = cells;
    this.#listDelimiter = listDelimiter;
  }

  doubleText(name: string, item?: number): string | undefined {
    const field = this.fields[name];
    const value: unknown = item !== undefined && Array.isArray(field) ? field[item] : field;
    if (typeof value !== 'number') return undefined;
    const cell = this.#cells[this.#columns.indexOf(name)];
    const text = item === undefined ? cell : cell?.split(this.#listDelimiter)[item];
    return text === undefined || text === null || wholeText.test(text) ? undefined : doubleText(value);
  }
}

/** A cell with the list delimiter in it is a list. */
export function cellReader(
  listDelimiter: string,
  tryParseNumbers: boolean,
): (cell: string | null) => unknown {
  const single = (text: string): unknown => (tryParseNumbers ? numberOrText(text) : text);
  return (cell) => {
    if (cell === null) return null;
    return cell.includes(listDelimiter) ? cell.split(listDelimiter).map(single) : single(cell);
  };
}

/** Names stand as they are; missing ones are called by their place. */
function headerNames(cells: readonly (string | null)[]): string[] {
  const names = cells.map((cell, i) => (cell === null || cell === '' ? `column_${i + 1}` : cell));
  const doubled = names.find((name, i) => names.indexOf(name) !== i);
  if (doubled !== undefined)
    throw invalidInput(`the header names a column twice: name[${doubled}]`, 'columns');
  return names;
}

const wholeText = /^-?\d{1,19}$/;

function numberOrText(text: string): unknown {
  if (wholeText.test(text)) {
    if (text.length < 16) return Number(text) + 0;
    const long = BigInt(text);
    if (BigInt.asIntN(64, long) === long) return long;
  }
  return isDecimalText(text) ? Number.parseFloat(text) : text;
}
