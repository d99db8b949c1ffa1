/** Choices and tests: if, case, nvl, coalesce, isnull, istrue, greatest, … */
import { castTo, leastRestrictive } from '../cast.js';
import { argument, type ExprFunction, type Thunk, validationError } from '../function.js';
import { compareValues, evaluationError } from '../operators.js';
import { asDouble, bool, double, isArrayType, isComplex, isTrue, nullValue, type Value } from '../value.js';
import { javaMax, javaMin } from './double-bits.js';

const MANY = Infinity;

function test(name: string, holds: (value: Value) => boolean): ExprFunction {
  return { name, arity: [1, 1], apply: (args) => bool(holds(argument(args, 0))) };
}

function ask(args: readonly Thunk[], index: number): Value {
  return args[index]?.() ?? nullValue;
}

function firstKnown(args: readonly Thunk[]): Value {
  let last = nullValue;
  for (const arg of args) {
    last = arg();
    if (last.value !== null) return last;
  }
  return last;
}

function distinct(a: Value, b: Value): boolean {
  if (a.value === null || b.value === null) return a.value !== b.value;
  const same = a.type === b.type && (a.type === 'STRING' || a.type === 'LONG');
  if (same || (isArrayType(a.type) && isArrayType(b.type))) return compareValues(a, b) !== 0;
  // As numbers; two that are none are alike, minus zero equals zero, NaN equals nothing.
  return asDouble(a) !== asDouble(b);
}

/** As `distinct`, but what can't be read as a number equals nothing. Neither is null. */
function equalValues(a: Value, b: Value): boolean {
  return !distinct(a, b) && compareValues(a, b) !== undefined;
}

/** Nulls are skipped; any text makes all compare as text. */
function extreme(name: string, sign: 1 | -1): ExprFunction {
  const apply = (args: readonly Value[]): Value => {
    const present = args.filter(({ value }) => value !== null);
    let type = present[0]?.type;
    if (type === undefined) return nullValue;
    for (const each of present) {
      if (isArrayType(each.type) || isComplex(each.type))
        throw evaluationError(`Function[${name}] does not accept ${each.type} types`);
      type = leastRestrictive(type, each.type);
    }
    let best: Value | undefined;
    if (type === 'DOUBLE') {
      const choose = sign > 0 ? javaMax : javaMin;
      return double(present.map((each) => asDouble(each) ?? 0).reduce(choose));
    }
    for (const each of present) {
      const value = castTo(each, type);
      if (best === undefined || (compareValues(value, best) ?? 0) * sign > 0) best = value;
    }
    return best ?? nullValue;
  };
  return { name, arity: [0, MANY], apply };
}

function caseSearched(args: readonly Thunk[]): Value {
  let i = 0;
  for (; i + 1 < args.length; i += 2) if (isTrue(ask(args, i))) return ask(args, i + 1);
  return i < args.length ? ask(args, i) : nullValue;
}

function caseSimple(args: readonly Thunk[]): Value {
  const subject = ask(args, 0);
  let i = 1;
  for (; i + 1 < args.length; i += 2) {
    const other = ask(args, i);
    if (subject.value === null || other.value === null) continue;
    if (equalValues(subject, other)) return ask(args, i + 1);
  }
  return i < args.length ? ask(args, i) : nullValue;
}

export const conditionalFunctions: readonly ExprFunction[] = [
  { name: 'if', arity: [3, 3], choose: (args) => (isTrue(ask(args, 0)) ? ask(args, 1) : ask(args, 2)) },
  { name: 'case_searched', arity: [2, MANY], choose: caseSearched },
  { name: 'case_simple', arity: [3, MANY], choose: caseSimple },
  { name: 'nvl', arity: [2, 2], choose: firstKnown },
  {
    name: 'coalesce',
    arity: [1, MANY],
    check: (count) => {
      if (count < 1) throw validationError('Function[coalesce] requires at least 1 argument');
    },
    choose: firstKnown,
  },
  test('isnull', ({ value }) => value === null),
  test('notnull', ({ value }) => value !== null),
  test('istrue', (value) => value.value !== null && isTrue(value)),
  test('isfalse', (value) => value.value !== null && !isTrue(value)),
  test('nottrue', (value) => value.value === null || !isTrue(value)),
  test('notfalse', (value) => value.value === null || isTrue(value)),
  {
    name: 'isdistinctfrom',
    arity: [2, 2],
    apply: (args) => bool(distinct(argument(args, 0), argument(args, 1))),
  },
  {
    name: 'notdistinctfrom',
    arity: [2, 2],
    apply: (args) => bool(!distinct(argument(args, 0), argument(args, 1))),
  },
  extreme('greatest', 1),
  extreme('least', -1),
];
