/** Filters on one column whose values are opaque here: documents, arrays and sketches. */
import { CodedError } from '../../proto/errors.js';
import type { ComplexColumnView } from '../../segment/read/view.js';
import type { Filter } from '../native/model.js';
import { documentTexts } from './columns/document-texts.js';
import { steppedColumn } from './columns/dimension-column.js';
import { wordsOf, type Environment } from './environment.js';
import { arrayRangeMask } from './filter-cells.js';
import { columnMask, setBits } from './filter-column.js';
import type { Mask } from './filter.js';
import { leafPredicate, type LeafFilter } from './predicate.js';
import { forEachBlock, type RowSpan } from './rows.js';

/** Rows of the span where the filter is true, or true or unknown. */
export function complexMask(
  environment: Environment,
  column: ComplexColumnView,
  filter: LeafFilter,
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  const fn = 'extractionFn' in filter ? filter.extractionFn : undefined;
  const isArray = column.typeName.startsWith('ARRAY<');
  if (filter.type === 'null' || (filter.type === 'selector' && filter.value === null && fn === undefined))
    return nullRows(environment, column, span);
  if (filter.type === 'range' && isArray)
    return arrayRangeMask(environment, asArrays(filter), span, orUnknown);
  const predicate = leafPredicate(filter);
  const isOfTexts = fn === undefined && !isArray && filter.type !== 'equals' && filter.type !== 'range';
  const made = isOfTexts ? documentTexts(environment, predicate.column, column) : undefined;
  if (made !== undefined) return columnMask(environment, made, predicate, span, orUnknown);
  // Looked at row by row no text of a document is known; a vector knows that none is the one asked for.
  const isVague = filter.type === 'selector' && environment.byVector !== true;
  if (filter.type === 'equals' || (filter.type === 'selector' && fn === undefined && !isArray && !isVague))
    return orUnknown ? nullRows(environment, column, span) : { kind: 'none' };
  refuseArrays(column, filter);
  // As text a stored document or a sketch is null.
  const asText =
    fn === undefined ? undefined : steppedColumn(environment, undefined, [{ type: 'extraction', fn }]);
  return columnMask(environment, asText, predicate, span, orUnknown);
}

/** A filter on texts. */
export function refusesArrays({ type }: Filter): boolean {
  const known: readonly Filter['type'][] = ['null', 'equals', 'range', 'arrayRange', 'arrayContainsElement'];
  return !known.includes(type);
}

/** Of whole arrays Druid knows equality, ranges, elements and null, but no text. */
export function refuseArrays(column: ComplexColumnView, filter: Filter): void {
  if (!column.typeName.startsWith('ARRAY<') || !refusesArrays(filter)) return;
  throw new CodedError(
    'QueryFailed',
    `filter[${filter.type}]: there is no text of type[${column.typeName}]`,
    {
      errorClass: 'org.apache.druid.java.util.common.UOE',
      legacyCode: 'Unsupported operation',
    },
  );
}

export function nullRows(environment: Environment, column: ComplexColumnView, span: RowSpan): Mask {
  const bits = environment.scratch.take(wordsOf(environment.segment.rowCount) * 8);
  forEachBlock(span, environment.segment.rowCount, (start, rows) => {
    environment.check();
    setBits(environment, bits + start / 8, rows, (row) => column.bytes(start + row) === null);
  });
  return { kind: 'bits', bits };
}

/** A range of scalars over arrays: each end is an array of one element. */
function asArrays(filter: Extract<Filter, { type: 'range' }>): Extract<Filter, { type: 'arrayRange' }> {
  const { column, matchValueType, lower, upper, lowerOpen, upperOpen } = filter;
  return {
    type: 'arrayRange',
    column,
    elementType: matchValueType,
    lower: lower === undefined ? undefined : [lower],
    upper: upper === undefined ? undefined : [upper],
    lowerOpen,
    upperOpen,
  };
}
