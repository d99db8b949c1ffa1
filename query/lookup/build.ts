/** A lookup's table out of its specification and, for a namespace, the bytes of its file. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import { splitQuoted } from '../csv-line.js';
import { doubleText } from '../json/java-number.js';
import { parseJson } from '../json/parse.js';
import { jsonText } from '../json/write.js';
import { isObject, type JsonObject } from '../native/json-fields.js';
import { type LineForm, parseLookupSpec } from './spec.js';
import { lookupTable, type LookupTable } from './table.js';

export interface LookupInput {
  readonly name: string;
  readonly version: string;
  /** The `lookupExtractorFactory`. */
  readonly factoryJson: string;
  /** The unpacked file of a namespace. */
  readonly file?: Uint8Array;
}

/** Lines that are looked at between two looks at whether to go on. */
const linesPerCheck = 4096;

/** Throws InvalidInput: a specification that is none, a file with lines that don't fit. */
export function buildLookup(
  { name, version, factoryJson, file }: LookupInput,
  check: () => void = () => undefined,
): LookupTable {
  const spec = parseLookupSpec(parseJson(factoryJson), `lookup[${name}]`);
  const { isOneToOne } = spec;
  const entries =
    spec.type === 'map' ? mapEntries(spec.map) : fileEntries(spec.lines, file ?? new Uint8Array(), check);
  return lookupTable({ name, version, isOneToOne }, entries);
}

function* mapEntries(map: JsonObject): Generator<readonly [string, string | null]> {
  for (const [key, value] of Object.entries(map)) yield [key, text(value)];
}

/** As Java prints it. */
function text(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : doubleText(value);
  return typeof value === 'object' ? jsonText(value) : String(value as bigint | boolean);
}

type Pairs = readonly (readonly [string, string | null])[];

function* fileEntries(
  form: LineForm,
  file: Uint8Array,
  check: () => void,
): Generator<readonly [string, string | null]> {
  const read = lineReader(form);
  let count = 0;
  for (const line of linesOf(file)) {
    if (++count % linesPerCheck === 0) check();
    if (line !== '') yield* read(line, count);
  }
}

function* linesOf(file: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  let from = 0;
  while (from < file.length) {
    const found = file.indexOf(0x0a, from);
    const end = found < 0 ? file.length : found;
    const last = end > from && file[end - 1] === 0x0d ? end - 1 : end;
    yield decoder.decode(file.subarray(from, last));
    from = end + 1;
  }
}

function lineReader(form: LineForm): (line: string, number: number) => Pairs {
  switch (form.format) {
    case 'csv':
    case 'tsv':
      return delimitedReader(form);
    case 'simpleJson':
      return (line, number) =>
        Object.entries(objectOf(line, number)).map(([key, value]) => [key, text(value)]);
    case 'customJson':
      return (line, number) => {
        const object = objectOf(line, number);
        return pair(text(object[form.keyFieldName]), text(object[form.valueFieldName]));
      };
  }
}

/** A row without key or value is as none. */
const pair = (key: string | null | undefined, value: string | null | undefined): Pairs =>
  key === null || key === undefined || value === null || value === undefined ? [] : [[key, value]];

function objectOf(line: string, number: number): JsonObject {
  let json: unknown;
  try {
    json = parseJson(line);
  } catch (thrown) {
    throw wrong(number, thrown instanceof CodedError ? thrown.message : 'is no JSON');
  }
  if (!isObject(json)) throw wrong(number, 'is no JSON object');
  return json;
}

const wrong = (number: number, what: string): CodedError => invalidInput(`line[${number}] ${what}`, 'uri');

function delimitedReader(
  form: Extract<LineForm, { format: 'csv' | 'tsv' }>,
): (line: string, number: number) => Pairs {
  let places = form.columns === undefined ? undefined : placesOf(form, form.columns);
  return (line, number) => {
    if (number <= form.skipHeaderRows) return [];
    const cells = form.format === 'csv' ? splitQuoted(line) : line.split(form.delimiter);
    if (places === undefined) {
      places = placesOf(form, cells);
      return [];
    }
    return pair(cells[places.key], cells[places.value]);
  };
}

function placesOf(
  { keyColumn, valueColumn }: Extract<LineForm, { format: 'csv' | 'tsv' }>,
  columns: readonly (string | null)[],
): { readonly key: number; readonly value: number } {
  const at = (name: string | undefined, fallback: number): number => {
    const place = name === undefined ? fallback : columns.indexOf(name);
    if (place >= 0 && place < columns.length) return place;
    throw invalidInput(`column[${name ?? fallback}] is none of the file's columns`, 'namespaceParseSpec');
  };
  return { key: at(keyColumn, 0), value: at(valueColumn, 1) };
}
