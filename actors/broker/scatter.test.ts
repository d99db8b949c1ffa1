import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import type { Frame } from '../../query/frame.js';
import { deadlineAfter } from '../../runtime/deadline.js';
import type { Client } from '../../runtime/types.js';
import { createVirtualClock } from '../../runtime/virtual-clock.js';
import { scatter, type ScatterDeps } from './scatter.js';
import type { Slice } from './route.js';

type Part = { frame?: unknown; missing?: string[]; last?: boolean; error?: unknown };
type Answer = (ids: readonly string[]) => Iterable<Part | Error>;

const slice = (segmentId: string): Slice =>
  ({ segmentId, intervals: [{ startMs: 0, endMs: 1 }] }) as unknown as Slice;
const rowsOf = (ids: readonly string[]): Part => ({ frame: { rows: ids.length, columns: [] } });

/** Nodes by name; `holders`: segment → nodes. */
function cluster(
  nodes: Readonly<Record<string, Answer>>,
  holders: Readonly<Record<string, readonly string[]>>,
) {
  const asked: string[] = [];
  const failed: string[] = [];
  const loads = new Map<string, number>();
  const clock = createVirtualClock();
  const clientOf = (name: string): Client | undefined => {
    const answer = nodes[name];
    if (answer === undefined) return undefined;
    return {
      unary: () => Promise.reject(new Error('not asked')),
      stream: async function* (_method: unknown, request: unknown) {
        const ids = (request as { segments: { segmentId: string }[] }).segments.map((one) => one.segmentId);
        asked.push(`${name}:${ids.join(',')}`);
        await Promise.resolve();
        for (const part of answer(ids)) {
          if (part instanceof Error) throw part;
          yield part;
        }
      },
    } as unknown as Client;
  };
  const deps: ScatterDeps = {
    clientOf,
    holdersOf: (id) => (holders[id] ?? []).map((node) => ({ node, fresh: true, load: 0 })),
    decodeFrame: (frame) => frame as unknown as Frame,
    inFlight: (node, change) => loads.set(node, (loads.get(node) ?? 0) + change),
    nodeFailed: (node) => void failed.push(node),
  };
  const run = async (ids: readonly string[], enoughRows = Infinity) => {
    let rows = 0;
    const missing = await scatter(deps, {
      queryJson: '{}',
      queryId: 'q',
      clusterId: 'c',
      slices: ids.map(slice),
      deadline: deadlineAfter(clock, 1_000),
      signal: new AbortController().signal,
      trace: '',
      take: (frames) => {
        for (const frame of frames) rows += frame.rows;
        return rows < enoughRows;
      },
    });
    return { rows, missing: missing.map((one) => one.segmentId), asked, failed };
  };
  return { run, loads };
}
const good: Answer = (ids) => [rowsOf(ids), { last: true }];

describe('scatter', () => {
  it('asks each node once and counts the streams', async () => {
    const { run, loads } = cluster({ a: good, b: good }, { s1: ['a'], s2: ['b'], s3: ['a'] });
    const result = await run(['s1', 's2', 's3']);
    expect(result).to.deep.include({ rows: 3, missing: [], asked: ['a:s1,s3', 'b:s2'] });
    expect([...loads.values()]).to.deep.equal([0, 0]);
  });

  it('what one does not have is asked from another, once each', async () => {
    const without: Answer = (ids) => [{ missing: [...ids] }, { last: true }];
    const { run } = cluster({ a: without, b: good }, { s1: ['a', 'b'], s2: ['a'] });
    const result = await run(['s1', 's2']);
    expect(result).to.deep.include({ rows: 1, missing: ['s2'] });
    expect(result.asked).to.deep.equal(['a:s1,s2', 'b:s1']);
  });

  it('nothing of a stream that broke off counts: all of it is asked again', async () => {
    const cut: Answer = (ids) => [rowsOf(ids), new CodedError('Unavailable', 'cut')];
    const { run } = cluster({ a: cut, b: good }, { s1: ['a', 'b'], s2: ['a'] });
    const result = await run(['s1', 's2']);
    expect(result).to.deep.include({ rows: 1, missing: ['s2'], failed: ['a'] });
  });

  it('a stream without its last word was cut off', async () => {
    const silent: Answer = (ids) => [rowsOf(ids)];
    const { run } = cluster({ a: silent }, { s1: ['a'] });
    expect(await run(['s1'])).to.deep.include({ rows: 0, missing: ['s1'], failed: ['a'] });
  });

  it('a stream is read to its end, and whole with its last word', async () => {
    let isRead = false;
    const toTheEnd: Answer = function* (ids) {
      yield* good(ids);
      isRead = true;
      yield new CodedError('Unavailable', 'the connection is gone');
    };
    const { run } = cluster({ a: toTheEnd }, { s1: ['a'] });
    expect(await run(['s1'])).to.deep.include({ rows: 1, missing: [], failed: [] });
    expect(isRead).to.equal(true);
  });

  it('a node that is gone counts as one that failed', async () => {
    const { run } = cluster({ b: good }, { s1: ['a', 'b'] });
    expect(await run(['s1'])).to.deep.include({ rows: 1, missing: [], failed: ['a'] });
  });

  it('what a node says about the query ends it', async () => {
    const refuse: Answer = () => [new CodedError('LimitExceeded', 'too many groups')];
    const { run } = cluster({ a: refuse, b: good }, { s1: ['a', 'b'] });
    const error = await run(['s1']).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(CodedError).with.property('code', 'LimitExceeded');
  });

  it('a bug ends it without another try, and no node is blamed', async () => {
    const broken: Answer = () => [new CodedError('Bug', 'x is not a function')];
    const { run, loads } = cluster({ a: broken, b: broken }, { s1: ['a', 'b'] });
    const outcome = run(['s1']);
    const error = await outcome.catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(CodedError).with.property('code', 'Bug');
    expect([...loads.keys()]).to.deep.equal(['a']);
  });

  it('stops when there is enough', async () => {
    const { run } = cluster({ a: good, b: good }, { s1: ['a'], s2: ['b'] });
    expect(await run(['s1', 's2'], 1)).to.deep.include({ missing: [] });
  });

  it('of others asked for a silent node nothing is left when one of them fails', async () => {
    const clock = createVirtualClock();
    const open = new Set<string>();
    const sinks: string[] = [];
    let count = 0;
    let answerA: () => void = () => undefined;
    const silent = new Promise<void>((resolve) => (answerA = resolve));
    const streams: Record<string, (signal: AbortSignal) => AsyncGenerator<Part>> = {
      a: async function* () {
        await silent;
        yield* good(['s1', 's2', 's3']) as Iterable<Part>;
      },
      b: async function* () {
        yield* good(['s1']) as Iterable<Part>;
      },
      c: async function* (signal) {
        yield {};
        await new Promise<void>((_, reject) =>
          signal.addEventListener('abort', () => reject(new CodedError('Canceled', 'stopped'))),
        );
      },
      d: async function* () {
        yield {};
        await clock.advance(0);
        throw new CodedError('Unavailable', 'cut');
      },
    };
    const holders: Record<string, string[]> = { s1: ['a', 'b'], s2: ['a', 'c'], s3: ['a', 'd'] };
    const missing = scatter(
      {
        clientOf: (name) =>
          ({
            stream: async function* (_method: unknown, _request: unknown, options: { signal: AbortSignal }) {
              open.add(name);
              try {
                yield* streams[name]?.(options.signal) ?? [];
              } finally {
                open.delete(name);
              }
            },
          }) as unknown as Client,
        holdersOf: (id) => (holders[id] ?? []).map((node, load) => ({ node, fresh: true, load })),
        decodeFrame: (frame) => frame as unknown as Frame,
        inFlight: () => undefined,
        nodeFailed: () => undefined,
        setTimer: (ms, action) => clock.setTimer(ms, action),
      },
      {
        queryJson: '{}',
        queryId: 'q',
        clusterId: 'c',
        slices: ['s1', 's2', 's3'].map(slice),
        deadline: deadlineAfter(clock, 10_000),
        signal: new AbortController().signal,
        trace: '',
        sink: () => {
          const id = `sink ${count++}`;
          return {
            add: async () => undefined,
            accept: () => void sinks.push(`${id} accepted`),
            discard: async () => void sinks.push(`${id} discarded`),
          };
        },
        take: () => true,
      },
    );
    await clock.advance(5_000);
    expect([...open]).to.deep.equal(['a']);
    answerA();
    expect(await missing).to.deep.equal([]);
    // The first is that of a; of the others none counts.
    expect(sinks.toSorted()).to.deep.equal([
      'sink 0 accepted',
      'sink 1 discarded',
      'sink 2 discarded',
      'sink 3 discarded',
    ]);
  });
});
