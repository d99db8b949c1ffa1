/** Sorting rows of a frame by columns of any type: nulls first (last when descending), equal rows as they stand. */
import { CodedError } from '../../proto/errors.js';
import type { Frame, FrameColumn } from '../frame.js';
import type { ScanOrder } from '../native/model.js';
import { isNull, nullFlags } from './columns.js';
import { mergeDictionaries } from './dictionary.js';
import { doubleKeys, longKeys, sortedOrder, type SortKey } from './order.js';

/** The permutation that sorts the rows. A column that is not there is null throughout. */
export function frameOrder(frame: Frame, orderBy: readonly ScanOrder[]): Uint32Array {
  const keys = orderBy.flatMap(({ column: name, descending }) => {
    const column = frame.columns.find((each) => each.name === name);
    if (column === undefined) return [];
    const own = columnKeys(column, frame.rows);
    if (descending) for (const key of own) for (let i = 0; i < key.length; i++) key[i] = ~(key[i] ?? 0);
    return own;
  });
  return sortedOrder(keys, frame.rows);
}

function columnKeys(column: FrameColumn, rows: number): SortKey[] {
  const flags = nullFlags([column], [rows]);
  const nullKeys = flags === undefined ? [] : [Uint32Array.from(flags, (flag) => 1 - flag)];
  switch (column.type) {
    case 'LONG':
      return [...nullKeys, ...longKeys(column.values)];
    case 'DOUBLE':
    case 'FLOAT':
      return [...nullKeys, ...doubleKeys(column.values)];
    case 'STRING': {
      const [remap = new Uint32Array(0)] = mergeDictionaries([column.dictionary]).remaps;
      const ranks = Uint32Array.from(column.values, (entry, row) =>
        isNull(column.nulls, row) ? 0 : (remap[entry] ?? 0),
      );
      return [...nullKeys, ranks];
    }
    default:
      throw new CodedError('Unsupported', `orderBy: column[${column.name}] is of a type that has no order`, {
        field: 'orderBy',
      });
  }
}
