/** `spec.tuningConfig`: limits, partitions, and how segments are written. */
import type { WriteOptions } from '../../segment/write/source.js';
import { JsonKeys } from './keys.js';
import type { Tuning } from './model.js';
import { checkParallel } from './parallel.js';
import { checkPartitions } from './partitions.js';

const ROWS_IN_MEMORY = 1_000_000;
/** As the index counts them; a process needs about three times as much, as parts are written while it goes on. */
const BYTES_IN_MEMORY = 128 * 1024 * 1024;
const NO_LIMIT = 0x7fffffff;

/** Tuning that is accepted and has nothing to tune in a single process, or gets its meaning elsewhere. */
const accepted = [
  'type',
  'skipBytesInMemoryOverheadCheck',
  'maxPendingPersists',
  'maxNumSubTasks',
  'maxNumSegmentsToMerge',
  'taskStatusCheckPeriodMs',
  'chatHandlerTimeout',
  'chatHandlerNumRetries',
  'maxColumnsToMerge',
  'pushTimeout',
  'awaitSegmentAvailabilityTimeoutMillis',
  'appendableIndexSpec',
  'indexSpecForIntermediatePersists',
  'segmentWriteOutMediumFactory',
  'numPersistThreads',
];

export function checkTuning(given: JsonKeys | undefined, path: string, ignored: string[]): Tuning {
  const keys = given ?? new JsonKeys({}, path, ignored);
  const partitioning = checkPartitions(keys);
  const report = keys.flag('reportParseExceptions', false);
  const tuning: Tuning = {
    partitioning,
    parallel: checkParallel(keys),
    maxRowsInMemory: positive(keys, 'maxRowsInMemory', ROWS_IN_MEMORY),
    maxBytesInMemory: bytesInMemory(keys),
    maxParseExceptions: report ? 0 : keys.whole('maxParseExceptions', NO_LIMIT, 0),
    maxSavedParseExceptions: keys.whole('maxSavedParseExceptions', report ? 1 : 0, 0),
    logParseExceptions: keys.flag('logParseExceptions', report),
    write: checkIndexSpec(keys.optionalObject('indexSpec')),
  };
  keys.accept(...accepted);
  keys.leftovers();
  return tuning;
}

/** 0 = the default, below 0 = no limit. */
function bytesInMemory(keys: JsonKeys): number {
  const given = keys.whole('maxBytesInMemory', 0);
  return given === 0 ? BYTES_IN_MEMORY : given < 0 ? Infinity : given;
}

/** Druid reads 0, -1 and null as "the default". */
function positive(keys: JsonKeys, key: string, missing: number): number {
  const value = keys.whole(key, missing);
  return value > 0 ? value : missing;
}

function checkIndexSpec(keys: JsonKeys | undefined): WriteOptions {
  if (keys === undefined) return {};
  const options: { -readonly [K in keyof WriteOptions]: WriteOptions[K] } = {};
  const bitmap = keys.optionalObject('bitmap')?.text('type');
  if (bitmap !== undefined) options.bitmap = oneOf(keys, 'bitmap.type', bitmap, ['roaring', 'concise']);
  const dimension = keys.optionalText('dimensionCompression')?.toLowerCase();
  if (dimension !== undefined) {
    options.dimensionCompression = oneOf(keys, 'dimensionCompression', dimension, [
      'lz4',
      'zstd',
      'uncompressed',
    ]);
  }
  const metric = keys.optionalText('metricCompression')?.toLowerCase();
  if (metric !== undefined) {
    options.metricCompression = oneOf(keys, 'metricCompression', metric, [
      'lz4',
      'zstd',
      'uncompressed',
      'none',
    ]);
  }
  const encoding = keys.optionalText('longEncoding')?.toLowerCase();
  if (encoding !== undefined) options.longEncoding = oneOf(keys, 'longEncoding', encoding, ['longs', 'auto']);
  const dictionary = keys.optionalObject('stringDictionaryEncoding');
  const dictionaryType = dictionary?.text('type');
  if (dictionary !== undefined && dictionaryType !== undefined) {
    oneOf(dictionary, 'type', dictionaryType, ['utf8', 'frontCoded']);
  }
  if (dictionary !== undefined && dictionaryType === 'frontCoded') {
    const sizes = [1, 2, 4, 8, 16, 32, 64, 128] as const;
    const size = dictionary.whole('bucketSize', 4);
    const bucketSize = sizes.find((known) => known === size);
    if (bucketSize === undefined)
      throw dictionary.wrong('bucketSize', 'must be a power of two from 1 to 128');
    options.frontCodedBucketSize = bucketSize;
    const version = dictionary.whole('formatVersion', 1);
    if (version !== 0 && version !== 1) throw dictionary.wrong('formatVersion', 'must be 0 or 1');
    options.frontCodedVersion = version;
  }
  const json = keys.optionalText('jsonCompression')?.toLowerCase();
  if (json !== undefined)
    options.jsonCompression = oneOf(keys, 'jsonCompression', json, ['lz4', 'zstd', 'uncompressed']);
  const complex = keys.optionalText('complexMetricCompression')?.toLowerCase();
  if (complex !== undefined) {
    const codec = oneOf(keys, 'complexMetricCompression', complex, ['lz4', 'zstd', 'uncompressed', 'none']);
    // As in Druid: without compression the values are a plain list.
    if (codec === 'lz4' || codec === 'zstd') options.complexCompression = codec;
  }
  keys.refuse('the columns are always written in the default form', 'autoColumnFormatSpec');
  keys.accept('segmentLoader');
  keys.leftovers();
  return options;
}

function oneOf<T extends string>(keys: JsonKeys, key: string, value: string, known: readonly T[]): T {
  const found = known.find((item) => item === value);
  if (found === undefined)
    throw keys.unsupported(key, `[${value}] is not supported, only [${known.join(', ')}]`);
  return found;
}
