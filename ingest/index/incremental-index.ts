/**
 * The segment that is growing in memory: dictionaries and key words for dimensions, typed columns for metrics. With
 * rollup, rows of the same truncated time and the same dimensions are folded together as they arrive.
 */
import type { ExpressionContext } from '../../query/expression/expression.js';
import type { Granularity } from '../../query/native/model.js';
import type { IntervalMs } from '../../segment/read/view.js';
import type {
  JsonValue,
  SegmentMetadata,
  SegmentSource,
  SourceDimension,
  SourceMetric,
} from '../../segment/write/source.js';
import type { SegmentPlan } from '../../segment/write/writer.js';
import type { InputRow } from '../formats/row-reader.js';
import { TIME_COLUMN, isColumnName, stringDimension } from '../spec/data-schema.js';
import type { DimensionSpec, Discovery, MetricSpec, TimestampSpec } from '../spec/model.js';
import { bytesText, plainDecimalOf } from '../values.js';
import type { ColumnSnapshot } from './column-snapshot.js';
import { planOfRows, type IndexData, type RowsData } from './index-data.js';
import type { KeyColumn, KeyRoom } from './key-column.js';
import { keyColumn } from './key-columns.js';
import { combiningJson, metricColumn, type MetricColumn } from './metric-columns.js';
import { NestedKeys } from './nested-keys.js';
import { cellKinds, cellNames, type RowCells } from './row-cells.js';
import { RowFields } from './row-fields.js';
import { RowKeys } from './row-keys.js';
import { truncation } from './truncation.js';
import { highWord, lowWord } from './words.js';

export interface IndexSchema {
  readonly dimensions: readonly DimensionSpec[];
  readonly discoverDimensions: Discovery;
  readonly dimensionExclusions: readonly string[];
  readonly metrics: readonly MetricSpec[];
  readonly queryGranularity: Granularity;
  readonly queryGranularityJson: JsonValue;
  readonly rollup: boolean;
  /** The registered ones that metrics name. */
  readonly lookups?: ExpressionContext;
  /** Noted in the segment; absent: times were numbers already. */
  readonly timestamp?: TimestampSpec;
}

const TIME_WORDS = 2;
const LOW_32 = 0x1_0000_0000;
const DIMENSIONS_MAX = 10_000;
const FIRST_CAPACITY = 64;
const noErrors: readonly string[] = [];

/** The index at one moment, see {@link IncrementalIndex.look}. */
export interface IndexSnapshot {
  readonly interval: IntervalMs;
  readonly rowCount: number;
  readonly timeSorted: boolean;
  /** Of the rows; meaningless without any. */
  readonly minMs: number;
  readonly maxMs: number;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  readonly columns: ReadonlyMap<string, ColumnSnapshot>;
  timeAt(row: number): number;
  /** As it would be noted in a stored segment, but for the order of its rows. */
  metadata(): Omit<SegmentMetadata, 'ordering'>;
}

export class IncrementalIndex {
  readonly #schema: IndexSchema;
  readonly #interval: IntervalMs;
  readonly #truncate: (ms: number) => number;
  readonly #dimensions: KeyColumn[] = [];
  /** Text columns that rows brought along. */
  readonly #discovered = new Set<string>();
  readonly #known: Set<string>;
  readonly #metrics: readonly MetricColumn[];
  readonly #keys: RowKeys;
  readonly #fields = new RowFields();
  /** Where in them each dimension's value is, and each metric's; -1: its input is the time, or none. */
  readonly #dimensionPlaces: number[] = [];
  readonly #metricPlaces: readonly number[];
  /** Found when it is first needed. */
  #metricCells: Int32Array | undefined;
  #keyWords = TIME_WORDS;
  #capacity = 0;
  readonly #unsafe: boolean;
  #timeSorted = true;
  #minMs = Infinity;
  #maxMs = -Infinity;
  #lastMs = -Infinity;

  /** `interval`: the segment's; all rows must lie in it. */
  constructor(schema: IndexSchema, interval: IntervalMs) {
    this.#schema = schema;
    this.#keys = new RowKeys(schema.rollup);
    this.#interval = interval;
    this.#truncate = truncation(schema.queryGranularity);
    this.#known = new Set(schema.dimensionExclusions);
    this.#metrics = schema.metrics.map((metric) => metricColumn(metric, schema.lookups ?? {}));
    for (const dimension of schema.dimensions) this.#addDimension(dimension);
    this.#metricPlaces = this.#metrics.map(({ fieldName }) =>
      fieldName === undefined || fieldName === TIME_COLUMN ? -1 : this.#fields.placeOf(fieldName),
    );
    // A few names also live on Object's prototype, where a missing field must not find them.
    const names = [...schema.dimensions.map((d) => d.name), ...this.#metrics.map((m) => m.fieldName ?? '')];
    this.#unsafe = schema.discoverDimensions !== 'none' || names.some((name) => name in Object.prototype);
  }

  /** Stored rows (after rollup). */
  get rowCount(): number {
    return this.#keys.rowCount;
  }

  /** Rough size in memory. */
  get bytes(): number {
    let bytes = this.#keys.bytes;
    for (const dimension of this.#dimensions) bytes += dimension.bytes;
    for (const metric of this.#metrics) {
      bytes += metric.bytesPerRow * this.#capacity + (metric.extraBytes ?? 0);
    }
    return bytes;
  }

  /** Takes a row in; answers which of its values could not be read (they became null). */
  add(timestampMs: number, row: InputRow): readonly string[] {
    if (this.#schema.discoverDimensions !== 'none') this.#discover(row);
    this.#fields.read(row.fields);
    const { values } = this.#fields;
    const time = this.#rowTime(timestampMs);
    const key = this.#begin(time);
    const dimensions = this.#dimensions;
    let errors: string[] | undefined;
    for (let i = 0; i < dimensions.length; i++) {
      const dimension = dimensions[i]!;
      const value = values[this.#dimensionPlaces[i]!];
      const own = this.#discovered.size > 0 ? this.#discoverable(dimension.name, value) : value;
      const error = dimension.encode(own, row, key);
      if (error !== undefined) (errors ??= []).push(error);
    }
    const stored = this.#end(time);
    if (this.#metrics.length === 0) return errors ?? noErrors;
    const input = { row, timeMs: timestampMs };
    for (let i = 0; i < this.#metrics.length; i++) {
      const place = this.#metricPlaces[i]!;
      const error = this.#metrics[i]!.fold(stored, place < 0 ? timestampMs : values[place], input);
      if (error !== undefined) (errors ??= []).push(error);
    }
    return errors ?? noErrors;
  }

  /**
   * As {@link add}, for a row whose cells were found in bytes: `cells` are those of {@link cellNames} of this schema,
   * which must not discover dimensions. `row` is only asked for cells of kind `value`, for how numbers were written,
   * and by metrics that look at other fields (filtered, hyperUnique and expression metrics): it may read its fields
   * when they are first asked for.
   */
  addCells(timestampMs: number, cells: RowCells, row: InputRow): readonly string[] {
    const time = this.#rowTime(timestampMs);
    const key = this.#begin(time);
    const { kinds, starts, ends, bytes } = cells;
    let errors: string[] | undefined;
    for (let i = 0; i < this.#dimensions.length; i++) {
      const dimension = this.#dimensions[i]!;
      const error =
        kinds[i] === cellKinds.text
          ? dimension.encodeBytes(bytes, starts[i]!, ends[i]!, key)
          : dimension.encode(this.#cellValue(cells, i, dimension.name, row), row, key);
      if (error !== undefined) (errors ??= []).push(error);
    }
    const stored = this.#end(time);
    if (this.#metrics.length === 0) return errors ?? noErrors;
    const input = { row, timeMs: timestampMs };
    this.#metricCells ??= this.#cellsOfMetrics();
    for (let i = 0; i < this.#metrics.length; i++) {
      const metric = this.#metrics[i]!;
      const cell = this.#metricCells[i]!;
      let value: unknown = timestampMs;
      if (cell >= 0) {
        const isNumber = metric.takesNumbers === true && kinds[cell] === cellKinds.text;
        const number = isNumber ? plainDecimalOf(bytes, starts[cell]!, ends[cell]!, true) : NaN;
        value = Number.isNaN(number) ? this.#cellValue(cells, cell, metric.fieldName ?? '', row) : number;
      }
      const error = metric.fold(stored, value, input);
      if (error !== undefined) (errors ??= []).push(error);
    }
    return errors ?? noErrors;
  }

  #cellValue(cells: RowCells, cell: number, name: string, row: InputRow): unknown {
    switch (cells.kinds[cell]) {
      case cellKinds.none:
        return null;
      case cellKinds.text:
        return bytesText(cells.bytes, cells.starts[cell]!, cells.ends[cell]!);
      case cellKinds.number:
        return cells.numbers[cell];
      default:
        return this.#field(row, name);
    }
  }

  /** The cell each metric reads; -1: its input is the time, or none. */
  #cellsOfMetrics(): Int32Array {
    const names = cellNames(this.#schema);
    return Int32Array.from(this.#metrics, ({ fieldName }) =>
      fieldName === undefined ? -1 : names.indexOf(fieldName),
    );
  }

  /** A query bucket wider than the segment would begin before it. */
  #rowTime(timestampMs: number): number {
    return Math.max(this.#truncate(timestampMs), this.#interval.startMs);
  }

  #begin(time: number): KeyRoom {
    if (!this.#keys.hasRoom(this.#keyWords)) for (const dimension of this.#dimensions) dimension.settle?.();
    const key = this.#keys.begin(this.#keyWords);
    key.words[key.base] = lowWord(time);
    key.words[key.base + key.step] = highWord(time);
    return key;
  }

  /** The number of the row whose key was written. */
  #end(time: number): number {
    const stored = this.#keys.end();
    if (this.#keys.rowCount > this.#capacity) this.#grow();
    if (stored === this.#keys.rowCount - 1) this.#noteTime(time);
    return stored;
  }

  /** Of the newest row; told again when later rows are folded into it. */
  #noteTime(time: number): void {
    if (time < this.#lastMs) this.#timeSorted = false;
    this.#lastMs = time;
    if (time < this.#minMs) this.#minMs = time;
    if (time > this.#maxMs) this.#maxMs = time;
  }

  #field(row: InputRow, name: string): unknown {
    return !this.#unsafe || Object.hasOwn(row.fields, name) ? row.fields[name] : undefined;
  }

  /** Of a text column that was discovered, a row has only what would have made it be discovered. */
  #discoverable(name: string, value: unknown): unknown {
    return !this.#discovered.has(name) || isDiscoverable(value) ? value : undefined;
  }

  #grow(): void {
    this.#capacity = Math.max(FIRST_CAPACITY, this.#capacity * 2);
    for (const metric of this.#metrics) metric.grow(this.#capacity);
  }

  #addDimension(spec: DimensionSpec): void {
    const column = keyColumn(spec, this.#keyWords, this.#schema.rollup);
    this.#dimensions.push(column);
    this.#dimensionPlaces.push(this.#fields.placeOf(spec.name));
    this.#known.add(spec.name);
    this.#keyWords += column.words;
  }

  #discover(row: InputRow): void {
    const isAuto = this.#schema.discoverDimensions === 'auto';
    for (const name in row.fields) {
      if (this.#known.has(name) || !(isAuto || isDiscoverable(row.fields[name]))) continue;
      if (!isColumnName(name) || this.#dimensions.length >= DIMENSIONS_MAX) this.#known.add(name);
      else {
        if (!isAuto) this.#discovered.add(name);
        this.#addDimension(isAuto ? autoDimension(name) : stringDimension(name));
      }
    }
  }

  /** The first dimensions, as long as they are sorted as a reader expects: json and auto values are not. */
  #sortedDimensions(): string[] {
    const nested = this.#dimensions.findIndex((dimension) => dimension instanceof NestedKeys);
    return this.#dimensions.slice(0, nested < 0 ? undefined : nested).map((dimension) => dimension.name);
  }

  /** Everything taken in so far in storage order, columns made when their turn comes. At least one row. */
  plan(): SegmentPlan {
    return planOfRows(this.#rows(), (order) =>
      this.#metrics.map((metric) => ({
        name: metric.name,
        isAllNull: false,
        load: () => metric.source(order),
      })),
    );
  }

  /** Everything taken in so far, for another thread. When it goes there with its memory, the index is used up. */
  data(): IndexData {
    const rows = this.#rows();
    const asTheyCame = Uint32Array.from({ length: rows.rowCount }, (_, row) => row);
    return { ...rows, metrics: this.#metrics.map((metric) => metric.source(asTheyCame)) };
  }

  #rows(): RowsData {
    return {
      rowCount: this.#keys.rowCount,
      interval: this.#interval,
      chunks: this.#keys.chunks,
      dimensions: this.#dimensions.map((dimension) => dimension.data()),
      sortedDimensions: this.#sortedDimensions(),
      // Where no dimension was asked for by name, none is stored that no row has a value of.
      keepsEmpty: this.#schema.dimensions.length > 0,
      metadata: this.metadata(),
    };
  }

  /** As {@link plan}, with all columns at once. */
  snapshot(): SegmentSource {
    const plan = this.plan();
    return {
      ...plan,
      dimensions: plan.dimensions.map((column) => column.load() as SourceDimension),
      metrics: plan.metrics.map((column) => column.load() as SourceMetric),
    };
  }

  /** The rows taken in so far, in the order they came: later ones change nothing of what is seen here. */
  look(): IndexSnapshot {
    const keys = this.#keys;
    const { rowCount } = keys;
    const columns = new Map<string, ColumnSnapshot>([[TIME_COLUMN, timeSnapshot(keys)]]);
    for (const dimension of this.#dimensions) columns.set(dimension.name, dimension.snapshot(keys));
    for (const metric of this.#metrics) {
      columns.set(metric.name, metric.snapshot(rowCount, this.#schema.rollup));
    }
    return {
      interval: this.#interval,
      rowCount,
      timeSorted: this.#timeSorted,
      minMs: this.#minMs,
      maxMs: this.#maxMs,
      dimensions: this.#dimensions.map((dimension) => dimension.name),
      // As a stored segment names them.
      metrics: this.#metrics.map((metric) => metric.name).toSorted(),
      columns,
      timeAt: (row) => timeOf(keys, row),
      metadata: () => this.metadata(),
    };
  }

  /** Of the segment, but for the order of its rows. */
  metadata(): Omit<SegmentMetadata, 'ordering'> {
    return {
      aggregators: this.#schema.metrics.map(combiningJson),
      queryGranularity: this.#schema.queryGranularityJson,
      rollup: this.#schema.rollup,
      timestampSpec: timestampJson(this.#schema.timestamp),
      container: {},
    };
  }
}

function timestampJson(spec: TimestampSpec | undefined): JsonValue {
  if (spec === undefined) return { column: TIME_COLUMN, format: 'millis', missingValue: null };
  const { column, format, missingValueMs } = spec;
  return {
    column,
    format,
    missingValue: missingValueMs === undefined ? null : new Date(missingValueMs).toISOString(),
  };
}

function timeOf(keys: RowKeys, row: number): number {
  return keys.word(row, 1) * LOW_32 + (keys.word(row, 0) >>> 0);
}

function timeSnapshot(keys: RowKeys): ColumnSnapshot {
  return {
    kind: 'long',
    fill(start, count, out) {
      keys.gather(0, start, count, out, 0, TIME_WORDS);
      keys.gather(1, start, count, out, 1, TIME_WORDS);
    },
    isNull: () => false,
  };
}

const autoDimension = (name: string): DimensionSpec => ({ type: 'auto', name, castToType: undefined });

/** As a dimension of strings; a field that was only ever null is none. */
function isDiscoverable(value: unknown): boolean {
  if (typeof value !== 'object') return value !== undefined;
  if (value === null) return false;
  return Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null);
}
