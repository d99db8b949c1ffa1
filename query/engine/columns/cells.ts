/** Columns read row by row as values of the expression language. */
import {
  BATCH_ROWS,
  type ColumnView,
  type ComplexColumnView,
  type StringColumnView,
} from '../../../segment/read/view.js';
import { type Json, nullValue, type Value } from '../../expression/value.js';
import { parseJson } from '../../json/parse.js';
import type { Environment } from '../environment.js';

export interface CellReader {
  /** Points at the block of rows that starts at `start`; to be called again after others have read the column. */
  open(start: number): void;
  /**
   * The value of a row of the block, counted from its start. Strings with several values are ARRAY<STRING>, null when
   * there is none or nothing but null.
   */
  at(row: number): Value;
}

export function cellReader(environment: Environment, column: ColumnView | undefined): CellReader {
  if (column === undefined) return { open: () => {}, at: () => nullValue };
  switch (column.kind) {
    case 'string':
      return column.hasMultipleValues ? multiReader(environment, column) : stringReader(environment, column);
    case 'complex':
      return complexReader(column.typeName, column.bytes.bind(column));
    default:
      return numberReader(environment, column);
  }
}

function rowsOf(environment: Environment, start: number): number {
  return Math.min(BATCH_ROWS, environment.segment.rowCount - start);
}

function numberReader(
  environment: Environment,
  column: Extract<ColumnView, { kind: 'long' | 'double' | 'float' }>,
): CellReader {
  const { arena } = environment.scratch;
  const type = column.kind === 'long' ? 'LONG' : 'DOUBLE';
  let values: BigInt64Array | Float64Array | Float32Array = new Float64Array(0);
  let nulls: Uint8Array | undefined;
  return {
    open(start) {
      const rows = rowsOf(environment, start);
      const pointer = column.batch(start);
      if (column.kind === 'long') values = arena.i64(pointer, rows);
      else values = column.kind === 'double' ? arena.f64(pointer, rows) : arena.f32(pointer, rows);
      nulls = column.hasNulls ? arena.bytes(column.nullBits() + start / 8, Math.ceil(rows / 8)) : undefined;
    },
    at(row) {
      if (nulls !== undefined && ((nulls[row >>> 3] ?? 0) >> (row & 7)) & 1) return { type, value: null };
      return { type, value: values[row] ?? null };
    },
  };
}

function stringReader(environment: Environment, column: StringColumnView): CellReader {
  const { arena } = environment.scratch;
  const known: Value[] = [];
  let ids: Uint8Array | Uint16Array | Uint32Array = new Uint32Array(0);
  return {
    open(start) {
      const rows = rowsOf(environment, start);
      const pointer = column.batch(start);
      if (column.idWidth === 1) ids = arena.bytes(pointer, rows);
      else ids = column.idWidth === 2 ? arena.u16(pointer, rows) : arena.u32(pointer, rows);
    },
    at(row) {
      const id = ids[row] ?? 0;
      return (known[id] ??= { type: 'STRING', value: column.value(id) });
    },
  };
}

function multiReader(environment: Environment, column: StringColumnView): CellReader {
  const { arena } = environment.scratch;
  let ends = new Uint32Array(0);
  let ids = new Uint32Array(0);
  return {
    open(start) {
      const rows = rowsOf(environment, start);
      const block = column.multiBatch(start);
      ends = arena.u32(block.offsets, rows + 1) as Uint32Array<ArrayBuffer>;
      ids = arena.u32(block.ids, ends[rows] ?? 0) as Uint32Array<ArrayBuffer>;
    },
    at(row) {
      const value: (string | null)[] = [];
      for (let i = ends[row] ?? 0; i < (ends[row + 1] ?? 0); i++) value.push(column.value(ids[i] ?? 0));
      const isNull = value.length === 0 || (value.length === 1 && value[0] === null);
      return { type: 'ARRAY<STRING>', value: isNull ? null : value };
    },
  };
}

const decoder = new TextDecoder();
const jsonLimits = { maxDepth: 500, allLongs: true };

function complexReader(typeName: string, bytes: (row: number) => Uint8Array | null): CellReader {
  const isArray = typeName.startsWith('ARRAY<');
  const type = isArray ? typeName : `COMPLEX<${typeName}>`;
  const isJson = isArray || typeName === 'json';
  let from = 0;
  return {
    open(start) {
      from = start;
    },
    at(row) {
      const found = bytes(from + row);
      if (found === null || !isJson) return { type, value: null };
      const value = jsonOf(found);
      return { type, value: isArray ? elementsAs(typeName, value) : value };
    },
  };
}

/** What stands alone in documents, or among arrays; objects and lists are null. */
export function singleValues(column: ComplexColumnView): {
  open(start: number): void;
  at(row: number): Json;
} {
  let from = 0;
  return {
    open: (start) => void (from = start),
    at(row) {
      const found = column.bytes(from + row);
      const value = found === null ? null : jsonOf(found);
      return typeof value === 'object' ? null : value;
    },
  };
}

/** A scalar among arrays is an array of one. Whole numbers too are doubles among doubles. */
function elementsAs(typeName: string, value: Json): readonly Json[] {
  const elements: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : [value];
  return typeName === 'ARRAY<DOUBLE>' || typeName === 'ARRAY<FLOAT>' ? elements.map(doubleOf) : elements;
}

const doubleOf = (value: Json): Json => (typeof value === 'bigint' ? Number(value) : value);

/** JSON bytes as the expression language has it: integers are bigint, other numbers doubles. */
export function jsonOf(bytes: Uint8Array): Json {
  return parseJson(decoder.decode(bytes), jsonLimits) as Json;
}
