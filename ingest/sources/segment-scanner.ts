/** Rows of a segment folder as input rows, through the read interface. */
import { createArena, type Arena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { timedKindOf, type TimedKind } from '../../segment/format/timed-values.js';
import { createResidency, type Residency } from '../../segment/read/residency.js';
import { readRows } from '../../segment/read/rows.js';
import { registerSegment, SegmentReader, unregisterSegment } from '../../segment/read/segment.js';
import type { IntervalMs, SegmentView } from '../../segment/read/view.js';
import { StoredPair } from '../stored-pair.js';
import { TypedRow, type InputRow, type NumberKinds } from '../formats/row-reader.js';

const ARENA_BYTES_MAX = 256 << 20;
const COLD_BYTES_MAX = 64 << 20;
const BATCH = 1000;
const TIME_COLUMN = '__time';

export interface StoredRow extends InputRow {
  readonly timeMs: number;
}

interface Machinery {
  readonly arena: Arena;
  readonly residency: Residency;
  readonly reader: SegmentReader;
}

export class SegmentScanner {
  #machinery: Machinery | undefined;

  /** Rows with their time in the interval; `columns`: which to read besides the time, undefined: all. */
  *scan(dir: string, interval: IntervalMs, columns: readonly string[] | undefined): Generator<StoredRow[]> {
    const { arena, residency, reader } = (this.#machinery ??= machinery());
    const handle = registerSegment(residency, { id: dir, dir });
    const view = reader.openView(handle);
    try {
      const kinds = numberKinds(view);
      const pairs = pairKinds(view);
      const named = columns === undefined ? {} : { columns: [...new Set([TIME_COLUMN, ...columns])] };
      let batch: StoredRow[] = [];
      for (const values of readRows(view, arena, named)) {
        const timeMs = Number(values[TIME_COLUMN]);
        if (timeMs < interval.startMs || timeMs >= interval.endMs) continue;
        batch.push(new SegmentRow(timeMs, plainFields(values, pairs), kinds));
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    } finally {
      view.close();
      unregisterSegment(residency, handle);
    }
  }
}

function machinery(): Machinery {
  const arena = createArena({ maximumBytes: ARENA_BYTES_MAX });
  const residency = createResidency({ arena, coldBytesMax: COLD_BYTES_MAX, hotBytesMax: 0 });
  const kernels = instantiateKernels(compileKernels(), arena);
  return { arena, residency, reader: new SegmentReader({ kernels, residency }) };
}

function numberKinds(view: SegmentView): NumberKinds {
  const kinds = new Map<string, 'float' | 'double'>();
  for (const name of [...view.dimensions, ...view.metrics]) {
    const kind = view.column(name)?.kind;
    if (kind === 'float' || kind === 'double') kinds.set(name, kind);
  }
  return kinds;
}

/** Columns of first and last aggregators. */
function pairKinds(view: SegmentView): ReadonlyMap<string, TimedKind> {
  const kinds = new Map<string, TimedKind>();
  for (const name of view.metrics) {
    const column = view.column(name);
    const kind = column?.kind === 'complex' ? timedKindOf(column.typeName) : undefined;
    if (kind !== undefined) kinds.set(name, kind);
  }
  return kinds;
}

function plainFields(
  values: Readonly<Record<string, unknown>>,
  pairs: ReadonlyMap<string, TimedKind>,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) fields[name] = plain(value);
  for (const [name, kind] of pairs) {
    const value = fields[name];
    if (value instanceof Uint8Array) fields[name] = new StoredPair(kind, value);
  }
  return fields;
}

/** Longs are numbers where a double holds them. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

class SegmentRow extends TypedRow implements StoredRow {
  readonly timeMs: number;

  constructor(timeMs: number, fields: Readonly<Record<string, unknown>>, kinds: NumberKinds) {
    super(fields, kinds);
    this.timeMs = timeMs;
  }
}
