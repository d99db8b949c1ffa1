/** Queries about what is stored: search, dataSourceMetadata, segmentMetadata. */
import { invalidInput } from '../../proto/errors.js';
import { parseGranularity } from '../granularity.js';
import { parseOrdering } from '../sort/comparators.js';
import { parseDimension } from './dimensions.js';
import { parseSearchSpec } from './search-spec.js';
import {
  isMissing,
  type JsonObject,
  objectAt,
  optionalArray,
  optionalBoolean,
  optionalInteger,
  optionalText,
  requiredArray,
  typeOf,
  unknownType,
} from './json-fields.js';
import type {
  AggregatorMergeStrategy,
  AnalysisType,
  DataSourceMetadataQuery,
  SearchQuery,
  SegmentMetadataQuery,
} from './model.js';
import type { Base } from './parse.js';

const searchLimitDefault = 1000;

export function parseSearch(body: JsonObject, common: Base): SearchQuery {
  const limit = optionalInteger(body, 'limit', 'query') ?? 0;
  if (limit < 0) throw invalidInput('limit must not be negative', 'limit');
  const dimensions = optionalArray(body, 'searchDimensions', 'query');
  const sort = isMissing(body['sort']) ? {} : objectAt(body['sort'], 'sort');
  return {
    queryType: 'search',
    ...common,
    granularity: isMissing(body['granularity'])
      ? { type: 'all' }
      : parseGranularity(body['granularity'], 'granularity'),
    dimensions:
      dimensions.length === 0
        ? undefined
        : dimensions.map((each, i) => parseDimension(each, `searchDimensions[${i}]`)),
    query: isMissing(body['query']) ? { type: 'all' } : parseSearchSpec(body['query'], 'query'),
    sort: parseOrdering(sort['type'], 'lexicographic', 'sort.type'),
    limit: limit === 0 ? searchLimitDefault : limit,
  };
}

export function parseDataSourceMetadata(common: Base): DataSourceMetadataQuery {
  return { queryType: 'dataSourceMetadata', ...common };
}

const analysisTypes: readonly AnalysisType[] = [
  'cardinality',
  'size',
  'interval',
  'aggregators',
  'minmax',
  'timestampSpec',
  'queryGranularity',
  'rollup',
  'projections',
];
const analysisDefault: readonly AnalysisType[] = ['cardinality', 'interval', 'minmax'];
const strategies: readonly AggregatorMergeStrategy[] = ['strict', 'lenient', 'earliest', 'latest'];

export function parseSegmentMetadata(body: JsonObject, common: Base): SegmentMetadataQuery {
  if (common.source !== undefined) {
    throw invalidInput(
      'dataSource: SegmentMetadataQuery only supports table or union datasources.',
      'dataSource',
    );
  }
  return {
    queryType: 'segmentMetadata',
    ...common,
    usesDefaultInterval: isMissing(body['intervals']),
    columns: includedColumns(body['toInclude']),
    merge: optionalBoolean(body, 'merge', 'query', false),
    analysisTypes: isMissing(body['analysisTypes'])
      ? analysisDefault
      : optionalArray(body, 'analysisTypes', 'query').flatMap((each, i) =>
          each === null ? [] : analysisType(each, i),
        ),
    aggregatorMergeStrategy: mergeStrategy(body),
  };
}

function analysisType(json: unknown, i: number): AnalysisType {
  const field = `analysisTypes[${i}]`;
  const name = typeof json === 'string' ? json.toLowerCase() : '';
  const type = analysisTypes.find((each) => each.toLowerCase() === name);
  if (type === undefined) throw invalidInput(`${field}: unknown analysis type`, field);
  return type;
}

function mergeStrategy(body: JsonObject): AggregatorMergeStrategy {
  const given = optionalText(body, 'aggregatorMergeStrategy', 'query');
  const isLenient = isMissing(body['lenientAggregatorMerge'])
    ? undefined
    : optionalBoolean(body, 'lenientAggregatorMerge', 'query', false);
  const field = 'aggregatorMergeStrategy';
  if (given !== undefined && isLenient !== undefined) {
    throw invalidInput(
      'Both lenientAggregatorMerge [' +
        String(isLenient) +
        '] and aggregatorMergeStrategy [' +
        given +
        '] parameters cannot be set. Consider using aggregatorMergeStrategy since lenientAggregatorMerge is deprecated.',
      field,
    );
  }
  if (given === undefined) return isLenient === true ? 'lenient' : 'strict';
  const strategy = strategies.find((each) => each === given.toLowerCase());
  if (strategy === undefined) throw invalidInput(`${field}: unknown strategy[${given}]`, field);
  return strategy;
}

function includedColumns(json: unknown): readonly string[] | undefined {
  if (isMissing(json)) return undefined;
  const field = 'toInclude';
  const object = objectAt(json, field);
  const type = typeOf(object, 'column includerator', field);
  switch (type) {
    case 'all':
      return undefined;
    case 'none':
      return [];
    case 'list':
      return requiredArray(object, 'columns', field).map((each, i) => {
        if (typeof each === 'string') return each;
        throw invalidInput(`${field}.columns[${i}] must be a string`, `${field}.columns[${i}]`);
      });
    default:
      throw unknownType('column includerator', type, field, []);
  }
}
