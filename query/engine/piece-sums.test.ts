/** Sums of fractions have the same last digits whoever takes which pieces of the rows, and however many they are. */
import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { Frame } from '../frame.js';
import { TextSink } from '../json/write.js';
import { mergePartials } from '../merge.js';
import { parseNativeQuery } from '../native/parse.js';
import type { NativeQuery } from '../native/model.js';
import { renderResult } from '../results/render.js';
import { takenBytes } from './claims.js';
import { createExecutor, executeTask, type ScanTask } from './execute.js';
import { bucketPieces, sumsByPiece } from './piece-sums.js';
import { RunningQuery } from './running.js';
import { testSegment } from './test-segment.js';

const unit = 65_536;
const rows = 5 * unit + 1_234;
const arena = createArena({ maximumBytes: 1 << 28 });
const numbers = Array.from({ length: rows }, (_, row) => row);
/** Sums of them are rounded at nearly every step. */
const fraction = (row: number): number => ((row * 2_654_435_761) % 1_000_003) / 7 - 70_000;
const columns = {
  few: { kind: 'string', values: numbers.map((row) => `f${row % 7}`) },
  d: { kind: 'double', values: numbers.map(fraction) },
  f: { kind: 'float', values: numbers.map((row) => fraction(row * 3)) },
  gaps: { kind: 'double', values: numbers.map((row) => (row % 5 < 2 ? null : fraction(row * 5))) },
} as const;
const timesOf = (order: (row: number) => number) =>
  ({ kind: 'long', values: numbers.map((row) => BigInt(order(row) * 10)) }) as const;
const common = { interval: { startMs: 0, endMs: 1e9 }, metrics: ['d', 'f', 'gaps'], hasBitmaps: false };
const segments = [
  testSegment(arena, { ...common, id: 'sorted', columns: { __time: timesOf((row) => row), ...columns } }),
  testSegment(arena, {
    ...common,
    id: 'mixed',
    timeSorted: false,
    columns: { __time: timesOf((row) => (row * 7919) % rows), ...columns },
  }),
];

/** Called between two batches of a task: the place where another thread may come in. */
let onPause = (): void => {};
const executor = createExecutor({
  kernels: instantiateKernels(compileKernels(), arena),
  open: (handle) => segments[Number(handle)]!,
});
/** Another thread's means: what it works with is its own. */
const other = createExecutor({
  kernels: instantiateKernels(compileKernels(), arena),
  open: (handle) => segments[Number(handle)]!,
});

const sum = { type: 'doubleSum', name: 'd', fieldName: 'd' };
const aggregations = [
  { type: 'count', name: 'n' },
  sum,
  { type: 'floatSum', name: 'f', fieldName: 'f' },
  { type: 'doubleSum', name: 'g', fieldName: 'gaps' },
  { type: 'doubleMax', name: 'x', fieldName: 'gaps' },
  {
    type: 'filtered',
    filter: { type: 'in', dimension: 'few', values: ['f2', 'f5'] },
    aggregator: { type: 'doubleSum', name: 's', fieldName: 'd' },
  },
];
const some = ['1970-01-01T00:00:01.5/1970-01-01T00:40', '1970-01-01T00:50/1970-01-01T01:02:30'];
const few = { type: 'in', dimension: 'few', values: ['f1', 'f3', 'f6'] };
const noRows = { type: 'selector', dimension: 'few', value: 'none' };
const bodies: readonly object[] = [
  { granularity: 'all', aggregations },
  { granularity: 'all', aggregations, filter: few, intervals: some },
  { granularity: 'minute', aggregations },
  { granularity: 'minute', aggregations: [sum], filter: few, intervals: some },
  {
    granularity: 'hour',
    virtualColumns: [{ type: 'expression', name: 'v', expression: 'd * 1.1', outputType: 'DOUBLE' }],
    aggregations: [{ type: 'doubleSum', name: 's', fieldName: 'v' }],
    descending: true,
  },
  { granularity: 'all', aggregations: [sum], intervals: ['1980/1981'] },
  { granularity: 'minute', aggregations: [sum], intervals: ['1980/1981'] },
  { granularity: 'minute', aggregations, filter: noRows, context: { skipEmptyBuckets: true } },
];

function parsed(body: object): NativeQuery {
  const json = { queryType: 'timeseries', dataSource: 't', intervals: ['1970-01-01/1970-01-12'], ...body };
  return parseNativeQuery(json, { queryId: 'q', timeoutMs: 0 });
}

function answer(query: NativeQuery, frames: readonly Frame[]): string {
  const sink = new TextSink();
  renderResult(query, mergePartials(query, frames), sink);
  return sink.text;
}

/**
 * The query by `count` slices: one thread takes them, another comes in between two batches, as `comesIn` says, and does
 * a slice as a whole before the first goes on.
 */
async function answerOf(
  query: NativeQuery,
  handle: number,
  count: number,
  comesIn: () => boolean,
): Promise<string> {
  const refs = [{ segmentId: 'a', handle, intervals: query.intervals }];
  const taken = takenBytes(count);
  const tasks = Array.from({ length: count }, (_, index): ScanTask => {
    return { query, refs, slice: { index, count, taken } };
  });
  const running = new RunningQuery(query, tasks, 10);
  let isInside = false;
  const second = (): void => {
    if (isInside || !comesIn()) return;
    const task = running.take();
    if (task === undefined) return;
    isInside = true;
    running.finished(
      task,
      executeTask(other, task, () => {}),
    );
    isInside = false;
  };
  onPause = second;
  for (let task = running.take(); task !== undefined; task = running.take()) {
    running.finished(
      task,
      executeTask(
        executor,
        task,
        () => {},
        () => onPause(),
      ),
    );
  }
  onPause = () => {};
  const frames: Frame[] = [];
  for (let part = await running.next(); part !== undefined; part = await running.next())
    frames.push(part.frame);
  return answer(query, frames);
}

/** A number of 0 … 2^32 - 1 after the other. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
}

describe('sums by pieces', () => {
  it('are those of sums of fractions among what knows no order', () => {
    const byPiece = (...specs: object[]): boolean => {
      const query = parsed({ granularity: 'all', aggregations: specs });
      return query.queryType === 'timeseries' && sumsByPiece(query.aggregations);
    };
    expect(byPiece({ type: 'count', name: 'n' })).to.equal(false);
    expect(byPiece(...aggregations)).to.equal(true);
    expect(byPiece(sum, { type: 'doubleLast', name: 'l', fieldName: 'd' })).to.equal(false);
  });

  it('cut buckets where pieces end', () => {
    const cut = (starts: number[], ends: number[], from: number, to: number) => {
      const pieces = bucketPieces(Float64Array.from(starts), Uint32Array.from(ends), { from, to });
      return Array.from(pieces.starts, (start, i) => [start, pieces.rows[i], pieces.ends[i]]);
    };
    expect(cut([0], [10], 0, 10)).to.deep.equal([[0, 0, 10]]);
    expect(cut([5], [3 * unit], unit - 1, 2 * unit)).to.deep.equal([
      [5, unit - 1, unit],
      [5, unit, 3 * unit],
    ]);
    // Buckets without rows stay, and one that ends with a piece is not cut there.
    expect(cut([1, 2, 3, 4], [unit, unit, unit + 2, 2 * unit + 9], 7, 2 * unit + 9)).to.deep.equal([
      [1, 7, unit],
      [2, unit, unit],
      [3, unit, unit + 2],
      [4, unit + 2, 2 * unit],
      [4, 2 * unit, 2 * unit + 9],
    ]);
    expect(cut([1, 2], [4, 9], 0, 0)).to.deep.equal([
      [1, 0, 4],
      [2, 4, 9],
    ]);
  });

  it('are equal to the last bit 200 times, in as many orders', async () => {
    const query = parsed({ granularity: 'all', aggregations: [sum] });
    const refs = [{ segmentId: 'a', handle: 0, intervals: query.intervals }];
    const whole = answer(query, executeTask(executor, { query, refs }, () => {}).frames);
    const orders = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const next = numbersFrom(seed);
      let order = '';
      const comesIn = (): boolean => {
        const does = next() >>> 28 === 0;
        order += does ? '+' : '-';
        return does;
      };
      expect(await answerOf(query, 0, 2, comesIn)).to.equal(whole);
      orders.add(order);
    }
    expect(orders.size).to.be.greaterThan(10);
  });

  for (const [i, body] of bodies.entries()) {
    for (const [handle, { id }] of segments.entries()) {
      it(`are equal to the last bit, whoever takes them: query ${i}, ${id}`, async () => {
        const query = parsed(body);
        const refs = [{ segmentId: 'a', handle, intervals: query.intervals }];
        const whole = answer(query, executeTask(executor, { query, refs }, () => {}).frames);
        const isByPiece = handle === 0 || i < 2 || i > 4;
        const seen = new Set<string>();
        for (let seed = 0; seed < 8; seed++) {
          const next = numbersFrom(seed);
          const often = 1 + (seed % 7);
          const count = 2 + (isByPiece ? seed % 3 : 0);
          seen.add(await answerOf(query, handle, count, () => next() % (often * 4) === 0));
        }
        if (isByPiece) expect([...seen]).to.deep.equal([whole]);
        // Buckets of rows that are not in order are not cut into pieces: each slice takes its own.
        else expect(seen.size).to.equal(1);
      });
    }
  }
});
