/**
 * A segment made of plain arrays, for tests: the read interface over columns copied into an arena, with each of its
 * promises (sorted time, sorted dictionaries, bitmaps) switchable.
 */
import type { Arena } from '../../segment/kernels/arena.js';
import {
  BATCH_ROWS,
  type ColumnView,
  type ComplexColumnView,
  type IntervalMs,
  type SegmentView,
} from '../../segment/read/view.js';
import { narrowBatches } from './test-narrow.js';

export type TestColumn =
  /** `isIndexed`: as an auto column is stored. */
  | { readonly kind: 'long'; readonly values: readonly (bigint | null)[]; readonly isIndexed?: true }
  | {
      readonly kind: 'double' | 'float';
      readonly values: readonly (number | null)[];
      readonly isIndexed?: true;
    }
  | { readonly kind: 'string'; readonly values: readonly (string | null)[] }
  | { readonly kind: 'strings'; readonly values: readonly (readonly (string | null)[])[] }
  | {
      readonly kind: 'complex';
      readonly values: readonly (Uint8Array | null)[];
      readonly typeName?: string;
      readonly isMixed?: boolean;
    };

export interface TestSegmentOptions {
  readonly id: string;
  readonly interval: IntervalMs;
  /** With `__time` (long). */
  readonly columns: Readonly<Record<string, TestColumn>>;
  readonly metrics?: readonly string[];
  readonly timeSorted?: boolean;
  readonly dictionarySorted?: boolean;
  readonly hasBitmaps?: boolean;
  /** Numbers are offered in fewer bytes, too, where they fit. */
  readonly isNarrow?: boolean;
}

export function testSegment(arena: Arena, options: TestSegmentOptions): SegmentView {
  const views = new Map<string, ColumnView>();
  for (const [name, column] of Object.entries(options.columns))
    views.set(name, columnView(arena, column, options));
  const time = options.columns['__time'];
  if (time?.kind !== 'long') throw new Error('a test segment needs __time');
  const times = time.values.map(Number);
  const metrics = options.metrics ?? [];
  const range =
    times.length === 0
      ? undefined
      : { minMs: times.reduce((a, b) => Math.min(a, b)), maxMs: times.reduce((a, b) => Math.max(a, b)) };
  return {
    id: options.id,
    interval: options.interval,
    rowCount: times.length,
    timeSorted: options.timeSorted ?? true,
    dimensions: Object.keys(options.columns).filter((name) => name !== '__time' && !metrics.includes(name)),
    metrics,
    column: (name) => views.get(name),
    timeRange: () => range,
    lowerBound(ms) {
      if (options.timeSorted === false) throw new Error('time is not sorted');
      const at = times.findIndex((value) => value >= ms);
      return at < 0 ? times.length : at;
    },
    close() {},
  };
}

function columnView(arena: Arena, column: TestColumn, options: TestSegmentOptions): ColumnView {
  const isNarrow = options.isNarrow === true;
  switch (column.kind) {
    case 'long': {
      const { values, isIndexed } = column;
      return numericView(arena, { kind: 'long', values, isIndexed, isNarrow }, (pointer, length) =>
        arena.i64(pointer, length).set(values.map((value) => value ?? 0n)),
      );
    }
    case 'double':
    case 'float': {
      const { kind, values, isIndexed } = column;
      return numericView(arena, { kind, values, isIndexed, isNarrow }, (pointer, length) =>
        (kind === 'double' ? arena.f64(pointer, length) : arena.f32(pointer, length)).set(
          values.map((value) => value ?? 0),
        ),
      );
    }
    case 'string':
      return stringView(
        arena,
        column.values.map((value) => [value]),
        false,
        options,
      );
    case 'strings':
      return stringView(arena, column.values, true, options);
    case 'complex':
      return {
        kind: 'complex',
        typeName: column.typeName ?? 'opaque',
        isMixed: column.isMixed === true,
        bytes: (row) => column.values[row] ?? null,
      } satisfies ComplexColumnView;
  }
}

function setBit(bytes: Uint8Array, row: number): void {
  bytes[row >> 3] = (bytes[row >> 3] ?? 0) | (1 << (row & 7));
}

function numericView(
  arena: Arena,
  of: {
    readonly kind: 'long' | 'double' | 'float';
    readonly values: readonly unknown[];
    readonly isIndexed: true | undefined;
    readonly isNarrow: boolean;
  },
  fill: (pointer: number, length: number) => void,
): ColumnView {
  const { kind, values, isIndexed, isNarrow } = of;
  const rows = values.length;
  const width = kind === 'float' ? 4 : 8;
  const pointer = arena.alloc(rows * width);
  fill(pointer, rows);
  const hasNulls = values.includes(null);
  const nullBytes = Math.ceil(rows / 64) * 8;
  const nulls = arena.alloc(nullBytes);
  const bits = arena.bytes(nulls, nullBytes).fill(0);
  values.forEach((value, row) => {
    if (value === null) setBit(bits, row);
  });
  return {
    kind,
    hasNulls,
    hasValueIndex: isIndexed === true,
    nullsAreZero: true,
    batch: (start) => pointer + start * width,
    ...(isNarrow ? { narrow: narrowBatches(arena, kind, bitsAt(arena, kind, pointer, rows)) } : {}),
    nullBits: () => (hasNulls ? nulls : 0),
  };
}

function bitsAt(arena: Arena, kind: 'long' | 'double' | 'float', pointer: number, rows: number): bigint[] {
  if (kind === 'float') return [...arena.u32(pointer, rows)].map(BigInt);
  return [...(kind === 'long' ? arena.i64(pointer, rows) : arena.u64(pointer, rows))];
}

function stringView(
  arena: Arena,
  rows: readonly (readonly (string | null)[])[],
  hasMultipleValues: boolean,
  options: TestSegmentOptions,
): ColumnView {
  const dictionarySorted = options.dictionarySorted ?? true;
  const distinct = [...new Set(rows.flat())];
  if (dictionarySorted) distinct.sort((a, b) => (a === b ? 0 : a === null || (b !== null && a < b) ? -1 : 1));
  const idOf = new Map(distinct.map((value, id) => [value, id]));
  const cardinality = distinct.length;
  const idWidth = cardinality <= 256 ? 1 : cardinality <= 65536 ? 2 : 4;
  const ids = rows.map((row) => row.map((value) => idOf.get(value) ?? 0));
  const pointer = arena.alloc(rows.length * 4);
  const single = ids.map((row) => row[0] ?? 0);
  if (idWidth === 1) arena.bytes(pointer, rows.length).set(single);
  else if (idWidth === 2) arena.u16(pointer, rows.length).set(single);
  else arena.u32(pointer, rows.length).set(single);
  const blockOf = multiBlocks(arena, ids);
  return {
    kind: 'string',
    hasMultipleValues,
    hasNulls: rows.some((row) => row.length === 0 || row.includes(null)),
    dictionarySorted,
    hasBitmaps: options.hasBitmaps ?? true,
    cardinality,
    value: (id) => distinct[id] ?? null,
    idOf: (value) => idOf.get(value) ?? -1,
    lowerBoundId(value) {
      if (!dictionarySorted) throw new Error('the dictionary is not sorted');
      const at = distinct.findIndex((entry) => entry !== null && entry >= value);
      return at < 0 ? cardinality : at;
    },
    orBitmap(id, bits) {
      if (options.hasBitmaps === false) throw new Error('there are no bitmaps');
      const bytes = arena.bytes(bits, Math.ceil(rows.length / 8));
      ids.forEach((row, r) => {
        if (row.includes(id)) setBit(bytes, r);
      });
    },
    idWidth,
    batch(start) {
      if (hasMultipleValues) throw new Error('multi-value columns are read by multiBatch');
      return pointer + start * idWidth;
    },
    multiBatch: blockOf,
  };
}

function multiBlocks(arena: Arena, ids: readonly (readonly number[])[]) {
  const blocks: { offsets: number; ids: number }[] = [];
  for (let start = 0; start < ids.length; start += BATCH_ROWS) {
    const rows = ids.slice(start, start + BATCH_ROWS);
    const flat = rows.flat();
    const offsets = arena.alloc((rows.length + 1) * 4);
    let end = 0;
    arena.u32(offsets, rows.length + 1).set([0, ...rows.map((row) => (end += row.length))]);
    const pointer = arena.alloc(flat.length * 4);
    arena.u32(pointer, flat.length).set(flat);
    blocks.push({ offsets, ids: pointer });
  }
  return (start: number) => blocks[start / BATCH_ROWS] ?? { offsets: 0, ids: 0 };
}
