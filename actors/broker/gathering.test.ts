import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { createLocalPartials } from '../../query/cache/partial-cache.js';
import { cellColumn } from '../../query/frame-build.js';
import { frameBytes } from '../../query/frame-codec.js';
import type { Frame } from '../../query/frame.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import { deadlineAfter } from '../../runtime/deadline.js';
import type { Client } from '../../runtime/types.js';
import { createVirtualClock } from '../../runtime/virtual-clock.js';
import type { GroupMemory } from '../group-memory.js';
import { Gathering, type GatherDeps } from './gathering.js';
import { noLimits } from './limits.js';
import type { Slice } from './route.js';
import { createBrokerWork } from './work.js';

const slice = (segmentId: string): Slice =>
  ({
    segmentId,
    intervals: [{ startMs: 0, endMs: 9 }],
    segment: { realtime: false },
  }) as unknown as Slice;
const counted = (n: number): Frame => ({
  rows: 1,
  columns: [
    cellColumn('__bucket', 'LONG', [0n]),
    cellColumn('n', 'LONG', [BigInt(n)]),
    cellColumn('__rows', 'LONG', [BigInt(n)]),
  ],
});
const query = (queryType: string) =>
  parseNativeQuery(
    {
      queryType,
      dataSource: 'shop',
      intervals: '1970/1971',
      granularity: 'all',
      ...(queryType === 'scan' ? {} : { aggregations: [{ type: 'count', name: 'n' }] }),
      ...(queryType === 'groupBy' ? { dimensions: [] } : {}),
    },
    { queryId: 'q', timeoutMs: 0 },
  );

/** A data node that answers the frames of each segment. */
function node(framesOf: (segmentId: string) => readonly Frame[]) {
  const asked: string[] = [];
  const clock = createVirtualClock();
  const client = {
    stream: async function* (_method: unknown, { segments }: { segments: { segmentId: string }[] }) {
      for (const { segmentId } of segments) {
        asked.push(segmentId);
        for (const [i, frame] of framesOf(segmentId).entries()) {
          const isLast = i === framesOf(segmentId).length - 1;
          yield { frame, ofSegment: segmentId, segments: isLast ? [segmentId] : [], times: [] };
        }
      }
      yield { last: true, times: [{ startMs: 1, endMs: 2 }] };
    },
  } as unknown as Client;
  const asking = {
    scatter: {
      clientOf: () => client,
      holdersOf: () => [{ node: 'a', fresh: true, load: 0 }],
      decodeFrame: (frame: unknown) => frame as Frame,
      inFlight: () => undefined,
      nodeFailed: () => undefined,
    },
    request: {
      queryJson: '{}',
      queryId: 'q',
      clusterId: 'c',
      deadline: deadlineAfter(clock, 1_000),
      signal: new AbortController().signal,
      trace: '',
    },
  };
  return { asking, asked };
}
const work = createBrokerWork({
  run: () => Promise.reject(new Error('small frames are merged here')),
  scanSegments: () => {
    throw new Error('not asked');
  },
});
const options = () => ({ signal: new AbortController().signal, deadlineMs: 1_000, priority: 0 });
const partials = () => ({
  partials: createLocalPartials({ bytesMax: 1 << 20, entryBytesMax: 1 << 20 }),
  use: true,
  populate: true,
});
const sumOf = (frames: readonly Frame[]): number =>
  frames.reduce((sum, { columns }) => sum + Number(columns[1]?.values[0] ?? 0), 0);

describe('gathering', () => {
  const deps = (rest: Partial<GatherDeps> = {}): GatherDeps => ({ work, limits: noLimits, ...rest });
  const twice = [slice('s1'), slice('s2'), slice('s1')];

  it('counts a segment as often as it is asked for, and asks for none that was kept', async () => {
    const { asking, asked } = node(() => [counted(1)]);
    const gathering = new Gathering(deps({ partials: partials() }), asking, options);
    const first = await gathering.gather(query('timeseries'), twice);
    expect(sumOf(first.partials.frames)).to.equal(3);
    // What the first round asked is kept by the second.
    expect(asked).to.deep.equal(['s1', 's2']);
    const again = await gathering.gather(query('timeseries'), [...twice, slice('s3')]);
    expect(sumOf(again.partials.frames)).to.equal(4);
    expect(asked).to.deep.equal(['s1', 's2', 's3']);
  });

  it('folds many frames into one', async () => {
    const { asking } = node(() => Array.from({ length: 40 }, () => counted(1)));
    const gathering = new Gathering(deps(), asking, options);
    const { partials: gathered } = await gathering.gather(query('timeseries'), [slice('s1')]);
    expect(gathered.frames).to.have.length(1);
    expect(sumOf(gathered.frames)).to.equal(40);
  });

  it('holds groups where they are given up with what was gathered before, and when it is closed', async () => {
    const { asking, asked } = node(() => [counted(1)]);
    const open: string[] = [];
    let count = 0;
    const groups = {
      open: () => {
        const name = `groups ${++count}`;
        const frames: Frame[] = [];
        open.push(name);
        const sink = () => ({
          add: async (frame: Frame) => void frames.push(frame),
          accept: () => undefined,
          discard: async () => undefined,
        });
        return { sink, frames, runs: [], close: async () => void open.splice(open.indexOf(name), 1) };
      },
    } as unknown as GroupMemory;
    const gathering = new Gathering(deps({ partials: partials(), groups }), asking, options);
    const first = await gathering.gather(query('groupBy'), twice);
    expect(sumOf(first.partials.frames)).to.equal(3);
    expect(asked).to.deep.equal(['s1', 's2']);
    const again = await gathering.gather(query('groupBy'), twice);
    expect(sumOf(again.partials.frames)).to.equal(3);
    expect(open).to.deep.equal(['groups 2']);
    await gathering.close();
    expect(open).to.deep.equal([]);
  });

  it('an answer that broke off and is asked again does not count twice', async () => {
    const { asking } = node(() => [counted(1)]);
    let isFirst = true;
    const whole = asking.scatter.clientOf();
    const broken = {
      stream: async function* () {
        yield { frame: counted(1) };
        throw new CodedError('Unavailable', 'cut');
      },
    } as unknown as Client;
    const scatter = {
      ...asking.scatter,
      clientOf: () => {
        const client = isFirst ? broken : whole;
        isFirst = false;
        return client;
      },
      holdersOf: () => ['a', 'b'].map((name, load) => ({ node: name, fresh: true, load })),
    };
    const frames: Frame[] = [];
    const groups = {
      open: () => ({
        sink: () => {
          const own: Frame[] = [];
          return {
            add: async (frame: Frame) => void own.push(frame),
            accept: () => void frames.push(...own),
            discard: async () => undefined,
          };
        },
        frames,
        runs: [],
        close: async () => undefined,
      }),
    } as unknown as GroupMemory;
    // Enough for one frame, not for two.
    const limits = { ...noLimits, scatterGatherBytesMax: Math.ceil(frameBytes(counted(1)) * 1.5) };
    const gathering = new Gathering(deps({ groups, limits }), { ...asking, scatter }, options);
    const { partials: gathered } = await gathering.gather(query('groupBy'), [slice('s1')]);
    expect(sumOf(gathered.frames)).to.equal(1);
  });

  it('more rows of a scan, or more bytes, than are wanted are refused', async () => {
    const { asking } = node(() => [counted(1), counted(1)]);
    const codeOf = async (gathered: Promise<unknown>): Promise<string> => {
      const error = await gathered.catch((thrown: unknown) => thrown);
      return error instanceof CodedError ? error.code : 'none';
    };
    const gathering = new Gathering(deps(), asking, options);
    expect(await codeOf(gathering.gather(query('scan'), [slice('s1')], 1))).to.equal('LimitExceeded');
    expect(await codeOf(gathering.gather(query('scan'), [slice('s1')], 2))).to.equal('none');
    for (const limits of [
      { ...noLimits, scatterGatherBytesMax: 20 },
      { ...noLimits, heldBytesMax: 5 },
    ]) {
      const limited = new Gathering(deps({ limits }), asking, options);
      expect(await codeOf(limited.gather(query('timeseries'), [slice('s1')]))).to.equal('LimitExceeded');
    }
  });
});
