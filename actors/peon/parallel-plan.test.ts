import { expect } from 'chai';
import type { DataSegment } from '../../segment/timeline/data-segment.js';
import type { ShardSpec } from '../../segment/timeline/shard-spec.js';
import {
  gatherPartitions,
  numberSegments,
  planPhase,
  spread,
  type PieceOfWork,
  type PieceState,
} from './parallel-plan.js';

const limits = { subTasksMax: 2, triesMax: 3, slotPatienceMs: 10 };
const piece = (state: PieceState, failures = 0, sinceMs = 0): PieceOfWork => ({ state, failures, sinceMs });
const plan = (pieces: readonly PieceOfWork[], slots = 4, nowMs = 0): string[] =>
  planPhase(pieces, limits, slots, nowMs).map((step) =>
    'index' in step ? `${step.kind} ${step.index}` : step.kind,
  );

const day = (n: number) => ({ startMs: Date.UTC(2024, 0, n), endMs: Date.UTC(2024, 0, n + 1) });
const segment = (n: number, shardSpec: ShardSpec, path = '', version = 'v'): DataSegment => ({
  dataSource: 'd',
  interval: day(n),
  version,
  loadSpec: { type: 'local', path },
  dimensions: ['a'],
  metrics: [],
  shardSpec,
  binaryVersion: 9,
  size: 1,
});

describe('parallel plan', () => {
  it('starts as many as may run, repeats what failed, ends when all is done', () => {
    expect(plan([piece('waiting'), piece('waiting'), piece('waiting')])).to.deep.equal([
      'start 0',
      'start 1',
    ]);
    expect(plan([piece('running'), piece('failed', 2), piece('waiting')])).to.deep.equal(['start 1']);
    expect(plan([piece('running'), piece('pending'), piece('waiting')])).to.deep.equal([]);
    expect(plan([piece('done'), piece('done')])).to.deep.equal(['done']);
    expect(plan([])).to.deep.equal(['done']);
  });

  it('gives up at the last try, whatever else runs', () => {
    expect(plan([piece('running'), piece('failed', 3), piece('waiting')])).to.deep.equal(['giveUp 1']);
  });

  it('does the work itself, one after another, when the only slot is its own', () => {
    expect(plan([piece('waiting'), piece('waiting')], 1)).to.deep.equal(['here 0']);
    expect(plan([piece('here'), piece('waiting')], 1)).to.deep.equal([]);
    expect(plan([piece('done'), piece('failed', 1)], 1)).to.deep.equal(['here 1']);
    // The other worker went away.
    expect(plan([piece('done'), piece('pending')], 1)).to.deep.equal(['takeBack 1']);
    expect(plan([piece('waiting')], 0)).to.deep.equal(['here 0']);
  });

  it('takes a sub-task back that waits too long while none runs', () => {
    const waiting = [piece('pending', 0, 5), piece('pending', 0, 3), piece('waiting')];
    expect(plan(waiting, 2, 13)).to.deep.equal([]);
    expect(plan(waiting, 2, 14)).to.deep.equal(['takeBack 1']);
    expect(plan([piece('running'), piece('pending')], 2, 99)).to.deep.equal([]);
    expect(plan([piece('here'), piece('pending')], 2, 99)).to.deep.equal([]);
  });

  const numbered = (partitionNum: number): ShardSpec => ({ type: 'numbered', partitionNum, partitions: 9 });

  it('numbers the segments of all sub-tasks anew, chunk by chunk, in the order of the input', () => {
    const built = numberSegments([
      [segment(2, numbered(0), 'x'), segment(1, numbered(0), 'a')],
      [segment(1, numbered(0), 'b'), segment(1, numbered(1), 'c')],
    ]);
    expect(
      built.map(({ interval, loadSpec, shardSpec }) => [interval, loadSpec?.['path'], shardSpec]),
    ).to.deep.equal([
      [day(1), 'a', { type: 'numbered', partitionNum: 0, partitions: 3 }],
      [day(1), 'b', { type: 'numbered', partitionNum: 1, partitions: 3 }],
      [day(1), 'c', { type: 'numbered', partitionNum: 2, partitions: 3 }],
      [day(2), 'x', { type: 'numbered', partitionNum: 0, partitions: 1 }],
    ]);
  });

  it('never publishes two versions of one chunk', () => {
    const two = [[segment(1, numbered(0), '', 'v1')], [segment(1, numbered(0), '', 'v2')]];
    expect(() => numberSegments(two)).to.throw('versions[v1, v2]');
  });

  const hashed = (bucketId: number, partitionFunction: string | null = 'murmur3_32_abs'): ShardSpec => ({
    type: 'hashed',
    partitionNum: 0,
    partitions: 1,
    bucketId,
    numBuckets: 8,
    partitionDimensions: ['a'],
    partitionFunction,
  });

  it('gathers the pieces of a bucket; empty buckets have no number', () => {
    const gathered = gatherPartitions([
      [segment(1, hashed(6), 'p0'), segment(1, hashed(2), 'p1')],
      [segment(1, hashed(2, null), 'p2')],
    ]);
    expect(
      gathered.map(({ segment: { shardSpec }, pieces }) => [
        shardSpec,
        pieces.map((p) => p.loadSpec?.['path']),
      ]),
    ).to.deep.equal([
      [{ ...hashed(2, null), partitionNum: 0, partitions: 2 }, ['p1', 'p2']],
      [{ ...hashed(6), partitionNum: 1, partitions: 2 }, ['p0']],
    ]);
  });

  it('orders ranges as Druid does, the open start first, null before text', () => {
    const range = (start: (string | null)[] | null, end: (string | null)[] | null): ShardSpec => ({
      type: 'range',
      dimensions: ['a', 'b'],
      start,
      end,
      partitionNum: 0,
      numCorePartitions: 1,
    });
    const specs = [range(['b', 'x'], null), range(['b', null], ['b', 'x']), range(null, ['b', null])];
    const gathered = gatherPartitions([specs.map((spec) => segment(1, spec))]);
    expect(gathered.map((one) => one.segment.shardSpec)).to.deep.equal(
      specs.toReversed().map((spec, partitionNum) => ({ ...spec, partitionNum, numCorePartitions: 3 })),
    );
  });

  it('spreads merges evenly', () => {
    expect(spread([1, 2, 3, 4, 5], 2)).to.deep.equal([
      [1, 2],
      [3, 4, 5],
    ]);
    expect(spread([1, 2], 10)).to.deep.equal([[1], [2]]);
    expect(spread([], 3)).to.deep.equal([]);
  });
});
