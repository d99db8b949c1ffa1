/**
 * Grouping keys of one segment: each dimension gives a number per entry, and whoever has the numbers can say what
 * value they stand for. Strings use their dictionary ids, numbers are interned in a hash table, a missing column is
 * null throughout.
 */
import { CodedError } from '../../proto/errors.js';
import { exactJsonText } from '../../segment/format/json.js';
import {
  BATCH_ROWS,
  type ColumnView,
  type NumericColumnView,
  type StringColumnView,
} from '../../segment/read/view.js';
import { castTo } from '../expression/cast.js';
import type { FrameColumn } from '../frame.js';
import { packNulls } from '../merge/columns.js';
import { DictionaryBuilder } from '../merge/dictionary.js';
import type { DimensionSpec } from '../native/model.js';
import type { Batch } from './aggregators/accumulator.js';
import { cellReader, type CellReader } from './columns/cells.js';
import { dimensionColumn } from './columns/dimension-column.js';
import { documentTexts, objectTexts } from './columns/document-texts.js';
import type { Environment } from './environment.js';
import { gatherNumbers } from './gather-numbers.js';
import { HashTable } from './hash-table.js';
import { textColumn, valueColumn, type Value } from './value-column.js';

export interface KeyDimension {
  /** Numbers stay below this. */
  readonly radix: number;
  /** A row may have several values. */
  readonly multi: StringColumnView | undefined;
  /** The number of a row without any value in a multi-value column. */
  readonly nullNumber: number;
  /** Numbers ascend with the values they stand for, null first, and no two stand for the same. */
  readonly isOrdered: boolean;
  /**
   * Numbers (u32) of the entries (rows at `sel`, `count` of them). Answers their address: `out`, or where the column
   * has them already. Not for multi-value columns.
   */
  numbers(batch: Batch, sel: number, count: number, out: number): number;
  /** The values behind the numbers as a column of the result. */
  column(numbers: Uint32Array): FrameColumn;
  /** Forgets interned values; numbers handed out before mean nothing any more. */
  clear(): void;
}

export function keyDimension(environment: Environment, spec: DimensionSpec): KeyDimension {
  const column = dimensionColumn(environment, spec);
  if (spec.arrayOf !== undefined) return new ArrayKey(environment, spec, column);
  if (column === undefined) return new MissingKey(environment, spec);
  switch (column.kind) {
    case 'string':
      return new StringKey(environment, spec, column);
    case 'complex':
      if (column.typeName.startsWith('ARRAY<'))
        return new StringKey(environment, spec, objectTexts(environment, column, true));
      if (spec.steps === undefined) {
        const texts = documentTexts(environment, spec.dimension, column);
        if (texts !== undefined) return new StringKey(environment, spec, texts);
      }
      // Stored documents have no text, and neither has what is computed with on vectors.
      if (column.typeName === 'json' || environment.byVector === true)
        return new MissingKey(environment, spec);
      throw new CodedError(
        'QueryFailed',
        `dimension[${spec.dimension}] has type[${column.typeName}]: it can't be grouped by`,
      );
    default:
      return new NumericKey(environment, spec, column);
  }
}

/** Whole arrays or documents, interned by their JSON text; a scalar is an array of one element, and a document. */
class ArrayKey implements KeyDimension {
  readonly isOrdered = false;
  readonly radix = 2 ** 32;
  readonly multi = undefined;
  readonly nullNumber = 0;
  readonly #environment: Environment;
  readonly #spec: DimensionSpec;
  readonly #reader: CellReader;
  #texts: (string | null)[] = [];
  #numbers = new Map<string | null, number>();

  constructor(environment: Environment, spec: DimensionSpec, column: ColumnView | undefined) {
    this.#environment = environment;
    this.#spec = spec;
    this.#reader = cellReader(environment, column);
  }
  numbers(batch: Batch, sel: number, count: number, out: number): number {
    const { arena } = this.#environment.scratch;
    const rows = sel === 0 ? undefined : arena.u32(sel, count);
    const target = arena.u32(out, count);
    this.#reader.open(batch.start);
    for (let i = 0; i < count; i++) target[i] = this.#number(rows?.[i] ?? batch.from + i);
    return out;
  }
  column(numbers: Uint32Array): FrameColumn {
    const { outputName: name, arrayOf = 'STRING' } = this.#spec;
    const builder = new DictionaryBuilder();
    const entries = this.#texts.map((text) => (text === null ? 0 : builder.addText(text)));
    const values = Uint32Array.from(numbers, (number) => entries[number] ?? 0);
    const nulls = packNulls(Uint8Array.from(numbers, (number) => (this.#texts[number] === null ? 1 : 0)));
    const dictionary = builder.build();
    const complexType = arrayOf === 'json' ? arrayOf : `ARRAY<${arrayOf}>`;
    const base = { name, type: 'COMPLEX', complexType, values, dictionary } as const;
    return nulls === undefined ? base : { ...base, nulls };
  }
  clear(): void {
    this.#texts = [];
    this.#numbers = new Map();
  }
  #number(row: number): number {
    const found = this.#reader.at(row);
    const { arrayOf = 'STRING' } = this.#spec;
    const value = arrayOf === 'json' ? found : castTo(found, `ARRAY<${arrayOf}>`.replace('FLOAT', 'DOUBLE'));
    const text = value.value === null ? null : exactJsonText(value.value);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#texts.length;
      this.#texts.push(text);
      this.#numbers.set(text, number);
    }
    return number;
  }
}

class MissingKey implements KeyDimension {
  readonly isOrdered = true;
  readonly radix = 1;
  readonly multi = undefined;
  readonly nullNumber = 0;
  readonly #environment: Environment;
  readonly #spec: DimensionSpec;

  constructor(environment: Environment, spec: DimensionSpec) {
    this.#environment = environment;
    this.#spec = spec;
  }
  numbers(_batch: Batch, _sel: number, count: number, out: number): number {
    this.#environment.kernels.fill32(out, count, 0);
    return out;
  }
  column(numbers: Uint32Array): FrameColumn {
    return valueColumn(this.#spec, numbers, () => null);
  }
  clear(): void {}
}

class StringKey implements KeyDimension {
  readonly isOrdered: boolean;
  readonly radix: number;
  readonly multi: StringColumnView | undefined;
  readonly nullNumber: number;
  readonly #environment: Environment;
  readonly #spec: DimensionSpec;
  readonly #view: StringColumnView;

  constructor(environment: Environment, spec: DimensionSpec, view: StringColumnView) {
    this.#environment = environment;
    this.#spec = spec;
    this.#view = view;
    this.multi = view.hasMultipleValues ? view : undefined;
    this.isOrdered = view.dictionarySorted && !view.hasMultipleValues && spec.outputType === 'STRING';
    const nullId = view.idOf(null);
    this.nullNumber = nullId >= 0 ? nullId : view.cardinality;
    this.radix = Math.max(
      1,
      view.hasMultipleValues ? Math.max(view.cardinality, this.nullNumber + 1) : view.cardinality,
    );
  }
  numbers(batch: Batch, sel: number, count: number, out: number): number {
    const { kernels } = this.#environment;
    const ids = this.#view.batch(batch.start);
    const width = this.#view.idWidth;
    if (sel === 0 && width === 4) return ids + batch.from * 4;
    if (sel === 0) kernels.idsWiden(ids + batch.from * width, width, count, out);
    else kernels.idsGather(ids, width, sel, count, out);
    return out;
  }
  column(numbers: Uint32Array): FrameColumn {
    const { cardinality, texts } = this.#view;
    if (texts !== undefined && this.#spec.outputType === 'STRING') {
      return textColumn(this.#spec.outputName, numbers, this.nullNumber, texts);
    }
    return valueColumn(this.#spec, numbers, (id) => (id < cardinality ? this.#view.value(id) : null));
  }
  clear(): void {}
}

/** Interned values; 0 stands for null when the column has nulls. */
class NumericKey implements KeyDimension {
  readonly isOrdered = false;
  readonly radix = 2 ** 32;
  readonly multi = undefined;
  readonly nullNumber = 0;
  readonly #environment: Environment;
  readonly #spec: DimensionSpec;
  readonly #view: NumericColumnView;
  readonly #table: HashTable;
  readonly #values: number;
  readonly #rows: number;

  constructor(environment: Environment, spec: DimensionSpec, view: NumericColumnView) {
    this.#environment = environment;
    this.#spec = spec;
    this.#view = view;
    this.#table = new HashTable(environment);
    this.#values = environment.scratch.take(BATCH_ROWS * 8);
    this.#rows = environment.scratch.take(BATCH_ROWS * 4);
  }
  numbers(batch: Batch, sel: number, count: number, out: number): number {
    const { kernels } = this.#environment;
    let rows = sel;
    if (rows === 0) {
      kernels.selectRange(batch.from, count, this.#rows);
      rows = this.#rows;
    }
    if (this.#view.kind === 'float')
      kernels.gather32To64(this.#view.batch(batch.start), rows, count, this.#values);
    else gatherNumbers(kernels, this.#view, batch.start, rows, count, this.#values);
    this.#table.number(this.#values, count, out);
    if (this.#view.hasNulls) kernels.numbersWithNull(out, rows, count, this.#view.nullBits(), batch.start);
    return out;
  }
  column(numbers: Uint32Array): FrameColumn {
    const { arena } = this.#environment.scratch;
    const { count, list } = this.#table;
    const shift = this.#view.hasNulls ? 1 : 0;
    const read = this.#reader(arena.i64(list, count), arena.f64(list, count), arena.f32(list, count * 2));
    return valueColumn(this.#spec, numbers, (number) => (number < shift ? null : read(number - shift)));
  }
  clear(): void {
    this.#table.clear();
  }
  #reader(longs: BigInt64Array, doubles: Float64Array, halves: Float32Array): (index: number) => Value {
    const { kind } = this.#view;
    if (kind === 'long') return (index) => ({ kind, value: longs[index] ?? 0n });
    if (kind === 'double') return (index) => ({ kind, value: doubles[index] ?? 0 });
    return (index) => ({ kind, value: halves[index * 2] ?? 0 });
  }
}
