import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import type { Frame } from '../../query/frame.js';
import { deadlineAfter } from '../../runtime/deadline.js';
import type { Client } from '../../runtime/types.js';
import { createVirtualClock } from '../../runtime/virtual-clock.js';
import type { Slice } from './route.js';
import type { ScatterDeps } from './scatter.js';
import { streamScan } from './scan-stream.js';

/** Those named r… grow. */
const slice = (segmentId: string): Slice =>
  ({
    segmentId,
    dataSource: 'ds',
    intervals: [{ startMs: 0, endMs: 1 }],
    segment: { interval: { startMs: 0, endMs: 1 }, realtime: segmentId.startsWith('r') },
  }) as unknown as Slice;

const frameOf = (...values: number[]): Frame => ({
  rows: values.length,
  columns: [{ name: 'v', type: 'LONG', values: BigInt64Array.from(values.map(BigInt)) }],
});

/** What a node answers for one segment: frames of numbers, or where it breaks off. */
type Script = readonly (readonly number[] | 'cut' | 'missing')[];

function cluster(nodes: Readonly<Record<string, Readonly<Record<string, Script>>>>) {
  const asked: string[] = [];
  const clientOf = (name: string): Client | undefined => {
    const scripts = nodes[name];
    if (scripts === undefined) return undefined;
    return {
      unary: () => Promise.reject(new Error('not asked')),
      stream: async function* (_method: unknown, request: unknown) {
        const ids = (request as { segments: { segmentId: string }[] }).segments.map((one) => one.segmentId);
        asked.push(`${name}:${ids.join(',')}`);
        await Promise.resolve();
        for (const id of ids) {
          let isMissing = false;
          for (const step of scripts[id] ?? []) {
            if (step === 'cut') throw new CodedError('Unavailable', 'cut');
            if (step === 'missing') isMissing = true;
            else yield { frame: frameOf(...step), ofSegment: id };
          }
          yield isMissing ? { missing: [id] } : { segments: [id] };
        }
        yield { last: true };
      },
    } as unknown as Client;
  };
  const deps: ScatterDeps = {
    clientOf,
    holdersOf: (id) =>
      Object.keys(nodes)
        .filter((node) => nodes[node]?.[id] !== undefined)
        .map((node) => ({ node, fresh: true, load: 0 })),
    decodeFrame: (frame) => frame as unknown as Frame,
    inFlight: () => undefined,
    nodeFailed: () => undefined,
  };
  const run = async (...ids: string[]): Promise<string[]> => {
    const rows: string[] = [];
    const request = {
      queryJson: '{}',
      queryId: 'q',
      clusterId: 'c',
      deadline: deadlineAfter(createVirtualClock(), 1_000),
      signal: new AbortController().signal,
      trace: '',
    };
    for await (const part of streamScan(deps, request, ids.map(slice))) {
      const [column] = part.frame.columns;
      if (column?.type === 'LONG') for (const value of column.values) rows.push(`${part.segmentId}${value}`);
    }
    return rows;
  };
  return { run, asked };
}

describe('unordered scans', () => {
  it('go segment by segment in order, neighbours on one node in one stream', async () => {
    const { run, asked } = cluster({ a: { x: [[1, 2]], y: [[3], [4]] }, b: { z: [[5]] } });
    expect(await run('x', 'y', 'z')).to.deep.equal(['x1', 'x2', 'y3', 'y4', 'z5']);
    expect(asked).to.deep.equal(['a:x,y', 'b:z']);
  });

  it('go on behind the rows they have when a node fails', async () => {
    const { run } = cluster({
      a: { x: [[1]], y: [[2, 3], [4], 'cut'], z: [[9]] },
      b: { y: [[2], [3, 4, 5]], z: [[6]] },
    });
    expect(await run('x', 'y', 'z')).to.deep.equal(['x1', 'y2', 'y3', 'y4', 'y5', 'z9']);
  });

  it('end when rows that still grow are cut: another holder has them in another order', async () => {
    const cut = cluster({ a: { r: [[1], 'cut'] }, b: { r: [[2, 1]] } });
    const error = await cut.run('r').catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(CodedError).with.property('code', 'SegmentsUnavailable');
    const atOnce = cluster({ a: { r: ['cut'] }, b: { r: [[2, 1]] } });
    expect(await atOnce.run('r')).to.deep.equal(['r2', 'r1']);
    const behind = cluster({ a: { r: [[1, 2]], y: ['cut'] }, b: { y: [[3]] } });
    expect(await behind.run('r', 'y')).to.deep.equal(['r1', 'r2', 'y3']);
  });

  it('ask another holder for what one does not have', async () => {
    const { run } = cluster({ a: { x: ['missing'], y: [[2]] }, b: { x: [[1]] } });
    expect((await run('x', 'y')).toSorted()).to.deep.equal(['x1', 'y2']);
  });

  it('fail when nobody is left', async () => {
    const { run } = cluster({ a: { x: [[1], 'cut'] } });
    const error = await run('x').catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(CodedError).with.property('code', 'SegmentsUnavailable');
  });
});
