/** Druid's native query JSON → NativeQuery: validated, defaults filled in, errors naming the field. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import { parseGranularity } from '../granularity.js';
import { lookupNames } from '../lookup/names.js';
import { parseAggregator } from './aggregators.js';
import { flag, parseContext, type QueryDefaults } from './context.js';
import { checkContextKeys } from './context-keys.js';
import { parseDataSource } from './datasource.js';
import { parseDataSourceMetadata, parseSearch, parseSegmentMetadata } from './metadata-queries.js';
import { type Source, tablesOf, withFrames } from './source.js';
import { parseDimension, parseTopNMetric } from './dimensions.js';
import { parseOptionalFilter } from './filters.js';
import { keyFilter } from './lookup-filter.js';
import { mergeFilter } from './merged-filter.js';
import { parseHaving, parseLimitSpec } from './having.js';
import { eternity, namedSegments, parseQueryIntervals } from './intervals.js';
import {
  isMissing,
  isObject,
  type JsonObject,
  missingType,
  objectAt,
  optionalArray,
  optionalBoolean,
  optionalInteger,
  optionalLong,
  optionalText,
  requiredArray,
  requiredText,
  scalarText,
  unknownType,
  unsupported,
} from './json-fields.js';
import type {
  Aggregator,
  DimensionSpec,
  ExtractionFn,
  Filter,
  Granularity,
  GroupByQuery,
  NativeQuery,
  PostAggregator,
  ScanOrder,
  ScanQuery,
  TimeBoundaryQuery,
  TimeseriesQuery,
  TopNMetric,
  TopNQuery,
} from './model.js';
import { namesRead, parsePostAggregator } from './post-aggregators.js';
import { parseVirtualColumns } from './transforms.js';

export type { QueryDefaults } from './context.js';

const notYet: readonly string[] = ['select', 'union', 'windowOperator'];

const BINDING = 'com.fasterxml.jackson.databind.exc.ValueInstantiationException';
const DEFAULT_BATCH_SIZE = 20_480;
/** Queries inside each other's data sources. */
const nestingMax = 40;

/**
 * The query of a parsed JSON body (see json/parse.ts). Throws InvalidInput for what Druid refuses too, Unsupported for
 * what only Druid can do; context.field names the place, context.errorClass the Java class that Druid reports.
 * Unknown properties are ignored, as in Druid.
 */
export function parseNativeQuery(body: unknown, defaults: QueryDefaults): NativeQuery {
  try {
    return parse(body, defaults);
  } catch (thrown) {
    if (thrown instanceof CodedError && thrown.code === 'InvalidInput' && !('errorClass' in thrown.context)) {
      throw new CodedError(thrown.code, thrown.message, { ...thrown.context, errorClass: BINDING }, thrown);
    }
    throw thrown;
  }
}

function parse(body: unknown, defaults: QueryDefaults): NativeQuery {
  if (!isObject(body)) throw missingType('query', 'query', 'queryType');
  const type = body['queryType'];
  if (typeof type !== 'string') throw missingType('query', 'queryType', 'queryType');
  switch (type) {
    case 'timeseries':
      return timeseries(body, defaults);
    case 'topN':
      return topN(body, defaults);
    case 'groupBy':
      return groupBy(body, defaults);
    case 'scan':
      return scan(body, defaults);
    case 'timeBoundary':
      return timeBoundary(body, defaults);
    case 'search':
      return parseSearch(body, base(body, defaults, true));
    case 'dataSourceMetadata':
      return parseDataSourceMetadata(base({ ...body, filter: null }, defaults, false));
    case 'segmentMetadata':
      return parseSegmentMetadata(body, base(body, defaults, false));
    default:
      throw unknownType('query', type, 'queryType', notYet);
  }
}

export type Base = Pick<
  NativeQuery,
  'dataSources' | 'source' | 'intervals' | 'filter' | 'virtualColumns' | 'lookups' | 'segments' | 'context'
>;

function base(body: JsonObject, defaults: QueryDefaults, needsIntervals: boolean): Base {
  const { frames, ...outer } = defaults;
  const nesting = (defaults.nesting ?? 0) + 1;
  if (nesting > nestingMax)
    throw invalidInput(`dataSource: queries nested deeper than ${nestingMax}`, 'dataSource');
  const innerDefaults = { ...outer, nesting };
  const given = parseDataSource(body['dataSource'], 'dataSource', (json) => parse(json, innerDefaults));
  if (needsIntervals && isMissing(body['intervals']))
    throw invalidInput("intervals: querySegmentSpec can't be null", 'intervals');
  const intervals = isMissing(body['intervals'])
    ? [eternity]
    : parseQueryIntervals(body['intervals'], 'intervals');
  const segments = namedSegments(body['intervals'], 'intervals');
  const named = segments === undefined ? {} : { segments };
  const virtual = parseVirtualColumns(body['virtualColumns'], 'virtualColumns');
  const filled = frames === undefined ? given : withFrames(given, frames);
  const asked = parseOptionalFilter(body['filter'], 'filter');
  const own = asked === undefined ? undefined : mergeFilter(keyFilter(asked));
  // A virtual column may hide one that the data source's condition means.
  const { source, filter } =
    virtual.virtualColumns === undefined ? withoutFilters(filled, own) : { source: filled, filter: own };
  const context = parseContext(body['context'], defaults, body['queryType']);
  checkContextKeys(context.given, body['queryType']);
  const lookups = lookupsOf(body, defaults);
  const common = {
    dataSources: tablesOf(source),
    intervals,
    filter,
    ...virtual,
    ...lookups,
    ...named,
    context,
  };
  return source.type === 'tables' ? common : { ...common, source };
}

function lookupsOf(body: JsonObject, { lookups }: QueryDefaults): Pick<Base, 'lookups'> {
  if (lookups === undefined) return {};
  const tables = [...lookupNames(body)].flatMap((name) => lookups(name) ?? []);
  return tables.length === 0 ? {} : { lookups: tables };
}

/** Conditions on the data source itself are conditions of the query. */
function withoutFilters(
  source: Source,
  filter: Filter | undefined,
): { source: Source; filter: Filter | undefined } {
  if (source.type !== 'filter') return { source, filter };
  const both: Filter =
    filter === undefined ? source.filter : { type: 'and', fields: [source.filter, filter] };
  return withoutFilters(source.base, both);
}

function granularityOf(body: JsonObject): Granularity {
  if (isMissing(body['granularity']))
    throw invalidInput('granularity: Must specify a granularity', 'granularity');
  return parseGranularity(body['granularity'], 'granularity');
}

interface Outputs {
  readonly aggregations: readonly Aggregator[];
  readonly postAggregations: readonly PostAggregator[];
}

/** Aggregators and post-aggregators; every name once, and post-aggregators read only names that stand before them. */
function outputs(body: JsonObject, taken: readonly string[]): Outputs {
  const aggregations = optionalArray(body, 'aggregations', 'query').map((each, i) =>
    parseAggregator(each, `aggregations[${i}]`),
  );
  const postAggregations = optionalArray(body, 'postAggregations', 'query').map((each, i) =>
    parsePostAggregator(each, `postAggregations[${i}]`),
  );
  const names = new Set(taken);
  for (const [i, { name }] of aggregations.entries()) define(names, name, `aggregations[${i}].name`);
  for (const [i, post] of postAggregations.entries()) {
    const missing = [...namesRead(post)].filter((name) => !names.has(name));
    if (missing.length > 0) {
      throw invalidInput(
        `postAggregations[${i}]: Missing fields [[${missing.join(', ')}]] for postAggregator [${post.name}]`,
        `postAggregations[${i}]`,
      );
    }
    define(names, post.name, `postAggregations[${i}].name`);
  }
  return { aggregations, postAggregations };
}

function define(names: Set<string>, name: string, field: string): void {
  if (names.has(name)) throw invalidInput(`${field}: [${name}] already defined`, field);
  names.add(name);
}

function timeseries(body: JsonObject, defaults: QueryDefaults): TimeseriesQuery {
  const limit = optionalInteger(body, 'limit', 'query') ?? 0;
  if (limit < 0) throw invalidInput('limit: limit must be greater than 0', 'limit');
  const common = base(body, defaults, true);
  const field = common.context.given['timestampResultField'];
  return {
    queryType: 'timeseries',
    ...common,
    granularity: granularityOf(body),
    descending: optionalBoolean(body, 'descending', 'query', false),
    ...outputs(body, typeof field === 'string' && field !== '' ? [field] : []),
    limit,
  };
}

function topN(body: JsonObject, defaults: QueryDefaults): TopNQuery {
  const common = base(body, defaults, true);
  const granularity = granularityOf(body);
  if (isMissing(body['dimension'])) throw invalidInput("dimension: dimensionSpec can't be null", 'dimension');
  const metric = parseTopNMetric(body['metric'], 'metric');
  const given = parseDimension(body['dimension'], 'dimension');
  // Ordering by the dimension is ordering by what is answered.
  const dimension = metricName(metric) === undefined ? given : lateFunction(given, common.lookups);
  const threshold = optionalInteger(body, 'threshold', 'query') ?? 0;
  if (threshold === 0) throw invalidInput('threshold: Threshold cannot be equal to 0.', 'threshold');
  if (threshold < 0) throw invalidInput('threshold must be greater than 0', 'threshold');
  const values = outputs(body, [dimension.outputName]);
  const name = metricName(metric);
  if (
    name !== undefined &&
    ![...values.aggregations, ...values.postAggregations].some((each) => each.name === name)
  ) {
    throw invalidInput(
      `metric: Must have an AggregatorFactory or PostAggregator for metric[${name}]`,
      'metric',
    );
  }
  return { queryType: 'topN', ...common, granularity, dimension, metric, threshold, ...values };
}

/**
 * A function that maps no two values to the same is applied to the groups instead of to the rows. What is asked of the
 * type of its result is lost on the way: the groups are texts.
 */
function lateFunction(dimension: DimensionSpec, lookups: Base['lookups']): DimensionSpec {
  const { steps = [], arrayOf } = dimension;
  const [step] = steps;
  if (step?.type !== 'extraction' || steps.length > 1 || arrayOf !== undefined) return dimension;
  const { fn } = step;
  const { steps: _, ...plain } = { ...dimension, outputType: 'STRING' } as const;
  if (fn.type === 'identity') return plain;
  return isOneToOne(fn, lookups) ? { ...plain, late: fn } : dimension;
}

function isOneToOne(fn: ExtractionFn, lookups: Base['lookups']): boolean {
  switch (fn.type) {
    case 'identity':
      return true;
    case 'cascade':
      return fn.extractionFns.length > 0 && fn.extractionFns.every((each) => isOneToOne(each, lookups));
    case 'lookup':
      return fn.isOneToOne === true;
    case 'registeredLookup':
      return fn.isOneToOne ?? lookups?.find(({ name }) => name === fn.lookup)?.isOneToOne === true;
    default:
      return false;
  }
}

/** Groups of groups are made of the inner ones before any function is applied to those, which it then never is. */
function overGroups(source: Source | undefined): Source | undefined {
  if (source?.type !== 'query' || source.query.queryType !== 'groupBy') return source;
  const dimensions = source.query.dimensions.map((dimension): DimensionSpec => {
    const { late: _, ...plain } = dimension;
    return plain;
  });
  return { ...source, query: { ...source.query, dimensions } };
}

function metricName(metric: TopNMetric): string | undefined {
  if (metric.type === 'inverted') return metricName(metric.metric);
  return metric.type === 'numeric' ? metric.metric : undefined;
}

function groupBy(body: JsonObject, defaults: QueryDefaults): GroupByQuery {
  const given = base(body, defaults, true);
  const source = overGroups(given.source);
  const common = source === undefined ? given : { ...given, source };
  const asked = granularityOf(body);
  const granularity = common.context.oneTimestampMs === undefined ? asked : ({ type: 'all' } as const);
  const dimensions = optionalArray(body, 'dimensions', 'query').map((each, i) =>
    lateFunction(parseDimension(each, `dimensions[${i}]`), common.lookups),
  );
  const names = new Set<string>();
  for (const [i, { outputName }] of dimensions.entries()) {
    if (names.has(outputName))
      throw invalidInput(`dimensions[${i}]: Duplicate output name[${outputName}]`, `dimensions[${i}]`);
    names.add(outputName);
  }
  const subtotals = subtotalsOf(body, [...names]);
  const values = outputs(body, [...names]);
  for (const { name } of [...values.aggregations, ...values.postAggregations]) names.add(name);
  if (names.has('')) throw invalidInput('Column name must be provided and non-empty', 'dimensions');
  if (names.has('__time')) {
    throw invalidInput(
      "'__time' cannot be used as an output name for dimensions, aggregators, or post-aggregators.",
      'dimensions',
    );
  }
  const having = isMissing(body['having']) ? undefined : parseHaving(body['having'], 'having');
  const limitSpec = parseLimitSpec(body['limitSpec'], 'limitSpec');
  if (having !== undefined && flag(common.context.given, 'forceLimitPushDown', false)) {
    throw new CodedError('QueryFailed', 'Cannot force limit push down when a having spec is present.', {
      errorClass: 'org.apache.druid.java.util.common.IAE',
    });
  }
  for (const [i, { dimension }] of limitSpec.orderBy.entries()) {
    if (names.has(dimension)) continue;
    const field = `limitSpec.columns[${i}]`;
    throw invalidInput(`${field}: Unknown column in order clause[${dimension}]`, field);
  }
  return {
    queryType: 'groupBy',
    ...common,
    granularity,
    dimensions,
    ...values,
    aggregations: values.aggregations.map(merged),
    ...subtotals,
    having,
    ...limitSpec,
  };
}

/**
 * Druid merges groups under the name of the innermost aggregator: a filtered one of another name finds nothing there.
 * No row answers so, and of a count null.
 */
function merged(aggregator: Aggregator): Aggregator {
  if (aggregator.type !== 'filtered') return aggregator;
  let inner: Aggregator = aggregator;
  while (inner.type === 'filtered') inner = inner.aggregator;
  const { name } = aggregator;
  if (inner.name === name) return aggregator;
  const counted: Aggregator = { type: 'longMin', name, fieldName: '' };
  return {
    type: 'filtered',
    name,
    filter: { type: 'false' },
    aggregator: inner.type === 'count' ? counted : { ...inner, name },
  };
}

function subtotalsOf(
  body: JsonObject,
  dimensions: readonly string[],
): { subtotals?: readonly (readonly string[])[] } {
  const given = optionalArray(body, 'subtotalsSpec', 'query');
  if (given.length === 0) return {};
  const subtotals = given.map((subtotal, i) => {
    const field = `subtotalsSpec[${i}]`;
    if (!Array.isArray(subtotal)) throw invalidInput(`${field} must be an array`, field);
    const names = subtotal as unknown[];
    return names.map((name) => {
      if (typeof name === 'string' && dimensions.includes(name)) return name;
      throw invalidInput(`${field} is not a subset of the dimensions`, field);
    });
  });
  return { subtotals };
}

const resultFormats = ['list', 'compactedList'] as const;

function scan(body: JsonObject, defaults: QueryDefaults): ScanQuery {
  const common = base(body, defaults, true);
  const columns = isMissing(body['columns'])
    ? []
    : requiredArray(body, 'columns', 'query').map((each, i) =>
        each === null ? '' : scalarText(each, `columns[${i}]`),
      );
  const format = optionalText(body, 'resultFormat', 'query') ?? 'list';
  if (format === 'valueVector')
    throw unsupported('resultFormat', 'resultFormat[valueVector] is not supported');
  const resultFormat = resultFormats.find((each) => each === format);
  if (resultFormat === undefined) {
    throw invalidInput(
      `resultFormat: Scan query result format [${format}] is not supported.`,
      'resultFormat',
    );
  }
  const batchSize = optionalInteger(body, 'batchSize', 'query') ?? 0;
  const limit = optionalLong(body, 'limit', 'query') ?? 0;
  const offset = optionalLong(body, 'offset', 'query') ?? 0;
  if (batchSize < 0) throw invalidInput('batchSize must be greater than 0', 'batchSize');
  if (limit < 0) throw invalidInput('limit must be greater than 0', 'limit');
  if (offset < 0) throw invalidInput('offset must be greater than or equal to 0', 'offset');
  const ordering = scanOrder(body, columns);
  const { order } = ordering;
  if (order !== 'none' && order !== 'columns' && columns.length > 0 && !columns.includes('__time')) {
    throw invalidInput('order: The __time column must be selected if the results are time-ordered.', 'order');
  }
  if (columns.includes('')) {
    throw new CodedError('QueryFailed', 'Column name must be provided and non-empty', {
      field: 'columns',
      errorClass: 'org.apache.druid.java.util.common.IAE',
    });
  }
  return {
    queryType: 'scan',
    ...common,
    columns,
    limit: limit === 0 ? undefined : limit,
    offset,
    batchSize: batchSize === 0 ? DEFAULT_BATCH_SIZE : batchSize,
    ...ordering,
    resultFormat,
  };
}

function orderName(text: string, field: string): 'none' | 'ascending' | 'descending' {
  const name = text.toLowerCase();
  if (name === 'none' || name === 'ascending' || name === 'descending') return name;
  throw invalidInput(`${field}: unknown order[${text}]`, field);
}

function scanOrder(body: JsonObject, columns: readonly string[]): Pick<ScanQuery, 'order' | 'orderBy'> {
  const order = orderName(optionalText(body, 'order', 'query') ?? 'none', 'order');
  const orderBy = optionalArray(body, 'orderBy', 'query').map((each, i): ScanOrder => {
    const field = `orderBy[${i}]`;
    const object = objectAt(each, field);
    const column = requiredText(object, 'columnName', field);
    const direction = orderName(optionalText(object, 'order', field) ?? 'ascending', `${field}.order`);
    return { column, descending: direction === 'descending' };
  });
  const [first] = orderBy;
  if (first === undefined) return { order };
  const byTime = first.column === '__time' ? (first.descending ? 'descending' : 'ascending') : 'columns';
  if (order !== 'none' && byTime !== order)
    throw invalidInput('orderBy and order contradict each other', 'orderBy');
  if (orderBy.length === 1 && byTime !== 'columns') return { order: byTime };
  const missing = orderBy.find(({ column }) => columns.length > 0 && !columns.includes(column));
  if (missing !== undefined) {
    throw invalidInput(
      `orderBy: Column[${missing.column}] from 'orderBy' must also appear in 'columns'.`,
      'orderBy',
    );
  }
  return { order: 'columns', orderBy };
}

function timeBoundary(body: JsonObject, defaults: QueryDefaults): TimeBoundaryQuery {
  const bound = optionalText(body, 'bound', 'query')?.toLowerCase();
  // Such a query has no virtual columns: what its filter names is stored.
  const { virtualColumns: _, ...rest } = body;
  return {
    queryType: 'timeBoundary',
    ...base(rest, defaults, false),
    bound: bound === 'mintime' ? 'minTime' : bound === 'maxtime' ? 'maxTime' : undefined,
  };
}
