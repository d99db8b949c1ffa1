/** From a row of the left side to the rows of the right side that it meets. */
import { CodedError } from '../../../proto/errors.js';
import { BATCH_ROWS, type StringColumnView } from '../../../segment/read/view.js';
import type { Environment } from '../environment.js';
import type { JoinCondition } from './join-condition.js';
import { joinValue, type JoinTable } from './join-table.js';
import { RowReader } from './row-reader.js';

export type Matcher = (row: number) => Uint32Array;

const none = new Uint32Array(0);

export function joinMatcher(environment: Environment, table: JoinTable, condition: JoinCondition): Matcher {
  const { canMatch, equalities } = condition;
  if (!canMatch) return () => none;
  if (equalities.length === 0) return () => table.find([]);
  const [first, ...more] = equalities;
  const column = first?.leftColumn === undefined ? undefined : environment.segment.column(first.leftColumn);
  if (more.length === 0 && column?.kind === 'string' && !column.hasMultipleValues)
    return byDictionary(environment, table, column);
  const reader = new RowReader(environment);
  return (row) => {
    reader.moveTo(row);
    return table.find(equalities.map(({ left }) => joinValue(left(reader.value), severalValues)));
  };
}

function severalValues(): never {
  throw new CodedError('QueryFailed', 'Joining against a multi-value dimension is not supported.');
}

/** Each distinct value is looked up once. */
function byDictionary(environment: Environment, table: JoinTable, column: StringColumnView): Matcher {
  const { kernels, scratch, segment, check } = environment;
  const found: (Uint32Array | undefined)[] = [];
  const out = scratch.take(BATCH_ROWS * 4);
  let ids = none;
  let block = -1;
  return (row) => {
    const inBlock = row % BATCH_ROWS;
    const start = row - inBlock;
    if (start !== block) {
      check();
      const rows = Math.min(BATCH_ROWS, segment.rowCount - start);
      kernels.idsWiden(column.batch(start), column.idWidth, rows, out);
      ids = scratch.arena.u32(out, rows) as Uint32Array<ArrayBuffer>;
      block = start;
    }
    const id = ids[inBlock] ?? 0;
    return (found[id] ??= table.find([column.value(id)]));
  };
}
