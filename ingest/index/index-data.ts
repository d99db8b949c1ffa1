/** What an index holds, as plain data that may go to another thread, and the columns made of it. */
import type { IntervalMs } from '../../segment/read/view.js';
import type { SegmentMetadata, SourceMetric } from '../../segment/write/source.js';
import type { ColumnPlan, SegmentPlan } from '../../segment/write/writer.js';
import { TIME_COLUMN } from '../spec/data-schema.js';
import type { DimensionData, FrozenColumn, KeyWords, StorageOrder } from './key-column.js';
import { frozenNested } from './nested-keys.js';
import { frozenNumbers } from './number-keys.js';
import { RowWords, type KeyChunk } from './row-keys.js';
import { rowOrder } from './row-order.js';
import { frozenTexts } from './string-keys.js';
import { nullBits } from './words.js';

export interface RowsData {
  readonly rowCount: number;
  readonly interval: IntervalMs;
  readonly chunks: KeyChunk[];
  readonly dimensions: readonly DimensionData[];
  /** The first dimensions, as far as the rows will be sorted by them as a reader expects. */
  readonly sortedDimensions: readonly string[];
  /** Text dimensions without any value are stored too. */
  readonly keepsEmpty: boolean;
  readonly metadata: Omit<SegmentMetadata, 'ordering'>;
}

export interface IndexData extends RowsData {
  /** Rows in the order they came. */
  readonly metrics: readonly SourceMetric[];
}

const LOW_32 = 0x1_0000_0000;

/** The rows in storage order, columns made when their turn comes. */
export function planOfRows(data: RowsData, metrics: (rows: Uint32Array) => ColumnPlan[]): SegmentPlan {
  const keys = new RowWords(data.rowCount, data.chunks);
  const all = data.dimensions.map((dimension) => frozenColumn(dimension, keys));
  const frozen = data.keepsEmpty ? all : all.filter((column) => !column.isAllNull);
  const names = new Set(frozen.map((column) => column.name));
  const rows = rowOrder(timesOf(keys), frozen);
  const order: StorageOrder = { rows, places: inverse(rows) };
  const time = new BigInt64Array(rows.length);
  keys.placePairs(0, order.places, wordsOf(time));
  const ordered = [TIME_COLUMN, ...data.sortedDimensions.filter((name) => names.has(name))];
  return {
    rowCount: rows.length,
    interval: data.interval,
    time,
    dimensions: frozen.map((column) => ({
      name: column.name,
      isAllNull: column.isAllNull,
      load: () => column.source(order),
    })),
    metrics: metrics(rows),
    metadata: {
      ...data.metadata,
      ordering: ordered.map((columnName) => ({ columnName, order: 'ascending' })),
    },
  };
}

function inverse(rows: Uint32Array): Uint32Array {
  const places = new Uint32Array(rows.length);
  for (let place = 0; place < rows.length; place++) places[rows[place]!] = place;
  return places;
}

export function planOfIndex(data: IndexData): SegmentPlan {
  return planOfRows(data, (order) =>
    data.metrics.map((metric) => ({
      name: metric.name,
      isAllNull: false,
      load: () => reordered(metric, order),
    })),
  );
}

function frozenColumn(data: DimensionData, keys: KeyWords): FrozenColumn {
  switch (data.kind) {
    case 'string':
      return frozenTexts(data, keys);
    case 'json':
    case 'auto':
      return frozenNested(data, keys);
    default:
      return frozenNumbers(data, keys);
  }
}

function timesOf(keys: KeyWords): Float64Array {
  const times = new Float64Array(keys.rowCount);
  const low = keys.column(0);
  const high = keys.column(1);
  for (let row = 0; row < times.length; row++) times[row] = high[row]! * LOW_32 + (low[row]! >>> 0);
  return times;
}

function reordered(metric: SourceMetric, order: Uint32Array): SourceMetric {
  if (metric.kind === 'complex') {
    return { ...metric, values: Array.from(order, (row) => metric.values[row] ?? null) };
  }
  const { name } = metric;
  const nulls = metric.nulls && reorderedBits(metric.nulls, order);
  const rest = { name, ...(nulls && { nulls }) };
  switch (metric.kind) {
    case 'long': {
      const values = new BigInt64Array(order.length);
      const from = wordsOf(metric.values);
      const words = wordsOf(values);
      for (let i = 0; i < order.length; i++) {
        words[2 * i] = from[2 * order[i]!]!;
        words[2 * i + 1] = from[2 * order[i]! + 1]!;
      }
      return { kind: 'long', values, ...rest };
    }
    case 'float': {
      const values = new Float32Array(order.length);
      for (let i = 0; i < order.length; i++) values[i] = metric.values[order[i]!]!;
      return { kind: 'float', values, ...rest };
    }
    case 'double': {
      const values = new Float64Array(order.length);
      for (let i = 0; i < order.length; i++) values[i] = metric.values[order[i]!]!;
      return { kind: 'double', values, ...rest };
    }
  }
}

function wordsOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
}

function reorderedBits(bits: Uint8Array, order: Uint32Array): Uint8Array | undefined {
  const isThere = new Uint8Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    isThere[i] = (bits[row >> 3]! & (1 << (row & 7))) === 0 ? 1 : 0;
  }
  return nullBits(isThere);
}

/** The memory that goes along when the data is posted to another thread; here it is gone then. */
export function transferOf(data: IndexData): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const add = (array: ArrayBufferView): void => {
    if (array.buffer instanceof ArrayBuffer) buffers.add(array.buffer);
  };
  for (const { words } of data.chunks) add(words);
  for (const dimension of data.dimensions) {
    if (dimension.kind !== 'string') continue;
    add(dimension.bytes);
    add(dimension.ends);
  }
  for (const metric of data.metrics) if (metric.kind !== 'complex') add(metric.values);
  return [...buffers];
}
