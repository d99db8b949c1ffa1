/**
 * Context keys of which the format is checked, although not all of them change anything here: a query that Druid refuses
 * for its context is refused. Formats as Druid reads them.
 */
import { bytesOfText } from '../../proto/byte-size.js';
import { CodedError } from '../../proto/errors.js';
import { isMissing, type JsonObject } from './json-fields.js';

type Format =
  | 'Boolean'
  | 'Integer'
  | 'Long'
  | 'Float'
  | 'bytes'
  | 'vectorize'
  | 'realtimeMode'
  | 'cloneMode'
  | 'strategy';

const everyQuery: Readonly<Record<string, Format>> = {
  finalize: 'Boolean',
  cursorAutoArrangeFilters: 'Boolean',
  setProcessingThreadNames: 'Boolean',
  noProjections: 'Boolean',
  forceProjections: 'Boolean',
  useResultLevelCache: 'Boolean',
  vectorSize: 'Integer',
  numRetriesOnMissingSegments: 'Integer',
  uncoveredIntervalsLimit: 'Integer',
  maxScatterGatherBytes: 'Long',
  maxQueuedBytes: 'Long',
  perSegmentTimeout: 'Long',
  realtimeSegmentsMode: 'realtimeMode',
  cloneQueryMode: 'cloneMode',
};

const groupBys: Readonly<Record<string, Format>> = {
  vectorize: 'vectorize',
  maxOnDiskStorage: 'bytes',
  maxSpillFileCount: 'Integer',
  maxMergingDictionarySize: 'bytes',
  maxSelectorDictionarySize: 'bytes',
  groupByIsSingleThreaded: 'Boolean',
  bufferGrouperInitialBuckets: 'Integer',
  bufferGrouperMaxLoadFactor: 'Float',
  forceHashAggregation: 'Boolean',
  intermediateCombineDegree: 'Integer',
  numParallelCombineThreads: 'Integer',
  sortByDimsFirst: 'Boolean',
  forceLimitPushDown: 'Boolean',
  applyLimitPushDownToSegment: 'Boolean',
  groupByEnableMultiValueUnnesting: 'Boolean',
};

const ofType: Readonly<Record<string, Readonly<Record<string, Format>>>> = {
  timeseries: { vectorize: 'vectorize' },
  groupBy: groupBys,
  search: { searchStrategy: 'strategy' },
  scan: { maxRowsQueuedForOrdering: 'Integer', maxSegmentPartitionsOrderedInMemory: 'Integer' },
};

/** Of a JSON value as Druid reads it. */
export function javaClass(value: unknown): string {
  if (Array.isArray(value)) return 'java.util.ArrayList';
  switch (typeof value) {
    case 'boolean':
      return 'java.lang.Boolean';
    case 'bigint':
      return 'java.lang.Long';
    case 'number':
      if (!Number.isInteger(value)) return 'java.lang.Double';
      return Math.abs(value) < 2 ** 31 ? 'java.lang.Integer' : 'java.lang.Long';
    default:
      return 'java.util.LinkedHashMap';
  }
}

export function badContext(key: string, message: string): CodedError {
  return new CodedError('InvalidInput', message, {
    field: `context.${key}`,
    errorClass: 'org.apache.druid.query.BadQueryContextException',
    legacyCode: 'Query context parse failed',
  });
}

/** Throws InvalidInput for a value of another format, Unsupported and QueryFailed for what is asked in vain. */
export function checkContextKeys(given: JsonObject, queryType: unknown): void {
  const formats = { ...everyQuery, ...(typeof queryType === 'string' ? ofType[queryType] : {}) };
  for (const [key, format] of Object.entries(formats)) {
    const value = given[key];
    if (!isMissing(value)) checkFormat(key, value, format);
  }
  checkProjections(given);
}

const searchStrategies: readonly unknown[] = ['auto', 'useIndexes', 'cursorOnly'];
const cloneModes: readonly unknown[] = ['preferClones', 'includeClones', 'excludeClones'];
const realtimeModes = ['include', 'exclude', 'exclusive'] as const;

/** Are rows that are still growing asked, too; not; or alone? */
export function realtimeMode(given: JsonObject): (typeof realtimeModes)[number] {
  const mode = given['realtimeSegmentsMode'];
  if (isMissing(mode)) return isTrue(given['realtimeSegmentsOnly']) ? 'exclusive' : 'include';
  return realtimeModes.find((one) => one === shown(mode).toLowerCase()) ?? 'include';
}

/** Milliseconds for one segment on one thread; undefined: any. */
export function segmentTimeoutMs(given: JsonObject): number | undefined {
  const ms = byteCount(given['perSegmentTimeout']) ?? 0;
  return ms > 0 ? ms : undefined;
}

const isTrue = (value: unknown): boolean => shown(value).toLowerCase() === 'true';

/** There are none, so none can be used. */
function checkProjections(given: JsonObject): void {
  const named = given['useProjection'];
  if (typeof named === 'string' && named !== '')
    throw new CodedError('QueryFailed', `Projection[${named}] specified, but does not satisfy query`);
  if (isTrue(given['forceProjections']))
    throw new CodedError('QueryFailed', 'Force projections specified, but none satisfy query');
}

const articles = { Boolean: 'a', Integer: 'an', Long: 'a', Float: 'a' } as const;
const wholeNumber = /^[+-]?\d+(?:\.0*)?$/;

function checkFormat(key: string, value: unknown, format: Format): void {
  const isText = typeof value === 'string';
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  switch (format) {
    case 'Boolean':
      if (isText || typeof value === 'boolean') return;
      break;
    case 'Integer':
    case 'Long':
      if (isNumber || (isText && wholeNumber.test(value))) return;
      break;
    case 'Float':
      if (isNumber || (isText && value.trim() !== '' && Number.isFinite(Number(value)))) return;
      break;
    case 'bytes':
      if (byteCount(value) === undefined)
        throw badContext(
          key,
          `Expected key [${key}] to be a human readable number, but got [${shown(value)}]`,
        );
      return;
    case 'vectorize':
      if (typeof value === 'boolean' || (isText && /^(?:true|false|force)$/i.test(value))) return;
      throw badContext(
        key,
        `Expected key [${key}] to be referring to one of the values [FALSE,TRUE,FORCE] of enum [Vectorize], but got [${shown(value)}]`,
      );
    case 'strategy':
      // A choice of ways to the same answer: here it changes nothing.
      if (searchStrategies.includes(value)) return;
      if (!isText)
        throw badContext(key, `Expected key [${key}] to be a String, but got [${javaClass(value)}]`);
      throw new CodedError('QueryFailed', `Unknown strategy[${value}]`, {
        field: `context.${key}`,
        errorClass: 'org.apache.druid.java.util.common.ISE',
      });
    case 'cloneMode':
      if (cloneModes.includes(value)) return;
      throw badContext(key, `No such clone query mode[${shown(value)}]`);
    case 'realtimeMode':
      if (isText && realtimeModes.some((mode) => mode === value.toLowerCase())) return;
      throw badContext(
        key,
        `Expected key [${key}] to be referring to one of the values [INCLUDE,EXCLUDE,EXCLUSIVE] of enum [RealtimeSegmentsMode], but got [${shown(value)}]`,
      );
  }
  throw badContext(
    key,
    isText
      ? `Expected key [${key}] to be in ${format.toLowerCase()} format, but got [${value}]`
      : `Expected key [${key}] to be ${articles[format]} ${format}, but got [${javaClass(value)}]`,
  );
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'bigint' ? value.toString() : (JSON.stringify(value) ?? 'undefined');
}

/** A number, or a text like 10, 10K, 10KB (thousands) or 10KiB (of 1,024); undefined: none of these. */
export function byteCount(value: unknown): number | undefined {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : undefined;
  if (typeof value !== 'string') return undefined;
  return bytesOfText(value);
}
