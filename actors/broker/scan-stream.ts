/**
 * Unordered scans: segment after segment, rows handed on as they come, so that memory stays small however much is
 * asked. Nothing is lost or doubled when a node fails: another holder of the same segment is asked, and the rows that
 * were handed on already are skipped there (a stored segment answers its rows in the same order everywhere; rows that
 * still grow do not, so a scan that has begun to hand them on ends when their node fails).
 */
import { asCoded, CodedError, fromErrorInfo } from '../../proto/errors.js';
import { DataNodeService } from '../../proto/services.js';
import type { Frame } from '../../query/frame.js';
import { pickRows } from '../../query/merge/scan.js';
import { assign, segmentsUnavailable, type Slice } from './route.js';
import { dataQuery, isOtherNodesTurn, type NodeRequest, type ScatterDeps } from './scatter.js';

export interface SegmentRows {
  readonly segmentId: string;
  readonly frame: Frame;
}

/** Errors: SegmentsUnavailable, Timeout, Canceled, and what a node says about the query. */
export async function* streamScan(
  deps: ScatterDeps,
  request: NodeRequest,
  slices: readonly Slice[],
): AsyncGenerator<SegmentRows> {
  const progress = new Progress(slices);
  for (;;) {
    const group = progress.nextGroup(deps);
    if (group === undefined) return;
    deps.inFlight(group.node, 1);
    try {
      yield* streamNode(deps, request, group, progress);
    } catch (thrown) {
      const error = request.deadline.expired()
        ? new CodedError('Timeout', `Query [${request.queryId}] timed out`)
        : asCoded(thrown);
      if (request.signal.aborted || !isOtherNodesTurn(error)) throw error;
      deps.nodeFailed(group.node, error);
      for (const slice of group.slices) progress.exclude(slice.segmentId, group.node);
    } finally {
      deps.inFlight(group.node, -1);
    }
  }
}

/** Slices in which a segment may stand again, a round after the other. */
export async function* streamRounds(
  deps: ScatterDeps,
  request: NodeRequest,
  rounds: readonly (readonly Slice[])[],
): AsyncGenerator<SegmentRows> {
  for (const slices of rounds) yield* streamScan(deps, request, slices);
}

interface Group {
  readonly node: string;
  readonly slices: readonly Slice[];
}

/** What is still to be asked, whom not, and how many rows of a segment were handed on. */
class Progress {
  #todo: readonly Slice[];
  readonly #tried = new Map<string, Set<string>>();
  readonly #rows = new Map<string, number>();

  constructor(slices: readonly Slice[]) {
    this.#todo = slices;
  }

  /** The first slices that one node can answer, in their order; undefined when all is done. */
  nextGroup(deps: ScatterDeps): Group | undefined {
    const [first] = this.#todo;
    if (first === undefined) return undefined;
    // Which of them were handed on nobody can tell any more.
    const torn = this.#todo.filter((slice) => slice.segment.realtime && this.handedOn(slice.segmentId) > 0);
    if (torn.length > 0) throw segmentsUnavailable(torn);
    const { byNode, missing } = assign(
      this.#todo,
      deps.holdersOf,
      (slice, node) => this.#tried.get(slice.segmentId)?.has(node) === true,
    );
    if (missing.length > 0) throw segmentsUnavailable(missing);
    const node = [...byNode].find(([, own]) => own.includes(first))?.[0] ?? '';
    const own = new Set(byNode.get(node));
    const end = this.#todo.findIndex((slice) => !own.has(slice));
    return { node, slices: end < 0 ? this.#todo : this.#todo.slice(0, end) };
  }

  exclude(segmentId: string, node: string): void {
    const nodes = this.#tried.get(segmentId) ?? new Set<string>();
    nodes.add(node);
    this.#tried.set(segmentId, nodes);
  }

  done(segmentIds: readonly string[]): void {
    const answered = new Set(segmentIds);
    this.#todo = this.#todo.filter((slice) => !answered.has(slice.segmentId));
  }

  handedOn(segmentId: string): number {
    return this.#rows.get(segmentId) ?? 0;
  }
  handOn(segmentId: string, rows: number): void {
    this.#rows.set(segmentId, this.handedOn(segmentId) + rows);
  }
}

async function* streamNode(
  deps: ScatterDeps,
  request: NodeRequest,
  group: Group,
  progress: Progress,
): AsyncGenerator<SegmentRows> {
  const client = deps.clientOf(group.node);
  if (client === undefined) throw new CodedError('Unavailable', `Data node[${group.node}] is gone`);
  const options = { deadline: request.deadline, signal: request.signal, trace: request.trace };
  let isWhole = false;
  const skip = new Map(group.slices.map(({ segmentId }) => [segmentId, progress.handedOn(segmentId)]));
  for await (const part of client.stream(DataNodeService.Query, dataQuery(request, group.slices), options)) {
    if (part.error !== null && part.error !== undefined) throw fromErrorInfo(part.error);
    for (const segmentId of part.missing ?? []) progress.exclude(segmentId, group.node);
    const segmentId = part.ofSegment ?? '';
    if (part.frame !== null && part.frame !== undefined) {
      const frame = deps.decodeFrame(part.frame);
      const skipped = Math.min(skip.get(segmentId) ?? 0, frame.rows);
      skip.set(segmentId, (skip.get(segmentId) ?? 0) - skipped);
      if (skipped < frame.rows) {
        progress.handOn(segmentId, frame.rows - skipped);
        yield { segmentId, frame: rowsOf(frame, skipped, frame.rows) };
      }
    }
    progress.done(part.segments ?? []);
    if (part.last === true) isWhole = true;
  }
  if (isWhole) return;
  request.signal.throwIfAborted();
  throw new CodedError('Unavailable', `Data node[${group.node}] stopped in the middle of its answer`);
}

/** Rows [from, to) of a frame. */
export function rowsOf(frame: Frame, from: number, to: number): Frame {
  if (from === 0 && to === frame.rows) return frame;
  return pickRows(
    frame,
    Uint32Array.from({ length: to - from }, (_, i) => from + i),
  );
}
