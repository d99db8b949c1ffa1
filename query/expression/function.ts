/** What a function of the expression language is to the compiler. */
import { CodedError } from '../../proto/errors.js';
import type { Node } from './ast.js';
import type { Value } from './value.js';

export type Thunk = () => Value;

export interface ExprFunction {
  readonly name: string;
  /** Smallest and largest number of arguments. */
  readonly arity: readonly [number, number];
  /** Further checks of the number of arguments ("an odd number"); throws. */
  readonly check?: (count: number) => void;
  /** Checks of what the arguments are in the text; throws. */
  readonly checkArgs?: (args: readonly Node[]) => void;
  /** Exactly one of the three: `apply` gets all values, `choose` asks for those it needs. */
  readonly apply?: (args: readonly Value[]) => Value;
  readonly choose?: (args: readonly Thunk[]) => Value;
  /**
   * For functions with arguments that must be literals (patterns, zones): gets the values of constant arguments,
   * undefined for the others, throws what is wrong with them before any row, and answers `apply`.
   */
  readonly prepare?: (constants: readonly (Value | undefined)[]) => (args: readonly Value[]) => Value;
  /** False for functions that are never worked out before the first row, even over constants. */
  readonly isPure?: boolean;
}

export type FunctionTable = ReadonlyMap<string, ExprFunction>;

/** Tables by lower-case name. */
export function functionTable(...lists: readonly (readonly ExprFunction[])[]): FunctionTable {
  return new Map(lists.flat().map((each) => [each.name.toLowerCase(), each]));
}

export function validationError(message: string): CodedError {
  return new CodedError('QueryFailed', message, {
    field: 'expression',
    errorClass: 'org.apache.druid.math.expr.ExpressionValidationException',
  });
}

export function unknownFunction(name: string): CodedError {
  return new CodedError('QueryFailed', `function '${name}' is not defined.`, {
    field: 'expression',
    errorClass: 'org.apache.druid.java.util.common.RE',
  });
}

/** The argument, or the null value when it is not given. */
export function argument(args: readonly Value[], index: number): Value {
  const value = args[index];
  if (value === undefined) throw new CodedError('Bug', `argument[${index}] was not checked`);
  return value;
}
