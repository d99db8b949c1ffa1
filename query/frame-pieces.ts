/**
 * Large frames cut by rows for the wire: a message has a largest size, and coding one must not hold up an event loop.
 * Each piece is a frame of its own, its dictionaries hold what its rows need, in the order of the whole frame's.
 */
import { frameBytes } from './frame-codec.js';
import type { Dictionary, Frame, FrameColumn } from './frame.js';
import { isNull } from './merge/columns.js';

/** Of the typed arrays of a piece; twice as much is the most where texts differ in length. */
export const wirePieceBytes = 8 * 1024 * 1024;
const nullElement = 0xffffffff;

/** The frame itself when it is small. Pieces share memory with it. */
export function* framePieces(frame: Frame, bytesMax = wirePieceBytes): Generator<Frame> {
  const bytes = frameBytes(frame);
  if (bytes <= bytesMax || frame.rows <= 8) {
    yield frame;
    return;
  }
  const cutter = new FrameCutter(frame);
  // Bitmaps of nulls are cut between bytes.
  const share = Math.floor((frame.rows * bytesMax) / bytes / 8) * 8;
  // At least two pieces, whatever the shares: a piece of long texts is cut again.
  const most = Math.max(8, Math.min(share, Math.ceil(frame.rows / 16) * 8));
  for (let from = 0; from < frame.rows; from += most) {
    const to = Math.min(frame.rows, from + most);
    const piece = cutter.compact(from, to);
    if (frameBytes(piece) > bytesMax * 2) yield* framePieces(piece, bytesMax);
    else yield piece;
  }
}

/** Rows of one frame as frames of their own; values share its memory. */
export class FrameCutter {
  readonly #frame: Frame;
  #remaps: readonly (Uint32Array | undefined)[] | undefined;

  constructor(frame: Frame) {
    this.#frame = frame;
  }

  /** Dictionaries hold what the rows need. */
  compact(from: number, to: number): Frame {
    this.#remaps ??= this.#frame.columns.map((column) =>
      'dictionary' in column ? new Uint32Array(column.dictionary.ends.length) : undefined,
    );
    const remaps = this.#remaps;
    return {
      rows: to - from,
      columns: this.#frame.columns.map((column, i) => cut(column, from, to, remaps[i])),
    };
  }

  /** Dictionaries stay whole unless they are much larger than the rows. */
  rows(from: number, to: number): Frame {
    if (from === 0 && to === this.#frame.rows) return this.#frame;
    const isLarge = this.#frame.columns.some(
      (column) => 'dictionary' in column && column.dictionary.ends.length > 2 * (to - from),
    );
    if (isLarge) return this.compact(from, to);
    return { rows: to - from, columns: this.#frame.columns.map((column) => cutWhole(column, from, to)) };
  }
}

function cutWhole(column: FrameColumn, from: number, to: number): FrameColumn {
  const { nulls: _all, ...bare } = column;
  const packed = cutNulls(column.nulls, from, to);
  const nulls = packed === undefined ? {} : { nulls: packed };
  if (bare.type === 'STRING_ARRAY') {
    const base = bare.offsets[from] ?? 0;
    const offsets = bare.offsets.slice(from, to + 1);
    for (let i = 0; i < offsets.length; i++) offsets[i] = (offsets[i] ?? 0) - base;
    return { ...bare, offsets, values: bare.values.subarray(base, bare.offsets[to] ?? 0), ...nulls };
  }
  return { ...bare, values: bare.values.subarray(from, to), ...nulls } as FrameColumn;
}

function cutNulls(nulls: Uint8Array | undefined, from: number, to: number): Uint8Array | undefined {
  if (nulls === undefined || from % 8 === 0) return nulls?.subarray(from >> 3, (to + 7) >> 3);
  const own = new Uint8Array((to - from + 7) >> 3);
  for (let row = from; row < to; row++) {
    const at = row - from;
    if (isNull(nulls, row)) own[at >> 3] = (own[at >> 3] ?? 0) | (1 << (at & 7));
  }
  return own;
}

function cut(column: FrameColumn, from: number, to: number, remap: Uint32Array | undefined): FrameColumn {
  const { nulls: _all, ...bare } = column;
  const packed = cutNulls(column.nulls, from, to);
  const nulls = packed === undefined ? {} : { nulls: packed };
  if (!('dictionary' in bare) || remap === undefined) {
    return { ...bare, values: bare.values.subarray(from, to), ...nulls } as FrameColumn;
  }
  if (bare.type !== 'STRING_ARRAY') {
    const own = bare.values.slice(from, to);
    for (let row = 0; row < own.length; row++) if (isNull(packed, row)) own[row] = nullElement;
    return { ...bare, ...compact(own, bare.dictionary, remap, 0), ...nulls };
  }
  const base = bare.offsets[from] ?? 0;
  const offsets = bare.offsets.slice(from, to + 1);
  for (let i = 0; i < offsets.length; i++) offsets[i] = (offsets[i] ?? 0) - base;
  const elements = bare.values.slice(base, bare.offsets[to] ?? 0);
  return { ...bare, offsets, ...compact(elements, bare.dictionary, remap, nullElement), ...nulls };
}

/** Changes `values`; `remap` is left as it was found. */
function compact(
  values: Uint32Array,
  { bytes, ends }: Dictionary,
  remap: Uint32Array,
  forNull: number,
): { readonly values: Uint32Array; readonly dictionary: Dictionary } {
  const found = new Uint32Array(Math.min(values.length, ends.length));
  let count = 0;
  for (const entry of values) {
    if (entry === nullElement || remap[entry] !== 0) continue;
    remap[entry] = 1;
    found[count++] = entry;
  }
  const entries = found.subarray(0, count).sort();
  const ownEnds = new Uint32Array(count);
  let size = 0;
  for (let i = 0; i < count; i++) {
    const entry = entries[i] ?? 0;
    remap[entry] = i;
    size += (ends[entry] ?? 0) - (entry === 0 ? 0 : (ends[entry - 1] ?? 0));
    ownEnds[i] = size;
  }
  const ownBytes = new Uint8Array(size);
  for (let i = 0; i < count; i++) {
    const entry = entries[i] ?? 0;
    const start = entry === 0 ? 0 : (ends[entry - 1] ?? 0);
    ownBytes.set(bytes.subarray(start, ends[entry] ?? 0), i === 0 ? 0 : (ownEnds[i - 1] ?? 0));
  }
  for (let i = 0; i < values.length; i++) {
    const entry = values[i] ?? nullElement;
    values[i] = entry === nullElement ? forNull : (remap[entry] ?? 0);
  }
  for (const entry of entries) remap[entry] = 0;
  return { values, dictionary: { bytes: ownBytes, ends: ownEnds } };
}
