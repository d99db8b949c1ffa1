/** The expression language: text → evaluator. */
import type { Node } from './ast.js';
import { compileExpression, type Evaluator } from './compile.js';
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
);

export interface Expression {
  readonly node: Node;
  readonly evaluate: Evaluator;
}

/** Throws InvalidInput or QueryFailed for texts that are no valid expression; constant parts are folded. */
export function expression(text: string): Expression {
  const node = parseExpression(text);
  return { node, evaluate: compileExpression(node, allFunctions) };
}
