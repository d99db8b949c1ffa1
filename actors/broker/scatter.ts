/**
 * One round trip to the data nodes: a stream each, the parts of a stream taken over only when it was whole. What a node
 * does not have, or a node that fails, is asked again from other holders of the same segments.
 */
import { asCoded, CodedError, fromErrorInfo, type ErrorCode } from '../../proto/errors.js';
import { DataNodeService } from '../../proto/services.js';
import type { grove } from '../../proto/services.js';
import { sharedFrame } from '../../query/frame-build.js';
import { frameBytes } from '../../query/frame-codec.js';
import type { Frame } from '../../query/frame.js';
import { childAbort } from '../../runtime/deadline.js';
import type { Client, Clock, Deadline } from '../../runtime/types.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { hedged } from './hedge.js';
import { assign, type Holder, type Slice } from './route.js';

type DataPart = grove.query.v1.DataPart.$Properties;

export interface ScatterDeps {
  /** Undefined: the node is gone. */
  readonly clientOf: (node: string) => Client | undefined;
  readonly holdersOf: (segmentId: string) => readonly Holder[];
  readonly decodeFrame: (frame: grove.query.v1.Frame.$Properties) => Frame;
  /** A stream to the node begins (+1) or ends (-1). */
  readonly inFlight: (node: string, change: 1 | -1) => void;
  readonly nodeFailed: (node: string, error: CodedError) => void;
  /** Without it a silent node is waited for until the deadline. */
  readonly setTimer?: Clock['setTimer'];
}
/** What every data node is told of a query. */
export interface NodeRequest {
  readonly queryJson: string;
  readonly queryId: string;
  /** Context keys below the query's own, as JSON; '' = none. */
  readonly contextJson?: string;
  readonly clusterId: string;
  /** Rows of what stands inside the data source; see source.ts. */
  readonly frames?: readonly grove.query.v1.Frame.$Properties[];
  /** Frames of one segment each, for a cache; see {@link SegmentAnswer}. */
  readonly bySegment?: boolean;
  readonly deadline: Deadline;
  readonly signal: AbortSignal;
  readonly trace: string;
}
/** What one segment answered: all its frames, and where it has rows. */
export interface SegmentAnswer {
  readonly segmentId: string;
  readonly frames: readonly Frame[];
  readonly times: readonly IntervalMs[];
}
/** Takes the frames of one stream as they come; see group-memory.ts. */
export interface FrameSink {
  add(frame: Frame): Promise<void>;
  /** The stream was whole and is taken over. */
  accept(): void;
  /** It was not. */
  discard(): Promise<void>;
}
/** Larger answers of a segment are left out and told of. */
export interface SegmentLimit {
  readonly bytesMax: number;
  over(): void;
}

export interface ScatterRequest extends NodeRequest {
  readonly slices: readonly Slice[];
  /** Makes one for each stream; absent: `take` gets the frames. */
  readonly sink?: () => FrameSink;
  /** What of a segment is gathered for a cache; absent: anything. */
  readonly segmentLimit?: SegmentLimit;
  /** Takes the frames of a whole stream; false = enough, stop the others. */
  readonly take: (
    frames: readonly Frame[],
    times: readonly IntervalMs[],
    segments: readonly SegmentAnswer[],
  ) => boolean | Promise<boolean>;
}

/** Errors of a node that another holder may not have. All others end the query: a bug is in the others, too. */
const otherNodeMayDo: ReadonlySet<ErrorCode> = new Set([
  'Unavailable',
  'BusUnavailable',
  'MailboxFull',
  'CorruptSegment',
  'StorageFailure',
  'WrongCluster',
]);

export const isOtherNodesTurn = (error: CodedError): boolean => otherNodeMayDo.has(error.code);

export function dataQuery(
  request: NodeRequest,
  slices: readonly Slice[],
): grove.query.v1.DataQuery.$Properties {
  const { queryJson, queryId, contextJson = '', clusterId, frames = [], bySegment = false } = request;
  const segments = slices.map(({ segmentId, intervals }) => ({
    segmentId,
    intervals: intervals.map(({ startMs, endMs }) => ({ startMs, endMs })),
  }));
  return { queryJson, queryId, contextJson, clusterId, segments, frames: [...frames], bySegment };
}

/** A node may say nothing for this share of the time that is left, within these limits. */
const silentShare = 4;
const silentMinMs = 500;
const silentMaxMs = 10_000;

/** Whoever takes the answers wants no more. */
interface Enough {
  isReached: boolean;
  reach(): void;
}

interface Round {
  readonly signal: AbortSignal;
  readonly enough: Enough;
  readonly isTried: (slice: Slice, node: string) => boolean;
}
interface NodeOutcome {
  readonly node: string;
  readonly again: readonly Slice[];
  readonly error: CodedError | undefined;
}

/** Answers the slices that no holder could give. Errors: Timeout, Canceled, and what a node says about the query. */
export async function scatter(deps: ScatterDeps, request: ScatterRequest): Promise<readonly Slice[]> {
  const tried = new Map<string, Set<string>>();
  const isTried = (slice: Slice, node: string): boolean => tried.get(slice.segmentId)?.has(node) === true;
  const stop = childAbort(request.signal);
  const { signal } = stop;
  const enough: Enough = {
    isReached: false,
    reach: () => {
      enough.isReached = true;
      stop.abort();
    },
  };
  try {
    return await askInRounds(deps, request, { signal, enough, isTried }, tried);
  } finally {
    stop.end();
  }
}

async function askInRounds(
  deps: ScatterDeps,
  request: ScatterRequest,
  round: Round,
  tried: Map<string, Set<string>>,
): Promise<readonly Slice[]> {
  const missing: Slice[] = [];
  let todo = request.slices;
  while (todo.length > 0) {
    const { byNode, missing: nowhere } = assign(todo, deps.holdersOf, round.isTried);
    for (const slice of nowhere) missing.push(slice);
    const outcomes = await askAll(deps, request, byNode, round);
    if (round.enough.isReached) return [];
    for (const { node, again } of outcomes) {
      for (const slice of again) {
        const nodes = tried.get(slice.segmentId) ?? new Set<string>();
        nodes.add(node);
        tried.set(slice.segmentId, nodes);
      }
    }
    todo = outcomes.flatMap(({ again }) => again);
  }
  return missing;
}

/** Every stream has ended when this returns or throws: one that fails for good stops the others. */
async function askAll(
  deps: ScatterDeps,
  request: ScatterRequest,
  byNode: ReadonlyMap<string, readonly Slice[]>,
  round: Round,
): Promise<readonly NodeOutcome[]> {
  const { enough } = round;
  const failed = childAbort(round.signal);
  const { signal } = failed;
  let first: CodedError | undefined;
  const ask = async (node: string, slices: readonly Slice[]): Promise<NodeOutcome> => {
    const outcome = await askNode(deps, request, node, slices, { ...round, signal });
    if (outcome.error !== undefined && !enough.isReached) {
      first ??= outcome.error;
      failed.abort();
    }
    return outcome;
  };
  const asked = [...byNode].map(([node, slices]) => ask(node, slices));
  const outcomes = await Promise.all(asked).finally(() => failed.end());
  if (first !== undefined) throw first;
  return outcomes;
}

async function askNode(
  deps: ScatterDeps,
  request: ScatterRequest,
  node: string,
  slices: readonly Slice[],
  round: Round,
): Promise<NodeOutcome> {
  const { signal, enough } = round;
  try {
    const answer = await readHedged(deps, request, node, slices, round);
    for (const sink of answer.sinks) sink.accept();
    if (!(await request.take(answer.frames, answer.times, answer.segments))) enough.reach();
    const missing = new Set(answer.missing);
    return { node, again: slices.filter((slice) => missing.has(slice.segmentId)), error: undefined };
  } catch (thrown) {
    const error = request.deadline.expired()
      ? new CodedError('Timeout', `Query [${request.queryId}] timed out`)
      : asCoded(thrown);
    if (signal.aborted || !isOtherNodesTurn(error)) return { node, again: [], error };
    deps.nodeFailed(node, error);
    return { node, again: slices, error: undefined };
  }
}

/** A silent node's slices are given to other holders, if they have all of them. */
async function readHedged(
  deps: ScatterDeps,
  request: ScatterRequest,
  node: string,
  slices: readonly Slice[],
  round: Round,
): Promise<NodeAnswer> {
  const { setTimer } = deps;
  if (setTimer === undefined) return readStream(deps, request, node, slices, round.signal);
  const share = request.deadline.remainingMs() / silentShare;
  const silentMs = Math.max(silentMinMs, Math.min(silentMaxMs, share));
  const { value, by } = await hedged<NodeAnswer>({
    setTimer,
    silentMs,
    signal: round.signal,
    first: (signal, heard) => readStream(deps, request, node, slices, signal, heard),
    second: () => {
      const isExcluded = (slice: Slice, other: string): boolean =>
        other === node || round.isTried(slice, other);
      const { byNode, missing } = assign(slices, deps.holdersOf, isExcluded);
      if (missing.length > 0) return undefined;
      const read = (other: string, some: readonly Slice[], stopped: AbortSignal): Promise<NodeAnswer> =>
        readStream(deps, request, other, some, stopped);
      return (signal) => readTogether(byNode, signal, read);
    },
    drop: discarded,
  });
  if (by === 'second') {
    const text = `Data node[${node}] said nothing for ${Math.round(silentMs)} ms`;
    deps.nodeFailed(node, new CodedError('Timeout', text));
  }
  return value;
}

/** Every stream has ended when this resolves or rejects; what some answered is nothing without the others. */
async function readTogether(
  byNode: ReadonlyMap<string, readonly Slice[]>,
  signal: AbortSignal,
  read: (node: string, slices: readonly Slice[], signal: AbortSignal) => Promise<NodeAnswer>,
): Promise<NodeAnswer> {
  const stop = childAbort(signal);
  const parts = [...byNode].map(([node, slices]) => read(node, slices, stop.signal));
  try {
    return wholeOf(await Promise.all(parts));
  } catch (thrown) {
    stop.abort();
    for (const part of await Promise.allSettled(parts))
      if (part.status === 'fulfilled') await discarded(part.value);
    throw thrown;
  } finally {
    stop.end();
  }
}

async function discarded({ sinks }: NodeAnswer): Promise<void> {
  for (const sink of sinks) await sink.discard();
}

function wholeOf(answers: readonly NodeAnswer[]): NodeAnswer {
  return {
    frames: answers.flatMap((one) => one.frames),
    missing: answers.flatMap((one) => one.missing),
    times: answers.flatMap((one) => one.times),
    segments: answers.flatMap((one) => one.segments),
    sinks: answers.flatMap((one) => one.sinks),
  };
}

interface NodeAnswer {
  readonly frames: readonly Frame[];
  readonly missing: readonly string[];
  /** First and last time of the rows in what was asked, in all or by segment. */
  readonly times: readonly IntervalMs[];
  /** By segment, when it was asked for so. */
  readonly segments: readonly SegmentAnswer[];
  readonly sinks: readonly FrameSink[];
}

async function readStream(
  deps: ScatterDeps,
  request: ScatterRequest,
  node: string,
  slices: readonly Slice[],
  signal: AbortSignal,
  heard: () => void = () => undefined,
): Promise<NodeAnswer> {
  deps.inFlight(node, 1);
  const sink = request.sink?.();
  try {
    return await readWhole(deps, request, node, slices, signal, { heard, sink });
  } catch (thrown) {
    await sink?.discard();
    throw thrown;
  } finally {
    deps.inFlight(node, -1);
  }
}

async function readWhole(
  deps: ScatterDeps,
  request: ScatterRequest,
  node: string,
  slices: readonly Slice[],
  signal: AbortSignal,
  { heard, sink }: { readonly heard: () => void; readonly sink: FrameSink | undefined },
): Promise<NodeAnswer> {
  const client = deps.clientOf(node);
  if (client === undefined) throw new CodedError('Unavailable', `Data node[${node}] is gone`);
  const options = { deadline: request.deadline, signal, trace: request.trace };
  const frames: Frame[] = [];
  const missing: string[] = [];
  const own = new BySegment(request.segmentLimit, sink !== undefined);
  let times: IntervalMs[] | undefined;
  try {
    for await (const part of client.stream(DataNodeService.Query, dataQuery(request, slices), options)) {
      heard();
      if (part.error !== null && part.error !== undefined) throw fromErrorInfo(part.error);
      const frame =
        part.frame === null || part.frame === undefined ? undefined : deps.decodeFrame(part.frame);
      if (request.bySegment === true) own.add(part, frame);
      if (frame !== undefined) {
        if (sink === undefined) frames.push(frame);
        else await sink.add(frame);
      }
      for (const id of part.missing ?? []) missing.push(id);
      // Read to its end: a stream that is left is told to stop, which costs both sides more.
      if (part.last === true) times = timesOf(part);
    }
  } catch (thrown) {
    // Behind the last word nothing can be lost.
    if (times === undefined) throw thrown;
  }
  if (times !== undefined) {
    return { frames, missing, times, segments: own.whole, sinks: sink === undefined ? [] : [sink] };
  }
  signal.throwIfAborted();
  // Without its last word a stream may have lost rows.
  throw new CodedError('Unavailable', `Data node[${node}] stopped in the middle of its answer`);
}

const timesOf = (part: DataPart): IntervalMs[] =>
  (part.times ?? []).map((one) => ({ startMs: one.startMs ?? 0, endMs: one.endMs ?? 0 }));

/** Gathers the parts of each segment until it is answered. */
class BySegment {
  readonly whole: SegmentAnswer[] = [];
  readonly #open = new Map<string, { frames: Frame[]; bytes: number }>();
  readonly #limit: SegmentLimit | undefined;
  readonly #isCopied: boolean;

  /** `isCopied`: the frames are somebody else's. */
  constructor(limit: SegmentLimit | undefined, isCopied: boolean) {
    this.#limit = limit;
    this.#isCopied = isCopied;
  }

  add(part: DataPart, frame: Frame | undefined): void {
    const segmentId = part.ofSegment ?? '';
    if (segmentId === '' || frame === undefined) return;
    const held = this.#open.get(segmentId) ?? { frames: [], bytes: 0 };
    this.#open.set(segmentId, held);
    held.bytes += frameBytes(frame);
    const { bytesMax = Infinity } = this.#limit ?? {};
    if (held.bytes > bytesMax) held.frames = [];
    else held.frames.push(this.#isCopied ? sharedFrame(frame) : frame);
    if (part.segments?.includes(segmentId) !== true) return;
    this.#open.delete(segmentId);
    const { frames, bytes } = held;
    if (bytes <= bytesMax) this.whole.push({ segmentId, frames, times: timesOf(part) });
    else this.#limit?.over();
  }
}
