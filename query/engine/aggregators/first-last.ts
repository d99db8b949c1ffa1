/** first, last and any of longs, doubles, floats and strings; doubleMean. The state is a time (or count) and a value. */
import { CodedError } from '../../../proto/errors.js';
import { exactJsonText } from '../../../segment/format/json.js';
import { choppedText, timedTime, timedTypeName, timedValue } from '../../../segment/format/timed-values.js';
import type { Aggregator } from '../../native/model.js';
import type { Environment } from '../environment.js';
import type { AggregatorType } from './accumulator.js';
import { ObjectAccumulator } from './object-accumulator.js';
import { asDouble, asLong, bestEffort, elementsOf } from '../../expression/value.js';
import { floatJson } from '../../json/java-number.js';
import { cellReader } from '../columns/cells.js';
import { DerivedSegment } from '../columns/derived-segment.js';
import { parseDouble, parseLong } from '../numbers.js';
import { numberOf } from './input.js';
import {
  converter,
  type ScalarKind,
  type ScalarReader,
  scalarReader,
  storedSingles,
} from './scalar-reader.js';
import { encodePair, pairHead, pairValue, type StateValue } from './state-bytes.js';

type FirstLast = Extract<Aggregator, { timeColumn: string }>;
type Any = Extract<Aggregator, { aggregateMultipleValues: boolean }>;

const complexType = 'partial';
const cellTypes = { long: 'LONG', double: 'DOUBLE', float: 'FLOAT', string: 'STRING' } as const;

function kindOf(type: string): ScalarKind {
  const kind = (['long', 'double', 'float', 'string'] as const).find((each) => type.startsWith(each));
  if (kind === undefined) throw new CodedError('Bug', `aggregator[${type}] has no kind`);
  return kind;
}

/** Longer texts are cut. */
function cut(value: StateValue, most: number): StateValue {
  return typeof value === 'string' ? choppedText(value, most) : value;
}

interface Timed {
  time: bigint | undefined;
  value: StateValue;
}

function firstLastSpec(spec: Aggregator): FirstLast {
  if (!('timeColumn' in spec)) throw new CodedError('Bug', `aggregator[${spec.type}] has no timeColumn`);
  return spec;
}

function anySpec(spec: Aggregator): Any {
  if (!('aggregateMultipleValues' in spec))
    throw new CodedError('Bug', `aggregator[${spec.type}] is not any`);
  return spec;
}

/** The times and values of rows. */
interface TimedInput {
  open(start: number): void;
  time(row: number): bigint | null;
  value(row: number): StateValue;
}

/**
 * Numbers of a stored column of texts, as Druid has them: a vector has the number a text reads as exactly, and for `any`
 * null; rows that are looked at one by one have zero, or what the text of an expression reads as. Undefined: another column, or no query over segments.
 */
function textNumbers(
  { type, fieldName }: FirstLast | Any,
  environment: Environment,
): ScalarReader | undefined {
  const { segment, byVector, wholeIntervals } = environment;
  const column = segment.column(fieldName);
  const kind = kindOf(type);
  if (kind === 'string' || column?.kind !== 'string' || byVector === undefined || wholeIntervals === true)
    return undefined;
  const always = (value: StateValue): ScalarReader => ({ open: () => {}, at: () => value });
  if (!byVector) {
    if (segment instanceof DerivedSegment && segment.isCalculated(fieldName))
      return calculated(environment, fieldName, kind);
    return always(kind === 'long' ? 0n : 0);
  }
  if (type.endsWith('Any')) return always(null);
  const texts = scalarReader(environment, fieldName, 'string');
  const number = (text: string): StateValue => {
    if (kind === 'long') return parseLong(text) ?? null;
    const value = parseDouble(text) ?? null;
    return value === null || kind === 'double' ? value : Math.fround(value);
  };
  return {
    open: (start) => texts.open(start),
    at(row) {
      const text = texts.at(row);
      return typeof text === 'string' ? number(text) : null;
    },
  };
}

/** Numbers that the texts of an expression read as. */
function calculated(
  environment: Environment,
  field: string,
  kind: 'long' | 'double' | 'float',
): ScalarReader {
  const reader = cellReader(environment, environment.segment.column(field));
  return {
    open: (start) => reader.open(start),
    at(row) {
      const value = reader.at(row);
      if (kind === 'long') return asLong(value);
      const number = asDouble(value);
      return number === null || kind === 'double' ? number : Math.fround(number);
    },
  };
}

/** Numbers that stand alone in a stored column of documents or arrays. Undefined: see {@link storedSingles}. */
function singleNumbers({ type, fieldName }: FirstLast, environment: Environment): ScalarReader | undefined {
  const kind = kindOf(type);
  const singles = kind === 'string' ? undefined : storedSingles(environment, fieldName, parseFailure);
  if (singles === undefined) return undefined;
  const read = converter(kind, false);
  return { open: (start) => singles.open(start), at: (row) => read(bestEffort(singles.at(row))) };
}

function timedInput(spec: FirstLast, environment: Environment): TimedInput {
  const times = scalarReader(environment, spec.timeColumn, 'long');
  const values =
    textNumbers(spec, environment) ??
    singleNumbers(spec, environment) ??
    scalarReader(environment, spec.fieldName, kindOf(spec.type));
  return {
    open(start) {
      times.open(start);
      values.open(start);
    },
    time(row) {
      const time = times.at(row);
      return typeof time === 'bigint' ? time : null;
    },
    value: (row) => values.at(row),
  };
}

/** Of a column that the same aggregator made while ingesting; undefined: the column holds something else. */
function storedPairs(spec: FirstLast, environment: Environment): TimedInput | undefined {
  const column = environment.segment.column(spec.fieldName);
  const kind = kindOf(spec.type);
  if (column?.kind !== 'complex' || column.typeName !== timedTypeName(kind)) return undefined;
  let from = 0;
  return {
    open: (start) => void (from = start),
    time(row) {
      const bytes = column.bytes(from + row);
      return bytes === null ? null : timedTime(bytes);
    },
    value(row) {
      const bytes = column.bytes(from + row);
      return bytes === null ? null : timedValue(kind, bytes);
    },
  };
}

const finish = (spec: Aggregator): ReturnType<NonNullable<AggregatorType['finish']>> => ({
  type: cellTypes[kindOf(spec.type)],
  value: (bytes) => (bytes === null ? null : pairValue(bytes)),
});

export const firstLastAggregator: AggregatorType = {
  create(given, context) {
    const spec = firstLastSpec(given);
    const { environment } = context;
    const isFirst = spec.type.endsWith('First');
    const { isBackwards = false } = environment;
    const isBehind = (best: bigint | undefined, time: bigint): boolean =>
      best !== undefined && (isFirst ? time > best : time < best);
    const input = storedPairs(spec, environment) ?? timedInput(spec, environment);
    // Where there is no such column nothing is first or last, not even null; vectors of numbers are full of nulls then.
    const isMissing =
      environment.segment.column(spec.fieldName) === undefined &&
      (environment.byVector !== true || kindOf(spec.type) === 'string');
    return new ObjectAccumulator<Timed>(spec.name, complexType, environment, {
      start: () => ({ time: undefined, value: null }),
      open: (start) => input.open(start),
      add(state, row) {
        if (isMissing) return state;
        const time = input.time(row);
        if (time === null) return state;
        if (state.time === time ? isFirst !== isBackwards : isBehind(state.time, time)) return state;
        state.time = time;
        state.value = cut(input.value(row), spec.maxStringBytes);
        return state;
      },
      encode({ time, value }) {
        if (time !== undefined) return encodePair(time, value);
        return environment.byVector === false && kindOf(spec.type) !== 'string' ? unset(isFirst) : null;
      },
    });
  },
  combine: () => 'objects',
  resultType: () => 'COMPLEX',
  merge(spec) {
    const isFirst = spec.type.endsWith('First');
    return (a, b) => {
      const order = pairHead(b) - pairHead(a);
      return (isFirst ? order < 0n : order >= 0n) ? b : a;
    };
  },
  finish: (spec) => ({ ...finish(spec), rawJson: (bytes) => pairJson(spec, bytes) }),
};

/** The times that last and first start with. */
const beforeAll = -(2n ** 62n);
const afterAll = 2n ** 62n - 1n;

/** Numbers that are looked for row by row start further out. */
const unset = (isFirst: boolean): Uint8Array => encodePair(isFirst ? 2n ** 63n - 1n : -(2n ** 63n), null);

function pairJson({ type }: Aggregator, bytes: Uint8Array | null): string {
  const time = bytes === null ? (type.endsWith('First') ? afterAll : beforeAll) : pairHead(bytes);
  const value = bytes === null ? null : pairValue(bytes);
  const isFloat = type.startsWith('float') && typeof value === 'number';
  return `{"lhs":${time},"rhs":${isFloat ? floatJson(value) : exactJsonText(value)}}`;
}

interface Found {
  /** Of several parts the one with the lowest has the say. */
  rank: bigint | undefined;
  value: StateValue;
}

/**
 * When rows are, so that whoever is first among the parts of a query does not depend on who is done first; zero for all
 * rows where there are no times. Blocks are opened only where a row is asked for.
 */
function ranks(environment: Environment): { open(start: number): void; at(row: number): bigint } {
  const { wholeIntervals, isBackwards, segment } = environment;
  if (wholeIntervals === true || segment.column('__time')?.kind !== 'long')
    return { open: () => undefined, at: () => 0n };
  const times = scalarReader(environment, '__time', 'long');
  let start = 0;
  let opened = -1;
  return {
    open: (from) => void (start = from),
    at(row) {
      if (opened !== start) times.open((opened = start));
      const time = BigInt(times.at(row) ?? 0);
      return isBackwards === true ? -time : time;
    },
  };
}

/** Any value, null too: here the first one seen (of rows read backwards: the last), of several parts the earliest's. */
export const anyAggregator: AggregatorType = {
  create(given, context) {
    const spec = anySpec(given);
    const { environment } = context;
    const values =
      textNumbers(spec, environment) ??
      scalarReader(environment, spec.fieldName, kindOf(spec.type), !spec.aggregateMultipleValues);
    const rank = ranks(environment);
    return new ObjectAccumulator<Found>(spec.name, complexType, environment, {
      start: () => ({ rank: undefined, value: null }),
      open(start) {
        values.open(start);
        rank.open(start);
      },
      add(state, row) {
        if (state.rank !== undefined && environment.isBackwards !== true) return state;
        state.rank = rank.at(row);
        state.value = cut(values.at(row), spec.maxStringBytes);
        return state;
      },
      encode: (state) => (state.rank === undefined ? null : encodePair(state.rank, state.value)),
    });
  },
  combine: () => 'objects',
  resultType: () => 'COMPLEX',
  merge: () => (a, b) => (pairHead(b) < pairHead(a) ? b : a),
  finish,
};

interface Mean {
  count: bigint;
  sum: number;
}

/** Druid's names for a value that is no number. */
const parseFailure = 'org.apache.druid.java.util.common.parsers.ParseException';
const badArgument = 'org.apache.druid.java.util.common.IAE';

function meanOf(value: unknown): number {
  return typeof value === 'string' ? Number(numberOf(value, 'double', 'sum')) : Number(value);
}

export const meanAggregator: AggregatorType = {
  create(spec, context) {
    if (spec.type !== 'doubleMean') throw new CodedError('Bug', `aggregator[${spec.type}] is no mean`);
    const { environment } = context;
    const singles = storedSingles(environment, spec.fieldName, badArgument);
    const reader =
      singles === undefined
        ? cellReader(environment, environment.segment.column(spec.fieldName))
        : { open: (start: number) => singles.open(start), at: (row: number) => bestEffort(singles.at(row)) };
    // Text that is no number counts as zero, and so does a null among several values.
    const add = (state: Mean, value: number): void => {
      state.count++;
      state.sum += value;
    };
    return new ObjectAccumulator<Mean>(spec.name, complexType, environment, {
      start: () => ({ count: 0n, sum: 0 }),
      open: (start) => reader.open(start),
      add(state, row) {
        const cell = reader.at(row);
        const elements = elementsOf(cell);
        if (elements === undefined) {
          if (cell.value !== null) add(state, meanOf(cell.value));
        } else if (elements.length > 1 || (elements.length === 1 && elements[0] !== null)) {
          for (const each of elements) add(state, each === null ? 0 : meanOf(each));
        }
        return state;
      },
      encode: ({ count, sum }) => encodePair(count, sum),
    });
  },
  combine: () => 'objects',
  resultType: () => 'COMPLEX',
  merge: () => (a, b) => encodePair(pairHead(a) + pairHead(b), Number(pairValue(a)) + Number(pairValue(b))),
  finish: () => ({
    type: 'DOUBLE',
    value(bytes) {
      if (bytes === null) return 0;
      const count = pairHead(bytes);
      return count === 0n ? 0 : Number(pairValue(bytes)) / Number(count);
    },
    // The sum and the count.
    rawJson(bytes) {
      const raw = Buffer.alloc(16);
      if (bytes !== null) {
        raw.writeDoubleBE(Number(pairValue(bytes)), 0);
        raw.writeBigInt64BE(pairHead(bytes), 8);
      }
      return `"${raw.toString('base64')}"`;
    },
  }),
};
