/** Tree → evaluator. Constant parts are worked out here, so that their errors come before any row. */
import { invalidInput } from '../../proto/errors.js';
import { columnsOf, type Node } from './ast.js';
import { castTo, parseType } from './cast.js';
import {
  type ExprFunction,
  type FunctionTable,
  type Thunk,
  unknownFunction,
  validationError,
} from './function.js';
import { spendValue } from './effort.js';
import { applyLambda, checkLambda, countLambdaCall } from './lambda.js';
import { andValues, binaryOperator, negate, not, orValues } from './operators.js';
import { nullValue, type Value } from './value.js';

/** Values of columns by name; columns that are not there are null. */
export type Row = (name: string) => Value;
export type Evaluator = (row: Row) => Value;

export interface Compiled {
  readonly evaluate: Evaluator;
  /** Reads no column. */
  readonly constant: boolean;
  /** The tree with constant parts worked out. */
  readonly node: Node;
}

/**
 * Throws InvalidInput or QueryFailed for unknown functions, wrong arguments and constant parts that fail. The evaluator
 * throws QueryFailed for rows on which the expression is not defined (division of longs by zero, …).
 */
export function compileExpression(node: Node, functions: FunctionTable): Evaluator {
  return compile(node, functions).evaluate;
}

/** As `compileExpression`, with the folded tree. */
export function compile(node: Node, functions: FunctionTable): Compiled {
  switch (node.kind) {
    case 'literal': {
      const { value } = node;
      return { evaluate: () => value, constant: true, node };
    }
    case 'identifier': {
      const { name } = node;
      return { evaluate: (row) => row(name), constant: false, node };
    }
    case 'unary': {
      const operand = compile(node.operand, functions);
      const apply = node.operator === '-' ? negate : not;
      return folded((row) => apply(operand.evaluate(row)), [operand], { ...node, operand: operand.node });
    }
    case 'binary':
      return binary(node, functions);
    case 'call':
      return call(node, functions);
    case 'apply':
      return overLambda(node, functions);
  }
}

function folded(evaluate: Evaluator, parts: readonly { readonly constant: boolean }[], node: Node): Compiled {
  if (!parts.every(({ constant }) => constant)) return { evaluate, constant: false, node };
  const value = evaluate(() => nullValue);
  return { evaluate: () => value, constant: true, node: { kind: 'literal', value } };
}

function binary(node: Extract<Node, { kind: 'binary' }>, functions: FunctionTable): Compiled {
  const left = compile(node.left, functions);
  const right = compile(node.right, functions);
  const { operator } = node;
  const tree: Node = { ...node, left: left.node, right: right.node };
  if (operator === '&&' || operator === '||') {
    const apply = operator === '&&' ? andValues : orValues;
    return folded((row) => apply(left.evaluate(row), () => right.evaluate(row)), [left, right], tree);
  }
  const apply = binaryOperator(operator);
  return folded((row) => apply(left.evaluate(row), right.evaluate(row)), [left, right], tree);
}

function call(node: Extract<Node, { kind: 'call' }>, functions: FunctionTable): Compiled {
  const args = node.args.map((arg) => compile(arg, functions));
  const tree: Node = { ...node, args: args.map((arg) => arg.node) };
  if (node.name.toLowerCase() === 'cast') return cast(args, tree);
  const found = functions.get(node.name.toLowerCase());
  if (found === undefined) throw unknownFunction(node.name);
  checkArity(found, args.length);
  found.checkArgs?.(node.args);
  const { apply: plain, choose, prepare } = found;
  if (choose !== undefined) {
    const thunks = (row: Row): Thunk[] =>
      args.map(
        ({ evaluate }) =>
          () =>
            evaluate(row),
      );
    return folded((row) => choose(thunks(row)), args, tree);
  }
  const constants = args.map(({ constant, evaluate }) => (constant ? evaluate(() => nullValue) : undefined));
  const apply = prepare === undefined ? plain : prepare(constants);
  if (apply === undefined) throw unknownFunction(node.name);
  return folded(
    (row) => {
      const made = apply(args.map(({ evaluate }) => evaluate(row)));
      spendValue(made.value);
      return made;
    },
    found.isPure === false ? [{ constant: false }] : args,
    tree,
  );
}

/** The body sees its parameters and, around them, the row. */
function overLambda(node: Extract<Node, { kind: 'apply' }>, functions: FunctionTable): Compiled {
  const name = node.name.toLowerCase();
  const { parameters, body } = node.lambda;
  checkLambda(name, parameters.length, node.args.length);
  const args = node.args.map((arg) => compile(arg, functions));
  const inner = compile(body, functions);
  const evaluate: Evaluator = (row) => {
    const apply = (values: readonly Value[]): Value => {
      countLambdaCall();
      return inner.evaluate((column) => {
        const index = parameters.indexOf(column);
        return index < 0 ? row(column) : (values[index] ?? nullValue);
      });
    };
    return applyLambda(
      name,
      apply,
      args.map((arg) => arg.evaluate(row)),
    );
  };
  const closed = columnsOf(body, new Set(), parameters).size === 0;
  const tree: Node = {
    ...node,
    lambda: { parameters, body: inner.node },
    args: args.map((arg) => arg.node),
  };
  return folded(evaluate, [...args, { constant: closed }], tree);
}

function checkArity(found: ExprFunction, count: number): void {
  const [least, most] = found.arity;
  if (count < least || count > most) {
    const range =
      least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
    throw validationError(`Function[${found.name}] requires ${range} argument${range === '1' ? '' : 's'}`);
  }
  found.check?.(count);
}

/** The type's name is an argument of its own and may come from a column. */
function cast(args: readonly Compiled[], tree: Node): Compiled {
  const [operand, name] = args;
  if (operand === undefined || name === undefined || args.length !== 2) {
    throw validationError('Function[cast] requires 2 arguments');
  }
  const target = (row: Row): string => {
    const text = name.evaluate(row).value;
    const type = typeof text === 'string' ? parseType(text) : undefined;
    if (type === undefined)
      throw invalidInput(
        `Function[cast] Invalid type [${typeof text === 'string' ? text : 'no text'}]`,
        'expression',
      );
    return type;
  };
  if (name.constant) {
    const type = target(() => nullValue);
    return folded((row) => castTo(operand.evaluate(row), type), [operand], tree);
  }
  return folded((row) => castTo(operand.evaluate(row), target(row)), args, tree);
}
