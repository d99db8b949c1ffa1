/** Functions over lambdas: map, filter, fold, any, all and the two over all combinations of several arrays. */
import { CodedError } from '../../proto/errors.js';
import { castTo } from './cast.js';
import { spend } from './effort.js';
import { array, bool, isComplex, isTrue, nullValue, type Value } from './value.js';
import { arrayOf, type Items, itemsOf } from './functions/array.js';
import { validationError } from './function.js';
import { evaluationError } from './operators.js';

/** The lambda's body with its parameters bound to values. */
export type Body = (parameters: readonly Value[]) => Value;

/** Calls of lambdas for one row, all of them together: lambdas inside lambdas multiply. */
const mostCalls = 1_000_000;
let callsLeft = mostCalls;

/** A call costs about as much as so many characters. */
const callUnits = 20;

/** To be called before a row is evaluated. */
export function resetLambdaCalls(): void {
  callsLeft = mostCalls;
}

export function countLambdaCall(): void {
  spend(callUnits);
  if (--callsLeft < 0)
    throw new CodedError(
      'LimitExceeded',
      `an expression calls lambdas more than ${mostCalls} times for a row`,
    );
}

/** Combinations beyond this are refused. */
const mostCombinations = 1_000_000;

/** Number of arrays and of parameters the lambda takes for a number of arguments; throws when they don't fit. */
export function checkLambda(name: string, parameters: number, args: number): void {
  const fold = name === 'fold' || name === 'cartesian_fold';
  const arrays = fold ? args - 1 : args;
  const many = name.startsWith('cartesian_');
  if (arrays < 1 || (!many && arrays !== 1))
    throw validationError(`Function[${name}] has a wrong number of arguments`);
  if (parameters !== arrays + (fold ? 1 : 0)) {
    throw validationError(
      `Function[${name}] lambda expression argument count of ${parameters} does not match the arguments`,
    );
  }
}

function valuesOf({ type, items }: Items): Value[] {
  return items.map((value) => ({ type, value }));
}

/** `name` in lower case; `args` are the values behind the lambda. */
export function applyLambda(name: string, body: Body, args: readonly Value[]): Value {
  const fold = name === 'fold' || name === 'cartesian_fold';
  const lists = (fold ? args.slice(0, -1) : args).map(itemsOf);
  const start = args[args.length - 1] ?? nullValue;
  const known = lists.filter((list) => list !== undefined);
  if (known.length < lists.length) return name === 'any' || name === 'all' ? bool(false) : nullValue;
  if (name.startsWith('cartesian_')) castToLast(known);
  const first = known[0];
  if (first === undefined) return nullValue;
  switch (name) {
    case 'any':
      return bool(valuesOf(first).some((value) => isTrue(body([value]))));
    case 'all':
      return bool(valuesOf(first).every((value) => isTrue(body([value]))));
    case 'filter': {
      const kept = valuesOf(first).filter((value) => isTrue(body([value])));
      return kept.length === 0
        ? nullValue
        : array(
            first.type,
            kept.map(({ value }) => value),
          );
    }
    case 'map':
    case 'cartesian_map': {
      const rows = combinations(known.map(valuesOf));
      if (rows.length === 0) return array(name === 'map' ? first.type : 'STRING', []);
      return arrayOf(boundedMap(rows, body));
    }
    default: {
      const rows = combinations(known.map(valuesOf));
      if (rows.length === 0) return name === 'fold' ? start : array('STRING', []);
      // The accumulator keeps the type it starts with.
      const keep = (value: Value): Value => (start.value === null ? value : castTo(value, start.type));
      return rows.reduce((accumulated, row) => keep(body([...row, accumulated])), start);
    }
  }
}

/** Characters that the elements of one array may have together. */
const mostText = 64_000_000;

/** Every element may be a long text: they are counted as they are made. */
function boundedMap(rows: readonly (readonly Value[])[], body: Body): Value[] {
  let length = 0;
  return rows.map((row) => {
    const made = body(row);
    length += textLength(made.value);
    if (length > mostText) throw evaluationError(`an array of more than ${mostText} characters is not built`);
    return made;
  });
}

function textLength(value: Value['value']): number {
  if (typeof value === 'string') return value.length;
  if (!Array.isArray(value)) return 0;
  return (value as readonly Value['value'][]).reduce<number>((sum, each) => sum + textLength(each), 0);
}

/** Elements of all lists are read as what the last list that has any holds: Druid's way. */
function castToLast(lists: Items[]): void {
  const type = lists.findLast(({ items }) => items.length > 0)?.type;
  if (type === undefined || isComplex(type)) return;
  lists.forEach((list, i) => {
    if (list.type === type || isComplex(list.type)) return;
    lists[i] = {
      type,
      items: list.items.map((value) => castTo({ type: list.type, value }, type).value),
    };
  });
}

/** All combinations, the last list varying fastest. */
function combinations(lists: readonly (readonly Value[])[]): Value[][] {
  const count = lists.reduce((product, list) => product * list.length, 1);
  if (count > mostCombinations)
    throw evaluationError(`${count} combinations of array elements are not built`);
  let rows: Value[][] = [[]];
  for (const list of lists) rows = rows.flatMap((row) => list.map((value) => [...row, value]));
  return rows;
}
