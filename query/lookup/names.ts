/** Which registered lookups a query names: in its dimension specs, extraction functions and expressions. */
import type { Node } from '../expression/ast.js';
import { parseExpression } from '../expression/parser.js';
import { isObject } from '../native/json-fields.js';

/**
 * Names in a query's JSON, those that may not exist too. What only looks like an expression costs nothing but the look:
 * a lookup that is named here is handed along, not required.
 */
export function lookupNames(json: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  collect(json, names);
  return names;
}

function collect(json: unknown, names: Set<string>): void {
  if (typeof json === 'string') {
    if (/\blookup\s*\(/i.test(json)) fromExpression(json, names);
  } else if (Array.isArray(json)) {
    for (const each of json) collect(each, names);
  } else if (isObject(json)) {
    const name = json['type'] === 'registeredLookup' ? json['lookup'] : json['name'];
    if ((json['type'] === 'registeredLookup' || json['type'] === 'lookup') && typeof name === 'string')
      names.add(name);
    for (const each of Object.values(json)) collect(each, names);
  }
}

function fromExpression(text: string, names: Set<string>): void {
  let node: Node;
  try {
    node = parseExpression(text);
  } catch {
    return;
  }
  fromNode(node, names);
}

function fromNode(node: Node, names: Set<string>): void {
  if (node.kind === 'call' && node.name.toLowerCase() === 'lookup') {
    const name = node.args[1];
    if (name?.kind === 'literal' && typeof name.value.value === 'string') names.add(name.value.value);
  }
  for (const child of childrenOf(node)) fromNode(child, names);
}

function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'literal':
    case 'identifier':
      return [];
    case 'unary':
      return [node.operand];
    case 'binary':
      return [node.left, node.right];
    case 'call':
      return node.args;
    case 'apply':
      return [node.lambda.body, ...node.args];
  }
}
