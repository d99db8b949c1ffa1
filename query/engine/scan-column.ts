/** One column's values for a list of rows, as a column of a frame. */
import {
  BATCH_ROWS,
  type ColumnView,
  type ComplexColumnView,
  type NumericColumnView,
  type StringColumnView,
} from '../../segment/read/view.js';
import { exactJsonText } from '../../segment/format/json.js';
import { hasJson } from '../../segment/read/rows.js';
import type { JsonValue } from '../../segment/write/source.js';
import { type FrameColumn, mixedType } from '../frame.js';
import { packNulls } from '../merge/columns.js';
import { DictionaryBuilder, emptyDictionary } from '../merge/dictionary.js';
import { allNulls } from './aggregators/result.js';
import type { Environment } from './environment.js';
import { gatherNumbers } from './gather-numbers.js';
import { valueColumn } from './value-column.js';

/** A column the segment does not have is STRING, null in every row, with an empty dictionary. */
export function readColumn(
  environment: Environment,
  name: string,
  rows: Uint32Array,
  column: ColumnView | undefined = environment.segment.column(name),
): FrameColumn {
  if (column === undefined) {
    const values = new Uint32Array(rows.length);
    return { name, type: 'STRING', values, nulls: allNulls(rows.length), dictionary: emptyDictionary };
  }
  switch (column.kind) {
    case 'string':
      if (hasJson(column)) return mixedColumn(name, (row) => column.json(row), rows);
      return column.hasMultipleValues
        ? arrayColumn(environment, name, column, rows)
        : stringColumn(environment, name, column, rows);
    case 'complex':
      return complexColumn(environment, name, column, rows);
    default:
      return numericColumn(environment, name, column, rows);
  }
}

/** Selection vector of a run of rows, in the arena. */
function selectionOf(
  environment: Environment,
  rows: Uint32Array,
  start: number,
  at: number,
  count: number,
  sel: number,
): void {
  const target = environment.scratch.arena.u32(sel, count);
  for (let i = 0; i < count; i++) target[i] = (rows[at + i] ?? 0) - start;
}

function numericColumn(
  environment: Environment,
  name: string,
  column: NumericColumnView,
  rows: Uint32Array,
): FrameColumn {
  const { kernels, scratch, check } = environment;
  const { arena } = scratch;
  const sel = scratch.take(BATCH_ROWS * 4);
  const out = scratch.take(BATCH_ROWS * 8);
  const values =
    column.kind === 'long'
      ? new BigInt64Array(rows.length)
      : column.kind === 'double'
        ? new Float64Array(rows.length)
        : new Float32Array(rows.length);
  const flags = column.hasNulls ? new Uint8Array(rows.length) : undefined;
  const nullBytes =
    flags === undefined
      ? undefined
      : arena.bytes(column.nullBits(), Math.ceil(environment.segment.rowCount / 8));
  forEachRun(rows, (start, at, count) => {
    check();
    selectionOf(environment, rows, start, at, count, sel);
    gatherNumbers(kernels, column, start, sel, count, out);
    if (values instanceof Float32Array) values.set(arena.f32(out, count), at);
    else if (values instanceof BigInt64Array) values.set(arena.i64(out, count), at);
    else values.set(arena.f64(out, count), at);
    if (flags === undefined || nullBytes === undefined) return;
    for (let i = at; i < at + count; i++) {
      const row = rows[i] ?? 0;
      flags[i] = ((nullBytes[row >>> 3] ?? 0) >> (row & 7)) & 1;
    }
  });
  scratch.give(sel);
  scratch.give(out);
  const nulls = packNulls(flags);
  const extra = nulls === undefined ? {} : { nulls };
  if (values instanceof BigInt64Array) return { name, type: 'LONG', values, ...extra };
  if (values instanceof Float64Array) return { name, type: 'DOUBLE', values, ...extra };
  return { name, type: 'FLOAT', values, ...extra };
}

function stringColumn(
  environment: Environment,
  name: string,
  column: StringColumnView,
  rows: Uint32Array,
): FrameColumn {
  const { kernels, scratch, check } = environment;
  const sel = scratch.take(BATCH_ROWS * 4);
  const out = scratch.take(BATCH_ROWS * 4);
  const ids = new Uint32Array(rows.length);
  forEachRun(rows, (start, at, count) => {
    check();
    selectionOf(environment, rows, start, at, count, sel);
    kernels.idsGather(column.batch(start), column.idWidth, sel, count, out);
    ids.set(scratch.arena.u32(out, count), at);
  });
  scratch.give(sel);
  scratch.give(out);
  return valueColumn({ dimension: name, outputName: name, outputType: 'STRING' }, ids, (id) =>
    column.value(id),
  );
}

const nullElement = 0xffffffff;

function arrayColumn(
  environment: Environment,
  name: string,
  column: StringColumnView,
  rows: Uint32Array,
): FrameColumn {
  const { arena } = environment.scratch;
  const offsets = new Uint32Array(rows.length + 1);
  const flags = new Uint8Array(rows.length);
  const found: Uint32Array[] = [];
  let elements = 0;
  forEachRun(rows, (start, at, count) => {
    environment.check();
    const block = column.multiBatch(start);
    const blockRows = Math.min(BATCH_ROWS, environment.segment.rowCount - start);
    const ends = arena.u32(block.offsets, blockRows + 1);
    const ids = arena.u32(block.ids, ends[blockRows] ?? 0);
    for (let i = at; i < at + count; i++) {
      const row = (rows[i] ?? 0) - start;
      const values = ids.slice(ends[row] ?? 0, ends[row + 1] ?? 0);
      if (values.length === 0) flags[i] = 1;
      found.push(values);
      elements += values.length;
      offsets[i + 1] = elements;
    }
  });
  const all = new Uint32Array(elements);
  found.forEach((values, i) => all.set(values, offsets[i] ?? 0));
  return { name, type: 'STRING_ARRAY', offsets, ...elementEntries(column, all, offsets, flags) };
}

/** Ids to entries of a dictionary of their own. A row whose only value is null is a null row. */
function elementEntries(column: StringColumnView, ids: Uint32Array, offsets: Uint32Array, flags: Uint8Array) {
  const builder = new DictionaryBuilder();
  const entries = new Map<number, number>();
  for (const id of new Set(ids.slice().sort())) {
    const text = column.value(id);
    entries.set(id, text === null ? nullElement : builder.addText(text));
  }
  const values = Uint32Array.from(ids, (id) => entries.get(id) ?? nullElement);
  for (let row = 0; row < flags.length; row++) {
    const from = offsets[row] ?? 0;
    if ((offsets[row + 1] ?? 0) === from + 1 && values[from] === nullElement) flags[row] = 1;
  }
  const nulls = packNulls(flags);
  return { values, dictionary: builder.build(), ...(nulls === undefined ? {} : { nulls }) };
}

/** Values of several types in their own types, as JSON. */
function mixedColumn(name: string, valueOf: (row: number) => JsonValue, rows: Uint32Array): FrameColumn {
  const builder = new DictionaryBuilder();
  const values = new Uint32Array(rows.length);
  const flags = new Uint8Array(rows.length);
  rows.forEach((row, i) => {
    const value = valueOf(row);
    if (value === null) flags[i] = 1;
    else values[i] = builder.addText(exactJsonText(value));
  });
  const nulls = packNulls(flags);
  const base = {
    name,
    type: 'COMPLEX',
    complexType: mixedType,
    values,
    dictionary: builder.build(),
  } as const;
  return nulls === undefined ? base : { ...base, nulls };
}

function complexColumn(
  environment: Environment,
  name: string,
  column: ComplexColumnView,
  rows: Uint32Array,
): FrameColumn {
  const builder = new DictionaryBuilder();
  const values = new Uint32Array(rows.length);
  const flags = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    if (i % BATCH_ROWS === 0) environment.check();
    const bytes = column.bytes(rows[i] ?? 0);
    if (bytes === null) flags[i] = 1;
    else values[i] = builder.addBytes(bytes);
  }
  const nulls = packNulls(flags);
  const base = {
    name,
    type: 'COMPLEX',
    complexType: column.typeName,
    values,
    dictionary: builder.build(),
  } as const;
  return nulls === undefined ? base : { ...base, nulls };
}

/** Calls `visit` for runs of rows of the same block: their place in the list and their rows relative to the block. */
export function forEachRun(
  rows: Uint32Array,
  visit: (start: number, at: number, count: number) => void,
): void {
  let at = 0;
  while (at < rows.length) {
    const first = rows[at] ?? 0;
    const start = first - (first % BATCH_ROWS);
    let count = 1;
    while (count < BATCH_ROWS && at + count < rows.length) {
      const row = rows[at + count] ?? 0;
      if (row < start || row >= start + BATCH_ROWS) break;
      count++;
    }
    visit(start, at, count);
    at += count;
  }
}
