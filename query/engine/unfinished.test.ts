import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { parseNativeQuery } from '../native/parse.js';
import { createInlinePool } from './inline-pool.js';
import { testSegment } from './test-segment.js';

const arena = createArena({ maximumBytes: 1 << 26 });
const view = testSegment(arena, {
  id: 's',
  interval: { startMs: 0, endMs: 100 },
  columns: {
    __time: { kind: 'long', values: [1n, 2n, 3n] },
    c: { kind: 'string', values: ['a', 'b', null] },
    x: { kind: 'double', values: [1.5, 2, null] },
  },
});
const pool = createInlinePool({
  kernels: instantiateKernels(compileKernels(), arena),
  open: () => view,
  clock: { now: () => 0, monotonic: () => 0 },
});

const aggregations = [
  { type: 'cardinality', name: 'distinct', fields: ['c'], round: true },
  { type: 'doubleMean', name: 'mean', fieldName: 'x' },
  { type: 'stringFirst', name: 'first', fieldName: 'c' },
  { type: 'doubleLast', name: 'last', fieldName: 'x' },
  {
    type: 'expression',
    name: 'e',
    fields: ['x'],
    initialValue: '0.0',
    fold: 'nvl(x, 0) + __acc',
    finalize: 'o * 2',
  },
  { type: 'stringAny', name: 'any', fieldName: 'c' },
];

async function answer(more: object, context: object = {}): Promise<Record<string, unknown>> {
  const body = {
    queryType: 'timeseries',
    dataSource: 't',
    intervals: '1970/1971',
    granularity: 'all',
    aggregations,
  };
  const query = parseNativeQuery({ ...body, ...more, context }, { queryId: 'q', timeoutMs: 0 });
  const frames = [];
  const refs = [{ segmentId: 's', handle: 0, intervals: query.intervals }];
  for await (const { frame } of pool.scanSegments(query, refs)) frames.push(frame);
  const chunks = (await pool.run('finish', { query, frames })) as Uint8Array[];
  const [entry] = JSON.parse(Buffer.concat(chunks).toString()) as [{ result: Record<string, unknown> }];
  return entry.result;
}

const mean = Buffer.alloc(16);
mean.writeDoubleBE(3.5);
mean.writeBigInt64BE(2n, 8);
const states = {
  mean: mean.toString('base64'),
  first: { lhs: 1, rhs: 'a' },
  last: { lhs: 3, rhs: null },
  e: 3.5,
  any: 'a',
};

describe('states that are not finished', () => {
  it('are answered where the context says so', async () => {
    const { distinct, ...others } = await answer({}, { finalize: false });
    expect(others).to.deep.equal(states);
    // Version 1 of the sketch.
    expect(Buffer.from(String(distinct), 'base64')[0]).to.equal(1);
    expect(await answer({})).to.deep.equal({
      distinct: 2,
      mean: 1.75,
      first: 'a',
      last: null,
      e: 7,
      any: 'a',
    });
  });

  it('are what a field access shows, and not what is computed with', async () => {
    const access = (type: string, fieldName: string) => ({ type, name: `${type}-${fieldName}`, fieldName });
    const sum = {
      type: 'arithmetic',
      name: 'sum',
      fn: '+',
      fields: [access('fieldAccess', 'mean'), { type: 'constant', name: 'k', value: 1 }],
    };
    const postAggregations = [
      access('fieldAccess', 'mean'),
      access('fieldAccess', 'first'),
      access('finalizingFieldAccess', 'mean'),
      sum,
    ];
    const found = await answer({ postAggregations });
    expect(found['fieldAccess-mean']).to.equal(states.mean);
    expect(found['fieldAccess-first']).to.deep.equal(states.first);
    expect(found['finalizingFieldAccess-mean']).to.equal(1.75);
    expect(found['sum']).to.equal(2.75);
    const unfinished = await answer({ postAggregations }, { finalize: false });
    expect(unfinished['finalizingFieldAccess-mean']).to.equal(1.75);
  });
});
