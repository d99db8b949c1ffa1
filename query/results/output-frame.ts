/** Rows of a result as a frame. */
import { exactJsonText } from '../../segment/format/json.js';
import { castTo } from '../expression/cast.js';
import { type ExprType, isArrayType, isComplex, nullValue, type Value } from '../expression/value.js';
import type { Frame, FrameColumn } from '../frame.js';
import { bytesColumn, cellColumn, type FrameCell, type PlainType } from '../frame-build.js';
import { pickRows } from '../merge/scan.js';
import type { Output } from './output.js';

const plainTypes: ReadonlySet<string> = new Set(['LONG', 'DOUBLE', 'FLOAT', 'STRING']);

/**
 * Columns of the merged frame as they are, all else value by value. Sketches are their estimates, unless the query
 * around goes on with them.
 */
export function outputFrame(
  merged: Frame,
  rows: Uint32Array,
  times: readonly number[] | undefined,
  outputs: readonly Output[],
  keepsSketches = false,
  late: ReadonlySet<string> = new Set(),
): Frame {
  const columns: FrameColumn[] = [];
  if (times !== undefined) columns.push(cellColumn('__time', 'LONG', times.map(BigInt)));
  for (const output of outputs) {
    const { name } = output;
    const stored = merged.columns.find((column) => column.name === name);
    // States of aggregators mean nothing outside their query.
    const isState =
      stored?.type === 'COMPLEX' &&
      (stored.complexType === 'partial' || (!keepsSketches && plainTypes.has(output.type)));
    // A dimension with a late step is not what is stored.
    if (stored !== undefined && !isState && !late.has(name)) {
      columns.push(...pickRows({ rows: merged.rows, columns: [stored] }, rows).columns);
      continue;
    }
    if (output.exprType !== undefined && output.value !== undefined) {
      const values = Array.from(rows, (row) => output.value?.(row) ?? nullValue);
      columns.push(valueColumn(name, output.exprType, values));
      continue;
    }
    const cells = Array.from(rows, (row) => output.at(row));
    const type = plainTypes.has(output.type) ? (output.type as PlainType) : 'STRING';
    columns.push(cellColumn(name, type, cells));
  }
  return { rows: rows.length, columns };
}

/** Values as what they are declared to be. */
function valueColumn(name: string, type: ExprType, values: readonly Value[]): FrameColumn {
  const cast = isComplex(type) ? values : values.map((value) => castTo(value, type));
  if (plainTypes.has(type)) {
    const cells = cast.map(({ value }) => value as FrameCell);
    return cellColumn(name, type as PlainType, cells);
  }
  const encoder = new TextEncoder();
  const cells = cast.map(({ value }) => (value === null ? null : encoder.encode(exactJsonText(value))));
  return bytesColumn(name, isArrayType(type) ? type : 'json', cells);
}
