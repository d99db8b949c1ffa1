/** Metrics of the in-memory index: one growing typed column each, values folded in as rows arrive. */
import type { Combine } from '../../segment/write/merge.js';
import type { JsonValue, SourceMetric } from '../../segment/write/source.js';
import type { MetricSpec, NumericMetricType } from '../spec/model.js';
import { ValueError, metricNumber, numberToLong } from '../values.js';
import type { ColumnSnapshot } from './column-snapshot.js';
import { highWord, lowWord, nullBits } from './key-columns.js';

export interface MetricColumn {
  readonly name: string;
  /** Input column; undefined: no input (count). */
  readonly fieldName: string | undefined;
  /** Makes room; new rows hold "nothing yet". */
  grow(rows: number): void;
  /** Folds a value into a row; null leaves it as it is. Answers what was wrong with the value. */
  fold(row: number, value: unknown): string | undefined;
  source(order: Uint32Array): SourceMetric;
  /** The values of the first `rows` rows as they are now; `mayChange`: later rows may be folded into them. */
  snapshot(rows: number, mayChange: boolean): ColumnSnapshot;
  readonly bytesPerRow: number;
}

export function metricColumn(spec: MetricSpec): MetricColumn {
  if (spec.type === 'count') return new CountColumn(spec.name);
  const { type, name, fieldName } = spec;
  return type.startsWith('long')
    ? new LongColumn(type, name, fieldName)
    : new DoubleColumn(type, name, fieldName);
}

/** What the segment's metadata says of a metric: how stored values are combined, in Druid's JSON. */
export function combiningJson(spec: MetricSpec): JsonValue {
  const type = spec.type === 'count' ? 'longSum' : spec.type;
  return { type, name: spec.name, fieldName: spec.name };
}

/** How stored values of a metric become one. */
export function combineOf(spec: MetricSpec): Combine {
  if (spec.type === 'count' || spec.type.endsWith('Sum')) return { type: 'sum' };
  return { type: spec.type.endsWith('Min') ? 'min' : 'max' };
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
    for (let i = 0; i < order.length; i++) values[i] = BigInt(this.#counts[order[i]!]!);
    return { kind: 'long', name: this.name, values };
  }
}

/** 64-bit values as two words; sums wrap around as Java's do. */
class LongColumn implements MetricColumn {
  readonly name: string;
  readonly fieldName: string;
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
    const nulls = nullBits(order, (row) => this.#present[row] === 0);
    return { kind: 'long', name: this.name, values, ...(nulls && { nulls }) };
  }
}

/** Doubles, and floats with every step rounded to 32 bits. */
class DoubleColumn implements MetricColumn {
  readonly name: string;
  readonly fieldName: string;
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
    const nulls = nullBits(order, (row) => this.#present[row] === 0);
    const pick = (row: number): number => this.#values[row]!;
    const { name } = this;
    return this.#isFloat
      ? { kind: 'float', name, values: Float32Array.from(order, pick), ...(nulls && { nulls }) }
      : { kind: 'double', name, values: Float64Array.from(order, pick), ...(nulls && { nulls }) };
  }
}
