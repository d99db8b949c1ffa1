/** Metrics whose state is more than a sum: first and last by a time, any, computed inputs, folds by an expression. */
import { CodedError } from '../../proto/errors.js';
import { columnsOf } from '../../query/expression/ast.js';
import { expression, type ExpressionContext } from '../../query/expression/expression.js';
import { asDouble, asLong, double, long, nullValue, type Value } from '../../query/expression/value.js';
import {
  choppedText,
  encodeTimed,
  timedTypeName,
  type TimedKind,
  type TimedScalar,
} from '../../segment/format/timed-values.js';
import type { Combine } from '../../segment/write/merge.js';
import type { SourceMetric } from '../../segment/write/source.js';
import type { InputRow } from '../formats/row-reader.js';
import { foldKind } from '../spec/metrics.js';
import type { FirstLastMetric, FoldMetric } from '../spec/model.js';
import { StoredPair } from '../stored-pair.js';
import { expressionValue, fieldValue } from '../transform/row-value.js';
import { ValueError, metricNumber, numberToLong, scalarText } from '../values.js';
import type { ColumnSnapshot } from './column-snapshot.js';
import { highWord, lowWord, nullBits } from './words.js';
import type { MetricColumn, MetricInput } from './metric-columns.js';

const TIME_COLUMN = '__time';
const LONG_MAX = 2n ** 63n - 1n;

export function timedKind(type: string): TimedKind {
  const kind = (['long', 'double', 'float', 'string'] as const).find((each) => type.startsWith(each));
  if (kind === undefined) throw new CodedError('Bug', `metric of type[${type}] has no kind`);
  return kind;
}

/** The time of rows that none was folded into, by which they lose against any other: Druid's. */
function startTime(kind: TimedKind, isFirst: boolean): bigint {
  if (kind === 'string') return isFirst ? LONG_MAX / 2n : -(LONG_MAX / 2n) - 1n;
  return isFirst ? LONG_MAX : -LONG_MAX - 1n;
}

/** The value at the smallest or largest time. */
export class TimedColumn implements MetricColumn {
  readonly name: string;
  readonly fieldName: string;
  readonly bytesPerRow: number;
  extraBytes = 0;
  readonly #kind: TimedKind;
  readonly #isFirst: boolean;
  readonly #timeColumn: string;
  readonly #bytesMax: number;
  readonly #start: bigint;
  readonly #times: (number | bigint | undefined)[] = [];
  readonly #values: TimedScalar[] = [];

  constructor(spec: FirstLastMetric) {
    this.name = spec.name;
    this.fieldName = spec.fieldName;
    this.#kind = timedKind(spec.type);
    this.#isFirst = spec.type.endsWith('First');
    this.#timeColumn = spec.timeColumn;
    this.#bytesMax = spec.maxStringBytes;
    this.#start = startTime(this.#kind, this.#isFirst);
    this.bytesPerRow = this.#kind === 'string' ? 100 : 32;
  }

  grow(): void {
    // Rows are made when they are first folded into.
  }

  fold(row: number, value: unknown, input: MetricInput): string | undefined {
    if (value instanceof StoredPair) {
      const converted = this.#convert(value.rhs, input.row);
      if (converted instanceof ValueError) return converted.reason;
      this.#offer(row, value.lhs, converted);
      return undefined;
    }
    // As in Druid: a text that is null is no row at all, a number that is null is a value.
    if (this.#kind === 'string' && (value === null || value === undefined)) return undefined;
    const time = this.#timeOf(input);
    if (time instanceof ValueError) return time.reason;
    if (time === null) return undefined;
    const converted = this.#convert(value, input.row);
    this.#offer(row, time, converted instanceof ValueError ? null : converted);
    return converted instanceof ValueError ? converted.reason : undefined;
  }

  #timeOf({ row, timeMs }: MetricInput): number | bigint | null | ValueError {
    if (this.#timeColumn === TIME_COLUMN) return timeMs;
    const given = Object.hasOwn(row.fields, this.#timeColumn) ? row.fields[this.#timeColumn] : null;
    const time = metricNumber(given, this.#timeColumn);
    return typeof time === 'number' ? numberToLong(time) : time;
  }

  #convert(value: unknown, row: InputRow): TimedScalar | ValueError {
    if (value === null || value === undefined) return null;
    if (this.#kind === 'string') {
      return choppedText(row.doubleText(this.fieldName) ?? scalarText(value), this.#bytesMax);
    }
    const number = metricNumber(value, this.fieldName);
    if (number === null || number instanceof ValueError) return number;
    if (this.#kind === 'double') return Number(number);
    if (this.#kind === 'float') return Math.fround(Number(number));
    return BigInt.asIntN(64, BigInt(typeof number === 'number' ? numberToLong(number) : number));
  }

  #offer(row: number, time: number | bigint, value: TimedScalar): void {
    const before = this.#times[row] ?? this.#start;
    if (this.#isFirst ? time >= before : time < before) return;
    this.#times[row] = time;
    this.extraBytes += textBytes(value) - textBytes(this.#values[row]);
    this.#values[row] = value;
  }

  #bytes(row: number): Uint8Array {
    return encodeTimed(this.#kind, BigInt(this.#times[row] ?? this.#start), this.#values[row] ?? null);
  }

  snapshot(rows: number, mayChange: boolean): ColumnSnapshot {
    const stored = mayChange ? Array.from({ length: rows }, (_, row) => this.#bytes(row)) : undefined;
    const typeName = timedTypeName(this.#kind);
    return { kind: 'bytes', typeName, bytes: (row) => stored?.[row] ?? this.#bytes(row) };
  }

  source(order: Uint32Array): SourceMetric {
    const values = Array.from(order, (row) => this.#bytes(row));
    return { kind: 'complex', name: this.name, typeName: timedTypeName(this.#kind), values };
  }
}

function textBytes(value: TimedScalar | undefined): number {
  return typeof value === 'string' ? value.length * 2 : 0;
}

/** Another column behind something that decides what reaches it. */
class OuterColumn implements MetricColumn {
  readonly name: string;
  readonly fieldName: string | undefined;
  readonly bytesPerRow: number;
  protected readonly inner: MetricColumn;

  constructor(inner: MetricColumn, fieldName: string | undefined) {
    this.inner = inner;
    this.name = inner.name;
    this.fieldName = fieldName;
    this.bytesPerRow = inner.bytesPerRow;
  }

  grow(rows: number): void {
    this.inner.grow(rows);
  }

  fold(row: number, value: unknown, input: MetricInput): string | undefined {
    return this.inner.fold(row, value, input);
  }

  snapshot(rows: number, mayChange: boolean): ColumnSnapshot {
    return this.inner.snapshot(rows, mayChange);
  }

  source(order: Uint32Array): SourceMetric {
    return this.inner.source(order);
  }
}

/** Only the first value of a row counts, null included. `inner` takes any value as its first. */
export class AnyColumn extends OuterColumn {
  #found = new Uint8Array(0);

  constructor(inner: MetricColumn) {
    super(inner, inner.fieldName);
  }

  override grow(rows: number): void {
    super.grow(rows);
    const found = new Uint8Array(rows);
    found.set(this.#found);
    this.#found = found;
  }

  override fold(row: number, value: unknown, input: MetricInput): string | undefined {
    if (this.#found[row] === 1) return undefined;
    this.#found[row] = 1;
    return super.fold(row, value, input);
  }
}

const rowReader =
  ({ row, timeMs }: MetricInput): ((name: string) => Value) =>
  (name) =>
    name === TIME_COLUMN ? long(BigInt(timeMs)) : expressionValue(row, name);

/** The input of another column is what an expression makes of the row. */
export class ComputedColumn extends OuterColumn {
  readonly #evaluate;

  constructor(inner: MetricColumn, text: string, lookups: ExpressionContext) {
    super(inner, undefined);
    this.#evaluate = expression(text, lookups).evaluate;
  }

  override fold(row: number, _: unknown, input: MetricInput): string | undefined {
    try {
      return super.fold(row, fieldValue(this.#evaluate(rowReader(input))), input);
    } catch (thrown) {
      if (!(thrown instanceof CodedError)) throw thrown;
      return `could not compute column[${this.name}]: ${thrown.message}`;
    }
  }
}

const constant = (text: string): Value => expression(text).evaluate(() => nullValue);

/** A fold over the rows by an expression, whose state is a number. */
export class FoldColumn implements MetricColumn {
  readonly name: string;
  readonly fieldName = undefined;
  readonly bytesPerRow = 40;
  readonly #spec: FoldMetric;
  readonly #kind: 'long' | 'double';
  readonly #start: Value;
  readonly #evaluate;
  /** Input fields that the expression reads. */
  readonly #names: readonly string[];
  readonly #states: (Value | undefined)[] = [];

  constructor(spec: FoldMetric) {
    this.name = spec.name;
    this.#spec = spec;
    this.#kind = foldKind(spec) ?? 'double';
    this.#start = constant(spec.initialValue);
    const { node, evaluate } = expression(spec.fold);
    this.#evaluate = evaluate;
    this.#names = [...columnsOf(node)].filter((name) => name !== spec.accumulatorIdentifier);
  }

  grow(): void {
    // States are made when their row is first folded into.
  }

  fold(row: number, _: unknown, input: MetricInput): string | undefined {
    const { accumulatorIdentifier, fields, shouldAggregateNullInputs } = this.#spec;
    const field = rowReader(input);
    const state = this.#states[row] ?? this.#start;
    const read = (name: string): Value => {
      if (name === accumulatorIdentifier) return state;
      return fields.includes(name) ? field(name) : nullValue;
    };
    try {
      if (!shouldAggregateNullInputs && this.#names.some((name) => read(name).value === null))
        return undefined;
      this.#states[row] = this.#evaluate(read);
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof CodedError)) throw thrown;
      return `could not fold column[${this.name}]: ${thrown.message}`;
    }
  }

  #value(row: number): bigint | number | null {
    const state = this.#states[row];
    if (state === undefined && this.#spec.isNullUnlessAggregated) return null;
    return this.#kind === 'long' ? asLong(state ?? this.#start) : asDouble(state ?? this.#start);
  }

  snapshot(rows: number): ColumnSnapshot {
    const values = Array.from({ length: rows }, (_, row) => this.#value(row));
    const isLong = this.#kind === 'long';
    return {
      kind: this.#kind,
      fill(start, count, out) {
        const doubles = isLong ? undefined : new Float64Array(out.buffer, out.byteOffset, count);
        for (let i = 0; i < count; i++) {
          const value = values[start + i] ?? 0;
          if (doubles !== undefined) doubles[i] = Number(value);
          else {
            out[2 * i] = lowWord(value);
            out[2 * i + 1] = highWord(value);
          }
        }
      },
      isNull: (row) => values[row] === null,
    };
  }

  source(order: Uint32Array): SourceMetric {
    const nulls = nullBits(Uint8Array.from(order, (row) => (this.#value(row) === null ? 0 : 1)));
    const common = { name: this.name, ...(nulls && { nulls }) };
    if (this.#kind === 'double') {
      return {
        kind: 'double',
        values: Float64Array.from(order, (row) => Number(this.#value(row) ?? 0)),
        ...common,
      };
    }
    const values = new BigInt64Array(order.length);
    for (let i = 0; i < order.length; i++) values[i] = BigInt(this.#value(order[i]!) ?? 0);
    return { kind: 'long', values, ...common };
  }
}

/** Two states to one: both are folded into a fresh one. */
export function foldCombine(spec: FoldMetric): Combine {
  const { evaluate } = expression(spec.combine);
  const start = constant(spec.initialCombineValue);
  const isLong = foldKind(spec) === 'long';
  const join = (left: Value, right: bigint | number): Value =>
    evaluate((name) => {
      if (name === spec.accumulatorIdentifier) return left;
      if (name !== spec.name) return nullValue;
      return typeof right === 'bigint' ? long(right) : double(right);
    });
  return {
    type: 'numbers',
    merge(a, b) {
      const value = join(join(start, a), b);
      return (isLong ? asLong(value) : asDouble(value)) ?? a;
    },
  };
}
