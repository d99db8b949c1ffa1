/** Metrics of the in-memory index: one growing typed column each, values folded in as rows arrive. */
import type { Combine } from '../../segment/write/merge.js';
import type { JsonValue, SourceMetric } from '../../segment/write/source.js';
import type { ExpressionContext } from '../../query/expression/expression.js';
import type { InputRow } from '../formats/row-reader.js';
import { mergeTimed } from '../../segment/format/timed-values.js';
import { metricFields } from '../spec/metrics.js';
import {
  plainMetric,
  type AnyMetric,
  type FilteredMetric,
  type MetricSpec,
  type NumericMetricType,
  type PlainMetric,
} from '../spec/model.js';
import { anyLookup } from '../transform/lookup-asking.js';
import { rowTest, type RowTest } from '../transform/row-filter.js';
import { ValueError, metricNumber, numberToLong } from '../values.js';
import type { ColumnSnapshot } from './column-snapshot.js';
import { mergeHyperUnique } from '../../segment/format/hyper-unique-sketch.js';
import { CardinalityColumn, HyperUniqueColumn } from './sketch-columns.js';
import { highWord, lowWord, nullBits } from './words.js';
import { AnyColumn, ComputedColumn, FoldColumn, foldCombine, TimedColumn } from './state-columns.js';

export interface MetricColumn {
  readonly name: string;
  /** Input column; undefined: no input (count). */
  readonly fieldName: string | undefined;
  /** Makes room; new rows hold "nothing yet". */
  grow(rows: number): void;
  /** Folds a value into a row; null leaves it as it is. Answers what was wrong with the value. */
  fold(row: number, value: unknown, input: MetricInput): string | undefined;
  source(order: Uint32Array): SourceMetric;
  /** The values of the first `rows` rows as they are now; `mayChange`: later rows may be folded into them. */
  snapshot(rows: number, mayChange: boolean): ColumnSnapshot;
  /** Of an input text only the number in it counts. */
  readonly takesNumbers?: boolean;
  readonly bytesPerRow: number;
  /** Beyond these: of values that may be of any length. */
  readonly extraBytes?: number;
}

/** The row that a value is of. */
export interface MetricInput {
  readonly row: InputRow;
  readonly timeMs: number;
}

/** `lookups`: the registered ones that the metric names. */
export function metricColumn(spec: MetricSpec, lookups: ExpressionContext): MetricColumn {
  if (spec.type === 'filtered') return new FilteredColumn(spec, lookups);
  if (spec.type === 'count') return new CountColumn(spec.name);
  if (spec.type === 'expression') return new FoldColumn(spec);
  if (spec.type === 'cardinality') return new CardinalityColumn(spec, lookups);
  if ('timeColumn' in spec) return new TimedColumn(spec);
  if (isAny(spec)) {
    const type = ({ longAny: 'longMax', doubleAny: 'doubleMax', floatAny: 'floatMax' } as const)[spec.type];
    return new AnyColumn(metricColumn({ ...spec, type }, lookups));
  }
  if ('expression' in spec) {
    const { expression: text, ...rest } = spec;
    return new ComputedColumn(metricColumn(rest, lookups), text, lookups);
  }
  const { type, name, fieldName } = spec;
  if (type === 'hyperUnique') return new HyperUniqueColumn(name, fieldName);
  return type.startsWith('long')
    ? new LongColumn(type, name, fieldName)
    : new DoubleColumn(type, name, fieldName);
}

function isAny(spec: PlainMetric): spec is AnyMetric {
  return spec.type.endsWith('Any');
}

/** What the segment's metadata says of a metric: how stored values are combined, in Druid's JSON. */
export function combiningJson(spec: MetricSpec): JsonValue {
  const plain = plainMetric(spec);
  const { name } = plain;
  if (plain.type === 'hyperUnique' || plain.type === 'cardinality') {
    return { type: 'hyperUnique', name, fieldName: name, isInputHyperUnique: false, round: plain.round };
  }
  if (plain.type === 'expression') {
    const { initialCombineValue: initialValue, combine: fold, compare, finalize, ...rest } = plain;
    const optional = { compare: compare ?? null, finalize: finalize ?? null };
    return {
      ...rest,
      fields: [name],
      initialValue,
      initialCombineValue: initialValue,
      fold,
      combine: fold,
      ...optional,
    };
  }
  if ('timeColumn' in plain) {
    const { type, timeColumn, maxStringBytes } = plain;
    const limit = type.startsWith('string') ? { maxStringBytes } : {};
    return { type, name, fieldName: name, timeColumn, ...limit };
  }
  return { type: plain.type === 'count' ? 'longSum' : plain.type, name, fieldName: name };
}

/** Fields that the metrics read, those of filters included. */
export function metricInputs(metrics: readonly MetricSpec[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const metric of metrics) {
    const plain = plainMetric(metric);
    for (const name of metricFields(plain)) names.add(name);
    if (metric.type === 'filtered') rowTest(metric.filter, names, anyLookup);
  }
  return names;
}

/** How stored values of a metric become one. */
export function combineOf(spec: MetricSpec): Combine {
  const plain = plainMetric(spec);
  const { type } = plain;
  if (type === 'expression') return foldCombine(plain);
  if ('timeColumn' in plain) return { type: 'complex', merge: mergeTimed(type.endsWith('First')) };
  if (type === 'hyperUnique' || type === 'cardinality') return { type: 'complex', merge: mergeHyperUnique };
  if (type === 'count' || type.endsWith('Sum')) return { type: 'sum' };
  return { type: type.endsWith('Min') ? 'min' : 'max' };
}

function picked(flags: Uint8Array, order: Uint32Array): Uint8Array {
  const out = new Uint8Array(order.length);
  for (let i = 0; i < order.length; i++) out[i] = flags[order[i]!]!;
  return out;
}

/** Folds the rows that pass its filter into another column. */
class FilteredColumn implements MetricColumn {
  readonly name: string;
  readonly fieldName: string | undefined;
  readonly bytesPerRow: number;
  readonly #inner: MetricColumn;
  readonly #passes: RowTest;

  constructor({ name, filter, aggregator }: FilteredMetric, lookups: ExpressionContext) {
    this.#inner = metricColumn(aggregator, lookups);
    this.#passes = rowTest(filter, new Set(), lookups);
    this.name = name;
    this.fieldName = this.#inner.fieldName;
    this.bytesPerRow = this.#inner.bytesPerRow;
  }

  get extraBytes(): number {
    return this.#inner.extraBytes ?? 0;
  }

  get takesNumbers(): boolean {
    return this.#inner.takesNumbers === true;
  }

  grow(rows: number): void {
    this.#inner.grow(rows);
  }

  fold(row: number, value: unknown, input: MetricInput): string | undefined {
    return this.#passes(input.row, input.timeMs) === true ? this.#inner.fold(row, value, input) : undefined;
  }

  snapshot(rows: number, mayChange: boolean): ColumnSnapshot {
    return this.#inner.snapshot(rows, mayChange);
  }

  source(order: Uint32Array): SourceMetric {
    return this.#inner.source(order);
  }
}

class CountColumn implements MetricColumn {
  readonly name: string;
  readonly fieldName = undefined;
  readonly bytesPerRow = 8;
  #counts = new Float64Array(0);

  constructor(name: string) {
    this.name = name;
  }

  grow(rows: number): void {
    const grown = new Float64Array(rows);
    grown.set(this.#counts);
    this.#counts = grown;
  }

  fold(row: number): undefined {
    this.#counts[row]!++;
  }

  snapshot(rows: number, mayChange: boolean): ColumnSnapshot {
    const counts = mayChange ? this.#counts.slice(0, rows) : this.#counts;
    return {
      kind: 'long',
      fill(start, count, out) {
        for (let i = 0; i < count; i++) {
          out[2 * i] = lowWord(counts[start + i]!);
          out[2 * i + 1] = highWord(counts[start + i]!);
        }
      },
      isNull: () => false,
    };
  }

  source(order: Uint32Array): SourceMetric {
    const values = new BigInt64Array(order.length);
    const words = new Int32Array(values.buffer);
    for (let i = 0; i < order.length; i++) {
      const count = this.#counts[order[i]!]!;
      words[2 * i] = lowWord(count);
      words[2 * i + 1] = highWord(count);
    }
    return { kind: 'long', name: this.name, values };
  }
}

/** 64-bit values as two words; sums wrap around as Java's do. */
class LongColumn implements MetricColumn {
  readonly name: string;
  readonly fieldName: string;
  readonly takesNumbers = true;
  readonly bytesPerRow = 9;
  readonly #kind: 'Sum' | 'Min' | 'Max';
  #words = new Int32Array(0);
  #present = new Uint8Array(0);

  constructor(type: NumericMetricType, name: string, fieldName: string) {
    this.name = name;
    this.fieldName = fieldName;
    this.#kind = type.slice(4) as 'Sum' | 'Min' | 'Max';
  }

  grow(rows: number): void {
    const words = new Int32Array(rows * 2);
    words.set(this.#words);
    this.#words = words;
    const present = new Uint8Array(rows);
    present.set(this.#present);
    this.#present = present;
  }

  fold(row: number, value: unknown): string | undefined {
    const number = metricNumber(value, this.fieldName);
    if (number === null) return undefined;
    if (number instanceof ValueError) return number.reason;
    const long = typeof number === 'number' ? numberToLong(number) : number;
    const low = lowWord(long);
    const high = highWord(long);
    const at = 2 * row;
    if (this.#present[row] === 0) {
      this.#present[row] = 1;
      this.#set(at, low, high);
    } else if (this.#kind === 'Sum') {
      const sum = (this.#words[at]! >>> 0) + (low >>> 0);
      this.#set(at, sum | 0, (this.#words[at + 1]! + high + (sum > 0xffffffff ? 1 : 0)) | 0);
    } else {
      const order = high - this.#words[at + 1]! || (low >>> 0) - (this.#words[at]! >>> 0);
      if (this.#kind === 'Min' ? order < 0 : order > 0) this.#set(at, low, high);
    }
    return undefined;
  }

  #set(at: number, low: number, high: number): void {
    this.#words[at] = low;
    this.#words[at + 1] = high;
  }

  snapshot(rows: number, mayChange: boolean): ColumnSnapshot {
    const words = mayChange ? this.#words.slice(0, 2 * rows) : this.#words;
    const present = mayChange ? this.#present.slice(0, rows) : this.#present;
    return {
      kind: 'long',
      fill: (start, count, out) => out.set(words.subarray(2 * start, 2 * (start + count))),
      isNull: (row) => present[row] === 0,
    };
  }

  source(order: Uint32Array): SourceMetric {
    const values = new BigInt64Array(order.length);
    const out = new Int32Array(values.buffer);
    for (let i = 0; i < order.length; i++) {
      out[2 * i] = this.#words[2 * order[i]!]!;
      out[2 * i + 1] = this.#words[2 * order[i]! + 1]!;
    }
    const nulls = nullBits(picked(this.#present, order));
    return { kind: 'long', name: this.name, values, ...(nulls && { nulls }) };
  }
}

/** Doubles, and floats with every step rounded to 32 bits. */
class DoubleColumn implements MetricColumn {
  readonly name: string;
  readonly fieldName: string;
  readonly takesNumbers = true;
  readonly bytesPerRow = 9;
  readonly #isFloat: boolean;
  readonly #kind: string;
  #values = new Float64Array(0);
  #present = new Uint8Array(0);

  constructor(type: NumericMetricType, name: string, fieldName: string) {
    this.name = name;
    this.fieldName = fieldName;
    this.#isFloat = type.startsWith('float');
    this.#kind = type.slice(-3);
  }

  grow(rows: number): void {
    const values = new Float64Array(rows);
    values.set(this.#values);
    this.#values = values;
    const present = new Uint8Array(rows);
    present.set(this.#present);
    this.#present = present;
  }

  fold(row: number, value: unknown): string | undefined {
    const number = metricNumber(value, this.fieldName);
    if (number === null) return undefined;
    if (number instanceof ValueError) return number.reason;
    const one = this.#isFloat ? Math.fround(Number(number)) : Number(number);
    if (this.#present[row] === 0) {
      this.#present[row] = 1;
      this.#values[row] = one;
      return undefined;
    }
    const old = this.#values[row]!;
    const next =
      this.#kind === 'Sum' ? old + one : this.#kind === 'Min' ? Math.min(old, one) : Math.max(old, one);
    this.#values[row] = this.#isFloat ? Math.fround(next) : next;
    return undefined;
  }

  snapshot(rows: number, mayChange: boolean): ColumnSnapshot {
    const values = mayChange ? this.#values.slice(0, rows) : this.#values;
    const present = mayChange ? this.#present.slice(0, rows) : this.#present;
    const isFloat = this.#isFloat;
    return {
      kind: isFloat ? 'float' : 'double',
      fill(start, count, out) {
        const numbers = values.subarray(start, start + count);
        // `out` is aligned as the widest values need it.
        if (isFloat) new Float32Array(out.buffer, out.byteOffset, count).set(numbers);
        else new Float64Array(out.buffer, out.byteOffset, count).set(numbers);
      },
      isNull: (row) => present[row] === 0,
    };
  }

  source(order: Uint32Array): SourceMetric {
    const nulls = nullBits(picked(this.#present, order));
    const { name } = this;
    if (this.#isFloat) {
      const values = new Float32Array(order.length);
      for (let i = 0; i < order.length; i++) values[i] = this.#values[order[i]!]!;
      return { kind: 'float', name, values, ...(nulls && { nulls }) };
    }
    const values = new Float64Array(order.length);
    for (let i = 0; i < order.length; i++) values[i] = this.#values[order[i]!]!;
    return { kind: 'double', name, values, ...(nulls && { nulls }) };
  }
}
