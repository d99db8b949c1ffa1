/**
 * Merging rows of a scan: frames end to end, by time when the query asks for an order, cut at offset + limit.
 * Frames of segments with different schemas get the union of their columns, missing ones null. Where types differ a
 * column takes the widest: LONG or FLOAT and DOUBLE give DOUBLE, several values beat one, all else becomes STRING.
 */
import { CodedError } from '../../proto/errors.js';
import type { Frame, FrameColumn } from '../frame.js';
import { doubleText, floatText } from '../json/java-number.js';
import type { ScanQuery } from '../native/model.js';
import { columnOutput } from '../results/output.js';
import { chainDictionaries, isNull, packNulls, pickFloats, pickInts, pickLongs, sum } from './columns.js';
import { DictionaryBuilder } from './dictionary.js';
import { longKeys, sortedOrder } from './order.js';
import { frameOrder } from './order-by.js';

export function mergeScans(query: ScanQuery, parts: readonly Frame[]): Frame {
  const most = query.limit === undefined ? Infinity : query.limit + query.offset;
  const frames = query.order === 'none' ? firstRows(parts, most) : parts.filter((frame) => frame.rows > 0);
  const single = frames[0];
  if (single === undefined) return parts[0] ?? { rows: 0, columns: [] };
  if (frames.length === 1 && single.rows <= most) return single;
  const isMixed = query.columns.length === 0 && new Set(frames.map(schemaOf)).size > 1;
  const joined = joinFrames(isMixed ? frames.map(withSchema) : frames);
  if (query.order === 'none') return pickRows(joined, countedRows(Math.min(joined.rows, most)));
  const order =
    query.order === 'columns'
      ? frameOrder(joined, query.orderBy ?? [])
      : timeOrder(joined, query.order === 'descending');
  return pickRows(joined, order.subarray(0, Math.min(order.length, most)));
}

/**
 * Where a scan of all columns puts rows of segments in an order, each row keeps the columns that its segment has: their
 * names, as JSON, are a column of this name in the merged frame.
 */
export const schemaColumn = '\u0000columns';

function schemaOf(frame: Frame): string {
  return JSON.stringify(frame.columns.map(({ name }) => name));
}

function withSchema(frame: Frame): Frame {
  if (frame.columns.some(({ name }) => name === schemaColumn)) return frame;
  const builder = new DictionaryBuilder();
  const values = new Uint32Array(frame.rows).fill(builder.addText(schemaOf(frame)));
  const schema: FrameColumn = { name: schemaColumn, type: 'STRING', values, dictionary: builder.build() };
  return { ...frame, columns: [...frame.columns, schema] };
}

/** Frames until there are enough rows. */
function firstRows(parts: readonly Frame[], most: number): Frame[] {
  const kept: Frame[] = [];
  let rows = 0;
  for (const frame of parts) {
    if (rows >= most) break;
    if (frame.rows > 0) kept.push(frame);
    rows += frame.rows;
  }
  return kept;
}

function countedRows(rows: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, i) => i);
}

function timeOrder(frame: Frame, descending: boolean): Uint32Array {
  const time = frame.columns.find((column) => column.name === '__time');
  if (time === undefined || time.type !== 'LONG') {
    throw new CodedError('InvalidInput', 'columns must contain __time when order is set', {
      field: 'columns',
    });
  }
  const keys = longKeys(time.values);
  if (descending) for (const key of keys) for (let i = 0; i < key.length; i++) key[i] = ~(key[i] ?? 0);
  return sortedOrder(keys, frame.rows);
}

type ColumnType = FrameColumn['type'];

function widest(a: ColumnType, b: ColumnType): ColumnType {
  if (a === b) return a;
  // Plain values beside documents become documents too.
  if (a === 'COMPLEX' || b === 'COMPLEX') return 'COMPLEX';
  if (a === 'STRING_ARRAY' || b === 'STRING_ARRAY') return 'STRING_ARRAY';
  return a === 'STRING' || b === 'STRING' ? 'STRING' : 'DOUBLE';
}

function allNull(column: FrameColumn): boolean {
  return column.type === 'STRING' && column.dictionary.ends.length === 0;
}

/** Rows of all frames in one, with every column any of them has, in the order they first appear. */
export function joinFrames(frames: readonly Frame[]): Frame {
  const types = new Map<string, ColumnType | undefined>();
  for (const frame of frames) {
    for (const column of frame.columns) {
      const known = types.get(column.name);
      // A column that is null throughout takes the type it has elsewhere.
      if (allNull(column)) types.set(column.name, known);
      else types.set(column.name, known === undefined ? column.type : widest(known, column.type));
    }
  }
  const rows = sum(frames.map((frame) => frame.rows));
  const columns = [...types].map(([name, type]) => joinColumn(frames, name, type ?? 'STRING', rows));
  return { rows, columns };
}

function joinColumn(frames: readonly Frame[], name: string, type: ColumnType, rows: number): FrameColumn {
  const found = frames.map((frame) => frame.columns.find((column) => column.name === name));
  const flags = new Uint8Array(rows);
  let at = 0;
  frames.forEach((frame, i) => {
    const column = found[i];
    for (let row = 0; row < frame.rows; row++) {
      flags[at + row] = column === undefined || isNull(column.nulls, row) ? 1 : 0;
    }
    at += frame.rows;
  });
  const packed = packNulls(flags);
  const nulls = packed === undefined ? {} : { nulls: packed };
  switch (type) {
    case 'LONG':
      return { name, type, values: numbers(frames, found, new BigInt64Array(rows)), ...nulls };
    case 'DOUBLE':
      return { name, type, values: numbers(frames, found, new Float64Array(rows)), ...nulls };
    case 'FLOAT':
      return { name, type, values: numbers(frames, found, new Float32Array(rows)), ...nulls };
    case 'STRING_ARRAY':
      return joinArrays(frames, found, name, rows, nulls);
    default:
      return joinStrings(frames, found, name, type, rows, nulls);
  }
}

function numbers<A extends BigInt64Array | Float64Array | Float32Array>(
  frames: readonly Frame[],
  found: readonly (FrameColumn | undefined)[],
  out: A,
): A {
  let at = 0;
  frames.forEach((frame, i) => {
    const column = found[i];
    if (column !== undefined && !allNull(column)) {
      if (out instanceof BigInt64Array) out.set(column.values as BigInt64Array, at);
      else if (column.values instanceof Float64Array || column.values instanceof Float32Array)
        out.set(column.values, at);
      else out.set(Float64Array.from(column.values as ArrayLike<number | bigint>, Number), at);
    }
    at += frame.rows;
  });
  return out;
}

/** A plain column's values as JSON. */
function asDocuments(column: FrameColumn, rows: number): Extract<FrameColumn, { type: 'STRING' }> {
  const output = columnOutput(column);
  const builder = new DictionaryBuilder();
  const values = Uint32Array.from({ length: rows }, (_, row) => builder.addText(output.json(row)));
  return { name: column.name, type: 'STRING', values, dictionary: builder.build() };
}

/** A plain column's values as text; dictionary columns as they are. */
function asStrings(
  column: FrameColumn,
  rows: number,
  type: ColumnType,
): Extract<FrameColumn, { type: 'STRING' | 'COMPLEX' | 'STRING_ARRAY' }> {
  if (type === 'COMPLEX' && column.type !== 'COMPLEX') return asDocuments(column, rows);
  if ('dictionary' in column) return column;
  const builder = new DictionaryBuilder();
  const values = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const text =
      column.type === 'LONG'
        ? String(column.values[row] ?? 0n)
        : column.type === 'FLOAT'
          ? floatText(column.values[row] ?? 0)
          : doubleText(column.values[row] ?? 0);
    values[row] = builder.addText(text);
  }
  return { name: column.name, type: 'STRING', values, dictionary: builder.build() };
}

function joinStrings(
  frames: readonly Frame[],
  found: readonly (FrameColumn | undefined)[],
  name: string,
  type: 'STRING' | 'COMPLEX',
  rows: number,
  nulls: { nulls?: Uint8Array },
): FrameColumn {
  const columns = frames.map((frame, i) => {
    const column = found[i];
    return column === undefined ? undefined : asStrings(column, frame.rows, type);
  });
  const present = columns.filter((column) => column !== undefined);
  const { dictionary, bases } = chainDictionaries(present.map((column) => column.dictionary));
  const values = new Uint32Array(rows);
  let at = 0;
  let next = 0;
  frames.forEach((frame, i) => {
    const column = columns[i];
    if (column !== undefined) {
      const base = bases[next++] ?? 0;
      for (let row = 0; row < frame.rows; row++) {
        values[at + row] = isNull(column.nulls, row) ? 0 : base + (column.values[row] ?? 0);
      }
    }
    at += frame.rows;
  });
  if (type === 'STRING') return { name, type, values, dictionary, ...nulls };
  const complex = found.find((column) => column?.type === 'COMPLEX');
  const complexType = complex?.type === 'COMPLEX' ? complex.complexType : '';
  return { name, type, complexType, values, dictionary, ...nulls };
}

function joinArrays(
  frames: readonly Frame[],
  found: readonly (FrameColumn | undefined)[],
  name: string,
  rows: number,
  nulls: { nulls?: Uint8Array },
): FrameColumn {
  const columns = frames.map((frame, i) => {
    const column = found[i];
    return column === undefined ? undefined : asStrings(column, frame.rows, 'STRING_ARRAY');
  });
  const present = columns.filter((column) => column !== undefined);
  const { dictionary, bases } = chainDictionaries(present.map((column) => column.dictionary));
  const values = new Uint32Array(sum(present.map((column) => column.values.length)));
  const offsets = new Uint32Array(rows + 1);
  let at = 0;
  let next = 0;
  let element = 0;
  frames.forEach((frame, i) => {
    const column = columns[i];
    const base = column === undefined ? 0 : (bases[next++] ?? 0);
    for (let row = 0; row < frame.rows; row++) {
      if (column !== undefined && !isNull(column.nulls, row)) {
        const from = column.type === 'STRING_ARRAY' ? (column.offsets[row] ?? 0) : row;
        const to = column.type === 'STRING_ARRAY' ? (column.offsets[row + 1] ?? 0) : row + 1;
        for (let e = from; e < to; e++) {
          const entry = column.values[e] ?? 0xffffffff;
          values[element++] = entry === 0xffffffff ? entry : base + entry;
        }
      }
      offsets[at + row + 1] = element;
    }
    at += frame.rows;
  });
  return { name, type: 'STRING_ARRAY', offsets, values: values.slice(0, element), dictionary, ...nulls };
}

/** The rows of a frame in another order. Dictionaries stay as they are. */
export function pickRows(frame: Frame, rows: Uint32Array): Frame {
  return { rows: rows.length, columns: frame.columns.map((column) => pickColumn(column, rows)) };
}

function pickColumn(column: FrameColumn, rows: Uint32Array): FrameColumn {
  const packed =
    column.nulls && packNulls(Uint8Array.from(rows, (row) => (isNull(column.nulls, row) ? 1 : 0)));
  const { nulls: _dropped, ...bare } = column;
  const nulls = packed === undefined ? {} : { nulls: packed };
  if (bare.type === 'STRING_ARRAY') {
    const offsets = new Uint32Array(rows.length + 1);
    const values = new Uint32Array(rows.reduce((n, row) => n + arrayLength(bare.offsets, row), 0));
    let at = 0;
    rows.forEach((row, i) => {
      const part = bare.values.subarray(bare.offsets[row] ?? 0, bare.offsets[row + 1] ?? 0);
      values.set(part, at);
      at += part.length;
      offsets[i + 1] = at;
    });
    return { ...bare, offsets, values, ...nulls };
  }
  if (bare.type === 'LONG') {
    return {
      ...bare,
      values: pickLongs(bare.values, rows),
      ...nulls,
    };
  }
  if (bare.type === 'DOUBLE') return { ...bare, values: pickFloats(bare.values, rows), ...nulls };
  if (bare.type === 'FLOAT') return { ...bare, values: pickFloats(bare.values, rows), ...nulls };
  return { ...bare, values: pickInts(bare.values, rows), ...nulls };
}

function arrayLength(offsets: Uint32Array, row: number): number {
  return (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
}
