/**
 * Inner joins that only keep left rows: where nothing of the right side is asked and it has each value once, Druid asks
 * the left side for these values instead of joining. Rows with several values pass when one of theirs is among them,
 * while a join refuses them; for other rows it is the same, so only columns of several values are looked at here. Pure.
 */
import type { Frame } from '../../frame.js';
import { isNull } from '../../merge/columns.js';
import { entryText } from '../../merge/dictionary.js';
import type { Filter } from '../../native/model.js';
import type { JoinCondition } from './join-condition.js';

/** More values are not made a filter. */
export const filterValuesMax = 10_000;

/** Undefined: there are other conditions, or the right side has a value twice, too many or others than texts and longs. */
export function semiJoinFilter({ equalities, canMatch }: JoinCondition, frame: Frame): Filter | undefined {
  const [only, ...more] = equalities;
  if (!canMatch || only?.leftColumn === undefined || more.length > 0) return undefined;
  const column = frame.columns.find(({ name }) => name === only.rightColumn);
  if (column?.type !== 'STRING' && column?.type !== 'LONG') return undefined;
  const values = new Set<string | null>();
  for (let row = 0; row < frame.rows; row++) {
    const isNothing = isNull(column.nulls, row);
    if (isNothing && !only.nullMatches) continue;
    const value = isNothing
      ? null
      : column.type === 'LONG'
        ? String(column.values[row])
        : entryText(column.dictionary, column.values[row] ?? 0);
    if (values.has(value) || values.size === filterValuesMax) return undefined;
    values.add(value);
  }
  return values.size === 0
    ? { type: 'false' }
    : { type: 'in', dimension: only.leftColumn, values: [...values] };
}

/** Whether some text of the query, apart from its source and context, may be or hold the name of a column of that prefix. */
export function mentions(query: object, prefix: string): boolean {
  const search = (value: unknown): boolean => {
    if (typeof value === 'string') return value.includes(prefix);
    // Nothing is known of a filter in other memory.
    if (value instanceof SharedArrayBuffer) return true;
    if (typeof value !== 'object' || value === null) return false;
    return Object.values(value).some(search);
  };
  return Object.entries(query).some(([key, value]) => key !== 'source' && key !== 'context' && search(value));
}
