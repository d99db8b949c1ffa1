/**
 * What a join's condition asks: equalities between something of the left side and a column of the right one, or a
 * constant. Everything else can't be joined by. Pure.
 */
import { CodedError } from '../../../proto/errors.js';
import { notJoinable } from '../../native/datasource.js';
import { columnsOf, stringify, type Node } from '../../expression/ast.js';
import { compileExpression, type Evaluator } from '../../expression/compile.js';
import { type ExpressionContext, functionsOf } from '../../expression/expression.js';
import type { FunctionTable } from '../../expression/function.js';
import { parseExpression } from '../../expression/parser.js';
import { isTrue, nullValue } from '../../expression/value.js';

export interface Equality {
  /** The left side's column, when it is no more than that. */
  readonly leftColumn: string | undefined;
  readonly left: Evaluator;
  /** Its canonical text. */
  readonly leftText: string;
  /** Without the prefix. */
  readonly rightColumn: string;
  /** Null equals null (IS NOT DISTINCT FROM). */
  readonly nullMatches: boolean;
}

export interface JoinCondition {
  readonly equalities: readonly Equality[];
  /** False: a constant part is false, so nothing matches. */
  readonly canMatch: boolean;
}

/** `what` names the right side in the error for conditions that are no equalities. */
export function parseJoinCondition(
  text: string,
  prefix: string,
  what: string,
  lookups: ExpressionContext = {},
): JoinCondition {
  const functions = functionsOf(lookups);
  const equalities: Equality[] = [];
  let hasConstants = false;
  let canMatch = true;
  for (const part of conjuncts(parseExpression(text))) {
    if (columnsOf(part).size === 0) {
      hasConstants = true;
      canMatch &&= isTrue(compileExpression(part, functions)(() => nullValue));
      continue;
    }
    const equality = equalityOf(part, prefix, functions);
    if (equality === undefined) throw notJoinable(what);
    equalities.push(equality);
  }
  // A constant that is false settles the join, one that is true does so alone.
  if (hasConstants && canMatch && equalities.length > 0) throw notHashed(text);
  return { equalities, canMatch };
}

/** In Druid's words. */
function notHashed(condition: string): CodedError {
  return new CodedError(
    'QueryFailed',
    `Cannot build hash-join matcher on non-equi-join condition: ${condition}`,
    { errorClass: 'org.apache.druid.java.util.common.IAE' },
  );
}

function conjuncts(node: Node): Node[] {
  if (node.kind === 'binary' && node.operator === '&&')
    return [...conjuncts(node.left), ...conjuncts(node.right)];
  if (node.kind === 'call' && node.name.toLowerCase() === 'and') return node.args.flatMap(conjuncts);
  return [node];
}

function equalityOf(node: Node, prefix: string, functions: FunctionTable): Equality | undefined {
  let sides: readonly [Node, Node] | undefined;
  let nullMatches = false;
  if (node.kind === 'binary' && node.operator === '==') sides = [node.left, node.right];
  if (node.kind === 'call' && node.name.toLowerCase() === 'notdistinctfrom') {
    const [a, b] = node.args;
    if (a !== undefined && b !== undefined && node.args.length === 2) sides = [a, b];
    nullMatches = true;
  }
  if (sides === undefined) return undefined;
  const [a, b] = sides;
  return pair([a, b], prefix, nullMatches, functions) ?? pair([b, a], prefix, nullMatches, functions);
}

function pair(
  [left, right]: readonly [Node, Node],
  prefix: string,
  nullMatches: boolean,
  functions: FunctionTable,
): Equality | undefined {
  const isRight = (name: string): boolean => name.startsWith(prefix) && name !== prefix;
  if (right.kind !== 'identifier' || !isRight(right.name)) return undefined;
  if ([...columnsOf(left)].some(isRight)) return undefined;
  return {
    leftColumn: left.kind === 'identifier' ? left.name : undefined,
    left: compileExpression(left, functions),
    leftText: stringify(left),
    rightColumn: right.name.slice(prefix.length),
    nullMatches,
  };
}
