/** Scanning with a cache of partial results in front: what was answered before is not scanned again. */
import { cacheWish, scanKey, segmentKey } from '../query/cache/scan-key.js';
import type { PartialCache } from '../query/cache/partial-cache.js';
import type { Pool, ScanOptions, SegmentRef, SegmentsPart } from '../query/engine/pool-api.js';
import { sharedFrame } from '../query/frame-build.js';
import { frameBytes } from '../query/frame-codec.js';
import type { Frame } from '../query/frame.js';
import type { NativeQuery } from '../query/native/model.js';

/** The cache a role looks into and what it does with it when the query does not say otherwise. */
export interface PartialCaching {
  readonly partials: PartialCache;
  readonly use: boolean;
  readonly populate: boolean;
  /** Types of queries of which nothing is kept. */
  readonly uncacheable?: ReadonlySet<string>;
}

/** `isStored`: the rows of a segment that still grows are never cached. */
export async function* cachedScan(
  pool: Pick<Pool, 'scanSegments'>,
  caching: PartialCaching | undefined,
  query: NativeQuery,
  refs: readonly SegmentRef[],
  isStored: (segmentId: string) => boolean,
  options: ScanOptions,
): AsyncGenerator<SegmentsPart> {
  const wish = cacheWish(query.context, 'useCache', 'populateCache');
  const isKept = caching?.uncacheable?.has(query.queryType) !== true;
  const isUsed = isKept && caching?.use === true && wish.use;
  const isFilled = isKept && caching?.populate === true && wish.populate;
  // A key is only made for who looks.
  const scan = isUsed || isFilled ? scanKey(query) : undefined;
  if (caching === undefined || scan === undefined) {
    yield* pool.scanSegments(query, refs, options);
    return;
  }
  const keys = new Map<string, string>();
  for (const { segmentId, intervals } of refs) {
    if (isStored(segmentId)) keys.set(segmentId, segmentKey(scan, segmentId, intervals));
  }
  const found = isUsed && keys.size > 0 ? await caching.partials.get([...keys.values()]) : new Map();
  const open: SegmentRef[] = [];
  for (const ref of refs) {
    const frames = found.get(keys.get(ref.segmentId) ?? '') as readonly Frame[] | undefined;
    if (frames === undefined) open.push(ref);
    else yield* whole(ref.segmentId, frames);
  }
  if (open.length === 0) return;
  if (isFilled && keys.size > 0) yield* filled(pool, caching.partials, query, open, keys, options);
  else yield* pool.scanSegments(query, open, options);
}

function* whole(segmentId: string, frames: readonly Frame[]): Generator<SegmentsPart> {
  const last = frames.length - 1;
  for (const [i, frame] of frames.entries()) {
    yield { frame, segmentIds: i === last ? [segmentId] : [], ofSegment: segmentId };
  }
}

/** A segment is cached when its last part is there; a query that ends before has cached nothing of it. */
async function* filled(
  pool: Pick<Pool, 'scanSegments'>,
  partials: PartialCache,
  query: NativeQuery,
  refs: readonly SegmentRef[],
  keys: ReadonlyMap<string, string>,
  options: ScanOptions,
): AsyncGenerator<SegmentsPart> {
  const bySegment = new Map<string, { frames: Frame[]; bytes: number }>();
  for await (const part of pool.scanSegments(query, refs, { ...options, bySegment: true })) {
    const { ofSegment } = part;
    const key = ofSegment === undefined ? undefined : keys.get(ofSegment);
    if (ofSegment !== undefined && key !== undefined) {
      const held = bySegment.get(ofSegment) ?? { frames: [], bytes: 0 };
      bySegment.set(ofSegment, held);
      held.bytes += frameBytes(part.frame);
      const isLast = part.segmentIds.includes(ofSegment);
      if (held.bytes > partials.entryBytesMax) held.frames = [];
      // Before it is handed on: whoever takes it may move its memory.
      else held.frames.push(isLast ? part.frame : sharedFrame(part.frame));
      if (isLast) {
        bySegment.delete(ofSegment);
        if (held.bytes <= partials.entryBytesMax) partials.put(key, held.frames);
        else partials.tooLarge();
      }
    }
    yield part;
  }
}
