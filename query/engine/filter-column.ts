/**
 * A predicate over one column as a mask. Strings: by the bitmaps of the matching ids when there are few and the column
 * has bitmaps, else by a match table over the ids. Numbers: range and set kernels, or row by row on their text.
 */
import { hasJson } from '../../segment/read/rows.js';
import type { ColumnView, NumericColumnView, StringColumnView } from '../../segment/read/view.js';
import { parseLongText } from '../expression/number-text.js';
import { doubleText, floatText } from '../json/java-number.js';
import { ComputedNumbers } from './columns/computed-views.js';
import { wordsOf, type Environment } from './environment.js';
import type { Mask } from './filter.js';
import { orderKey, parseDouble } from './numbers.js';
import {
  isUnreadable,
  matchesString,
  unsupportedColumn,
  type NumberTest,
  type Predicate,
  type StringTest,
} from './predicate.js';
import { forEachBlock, type RowSpan } from './rows.js';

/** Up to this many bitmaps are OR-ed; beyond, one pass over the ids is cheaper. */
const bitmapsMax = 64;

const all: Mask = { kind: 'all' };
const none: Mask = { kind: 'none' };

/** Rows of the span where the predicate is true, or true or unknown. */
export function columnMask(
  environment: Environment,
  column: ColumnView | undefined,
  predicate: Predicate,
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  const isUnknown = (isFalse: boolean): boolean => orUnknown && !isFalse;
  if (column === undefined) return predicate.nullMatches || isUnknown(predicate.missingIsFalse) ? all : none;
  switch (column.kind) {
    case 'string': {
      const isIndexed = environment.byIndex === true && hasTextIndex(column);
      const isFalse = predicate.nullTextIsFalse && !(isIndexed && predicate.nullIsUnknownToIndex === true);
      const withNull = predicate.nullMatches || isUnknown(isFalse);
      return stringMask(environment, column, predicate.strings(), withNull, span);
    }
    case 'complex':
      throw unsupportedColumn(predicate.column, column.typeName);
    default: {
      const exact = indexedValue(environment, column, predicate);
      if (exact !== undefined)
        return numberMask(environment, column, exact, orUnknown && exact.isKnown, span);
      const isIndexed = environment.byIndex === true && column.hasValueIndex === true;
      const withNull =
        isNullNamed(environment, isIndexed, column, predicate) ||
        ((isIndexed ? predicate.nullMatchesInIndex : undefined) ??
          (predicate.nullMatchesInNumbers || isUnknown(predicate.nullNumberIsFalse)));
      return numberMask(environment, column, predicate, withNull, span);
    }
  }
}

/** A text that is no number stands for null: one that is selected, where rows are looked at, and one of a list in an index. */
function isNullNamed(
  { byVector }: Environment,
  isIndexed: boolean,
  { kind }: NumericColumnView,
  { selected, hasUnreadable }: Predicate,
): boolean {
  if (isIndexed) return hasUnreadable?.(kind) === true;
  return byVector !== true && selected?.some((text) => isUnreadable(text, kind)) === true;
}

/**
 * Its values are looked up in a stored dictionary, each with its rows. Rows in memory are looked at one by one; texts
 * mixed with numbers have no such order.
 */
export function hasTextIndex(column: StringColumnView): boolean {
  return column.isMade !== true && column.isRowWise !== true && !hasJson(column);
}

type NumberRule = Pick<Predicate, 'numbers' | 'strings'>;

/**
 * Equality with a text as an index of numbers is asked it: only the text of a number of the column's type names one
 * ("7.0" is no long), and where it names none null rows are no more unknown than the others.
 */
function indexedValue(
  environment: Environment,
  column: NumericColumnView,
  { exactTexts, strings }: Predicate,
): (NumberRule & { readonly isKnown: boolean }) | undefined {
  if (exactTexts === undefined || environment.byIndex !== true || column.hasValueIndex !== true)
    return undefined;
  const read = column.kind === 'long' ? parseLongText : parseDouble;
  const keys = exactTexts.flatMap((text) => {
    const value = read(text);
    return value === undefined ? [] : [typeof value === 'number' ? orderKey(value) : value];
  });
  const test: NumberTest =
    keys.length > 2
      ? { kind: 'set', keys: BigInt64Array.from(keys).sort() }
      : { kind: 'ranges', ranges: keys.map((key) => [key, key] as const) };
  return { isKnown: keys.length > 0, strings, numbers: () => test };
}

// ---- strings

function stringMask(
  environment: Environment,
  column: StringColumnView,
  test: StringTest,
  withNull: boolean,
  span: RowSpan,
): Mask {
  const ids = matchingIds(column, test, environment.check);
  const nullId = column.idOf(null);
  if (withNull && nullId >= 0) ids.push(nullId);
  // Rows without any id read as null, but have none.
  const emptyRows = withNull && column.hasMultipleValues;
  if (ids.length === 0 && !emptyRows) return none;
  if (!column.hasMultipleValues && ids.length === column.cardinality) return all;
  if (column.hasBitmaps && ids.length <= bitmapsMax && !emptyRows)
    return bitmapMask(environment, column, ids, span);
  return tableMask(environment, column, ids, withNull, span);
}

/** Matching a text may take a pattern its time. */
const idsBetweenChecks = 4096;

/** Ids of values other than null. */
function matchingIds(column: StringColumnView, test: StringTest, check: () => void): number[] {
  const ids: number[] = [];
  if (test.kind === 'set') {
    const { list } = test.values;
    const { cardinality } = column;
    // Few values are looked up. Many are met by reading the dictionary once, into a table when it is the smaller one.
    const isFew = list.length * Math.ceil(Math.log2(cardinality + 2)) < cardinality;
    if (isFew || cardinality < list.length) {
      const idOf = isFew ? (value: string): number => column.idOf(value) : idTable(column);
      return [...new Set(list.map(idOf))].filter((id) => id >= 0);
    }
  }
  if (test.kind === 'range' && column.dictionarySorted) {
    const { from, to } = idRange(column, test);
    for (let id = from; id < to; id++) ids.push(id);
    return ids;
  }
  for (let id = 0; id < column.cardinality; id++) {
    if (id % idsBetweenChecks === 0) check();
    const value = column.value(id);
    if (value !== null && matchesString(test, value)) ids.push(id);
  }
  return ids;
}

function idTable(column: StringColumnView): (value: string) => number {
  const ids = new Map<string, number>();
  for (let id = 0; id < column.cardinality; id++) {
    const value = column.value(id);
    if (value !== null) ids.set(value, id);
  }
  return (value) => ids.get(value) ?? -1;
}

function idRange(column: StringColumnView, test: Extract<StringTest, { kind: 'range' }>): RowSpan {
  const after = (value: string): number => {
    const id = column.lowerBoundId(value);
    return id < column.cardinality && column.value(id) === value ? id + 1 : id;
  };
  const firstValue = column.cardinality > 0 && column.value(0) === null ? 1 : 0;
  let from = firstValue;
  if (test.lower !== undefined) from = test.lowerOpen ? after(test.lower) : column.lowerBoundId(test.lower);
  let to = column.cardinality;
  if (test.upper !== undefined) to = test.upperOpen ? column.lowerBoundId(test.upper) : after(test.upper);
  return { from: Math.max(from, firstValue), to };
}

function bitmapMask(
  environment: Environment,
  column: StringColumnView,
  ids: readonly number[],
  span: RowSpan,
): Mask {
  const bits = environment.scratch.takeZeroed(wordsOf(environment.segment.rowCount) * 8 + 8);
  for (const id of ids) column.orBitmap(id, bits, span.from, span.to);
  return { kind: 'bits', bits };
}

function tableMask(
  environment: Environment,
  column: StringColumnView,
  ids: readonly number[],
  emptyMatches: boolean,
  span: RowSpan,
): Mask {
  const { kernels, scratch, segment } = environment;
  const table = scratch.takeZeroed(column.cardinality + 1);
  const marks = scratch.arena.bytes(table, column.cardinality);
  for (const id of ids) marks[id] = 1;
  const bits = scratch.take(wordsOf(segment.rowCount) * 8);
  const match = { 1: kernels.matchIds1, 2: kernels.matchIds2, 4: kernels.matchIds4 }[column.idWidth];
  forEachBlock(span, segment.rowCount, (start, rows) => {
    environment.check();
    if (column.hasMultipleValues) {
      const { offsets, ids: values } = column.multiBatch(start);
      kernels.matchIdsMulti(offsets, values, rows, table, emptyMatches ? 1 : 0, bits + start / 8);
    } else {
      match(column.batch(start), rows, table, bits + start / 8);
    }
  });
  scratch.give(table);
  return { kind: 'bits', bits };
}

/** Rows of a column with several values a row that have any. */
export function filledMask(environment: Environment, column: StringColumnView, span: RowSpan): Mask {
  const { kernels, scratch, segment } = environment;
  const bits = scratch.take(wordsOf(segment.rowCount) * 8);
  forEachBlock(span, segment.rowCount, (start, rows) => {
    environment.check();
    kernels.filledRows(column.multiBatch(start).offsets, rows, bits + start / 8);
  });
  return { kind: 'bits', bits };
}

/** Rows of the span that have no text but null, or none at all. */
export function withoutTextMask(environment: Environment, column: StringColumnView, span: RowSpan): Mask {
  const nullId = column.idOf(null);
  const ids = Array.from({ length: column.cardinality }, (_, id) => id).filter((id) => id !== nullId);
  const mask = tableMask(environment, column, ids, false, span);
  if (mask.kind !== 'bits') return mask.kind === 'all' ? none : all;
  environment.kernels.bitsNot(mask.bits, mask.bits, wordsOf(environment.segment.rowCount));
  return mask;
}

// ---- numbers

function numberMask(
  environment: Environment,
  column: NumericColumnView,
  predicate: NumberRule,
  nullMatches: boolean,
  span: RowSpan,
): Mask {
  const { kernels, scratch, segment } = environment;
  const words = wordsOf(segment.rowCount);
  const test = predicate.numbers(column.kind);
  let bits: number;
  if (test.kind === 'ranges' && test.ranges.length === 0) {
    if (!nullMatches || !column.hasNulls) return none;
    if (column instanceof ComputedNumbers) column.computeAll();
    bits = scratch.take(words * 8);
    kernels.bitsCopy(column.nullBits(), bits, words);
    return { kind: 'bits', bits };
  }
  bits = scratch.take(words * 8);
  if (test.kind === 'ranges') rangesInto(environment, column, test.ranges, bits, span);
  else if (test.kind === 'set') setInto(environment, column, test, bits, span);
  else textInto(environment, column, predicate.strings(), bits, span);
  if (column.hasNulls) {
    if (nullMatches) kernels.bitsOr(bits, column.nullBits(), bits, words);
    else kernels.bitsAndNot(bits, column.nullBits(), bits, words);
  }
  return { kind: 'bits', bits };
}

/** Values that a byte tells apart. */
const byteValues = 256;

/**
 * Calls `test` to set the bits of the rows that match, block by block; where a byte a row says which of at most 256
 * values it has, with these values instead of the rows.
 */
function forEachNumbers(
  environment: Environment,
  column: NumericColumnView,
  bits: number,
  span: RowSpan,
  test: (values: number, rows: number, target: number) => void,
): void {
  const { kernels, scratch, segment } = environment;
  const table = column.narrow === undefined ? 0 : scratch.take(byteValues * 8);
  const found = column.narrow === undefined ? 0 : scratch.take(byteValues * 2);
  const matches = found + byteValues;
  forEachBlock(span, segment.rowCount, (start, rows) => {
    environment.check();
    const target = bits + start / 8;
    const narrow = column.narrow?.(start);
    if (narrow === undefined || narrow.form > 1) {
      test(column.batch(start), rows, target);
      return;
    }
    const isCoded = narrow.form === 0;
    if (!isCoded) kernels.offsetTable(narrow.base, table);
    const count = isCoded ? narrow.size : byteValues;
    test(isCoded ? narrow.base : table, count, found);
    kernels.bitsToBytes(found, count, matches);
    kernels.matchIds1(narrow.pointer, rows, matches, target);
  });
  if (column.narrow === undefined) return;
  scratch.give(table);
  scratch.give(found);
}

function rangesInto(
  environment: Environment,
  column: NumericColumnView,
  ranges: readonly (readonly [bigint, bigint])[],
  bits: number,
  span: RowSpan,
): void {
  const { kernels, scratch } = environment;
  const range = { long: kernels.rangeI64, double: kernels.rangeF64, float: kernels.rangeF32 }[column.kind];
  const more = ranges.length > 1 ? scratch.take(1024) : 0;
  forEachNumbers(environment, column, bits, span, (values, rows, target) => {
    ranges.forEach(([low, high], i) => {
      range(values, rows, low, high, i === 0 ? target : more);
      if (i > 0) kernels.bitsOr(target, more, target, wordsOf(rows));
    });
  });
  if (more !== 0) scratch.give(more);
}

function setInto(
  environment: Environment,
  column: NumericColumnView,
  test: Extract<NumberTest, { kind: 'set' }>,
  bits: number,
  span: RowSpan,
): void {
  const { kernels, scratch } = environment;
  const keys = scratch.take(test.keys.length * 8);
  scratch.arena.i64(keys, test.keys.length).set(test.keys);
  const inSet = { long: kernels.inI64, double: kernels.inF64, float: kernels.inF32 }[column.kind];
  forEachNumbers(environment, column, bits, span, (values, rows, target) => {
    inSet(values, rows, keys, test.keys.length, target);
  });
  scratch.give(keys);
}

/** Text rules on a numeric column (lexicographic bounds, LIKE): each distinct value is tested once. */
function textInto(
  environment: Environment,
  column: NumericColumnView,
  test: StringTest,
  bits: number,
  span: RowSpan,
): void {
  const { arena } = environment.scratch;
  const known = new Map<bigint | number, boolean>();
  const matches = (value: bigint | number): boolean => {
    const found = known.get(value);
    if (found !== undefined) return found;
    const text =
      typeof value === 'bigint'
        ? String(value)
        : column.kind === 'float'
          ? floatText(value)
          : doubleText(value);
    const result = matchesString(test, text);
    // A map takes 0.0 and -0.0 for the same key; their texts differ.
    if (value !== 0 && known.size < 100_000) known.set(value, result);
    return result;
  };
  forEachNumbers(environment, column, bits, span, (pointer, rows, target) => {
    const values =
      column.kind === 'long'
        ? arena.i64(pointer, rows)
        : column.kind === 'double'
          ? arena.f64(pointer, rows)
          : arena.f32(pointer, rows);
    setBits(environment, target, rows, (row) => matches(values[row] ?? 0));
  });
}

export function setBits(
  environment: Environment,
  target: number,
  rows: number,
  test: (row: number) => boolean,
): void {
  const bytes = environment.scratch.arena.bytes(target, wordsOf(rows) * 8);
  bytes.fill(0);
  for (let row = 0; row < rows; row++) {
    if (test(row)) bytes[row >> 3] = (bytes[row >> 3] ?? 0) | (1 << (row & 7));
  }
}
