/** expression: a fold over rows by one expression, a combination of parts by another. The state is a typed value. */
import { CodedError } from '../../../proto/errors.js';
import { exactJsonText } from '../../../segment/format/json.js';
import { castTo } from '../../expression/cast.js';
import { columnsOf } from '../../expression/ast.js';
import { expression } from '../../expression/expression.js';
import { valueOrder } from '../../expression/value-order.js';
import {
  asLong,
  asString,
  elementsOf,
  type ExprType,
  isComplex,
  nullValue,
  type Value,
} from '../../expression/value.js';
import { parseJson } from '../../json/parse.js';
import type { Aggregator } from '../../native/model.js';
import { cellReader } from '../columns/cells.js';
import { expressionType } from '../columns/expression-type.js';
import type { AggregatorType } from './accumulator.js';
import { ObjectAccumulator } from './object-accumulator.js';

type Fold = Extract<Aggregator, { type: 'expression' }>;

interface State {
  value: Value;
  /** Some row or part was taken in. */
  isFilled: boolean;
}

const complexType = 'partial';
const decoder = new TextDecoder();

function foldSpec(spec: Aggregator): Fold {
  if (spec.type !== 'expression') throw new CodedError('Bug', `aggregator[${spec.type}] is no expression`);
  return spec;
}

const constant = (text: string): Value => expression(text).evaluate(() => nullValue);

function encode(spec: Fold, { value, isFilled }: State): Uint8Array {
  const bytes = Buffer.from(exactJsonText([value.type, isFilled ? 1n : 0n, value.value]), 'utf8');
  if (bytes.length > spec.maxSizeBytes + 64) {
    throw new CodedError(
      'LimitExceeded',
      `aggregator[${spec.name}] grew beyond maxSizeBytes[${spec.maxSizeBytes}]`,
    );
  }
  return bytes;
}

/** Of a state, as Druid writes them: a byte that says whether there is a value, a length before texts and lists. */
function stateBytes(value: unknown): number {
  if (value === null || value === undefined) return 1;
  if (typeof value === 'bigint' || typeof value === 'number') return 9;
  if (typeof value === 'string') return 5 + Buffer.byteLength(value, 'utf8');
  if (Array.isArray(value)) return value.reduce((bytes: number, each) => bytes + stateBytes(each), 5);
  return 5 + Buffer.byteLength(exactJsonText(value), 'utf8');
}

/** With each row: a state must not grow beyond its room until all rows are seen. */
function checkSize({ maxSizeBytes }: Fold, { type, value }: Value): void {
  const bytes = stateBytes(value);
  if (bytes <= maxSizeBytes) return;
  throw new CodedError(
    'QueryFailed',
    `Exceeded memory usage when aggregating type [${type}], size [${bytes}] is larger than max [${maxSizeBytes}]`,
    { errorClass: 'org.apache.druid.java.util.common.ISE' },
  );
}

function decode(bytes: Uint8Array): State {
  const limits = { maxDepth: 500, allLongs: true };
  const [type, filled, value] = parseJson(decoder.decode(bytes), limits) as [string, bigint, Value['value']];
  return { value: { type, value }, isFilled: filled === 1n };
}

export const expressionAggregator: AggregatorType = {
  create(given, { environment, typedStates }) {
    const spec = foldSpec(given);
    const fold = expression(spec.fold, environment.lookups);
    const names = [...columnsOf(fold.node)].filter((name) => name !== spec.accumulatorIdentifier);
    const readers = new Map(
      names.map((name) => {
        const column = spec.fields.includes(name) ? environment.segment.column(name) : undefined;
        return [name, cellReader(environment, column)] as const;
      }),
    );
    const start = constant(spec.initialValue);
    return new ObjectAccumulator<State>(spec.name, complexType, environment, {
      start: () => ({ value: start, isFilled: false }),
      open: (from) => readers.forEach((reader) => reader.open(from)),
      add(state, row) {
        const read = (name: string): Value =>
          name === spec.accumulatorIdentifier ? state.value : (readers.get(name)?.at(row) ?? nullValue);
        if (!spec.shouldAggregateNullInputs && names.some((name) => read(name).value === null)) return state;
        const folded = fold.evaluate(read);
        const value = typedStates && start.value !== null ? castTo(folded, start.type) : folded;
        checkSize(spec, value);
        return { value, isFilled: true };
      },
      encode: (state) => encode(spec, state),
      untouched: () => encode(spec, { value: start, isFilled: false }),
    });
  },
  combine: () => 'objects',
  resultType: () => 'COMPLEX',
  merge(given) {
    const spec = foldSpec(given);
    const { evaluate } = expression(spec.combine);
    const { type } = constant(spec.initialCombineValue);
    // Both sides are read as the type that combining starts with: sums of doubles from longs lose their fractions here.
    const join = (left: Value, right: Value): Value =>
      evaluate((name) =>
        name === spec.accumulatorIdentifier ? left : name === spec.name ? right : nullValue,
      );
    const typed = ({ value }: State): Value =>
      isComplex(type) || (type === 'STRING' && elementsOf(value) !== undefined) ? value : castTo(value, type);
    // A part of rows that nothing was taken from is null as its answer would be; the expression sees that.
    const part = (bytes: Uint8Array): State => {
      const state = decode(bytes);
      return state.isFilled || !spec.isNullUnlessAggregated
        ? state
        : { ...state, value: { type, value: null } };
    };
    return (a, b) => {
      const left = part(a);
      const right = part(b);
      const isFilled = left.isFilled || right.isFilled;
      if (!spec.shouldCombineAggregateNullInputs) {
        if (left.value.value === null) return encode(spec, { value: right.value, isFilled });
        if (right.value.value === null) return encode(spec, { value: left.value, isFilled });
      }
      return encode(spec, { value: join(typed(left), typed(right)), isFilled: true });
    };
  },
  finish(given) {
    const spec = foldSpec(given);
    const finalize = spec.finalize === undefined ? undefined : expression(spec.finalize);
    const start = constant(spec.initialValue);
    const folded = (bytes: Uint8Array | null): Value => {
      const state = bytes === null ? { value: start, isFilled: false } : decode(bytes);
      return spec.isNullUnlessAggregated && !state.isFilled ? nullValue : state.value;
    };
    const finished = (bytes: Uint8Array | null): Value => {
      const value = folded(bytes);
      return finalize?.evaluate((name) => (name === 'o' ? value : nullValue)) ?? value;
    };
    const isPlain = (value: Value): boolean => elementsOf(value) === undefined && !isComplex(value.type);
    const { type } = constant(spec.initialCombineValue);
    const typeOf = (name: string): ExprType | undefined => (name === 'o' ? type : undefined);
    const declared = finalize === undefined ? type : (expressionType(finalize.node, typeOf) ?? type);
    const comparison = spec.compare === undefined ? undefined : expression(spec.compare);
    const compare = (a: Value, b: Value): number => {
      if (comparison === undefined) return valueOrder(a, b);
      const order = comparison.evaluate((name) => (name === 'o1' ? a : name === 'o2' ? b : nullValue));
      return Number(asLong(order) ?? 0n);
    };
    return {
      typed: { type: declared, value: finished, compare: (a, b) => compare(folded(a), folded(b)) },
      type: 'COMPLEX',
      value(bytes) {
        const found = finished(bytes);
        if (isPlain(found)) return found.value as bigint | number | string | null;
        return asString(found);
      },
      json: (bytes) => exactJsonText(finished(bytes).value),
      rawJson: (bytes) => exactJsonText(folded(bytes).value),
    };
  },
};
