/** Slices are taken piece by piece: every row once, whoever is first; and who is done helps where most is left. */
import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { Frame } from '../frame.js';
import { TextSink } from '../json/write.js';
import { mergePartials } from '../merge.js';
import { parseNativeQuery } from '../native/parse.js';
import { renderResult } from '../results/render.js';
import { claimedRanges, helpWanted, sliceClaims, takenBytes } from './claims.js';
import { createExecutor, executeTask, type ScanTask } from './execute.js';
import { freeGroupTable } from './group-slices.js';
import { planTasks, RunningQuery } from './running.js';
import { testSegment } from './test-segment.js';

const unit = 65_536;

describe('claims of slices', () => {
  it('help where most is left, with half of it, and not with the last piece', () => {
    expect(helpWanted([])).to.equal(undefined);
    expect(helpWanted([0, 0])).to.equal(undefined);
    // Own claims count on when there is nothing left.
    expect(helpWanted([-2, 1])).to.equal(undefined);
    expect(helpWanted([-3, -1])).to.equal(undefined);
    expect(helpWanted([-1, 2])).to.deep.equal({ slice: 1, pieces: 1 });
    expect(helpWanted([3, 7, 7])).to.deep.equal({ slice: 1, pieces: 3 });
  });

  it('hand out every row once, in whatever order they are made', () => {
    for (const hull of [
      { from: 0, to: 5 * unit },
      { from: 1_000, to: 4 * unit + 5 },
      { from: 3 * unit - 1, to: 3 * unit + 1 },
      { from: 5, to: 5 },
    ]) {
      for (let seed = 0; seed < 6; seed++) {
        const count = 3;
        const bytes = takenBytes(count);
        const claims = [0, 1, 2].map((index) => sliceClaims(hull, { index, count }, bytes));
        const rows = new Uint8Array(hull.to);
        const done = new Set<number>();
        for (let step = seed; done.size < count; step = (Math.imul(step, 5) + 3) >>> 0) {
          const index = (step >>> 2) % count;
          const own = claims[index]?.own();
          const span = own ?? claims[index]?.others()?.span;
          if (span === undefined) done.add(index);
          else for (let row = span.from; row < span.to; row++) rows[row]!++;
        }
        expect(rows.subarray(0, hull.from).includes(1)).to.equal(false);
        expect(rows.subarray(hull.from).findIndex((times) => times !== 1)).to.equal(-1);
      }
    }
  });

  it('help nobody while other work waits for the thread', () => {
    const hull = { from: 0, to: 4 * unit };
    let isWanted = true;
    const own = sliceClaims(hull, { index: 0, count: 2 }, takenBytes(2), () => isWanted);
    expect(own.others()).to.equal(undefined);
    expect(own.own()).to.deep.equal({ from: 0, to: unit });
    isWanted = false;
    expect(own.others()?.span).to.deep.equal({ from: 2 * unit, to: 3 * unit });
  });

  it('are made where no state and no last digit depends on the order of rows', () => {
    const helps = (...aggregations: object[]): boolean => helpsIn(timeseries, aggregations);
    const helpsIn = (body: object, aggregations: readonly object[]): boolean => {
      const json = { ...body, dataSource: 't', intervals: ['1970/1980'], aggregations };
      const query = parseNativeQuery(json, { queryId: 'q', timeoutMs: 0 });
      const refs = [{ segmentId: 'a', handle: 0, intervals: query.intervals, rows: 2_000_000 }];
      const taken = planTasks(query, refs, 2).map(({ slice }) => slice?.taken);
      expect(taken).to.have.length(2);
      expect(taken[0]).to.equal(taken[1]);
      return taken[0] !== undefined;
    };
    const first = { type: 'longFirst', name: 'a', fieldName: 'm' };
    expect(helps(...aggregations, filtered)).to.equal(true);
    expect(helps(...aggregations, first)).to.equal(false);
    expect(helps({ ...filtered, aggregator: first })).to.equal(false);
    for (const type of ['doubleSum', 'floatSum']) {
      const sum = { type, name: 'd', fieldName: 'm' };
      // Of each piece by itself.
      expect(helps(...aggregations, sum), type).to.equal(true);
      expect(helps(sum, { ...filtered, aggregator: first }), type).to.equal(false);
      for (const body of [groupBy, top])
        expect(helpsIn(body, [...aggregations, sum]), `${type} of ${body.queryType}`).to.equal(false);
    }
    expect(helps({ type: 'doubleMax', name: 'd', fieldName: 'm' })).to.equal(true);
  });

  it('cut ranges, which are all taken without claims', () => {
    const ranges = [
      { from: 10, to: 20 },
      { from: unit - 5, to: unit + 5 },
    ];
    expect([...claimedRanges(ranges, undefined)]).to.deep.equal(ranges);
    const claims = sliceClaims({ from: 0, to: 2 * unit }, { index: 0, count: 1 }, takenBytes(1));
    expect([...claimedRanges(ranges, claims)]).to.deep.equal([
      { from: 10, to: 20 },
      { from: unit - 5, to: unit },
      { from: unit, to: unit + 5 },
    ]);
  });
});

const arena = createArena({ maximumBytes: 1 << 29 });
const rowCount = 6 * unit + 77;
const numbers = Array.from({ length: rowCount }, (_, row) => (row * 7919) % 20_011);
const segment = testSegment(arena, {
  id: 'a',
  interval: { startMs: 0, endMs: 1e9 },
  metrics: ['m'],
  // A bitmap for each of many texts would take long to make.
  hasBitmaps: false,
  columns: {
    __time: { kind: 'long', values: numbers.map((_, row) => BigInt(row * 20)) },
    few: { kind: 'string', values: numbers.map((number) => (number % 9 === 0 ? null : `f${number % 9}`)) },
    many: { kind: 'string', values: numbers.map((number) => `m${number}`) },
    gaps: { kind: 'long', values: numbers.map((number) => (number % 5 < 3 ? null : BigInt(number))) },
    m: { kind: 'long', values: numbers.map((number) => BigInt(number - 15_000)) },
  },
});
const executor = createExecutor({
  kernels: instantiateKernels(compileKernels(), arena),
  open: () => segment,
});

const aggregations = [
  { type: 'count', name: 'n' },
  { type: 'longSum', name: 's', fieldName: 'm' },
  { type: 'longMax', name: 'x', fieldName: 'gaps' },
];
const filtered = {
  type: 'filtered',
  filter: { type: 'in', dimension: 'few', values: ['f2', 'f5'] },
  aggregator: { type: 'longSum', name: 'f', fieldName: 'm' },
};
const likeMany = { type: 'like', dimension: 'many', pattern: 'm1%' };
const some = ['1970-01-01T00:00:01.5/1970-01-01T00:40', '1970-01-01T01:20/1970-01-01T02:02:30'];
const doubled = [{ type: 'expression', name: 'v', expression: 'm * 2', outputType: 'LONG' }];
const overDoubled = [{ type: 'longSum', name: 's', fieldName: 'v' }];
const timeseries = { queryType: 'timeseries', granularity: 'all', aggregations };
const groupBy = { queryType: 'groupBy', granularity: 'all', dimensions: ['few'], aggregations };
const top = {
  queryType: 'topN',
  granularity: 'all',
  dimension: 'many',
  metric: 's',
  threshold: 5,
  aggregations,
};
const asked: readonly object[] = [
  timeseries,
  { ...timeseries, aggregations: aggregations.slice(0, 1) },
  { ...timeseries, aggregations: aggregations.slice(0, 1), intervals: some },
  { ...timeseries, filter: likeMany, aggregations: [...aggregations, filtered] },
  { ...timeseries, filter: likeMany, virtualColumns: doubled, aggregations: overDoubled },
  { ...timeseries, granularity: 'minute', filter: likeMany, intervals: some },
  { ...timeseries, granularity: 'hour', aggregations: aggregations.slice(0, 1) },
  groupBy,
  { ...groupBy, filter: likeMany, aggregations: [...aggregations, filtered] },
  { ...groupBy, granularity: 'hour', virtualColumns: doubled, aggregations: overDoubled },
  { ...groupBy, dimensions: ['many'] },
  {
    ...groupBy,
    dimensions: ['many'],
    filter: { type: 'in', dimension: 'few', values: ['f1'] },
    intervals: some,
  },
  { ...groupBy, dimensions: ['few', 'many'] },
  top,
  { ...top, dimension: 'few' },
];

describe('slices whose threads help each other', () => {
  for (const [i, body] of asked.entries()) {
    it(`answer what the whole does: query ${i}`, async () => {
      const json = { dataSource: 't', intervals: ['1970-01-01/1970-01-12T13:46:40'], ...body };
      const query = parseNativeQuery(json, { queryId: 'q', timeoutMs: 0 });
      const refs = [{ segmentId: 'a', handle: 0, intervals: query.intervals }];
      const answer = (frames: readonly Frame[]): string => {
        const sink = new TextSink();
        renderResult(query, mergePartials(query, frames), sink);
        return sink.text;
      };
      const wanted = answer(executeTask(executor, { query, refs }, () => {}).frames);
      const used = arena.usedBytes;
      const count = 2;
      const taken = takenBytes(count);
      const parts = [0, 1].map((index): ScanTask => ({ query, refs, slice: { index, count, taken } }));
      const running = new RunningQuery(query, parts, 10, (table) => freeGroupTable(arena, table));
      // The first has long begun and ended when the second does: it has taken half of that one's rows, and half again.
      const tookOver: number[] = [];
      for (let task = running.take(); task !== undefined; task = running.take()) {
        running.finished(
          task,
          executeTask(executor, task, () => {}),
        );
        tookOver.push(new Int32Array(taken)[1] ?? 0);
      }
      const frames: Frame[] = [];
      for (let part = await running.next(); part !== undefined; part = await running.next())
        frames.push(part.frame);
      expect(arena.usedBytes).to.equal(used);
      expect(answer(frames)).to.equal(wanted);
      // Half of the pieces, and half of the rest.
      expect(tookOver[0]).to.be.greaterThan(1);
    });
  }
});
