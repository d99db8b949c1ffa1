/** Writing a whole segment: format version 9, as Druid loads it. The same source gives the same bytes. */
import fs from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../proto/errors.js';
import { ByteWriter } from '../format/bytes.js';
import { writeNames } from '../format/indexed.js';
import { jsonText } from '../format/json.js';
import { createLz4Encoder } from '../format/lz4.js';
import { SmooshWriter, smooshLimitMax } from '../format/smoosh.js';
import {
  writeComplexColumn,
  writeNullColumn,
  writeNumericColumn,
  writeStringColumn,
  type WriteContext,
} from './columns.js';
import { writeNestedColumn } from './nested.js';
import type { NestedSource, SegmentSource, SourceColumn, WriteOptions } from './source.js';

export const timeColumn = '__time';

export interface WrittenSegment {
  /** Sum of all files' sizes: the `size` of the segment's record. */
  readonly bytes: number;
}

/**
 * Writes `source` into `dir`, which is made when missing and must be empty. Files are synced before it returns.
 * Throws InvalidInput (names), LimitExceeded (a column past 2 GiB), Bug (a source that breaks its own rules).
 */
export function writeSegment(dir: string, source: SegmentSource, options: WriteOptions = {}): WrittenSegment {
  checkSource(source);
  fs.mkdirSync(dir, { recursive: true });
  if (fs.readdirSync(dir).length > 0)
    throw new CodedError('Conflict', `segment directory[${dir}] is not empty`);
  const context: WriteContext = {
    options,
    lz4: createLz4Encoder({ high: options.highCompression === true }),
    rowCount: source.rowCount,
  };
  const smoosh = new SmooshWriter(dir, options.smooshLimitBytes ?? smooshLimitMax);
  let bytes: number;
  try {
    writeColumns(smoosh, source, context);
    const out = new ByteWriter(1024);
    writeIndex(out, source, options);
    smoosh.add('index.drd', out.written());
    smoosh.add('metadata.drd', Buffer.from(metadataText(source), 'utf8'));
    bytes = smoosh.finish();
  } catch (error) {
    smoosh.abandon();
    throw error;
  }
  bytes += writeSmall(path.join(dir, 'version.bin'), Buffer.from([0, 0, 0, 9]));
  bytes += writeSmall(path.join(dir, 'factory.json'), Buffer.from('{"type":"mMapSegmentFactory"}'));
  return { bytes };
}

function writeSmall(file: string, bytes: Buffer): number {
  fs.writeFileSync(file, bytes);
  return bytes.length;
}

function byName(a: SourceColumn, b: SourceColumn): number {
  return a.name < b.name ? -1 : 1;
}

/** All-null string dimensions are listed apart. */
function isAllNull(column: SourceColumn): boolean {
  return (
    (column.kind === 'string' || column.kind === 'multiString') &&
    column.dictionary.length === 1 &&
    column.dictionary[0] === null
  );
}

function writeColumns(smoosh: SmooshWriter, source: SegmentSource, context: WriteContext): void {
  const out = new ByteWriter(1 << 20);
  writeNumericColumn(out, { kind: 'long', name: timeColumn, values: source.time }, context);
  smoosh.add(timeColumn, out.written());
  for (const column of [...source.metrics.toSorted(byName), ...source.dimensions]) {
    if (isNested(column)) {
      writeNestedColumn(column, context, (name, bytes) => smoosh.add(name, bytes));
      continue;
    }
    out.clear();
    writeColumn(out, column, context);
    smoosh.add(column.name, out.written());
  }
}

function isNested(column: SourceColumn): column is NestedSource {
  return column.kind === 'json' || column.kind === 'auto';
}

function writeColumn(out: ByteWriter, column: Exclude<SourceColumn, NestedSource>, context: WriteContext): void {
  switch (column.kind) {
    case 'string':
    case 'multiString':
      if (isAllNull(column)) writeNullColumn(out, context);
      else writeStringColumn(out, column, context);
      return;
    case 'complex':
      writeComplexColumn(out, column);
      return;
    default:
      writeNumericColumn(out, column, context);
  }
}

function writeIndex(out: ByteWriter, source: SegmentSource, options: WriteOptions): void {
  const metrics = source.metrics.toSorted(byName);
  const withData = source.dimensions.filter((dimension) => !isAllNull(dimension));
  const nullOrName = (column: SourceColumn) => (isAllNull(column) ? column.name : null);
  writeNames(
    out,
    [...metrics, ...withData].map((column) => column.name),
  );
  writeNames(
    out,
    withData.map((column) => column.name),
  );
  out.i64(BigInt(source.interval.startMs));
  out.i64(BigInt(source.interval.endMs));
  out.str32(JSON.stringify({ type: options.bitmap ?? 'roaring' }));
  writeNames(out, [...metrics, ...source.dimensions].map(nullOrName));
  writeNames(out, source.dimensions.map(nullOrName));
}

function metadataText(source: SegmentSource): string {
  const { metadata } = source;
  return jsonText({
    container: metadata.container ?? {},
    aggregators: metadata.aggregators,
    timestampSpec: metadata.timestampSpec,
    queryGranularity: metadata.queryGranularity,
    rollup: metadata.rollup,
    ordering: metadata.ordering ?? [{ columnName: timeColumn, order: 'ascending' }],
  });
}

function bug(what: string): CodedError {
  return new CodedError('Bug', `segment source: ${what}`);
}

function checkSource(source: SegmentSource): void {
  const { rowCount, time, interval } = source;
  if (rowCount < 1 || time.length !== rowCount) throw bug(`rowCount[${rowCount}] does not fit its times`);
  const first = source.metadata.ordering?.[0];
  const sorted = first === undefined || (first.columnName === timeColumn && first.order === 'ascending');
  const start = BigInt(interval.startMs);
  const end = BigInt(interval.endMs);
  let before = time[0] as bigint;
  for (const at of time) {
    if (at < start || at >= end) throw bug(`time[${at}] lies outside the interval`);
    if (sorted && at < before) throw bug(`time[${at}] descends`);
    before = at;
  }
  const names = new Set([timeColumn]);
  for (const column of [...source.dimensions, ...source.metrics]) {
    if (column.name === '' || names.has(column.name))
      throw bug(`column name[${column.name}] is empty or used twice`);
    names.add(column.name);
    const rows =
      column.kind === 'string'
        ? column.ids.length
        : column.kind === 'multiString'
          ? column.offsets.length - 1
          : column.values.length;
    if (rows !== rowCount) throw bug(`column[${column.name}] has rows[${rows}] instead of ${rowCount}`);
    if (column.kind === 'multiString' && column.offsets[rowCount] !== column.ids.length) {
      throw bug(`column[${column.name}] has offsets that don't fit its ids`);
    }
  }
}
