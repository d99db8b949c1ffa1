/**
 * One row as a reader of bytes finds it: where its cells lie, without a string or an object for any of them. Made once
 * and filled again for every row.
 */
import { TIME_COLUMN } from '../spec/data-schema.js';
import type { DimensionSpec, MetricSpec } from '../spec/model.js';
import { anyLookup } from '../transform/lookup-asking.js';
import { metricColumn } from './metric-columns.js';

export const cellKinds = {
  /** Null, or a field that is not there. */
  none: 0,
  /** A text: its UTF-8, which must be well-formed, is bytes[starts[i], ends[i]). Escapes are resolved. */
  text: 1,
  /** `numbers[i]`, as in the rows that parsers make: see values.ts. */
  number: 2,
  /** Anything else (lists, objects, booleans, longs beyond 2^53, `3.0`): it is taken from the row's `fields`. */
  value: 3,
} as const;

export class RowCells {
  /** One of {@link cellKinds} each. */
  readonly kinds: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly numbers: Float64Array;
  /** What starts and ends count in; only looked at while the row is added. */
  bytes: Uint8Array = new Uint8Array(0);

  /** `count`: how many {@link cellNames} there are, or more; `memory`: where they are to lie. */
  constructor(count: number, memory?: CellMemory) {
    this.kinds = memory?.kinds ?? new Uint8Array(count);
    this.starts = memory?.starts ?? new Uint32Array(count);
    this.ends = memory?.ends ?? new Uint32Array(count);
    this.numbers = memory?.numbers ?? new Float64Array(count);
  }
}

type CellMemory = Pick<RowCells, 'kinds' | 'starts' | 'ends' | 'numbers'>;

interface Columns {
  readonly dimensions: readonly DimensionSpec[];
  readonly metrics: readonly MetricSpec[];
}

/** The fields that an index of this schema asks for, cell by cell: dimensions in their order, then what only metrics read. */
export function cellNames({ dimensions, metrics }: Columns): readonly string[] {
  const inputs = metrics.map((metric) => metricColumn(metric, anyLookup).fieldName ?? TIME_COLUMN);
  return [
    ...new Set([...dimensions.map(({ name }) => name), ...inputs.filter((name) => name !== TIME_COLUMN)]),
  ];
}
