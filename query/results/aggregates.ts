/** Aggregators as columns of a result: numbers as they are, states as what they stand for. */
import { aggregatorType } from '../engine/aggregators/registry.js';
import type { Frame } from '../frame.js';
import { doubleJson, floatJson } from '../json/java-number.js';
import { jsonString } from '../json/write.js';
import { isNull } from '../merge/columns.js';
import { entryBytes } from '../merge/dictionary.js';
import type { Aggregator } from '../native/model.js';
import { type Cell, type CellType, frameOutput, type Output } from './output.js';

/** `isRaw`: the JSON is that of states. `isGrouped`: by a groupBy. */
export function aggregateOutput(
  spec: Aggregator,
  frame: Frame,
  { isRaw = false, isGrouped = false } = {},
): Output {
  const { name } = spec;
  const column = frame.columns.find((each) => each.name === name);
  const type = aggregatorType(spec);
  const finish =
    type.finish !== undefined && type.resultType(spec, aggregatorType) === 'COMPLEX'
      ? type.finish(spec, aggregatorType)
      : undefined;
  if (finish === undefined || (column !== undefined && column.type !== 'COMPLEX'))
    return frameOutput(frame, name);
  const bytes = (row: number): Uint8Array | null =>
    column === undefined || isNull(column.nulls, row)
      ? null
      : entryBytes(column.dictionary, column.values[row] ?? 0);
  const at = (row: number): Cell => finish.value(bytes(row));
  const json = (row: number): string => {
    const state = bytes(row);
    const text = isRaw ? finish.rawJson?.(state, isGrouped) : undefined;
    return text ?? finish.json?.(state) ?? cellJson(finish.value(state), finish.type);
  };
  const { typed } = finish;
  const output = {
    name,
    type: finish.type,
    at,
    json,
    ...(typed === undefined
      ? {}
      : {
          exprType: typed.type,
          value: (row: number) => typed.value(bytes(row)),
          compare: (a: number, b: number) => typed.compare(bytes(a), bytes(b)),
        }),
  };
  return finish.rawJson === undefined
    ? output
    : { ...output, rawJson: (row) => finish.rawJson?.(bytes(row), isGrouped) ?? json(row) };
}

export function cellJson(cell: Cell, type: CellType): string {
  if (cell === null) return 'null';
  if (typeof cell === 'string') return jsonString(cell);
  if (typeof cell === 'bigint') return String(cell);
  return type === 'FLOAT' ? floatJson(cell) : doubleJson(cell);
}
