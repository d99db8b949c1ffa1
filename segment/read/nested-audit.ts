/**
 * Columns of value ids say things twice: per row an id (and for numbers the number itself), per id a bitmap. Whoever
 * verifies a segment asks here whether they agree.
 */
import { wrongBitmap } from '../bitmap-check.js';
import { NumberReader } from './plain-values.js';
import { orValueBitmap, RowIds, type ValueIds } from './nested-values.js';
import { NumberColumn } from './numbers.js';
import type { ColumnView } from './view.js';

const audits = new WeakMap<ColumnView, () => string[]>();

/** What is wrong with a column beside what its own reader notices; empty when nothing is, or nothing can be told. */
export function auditColumn(column: ColumnView): string[] {
  return audits.get(column)?.() ?? [];
}

/** `open` is called when somebody asks. */
export function auditable<T extends ColumnView>(column: T, open: () => ValueIds): T {
  audits.set(column, () => {
    const of = open();
    const wrong = column instanceof NumberColumn ? wrongNumber(of, column) : undefined;
    return wrong === undefined ? auditBitmaps(of) : [wrong];
  });
  return column;
}

function wrongNumber(of: ValueIds, column: NumberColumn): string | undefined {
  const { rowCount, kernels } = of.context;
  const numbers = new NumberReader(column, kernels.arena, rowCount);
  const ids = new RowIds(of);
  for (let row = 0; row < rowCount; row++) {
    if (!Object.is(numbers.value(row), of.value(ids.id(row))))
      return `the number of row[${row}] differs from its dictionary's`;
  }
  return undefined;
}

function auditBitmaps(of: ValueIds): string[] {
  if (of.bitmaps === undefined) return [];
  const { rowCount, kernels } = of.context;
  const ids = new RowIds(of);
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < rowCount; row++) {
    const id = ids.id(row);
    const rows = rowsOf.get(id);
    if (rows === undefined) rowsOf.set(id, [row]);
    else rows.push(row);
  }
  const { cardinality } = of;
  const orBitmap = (id: number, bits: number): void => orValueBitmap(of, id, bits);
  const wrong = wrongBitmap({ arena: kernels.arena, rowCount, cardinality, rowsOf, orBitmap });
  return wrong === undefined ? [] : [wrong];
}
