/** Cutting json documents into typed fields, and numbering all values of a column. */
import { CodedError } from '../../proto/errors.js';
import { wellFormed } from '../format/bytes.js';
import { doubleText } from '../format/json.js';
import type { JsonValue } from './source.js';

/** Bits of a type set. */
export const typeBits = {
  string: 1,
  long: 4,
  double: 8,
  stringArray: 16,
  longArray: 32,
  doubleArray: 64,
} as const;
export const scalarBits = typeBits.string | typeBits.long | typeBits.double;
export const arrayBits = typeBits.stringArray | typeBits.longArray | typeBits.doubleArray;

/** string, bigint (a long) or number (a double). */
export type Scalar = string | bigint | number;
export type Plain = Scalar | readonly (Scalar | null)[];

/** The values at one path, in row order; rows without one are left out. */
export interface FieldValues {
  readonly rows: number[];
  readonly values: Plain[];
  types: number;
  /** Some array has no value that would tell a type. */
  hasBareArray: boolean;
}

const longMin = -(2n ** 63n);
const longMax = 2n ** 63n - 1n;

/**
 * How plain numbers are told apart: with `exact`, number is a double and bigint a long; without, a number that is a
 * whole one below 2^53 is a long (what JSON.parse leaves of 1 and 1.0).
 */
export function scalarOf(value: string | number | bigint | boolean, exact: boolean): Scalar {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'bigint') return value < longMin || value > longMax ? Number(value) : value;
  if (!exact && Number.isSafeInteger(value) && !Object.is(value, -0)) return BigInt(value);
  return value;
}

/** Text that UTF-8 can hold: half surrogate pairs become U+FFFD, as the bytes would. The value itself where all is well. */
export function wellFormedJson(value: JsonValue): JsonValue {
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = (value as readonly JsonValue[]).map(wellFormedJson);
    return items.every((item, i) => item === value[i]) ? value : items;
  }
  const members = Object.entries(value);
  const found = members.map(([key, item]) => [wellFormed(key), wellFormedJson(item)] as const);
  const isWell = found.every(([key, item], i) => key === members[i]?.[0] && item === members[i]?.[1]);
  return isWell ? value : Object.fromEntries(found);
}

export function isPlainArray(
  value: JsonValue,
): value is readonly (string | number | bigint | boolean | null)[] {
  return Array.isArray(value) && value.every((item) => item === null || typeof item !== 'object');
}

/** The elements brought to one type: any text makes all text, any double all doubles. */
export function plainArray(
  items: readonly (string | number | bigint | boolean | null)[],
  exact: boolean,
): readonly (Scalar | null)[] {
  const scalars = items.map((item) => (item === null ? null : scalarOf(item, exact)));
  if (scalars.some((item) => typeof item === 'string')) {
    return items.map((item, i) =>
      item === null ? null : typeof item === 'boolean' ? String(item) : textOf(scalars[i] as Scalar),
    );
  }
  if (scalars.some((item) => typeof item === 'number')) {
    return scalars.map((item) => (item === null ? null : Number(item)));
  }
  return scalars;
}

/** As Java turns a number into text: 1, 1.0, 1.0E10. */
function textOf(value: Scalar): string {
  return typeof value === 'number' ? doubleText(value).replaceAll('"', '') : String(value);
}

function typeOf(value: Plain): number {
  if (typeof value === 'string') return typeBits.string;
  if (typeof value === 'bigint') return typeBits.long;
  if (typeof value === 'number') return typeBits.double;
  const first = value.find((item) => item !== null);
  if (first === undefined) return 0;
  if (typeof first === 'string') return typeBits.stringArray;
  return typeof first === 'bigint' ? typeBits.longArray : typeBits.doubleArray;
}

export function newField(): FieldValues {
  return { rows: [], values: [], types: 0, hasBareArray: false };
}

export function addValue(field: FieldValues, row: number, value: Plain): void {
  if (field.rows.at(-1) === row) return;
  const type = typeOf(value);
  if (type === 0) field.hasBareArray = true;
  field.types |= type;
  field.rows.push(row);
  field.values.push(value);
}

/** Arrays without a telling value take the type of the rest. */
export function settleTypes(field: FieldValues): number {
  if (field.hasBareArray && (field.types & arrayBits) === 0) {
    if ((field.types & typeBits.string) !== 0) field.types |= typeBits.stringArray;
    else if ((field.types & typeBits.double) !== 0) field.types |= typeBits.doubleArray;
    else field.types |= typeBits.longArray;
  }
  return field.types;
}

function step(key: string): string {
  return key === '' || /[.'"[\]]/.test(key) ? `['${key}']` : `.${key}`;
}

/** Adds all fields of one document. */
export function cutDocument(
  fields: Map<string, FieldValues>,
  row: number,
  document: JsonValue,
  exact: boolean,
): void {
  const visit = (path: string, value: JsonValue, depth: number): void => {
    if (value === null) return;
    if (depth > 500) throw new CodedError('InvalidInput', 'a json value is nested too deeply');
    if (typeof value !== 'object') put(path, scalarOf(value, exact));
    else if (isPlainArray(value)) put(path, plainArray(value, exact));
    else if (Array.isArray(value)) {
      (value as readonly JsonValue[]).forEach((item, i) => visit(`${path}[${i}]`, item, depth + 1));
    } else {
      for (const [key, member] of Object.entries(value)) visit(path + step(key), member, depth + 1);
    }
  };
  const put = (path: string, value: Plain): void => {
    let field = fields.get(path);
    if (field === undefined) {
      field = newField();
      fields.set(path, field);
    }
    addValue(field, row, value);
  };
  visit('$', document, 0);
}

/** The document with its numbers in the exact form: bigint for longs, number for doubles. */
export function exactDocument(value: JsonValue, exact: boolean): JsonValue {
  if (exact || value === null) return value;
  if (typeof value === 'number') return scalarOf(value, false);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => exactDocument(item, false));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, exactDocument(member, false)]),
  );
}

/** -0 and 0 are different values, and NaN is one. */
function doubleKey(value: number): number | string {
  return Object.is(value, -0) ? '-0' : value;
}

function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return Object.is(a, b) ? 0 : Object.is(a, -0) ? -1 : 1;
  return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : -1;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareIds(a: readonly number[], b: readonly number[]): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** All values of a column in their order: strings (null = 0), longs, doubles, arrays. */
export class ValueNumbers {
  readonly strings: readonly (string | null)[];
  readonly longs: BigInt64Array;
  readonly doubles: Float64Array;
  /** Per array the numbers of its elements. */
  readonly arrays: readonly (readonly number[])[];
  readonly #ids = new Map<string | bigint, number>();
  readonly #doubleIds = new Map<number | string, number>();
  readonly #arrayIds = new Map<string, number>();

  constructor(fields: Iterable<FieldValues>) {
    const strings = new Set<string>();
    const longs = new Set<bigint>();
    const doubles = new Map<number | string, number>();
    const arrays: (readonly (Scalar | null)[])[] = [];
    const addScalar = (value: Scalar | null) => {
      if (typeof value === 'string') strings.add(value);
      else if (typeof value === 'bigint') longs.add(value);
      else if (value !== null) doubles.set(doubleKey(value), value);
    };
    for (const field of fields) {
      for (const value of field.values) {
        if (typeof value !== 'object') addScalar(value);
        else {
          value.forEach(addScalar);
          arrays.push(value);
        }
      }
    }
    this.strings = [null, ...[...strings].sort(compareText)];
    this.longs = BigInt64Array.from(longs).sort();
    this.doubles = Float64Array.from([...doubles.values()].sort(compareDoubles));
    let next = 1;
    for (const value of this.strings.slice(1)) this.#ids.set(value as string, next++);
    for (const value of this.longs) this.#ids.set(value, next++);
    for (const value of this.doubles) this.#doubleIds.set(doubleKey(value), next++);
    const distinct = new Map<string, readonly number[]>();
    for (const array of arrays) {
      const ids = this.#elements(array);
      distinct.set(ids.join(), ids);
    }
    this.arrays = [...distinct.values()].sort(compareIds);
    for (const ids of this.arrays) this.#arrayIds.set(ids.join(), next++);
  }

  get count(): number {
    return this.arraysAt + this.arrays.length;
  }

  get arraysAt(): number {
    return this.strings.length + this.longs.length + this.doubles.length;
  }

  id(value: Plain): number {
    const id =
      typeof value === 'object'
        ? this.#arrayIds.get(this.#elements(value).join())
        : typeof value === 'number'
          ? this.#doubleIds.get(doubleKey(value))
          : this.#ids.get(value);
    if (id === undefined) throw new CodedError('Bug', 'a nested value has no number');
    return id;
  }

  #elements(array: readonly (Scalar | null)[]): number[] {
    return array.map((item) => (item === null ? 0 : this.id(item)));
  }
}
