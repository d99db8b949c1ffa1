/** What lasts as long as one leadership: the expected set as the brokers were told it, and what they acknowledged. */
import type { grove } from '../../proto/services.js';
import { DeltaLog } from '../delta-log.js';
import type { Expected } from './expected.js';
import { ReleaseBook } from './release.js';

type ExpectedSegment = grove.cluster.v1.ExpectedSegment.$Properties;

export interface Reign {
  readonly epoch: number;
  readonly sinceMonotonicMs: number;
  readonly log: DeltaLog<ExpectedSegment>;
  readonly releases: ReleaseBook;
  readonly over: AbortController;
  /** Resolved when the first expected set is there. */
  readonly ready: Promise<void>;
  readonly becomeReady: () => void;
  expected: ReadonlyMap<string, Expected>;
}

export function newReign(epoch: number, sinceMonotonicMs: number): Reign {
  let becomeReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    becomeReady = resolve;
  });
  return {
    epoch,
    sinceMonotonicMs,
    log: new DeltaLog((segment) => segment.segmentId ?? ''),
    releases: new ReleaseBook(),
    over: new AbortController(),
    ready,
    becomeReady,
    expected: new Map(),
  };
}

/** Ends with the reign; without one at once. */
export async function* watchExpected(
  reign: Reign | undefined,
  request: grove.cluster.v1.WatchExpectedRequest.$Properties,
  signal: AbortSignal,
): AsyncGenerator<grove.cluster.v1.ExpectedDelta.$Properties> {
  if (reign === undefined) return;
  const ends = AbortSignal.any([signal, reign.over.signal]);
  await Promise.race([reign.ready, aborted(ends)]);
  if (ends.aborted) return;
  const from = request.epoch === reign.epoch ? (request.fromSequence ?? 0) : 0;
  for await (const delta of reign.log.watch(from, ends)) {
    yield { ...delta, epoch: reign.epoch, changed: [...delta.changed], removed: [...delta.removed] };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
