import { expect } from 'chai';
import { IncrementalIndex } from '../ingest/index/incremental-index.js';
import { isRealtimeHandle, openRealtimeView, realtimeHandle } from '../ingest/index/realtime-view.js';
import type { grove } from '../proto/services.js';
import { createInlinePool } from '../query/engine/inline-pool.js';
import type { Frame } from '../query/frame.js';
import { parseGranularity } from '../query/granularity.js';
import { TextSink } from '../query/json/write.js';
import { mergePartials } from '../query/merge.js';
import { parseNativeQuery } from '../query/native/parse.js';
import { renderResult } from '../query/results/render.js';
import type { CallContext, Deadline, Log } from '../runtime/types.js';
import { createArena } from '../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../segment/kernels/load.js';
import { dataNodeHandlers } from './data-node.js';
import { createFrameCarrier } from './frame-by-reference.js';
import { SegmentRegistry } from './segment-registry.js';

const arena = createArena({ maximumBytes: 1 << 26 });
const kernels = instantiateKernels(compileKernels(), arena);
const interval = { startMs: 0, endMs: 86_400_000 };
const frames = createFrameCarrier();
const silent = (): void => {};
const log = { debug: silent, info: silent, warn: silent, error: silent } as unknown as Log;

function newIndex(): IncrementalIndex {
  return new IncrementalIndex(
    {
      dimensions: [{ type: 'string', name: 'city', multiValueHandling: 'ARRAY', createBitmapIndex: true }],
      discoverDimensions: 'none',
      dimensionExclusions: [],
      metrics: [{ type: 'longSum', name: 'n', fieldName: 'n' }],
      queryGranularity: parseGranularity('none', 'g'),
      queryGranularityJson: 'NONE',
      rollup: false,
    },
    interval,
  );
}

function add(index: IncrementalIndex, count: number): void {
  for (let i = 0; i < count; i++) index.add(i, { fields: { city: `c${i % 3}`, n: BigInt(i) } } as never);
}

const deadline: Deadline = {
  atMonotonicMs: 1e9,
  remainingMs: () => 1e9,
  expired: () => false,
  within: () => deadline,
};

describe('data node over a growing segment', () => {
  const parts = [newIndex(), newIndex()];
  const registry = new SegmentRegistry();
  let hasRows = true;
  registry.add('live', {
    handle: undefined,
    parts: () => (hasRows ? parts.map((index, i) => realtimeHandle(`live-${i}`, index)) : []),
    rows: 0,
    times: { minMs: 0, maxMs: 100 },
    close: silent,
  });
  const handlers = dataNodeHandlers({
    registry,
    pool: createInlinePool({
      kernels,
      open: (handle) => {
        if (!isRealtimeHandle(handle)) throw new Error('not realtime');
        return openRealtimeView(handle, arena);
      },
      clock: { now: () => 0, monotonic: () => 0 },
    }),
    frames,
    clusterId: () => '',
    log,
    clock: { monotonic: () => 0 },
    metrics: { counter: () => ({ add: silent }) },
    loadChanged: silent,
  });

  async function ask(body: object, bySegment = false) {
    const json = JSON.stringify({ dataSource: 't', intervals: '1970-01-01/P1D', ...body });
    const request = {
      queryJson: json,
      queryId: 'q',
      segments: [{ segmentId: 'live', intervals: [interval] }],
      bySegment,
    };
    const context: CallContext = { deadline, signal: new AbortController().signal, trace: '', metadata: {} };
    const found: Frame[] = [];
    const answered: string[] = [];
    const labels: string[] = [];
    let last = false;
    const stream = handlers.Query(request, context) as AsyncIterable<grove.query.v1.DataPart.$Properties>;
    for await (const part of stream) {
      if (part.frame !== null && part.frame !== undefined) found.push(frames.decode(part.frame));
      answered.push(...(part.segments ?? []));
      if ((part.ofSegment ?? '') !== '') labels.push(part.ofSegment ?? '');
      last = part.last === true;
    }
    expect(last).to.equal(true);
    const query = parseNativeQuery(JSON.parse(json), { queryId: 'q', timeoutMs: 0 });
    const sink = new TextSink();
    renderResult(query, mergePartials(query, found), sink);
    return { rows: JSON.parse(sink.text) as { events?: unknown[]; result?: unknown }[], answered, labels };
  }

  const count = async (): Promise<unknown> =>
    (
      await ask({
        queryType: 'timeseries',
        granularity: 'all',
        aggregations: [
          { type: 'count', name: 'rows' },
          { type: 'longSum', name: 'n', fieldName: 'n' },
        ],
      })
    ).rows[0]?.result;

  it('each query sees the rows there are when it begins, of all parts', async () => {
    expect(await count()).to.deep.equal({ rows: 0, n: null });
    for (const index of parts) add(index, 10);
    expect(await count()).to.deep.equal({ rows: 20, n: 90 });
    add(parts[1] as IncrementalIndex, 5);
    expect(await count()).to.deep.equal({ rows: 25, n: 100 });
  });

  it('no part of it is told by itself to those who keep the answers of segments', async () => {
    const { labels, rows } = await ask(
      { queryType: 'timeseries', granularity: 'all', aggregations: [{ type: 'count', name: 'rows' }] },
      true,
    );
    expect(rows[0]?.result).to.deep.equal({ rows: 25 });
    expect(labels).to.deep.equal([]);
  });

  it('a scan answers the segment once, after its last part', async () => {
    const { rows, answered } = await ask({ queryType: 'scan', columns: ['city', 'n'] });
    expect(answered).to.deep.equal(['live']);
    expect(rows.flatMap(({ events }) => events ?? []).length).to.equal(25);
  });

  it('a segment without any part yet is answered too', async () => {
    hasRows = false;
    const { rows, answered } = await ask({ queryType: 'scan', columns: ['city'] });
    expect({ rows, answered }).to.deep.equal({ rows: [], answered: ['live'] });
  });
});

describe('data node that fails while it takes segments', () => {
  it('gives back those it has taken', async () => {
    const registry = new SegmentRegistry();
    const common = { handle: undefined, rows: 1, times: undefined, close: silent };
    registry.add('first', { ...common });
    registry.add('second', {
      ...common,
      parts: () => {
        throw new Error('no parts');
      },
    });
    const handlers = dataNodeHandlers({
      registry,
      pool: createInlinePool({
        kernels,
        open: () => {
          throw new Error('not asked');
        },
        clock: { now: () => 0, monotonic: () => 0 },
      }),
      frames,
      clusterId: () => '',
      log,
      clock: { monotonic: () => 0 },
      metrics: { counter: () => ({ add: silent }) },
      loadChanged: silent,
    });
    const query = {
      queryType: 'timeBoundary',
      dataSource: 't',
    };
    const request = {
      queryJson: JSON.stringify(query),
      segments: ['first', 'second'].map((segmentId) => ({ segmentId, intervals: [interval] })),
    };
    const context = { signal: new AbortController().signal, deadline, trace: '' } as unknown as CallContext;
    let error: unknown;
    try {
      for await (const _ of handlers.Query(request, context) as AsyncIterable<unknown>);
    } catch (thrown) {
      error = thrown;
    }
    expect(String(error)).to.contain('no parts');
    expect(registry.users).to.equal(0);
  });
});
