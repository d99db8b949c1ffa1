/** Segments of plain arrays to be asked, for tests: from a query's JSON to its answer's. */
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { Frame } from '../frame.js';
import { TextSink } from '../json/write.js';
import { mergePartials } from '../merge.js';
import { parseNativeQuery } from '../native/parse.js';
import { renderResult } from '../results/render.js';
import { createInlinePool } from './inline-pool.js';
import { testSegment, type TestColumn } from './test-segment.js';

/** Of every segment and, unless they say otherwise, of queries. */
const interval = { startMs: 0, endMs: 10 };
const common = { dataSource: 't', intervals: ['1970-01-01T00:00Z/PT0.010S'], granularity: 'all' };

/** `numbers`: of the segments to be asked, the first when there are none. */
export type Ask = (body: object, numbers?: readonly number[]) => Promise<unknown>;

/** A segment for each set of columns. Errors of asking: as of parsing and running queries. */
export function askOf(...tables: readonly Readonly<Record<string, TestColumn>>[]): Ask {
  const arena = createArena({ maximumBytes: 1 << 26 });
  const kernels = instantiateKernels(compileKernels(), arena);
  const segments = tables.map((columns, i) => testSegment(arena, { id: `s${i}`, interval, columns }));
  const pool = createInlinePool({
    kernels,
    open(handle) {
      const found = segments[Number(handle)];
      if (found === undefined) throw new Error(`there is no segment ${String(handle)}`);
      return found;
    },
    clock: { now: () => 0, monotonic: () => 0 },
  });
  return async (body, numbers = [0]) => {
    const whole: unknown = JSON.parse(JSON.stringify({ ...common, ...body }));
    const query = parseNativeQuery(whole, { queryId: 'q', timeoutMs: 0 });
    const refs = numbers.map((handle) => ({ segmentId: `s${handle}`, handle, intervals: [interval] }));
    const frames: Frame[] = [];
    for await (const { frame } of pool.scanSegments(query, refs)) frames.push(frame);
    const sink = new TextSink();
    renderResult(query, mergePartials(query, frames), sink);
    return JSON.parse(sink.text);
  };
}

/** Documents (`json`), or arrays (`ARRAY<LONG>`…) among which may be scalars, as they are stored. */
export function objectColumn(typeName: string, values: readonly unknown[], isMixed = false): TestColumn {
  const encoder = new TextEncoder();
  const bytes = values.map((value) => (value === null ? null : encoder.encode(JSON.stringify(value))));
  return { kind: 'complex', typeName, isMixed, values: bytes };
}
