/** Documents put together from their fields, for columns that store no raw documents. */
import type { CodedError } from '../../proto/errors.js';
import type { JsonValue } from '../write/source.js';

type Step = string | number;

/** The keys and positions of a normalised path; undefined when it is none. */
export function pathSteps(path: string): Step[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: Step[] = [];
  const part = /\.([^.'"[\]]+)|\['(.*?)'\](?=$|[.[])|\[(\d+)\]/gy;
  part.lastIndex = 1;
  while (part.lastIndex < path.length) {
    const found = part.exec(path);
    if (found === null) return undefined;
    steps.push(found[3] === undefined ? (found[1] ?? found[2] ?? '') : Number(found[3]));
  }
  return steps;
}

type Node = Map<string, Node | JsonValue> | (Node | JsonValue)[];

function isNode(value: unknown): value is Node {
  return value instanceof Map || Array.isArray(value);
}

const positionMax = 1 << 20;

/** Puts values at their paths, in the order given; a later one that contradicts an earlier one is left out. */
export function rebuild(
  fields: readonly (readonly [steps: readonly Step[], value: JsonValue])[],
  fail: (what: string) => CodedError,
): JsonValue {
  if (fields.length === 0) return {};
  const first = fields[0] as (typeof fields)[number];
  if (first[0].length === 0) return first[1];
  const root: Node = typeof first[0][0] === 'number' ? [] : new Map();
  for (const [steps, value] of fields) put(root, steps, value, fail);
  return plain(root);
}

function put(root: Node, steps: readonly Step[], value: JsonValue, fail: (what: string) => CodedError): void {
  let node = root;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as Step;
    const isLast = i === steps.length - 1;
    if (typeof step === 'number' && step > positionMax) throw fail(`array position[${step}] is too large`);
    const there = node instanceof Map ? node.get(String(step)) : node[Number(step)];
    if (isLast) {
      if (there === undefined || there === null) set(node, step, value);
      return;
    }
    if (isNode(there)) node = there;
    else if (there === undefined || there === null) {
      const next: Node = typeof steps[i + 1] === 'number' ? [] : new Map();
      set(node, step, next);
      node = next;
    } else return;
  }
}

function set(node: Node, step: Step, value: Node | JsonValue): void {
  if (node instanceof Map) node.set(String(step), value);
  else {
    const at = Number(step);
    while (node.length < at) node.push(null);
    node[at] = value;
  }
}

function plain(value: Node | JsonValue): JsonValue {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, member]) => [key, plain(member)]));
  if (Array.isArray(value)) return value.map((item) => plain(item as Node | JsonValue));
  return value as JsonValue;
}
