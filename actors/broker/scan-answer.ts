/** Rows of an unordered scan as an answer, written while more are coming. */
import { setImmediate } from 'node:timers/promises';
import { ChunkSink } from '../../query/json/write.js';
import type { Frame } from '../../query/frame.js';
import type { ScanQuery } from '../../query/native/model.js';
import { ScanWriter } from '../../query/results/scan.js';
import type { Clock } from '../../runtime/types.js';
import { rowsOf, type SegmentRows } from './scan-stream.js';

/** Writing rows gives way to others after this long. */
const sliceMs = 5;

/** Pieces of JSON text. Rejects when `signal` aborts. */
export async function* scanJson(
  query: ScanQuery,
  rows: AsyncIterable<SegmentRows>,
  clock: Pick<Clock, 'monotonic'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const sink = new ChunkSink((chunk) => chunks.push(chunk));
  const writer = new ScanWriter(query, sink);
  let sinceMs = clock.monotonic();
  for await (const { segmentId, frame } of rows) {
    for (const _ of writer.frame(frame, segmentId)) {
      if (clock.monotonic() - sinceMs < sliceMs) continue;
      await setImmediate();
      signal.throwIfAborted();
      sinceMs = clock.monotonic();
      yield* chunks.splice(0);
    }
    yield* chunks.splice(0);
    if (writer.done) break;
  }
  writer.end();
  sink.end();
  yield* chunks;
}

/** The rows behind the offset, up to the limit. */
export async function* scanFrames(query: ScanQuery, rows: AsyncIterable<SegmentRows>): AsyncGenerator<Frame> {
  let skip = query.offset;
  let left = query.limit ?? Infinity;
  for await (const { frame } of rows) {
    const from = Math.min(skip, frame.rows);
    skip -= from;
    const to = Math.min(frame.rows, from + left);
    left -= to - from;
    if (from < to) yield rowsOf(frame, from, to);
    if (left <= 0) return;
  }
}
