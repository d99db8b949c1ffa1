/** Writing a whole segment: format version 9, as Druid loads it. The same source gives the same bytes. */
import fs from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../proto/errors.js';
import { ByteWriter, wellFormed } from '../format/bytes.js';
import { writeNames } from '../format/indexed.js';
import { jsonText } from '../format/json.js';
import { createLz4Encoder } from '../format/lz4.js';
import { holdsNull } from '../format/packed-texts.js';
import { createZstdEncoder } from '../format/zstd-encode.js';
import { exactMs } from '../timeline/instant.js';
import { SmooshWriter, smooshLimitMax } from '../format/smoosh.js';
import { writeNullColumn, writeNumericColumn, writeStringColumn, type WriteContext } from './columns.js';
import { writeComplexColumn } from './complex.js';
import { writeNestedColumn } from './nested.js';
import type {
  ComplexSource,
  NestedSource,
  SegmentMetadata,
  SegmentSource,
  SourceColumn,
  WriteOptions,
} from './source.js';

export const timeColumn = '__time';

export interface WrittenSegment {
  /** Sum of all files' sizes: the `size` of the segment's record. */
  readonly bytes: number;
}

/** A column that is made when its turn comes. */
export interface ColumnPlan {
  readonly name: string;
  /** A string dimension that is null in every row. */
  readonly isAllNull: boolean;
  load(): SourceColumn;
}

/** A segment whose columns are made one by one. */
export interface SegmentPlan {
  readonly rowCount: number;
  readonly interval: SegmentSource['interval'];
  readonly time: BigInt64Array;
  readonly dimensions: readonly ColumnPlan[];
  readonly metrics: readonly ColumnPlan[];
  readonly metadata: SegmentMetadata;
}

/**
 * Writes `source` into `dir`, which is made when missing and must be empty. Files are synced before it returns.
 * Throws InvalidInput (names), LimitExceeded (a column past 2 GiB), Bug (a source that breaks its own rules).
 */
export function writeSegment(dir: string, source: SegmentSource, options: WriteOptions = {}): WrittenSegment {
  const planOf = (column: SourceColumn): ColumnPlan => ({
    name: column.name,
    isAllNull: isAllNull(column),
    load: () => column,
  });
  const plan = { ...source, dimensions: source.dimensions.map(planOf), metrics: source.metrics.map(planOf) };
  for (const column of [...source.dimensions, ...source.metrics]) checkColumn(column, source.rowCount);
  return writeSegmentColumns(dir, plan, options);
}

/** The same for columns that are made one by one, so that only one is in memory at a time. */
export function writeSegmentColumns(dir: string, plan: SegmentPlan, options: WriteOptions): WrittenSegment {
  checkPlan(plan);
  fs.mkdirSync(dir, { recursive: true });
  if (fs.readdirSync(dir).length > 0)
    throw new CodedError('Conflict', `segment directory[${dir}] is not empty`);
  const lz4 = createLz4Encoder({ high: options.highCompression === true });
  const context: WriteContext = {
    options,
    lz4,
    zstd: createZstdEncoder(lz4),
    rowCount: plan.rowCount,
  };
  const smoosh = new SmooshWriter(dir, options.smooshLimitBytes ?? smooshLimitMax);
  let bytes: number;
  try {
    writeColumns(smoosh, plan, context);
    const out = new ByteWriter(1024);
    writeIndex(out, plan, options);
    smoosh.add('index.drd', out.written());
    smoosh.add('metadata.drd', Buffer.from(metadataText(plan.metadata), 'utf8'));
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
  const fd = fs.openSync(file, 'w');
  try {
    fs.writeSync(fd, bytes);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  return bytes.length;
}

function byName(a: ColumnPlan, b: ColumnPlan): number {
  return a.name < b.name ? -1 : 1;
}

/** All-null string dimensions are listed apart. */
function isAllNull(column: SourceColumn): boolean {
  return (
    (column.kind === 'string' || column.kind === 'multiString') &&
    column.dictionary.length === 1 &&
    holdsNull(column.dictionary)
  );
}

function writeColumns(smoosh: SmooshWriter, plan: SegmentPlan, context: WriteContext): void {
  const out = new ByteWriter(1 << 20);
  writeNumericColumn(out, { kind: 'long', name: timeColumn, values: plan.time }, context);
  smoosh.add(timeColumn, out.written());
  for (const planned of [...plan.metrics.toSorted(byName), ...plan.dimensions]) {
    const column = planned.load();
    checkColumn(column, plan.rowCount);
    if (isNested(column)) {
      writeNestedColumn(column, context, (file, bytes) => smoosh.add(file, bytes));
      continue;
    }
    if (column.kind === 'complex') {
      writeComplexColumn(column, context, (file, bytes) => smoosh.add(file, bytes), out);
      continue;
    }
    out.clear();
    writeColumn(out, column, context);
    smoosh.add(planned.name, out.written());
  }
}

function isNested(column: SourceColumn): column is NestedSource {
  return column.kind === 'json' || column.kind === 'auto';
}

function writeColumn(
  out: ByteWriter,
  column: Exclude<SourceColumn, NestedSource | ComplexSource>,
  context: WriteContext,
): void {
  switch (column.kind) {
    case 'string':
    case 'multiString':
      if (isAllNull(column)) writeNullColumn(out, context);
      else writeStringColumn(out, column, context);
      return;
    default:
      writeNumericColumn(out, column, context);
  }
}

function writeIndex(out: ByteWriter, plan: SegmentPlan, options: WriteOptions): void {
  const metrics = plan.metrics.toSorted(byName);
  const withData = plan.dimensions.filter((dimension) => !dimension.isAllNull);
  const nullOrName = (column: ColumnPlan) => (column.isAllNull ? column.name : null);
  writeNames(
    out,
    [...metrics, ...withData].map((column) => column.name),
  );
  writeNames(
    out,
    withData.map((column) => column.name),
  );
  out.i64(exactMs(plan.interval.startMs));
  out.i64(exactMs(plan.interval.endMs));
  out.str32(JSON.stringify({ type: options.bitmap ?? 'roaring' }));
  writeNames(out, [...metrics, ...plan.dimensions].map(nullOrName));
  writeNames(out, plan.dimensions.map(nullOrName));
}

function metadataText(metadata: SegmentMetadata): string {
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

function checkPlan(plan: SegmentPlan): void {
  const { rowCount, time, interval } = plan;
  if (rowCount < 1 || time.length !== rowCount) throw bug(`rowCount[${rowCount}] does not fit its times`);
  const first = plan.metadata.ordering?.[0];
  const sorted = first === undefined || (first.columnName === timeColumn && first.order === 'ascending');
  checkTimes(time, interval, sorted);
  const names = new Set([timeColumn]);
  for (const { name } of [...plan.dimensions, ...plan.metrics]) {
    if (name === '' || names.has(name)) throw bug(`column name[${name}] is empty or used twice`);
    if (wellFormed(name) !== name) {
      throw new CodedError('InvalidInput', `column name[${name}] holds half a surrogate pair`, {
        field: name,
      });
    }
    names.add(name);
  }
}

/** High words of the times that numbers hold exactly. */
const EXACT_HIGH = 2 ** 21;

function checkTimes(time: BigInt64Array, interval: SegmentPlan['interval'], isSorted: boolean): void {
  const { startMs, endMs } = interval;
  const words = new Int32Array(time.buffer, time.byteOffset, 2 * time.length);
  let before = -Infinity;
  for (let row = 0; row < time.length; row++) {
    const high = words[2 * row + 1]!;
    const at = high * 2 ** 32 + (words[2 * row]! >>> 0);
    const isInside = at >= startMs && at < endMs && (!isSorted || at >= before);
    if (!isInside || high >= EXACT_HIGH || high < -EXACT_HIGH) {
      checkTimesExactly(time, interval, isSorted);
      return;
    }
    before = at;
  }
}

function checkTimesExactly(time: BigInt64Array, interval: SegmentPlan['interval'], isSorted: boolean): void {
  const start = exactMs(interval.startMs);
  const end = exactMs(interval.endMs);
  let before = time[0]!;
  for (const at of time) {
    if (at < start || at >= end) throw bug(`time[${at}] lies outside the interval`);
    if (isSorted && at < before) throw bug(`time[${at}] descends`);
    before = at;
  }
}

function rowsOf(column: SourceColumn): number {
  if (column.kind === 'string') return column.ids.length;
  return column.kind === 'multiString' ? column.offsets.length - 1 : column.values.length;
}

function checkColumn(column: SourceColumn, rowCount: number): void {
  const rows = rowsOf(column);
  if (rows !== rowCount) throw bug(`column[${column.name}] has rows[${rows}] instead of ${rowCount}`);
  if (column.kind === 'multiString' && column.offsets[rowCount] !== column.ids.length) {
    throw bug(`column[${column.name}] has offsets that don't fit its ids`);
  }
}
