/** The published record of a segment: Druid's `DataSegment`, the payload of the metadata store's segment rows. */
import { invalidInput } from '../../proto/errors.js';
import type { IntervalMs } from '../read/view.js';
import { formatInterval, parseInterval } from './interval.js';
import { checkIdName, formatSegmentId, type SegmentId } from './segment-id.js';
import { parseShardSpec, partitionNumOf, shardSpecToJson, type ShardSpec } from './shard-spec.js';

/** Where the bytes are; the shape belongs to the storage named by `type`. */
export interface LoadSpec {
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface DataSegment {
  readonly dataSource: string;
  readonly interval: IntervalMs;
  readonly version: string;
  /** Null: nothing was pushed (realtime announcements). */
  readonly loadSpec: LoadSpec | null;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  readonly shardSpec: ShardSpec;
  readonly binaryVersion: number | null;
  /** Sum of the uncompressed file sizes, bytes. */
  readonly size: number;
  readonly totalRows?: number;
  readonly projections?: readonly string[];
  readonly lastCompactionState?: unknown;
  readonly indexingStateFingerprint?: string;
}

export function segmentIdOf(segment: DataSegment): SegmentId {
  const { dataSource, interval, version } = segment;
  return { dataSource, interval, version, partition: partitionNumOf(segment.shardSpec) };
}

/** The id as text. */
export function identifierOf(segment: DataSegment): string {
  return formatSegmentId(segmentIdOf(segment));
}

/** A record without files, which hides what older versions hold of its interval. */
export function isTombstone(segment: Pick<DataSegment, 'shardSpec'>): boolean {
  return segment.shardSpec.type === 'tombstone';
}

/** Druid's JSON object, keys in its order; ready for JSON.stringify. */
export function dataSegmentToJson(segment: DataSegment): Record<string, unknown> {
  const json: Record<string, unknown> = {
    dataSource: segment.dataSource,
    interval: formatInterval(segment.interval),
    version: segment.version,
    loadSpec: segment.loadSpec,
    dimensions: segment.dimensions.join(','),
    metrics: segment.metrics.join(','),
    shardSpec: shardSpecToJson(segment.shardSpec),
    binaryVersion: segment.binaryVersion,
    size: segment.size,
    identifier: identifierOf(segment),
  };
  if (segment.projections !== undefined) json['projections'] = segment.projections.join(',');
  if (segment.totalRows !== undefined) json['totalRows'] = segment.totalRows;
  if (segment.lastCompactionState !== undefined) {
    json['lastCompactionState'] = segment.lastCompactionState;
  }
  if (segment.indexingStateFingerprint !== undefined) {
    json['indexingStateFingerprint'] = segment.indexingStateFingerprint;
  }
  return json;
}

/**
 * Reads Druid's JSON (an object already parsed). Keys this record does not know are dropped, `identifier` is not
 * read. Throws InvalidInput naming the key below `field`.
 */
export function parseDataSegment(json: unknown, field = 'segment'): DataSegment {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalidInput(`${field} must be an object`, field);
  }
  const row = json as Record<string, unknown>;
  const version = row['version'];
  if (typeof version !== 'string' || version === '') {
    throw invalidInput(`${field}.version must be a text`, `${field}.version`);
  }
  const interval = row['interval'];
  if (typeof interval !== 'string') {
    throw invalidInput(`${field}.interval must be a text`, `${field}.interval`);
  }
  const binaryVersion = row['binaryVersion'] ?? null;
  return {
    dataSource: checkIdName(row['dataSource'], `${field}.dataSource`),
    interval: parseInterval(interval, `${field}.interval`),
    version,
    loadSpec: parseLoadSpec(row['loadSpec'] ?? null, `${field}.loadSpec`),
    dimensions: parseNames(row['dimensions'], `${field}.dimensions`),
    metrics: parseNames(row['metrics'], `${field}.metrics`),
    shardSpec: parseShardSpec(row['shardSpec'], `${field}.shardSpec`),
    binaryVersion: binaryVersion === null ? null : count(binaryVersion, `${field}.binaryVersion`),
    size: count(row['size'] ?? 0, `${field}.size`),
    ...parseRest(row, field),
  };
}

/** The text of a metadata row's payload. Throws InvalidInput. */
export function parseDataSegmentText(text: string, field = 'segment'): DataSegment {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalidInput(`${field} is not JSON`, field);
  }
  return parseDataSegment(json, field);
}

function parseRest(row: Record<string, unknown>, field: string): Partial<DataSegment> {
  const rest: { -readonly [K in keyof DataSegment]?: DataSegment[K] } = {};
  const totalRows = row['totalRows'] ?? undefined;
  const fingerprint = row['indexingStateFingerprint'] ?? undefined;
  const projections = row['projections'] ?? undefined;
  if (totalRows !== undefined) rest.totalRows = count(totalRows, `${field}.totalRows`);
  if (projections !== undefined) rest.projections = parseNames(projections, `${field}.projections`);
  if (row['lastCompactionState'] !== undefined && row['lastCompactionState'] !== null) {
    rest.lastCompactionState = row['lastCompactionState'];
  }
  if (typeof fingerprint === 'string') rest.indexingStateFingerprint = fingerprint;
  return rest;
}

function parseLoadSpec(value: unknown, field: string): LoadSpec | null {
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value) || !('type' in value)) {
    throw invalidInput(`${field} must be an object with a type`, field);
  }
  if (typeof value.type !== 'string') throw invalidInput(`${field}.type must be a text`, `${field}.type`);
  return value as LoadSpec;
}

/** Comma-joined text as stored, or a list as some APIs send it. */
function parseNames(value: unknown, field: string): string[] {
  if (value === undefined || value === null || value === '') return [];
  const names = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw invalidInput(`${field} must be comma-joined names`, field);
  }
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

function count(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw invalidInput(`${field} must be a whole number >= 0`, field);
  }
  return value;
}
