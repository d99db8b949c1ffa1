/** transformSpec at work: expressions over a row, then the filter. */
import { CodedError } from '../../proto/errors.js';
import { columnsOf } from '../../query/expression/ast.js';
import type { Evaluator } from '../../query/expression/compile.js';
import { expression, type ExpressionContext } from '../../query/expression/expression.js';
import { asLong, long, type Value } from '../../query/expression/value.js';
import { setField, type InputRow } from '../formats/row-reader.js';
import type { TransformSpec } from '../spec/transform.js';
import { rowTest, type RowTest } from './row-filter.js';
import { expressionValue, fieldValue, resultDoubleText } from './row-value.js';

const TIME_COLUMN = '__time';

export interface TimedRow {
  readonly timeMs: number;
  readonly row: InputRow;
}

interface Step {
  readonly name: string;
  readonly evaluate: Evaluator;
}

export class RowTransformer {
  /** Fields of the input that the transforms and the filter read. */
  readonly columns: ReadonlySet<string>;
  readonly #steps: readonly Step[];
  readonly #filter: RowTest | undefined;
  readonly #hidesNew: boolean;

  /**
   * `hidesNew`: fields that only transforms make must not be discovered as dimensions. `lookups`: the registered ones
   * that the spec names.
   */
  constructor(spec: TransformSpec, hidesNew: boolean, lookups: ExpressionContext) {
    const columns = new Set<string>();
    this.#steps = spec.transforms.map(({ name, expression: text }) => {
      const { node, evaluate } = expression(text, lookups);
      columnsOf(node, columns);
      return { name, evaluate };
    });
    this.#filter = spec.filter === undefined ? undefined : rowTest(spec.filter, columns, lookups);
    this.#hidesNew = hidesNew;
    this.columns = columns;
  }

  /** The row and its time after transformation, `filtered`, or why an expression failed. Changes the given row's fields. */
  apply(timeMs: number, row: InputRow): TimedRow | 'filtered' | { readonly reason: string } {
    const timed = this.#steps.length === 0 ? { timeMs, row } : this.#transformed(timeMs, row);
    if ('reason' in timed || this.#filter === undefined) return timed;
    return this.#filter(timed.row, timed.timeMs) === true ? timed : 'filtered';
  }

  #transformed(timeMs: number, row: InputRow): TimedRow | { readonly reason: string } {
    const results = new Map<string, Value>();
    const read = (name: string): Value =>
      name === TIME_COLUMN ? long(BigInt(timeMs)) : expressionValue(row, name);
    for (const { name, evaluate } of this.#steps) {
      try {
        results.set(name, evaluate(read));
      } catch (thrown) {
        if (!(thrown instanceof CodedError)) throw thrown;
        return { reason: `Could not transform value for ${name}: ${thrown.message}` };
      }
    }
    const time = results.get(TIME_COLUMN);
    const newTimeMs = time === undefined ? timeMs : asLong(time);
    if (newTimeMs === null) return { reason: 'The transform of __time gives no time' };
    const fields = row.fields as Record<string, unknown>;
    for (const [name, value] of results) this.#set(fields, name, fieldValue(value));
    return { timeMs: Number(newTimeMs), row: new TransformedRow(row, results) };
  }

  #set(fields: Record<string, unknown>, name: string, value: unknown): void {
    setField(fields, name, value, this.#hidesNew && !Object.hasOwn(fields, name));
  }
}

class TransformedRow implements InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly #before: InputRow;
  readonly #results: ReadonlyMap<string, Value>;

  constructor(before: InputRow, results: ReadonlyMap<string, Value>) {
    this.fields = before.fields;
    this.#before = before;
    this.#results = results;
  }

  doubleText(name: string, item?: number): string | undefined {
    const result = this.#results.get(name);
    return result === undefined ? this.#before.doubleText(name, item) : resultDoubleText(result, item);
  }
}
