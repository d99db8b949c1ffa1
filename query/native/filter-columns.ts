/** Which columns a filter reads, and what of it can be asked before more columns are there. Pure. */
import { columnsOf } from '../expression/ast.js';
import { parseExpression } from '../expression/parser.js';
import type { Filter } from './model.js';

/** Undefined: it can't be told. */
export function filterColumns(filter: Filter): ReadonlySet<string> | undefined {
  switch (filter.type) {
    case 'true':
    case 'false':
      return new Set();
    case 'and':
    case 'or':
      return union(filter.fields.map(filterColumns));
    case 'not':
    case 'istrue':
    case 'isfalse':
      return filterColumns(filter.field);
    case 'expression':
      return columnsOf(parseExpression(filter.expression));
    case 'columnComparison':
      return new Set(filter.dimensions.map(({ dimension }) => dimension));
    default:
      if ('dimension' in filter) return new Set([filter.dimension]);
      return 'column' in filter ? new Set([filter.column]) : undefined;
  }
}

/** The filter, which reads one column, over another one. */
export function renamedColumn(filter: Filter, column: string): Filter {
  switch (filter.type) {
    case 'and':
    case 'or':
      return { type: filter.type, fields: filter.fields.map((field) => renamedColumn(field, column)) };
    case 'not':
    case 'istrue':
    case 'isfalse':
      return { type: filter.type, field: renamedColumn(filter.field, column) };
    default:
      if ('dimension' in filter) return { ...filter, dimension: column };
      return 'column' in filter ? { ...filter, column } : filter;
  }
}

function union(sets: readonly (ReadonlySet<string> | undefined)[]): ReadonlySet<string> | undefined {
  const all = new Set<string>();
  for (const set of sets) {
    if (set === undefined) return undefined;
    for (const name of set) all.add(name);
  }
  return all;
}

/** The parts of a conjunction that read none of the columns that `isLater` knows; itself where that is all of it. */
export function earlyPart(
  filter: Filter | undefined,
  isLater: (column: string) => boolean,
): Filter | undefined {
  if (filter === undefined) return undefined;
  const parts = conjuncts(filter);
  const kept = parts.filter((part) => {
    const columns = filterColumns(part);
    return columns !== undefined && ![...columns].some(isLater);
  });
  return kept.length === parts.length ? filter : both(kept);
}

export function both(parts: readonly (Filter | undefined)[]): Filter | undefined {
  const given = parts.filter((part) => part !== undefined);
  return given.length > 1 ? { type: 'and', fields: given } : given[0];
}

export function conjuncts(filter: Filter): readonly Filter[] {
  return filter.type === 'and' ? filter.fields.flatMap(conjuncts) : [filter];
}
