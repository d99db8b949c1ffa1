/** Large segments are cut by rows: the same answer as in one piece, whichever part ends last. */
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { SegmentView } from '../../segment/read/view.js';
import type { Frame } from '../frame.js';
import { mergePartials } from '../merge.js';
import { parseNativeQuery } from '../native/parse.js';
import { createExecutor, executeTask, type ScanTask } from './execute.js';
import { freeGroupTable, sliceMode } from './group-slices.js';
import { planTasks, RunningQuery } from './running.js';
import { sliceSpan } from './rows.js';
import { testSegment } from './test-segment.js';

const arena = createArena({ maximumBytes: 1 << 29 });
const kernels = instantiateKernels(compileKernels(), arena);
const rowCount = 70_000;
const numbers = Array.from({ length: rowCount }, (_, row) => (row * 7919) % 20_011);
const segment: SegmentView = testSegment(arena, {
  id: 'a',
  interval: { startMs: 0, endMs: 1e9 },
  metrics: ['m'],
  columns: {
    __time: { kind: 'long', values: numbers.map((_, row) => BigInt(row * 20)) },
    few: { kind: 'string', values: numbers.map((number) => (number % 9 === 0 ? null : `f${number % 9}`)) },
    many: { kind: 'string', values: numbers.map((number) => `m${number}`) },
    several: {
      kind: 'strings',
      values: numbers.map((number, row) =>
        Array.from({ length: row % 4 }, (_, i) => `s${(number + i * 4_001) % 20_011}`),
      ),
    },
    unique: { kind: 'string', values: numbers.map((_, row) => `u${row % 9_001}`) },
    gaps: { kind: 'long', values: numbers.map((number) => (number % 5 < 3 ? null : BigInt(number))) },
    m: { kind: 'long', values: numbers.map((number) => BigInt(number - 15_000)) },
  },
});
const executor = createExecutor({ kernels, open: () => segment });
const interval = { startMs: 0, endMs: 1e9 };

function query(body: object) {
  const json = { dataSource: 't', intervals: ['1970-01-01/1970-01-12T13:46:40'], ...body };
  return parseNativeQuery(json, { queryId: 'q', timeoutMs: 0 });
}
const aggregations = [
  { type: 'count', name: 'n' },
  { type: 'longSum', name: 's', fieldName: 'm' },
  { type: 'longMax', name: 'x', fieldName: 'm' },
];

const nullable = [
  { type: 'longSum', name: 's', fieldName: 'gaps' },
  { type: 'doubleMin', name: 'y', fieldName: 'gaps' },
  { type: 'count', name: 'n' },
];
const cases: readonly object[] = [
  { queryType: 'timeseries', granularity: 'all', aggregations },
  { queryType: 'timeseries', granularity: 'minute', aggregations },
  { queryType: 'groupBy', granularity: 'all', dimensions: ['few'], aggregations },
  { queryType: 'groupBy', granularity: 'all', dimensions: ['few', 'many'], aggregations },
  { queryType: 'groupBy', granularity: 'all', dimensions: ['many'], aggregations },
  { queryType: 'groupBy', granularity: 'all', dimensions: ['many'], aggregations: nullable },
  {
    queryType: 'groupBy',
    granularity: 'all',
    dimensions: ['many'],
    aggregations: nullable,
    filter: { type: 'in', dimension: 'few', values: ['f1', 'f4'] },
  },
  { queryType: 'groupBy', granularity: 'all', dimensions: ['many', 'unique'], aggregations },
  { queryType: 'groupBy', granularity: 'minute', dimensions: ['few'], aggregations },
  { queryType: 'groupBy', granularity: 'hour', dimensions: [], aggregations: nullable },
  {
    queryType: 'groupBy',
    granularity: 'second',
    dimensions: ['many'],
    aggregations: nullable,
    intervals: ['1970-01-01T00:00:01.5/1970-01-01T00:10', '1970-01-01T00:20/1970-01-01T00:22:30'],
  },
  {
    queryType: 'topN',
    granularity: 'minute',
    dimension: 'unique',
    metric: 's',
    threshold: 3,
    aggregations,
    intervals: ['1970-01-01T00:00/1970-01-01T00:02'],
  },
  { queryType: 'topN', granularity: 'hour', dimension: 'few', metric: 's', threshold: 3, aggregations },
  { queryType: 'topN', granularity: 'all', dimension: 'few', metric: 's', threshold: 3, aggregations },
  { queryType: 'topN', granularity: 'all', dimension: 'many', metric: 's', threshold: 3, aggregations },
  { queryType: 'timeseries', granularity: 'all', aggregations: aggregations.slice(0, 1) },
  {
    queryType: 'timeseries',
    granularity: 'second',
    aggregations: nullable,
    filter: { type: 'selector', dimension: 'many', value: 'm77' },
    intervals: ['1970-01-01T00:00:01.5/1970-01-01T00:10', '1970-01-01T00:20/1970-01-01T00:22:30'],
  },
];
/** Of rows with several values each. */
const severalCases: readonly object[] = [
  { queryType: 'groupBy', granularity: 'all', dimensions: ['several'], aggregations: nullable },
  {
    queryType: 'groupBy',
    granularity: 'all',
    dimensions: ['several', 'few'],
    aggregations,
    filter: { type: 'in', dimension: 'few', values: ['f1', 'f4', null] },
  },
  { queryType: 'topN', granularity: 'all', dimension: 'several', metric: 's', threshold: 3, aggregations },
  { queryType: 'topN', granularity: 'all', dimension: 'several', metric: 'n', threshold: 3, aggregations },
];

describe('slices of a segment', () => {
  it('cover all rows once, between blocks', () => {
    for (const rows of [0, 1, 65_536, 65_537, 1_000_000]) {
      for (const count of [1, 2, 3, 7]) {
        let at = 0;
        for (let index = 0; index < count; index++) {
          const { from, to } = sliceSpan({ from: 0, to: rows }, index, count);
          expect(from).to.equal(at);
          expect(to === rows || to % 65_536 === 0).to.equal(true);
          at = to;
        }
        expect(at).to.equal(rows);
      }
    }
    const parts = [0, 1].map((index) => sliceSpan({ from: 70_000, to: 400_001 }, index, 2));
    expect(parts).to.deep.equal([
      { from: 70_000, to: 4 * 65_536 },
      { from: 4 * 65_536, to: 400_001 },
    ]);
  });

  it('are planned for few large segments and several threads', () => {
    const ref = { segmentId: 'a', handle: 0, intervals: [interval], rows: 2_000_000 };
    const plan = (refs: (typeof ref)[], threads: number) =>
      planTasks(query(cases[0] ?? {}), refs, threads).map(({ slice }) => slice?.count ?? 0);
    expect(plan([ref], 1)).to.deep.equal([0]);
    expect(plan([ref], 2)).to.deep.equal([2, 2]);
    expect(plan([ref], 16)).to.deep.equal([4, 4, 4, 4]);
    expect(plan([{ ...ref, rows: 999_999 }], 2)).to.deep.equal([0]);
    expect(plan([ref, ref, ref, ref], 2)).to.deep.equal([0, 0, 0, 0]);
  });

  it('take their share of few groups in many buckets of sorted time', () => {
    const modeOf = (body: object, evenRows: number): string => {
      const plain = query(body);
      if (plain.queryType !== 'groupBy') throw new Error('a groupBy');
      const asked = { ...plain, isComputed: false, isTop: false };
      return sliceMode(segment, asked, plain.intervals, evenRows);
    };
    // 24 buckets of a minute with nine groups each, 1,400 of a second with some 20,000.
    const few = { queryType: 'groupBy', granularity: 'minute', dimensions: ['few'], aggregations };
    expect(modeOf(few, 35_000)).to.equal('rows');
    const many = { ...few, granularity: 'second', dimensions: ['many'] };
    expect(modeOf(many, 35_000)).to.equal('whole');
    expect(modeOf({ ...few, dimensions: ['many'] }, 35_000)).to.equal('whole');
    expect(modeOf({ ...few, dimensions: ['many'] }, 8_000_000)).to.equal('rows');
    expect(modeOf({ ...few, dimensions: ['gaps'] }, 8_000_000)).to.equal('whole');
  });

  it('hand over tables of several values a row, but not of sums of fractions', () => {
    const modeOf = (aggregation: object): string => {
      const body = { queryType: 'groupBy', granularity: 'all', dimensions: ['several'] };
      const plain = query({ ...body, aggregations: [aggregation] });
      if (plain.queryType !== 'groupBy') throw new Error('a groupBy');
      return sliceMode(segment, { ...plain, isComputed: false, isTop: false }, plain.intervals, 35_000);
    };
    expect(modeOf({ type: 'longSum', name: 's', fieldName: 'gaps' })).to.equal('tables');
    expect(modeOf({ type: 'doubleMin', name: 's', fieldName: 'gaps' })).to.equal('tables');
    expect(modeOf({ type: 'doubleSum', name: 's', fieldName: 'gaps' })).to.equal('whole');
  });

  it('answer together what the whole answers', async () => {
    for (const body of cases) await answerTogether(body);
  });

  it('answer so of several values a row', async () => {
    for (const body of severalCases) await answerTogether(body);
  });
});

describe('tables of groups', () => {
  it('are given back however the query ends, and not before nobody reads them', () => {
    const plain = query({ queryType: 'groupBy', granularity: 'all', dimensions: ['many'], aggregations });
    const refs = [{ segmentId: 'a', handle: 0, intervals: [interval] }];
    const count = 2;
    const tasks = Array.from({ length: count }, (_, index): ScanTask => ({
      query: plain,
      refs,
      slice: { index, count },
    }));
    const run = (task: ScanTask) => executeTask(executor, task, () => {});
    const used = arena.usedBytes;
    for (const failAfter of [1, 2, 3]) {
      const running = new RunningQuery(plain, tasks, 10, (table) => freeGroupTable(arena, table));
      const taken: ScanTask[] = [];
      const take = (): void => {
        for (let task = running.take(); task !== undefined; task = running.take()) taken.push(task);
      };
      take();
      for (let done = 0; taken.length > 0; take()) {
        const task = taken.shift();
        if (task === undefined) break;
        const outcome = run(task);
        if (++done === failAfter) running.fail(new CodedError('Canceled', 'stopped'));
        if (done > failAfter && task.tables !== undefined) expect(arena.usedBytes).to.be.greaterThan(used);
        running.finished(task, outcome);
      }
      expect(running.isOver).to.equal(true);
      expect(arena.usedBytes).to.equal(used);
    }
  });
});

describe('many groups with several aggregators', () => {
  it('count the same as a loop over the rows, with and without a filter', () => {
    for (const filter of [undefined, { type: 'in', dimension: 'few', values: ['f1', 'f4', 'f7'] }]) {
      const body = { ...cases[3], ...(filter === undefined ? {} : { filter }) };
      const plain = query(body);
      const ref = { segmentId: 'a', handle: 0, intervals: [interval] };
      const { frames } = executeTask(executor, { query: plain, refs: [ref] }, () => {});
      const groups = new Map<string, [number, number, number]>();
      for (const number of numbers) {
        const few = number % 9 === 0 ? '' : `f${number % 9}`;
        if (filter !== undefined && !filter.values.includes(few)) continue;
        const key = `${few},m${number}`;
        const [n, sum, most] = groups.get(key) ?? [0, 0, -Infinity];
        groups.set(key, [n + 1, sum + number - 15_000, Math.max(most, number - 15_000)]);
      }
      const wanted = [...groups].map(([key, values]) => `0,${key},${values.join()}`);
      expect(rowsOf(mergePartials(plain, frames)).toSorted()).to.deep.equal(wanted.toSorted());
    }
  });
});

async function answerTogether(body: object): Promise<void> {
  const plain = query(body);
  const ref = { segmentId: 'a', handle: 0, intervals: [interval] };
  const whole = executeTask(executor, { query: plain, refs: [ref] }, () => {});
  const count = 2;
  const tasks = Array.from({ length: count }, (_, index): ScanTask => ({
    query: plain,
    refs: [ref],
    slice: { index, count },
  }));
  const used = arena.usedBytes;
  const running = new RunningQuery(plain, tasks, 10, (table) => freeGroupTable(arena, table));
  for (;;) {
    const taken: ScanTask[] = [];
    for (let task = running.take(); task !== undefined; task = running.take()) taken.push(task);
    if (taken.length === 0) break;
    // The last part ends first.
    for (const task of taken.toReversed())
      running.finished(
        task,
        executeTask(executor, task, () => {}),
      );
  }
  expect(arena.usedBytes).to.equal(used);
  const frames: Frame[] = [];
  const named: string[] = [];
  for (let part = await running.next(); part !== undefined; part = await running.next()) {
    frames.push(part.frame);
    named.push(...part.segmentIds);
  }
  expect(named).to.deep.equal(['a']);
  const merged = rowsOf(mergePartials(plain, frames));
  const wanted = rowsOf(mergePartials(plain, whole.frames));
  if (plain.queryType === 'topN' && plain.dimension.dimension === 'few')
    expect(merged).to.include.members(wanted);
  else expect(merged).to.deep.equal(wanted);
}

function rowsOf(frame: Frame): string[] {
  return Array.from({ length: frame.rows }, (_, row) =>
    frame.columns
      .map((column) => {
        if (((column.nulls?.[row >> 3] ?? 0) >> (row & 7)) % 2 === 1) return '';
        if (column.type !== 'STRING') return String(column.values[row]);
        const { bytes, ends } = column.dictionary;
        const entry = column.values[row] ?? 0;
        return Buffer.from(bytes.subarray(entry === 0 ? 0 : ends[entry - 1], ends[entry])).toString();
      })
      .join(),
  );
}
