/** A column's values as longs, doubles, floats or texts, row by row. */
import { CodedError } from '../../../proto/errors.js';
import { hasJson } from '../../../segment/read/rows.js';
import type { ColumnView } from '../../../segment/read/view.js';
import { asDouble, asLong, asString, elementsOf, elementText, type Value } from '../../expression/value.js';
import { doubleText, floatText } from '../../json/java-number.js';
import { type CellReader, cellReader } from '../columns/cells.js';
import type { TextSource } from '../columns/text-rows.js';
import type { Environment } from '../environment.js';
import { parseDouble, parseLong } from '../numbers.js';
import type { StateValue } from './state-bytes.js';

export type ScalarKind = 'long' | 'double' | 'float' | 'string';

export interface ScalarReader {
  open(start: number): void;
  at(row: number): StateValue;
}

/** `firstOnly`: of several values in a row the first, else all of them as one text. */
export function scalarReader(
  environment: Environment,
  field: string,
  kind: ScalarKind,
  firstOnly = false,
): ScalarReader {
  const column = environment.segment.column(field);
  refuseComplex(field, column);
  if (kind === 'string' && column?.kind === 'double' && hasJson(column)) return mixedTexts(column);
  const isArray = column?.kind === 'complex' && column.typeName.startsWith('ARRAY<');
  // No array is a number, one element or not.
  if (isArray && kind !== 'string') return { open: () => undefined, at: () => null };
  const reader = cellReader(environment, column);
  if (column?.kind === 'complex' && kind === 'string') return opaqueTexts(reader, isArray);
  const ofTexts = column?.kind === 'string' && (kind === 'long' || kind === 'double' || kind === 'float');
  const convert = ofTexts ? textConverter(kind) : converter(kind, column?.kind === 'float');
  return {
    open: (start) => reader.open(start),
    at(row) {
      const value = reader.at(row);
      const elements = elementsOf(value);
      if (elements === undefined) return convert(value);
      if (elements.length === 0) return null;
      if (firstOnly) return convert({ type: 'STRING', value: elements[0] as string | null });
      return convert(value);
    },
  };
}

/** Longs mixed with doubles: as text each is what it came as. */
function mixedTexts(column: { json(row: number): unknown }): ScalarReader {
  let from = 0;
  return {
    open: (start) => void (from = start),
    at(row) {
      const value = column.json(from + row);
      if (typeof value === 'number') return doubleText(value);
      return value === null ? null : String(value as bigint | string);
    },
  };
}

/** Java's text of the object that stands for a document or an array. */
export function opaqueTexts(
  reader: CellReader,
  isArray: boolean,
): TextSource & { at(row: number): string | null } {
  return {
    open: (start) => reader.open(start),
    at(row) {
      const { value } = reader.at(row);
      if (value === null) return null;
      return isArray ? elementText(value) : `StructuredData{value=${elementText(value)}}`;
    },
  };
}

/** A column of texts as numbers: a long is a whole number to the letter. */
function textConverter(kind: 'long' | 'double' | 'float'): (value: Value) => StateValue {
  return (value) => {
    const text = asString(value);
    if (text === null) return null;
    if (kind === 'long') return parseLong(text) ?? null;
    const number = parseDouble(text);
    if (number === undefined) return null;
    return kind === 'float' ? Math.fround(number) : number;
  };
}

function refuseComplex(field: string, column: ColumnView | undefined): void {
  if (column?.kind !== 'complex' || column.typeName === 'json' || column.typeName.startsWith('ARRAY<'))
    return;
  throw new CodedError(
    'Unsupported',
    `fieldName[${field}] has type[${column.typeName}], which can't be read here`,
  );
}

function converter(kind: ScalarKind, fromFloat: boolean): (value: Value) => StateValue {
  switch (kind) {
    case 'long':
      return asLong;
    case 'double':
      return asDouble;
    case 'float':
      return (value) => {
        const number = asDouble(value);
        return number === null ? null : Math.fround(number);
      };
    case 'string':
      return (value) =>
        fromFloat && typeof value.value === 'number' ? floatText(value.value) : asString(value);
  }
}
