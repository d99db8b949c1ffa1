/** Functions on arrays. A scalar stands for an array of itself; the first array's element type rules. */
import { JavaPattern } from '../../regex/pattern.js';
import { castTo, leastRestrictive } from '../cast.js';
import { argument, type ExprFunction, validationError } from '../function.js';
import { compareElements, evaluationError, joinedText } from '../operators.js';
import {
  array,
  asDouble,
  asLong,
  asString,
  bool,
  double,
  elementType,
  type ExprType,
  isArrayType,
  isComplex,
  long,
  nullValue,
  string,
  unwrapJson,
  type Value,
} from '../value.js';

type Element = Value['value'];

export interface Items {
  readonly type: ExprType;
  readonly items: readonly Element[];
}

/** The elements of a value: a scalar is one element, null is no array. */
export function itemsOf(value: Value): Items | undefined {
  const inner = unwrapJson(value);
  if (inner.value === null) return undefined;
  if (isArrayType(inner.type))
    return { type: elementType(inner.type), items: inner.value as readonly Element[] };
  // An object is no array, not even of itself.
  return isComplex(inner.type) ? undefined : { type: inner.type, items: [inner.value] };
}

const jsonType = 'COMPLEX<json>';

/** As `itemsOf`, but an array of JSON keeps its elements as they are. */
function rawItemsOf(value: Value): Items | undefined {
  if (value.type === jsonType && Array.isArray(value.value))
    return { type: jsonType, items: value.value as readonly Element[] };
  return itemsOf(value);
}

function castElement(value: Value, type: ExprType): Element {
  return type === jsonType ? value.value : castTo(unwrapJson(value), type).value;
}

/** A scalar as an element of an array of `type`; undefined when none can equal it (1.5 among longs, "a" among arrays). */
function exactElement(value: Value, type: ExprType): Element | undefined {
  if (value.value === null) return null;
  if (isArrayType(type) !== isArrayType(value.type))
    return isArrayType(value.type) || isComplex(value.type) ? castElement(value, type) : undefined;
  const element = castElement(value, type);
  if (element === null) return undefined;
  return type === 'LONG' && value.type === 'DOUBLE' && Number(element) !== value.value ? undefined : element;
}

/** The elements of a value cast to a type; a null value has none. */
function castItems(value: Value, type: ExprType): readonly Element[] {
  if (type === jsonType) return rawItemsOf(value)?.items ?? [];
  return (castTo(value, `ARRAY<${type}>`).value ?? []) as readonly Element[];
}

function contains(items: readonly Element[], wanted: Element, type: ExprType): boolean {
  return indexOf(items, wanted, type) >= 0;
}

function indexOf(items: readonly Element[], wanted: Element, type: ExprType): number {
  // Java's arrays are equal to themselves only.
  if (wanted !== null && isArrayType(type)) return -1;
  return items.findIndex((item) =>
    item === null || wanted === null ? item === wanted : compareElements(item, wanted, type) === 0,
  );
}

function arrayContains(args: readonly Value[]): Value {
  const left = itemsOf(argument(args, 0));
  const wanted = argument(args, 1);
  if (left === undefined) return long(null);
  const right = unwrapJson(wanted);
  if (isArrayType(right.type)) {
    if (right.value === null) return bool(false);
    return bool(castItems(right, left.type).every((each) => contains(left.items, each, left.type)));
  }
  const element = exactElement(right, left.type);
  return bool(element !== undefined && contains(left.items, element, left.type));
}

function arrayOverlap(args: readonly Value[]): Value {
  const left = itemsOf(argument(args, 0));
  if (left === undefined) return long(null);
  const other = argument(args, 1);
  if (other.value === null) return bool(false);
  return bool(castItems(other, left.type).some((each) => contains(left.items, each, left.type)));
}

function scalarInArray(args: readonly Value[]): Value {
  const wanted = argument(args, 0);
  const list = itemsOf(argument(args, 1));
  if (list === undefined) return long(null);
  if (wanted.value === null) return contains(list.items, null, list.type) ? bool(true) : long(null);
  const element = exactElement(wanted, list.type);
  return bool(element !== undefined && contains(list.items, element, list.type));
}

/** An index cut to 32 bits; null and what is no number count as 0. */
function indexAt(value: Value): number {
  return Number(BigInt.asIntN(32, asLong(value) ?? 0n));
}

function pick(shift: number) {
  return (args: readonly Value[]): Value => {
    const list = rawItemsOf(argument(args, 0));
    const index = indexAt(argument(args, 1)) - shift;
    const item = list === undefined || index < 0 ? undefined : list.items[index];
    return list === undefined || item === undefined ? nullValue : { type: list.type, value: item };
  };
}

function position(name: string, shift: number): ExprFunction {
  const apply = (args: readonly Value[]): Value => {
    const list = itemsOf(argument(args, 0));
    const wanted = unwrapJson(argument(args, 1));
    if (list === undefined) return long(null);
    if ((isArrayType(wanted.type) || isComplex(wanted.type)) && wanted.value !== null) {
      throw evaluationError(`Function[${name}] second argument must be a scalar`);
    }
    // Only values of the very type are found.
    if (wanted.value !== null && wanted.type !== list.type) return long(null);
    const index = indexOf(list.items, wanted.value, list.type);
    return long(index < 0 ? null : BigInt(index + shift));
  };
  return { name, arity: [2, 2], apply };
}

/** Longer arrays are not built: a short query must not fill the memory. */
const longestArray = 1_000_000;

function slice(args: readonly Value[]): Value {
  const list = rawItemsOf(argument(args, 0));
  if (list === undefined) return nullValue;
  const start = indexAt(argument(args, 1));
  const end = args[2] === undefined ? list.items.length : indexAt(args[2]);
  if (start < 0 || start > list.items.length || start > end) return nullValue;
  if (end - start > longestArray)
    throw evaluationError(`Function[array_slice] an array of ${end - start} elements is not built`);
  const kept = list.items.slice(start, end);
  while (kept.length < end - start) kept.push(null);
  return array(list.type, kept);
}

function checkLength(length: number): void {
  if (length > longestArray)
    throw evaluationError(`an array of more than ${longestArray} elements is not built`);
}

function extend(
  list: Value,
  added: Value,
  build: (items: readonly Element[], element: Element) => readonly Element[],
): Value {
  const items = rawItemsOf(list);
  if (items === undefined) return nullValue;
  checkLength(items.items.length + 1);
  return array(items.type, build(items.items, castElement(added, items.type)));
}

function concat(args: readonly Value[]): Value {
  const left = rawItemsOf(argument(args, 0));
  const right = argument(args, 1);
  if (left === undefined || right.value === null) return nullValue;
  const added = castItems(right, left.type);
  checkLength(left.items.length + added.length);
  return array(left.type, [...left.items, ...added]);
}

function sortedSet(items: readonly Element[], type: ExprType): Element[] {
  const sorted = items.toSorted((a, b) => compareElements(a, b, type));
  return sorted.filter((item, i) => i === 0 || compareElements(sorted[i - 1] ?? null, item, type) !== 0);
}

function setAddAll(args: readonly Value[]): Value {
  const left = rawItemsOf(argument(args, 0));
  const right = argument(args, 1);
  if (left === undefined || right.value === null) return nullValue;
  const added = castItems(right, left.type);
  checkLength(left.items.length + added.length);
  return array(left.type, sortedSet([...left.items, ...added], left.type));
}

/** The common type of values, nulls aside; undefined when all are null. */
export function commonType(values: readonly Value[]): ExprType | undefined {
  let type: ExprType | undefined;
  for (const value of values) {
    if (value.value === null) continue;
    type = type === undefined ? value.type : leastRestrictive(type, value.type);
  }
  return type;
}

/** An array of values in their common type; nothing but nulls have the type of the first one, or `ofNulls`. */
export function arrayOf(values: readonly Value[], ofNulls?: ExprType): Value {
  if (values.some(({ type, value }) => type === jsonType && value !== null))
    return array(
      jsonType,
      values.map(({ value }) => value),
    );
  const type = commonType(values) ?? ofNulls ?? values[0]?.type ?? 'STRING';
  return array(
    type,
    values.map((value) => castTo(value, type).value),
  );
}

function toText(args: readonly Value[]): Value {
  const list = itemsOf(argument(args, 0));
  if (list === undefined || isComplex(list.type)) return nullValue;
  if (list.items.length === 1 && list.items[0] === null) return nullValue;
  const between = asString(argument(args, 1)) ?? '';
  const texts = list.items.map((item) =>
    item === null ? 'null' : (asString({ type: list.type, value: item }) ?? 'null'),
  );
  return string(joinedText(texts, between));
}

/** The delimiter is a regular expression; null and "" cut between all characters. */
function fromText(constants: readonly (Value | undefined)[]): (args: readonly Value[]) => Value {
  const name = 'string_to_array';
  const literal = constants[1];
  if (literal === undefined) throw validationError(`Function[${name}] delimiter must be a literal`);
  const delimiter = new JavaPattern(asString(literal) ?? '');
  return (args) => {
    const text = asString(argument(args, 0));
    return array('STRING', text === null ? null : text === '' ? [''] : delimiter.split(text));
  };
}

/** Linear interpolation between the sorted numbers; nulls are left out. */
function quantile(constants: readonly (Value | undefined)[]): (args: readonly Value[]) => Value {
  const rankValue = constants[1];
  if (rankValue === undefined || (rankValue.type !== 'LONG' && rankValue.type !== 'DOUBLE')) {
    throw validationError('Function[array_quantile] rank must be a number');
  }
  const rank = asDouble(rankValue) ?? 0;
  if (rank < 0) throw validationError('Function[array_quantile] rank must not be negative');
  return (args) => {
    const given = argument(args, 0);
    const list = isArrayType(given.type) ? itemsOf(given) : undefined;
    if (list === undefined || (list.type !== 'LONG' && list.type !== 'DOUBLE')) return double(null);
    const numbers = list.items.filter((item) => item !== null).map(Number);
    numbers.sort((a, b) => (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0) || a - b);
    if (numbers.length === 0 || rank > 1) return double(Number.NaN);
    const last = numbers.length - 1;
    const at = rank * last;
    const low = Math.floor(at);
    const first = numbers[Math.max(0, Math.min(last, low))] ?? Number.NaN;
    if (at <= 0 || at >= last) return double(numbers[at <= 0 ? 0 : last] ?? null);
    if (at === low) return double(first);
    const second = numbers[low + 1] ?? first;
    return double(first + (at - low) * (second - first));
  };
}

function asStrings(value: Value): Value {
  return castTo(unwrapJson(value), 'ARRAY<STRING>');
}

function harmonize(args: readonly Value[]): Value {
  const list = asStrings(argument(args, 0));
  return list.value === null || (list.value as readonly unknown[]).length === 0
    ? array('STRING', [null])
    : list;
}

export const arrayFunctions: readonly ExprFunction[] = [
  { name: 'array', arity: [1, Infinity], apply: (args) => arrayOf(args, 'LONG') },
  {
    name: 'array_length',
    arity: [1, 1],
    apply: (args) => {
      const list = itemsOf(argument(args, 0));
      return long(list === undefined ? null : BigInt(list.items.length));
    },
  },
  { name: 'array_contains', arity: [2, 2], apply: arrayContains },
  { name: 'array_overlap', arity: [2, 2], apply: arrayOverlap },
  { name: 'scalar_in_array', arity: [2, 2], apply: scalarInArray },
  { name: 'array_offset', arity: [2, 2], apply: pick(0) },
  { name: 'array_ordinal', arity: [2, 2], apply: pick(1) },
  position('array_offset_of', 0),
  position('array_ordinal_of', 1),
  { name: 'array_slice', arity: [2, 3], apply: slice },
  {
    name: 'array_append',
    arity: [2, 2],
    apply: (args) => extend(argument(args, 0), argument(args, 1), (items, element) => [...items, element]),
  },
  {
    name: 'array_prepend',
    arity: [2, 2],
    apply: (args) => extend(argument(args, 1), argument(args, 0), (items, element) => [element, ...items]),
  },
  { name: 'array_concat', arity: [2, 2], apply: concat },
  {
    name: 'array_set_add',
    arity: [2, 2],
    apply: (args) => {
      const list = rawItemsOf(argument(args, 0));
      if (list === undefined) return nullValue;
      const element = castElement(argument(args, 1), list.type);
      return array(list.type, sortedSet([...list.items, element], list.type));
    },
  },
  { name: 'array_set_add_all', arity: [2, 2], apply: setAddAll },
  { name: 'array_to_string', arity: [2, 2], apply: toText },
  { name: 'string_to_array', arity: [2, 2], prepare: fromText },
  { name: 'array_quantile', arity: [2, 2], prepare: quantile },
  {
    name: 'mv_to_array',
    arity: [1, 1],
    checkArgs: ([column]) => {
      if (column?.kind !== 'identifier')
        throw validationError('Function[mv_to_array] the argument should be the name of a column');
    },
    apply: (args) => asStrings(argument(args, 0)),
  },
  { name: 'array_to_mv', arity: [1, 1], apply: (args) => asStrings(argument(args, 0)) },
  { name: 'mv_harmonize_nulls', arity: [1, 1], apply: harmonize },
];
