/** The segments open for queries, with a count of the queries on each: what is dropped stays until the last has gone. */
export interface OpenSegment {
  /** What the pool opens views from. */
  readonly handle: unknown;
  /**
   * A segment that still grows: what it is made of at this moment (parts on disk, rows in memory), in an order that
   * stays; asked for by each query, in place of `handle`.
   */
  readonly parts?: () => readonly unknown[];
  readonly rows: number;
  /** Of its rows; undefined when there are none. */
  readonly times: { readonly minMs: number; readonly maxMs: number } | undefined;
  close(): void | Promise<void>;
}
interface Entry {
  readonly segment: OpenSegment;
  users: number;
  idle: (() => void) | undefined;
}

export class SegmentRegistry {
  readonly #entries = new Map<string, Entry>();
  #users = 0;

  get users(): number {
    return this.#users;
  }
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  add(id: string, segment: OpenSegment): void {
    if (this.#entries.has(id)) throw new Error(`segment[${id}] is open already`);
    this.#entries.set(id, { segment, users: 0, idle: undefined });
  }

  /** The open segment and how to give it back (once), or undefined. */
  acquire(id: string): { readonly segment: OpenSegment; readonly release: () => void } | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    entry.users += 1;
    this.#users += 1;
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      entry.users -= 1;
      this.#users -= 1;
      if (entry.users === 0) entry.idle?.();
    };
    return { segment: entry.segment, release };
  }

  /** No new query gets it; closed when the last running one has gone. */
  async retire(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    if (entry.users > 0) {
      await new Promise<void>((resolve) => {
        entry.idle = resolve;
      });
    }
    await entry.segment.close();
  }
}
