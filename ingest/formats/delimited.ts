/**
 * csv and tsv. As in Druid a row is a line: quotes (csv only) may hold commas and doubled quotes, but no line breaks.
 * An empty csv field is null, a quoted empty one is the empty string; an empty tsv field is the empty string.
 */
import { parseJavaDouble } from '../values.js';
import type { InputFormat } from '../spec/model.js';
import type { InputRow, RowReader } from './row-reader.js';

type DelimitedFormat = Extract<InputFormat, { type: 'csv' | 'tsv' }>;

export class DelimitedReader implements RowReader {
  readonly #format: DelimitedFormat;
  #columns: readonly string[] | undefined;
  #linesToSkip: number;

  constructor(format: DelimitedFormat) {
    this.#format = format;
    this.#columns = format.columns;
    this.#linesToSkip = format.skipHeaderRows;
  }

  read(line: string): InputRow | string | undefined {
    if (this.#linesToSkip > 0) {
      this.#linesToSkip--;
      return undefined;
    }
    if (line === '') return undefined;
    const cells = this.#format.type === 'csv' ? splitQuoted(line) : line.split(this.#format.delimiter);
    if (cells === undefined) return 'a line holds a quote that does not end';
    if (this.#columns === undefined) {
      this.#columns = headerNames(cells);
      return undefined;
    }
    const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    const count = Math.min(cells.length, this.#columns.length);
    for (let i = 0; i < count; i++) fields[this.#columns[i]!] = this.#value(cells[i] ?? null);
    return new DelimitedRow(fields);
  }

  #value(cell: string | null): unknown {
    if (cell === null) return null;
    if (cell.includes(this.#format.listDelimiter)) {
      const items = cell.split(this.#format.listDelimiter);
      return this.#format.tryParseNumbers ? items.map(numberOrText) : items;
    }
    return this.#format.tryParseNumbers ? numberOrText(cell) : cell;
  }
}

class DelimitedRow implements InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  constructor(fields: Readonly<Record<string, unknown>>) {
    this.fields = fields;
  }
  doubleText(): undefined {
    return undefined;
  }
}

/** Names stand as they are; missing ones are called by their place, doubled ones get it attached. */
function headerNames(cells: readonly (string | null)[]): string[] {
  const seen = new Set<string>();
  return cells.map((cell, i) => {
    const name = cell === null || cell === '' ? `column_${i + 1}` : cell;
    const unique = seen.has(name) ? `${name}_${i + 1}` : name;
    seen.add(unique);
    return unique;
  });
}

function numberOrText(text: string): unknown {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  if (/^-?\d{16,19}$/.test(text)) return BigInt(text);
  return parseJavaDouble(text) ?? text;
}

/** RFC 4180 within a line; undefined when a quote does not end. */
function splitQuoted(line: string): (string | null)[] | undefined {
  if (!line.includes('"')) return line.split(',').map((cell) => (cell === '' ? null : cell));
  const cells: (string | null)[] = [];
  let at = 0;
  for (;;) {
    if (line.charCodeAt(at) === 0x22) {
      const end = closingQuote(line, at + 1);
      if (end < 0) return undefined;
      const comma = line.indexOf(',', end + 1);
      const stop = comma < 0 ? line.length : comma;
      // Text between the closing quote and the comma belongs to the value, as opencsv has it.
      cells.push(line.slice(at + 1, end).replaceAll('""', '"') + line.slice(end + 1, stop));
      if (comma < 0) return cells;
      at = comma + 1;
    } else {
      const comma = line.indexOf(',', at);
      const cell = comma < 0 ? line.slice(at) : line.slice(at, comma);
      cells.push(cell === '' ? null : cell);
      if (comma < 0) return cells;
      at = comma + 1;
    }
  }
}

function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 2)) {
    if (line.charCodeAt(at + 1) !== 0x22) return at;
  }
  return -1;
}
