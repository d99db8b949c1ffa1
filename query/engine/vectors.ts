/**
 * Which queries Druid runs on vectors of values; the others look at one row after the other, and some filters answer
 * otherwise there. Only what is told by the query and the columns is looked at, not each function of an expression.
 */
import type { SegmentView } from '../../segment/read/view.js';
import type { Aggregator, DimensionSpec, Filter, NativeQuery } from '../native/model.js';
import type { Source } from '../native/source.js';

export function runsOnVectors(query: NativeQuery, segment: SegmentView): boolean {
  if (query.queryType !== 'groupBy' && query.queryType !== 'timeseries') return false;
  const { vectorize } = query.context.given;
  if (vectorize === false || (typeof vectorize === 'string' && vectorize.toLowerCase() === 'false'))
    return false;
  if (!isPlain(query.source)) return false;
  if (query.virtualColumns?.some(({ type }) => type === 'filtered') === true) return false;
  if (query.filter !== undefined && !isFilterOnVectors(query.filter)) return false;
  if (!query.aggregations.every((each) => isAggregatorOnVectors(each, segment, textsOf(query)))) return false;
  return query.queryType === 'timeseries' || query.dimensions.every((each) => isPlainColumn(each, segment));
}

/** Tables, filtered or not; joins, elements of arrays and rows in memory are read row by row. */
function isPlain(source: Source | undefined): boolean {
  if (source?.type === 'filter') return isPlain(source.base);
  return source === undefined || source.type === 'tables';
}

function isFilterOnVectors(filter: Filter): boolean {
  switch (filter.type) {
    case 'and':
    case 'or':
      return filter.fields.every(isFilterOnVectors);
    case 'not':
    case 'istrue':
    case 'isfalse':
      return isFilterOnVectors(filter.field);
    case 'columnComparison':
      return false;
    default:
      return true;
  }
}

/** Names of virtual columns that are declared to be texts. */
function textsOf({ virtualColumns = [] }: NativeQuery): ReadonlySet<string> {
  const texts = virtualColumns.filter(
    (column) => column.type === 'expression' && column.outputType?.toUpperCase() === 'STRING',
  );
  return new Set(texts.map(({ name }) => name));
}

function isAggregatorOnVectors(
  aggregator: Aggregator,
  segment: SegmentView,
  texts: ReadonlySet<string>,
): boolean {
  switch (aggregator.type) {
    case 'expression':
      return false;
    case 'filtered':
      return (
        isFilterOnVectors(aggregator.filter) && isAggregatorOnVectors(aggregator.aggregator, segment, texts)
      );
    case 'cardinality':
      return aggregator.fields.every(({ steps }) => steps === undefined);
    case 'longSum':
    case 'doubleSum':
    case 'floatSum':
    case 'longMin':
    case 'longMax':
    case 'doubleMin':
    case 'doubleMax':
    case 'floatMin':
    case 'floatMax':
    case 'doubleMean': {
      if (texts.has(aggregator.fieldName)) return false;
      const kind = segment.column(aggregator.fieldName)?.kind;
      return kind !== 'string' && kind !== 'complex';
    }
    default:
      return true;
  }
}

function isPlainColumn({ dimension, steps }: DimensionSpec, segment: SegmentView): boolean {
  const column = segment.column(dimension);
  return steps === undefined && !(column?.kind === 'string' && column.hasMultipleValues);
}
