/**
 * A segment for people and tools: its rows as JSON lines, its metadata, a deep check, and a table of its columns.
 * Rows are written as Druid's own reader shows them: longs exact, floats and doubles in Java's shortest form, hyperUnique
 * as its bytes and estimate, what first and last stored as a time and a value, rows of several values as arrays.
 */
import { CodedError } from '../proto/errors.js';
import { BATCH_ROWS, type ColumnView, type SegmentView, type StringColumnView } from './read/view.js';
import { doubleText, exactJsonText, floatText, jsonText } from './format/json.js';
import { timedKindOf, timedTime, timedValue, type TimedKind } from './format/timed-values.js';
import { estimateHyperUnique } from './format/hyper-unique.js';
import type { Arena } from './kernels/arena.js';
import { wrongBitmap } from './bitmap-check.js';
import { brokenOrder } from './order-check.js';
import { readRows, type PlainValue } from './read/rows.js';
import { NumberColumn } from './read/numbers.js';
import { NestedColumn } from './read/nested.js';
import { auditColumn } from './read/nested-audit.js';
import { StringColumn } from './read/strings.js';
import type { StoredSegment } from './read/segment.js';

export interface DumpOptions {
  /** Default: all, in the segment's order. */
  readonly columns?: readonly string[];
  readonly limit?: number;
}

/** One JSON object a row, without line ends, in the order they are stored. Throws InvalidInput (an unknown column). */
export function* dumpRows(view: SegmentView, arena: Arena, options: DumpOptions = {}): Generator<string> {
  const all = ['__time', ...view.dimensions, ...view.metrics];
  const names = options.columns ?? all;
  for (const name of names) {
    if (!all.includes(name)) {
      throw new CodedError('InvalidInput', `the segment has no column[${name}]`, {
        field: 'columns',
      });
    }
  }
  const writers = names.map((name) => [name, JSON.stringify(name), valueWriter(view.column(name))] as const);
  for (const row of readRows(view, arena, { ...options, columns: names })) {
    const members = writers.map(([name, quoted, write]) => `${quoted}:${write(row[name] as PlainValue)}`);
    yield `{${members.join(',')}}`;
  }
}

function valueWriter(column: ColumnView | undefined): (value: PlainValue) => string {
  switch (column?.kind) {
    case 'float':
      return (value) => (typeof value === 'number' ? floatText(value) : exactJsonText(value));
    case 'complex':
      return (value) =>
        value instanceof Uint8Array ? complexText(column.typeName, value) : exactJsonText(value);
    default:
      return exactJsonText;
  }
}

function complexText(typeName: string, bytes: Uint8Array): string {
  const kind = timedKindOf(typeName);
  if (kind !== undefined) return pairText(kind, bytes);
  const base64 = JSON.stringify(Buffer.from(bytes).toString('base64'));
  if (typeName !== 'hyperUnique') return base64;
  return `{"hyperUnique":${base64},"estimate":${doubleText(estimateHyperUnique(bytes))}}`;
}

/** As Druid shows the state of first and last aggregators. */
function pairText(kind: TimedKind, bytes: Uint8Array): string {
  const value = timedValue(kind, bytes);
  const text = kind === 'float' && typeof value === 'number' ? floatText(value) : exactJsonText(value);
  return `{"lhs":${timedTime(bytes)},"rhs":${text}}`;
}

/** One line of JSON about the segment as a whole. */
export function dumpMetadata(view: StoredSegment): string {
  const { summary } = view;
  const columns = ['__time', ...view.dimensions, ...view.metrics].map((name) => ({
    name,
    type: typeName(view.column(name)),
  }));
  let metadata: unknown = null;
  if (summary.metadataText !== undefined) metadata = JSON.parse(summary.metadataText);
  return jsonText({
    interval: `${isoText(summary.interval.startMs)}/${isoText(summary.interval.endMs)}`,
    rows: view.rowCount,
    bitmap: summary.bitmap,
    bytes: summary.bytes,
    dimensions: view.dimensions,
    metrics: view.metrics,
    columns,
    metadata,
  });
}

function isoText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

function typeName(column: ColumnView | undefined): string {
  if (column === undefined) return 'null';
  if (column.kind === 'complex')
    return column.typeName.startsWith('ARRAY<') ? column.typeName : `COMPLEX<${column.typeName}>`;
  return column.kind.toUpperCase();
}

export interface ColumnStats {
  readonly name: string;
  readonly type: string;
  readonly encoding: string;
  readonly compression: string;
  /** Bytes of the column's file and its helper files. */
  readonly bytes: number;
  /** Distinct values where a dictionary tells; undefined elsewhere. */
  readonly cardinality: number | undefined;
  readonly hasNulls: boolean | undefined;
}

/** How each column is stored. */
export function columnStats(view: StoredSegment): ColumnStats[] {
  return ['__time', ...view.dimensions, ...view.metrics].map((name) => {
    const column = view.column(name);
    const prefix = `${name}.`;
    const own = view.summary.files.filter((file) => file.name === name || file.name.startsWith(prefix));
    const bytes = own.reduce((sum, file) => sum + file.end - file.start, 0);
    return { name, type: typeName(column), bytes, ...encodingOf(column) };
  });
}

function encodingOf(column: ColumnView | undefined): Omit<ColumnStats, 'name' | 'type' | 'bytes'> {
  if (column instanceof NumberColumn) {
    const { compression, encoding } = column.encoding;
    return {
      encoding: auto(encoding, column.isAuto),
      compression,
      cardinality: undefined,
      hasNulls: column.hasNulls,
    };
  }
  if (column instanceof StringColumn) {
    const shape = column.hasMultipleValues ? 'multi' : 'single';
    const encoding = `${shape} ids/${column.parts.storedWidth}${column.hasBitmaps ? '' : ', no bitmaps'}`;
    return {
      encoding: auto(encoding, column.isAuto),
      compression: column.parts.compression,
      cardinality: column.cardinality,
      hasNulls: column.hasNulls,
    };
  }
  if (column instanceof NestedColumn) {
    return {
      encoding: `${column.fields.length} fields`,
      compression: '',
      cardinality: undefined,
      hasNulls: undefined,
    };
  }
  const cardinality = column?.kind === 'string' ? column.cardinality : undefined;
  return {
    encoding: column?.kind === 'string' ? 'all null' : 'values',
    compression: '',
    cardinality,
    hasNulls: undefined,
  };
}

function auto(encoding: string, isAuto: boolean): string {
  return isAuto ? `auto ${encoding}` : encoding;
}

/** The statistics as aligned text, one line a column under a head line. */
export function statsTable(stats: readonly ColumnStats[]): string {
  const head = ['column', 'type', 'encoding', 'compression', 'bytes', 'cardinality', 'nulls'];
  const rows = stats.map((one) => [
    one.name,
    one.type,
    one.encoding,
    one.compression,
    String(one.bytes),
    one.cardinality === undefined ? '' : String(one.cardinality),
    one.hasNulls === undefined ? '' : one.hasNulls ? 'yes' : 'no',
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => (i === 4 || i === 5 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * Reads everything and checks what reading alone does not: times inside the interval and in order, dictionaries
 * ascending and found again, every bitmap equal to its value's rows. Answers the problems, none when all is well;
 * what can't be read at all is a problem too.
 */
export function verifySegment(view: SegmentView, arena: Arena): string[] {
  const problems: string[] = [];
  const attempt = (name: string, check: () => void): void => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      problems.push(`column[${name}]: ${error.message}`);
    }
  };
  attempt('__time', () => verifyTime(view, arena, problems));
  for (const name of [...view.dimensions, ...view.metrics]) {
    attempt(name, () => {
      const column = view.column(name);
      if (column?.kind === 'string') verifyStrings(name, column, view, arena, problems);
      else for (const row of readRows(view, arena, { columns: [name] })) void row;
      if (column !== undefined)
        problems.push(...auditColumn(column).map((problem) => `column[${name}]: ${problem}`));
      if (column instanceof NestedColumn) {
        for (const { path } of column.fields) {
          const field = column.field(path);
          if (field?.kind === 'string') verifyStrings(`${name}:${path}`, field, view, arena, problems);
          if (field !== undefined)
            problems.push(...auditColumn(field).map((problem) => `column[${name}:${path}]: ${problem}`));
        }
      }
    });
  }
  attempt('__time', () => {
    const broken = problems.length > 0 ? undefined : brokenOrder(view, arena);
    if (broken !== undefined) problems.push(broken);
  });
  return problems;
}

function verifyTime(view: SegmentView, arena: Arena, problems: string[]): void {
  const time = view.column('__time');
  if (time?.kind !== 'long') throw new CodedError('CorruptSegment', '__time is no long column');
  const start = BigInt(view.interval.startMs);
  const end = BigInt(view.interval.endMs);
  let before: bigint | undefined;
  for (let row = 0; row < view.rowCount; row += BATCH_ROWS) {
    const n = Math.min(BATCH_ROWS, view.rowCount - row);
    const times = arena.i64(time.batch(row), n);
    for (let i = 0; i < n; i++) {
      const at = times[i] as bigint;
      if (at < start || at >= end) {
        problems.push(`column[__time]: row[${row + i}] lies outside the interval`);
        return;
      }
      if (view.timeSorted && before !== undefined && at < before) {
        problems.push(`column[__time]: row[${row + i}] descends`);
        return;
      }
      before = at;
    }
  }
}

function verifyStrings(
  name: string,
  column: StringColumnView,
  view: SegmentView,
  arena: Arena,
  problems: string[],
): void {
  let before: string | null | undefined;
  for (let id = 0; id < column.cardinality; id++) {
    const value = column.value(id);
    const ascends = before === undefined || (value !== null && (before === null || before < value));
    if (column.dictionarySorted && !ascends) {
      problems.push(`column[${name}]: dictionary entry[${id}] does not ascend`);
      return;
    }
    if (column.idOf(value) !== id)
      problems.push(`column[${name}]: dictionary entry[${id}] is not found again`);
    before = value;
  }
  const rowsOf = new Map<number, number[]>();
  eachId(column, view, arena, (row, id) => {
    const rows = rowsOf.get(id);
    if (rows === undefined) rowsOf.set(id, [row]);
    else if (rows.at(-1) !== row) rows.push(row);
  });
  if (!column.hasBitmaps) return;
  const { rowCount } = view;
  const { cardinality } = column;
  const orBitmap = (id: number, bits: number): void => column.orBitmap(id, bits);
  const wrong = wrongBitmap({ arena, rowCount, cardinality, rowsOf, orBitmap });
  if (wrong !== undefined) problems.push(`column[${name}]: ${wrong}`);
}

function eachId(
  column: StringColumnView,
  view: SegmentView,
  arena: Arena,
  visit: (row: number, id: number) => void,
): void {
  for (let start = 0; start < view.rowCount; start += BATCH_ROWS) {
    const n = Math.min(BATCH_ROWS, view.rowCount - start);
    if (column.hasMultipleValues) {
      const at = column.multiBatch(start);
      const offsets = arena.u32(at.offsets, n + 1);
      const ids = arena.u32(at.ids, offsets[n] as number);
      for (let row = 0; row < n; row++) {
        const from = offsets[row] as number;
        const to = offsets[row + 1] as number;
        if (from === to && column.hasNulls) visit(start + row, 0);
        for (let i = from; i < to; i++) visit(start + row, ids[i] as number);
      }
      continue;
    }
    const pointer = column.batch(start);
    const ids =
      column.idWidth === 1
        ? arena.bytes(pointer, n)
        : column.idWidth === 2
          ? arena.u16(pointer, n)
          : arena.u32(pointer, n);
    for (let row = 0; row < n; row++) visit(start + row, ids[row] as number);
  }
}
