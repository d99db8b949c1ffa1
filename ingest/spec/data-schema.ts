/** `spec.dataSchema`: names, times, dimensions, metrics, granularities. */
import { invalidInput } from '../../proto/errors.js';
import { parseGranularity, granularityJson } from '../../query/granularity.js';
import type { Granularity } from '../../query/native/model.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { condense, formatInterval, parseInterval } from '../../segment/timeline/interval.js';
import { parseInstant } from '../../segment/timeline/instant.js';
import { checkIdName } from '../../segment/timeline/segment-id.js';
import type { JsonValue } from '../../segment/write/source.js';
import { timestampParser } from '../timestamps/timestamp-parser.js';
import type { JsonKeys } from './keys.js';
import { checkMetrics, metricFields } from './metrics.js';
import { plainMetric } from './model.js';
import { checkTransform } from './transform.js';
import type {
  CastType,
  DimensionSpec,
  Discovery,
  IngestSpec,
  MetricSpec,
  MultiValueHandling,
  TimestampSpec,
} from './model.js';

export type SchemaPart = Pick<
  IngestSpec,
  | 'dataSource'
  | 'timestamp'
  | 'transform'
  | 'dimensions'
  | 'discoverDimensions'
  | 'dimensionExclusions'
  | 'metrics'
  | 'segmentGranularity'
  | 'arbitraryChunks'
  | 'queryGranularity'
  | 'queryGranularityJson'
  | 'rollup'
  | 'intervals'
>;

export const TIME_COLUMN = '__time';

export function checkDataSchema(schema: JsonKeys): SchemaPart {
  const dataSource = checkIdName(schema.raw('dataSource'), schema.at('dataSource'));
  schema.refuse('parsers were replaced by timestampSpec, dimensionsSpec and ioConfig.inputFormat', 'parser');
  schema.refuse('projections are not written yet', 'projections');
  const transform = checkTransform(schema.optionalObject('transformSpec'));
  const timestamp = checkTimestamp(schema.optionalObject('timestampSpec'), schema);
  const metrics = checkMetrics(schema, checkColumnName);
  const dimensionKeys = schema.optionalObject('dimensionsSpec');
  if (dimensionKeys === undefined) throw schema.wrong('dimensionsSpec', 'is missing');
  const { dimensions, exclusions, discoverDimensions } = checkDimensions(dimensionKeys);
  checkNames(dimensions, metrics, schema);
  const dimensionExclusions = [
    ...new Set([
      ...exclusions,
      timestamp.column,
      TIME_COLUMN,
      ...metrics.flatMap((metric) => [metric.name, ...metricFields(plainMetric(metric))]),
    ]),
  ];
  const granularity = checkGranularity(schema.optionalObject('granularitySpec'), schema);
  schema.leftovers();
  return {
    dataSource,
    timestamp,
    transform,
    dimensions,
    discoverDimensions,
    dimensionExclusions,
    metrics,
    ...granularity,
  };
}

function checkTimestamp(keys: JsonKeys | undefined, schema: JsonKeys): TimestampSpec {
  if (keys === undefined) throw schema.wrong('timestampSpec', 'is missing');
  const column = keys.text('column', 'timestamp');
  const format = keys.text('format', 'auto');
  // Compiled once here, so that a bad pattern fails the submission and not the first row.
  timestampParser(format, 2000, keys.at('format'));
  const missing = keys.optionalText('missingValue');
  const missingValueMs = missing === undefined ? undefined : parseInstant(missing);
  if (missing !== undefined && missingValueMs === undefined)
    throw keys.wrong('missingValue', 'must be an ISO instant');
  keys.leftovers();
  return { column, format, missingValueMs };
}

interface DimensionsPart {
  readonly dimensions: DimensionSpec[];
  readonly exclusions: readonly string[];
  readonly discoverDimensions: Discovery;
}

function checkDimensions(keys: JsonKeys): DimensionsPart {
  keys.refuse('spatial dimensions are not supported', 'spatialDimensions');
  if (!keys.flag('forceSegmentSortByTime', true)) {
    throw keys.unsupported('forceSegmentSortByTime', 'segments are always sorted by time first');
  }
  const list = keys.list('dimensions') ?? [];
  const dimensions = list.map((item, i) => checkDimension(item, `${keys.at('dimensions')}[${i}]`, keys));
  const exclusions = keys.texts('dimensionExclusions') ?? [];
  const usesTypes = keys.flag('useSchemaDiscovery', false);
  const isOpen = dimensions.length === 0 || usesTypes || keys.flag('includeAllDimensions', false);
  if (!isOpen && exclusions.length > 0) {
    throw keys.wrong(
      'dimensionExclusions',
      'only goes with an empty list of dimensions, includeAllDimensions or useSchemaDiscovery',
    );
  }
  keys.accept('includeAllDimensions');
  keys.leftovers();
  return { dimensions, exclusions, discoverDimensions: !isOpen ? 'none' : usesTypes ? 'auto' : 'strings' };
}

function checkDimension(item: unknown, path: string, parent: JsonKeys): DimensionSpec {
  if (typeof item === 'string') return stringDimension(checkColumnName(item, path));
  const keys = parent.item(item, path);
  const name = checkColumnName(keys.text('name'), keys.at('name'));
  const type = keys.text('type', 'string').toLowerCase();
  switch (type) {
    case 'string': {
      const handling = keys.text('multiValueHandling', 'SORTED_ARRAY').toUpperCase();
      if (!isHandling(handling)) {
        throw keys.wrong('multiValueHandling', 'must be SORTED_ARRAY, SORTED_SET or ARRAY');
      }
      const createBitmapIndex = keys.flag('createBitmapIndex', true);
      keys.leftovers();
      return { type: 'string', name, multiValueHandling: handling, createBitmapIndex };
    }
    case 'long':
    case 'float':
    case 'double':
      keys.accept('createBitmapIndex', 'multiValueHandling');
      keys.leftovers();
      return { type, name };
    case 'json':
    case 'auto': {
      const castToType = type === 'auto' ? checkCast(keys) : undefined;
      keys.accept('createBitmapIndex', 'multiValueHandling', 'formatVersion');
      keys.refuse('the columns are always written in the default form', 'columnFormatSpec');
      keys.leftovers();
      // As in Druid, json columns take the plainest layout that fits too.
      return { type: 'auto', name, castToType };
    }
    case 'spatial':
      throw keys.unsupported('type', 'spatial dimensions are not supported');
    default:
      throw keys.wrong('type', `is unknown: type[${type}]`);
  }
}

const castTypes: readonly CastType[] = [
  'STRING',
  'LONG',
  'DOUBLE',
  'ARRAY<STRING>',
  'ARRAY<LONG>',
  'ARRAY<DOUBLE>',
  'COMPLEX<json>',
];

/** Floats are kept as doubles, as in every auto column. */
function checkCast(keys: JsonKeys): CastType | undefined {
  const text = keys.optionalText('castToType');
  if (text === undefined) return undefined;
  const wanted = text.toUpperCase().replace('FLOAT', 'DOUBLE');
  const type = castTypes.find((known) => known.toUpperCase() === wanted);
  if (type === undefined)
    throw keys.wrong('castToType', `must be one of ${castTypes.join(', ')}: type[${text}]`);
  return type;
}

export function stringDimension(name: string): DimensionSpec {
  return { type: 'string', name, multiValueHandling: 'SORTED_ARRAY', createBitmapIndex: true };
}

function isHandling(text: string): text is MultiValueHandling {
  return text === 'SORTED_ARRAY' || text === 'SORTED_SET' || text === 'ARRAY';
}

/** Column names become file names inside the segment: no line breaks, no commas. */
function checkColumnName(name: string, path: string): string {
  if (!isColumnName(name)) throw invalidInput(`${path} must be a name without commas and line breaks`, path);
  return name;
}

export function isColumnName(name: string): boolean {
  return name !== '' && !/[,\r\n]|\p{Surrogate}/u.test(name);
}

function checkNames(
  dimensions: readonly DimensionSpec[],
  metrics: readonly MetricSpec[],
  schema: JsonKeys,
): void {
  const seen = new Map<string, string>([[TIME_COLUMN, 'the time column']]);
  const all = [
    ...dimensions.map(({ name }, i) => [name, `dimensionsSpec.dimensions[${i}]`] as const),
    ...metrics.map(({ name }, i) => [name, `metricsSpec[${i}]`] as const),
  ];
  for (const [name, where] of all) {
    const before = seen.get(name);
    if (before !== undefined) throw schema.wrong(where, `has the name of ${before}: name[${name}]`);
    seen.set(name, where);
  }
}

interface GranularityPart {
  readonly segmentGranularity: Granularity;
  readonly arbitraryChunks?: readonly IntervalMs[];
  readonly queryGranularity: Granularity;
  readonly queryGranularityJson: JsonValue;
  readonly rollup: boolean;
  readonly intervals: readonly IntervalMs[] | undefined;
}

/** Rows are put into the intervals as they are given. */
function checkChunks(intervals: readonly IntervalMs[] | undefined, schema: JsonKeys): IntervalMs[] {
  const field = 'granularitySpec.intervals';
  const chunks = (intervals ?? []).toSorted((a, b) => a.startMs - b.startMs);
  if (chunks.length === 0) throw schema.wrong(field, 'must be given with type[arbitrary]');
  const doubled = chunks.find((chunk, i) => i > 0 && chunk.startMs < chunks[i - 1]!.endMs);
  if (doubled !== undefined) {
    throw schema.wrong(field, `must not overlap with type[arbitrary]: interval[${formatInterval(doubled)}]`);
  }
  return chunks;
}

function checkGranularity(keys: JsonKeys | undefined, schema: JsonKeys): GranularityPart {
  const path = schema.at('granularitySpec');
  const type = keys?.text('type', 'uniform') ?? 'uniform';
  if (type !== 'uniform' && type !== 'arbitrary') {
    throw schema.wrong('granularitySpec.type', `is unknown: type[${type}], known are [uniform, arbitrary]`);
  }
  const segmentGranularity = parseGranularity(
    keys?.raw('segmentGranularity') ?? 'DAY',
    `${path}.segmentGranularity`,
  );
  const queryGranularity = parseGranularity(
    keys?.raw('queryGranularity') ?? 'NONE',
    `${path}.queryGranularity`,
  );
  if (segmentGranularity.type === 'none') {
    throw schema.wrong('granularitySpec.segmentGranularity', 'must not be none');
  }
  const rollup = keys?.flag('rollup', true) ?? true;
  const texts = keys?.texts('intervals');
  const intervals = texts?.map((text, i) => parseInterval(text, `${path}.intervals[${i}]`));
  keys?.leftovers();
  const arbitraryChunks = type === 'arbitrary' ? checkChunks(intervals, schema) : undefined;
  return {
    segmentGranularity,
    ...(arbitraryChunks !== undefined && { arbitraryChunks }),
    queryGranularity,
    queryGranularityJson: granularityJson(queryGranularity) as JsonValue,
    rollup,
    intervals: intervals === undefined || intervals.length === 0 ? undefined : condense(intervals),
  };
}
