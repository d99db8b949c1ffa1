/** The expression language: text → evaluator. */
import type { Node } from './ast.js';
import { compile, type Evaluator } from './compile.js';
import { functionTable, type FunctionTable } from './function.js';
import { arrayFunctions } from './functions/array.js';
import { bitwiseFunctions } from './functions/bitwise.js';
import { conditionalFunctions } from './functions/conditional.js';
import { formatFunctions } from './functions/format.js';
import { ipFunctions } from './functions/ip.js';
import { jsonFunctions } from './functions/json.js';
import { mathFunctions } from './functions/math.js';
import { stringFunctions } from './functions/string.js';
import { timeFunctions } from './functions/time.js';
import { watchFolding } from './effort.js';
import { resetLambdaCalls } from './lambda.js';
import { lookupFunction } from './functions/lookup.js';
import { regexFunctions } from './functions/regex.js';
import { complexFunctions } from './functions/complex.js';
import { type ColumnUses, columnUses } from './multi-value.js';
import { parseExpression } from './parser.js';

/** All functions of the language that exist here. */
export const allFunctions: FunctionTable = functionTable(
  conditionalFunctions,
  mathFunctions,
  bitwiseFunctions,
  stringFunctions,
  timeFunctions,
  arrayFunctions,
  jsonFunctions,
  ipFunctions,
  formatFunctions,
  regexFunctions,
  complexFunctions,
  [lookupFunction(() => undefined)],
);

/** A lookup found by name when the expression is made; asked again for each text. */
export interface ExpressionLookup {
  /** The text for a key; null = none. */
  apply(key: string | null): string | null;
}

/** What an expression may ask beyond its row. */
export interface ExpressionContext {
  /** Undefined = no lookup of the name. */
  readonly lookup?: (name: string) => ExpressionLookup | undefined;
}

export interface Expression {
  readonly node: Node;
  /** The tree with constant parts worked out. */
  readonly folded: Node;
  readonly uses: ColumnUses;
  readonly evaluate: Evaluator;
}

/**
 * From text, or from a tree made of one. Throws InvalidInput or QueryFailed for texts that are no valid expression;
 * constant parts are folded.
 */
export function expression(text: string | Node, context: ExpressionContext = {}): Expression {
  const node = typeof text === 'string' ? parseExpression(text) : text;
  resetLambdaCalls();
  const { evaluate, node: folded } = watchFolding(() => compile(node, functionsOf(context)));
  const bounded: Evaluator = (row) => {
    resetLambdaCalls();
    return evaluate(row);
  };
  return { node, folded, uses: columnUses(node), evaluate: bounded };
}

/** The functions with those that ask the context. */
export function functionsOf(context: ExpressionContext): FunctionTable {
  if (context.lookup === undefined) return allFunctions;
  return new Map([...allFunctions, ['lookup', lookupFunction(context.lookup)]]);
}
