/** A column's values as longs, doubles, floats or texts, row by row. */
import { CodedError } from '../../../proto/errors.js';
import { hasJson } from '../../../segment/read/rows.js';
import type { ColumnView } from '../../../segment/read/view.js';
import {
  asDouble,
  asLong,
  asString,
  elementsOf,
  elementText,
  type Json,
  type Value,
} from '../../expression/value.js';
import { doubleText, floatText } from '../../json/java-number.js';
import { type CellReader, cellReader, jsonOf } from '../columns/cells.js';
import { DerivedSegment } from '../columns/derived-segment.js';
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
  const { segment } = environment;
  const isMade = segment instanceof DerivedSegment && segment.isComputed(field);
  if (column?.kind === 'complex' && kind === 'string') return opaqueTexts(reader, isArray || isMade);
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

/** Java's text of the object that stands for a stored document, or of what is a plain list or map. */
export function opaqueTexts(
  reader: CellReader,
  isPlain: boolean,
): TextSource & { at(row: number): string | null } {
  return {
    open: (start) => reader.open(start),
    at(row) {
      const { value } = reader.at(row);
      if (value === null) return null;
      return isPlain ? elementText(value) : `StructuredData{value=${elementText(value)}}`;
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

/**
 * What stands alone in a stored column of documents or arrays; an object or a list is refused. Undefined: another
 * column, or no query over segments.
 */
export function storedSingles(
  { segment, byVector, wholeIntervals }: Environment,
  field: string,
  errorClass: string,
): { open(start: number): void; at(row: number): Json } | undefined {
  const column = segment.column(field);
  if (column?.kind !== 'complex' || byVector === undefined || wholeIntervals === true) return undefined;
  if (segment instanceof DerivedSegment && segment.isVirtual(field)) return undefined;
  const { typeName } = column;
  if (typeName !== 'json' && !typeName.startsWith('ARRAY<')) return undefined;
  let from = 0;
  return {
    open: (start) => void (from = start),
    at(row) {
      const bytes = column.bytes(from + row);
      const value = bytes === null ? null : jsonOf(bytes);
      if (value === null || typeof value !== 'object') return value;
      const text = `fieldName[${field}]: a value of a column of type[${typeName}] is no number`;
      throw new CodedError('QueryFailed', text, { errorClass });
    },
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

export function converter(kind: ScalarKind, fromFloat: boolean): (value: Value) => StateValue {
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
