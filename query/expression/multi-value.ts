/**
 * Strings with several values in places that take one: the expression is mapped over them, as Druid rewrites it. Columns
 * that stand somewhere as a whole array are never mapped.
 */
import type { Node } from './ast.js';
import { parseType } from './cast.js';
import { isArrayType } from './value.js';

/** Functions and the arguments that take whole arrays; "all" = each of them. */
const arrayArguments: Readonly<Record<string, 'all' | number>> = {
  array_length: 0,
  array_offset: 0,
  array_ordinal: 0,
  array_contains: 'all',
  array_overlap: 'all',
  array_offset_of: 0,
  array_ordinal_of: 0,
  array_prepend: 1,
  array_append: 0,
  array_concat: 'all',
  array_set_add: 0,
  array_set_add_all: 'all',
  array_slice: 0,
  array_to_string: 0,
  array_to_mv: 0,
  array_quantile: 0,
  mv_to_array: 0,
  mv_harmonize_nulls: 0,
  scalar_in_array: 1,
};

const givingArrays = new Set(
  `array array_append array_concat array_prepend array_set_add array_set_add_all array_slice array_to_mv mv_to_array
  mv_harmonize_nulls string_to_array json_keys json_paths json_query_array map filter cartesian_map`.split(
    /\s+/,
  ),
);

export interface ColumnUses {
  /** Columns taken as whole arrays. */
  readonly arrays: ReadonlySet<string>;
  /** Columns taken value by value, in the order they are first seen. */
  readonly scalars: ReadonlySet<string>;
  /** The expression's values are arrays, whatever its columns are. */
  readonly givesArray: boolean;
}

export function columnUses(node: Node): ColumnUses {
  const uses = { arrays: new Set<string>(), scalars: new Set<string>() };
  collect(node, uses, [], false);
  const givesArray =
    (node.kind === 'call' || node.kind === 'apply') && givingArrays.has(node.name.toLowerCase());
  return { ...uses, givesArray };
}

/** A whole list of values is cast, not each of them. */
function isArrayCast({ name, args: [, type] }: Extract<Node, { kind: 'call' }>): boolean {
  const text = name.toLowerCase() === 'cast' && type?.kind === 'literal' ? type.value.value : undefined;
  return typeof text === 'string' && isArrayType(parseType(text) ?? '');
}

function collect(
  node: Node,
  uses: { arrays: Set<string>; scalars: Set<string> },
  bound: readonly string[],
  asArray: boolean,
): void {
  switch (node.kind) {
    case 'literal':
      break;
    case 'identifier':
      if (!bound.includes(node.name)) (asArray ? uses.arrays : uses.scalars).add(node.name);
      break;
    case 'unary':
      collect(node.operand, uses, bound, false);
      break;
    case 'binary':
      collect(node.left, uses, bound, false);
      collect(node.right, uses, bound, false);
      break;
    case 'call': {
      const name = node.name.toLowerCase();
      const place = isArrayCast(node)
        ? 0
        : Object.hasOwn(arrayArguments, name)
          ? arrayArguments[name]
          : undefined;
      node.args.forEach((arg, i) => collect(arg, uses, bound, place === 'all' || place === i));
      break;
    }
    case 'apply': {
      for (const [i, arg] of node.args.entries()) {
        const isStart = node.name.toLowerCase().endsWith('fold') && i === node.args.length - 1;
        collect(arg, uses, bound, !isStart);
      }
      collect(node.lambda.body, uses, [...bound, ...node.lambda.parameters], false);
      break;
    }
  }
}

/** Columns of `several` that have to be mapped over, in the order of the text. */
export function mappedColumns(node: Node, several: ReadonlySet<string>): string[] {
  const { arrays, scalars } = columnUses(node);
  return [...scalars].filter((name) => several.has(name) && !arrays.has(name));
}

/** The expression with `map` or `cartesian_map` around it where strings with several values stand in scalar places. */
export function applyMultiValues(node: Node, several: ReadonlySet<string>): Node {
  const columns = mappedColumns(node, several);
  if (columns.length === 0) return node;
  return {
    kind: 'apply',
    name: columns.length === 1 ? 'map' : 'cartesian_map',
    lambda: { parameters: columns, body: node },
    args: columns.map((name) => ({ kind: 'identifier', name })),
  };
}
