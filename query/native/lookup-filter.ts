/**
 * Filters through a lookup as filters on its keys. Druid rewrites a query's own filter so, and the two forms do not
 * always agree: a key is compared as the column's type has it ("7" is the number 7.0), and rows that are null are
 * unknown to the rewritten form while the lookup may give them a text. Pure.
 */
import type { ExtractionFn, Filter } from './model.js';

type Lookup = Extract<ExtractionFn, { type: 'lookup' }>;
type ByLookup = Extract<Filter, { type: 'selector' | 'in' }>;

/** `orUnknown`: the filter may be asked for the rows it does not know of, as inside a NOT. */
export function keyFilter(filter: Filter, orUnknown = false): Filter {
  switch (filter.type) {
    case 'and':
    case 'or':
      return { ...filter, fields: filter.fields.map((field) => keyFilter(field, orUnknown)) };
    case 'not':
      return { ...filter, field: keyFilter(filter.field, !orUnknown) };
    case 'istrue':
    case 'isfalse':
      return { ...filter, field: keyFilter(filter.field, orUnknown) };
    case 'selector':
    case 'in':
      return alone(
        filter.extractionFn?.type === 'lookup' ? withKeys(filter, filter.extractionFn, orUnknown) : filter,
      );
    default:
      return filter;
  }
}

/** A list of one value is that value. */
function alone(filter: Filter): Filter {
  if (filter.type !== 'in') return filter;
  const [value] = filter.values;
  if (value === undefined || filter.values.some((other) => other !== value)) return filter;
  const { values: _, ...rest } = filter;
  return { ...rest, type: 'selector', value };
}

function withKeys(filter: ByLookup, lookup: Lookup, orUnknown: boolean): Filter {
  const values = new Set(filter.type === 'in' ? filter.values : [filter.value]);
  const keys = keysOf(lookup, values, orUnknown);
  if (keys === undefined) return filter;
  if (keys.size === 0) return { type: 'false' };
  return { type: 'in', dimension: filter.dimension, values: [...keys] };
}

/** Undefined: not to be told from the lookup alone. */
function keysOf(
  lookup: Lookup,
  values: ReadonlySet<string | null>,
  orUnknown: boolean,
): ReadonlySet<string | null> | undefined {
  const { entries, retainMissingValue, replaceMissingValueWith } = lookup;
  const isOneToOne = lookup.isOneToOne === true;
  if (lookup.isOptimized === false) return undefined;
  const hasMissing = values.has(replaceMissingValueWith);
  // Every key that the lookup does not have would be one.
  if (!isOneToOne && !retainMissingValue && hasMissing) return undefined;
  if (orUnknown && !values.has(null) && replaceMissingValueWith === null && !isOneToOne) return undefined;
  const known = new Map(entries);
  const keys = new Set<string | null>();
  for (const [key, value] of known) if (values.has(value)) keys.add(key);
  if (hasMissing) keys.add(null);
  if (retainMissingValue) {
    for (const value of values) if (value === null || !known.has(value)) keys.add(value);
  }
  return keys;
}
