/** Rows that stand in the query itself → a frame. */
import { invalidInput } from '../../proto/errors.js';
import { type Frame, type FrameColumn, mixedType } from '../frame.js';
import { bytesColumn, cellColumn, type FrameCell, type PlainType } from '../frame-build.js';
import { doubleText, doubleToLong } from '../json/java-number.js';
import { jsonText } from '../json/write.js';
import {
  describe,
  isMissing,
  type JsonObject,
  optionalArray,
  requiredArray,
  unsupported,
} from './json-fields.js';

/** `untyped`: names of columns whose types the query does not tell. */
export interface Inline {
  readonly frame: Frame;
  readonly untyped?: readonly string[];
}

/**
 * {"columnNames": […], "columnTypes": […], "rows": [[…], …]}; without types a column is what its values are, and one of
 * values of several kinds keeps each as it is.
 */
export function parseInline(object: JsonObject, field: string): Inline {
  const names = requiredArray(object, 'columnNames', field).map((name, i) => {
    if (typeof name === 'string') return name;
    throw invalidInput(`${field}.columnNames[${i}] must be a string`, `${field}.columnNames[${i}]`);
  });
  const types = optionalArray(object, 'columnTypes', field);
  if (types.length > 0 && types.length !== names.length) {
    throw invalidInput(
      `${field}.columnTypes: columnNames and columnTypes must be the same length`,
      `${field}.columnTypes`,
    );
  }
  const rows = requiredArray(object, 'rows', field).map((row, i) => {
    const at = `${field}.rows[${i}]`;
    if (!Array.isArray(row)) throw invalidInput(`${at} must be an array, got ${describe(row)}`, at);
    return row as readonly unknown[];
  });
  const seen = new Set<string>();
  const columns = names.map((name, c) => {
    if (seen.has(name))
      throw invalidInput(`${field}.columnNames: [${name}] is there twice`, `${field}.columnNames`);
    seen.add(name);
    const cells = rows.map((row) => row[c] ?? null);
    const type = typeName(types[c], `${field}.columnTypes[${c}]`) ?? guessed(cells);
    return inlineColumn(name, type, cells, `${field}.columnTypes[${c}]`);
  });
  const untyped = names.filter((_, c) => isMissing(types[c]));
  return { frame: { rows: rows.length, columns }, ...(untyped.length > 0 && { untyped }) };
}

function typeName(json: unknown, field: string): string | undefined {
  if (isMissing(json)) return undefined;
  if (typeof json === 'string') return /^complex</i.test(json) ? json : json.toUpperCase();
  throw invalidInput(`${field} must be a string, got ${describe(json)}`, field);
}

/** The name of the type that holds every one of the values as it is. */
function guessed(cells: readonly unknown[]): string {
  const values = cells.filter((cell) => !isMissing(cell));
  const kinds = new Set(values.map(kindOf));
  if (kinds.size > 1) return mixedType;
  switch ([...kinds][0]) {
    case 'number':
      return values.every((value) => typeof value === 'bigint' || Number.isSafeInteger(value))
        ? 'LONG'
        : 'DOUBLE';
    case 'boolean':
      return mixedType;
    case 'list': {
      const elements = values.flatMap((value) => value as unknown[]).filter((each) => !isMissing(each));
      const element = elements.every((each) => typeof each === 'string') ? 'STRING' : guessed(elements);
      return plainTypes.has(element) ? `ARRAY<${element}>` : mixedType;
    }
    case 'object':
      return 'COMPLEX<json>';
    case 'string':
      return mixedType;
    default:
      return 'STRING';
  }
}

const plainTypes: ReadonlySet<string> = new Set(['STRING', 'LONG', 'DOUBLE', 'FLOAT']);

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

const encoder = new TextEncoder();

function inlineColumn(name: string, type: string, cells: readonly unknown[], field: string): FrameColumn {
  if (type === 'LONG' || type === 'DOUBLE' || type === 'FLOAT' || type === 'STRING') {
    const plain: PlainType = type;
    return cellColumn(
      name,
      plain,
      cells.map((cell) => plainCell(cell, plain)),
    );
  }
  const element = /^ARRAY<(STRING|LONG|DOUBLE|FLOAT)>$/.exec(type)?.[1];
  if (element !== undefined) {
    const arrays = cells.map((cell) => arrayBytes(cell, element as PlainType));
    return bytesColumn(name, element === 'FLOAT' ? 'ARRAY<DOUBLE>' : type, arrays);
  }
  if (type === 'COMPLEX<json>' || type === mixedType) {
    const documents = cells.map((cell) => (cell === null ? null : encoder.encode(jsonText(cell))));
    return bytesColumn(name, type === mixedType ? mixedType : 'json', documents);
  }
  throw unsupported(field, `${field}: inline columns of type[${type}] are not supported`);
}

function arrayBytes(cell: unknown, element: PlainType): Uint8Array | null {
  if (cell === null) return null;
  const items = (Array.isArray(cell) ? (cell as readonly unknown[]) : [cell]).map((item) =>
    plainCell(item, element),
  );
  const texts = items.map((item) => (typeof item === 'number' ? doubleText(item) : jsonText(item)));
  return encoder.encode(`[${texts.join(',')}]`);
}

/** A value as one of the column's type, converted as Druid's selectors over rows do; null when it can't be. */
function plainCell(cell: unknown, type: PlainType): FrameCell {
  if (isMissing(cell)) return null;
  if (type === 'STRING') {
    if (typeof cell === 'string') return cell;
    return typeof cell === 'object' ? jsonText(cell) : String(cell as number | bigint | boolean);
  }
  if (typeof cell === 'boolean') return type === 'LONG' ? BigInt(cell) : Number(cell);
  if (typeof cell === 'string' && cell.trim() === '') return null;
  const number = typeof cell === 'bigint' ? cell : Number(cell as number | string);
  if (typeof number === 'number' && Number.isNaN(number) && cell !== 'NaN') return null;
  if (type === 'LONG') {
    if (typeof cell === 'string' && /^[+-]?\d+$/.test(cell)) return BigInt.asIntN(64, BigInt(cell));
    return typeof number === 'bigint' ? BigInt.asIntN(64, number) : doubleToLong(number);
  }
  return type === 'FLOAT' ? Math.fround(Number(number)) : Number(number);
}
