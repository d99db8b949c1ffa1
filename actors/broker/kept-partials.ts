/** Partial results the broker keeps by segment: what it has is not asked from the data nodes. */
import type { PartialCache } from '../../query/cache/partial-cache.js';
import { cacheWish, scanKey, segmentKey } from '../../query/cache/scan-key.js';
import { cellColumn } from '../../query/frame-build.js';
import type { Frame } from '../../query/frame.js';
import type { NativeQuery } from '../../query/native/model.js';
import type { IntervalMs } from '../../segment/read/view.js';
import type { PartialCaching } from '../cached-scan.js';
import type { Slice } from './route.js';
import type { SegmentAnswer, SegmentLimit } from './scatter.js';

export interface KeptPartials {
  readonly frames: readonly Frame[];
  readonly times: readonly IntervalMs[];
  /** Still to be asked. */
  readonly rest: readonly Slice[];
  /** Set when what is answered shall be kept: the data nodes have to answer by segment. */
  readonly keep?: (answer: SegmentAnswer) => void;
  /** Larger answers of a segment are not kept, but told of. */
  readonly keptLimit?: SegmentLimit;
}

/** The last frame of what is kept says where the segment has rows; the others are its partial result. */
export function withTimes(frames: readonly Frame[], times: readonly IntervalMs[]): Frame[] {
  const column = (name: string, of: (one: IntervalMs) => number) =>
    cellColumn(
      name,
      'LONG',
      times.map((one) => BigInt(of(one))),
    );
  const columns = [column('startMs', (one) => one.startMs), column('endMs', (one) => one.endMs)];
  return [...frames, { rows: times.length, columns }];
}

export function splitTimes(kept: readonly Frame[]): { frames: readonly Frame[]; times: IntervalMs[] } {
  const last = kept.at(-1);
  const [starts, ends] = last?.columns ?? [];
  const times = Array.from({ length: last?.rows ?? 0 }, (_, i) => ({
    startMs: Number(starts?.values[i] ?? 0),
    endMs: Number(ends?.values[i] ?? 0),
  }));
  return { frames: kept.slice(0, -1), times };
}

export interface BrokerCaching extends PartialCaching {
  /** So many segments of a round are looked for, the others are asked; absent: all. */
  readonly lookupsMax?: number;
}

export async function keptPartials(
  caching: BrokerCaching | undefined,
  query: NativeQuery,
  slices: readonly Slice[],
): Promise<KeptPartials> {
  const nothing = { frames: [], times: [], rest: slices };
  const isKept = caching !== undefined && caching.uncacheable?.has(query.queryType) !== true;
  const scan = isKept ? scanKey(query) : undefined;
  if (caching === undefined || scan === undefined) return nothing;
  const wish = cacheWish(query.context, 'useCache', 'populateCache');
  const keys = new Map<string, string>();
  for (const { segmentId, segment, intervals } of slices) {
    if (!segment.realtime) keys.set(segmentId, segmentKey(scan, segmentId, intervals));
  }
  const isUsed = caching.use && wish.use;
  const looked = isUsed ? [...keys.values()].slice(0, caching.lookupsMax) : [];
  const found = await caching.partials.get(looked);
  const frames: Frame[] = [];
  const times: IntervalMs[] = [];
  const rest: Slice[] = [];
  for (const slice of slices) {
    const kept = found.get(keys.get(slice.segmentId) ?? '');
    if (kept === undefined) {
      rest.push(slice);
      continue;
    }
    const split = splitTimes(kept);
    frames.push(...split.frames);
    times.push(...split.times);
  }
  if (!caching.populate || !wish.populate) return { frames, times, rest };
  const { partials } = caching;
  const keptLimit = { bytesMax: partials.entryBytesMax, over: () => partials.tooLarge() };
  return { frames, times, rest, keep: keeper(partials, keys), keptLimit };
}

function keeper(partials: PartialCache, keys: ReadonlyMap<string, string>): (answer: SegmentAnswer) => void {
  return ({ segmentId, frames, times }) => {
    const key = keys.get(segmentId);
    if (key !== undefined) partials.put(key, withTimes(frames, times));
  };
}
