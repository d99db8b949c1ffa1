/** The tree of an expression, its canonical text, and what it needs. */
import { exactDoubleText } from '../../segment/format/java-digits.js';
import { elementType, isArrayType, type Value } from './value.js';

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | '<'
  | '<='
  | '>'
  | '>='
  | '=='
  | '!='
  | '&&'
  | '||';

export type Node =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'identifier'; readonly name: string }
  | { readonly kind: 'unary'; readonly operator: '-' | '!'; readonly operand: Node }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  /** A function over a lambda: map, filter, fold, any, all, cartesian_map, cartesian_fold. */
  | {
      readonly kind: 'apply';
      readonly name: string;
      readonly lambda: Lambda;
      readonly args: readonly Node[];
    };

export interface Lambda {
  readonly parameters: readonly string[];
  readonly body: Node;
}

const named: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  "'": "\\'",
  '"': '\\"',
  '\\': '\\\\',
};

/** Java escapes; everything outside printable ASCII as \uXXXX. */
function escapeText(text: string, quote: string): string {
  return text.replace(/[^\x20-\x7e]|['"\\]/g, (unit) => {
    if ((unit === "'" || unit === '"') && unit !== quote) return unit;
    return named[unit] ?? `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

export function quotedName(name: string): string {
  return `"${escapeText(name, '"')}"`;
}

function literalText({ type, value }: Value): string {
  if (value === null) return 'null';
  if (isArrayType(type) && Array.isArray(value)) {
    const element = elementType(type);
    return `${type}[${value.map((each: unknown) => literalText({ type: element, value: each as Value['value'] })).join(', ')}]`;
  }
  if (typeof value === 'string') return `'${escapeText(value, "'")}'`;
  if (typeof value === 'number') return exactDoubleText(value);
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
}

/** The canonical text: columns in double quotes, operators in parentheses. Parses to the same tree. */
export function stringify(node: Node): string {
  switch (node.kind) {
    case 'literal':
      return literalText(node.value);
    case 'identifier':
      return quotedName(node.name);
    case 'unary':
      return `${node.operator}${stringify(node.operand)}`;
    case 'binary':
      return `(${stringify(node.left)} ${node.operator} ${stringify(node.right)})`;
    case 'call':
      return `${node.name}(${node.args.map(stringify).join(', ')})`;
    case 'apply': {
      const { parameters, body } = node.lambda;
      const lambda = `(${parameters.map(quotedName).join(', ')}) -> ${stringify(body)}`;
      return `${node.name}(${[lambda, ...node.args.map(stringify)].join(', ')})`;
    }
  }
}

/** Columns that the expression reads; parameters of lambdas are none. */
export function columnsOf(node: Node, into = new Set<string>(), bound: readonly string[] = []): Set<string> {
  switch (node.kind) {
    case 'literal':
      break;
    case 'identifier':
      if (!bound.includes(node.name)) into.add(node.name);
      break;
    case 'unary':
      columnsOf(node.operand, into, bound);
      break;
    case 'binary':
      columnsOf(node.left, into, bound);
      columnsOf(node.right, into, bound);
      break;
    case 'call':
      for (const arg of node.args) columnsOf(arg, into, bound);
      break;
    case 'apply':
      columnsOf(node.lambda.body, into, [...bound, ...node.lambda.parameters]);
      for (const arg of node.args) columnsOf(arg, into, bound);
      break;
  }
  return into;
}
