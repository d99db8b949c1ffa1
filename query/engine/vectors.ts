/**
 * Which queries Druid runs on vectors of values; the others look at one row after the other, and some filters and
 * aggregators answer otherwise there. Told by the query and the columns of a segment.
 */
import type { ColumnView, SegmentView } from '../../segment/read/view.js';
import { columnsOf } from '../expression/ast.js';
import { parseExpression } from '../expression/parser.js';
import type { ExprType } from '../expression/value.js';
import type { Aggregator, DimensionSpec, Filter, NativeQuery, VirtualColumn } from '../native/model.js';
import type { Source } from '../native/source.js';
import { columnType } from './columns/expression-column.js';
import { expressionType, type TypeOf } from './columns/expression-type.js';
import { isOnVectors } from './columns/vector-expression.js';

export function runsOnVectors(query: NativeQuery, segment: SegmentView): boolean {
  if (query.queryType !== 'groupBy' && query.queryType !== 'timeseries') return false;
  const { context, virtualColumns = [], filter, aggregations } = query;
  if (isOff(context.given['vectorize']) || !isPlain(query.source)) return false;
  if (virtualColumns.length > 0 && isOff(context.given['vectorizeVirtualColumns'])) return false;
  const columns = new Columns(segment, virtualColumns);
  if (!virtualColumns.every((each) => isColumnOnVectors(each, columns))) return false;
  if (filter !== undefined && !isFilterOnVectors(filter, columns, true)) return false;
  if (!aggregations.every((each) => isAggregatorOnVectors(each, columns))) return false;
  // From the end there are no vectors.
  if (query.queryType === 'timeseries') return !query.descending;
  return query.dimensions.every((each) => isPlainColumn(each, segment));
}

const isOff = (value: unknown): boolean =>
  value === false || (typeof value === 'string' && value.toLowerCase() === 'false');

/** Types of a segment's columns and of those a query makes of them. */
class Columns {
  readonly segment: SegmentView;
  readonly #made: ReadonlyMap<string, VirtualColumn>;
  readonly #open = new Set<string>();
  /** They may be made of each other in long chains: each is found out once. */
  readonly #known = new Map<string, ExprType | undefined>();

  constructor(segment: SegmentView, made: readonly VirtualColumn[]) {
    this.segment = segment;
    this.#made = new Map(made.map((column) => [column.name, column]));
  }

  isMade(name: string): boolean {
    return this.#made.has(name);
  }

  readonly typeOf: TypeOf = (name) => {
    const made = this.#made.get(name);
    // A column that is made of itself is refused elsewhere.
    if (made === undefined || this.#open.has(name)) return storedType(this.segment.column(name));
    const declared = made.type === 'expression' ? made.outputType : undefined;
    const expected = made.type === 'nested-field' ? made.expectedType : declared;
    if (expected !== undefined) return withoutFloats(expected.toUpperCase());
    if (made.type !== 'expression') return undefined;
    if (this.#known.has(name)) return this.#known.get(name);
    this.#open.add(name);
    try {
      const type = expressionType(parseExpression(made.expression), this.typeOf);
      this.#known.set(name, type);
      return type;
    } finally {
      this.#open.delete(name);
    }
  };
}

/** A string with several values is a string. */
const storedType = (column: ColumnView | undefined): ExprType | undefined =>
  column?.kind === 'string' ? 'STRING' : columnType(column);
/** Expressions know none. */
const withoutFloats = (type: string): string => (type === 'FLOAT' ? 'DOUBLE' : type);

function isExpressionOnVectors(text: string, { typeOf }: Columns): boolean {
  return isOnVectors(parseExpression(text), typeOf);
}

function isColumnOnVectors(column: VirtualColumn, columns: Columns): boolean {
  switch (column.type) {
    case 'expression':
      return isExpressionOnVectors(column.expression, columns);
    case 'nested-field':
      return !column.path.some((step) => typeof step === 'number' && step < 0);
    case 'fallback':
      return true;
    case 'filtered':
      return false;
  }
}

/** Tables, filtered or not; joins, elements of arrays and rows in memory are read row by row. */
function isPlain(source: Source | undefined): boolean {
  if (source?.type === 'filter') return isPlain(source.base);
  return source === undefined || source.type === 'tables';
}

/** `byIndex`: a query's own; those of aggregators look at their rows. */
function isFilterOnVectors(filter: Filter, columns: Columns, byIndex: boolean): boolean {
  switch (filter.type) {
    case 'and':
    case 'or':
      return filter.fields.every((field) => isFilterOnVectors(field, columns, byIndex));
    case 'not':
    case 'istrue':
    case 'isfalse':
      return isFilterOnVectors(filter.field, columns, byIndex);
    case 'columnComparison':
      return false;
    case 'expression':
      return (
        (byIndex && hasIndex(filter.expression, columns)) || isExpressionOnVectors(filter.expression, columns)
      );
    default:
      return true;
  }
}

/** An expression of one column of texts is asked of its dictionary. */
function hasIndex(text: string, columns: Columns): boolean {
  const [name, ...others] = columnsOf(parseExpression(text));
  if (name === undefined || others.length > 0 || columns.isMade(name)) return false;
  const column = columns.segment.column(name);
  return column?.kind === 'string' && column.hasBitmaps;
}

function isAggregatorOnVectors(aggregator: Aggregator, columns: Columns): boolean {
  switch (aggregator.type) {
    case 'expression':
      return false;
    case 'filtered':
      return (
        isFilterOnVectors(aggregator.filter, columns, false) &&
        isAggregatorOnVectors(aggregator.aggregator, columns)
      );
    case 'cardinality':
      return !aggregator.byRow && aggregator.fields.every(({ steps }) => steps === undefined);
    case 'longSum':
    case 'doubleSum':
    case 'floatSum':
    case 'longMin':
    case 'longMax':
    case 'doubleMin':
    case 'doubleMax':
    case 'floatMin':
    case 'floatMax':
      if (aggregator.expression !== undefined) return isExpressionOnVectors(aggregator.expression, columns);
      return areNumbers(aggregator.fieldName, columns);
    case 'doubleMean':
      return areNumbers(aggregator.fieldName, columns);
    default:
      return true;
  }
}

/** Numbers, or nothing at all. */
function areNumbers(name: string, columns: Columns): boolean {
  const type = columns.typeOf(name);
  return type === undefined || type === 'LONG' || type === 'DOUBLE';
}

function isPlainColumn({ dimension, steps }: DimensionSpec, segment: SegmentView): boolean {
  const column = segment.column(dimension);
  return steps === undefined && !(column?.kind === 'string' && column.hasMultipleValues);
}
