/** From a row of the left side to the rows of the right side that it meets. */
import { CodedError } from '../../../proto/errors.js';
import { BATCH_ROWS, type StringColumnView } from '../../../segment/read/view.js';
import type { Environment } from '../environment.js';
import type { JoinCondition } from './join-condition.js';
import type { Scalar } from '../../expression/value.js';
import type { JoinTable } from './join-table.js';
import { RowReader } from './row-reader.js';

export type Matcher = (row: number) => Uint32Array;

const none = new Uint32Array(0);

/**
 * `filtersLeft`: left rows none of whose values is among those of the right side do not take part; the others with
 * several values are refused.
 */
export function joinMatcher(
  environment: Environment,
  table: JoinTable,
  condition: JoinCondition,
  filtersLeft: boolean,
): Matcher {
  const { canMatch, equalities } = condition;
  if (!canMatch) return () => none;
  if (equalities.length === 0) return () => table.find([]);
  const [first, ...more] = equalities;
  const only = more.length === 0 ? first : undefined;
  const column = first?.leftColumn === undefined ? undefined : environment.segment.column(first.leftColumn);
  if (only !== undefined && column?.kind === 'string' && !column.hasMultipleValues)
    return byDictionary(environment, table, column);
  const isArray = column?.kind === 'complex' && column.typeName.startsWith('ARRAY<');
  const isFiltered = filtersLeft && only?.leftColumn !== undefined && !isArray;
  const reader = new RowReader(environment);
  return (row) => {
    reader.moveTo(row);
    const values: Scalar[] = [];
    for (const { left } of equalities) {
      const { value } = left(reader.value);
      if (isArray) throw notSupported('ARRAY columns');
      // Documents equal nothing.
      if (
        typeof value === 'boolean' ||
        (typeof value === 'object' && value !== null && !Array.isArray(value))
      )
        return none;
      if (!Array.isArray(value)) values.push(value as Scalar);
      else if (value.length <= 1) values.push((value[0] ?? null) as Scalar);
      else if (isFiltered && value.every((each) => table.find([each as Scalar]).length === 0)) return none;
      else throw notSupported('a multi-value dimension');
    }
    return table.find(values);
  };
}

function notSupported(what: string): CodedError {
  return new CodedError('Unsupported', `Joining against ${what} is not supported.`, {
    legacyCode: 'Unsupported query',
    errorClass: 'org.apache.druid.query.QueryUnsupportedException',
  });
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
