import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { Frame, FrameColumn } from '../frame.js';
import { TextSink } from '../json/write.js';
import { mergePartials } from '../merge.js';
import type { TopNQuery } from '../native/model.js';
import { parseNativeQuery } from '../native/parse.js';
import { renderResult } from '../results/render.js';
import { createInlinePool } from './inline-pool.js';
import { testSegment } from './test-segment.js';
import { topRows } from './top-groups.js';

const top = (body: object, minTopNThreshold: number): TopNQuery =>
  parseNativeQuery(
    {
      queryType: 'topN',
      dataSource: 't',
      intervals: '1970-01-01/P1D',
      granularity: 'all',
      dimension: 'd',
      threshold: 1,
      metric: 'n',
      aggregations: [{ type: 'count', name: 'n' }],
      context: { minTopNThreshold },
      ...body,
    },
    { queryId: 'q', timeoutMs: 0 },
  ) as TopNQuery;

describe('the best groups of a segment', () => {
  const kept = (values: readonly number[], keep: number, inverted = false): readonly number[] => {
    const column: FrameColumn = { name: 'n', type: 'LONG', values: BigInt64Array.from(values, BigInt) };
    const doubles: FrameColumn = { name: 'n', type: 'DOUBLE', values: Float64Array.from(values) };
    const metric = inverted ? { type: 'inverted', metric: 'n' } : 'n';
    const rowsOf = (one: FrameColumn): number[] => [
      ...(topRows(top({ metric }, keep), values.length, undefined, () => one) ?? []),
    ];
    expect(rowsOf(doubles)).to.deep.equal(rowsOf(column));
    return rowsOf(column);
  };

  it('are the greatest, or the least', () => {
    expect(kept([5, 1, 4, 2, 3], 2)).to.deep.equal([0, 2]);
    expect(kept([5, 1, 4, 2, 3], 2, true)).to.deep.equal([1, 3]);
    expect(kept([1, 2], 2)).to.deep.equal([]);
  });

  it('are as many as are asked for', () => {
    const values = Array.from({ length: 210_000 }, (_, i) => i);
    expect(kept(values, 200_000)).to.have.length(200_000);
    const inHours = top({ granularity: 'hour', metric: 'n' }, 200_000);
    const column: FrameColumn = { name: 'n', type: 'LONG', values: BigInt64Array.from(values, BigInt) };
    const buckets = BigInt64Array.from(values, (value) => BigInt(Number(value === 0)));
    expect(topRows(inHours, values.length, buckets, () => column)).to.have.length(200_001);
  });

  it('of equal ones the first come in, and the first of these leave for better ones', () => {
    expect(kept([7, 7, 7, 7], 2)).to.deep.equal([0, 1]);
    expect(kept([7, 7, 7, 9, 7], 3)).to.deep.equal([1, 2, 3]);
    expect(kept([7, 7, 3, 3, 7], 3, true)).to.deep.equal([1, 2, 3]);
  });

  it('are not known before texts that are the same number are put together', async () => {
    const arena = createArena({ maximumBytes: 1 << 24 });
    const kernels = instantiateKernels(compileKernels(), arena);
    const texts = ['1', '1.0', '01', '2', '2', 'x', 'y'];
    const segment = testSegment(arena, {
      id: 's',
      interval: { startMs: 0, endMs: 86_400_000 },
      columns: {
        __time: { kind: 'long', values: texts.map((_, i) => BigInt(i)) },
        d: { kind: 'string', values: texts },
      },
    });
    const clock = { now: () => 0, monotonic: () => 0 };
    const pool = createInlinePool({ kernels, open: () => segment, clock });
    const dimension = { type: 'default', dimension: 'd', outputName: 'd', outputType: 'DOUBLE' };
    const query = top({ dimension }, 1);
    const parts: Frame[] = [];
    const refs = [{ segmentId: 's', handle: 0, intervals: query.intervals }];
    for await (const { frame } of pool.scanSegments(query, refs)) parts.push(frame);
    const sink = new TextSink();
    renderResult(query, mergePartials(query, parts), sink);
    expect(sink.text).to.contain('"result":[{"d":1.0,"n":3}]');
  });
});
