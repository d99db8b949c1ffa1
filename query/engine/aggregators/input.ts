/**
 * The values an aggregator reads, in the type it computes with: numeric columns as they are or converted a batch at a
 * time, strings read as numbers through a table over the dictionary, missing columns as null.
 */
import { CodedError } from '../../../proto/errors.js';
import { hasJson } from '../../../segment/read/rows.js';
import {
  BATCH_ROWS,
  type ColumnView,
  type ComplexColumnView,
  type NarrowBatch,
  type NumericColumnView,
  type StringColumnView,
} from '../../../segment/read/view.js';
import { singleValues } from '../columns/cells.js';
import { ComputedNumbers, wantedTest } from '../columns/computed-views.js';
import { DerivedSegment } from '../columns/derived-segment.js';
import { expressionColumn } from '../columns/expression-column.js';
import { wordsOf, type Environment } from '../environment.js';
import { doubleToLong } from '../../json/java-number.js';
import { longLimits, parseDouble, parseLong } from '../numbers.js';

export type NumericKind = 'long' | 'double' | 'float';

export interface BlockValues {
  /** Address of the values of the rows of a block; valid until the next call. */
  values(start: number, rows: number): number;
  /** The same longs or doubles where they are kept in fewer bytes, and how; absent: they never are. */
  readonly narrow?: ((start: number) => NarrowBatch | undefined) | undefined;
  /** Address of a bitset over all rows, valid for the rows of the last `values` call; 0 = no nulls. */
  readonly nullBits: number;
  /** The values of null rows are 0. */
  readonly areNullsZero: boolean;
}

export interface NumericInput extends BlockValues {
  /** Of doubles: none of the block's is NaN or minus zero. */
  isPlain(start: number, rows: number): boolean;
}

/** What an aggregator does with its numbers; text that is no number counts as the start of that. */
export type NumericOp = 'sum' | 'min' | 'max';

/** With an expression its values, else those of the field. */
export type InputCache = (
  field: string,
  kind: NumericKind,
  op: NumericOp,
  expression?: string,
) => NumericInput | undefined;

/** Where a sum, minimum or maximum starts. */
export function startOf(kind: NumericKind, op: NumericOp): number | bigint {
  if (op === 'sum') return kind === 'long' ? 0n : 0;
  if (kind === 'long') return op === 'min' ? longLimits.max : longLimits.min;
  return op === 'min' ? Infinity : -Infinity;
}

/** Aggregators of one field and type share one input. Undefined = every row is null. */
export function inputCache(environment: Environment): InputCache {
  const made = new Map<string, NumericInput | undefined>();
  return (field, kind, op, expression) => {
    const column =
      expression === undefined
        ? numbersOf(environment, field)
        : expressionColumn(environment, expression, kind.toUpperCase());
    const start = column?.kind === 'string' ? op : '';
    const key = JSON.stringify([kind, field, expression, start]);
    if (!made.has(key)) {
      made.set(key, createInput(environment, column, field, kind, op));
    }
    return made.get(key);
  };
}

function numbersOf({ segment }: Environment, field: string): ColumnView | undefined {
  return segment instanceof DerivedSegment ? segment.numbers(field) : segment.column(field);
}

function createInput(
  environment: Environment,
  column: ColumnView | undefined,
  field: string,
  kind: NumericKind,
  op: NumericOp,
): NumericInput | undefined {
  if (column === undefined) return undefined;
  if (column.kind === 'complex') {
    if (column.isMixed === true)
      return once(environment, numericInput(environment, singleNumbers(environment, column, kind), kind));
    // An array is no number, and none is asked for.
    if (column.typeName.startsWith('ARRAY<') || isAllNull(environment, column)) return undefined;
    throw new CodedError(
      'QueryFailed',
      `fieldName[${field}] is a column of type[${column.typeName}], not a number`,
      { errorClass: 'org.apache.druid.java.util.common.IAE' },
    );
  }
  if (column.kind === 'string') return once(environment, new StringInput(environment, column, kind, op));
  return once(environment, numericInput(environment, column, kind));
}

/** Numbers, and texts that read as such, which stand alone among arrays. A long is a whole number to the letter, else 0. */
function singleNumbers(
  environment: Environment,
  column: ComplexColumnView,
  kind: NumericKind,
): NumericColumnView {
  const reader = singleValues(column);
  const ofText = (text: string): bigint | number | null => {
    const number = parseDouble(text);
    if (number === undefined) return null;
    return kind === 'long' ? (parseLong(text) ?? 0n) : number;
  };
  return new ComputedNumbers(environment, kind, {
    open: (start) => reader.open(start),
    at(row) {
      const value = reader.at(row);
      if (value === null || typeof value === 'object') return null;
      if (typeof value === 'string') return ofText(value);
      const number = typeof value === 'boolean' ? BigInt(value) : value;
      if (kind !== 'long') return Number(number);
      return typeof number === 'bigint' ? number : doubleToLong(number);
    },
  });
}

/** No wanted row has a value. */
function isAllNull(environment: Environment, column: ComplexColumnView): boolean {
  const isWanted = wantedTest(environment);
  for (let row = 0; row < environment.segment.rowCount; row++) {
    if (row % BATCH_ROWS === 0) environment.check();
    if (isWanted(row) && column.bytes(row) !== null) return false;
  }
  return true;
}

/** Several aggregators ask for the same block one after the other. */
export function once({ kernels }: Environment, input: BlockValues): NumericInput {
  let lastStart = -1;
  let lastValues = 0;
  let plainStart = -1;
  let isPlain = false;
  const values = (start: number, rows: number): number => {
    if (start !== lastStart) {
      lastValues = input.values(start, rows);
      lastStart = start;
    }
    return lastValues;
  };
  let narrowStart = -1;
  let lastNarrow: NarrowBatch | undefined;
  const narrow = (start: number): NarrowBatch | undefined => {
    if (start !== narrowStart) lastNarrow = input.narrow?.(start);
    narrowStart = start;
    return lastNarrow;
  };
  return {
    nullBits: input.nullBits,
    areNullsZero: input.areNullsZero,
    values,
    narrow: input.narrow && narrow,
    isPlain(start, rows) {
      if (start === plainStart) return isPlain;
      const few = input.narrow && narrow(start);
      isPlain =
        (few ? kernels.isPlainF64(few.base, few.size) : kernels.isPlainF64(values(start, rows), rows)) === 1;
      plainStart = start;
      return isPlain;
    },
  };
}

function numericInput(environment: Environment, column: NumericColumnView, kind: NumericKind): BlockValues {
  const nullBits = column.hasNulls ? column.nullBits() : 0;
  const areNullsZero = column.nullsAreZero === true;
  if (column.kind === kind) {
    // Floats have no kernels of that kind.
    const narrow = kind === 'float' ? undefined : column.narrow;
    return { nullBits, areNullsZero, values: (start) => column.batch(start), narrow };
  }
  const { kernels, scratch } = environment;
  const converters = {
    'long double': kernels.convertI64ToF64,
    'long float': kernels.convertI64ToF32,
    'double long': kernels.convertF64ToI64,
    'double float': kernels.convertF64ToF32,
    'float double': kernels.convertF32ToF64,
    'float long': kernels.convertF32ToI64,
  };
  const convert = converters[`${column.kind} ${kind}` as keyof typeof converters];
  const out = scratch.take(BATCH_ROWS * 8);
  return {
    nullBits,
    areNullsZero,
    values(start, rows) {
      convert(column.batch(start), rows, out);
      return out;
    },
  };
}

/**
 * Text that is no number is what the aggregator starts from, as in Druid: no sum, but no null either. In rows whose
 * types nobody tells it is null.
 */
class StringInput implements BlockValues {
  readonly nullBits: number;
  readonly areNullsZero: boolean;
  readonly #environment: Environment;
  readonly #column: StringColumnView;
  readonly #kind: NumericKind;
  readonly #table: number;
  readonly #op: NumericOp;
  readonly #isNull: number;
  readonly #ids: number;
  readonly #out: number;

  constructor(environment: Environment, column: StringColumnView, kind: NumericKind, op: NumericOp) {
    if (column.hasMultipleValues) {
      throw new CodedError(
        'Unsupported',
        'numeric aggregation of a column with several values in a row is not supported',
      );
    }
    const { scratch } = environment;
    this.#environment = environment;
    this.#column = column;
    this.#kind = kind;
    this.#op = op;
    this.areNullsZero = op === 'sum';
    this.#table = scratch.take(column.cardinality * 8 + 8);
    this.#isNull = scratch.take(column.cardinality + 1);
    this.#ids = scratch.take(BATCH_ROWS * 4);
    this.#out = scratch.take(BATCH_ROWS * 8);
    this.nullBits = scratch.takeZeroed(wordsOf(environment.segment.rowCount) * 8);
    this.#fillTable();
  }

  values(start: number, rows: number): number {
    const { kernels } = this.#environment;
    kernels.idsWiden(this.#column.batch(start), this.#column.idWidth, rows, this.#ids);
    kernels.lookupBits(this.#ids, rows, this.#isNull, this.nullBits + start / 8);
    if (this.#kind === 'float') kernels.gather32(this.#table, this.#ids, rows, this.#out);
    else kernels.gather64(this.#table, this.#ids, rows, this.#out);
    return this.#out;
  }

  #fillTable(): void {
    const { arena } = this.#environment.scratch;
    const { cardinality } = this.#column;
    const isNull = arena.bytes(this.#isNull, cardinality);
    const isUntyped = this.#column.isRowWise === true && hasJson(this.#column);
    const longs = arena.i64(this.#table, cardinality);
    const doubles = arena.f64(this.#table, cardinality);
    const floats = arena.f32(this.#table, cardinality);
    for (let id = 0; id < cardinality; id++) {
      const text = this.#column.value(id);
      isNull[id] = text === null || (isUntyped && parseDouble(text) === undefined) ? 1 : 0;
      const number = text === null ? startOf(this.#kind, this.#op) : numberOf(text, this.#kind, this.#op);
      if (this.#kind === 'long') longs[id] = BigInt(number);
      else (this.#kind === 'double' ? doubles : floats)[id] = Number(number);
    }
  }
}

/** A text as a number, or the start of the aggregation when it is none. */
export function numberOf(text: string, kind: NumericKind, op: NumericOp): number | bigint {
  const double = parseDouble(text);
  if (double === undefined) return startOf(kind, op);
  return kind === 'long' ? (parseLong(text) ?? doubleToLong(double)) : double;
}
