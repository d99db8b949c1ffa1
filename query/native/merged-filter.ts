/**
 * Long ORs of single values on one column (and ANDs of their negations) as one filter: a list is looked up once, where
 * a filter a value would read the rows once a value. Three-valued logic stays what it is. Pure.
 */
import type { Constant, Filter, ValueType } from './model.js';

/** Fewer stay as they are. */
const mergedMin = 8;

type AnyOf = Extract<Filter, { type: 'anyOf' }>;

export function mergeFilter(filter: Filter, least = mergedMin): Filter {
  switch (filter.type) {
    case 'or':
      return combined(
        'or',
        merged(filter.fields, least, (field) => field),
      );
    case 'and': {
      const negated = (field: Filter): Filter | undefined => (field.type === 'not' ? field.field : undefined);
      return combined('and', merged(filter.fields, least, negated));
    }
    case 'not':
    case 'istrue':
    case 'isfalse':
      return { ...filter, field: mergeFilter(filter.field, least) };
    default:
      return filter;
  }
}

/** The OR that a merged filter stands for. */
export function separate({ column, matchValueType, values }: AnyOf): Extract<Filter, { type: 'or' | 'and' }> {
  const single = (value: Constant): Filter =>
    matchValueType === undefined
      ? { type: 'selector', dimension: column, value: String(value) }
      : { type: 'equals', column, matchValueType, matchValue: value };
  return { type: 'or', fields: values.map(single) };
}

function combined(type: 'and' | 'or', fields: readonly Filter[]): Filter {
  const [only, ...others] = fields;
  return only !== undefined && others.length === 0 ? only : { type, fields };
}

interface Group {
  readonly column: string;
  readonly matchValueType: ValueType | undefined;
  readonly values: Constant[];
}

/** `valueFilter` says which filter of a field may be merged with that of others; a merged one stands where the first stood. */
function merged(
  fields: readonly Filter[],
  least: number,
  valueFilter: (field: Filter) => Filter | undefined,
): readonly Filter[] {
  const groups = new Map<string, Group>();
  const groupOf = fields.map((field) => {
    const single = valueFilter(field);
    return single === undefined ? undefined : joined(groups, single);
  });
  const placed = new Set<Group>();
  const rest: Filter[] = [];
  for (const [i, field] of fields.entries()) {
    const group = groupOf[i];
    if (group === undefined || group.values.length < least) {
      rest.push(mergeFilter(field, least));
      continue;
    }
    if (placed.has(group)) continue;
    placed.add(group);
    const anyOf: AnyOf = { type: 'anyOf', ...group };
    rest.push(field.type === 'not' ? { type: 'not', field: anyOf } : anyOf);
  }
  return rest;
}

function joined(groups: Map<string, Group>, filter: Filter): Group | undefined {
  if (filter.type === 'selector') {
    const { dimension, value, extractionFn } = filter;
    if (value === null || extractionFn !== undefined) return undefined;
    return into(groups, dimension, undefined, value);
  }
  if (filter.type !== 'equals') return undefined;
  return into(groups, filter.column, filter.matchValueType, filter.matchValue);
}

function into(
  groups: Map<string, Group>,
  column: string,
  matchValueType: ValueType | undefined,
  value: Constant,
): Group {
  const key = `${matchValueType ?? ''} ${column}`;
  const group = groups.get(key) ?? { column, matchValueType, values: [] };
  groups.set(key, group);
  group.values.push(value);
  return group;
}
