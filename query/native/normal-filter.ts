/**
 * Filters as conjunctions of clauses, the way Druid puts them before it decides which clauses of a query over a join
 * are asked before joining. Pure.
 */
import { jsonText } from '../json/write.js';
import { conjuncts } from './filter-columns.js';
import type { Filter } from './model.js';

type Several = Extract<Filter, { type: 'and' | 'or' }>;

/** Clauses that a filter may become. */
const clausesMax = 10_000;

/** The clauses of the filter; undefined: there would be too many. */
export function normalClauses(filter: Filter): readonly Filter[] | undefined {
  const normal = distributed(withoutCommon(withNotsInside(filter)));
  return normal === undefined ? undefined : conjuncts(normal);
}

/** Negations stand before single conditions only. */
function withNotsInside(filter: Filter): Filter {
  if (filter.type === 'and' || filter.type === 'or')
    return several(filter.type, filter.fields.map(withNotsInside));
  if (filter.type !== 'not') return filter;
  const { field } = filter;
  if (field.type === 'not') return withNotsInside(field.field);
  if (field.type !== 'and' && field.type !== 'or') return filter;
  const negated = field.fields.map((each): Filter => withNotsInside({ type: 'not', field: each }));
  return several(field.type === 'and' ? 'or' : 'and', negated);
}

/** Lists longer than this equal themselves only: writing them down takes longer than it saves. */
const comparedMax = 1000;
const ownKeys = new WeakMap<Filter, string>();
let ownCount = 0;

/** Equal for equal filters. */
function keyOf(filter: Filter): string {
  if (!('values' in filter) || filter.values.length <= comparedMax) return jsonText(filter);
  let key = ownKeys.get(filter);
  if (key === undefined) ownKeys.set(filter, (key = `list ${ownCount++}`));
  return key;
}

/** Flat, each part once. */
function several(type: 'and' | 'or', fields: readonly Filter[]): Filter {
  const parts = new Map<string, Filter>();
  for (const field of fields)
    for (const part of field.type === type ? field.fields : [field]) parts.set(keyOf(part), part);
  const kept = [...parts.values()];
  const [only] = kept;
  return kept.length === 1 && only !== undefined ? only : { type, fields: kept };
}

/** Conditions that all alternatives have stand beside them. */
function withoutCommon(filter: Filter): Filter {
  if (filter.type === 'and') return several('and', filter.fields.map(withoutCommon));
  if (filter.type !== 'or') return filter;
  const lists = filter.fields.map((field) => new Map(conjuncts(field).map((part) => [keyOf(part), part])));
  const [first, ...others] = lists;
  const common = [...(first ?? [])].filter(([key]) => others.every((list) => list.has(key)));
  if (common.length === 0) return filter;
  const keys = new Set(common.map(([key]) => key));
  const rests = lists.map((list) => [...list].filter(([key]) => !keys.has(key)).map(([, part]) => part));
  const shared = common.map(([, part]) => part);
  // An alternative of nothing else always holds beside what is common.
  if (rests.some((rest) => rest.length === 0)) return several('and', shared);
  return several('and', [
    ...shared,
    several(
      'or',
      rests.map((rest) => several('and', rest)),
    ),
  ]);
}

/** ORs of ANDs as ANDs of ORs. */
function distributed(filter: Filter, most = clausesMax): Filter | undefined {
  if (filter.type === 'and') {
    const fields: Filter[] = [];
    for (const field of filter.fields) {
      const clauses = distributed(field, most - fields.length);
      if (clauses === undefined) return undefined;
      fields.push(...conjuncts(clauses));
      if (fields.length > most) return undefined;
    }
    return several('and', fields);
  }
  if (filter.type !== 'or') return filter;
  const isAnd = (field: Filter): field is Several => field.type === 'and';
  let clauses: Filter[][] = [filter.fields.filter((field) => !isAnd(field))];
  for (const { fields } of filter.fields.filter(isAnd)) {
    if (clauses.length * fields.length > most) return undefined;
    clauses = fields.flatMap((field) => clauses.map((clause) => [...clause, field]));
  }
  return several(
    'and',
    clauses.map((clause) => several('or', clause)),
  );
}
