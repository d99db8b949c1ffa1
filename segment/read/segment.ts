/**
 * Stored segments: registered once in a process (cheap: only its index is read), opened as a view by any thread.
 */
import path from 'node:path';
import { CodedError } from '../../proto/errors.js';
import { corrupt, type Place } from '../format/bytes.js';
import { bitmapOf, readDescriptor } from '../format/descriptor.js';
import { chunkName } from '../format/smoosh.js';
import type { Kernels } from '../kernels/load.js';
import type { Files } from '../ports.js';
import { cursorOf, Scratch, type ColumnFile, type ReadContext } from './column-file.js';
import { openComplexColumn } from './complex.js';
import { openNestedColumn, openOldDocuments } from './nested.js';
import { openNumberColumn, type NumberKind } from './numbers.js';
import { nodeFiles } from './node-files.js';
import type { Residency } from './residency.js';
import { NullColumn, openStringColumn } from './strings.js';
import { readSummary, type SegmentSummary } from './summary.js';
import { readTimeEnds } from './time-ends.js';
import { BATCH_ROWS, type ColumnView, type NumericColumnView, type SegmentView } from './view.js';
import { WindowedBytes, Windows } from './window.js';

const timeColumn = '__time';

/** Plain data: may be sent to other threads, which open views from it. What it says is shared, not copied. */
export interface SegmentHandle {
  readonly id: string;
  readonly dir: string;
  readonly slotBase: number;
  readonly slotCount: number;
  readonly generation: number;
  /** The summary as JSON text in UTF-8. */
  readonly packed: SharedArrayBuffer;
}

/** A handle in the thread that registered the segment: `summary` does not travel with it. */
export interface RegisteredSegment extends SegmentHandle {
  readonly summary: SegmentSummary;
}

/** Reads the segment's index and takes its slots. Throws CorruptSegment. `unregisterSegment` gives them back. */
export function registerSegment(
  residency: Residency,
  segment: { readonly id: string; readonly dir: string },
  files: Files = nodeFiles,
): RegisteredSegment {
  const summary = readSummary(segment.dir, files);
  const slotCount = summary.files.length;
  const text = Buffer.from(JSON.stringify(summary), 'utf8');
  const packed = new SharedArrayBuffer(text.length);
  new Uint8Array(packed).set(text);
  const { slotBase, generation } = residency.register(slotCount);
  const handle = { id: segment.id, dir: segment.dir, slotBase, slotCount, generation, packed };
  // Not enumerable: cloning for another thread leaves it behind.
  return Object.defineProperty(handle, 'summary', { value: summary }) as RegisteredSegment;
}

/** Views that are open stay readable; new ones are refused with NotFound. */
export function unregisterSegment(residency: Residency, handle: SegmentHandle): void {
  residency.unregister(handle.slotBase, handle.slotCount, handle.generation);
}

/** What a thread knows of a segment between views. */
interface Known {
  readonly summary: SegmentSummary;
  /** Internal file name → its place in the summary. */
  readonly places: ReadonlyMap<string, number>;
  readonly columns: ReadonlySet<string>;
  /** Of a segment sorted by time: its first and last, once they were asked for. */
  ends?: readonly [first: number, last: number];
}

function unpack(handle: SegmentHandle): Known {
  const text = Buffer.from(handle.packed).toString('utf8');
  const summary = JSON.parse(text) as SegmentSummary;
  return {
    summary,
    places: new Map(summary.files.map((file, i) => [file.name, i])),
    columns: new Set([timeColumn, ...summary.dimensions, ...summary.metrics]),
  };
}

/** Segments that a thread remembers. */
const knownMax = 4096;

export interface ReaderOptions {
  readonly kernels: Kernels;
  readonly residency: Residency;
  readonly files?: Files;
}

/** One thread's way to segments. */
export class SegmentReader {
  readonly #kernels: Kernels;
  readonly #residency: Residency;
  readonly #files: Files;
  readonly #scratch: Scratch;
  readonly #windows: Windows;
  readonly #known = new Map<number, Known>();

  constructor(options: ReaderOptions) {
    this.#kernels = options.kernels;
    this.#residency = options.residency;
    this.#files = options.files ?? nodeFiles;
    this.#scratch = new Scratch(options.kernels);
    this.#windows = new Windows(options.kernels.arena);
  }

  /**
   * Opens a segment for reading; nothing is read before it is asked for. Views opened with the same `token` (see
   * `Residency.nextToken`) count as one touch of a column, so that one query on many threads doesn't make it hot.
   */
  openView(handle: SegmentHandle, token: number = this.#residency.nextToken()): StoredSegment {
    return new StoredSegment(handle, this.#knowledgeOf(handle), {
      kernels: this.#kernels,
      residency: this.#residency,
      files: this.#files,
      scratch: this.#scratch,
      windows: this.#windows,
      token,
    });
  }

  #knowledgeOf(handle: SegmentHandle): Known {
    let known = this.#known.get(handle.generation);
    if (known === undefined) {
      known = unpack(handle);
      const oldest = this.#known.keys().next();
      if (this.#known.size >= knownMax && oldest.done !== true) this.#known.delete(oldest.value);
      this.#known.set(handle.generation, known);
    }
    return known;
  }

  /** Frees this thread's scratch buffers. */
  close(): void {
    this.#scratch.close();
    this.#windows.close();
  }
}

interface Machinery {
  readonly kernels: Kernels;
  readonly residency: Residency;
  readonly files: Files;
  readonly scratch: Scratch;
  readonly windows: Windows;
  readonly token: number;
}

export class StoredSegment implements SegmentView {
  readonly id: string;
  readonly interval: SegmentView['interval'];
  readonly rowCount: number;
  readonly timeSorted: boolean;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  readonly metadataText: string | undefined;
  readonly summary: SegmentSummary;
  readonly #handle: SegmentHandle;
  readonly #machinery: Machinery;
  readonly #context: ReadContext;
  readonly #known: Known;
  readonly #pinned = new Map<string, ColumnFile>();
  readonly #columns = new Map<string, ColumnView>();
  readonly #closing: (() => void)[] = [];
  #closed = false;

  constructor(handle: SegmentHandle, known: Known, machinery: Machinery) {
    const { summary } = known;
    this.#known = known;
    this.id = handle.id;
    this.summary = summary;
    this.interval = summary.interval;
    this.rowCount = summary.rowCount;
    this.timeSorted = summary.timeSorted;
    this.dimensions = summary.dimensions;
    this.metrics = summary.metrics;
    this.metadataText = summary.metadataText;
    this.#handle = handle;
    this.#machinery = machinery;
    this.#context = {
      kernels: machinery.kernels,
      residency: machinery.residency,
      scratch: machinery.scratch,
      rowCount: summary.rowCount,
      open: (name) => this.#open(name),
      find: (name) => (this.#known.places.has(name) ? this.#open(name) : undefined),
      onClose: (action) => this.#closing.push(action),
    };
  }

  column(name: string): ColumnView | undefined {
    if (!this.#known.columns.has(name)) return undefined;
    let column = this.#columns.get(name);
    if (column === undefined) {
      column = openColumn(this.#open(name), this.#context);
      this.#columns.set(name, column);
    }
    return column;
  }

  timeRange(): { readonly minMs: number; readonly maxMs: number } | undefined {
    if (this.rowCount === 0) return undefined;
    if (this.timeSorted) {
      this.#known.ends ??= this.#timeEnds();
      const [minMs, maxMs] = this.#known.ends;
      return { minMs, maxMs };
    }
    let min = Infinity;
    let max = -Infinity;
    const time = this.#time();
    for (let start = 0; start < this.rowCount; start += BATCH_ROWS) {
      const n = Math.min(BATCH_ROWS, this.rowCount - start);
      for (const value of this.#machinery.kernels.arena.i64(time.batch(start), n)) {
        const at = Number(value);
        if (at < min) min = at;
        if (at > max) max = at;
      }
    }
    return { minMs: min, maxMs: max };
  }

  lowerBound(ms: number): number {
    if (!this.timeSorted) throw new CodedError('Bug', 'lowerBound needs rows sorted by time');
    let low = 0;
    let high = Math.ceil(this.rowCount / BATCH_ROWS);
    // First the last batch that starts before ms, then the row inside it.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#timeAt(middle * BATCH_ROWS) < ms) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return 0;
    const start = (low - 1) * BATCH_ROWS;
    const n = Math.min(BATCH_ROWS, this.rowCount - start);
    const times = this.#machinery.kernels.arena.i64(this.#time().batch(start), n);
    let from = 0;
    let to = n;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (Number(times[middle]) < ms) from = middle + 1;
      else to = middle;
    }
    return start + from;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      for (const action of this.#closing) action();
    } finally {
      for (const file of this.#pinned.values()) this.#machinery.residency.unpin(file.slot);
    }
    this.#columns.clear();
    this.#pinned.clear();
    this.#machinery.windows.shrink();
  }

  /** The bytes of an internal file, pinned until the view closes; for tools. */
  internalFile(name: string): ColumnFile {
    return this.#open(name);
  }

  /** From the column when it is open already, else from two of its blocks. */
  #timeEnds(): readonly [number, number] {
    const entry = this.summary.files[this.#known.places.get(timeColumn) ?? -1];
    if (!this.#columns.has(timeColumn) && entry !== undefined) {
      const { files } = this.#machinery;
      const chunk = path.join(this.#handle.dir, chunkName(entry.chunk));
      const place = { file: chunk, column: timeColumn };
      const found = readTimeEnds(this.#context, place, entry.end - entry.start, (start, length) => {
        const bytes = Buffer.alloc(length);
        readInto(files, place, bytes, entry.start + start);
        return bytes;
      });
      if (found !== undefined) return found;
    }
    return [this.#timeAt(0), this.#timeAt(this.rowCount - 1)];
  }

  #time(): NumericColumnView {
    const column = this.column(timeColumn);
    if (column?.kind !== 'long')
      throw new CodedError('CorruptSegment', `__time of segment[${this.id}] is not long`);
    return column;
  }

  #timeAt(row: number): number {
    const inBatch = row % BATCH_ROWS;
    const pointer = this.#time().batch(row - inBatch);
    return Number(this.#machinery.kernels.arena.i64(pointer + inBatch * 8, 1)[0]);
  }

  #open(name: string): ColumnFile {
    const known = this.#pinned.get(name);
    if (known !== undefined) return known;
    if (this.#closed) throw new CodedError('Bug', `view of segment[${this.id}] is closed`);
    const { residency, files, token, kernels } = this.#machinery;
    const index = this.#known.places.get(name) ?? -1;
    const entry = this.summary.files[index];
    if (entry === undefined) {
      const place = { file: path.join(this.#handle.dir, 'meta.smoosh'), column: name };
      throw corrupt(place, 0, `internal file[${name}] is missing`);
    }
    const chunk = path.join(this.#handle.dir, chunkName(entry.chunk));
    const place = { file: chunk, column: name };
    const length = entry.end - entry.start;
    const slot = this.#handle.slotBase + index;
    const pinned = residency.pin(slot, this.#handle.generation, token, length, (into) => {
      readInto(files, place, into, entry.start);
    });
    const file =
      pinned.pointer === undefined
        ? this.#windowed(place, slot, length, entry.start)
        : residentFile(kernels.arena, place, { ...pinned, pointer: pinned.pointer });
    this.#pinned.set(name, file);
    return file;
  }

  /** A file there is no room for: it stays pinned for what is made of it, and is read where it is needed. */
  #windowed(place: Place, slot: number, length: number, start: number): ColumnFile {
    const { files, windows, kernels } = this.#machinery;
    const name = `${this.#handle.generation}/${slot}`;
    const bytes = new WindowedBytes(name, length, windows, (into, position) =>
      readInto(files, place, into, start + position),
    );
    const at = (from: number, count: number) => bytes.at(kernels.arena, from, count);
    return { place, length, slot, isHot: false, bytes, at };
  }
}

function residentFile(
  arena: Kernels['arena'],
  place: Place,
  pinned: {
    readonly slot: number;
    readonly pointer: number;
    readonly length: number;
    readonly isHot: boolean;
  },
): ColumnFile {
  const { slot, pointer, length, isHot } = pinned;
  return {
    place,
    length,
    slot,
    isHot,
    bytes: arena.buffer(pointer, length),
    at: (start) => pointer + start,
  };
}

function readInto(files: Files, place: Place, into: Buffer<ArrayBufferLike>, position: number): void {
  let got: number;
  try {
    got = files.readSync(place.file, into, position);
  } catch (error) {
    throw new CodedError('StorageFailure', `segment file[${place.file}] can't be read`, {}, error);
  }
  if (got !== into.length) throw corrupt(place, position + got, 'the file is cut short');
}

const oldNumberParts: Readonly<Record<string, NumberKind>> = {
  long: 'long',
  float: 'float',
  double: 'double',
};
const numberParts: Readonly<Record<string, NumberKind>> = {
  longV2: 'long',
  floatV2: 'float',
  doubleV2: 'double',
};

function openColumn(file: ColumnFile, context: ReadContext): ColumnView {
  const cursor = cursorOf(file);
  const descriptor = readDescriptor(cursor);
  const { part } = descriptor;
  const bigEndian = part.byteOrder === 'BIG_ENDIAN';
  const bitmap = bitmapOf(part);
  const withNulls = Object.hasOwn(numberParts, part.type);
  const kind = withNulls
    ? numberParts[part.type]
    : Object.hasOwn(oldNumberParts, part.type)
      ? oldNumberParts[part.type]
      : undefined;
  if (kind !== undefined)
    return openNumberColumn(cursor, context, file, { kind, bigEndian, withNulls, bitmap });
  switch (part.type) {
    case 'stringDictionary':
      return openStringColumn(cursor, context, file, {
        isMulti: descriptor.hasMultipleValues,
        bitmap,
        bigEndian,
      });
    case 'null':
      if (part.numRows !== context.rowCount)
        throw cursor.fail(`numRows[${part.numRows}] of an all-null column`, 0);
      return new NullColumn(context);
    case 'complex':
      return part.typeName === 'json'
        ? openOldDocuments(cursor, context, file)
        : openComplexColumn(cursor, context, file, part.typeName ?? '');
    case 'nestedCommonFormat':
      return openNestedColumn(cursor, context, file, part);
    default:
      throw new CodedError('Unsupported', `column[${file.place.column}] has a part of type[${part.type}]`);
  }
}
