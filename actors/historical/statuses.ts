/** How each segment of a data node stands. Counted as it changes: there may be very many, and loads come one by one. */
import type { CachedSegment } from './cache.js';

export type SegmentStatus =
  | { readonly kind: 'queued'; readonly cached: CachedSegment; readonly attempts: number }
  | {
      readonly kind: 'loading';
      readonly cached: CachedSegment;
      readonly attempts: number;
      readonly stop: AbortController;
    }
  | { readonly kind: 'served'; readonly cached: CachedSegment }
  | { readonly kind: 'failed'; readonly cached: CachedSegment; readonly attempts: number }
  /** Dropped, open until the delay is over. */
  | { readonly kind: 'dropping'; readonly cached: CachedSegment }
  /** Its files are going; `next` = wanted again meanwhile. */
  | { readonly kind: 'leaving'; readonly cached: CachedSegment; readonly next: CachedSegment | undefined };

export class Statuses {
  readonly #all = new Map<string, SegmentStatus>();
  /** In the order they came. */
  readonly #queued = new Set<string>();
  #bytes = 0;

  /** Of all, whatever their state. */
  get bytes(): number {
    return this.#bytes;
  }
  get(id: string): SegmentStatus | undefined {
    return this.#all.get(id);
  }
  ids(): string[] {
    return [...this.#all.keys()];
  }
  values(): IterableIterator<SegmentStatus> {
    return this.#all.values();
  }

  set(id: string, status: SegmentStatus): void {
    this.#bytes += status.cached.segment.size - (this.#all.get(id)?.cached.segment.size ?? 0);
    this.#all.set(id, status);
    if (status.kind === 'queued') this.#queued.add(id);
    else this.#queued.delete(id);
  }

  delete(id: string): void {
    this.#bytes -= this.#all.get(id)?.cached.segment.size ?? 0;
    this.#all.delete(id);
    this.#queued.delete(id);
  }

  /** The one that has waited longest for its load. */
  nextQueued(): (SegmentStatus & { readonly kind: 'queued' }) | undefined {
    for (const id of this.#queued) {
      const status = this.#all.get(id);
      if (status?.kind === 'queued') return status;
    }
    return undefined;
  }
}
