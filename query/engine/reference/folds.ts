/** Aggregators by expression, each with what it means in plain code: no expression is read here. */
import type { Aggregator } from '../../native/model.js';
import type { Cell, Row, Single } from '../naive.js';

type Kind = 'long' | 'string';

/** `{ bag }`: a list in any order. */
export type Folded = Single | { readonly bag: readonly Single[] };

interface Fold {
  readonly kind: Kind;
  /** Of the aggregator called `name` over the column `column`. */
  readonly json: (column: string, name: string) => Readonly<Record<string, unknown>>;
  /** Of one row at least; nulls are among the cells. */
  readonly of: (cells: readonly Single[]) => Folded;
  /** What it starts with, when that is answered of no rows. */
  readonly start?: Folded;
}

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
const longs = (cells: readonly Single[]): bigint[] =>
  cells.flatMap((cell) => (typeof cell === 'bigint' ? [cell] : []));
const texts = (cells: readonly Single[]): string[] =>
  cells.flatMap((cell) => (typeof cell === 'string' ? [cell] : []));

/** A segment of which no row counts has a null to be combined, which most combinations would hand on. */
const passingOver = { shouldCombineAggregateNullInputs: false };
/** Nor are nulls handed to the fold; without a value it answers null. */
const withoutNulls = { shouldAggregateNullInputs: false };

export const folds: Readonly<Record<string, Fold>> = {
  sum: {
    kind: 'long',
    json: (column, name) => ({
      initialValue: '0',
      fold: `__acc + nvl("${column}", 0)`,
      combine: `__acc + "${name}"`,
      ...passingOver,
    }),
    of: (cells) => wrap(longs(cells).reduce((a, b) => a + b, 0n)),
  },
  sumFromSeven: {
    kind: 'long',
    json: (column, name) => ({
      initialValue: '7',
      initialCombineValue: '0',
      fold: `__acc + nvl("${column}", 1) - nvl("${column}", 1)`,
      combine: `greatest(__acc, "${name}")`,
      isNullUnlessAggregated: false,
    }),
    of: () => 7n,
    start: 7n,
  },
  bits: {
    kind: 'long',
    json: (column, name) => ({
      accumulatorIdentifier: 'bits',
      initialValue: '0',
      fold: `bitwiseOr(bits, nvl("${column}", 0))`,
      combine: `bitwiseOr(bits, "${name}")`,
      finalize: 'o + 1',
      ...passingOver,
    }),
    of: (cells) => wrap(longs(cells).reduce((a, b) => a | b, 0n) + 1n),
  },
  product: {
    kind: 'long',
    json: (column, name) => ({
      initialValue: '1',
      fold: `__acc * "${column}"`,
      combine: `__acc * "${name}"`,
      ...withoutNulls,
    }),
    of: (cells) => (longs(cells).length === 0 ? null : wrap(longs(cells).reduce((a, b) => a * b, 1n))),
  },
  least: {
    kind: 'long',
    json: (column, name) => ({
      initialValue: '100',
      fold: `if("${column}" < __acc, "${column}", __acc)`,
      combine: `if("${name}" < __acc, "${name}", __acc)`,
      ...passingOver,
    }),
    of: (cells) => longs(cells).reduce((a, b) => (b < a ? b : a), 100n),
  },
  lengths: {
    kind: 'string',
    json: (column, name) => ({
      initialValue: '0',
      fold: `__acc + strlen(nvl("${column}", 'xyz'))`,
      combine: `__acc + "${name}"`,
      finalize: "if(o > 10, 'long', 'short')",
      ...passingOver,
    }),
    of: (cells) =>
      cells.map((cell) => (cell === null ? 3 : String(cell).length)).reduce((a, b) => a + b, 0) > 10
        ? 'long'
        : 'short',
    // Nothing is null, which is not more than ten.
    start: 'short',
  },
  appended: {
    kind: 'string',
    json: (column, name) => ({
      initialValue: 'ARRAY<STRING>[]',
      fold: `array_append(__acc, "${column}")`,
      combine: `array_concat(__acc, "${name}")`,
      maxSizeBytes: 100_000,
      ...passingOver,
    }),
    of: (cells) => ({ bag: cells }),
  },
  distinct: {
    kind: 'string',
    json: (column, name) => ({
      initialValue: 'ARRAY<STRING>[]',
      fold: `array_set_add(__acc, "${column}")`,
      combine: `array_set_add_all(__acc, "${name}")`,
      ...withoutNulls,
    }),
    of: (cells) => (texts(cells).length === 0 ? null : { bag: [...new Set(texts(cells))] }),
  },
  distinctLongs: {
    kind: 'long',
    json: (column, name) => ({
      initialValue: 'ARRAY<LONG>[]',
      fold: `array_set_add(__acc, "${column}")`,
      combine: `array_set_add_all(__acc, "${name}")`,
      finalize: 'array_length(o)',
      ...passingOver,
    }),
    of: (cells) => BigInt(new Set(cells).size),
  },
};

/** `fold` is the reference's own: the JSON is read without it. */
interface AskedFold {
  readonly type: 'expression';
  readonly name: string;
  readonly fields: readonly string[];
  readonly meaning: string;
}

export function foldAggregator(meaning: string, column: string, name: string): Aggregator {
  const asked = {
    type: 'expression',
    name,
    fields: [column],
    meaning,
    ...folds[meaning]?.json(column, name),
  };
  return asked as unknown as Aggregator;
}

export function foldOf(spec: Extract<Aggregator, { type: 'expression' }>, rows: readonly Row[]): Folded {
  const { fields, meaning } = spec as unknown as AskedFold;
  const fold = folds[meaning];
  const [column = ''] = fields;
  if (fold === undefined) throw new Error(`there is no fold ${meaning}`);
  if (rows.length === 0) return fold.start ?? null;
  return fold.of(rows.map((row): Single => singleOf(row[column])));
}

function singleOf(cell: Cell | undefined): Single {
  if (Array.isArray(cell)) throw new Error('folds are asked of single values only');
  return (cell ?? null) as Single;
}
