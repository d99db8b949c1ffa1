/**
 * Filters as bitsets over a segment's rows, with three-valued logic: a filter is evaluated either for the rows where
 * it is true, or (under an odd number of NOTs) for the rows where it is true or unknown. NOT then is the complement
 * of the other kind, AND and OR stay what they are.
 */
import { columnsOf } from '../expression/ast.js';
import { parseExpression } from '../expression/parser.js';
import { CodedError } from '../../proto/errors.js';
import { separate } from '../native/merged-filter.js';
import type { Filter } from '../native/model.js';
import { DerivedSegment, restrictedTo } from './columns/derived-segment.js';
import { dimensionColumn, steppedColumn } from './columns/dimension-column.js';
import { truthColumn } from './columns/expression-column.js';
import { arrayRangeMask, comparisonMask, elementMask } from './filter-cells.js';
import { columnMask, hasTextIndex, withoutTextMask } from './filter-column.js';
import { complexMask, nullRows, refuseArrays, refusesArrays } from './filter-complex.js';
import { wordsOf, type Environment } from './environment.js';
import { exactLike } from './like.js';
import { equalsNumber, leafPredicate, type LeafFilter } from './predicate.js';
import { rowRanges, rowsFrom, rowsIn, blockWords, type RowRanges, type RowSpan } from './rows.js';
import type { IntervalMs, StringColumnView } from '../../segment/read/view.js';

/** `bits`: address of a bitset over all rows, meaningful for the blocks of the span it was made for. */
export type Mask =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'bits'; readonly bits: number };

export const allRows: Mask = { kind: 'all' };
export const noRows: Mask = { kind: 'none' };

/** Rows of the span where the filter is true. The bitset belongs to the environment's scratch memory. */
export function evaluateFilter(environment: Environment, filter: Filter, span: RowSpan): Mask {
  if (environment.byIndex !== true || !hasIndex(environment, filter)) refuse(environment, filter, span);
  return evaluate(environment, filter, span, false);
}

function evaluate(environment: Environment, filter: Filter, span: RowSpan, orUnknown: boolean): Mask {
  switch (filter.type) {
    case 'true':
      return allRows;
    case 'false':
      return noRows;
    case 'not':
      return complement(
        environment,
        evaluate(indexed(environment, filter.field), filter.field, span, !orUnknown),
        span,
      );
    case 'and':
      return conjunction(environment, flattened(filter.fields), span, orUnknown);
    case 'or':
      return disjunction(environment, filter.fields, span, orUnknown);
    case 'istrue':
      return evaluate(indexed(environment, filter.field), filter.field, span, false);
    case 'isfalse':
      return complement(
        environment,
        evaluate(indexed(environment, filter.field), filter.field, span, true),
        span,
      );
    case 'expression': {
      const column = truthColumn(environment, filter.expression);
      return columnMask(environment, column, equalsNumber('', 1n), span, orUnknown);
    }
    case 'anyOf': {
      const one = plainly(environment, filter);
      return one.type === 'anyOf'
        ? leafMask(environment, one, span, orUnknown)
        : evaluate(environment, one, span, orUnknown);
    }
    case 'packed':
      throw packedBug();
    case 'columnComparison':
      return comparisonMask(environment, filter.dimensions, span);
    case 'arrayContainsElement':
      return elementMask(environment, filter, span, orUnknown);
    case 'arrayRange':
      return arrayRangeMask(environment, filter, span, orUnknown);
    default:
      return leafMask(environment, filter, span, orUnknown);
  }
}

const packedBug = (): CodedError => new CodedError('Bug', 'a packed filter has reached the rows');

/** Opaque values know equalities in ways of their own. */
function plainly(
  { segment }: Environment,
  filter: Extract<Filter, { type: 'anyOf' }>,
): Extract<Filter, { type: 'anyOf' | 'and' | 'or' }> {
  return segment.column(filter.column)?.kind === 'complex' ? separate(filter) : filter;
}

/** A negation (or a test of truth) is answered by indexes only when all it negates is. */
function indexed(environment: Environment, filter: Filter): Environment {
  return environment.byIndex !== true || hasIndex(environment, filter)
    ? environment
    : { ...environment, byIndex: false };
}

/** Indexes of stored columns alone answer the filter. */
export function hasIndex(environment: Environment, filter: Filter): boolean {
  switch (filter.type) {
    case 'true':
    case 'false':
      return true;
    case 'and':
    case 'or':
      return filter.fields.every((field) => hasIndex(environment, field));
    case 'not':
    case 'istrue':
    case 'isfalse':
      return hasIndex(environment, filter.field);
    case 'expression': {
      // Mapped over the dictionary of its only column.
      const [name, ...others] = columnsOf(parseExpression(filter.expression));
      const column = name === undefined ? undefined : environment.segment.column(name);
      return (
        others.length === 0 && (name === undefined || (column?.kind === 'string' && hasTextIndex(column)))
      );
    }
    case 'columnComparison':
      return false;
    case 'packed':
      throw packedBug();
    default: {
      if (filter.type === 'anyOf') {
        const one = plainly(environment, filter);
        if (one.type !== 'anyOf') return hasIndex(environment, one);
      }
      const column = environment.segment.column('column' in filter ? filter.column : filter.dimension);
      const name = 'column' in filter ? filter.column : filter.dimension;
      if (column === undefined || isNullTest(filter) || isFiltered(environment, name)) return true;
      if (column.kind === 'complex') return isArrayIndexed(filter) || isStoredField(environment, name);
      if (column.kind === 'string') return hasTextIndex(column) && !isNoElement(filter);
      return column.hasValueIndex === true;
    }
  }
}

/** A field of documents is looked up among the texts and numbers of all of them, of which an array is none. */
function isStoredField({ segment, byIndex }: Environment, column: string): boolean {
  return byIndex === true && segment instanceof DerivedSegment && segment.isField(column);
}

/** Every stored column knows its nulls. */
const isNullTest = (filter: Filter): boolean =>
  filter.type === 'null' ||
  (filter.type === 'selector' && filter.value === null && filter.extractionFn === undefined);

/** Arrays are looked up as wholes and by their elements. */
const isArrayIndexed = (filter: Filter): boolean =>
  filter.type === 'equals' ||
  filter.type === 'arrayContainsElement' ||
  (filter.type === 'arrayRange' && filter.isEquality === true);

const isNoElement = (filter: Filter): boolean =>
  filter.type === 'arrayContainsElement' && filter.element === null;

/**
 * Filters without an index are made before any row is seen: those that can't be over their column are an error whether
 * a row gets to them or not, unless an index says that no row is left to a conjunction.
 */
function refuse(environment: Environment, filter: Filter, span: RowSpan): void {
  const error = refusal(environment, filter, span);
  if (error !== undefined) throw error;
}

function refusal(environment: Environment, filter: Filter, span: RowSpan): CodedError | undefined {
  switch (filter.type) {
    case 'and':
    case 'or': {
      const fields = filter.type === 'and' ? flattened(filter.fields) : filter.fields;
      const found = fields
        .filter((field) => environment.byIndex !== true || !hasIndex(environment, field))
        .map((field) => refusal(environment, field, span))
        .find((error) => error !== undefined);
      return found !== undefined && filter.type === 'and' && isEmptyByIndex(environment, fields, span)
        ? undefined
        : found;
    }
    case 'not':
    case 'istrue':
    case 'isfalse':
      return refusal(indexed(environment, filter.field), filter.field, span);
    case 'true':
    case 'false':
    case 'expression':
      return undefined;
    case 'packed':
      throw packedBug();
    case 'columnComparison':
      return failureOf(() => {
        for (const spec of filter.dimensions) dimensionColumn(environment, spec);
      });
    default: {
      if (filter.type === 'anyOf') {
        const one = plainly(environment, filter);
        return one.type === 'anyOf' ? undefined : refusal(environment, one, span);
      }
      const column = environment.segment.column('column' in filter ? filter.column : filter.dimension);
      return column?.kind === 'complex' ? failureOf(() => refuseArrays(column, filter)) : undefined;
    }
  }
}

function failureOf(run: () => void): CodedError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

/**
 * Worth asking whatever rows are left. An index that has to be read through is not, when it has more values than there
 * are rows left: of numbers that is taken to be so.
 */
function isCheap(environment: Environment, filter: Filter): boolean {
  switch (filter.type) {
    case 'and':
    case 'or':
      return filter.fields.every((field) => isCheap(environment, field));
    case 'not':
    case 'istrue':
    case 'isfalse':
      return isCheap(environment, filter.field);
    case 'true':
    case 'false':
      return true;
    case 'expression':
      return isConstant(filter);
    case 'columnComparison':
    case 'packed':
      return false;
    default: {
      if (isLookup(filter)) return true;
      const column = environment.segment.column('column' in filter ? filter.column : filter.dimension);
      return column === undefined || column.kind === 'string';
    }
  }
}

/** Single values are asked for. */
function isLookup(filter: Filter): boolean {
  if ('extractionFn' in filter && filter.extractionFn !== undefined) return false;
  const known: readonly Filter['type'][] = ['selector', 'in', 'inType', 'anyOf', 'equals', 'null'];
  if (filter.type === 'like') return exactLike(filter.pattern, filter.escape) !== undefined;
  if (filter.type === 'arrayRange') return filter.isEquality === true;
  return known.includes(filter.type) || (filter.type === 'arrayContainsElement' && filter.element !== null);
}

function isEmptyByIndex(environment: Environment, fields: readonly Filter[], span: RowSpan): boolean {
  if (environment.byIndex !== true) return false;
  const known = fields.filter((field) => isCheap(environment, field) && hasIndex(environment, field));
  return known.length > 0 && isEmpty(environment, conjunction(environment, known, span, false), span);
}

function isEmpty({ kernels }: Environment, mask: Mask, span: RowSpan): boolean {
  if (mask.kind !== 'bits') return mask.kind === 'none';
  return kernels.bitsFirst(mask.bits, span.from, span.to) >>> 0 === 0xffffffff;
}

function leafMask(environment: Environment, filter: LeafFilter, span: RowSpan, orUnknown: boolean): Mask {
  const predicate = leafPredicate(filter);
  const fn = 'extractionFn' in filter ? filter.extractionFn : undefined;
  const stored = environment.segment.column(predicate.column);
  const isMadeOfIndex = environment.byIndex === true && isFiltered(environment, predicate.column);
  if (isMadeOfIndex && fn === undefined && stored?.kind === 'string')
    return filteredMask(environment, stored, filter, span, orUnknown);
  if (stored?.kind === 'complex') {
    const isField = isStoredField(environment, predicate.column) && stored.typeName.startsWith('ARRAY<');
    const isText = isField && refusesArrays(filter) && fn === undefined;
    if (!isText) return complexMask(environment, stored, filter, span, orUnknown);
    return orUnknown ? nullRows(environment, stored, span) : noRows;
  }
  if (fn === undefined) {
    const mask = columnMask(environment, stored, predicate, span, orUnknown);
    const from =
      orUnknown && isOneValue(filter) ? nullsOfFiltered(environment, predicate.column, span) : noRows;
    return union(environment, mask, from);
  }
  const column = steppedColumn(environment, stored, [{ type: 'extraction', fn }]);
  const mask = columnMask(environment, column, predicate, span, orUnknown);
  const areNullsUnknown =
    filter.type === 'in' || filter.type === 'bound' || filter.type === 'interval' || filter.type === 'like';
  if (stored === undefined || stored.kind === 'string' || !areNullsUnknown || !stored.hasNulls) return mask;
  return withUnknown(environment, mask, stored.nullBits(), orUnknown);
}

/**
 * Of values that were filtered, a row that has no text left is null and unknown; to all but a test for null, one that
 * is null from the start is, when null is kept.
 */
function filteredMask(
  environment: Environment,
  column: StringColumnView,
  filter: LeafFilter,
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  if (isNullTest(filter)) return withoutTextMask(environment, column, span);
  const predicate = leafPredicate(filter);
  const isFalse = predicate.nullTextIsFalse && predicate.nullIsUnknownToIndex !== true;
  // Asked of each text, null too is unknown wherever it stands; looked up, only where it stands alone.
  const nullMatches = orUnknown && !isFalse && isAskedOfEach(filter);
  const ofTexts = columnMask(environment, column, { ...predicate, nullMatches }, span, false);
  if (!predicate.nullMatches) {
    return orUnknown && !isFalse
      ? union(environment, ofTexts, withoutTextMask(environment, column, span))
      : ofTexts;
  }
  const { segment } = environment;
  const from = segment instanceof DerivedSegment ? segment.filteredFrom(predicate.column) : undefined;
  if (from === undefined || column.idOf(null) < 0) return ofTexts;
  const isNull = leafPredicate({ type: 'null', column: from });
  return union(environment, ofTexts, columnMask(environment, segment.column(from), isNull, span, false));
}

function isAskedOfEach(filter: LeafFilter): boolean {
  const isPrefixed = filter.type === 'like' && !/^[%_]/.test(filter.pattern);
  return leafPredicate(filter).strings().kind === 'test' && !isPrefixed;
}

/** Equality with a single text. */
function isOneValue(filter: LeafFilter): boolean {
  if (filter.type === 'selector') return true;
  if (filter.type === 'in') return filter.values.length === 1;
  return filter.type === 'equals' && filter.matchValueType === 'STRING';
}

/** Rows of values that were filtered which had a null before: looked at one by one, nobody knows of them what they equal. */
function nullsOfFiltered(environment: Environment, name: string, span: RowSpan): Mask {
  const { segment } = environment;
  const from = segment instanceof DerivedSegment ? segment.filteredFrom(name) : undefined;
  const column = from === undefined ? undefined : segment.column(from);
  if (from === undefined || column?.kind !== 'string' || column.isMade === true) return noRows;
  return columnMask(environment, column, leafPredicate({ type: 'null', column: from }), span, false);
}

/** Uses up both masks. */
function union(environment: Environment, a: Mask, b: Mask): Mask {
  if (a.kind === 'all' || b.kind === 'none') return a;
  if (b.kind === 'all' || a.kind === 'none') return b;
  environment.kernels.bitsOr(a.bits, b.bits, a.bits, wordsOf(environment.segment.rowCount));
  environment.scratch.give(b.bits);
  return a;
}

function isFiltered({ segment }: Environment, column: string): boolean {
  return segment instanceof DerivedSegment && segment.filteredFrom(column) !== undefined;
}

/** The mask, but unknown for rows of the bits: a null number is not handed to the function. */
function withUnknown(environment: Environment, mask: Mask, nullBits: number, orUnknown: boolean): Mask {
  if (mask.kind === (orUnknown ? 'all' : 'none')) return mask;
  const { kernels, scratch, segment } = environment;
  const words = wordsOf(segment.rowCount);
  if (mask.kind === 'bits') {
    if (orUnknown) kernels.bitsOr(mask.bits, nullBits, mask.bits, words);
    else kernels.bitsAndNot(mask.bits, nullBits, mask.bits, words);
    return mask;
  }
  const bits = scratch.take(words * 8);
  if (orUnknown) kernels.bitsCopy(nullBits, bits, words);
  else kernels.bitsNot(nullBits, bits, words);
  return { kind: 'bits', bits };
}

/** Reads columns that are computed: better asked for few rows, and only for those an error in a row counts. */
function isComputed(environment: Environment, filter: Filter): boolean {
  switch (filter.type) {
    case 'true':
    case 'false':
      return false;
    case 'and':
    case 'or':
      return filter.fields.some((field) => isComputed(environment, field));
    case 'not':
    case 'istrue':
    case 'isfalse':
      return isComputed(environment, filter.field);
    case 'expression':
    case 'columnComparison':
    case 'packed':
      return true;
    default: {
      const { segment } = environment;
      const name = 'column' in filter ? filter.column : filter.dimension;
      return segment instanceof DerivedSegment && segment.isVirtual(name);
    }
  }
}

/** An expression has to be evaluated. Fields of documents and filtered values are not, though they are computed. */
function isEvaluated(environment: Environment, filter: Filter): boolean {
  if (!isComputed(environment, filter)) return false;
  switch (filter.type) {
    case 'and':
    case 'or':
      return filter.fields.some((field) => isEvaluated(environment, field));
    case 'not':
    case 'istrue':
    case 'isfalse':
      return isEvaluated(environment, filter.field);
    case 'expression':
      return !isConstant(filter);
    case 'columnComparison':
    case 'packed':
    case 'true':
    case 'false':
      return true;
    default: {
      const name = 'column' in filter ? filter.column : filter.dimension;
      return !isFiltered(environment, name) && !isStoredField(environment, name);
    }
  }
}

const isConstant = ({ expression }: Extract<Filter, { type: 'expression' }>): boolean =>
  columnsOf(parseExpression(expression)).size === 0;

/** Masks made here are written over, never those of columns. */
function complement(environment: Environment, mask: Mask, span: RowSpan): Mask {
  if (mask.kind !== 'bits') return mask.kind === 'all' ? noRows : allRows;
  const { at, words } = blockWords(span, environment.segment.rowCount);
  environment.kernels.bitsNot(mask.bits + at, mask.bits + at, words);
  return mask;
}

function flattened(fields: readonly Filter[]): readonly Filter[] {
  return fields.flatMap((field) => (field.type === 'and' ? flattened(field.fields) : [field]));
}

function conjunction(
  environment: Environment,
  fields: readonly Filter[],
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  let result: Mask = allRows;
  const computed = new Set(fields.filter((field) => isComputed(environment, field)));
  const stored = fields.filter((field) => !computed.has(field));
  // What an index answers comes first: no row left is an answer, whatever the others are.
  const first = new Set(
    environment.byIndex === true
      ? fields.filter((field) => hasIndex(environment, field) && !isEvaluated(environment, field))
      : [],
  );
  const ordered = [...first, ...[...stored, ...computed].filter((field) => !first.has(field))];
  for (const field of ordered) {
    const isLate = computed.has(field) && result.kind === 'bits';
    const wanted = isLate ? restrictedTo(environment, result) : environment;
    result = intersect(environment, result, evaluate(wanted, field, span, orUnknown), span);
    if (isEmpty(environment, result, span)) return noRows;
  }
  return result;
}

function disjunction(
  environment: Environment,
  fields: readonly Filter[],
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  let result: Mask = noRows;
  for (const field of fields) {
    const next = evaluate(environment, field, span, orUnknown);
    if (next.kind === 'all') return allRows;
    if (next.kind === 'none') continue;
    if (result.kind === 'bits') {
      const { at, words } = blockWords(span, environment.segment.rowCount);
      environment.kernels.bitsOr(result.bits + at, next.bits + at, result.bits + at, words);
      environment.scratch.give(next.bits);
    } else {
      result = next;
    }
  }
  return result;
}

/** Uses up both masks, made for the span. */
export function intersect(environment: Environment, a: Mask, b: Mask, span: RowSpan): Mask {
  if (a.kind === 'none' || b.kind === 'none') return noRows;
  if (a.kind === 'all') return b;
  if (b.kind === 'all') return a;
  const { at, words } = blockWords(span, environment.segment.rowCount);
  environment.kernels.bitsAnd(a.bits + at, b.bits + at, a.bits + at, words);
  environment.scratch.give(b.bits);
  return a;
}

export interface Selected extends RowRanges {
  readonly mask: Mask;
}

/** The rows a query wants, from `fromRow` on: its intervals as row ranges, its other conditions as a mask. */
export function selectRows(
  environment: Environment,
  intervals: readonly IntervalMs[],
  filter: Filter | undefined,
  fromRow = 0,
): Selected {
  const { slice } = environment;
  const found = rowsFrom(rowRanges(environment.segment, intervals), fromRow);
  const ranges = slice === undefined ? found : rowsIn(found, slice.span);
  if (ranges.ranges.length === 0) return { ...ranges, mask: noRows };
  const inTime = ranges.testTime
    ? evaluateFilter(environment, { type: 'interval', dimension: '__time', intervals }, ranges.hull)
    : allRows;
  if (filter === undefined || inTime.kind === 'none') return { ...ranges, mask: inTime };
  const { segment } = environment;
  const indexed = segment instanceof DerivedSegment ? segment.indexed() : segment;
  const matching = evaluateFilter({ ...environment, segment: indexed, byIndex: true }, filter, ranges.hull);
  return { ...ranges, mask: intersect(environment, inTime, matching, ranges.hull) };
}
