/**
 * A keyed set with an ordered log of its changes: what inventories and the expected set are streamed from.
 * A watcher gets a snapshot (or, when it says where it stands and the log still reaches back that far, an empty hello
 * and what it missed), then each change in order. Sequences grow by one a change; a receiver that sees a gap asks again from 0.
 */
export interface Delta<V> {
  readonly sequence: number;
  readonly snapshot: boolean;
  readonly snapshotEnd: boolean;
  readonly changed: readonly V[];
  readonly removed: readonly string[];
}
interface Entry<V> {
  readonly sequence: number;
  readonly changed: readonly V[];
  readonly removed: readonly string[];
}

/** Items in one snapshot message. */
const SNAPSHOT_ITEMS_MAX = 500;
/** A change of more is not kept as one message, which has an end: watchers take a snapshot instead. */
const ENTRY_ITEMS_MAX = 5_000;

export class DeltaLog<V> {
  readonly #keyOf: (value: V) => string;
  readonly #entriesMax: number;
  readonly #items = new Map<string, V>();
  #entries: Entry<V>[] = [];
  /** The empty set is 1, so that 0 can mean "nothing yet". */
  #sequence = 1;
  #waiters = new Set<() => void>();

  constructor(keyOf: (value: V) => string, entriesMax = 1_000) {
    this.#keyOf = keyOf;
    this.#entriesMax = entriesMax;
  }

  get sequence(): number {
    return this.#sequence;
  }
  get size(): number {
    return this.#items.size;
  }
  get(key: string): V | undefined {
    return this.#items.get(key);
  }
  values(): IterableIterator<V> {
    return this.#items.values();
  }

  /** One change = one sequence number. A removal of what is not there is left out; nothing at all changes nothing. */
  apply(changed: readonly V[], removed: readonly string[] = []): number {
    const gone = removed.filter((key) => this.#items.has(key));
    if (changed.length === 0 && gone.length === 0) return this.#sequence;
    for (const key of gone) this.#items.delete(key);
    for (const value of changed) this.#items.set(this.#keyOf(value), value);
    this.#sequence += 1;
    if (changed.length + gone.length > ENTRY_ITEMS_MAX) this.#entries = [];
    else this.#entries.push({ sequence: this.#sequence, changed, removed: gone });
    if (this.#entries.length > this.#entriesMax * 2) this.#entries = this.#entries.slice(-this.#entriesMax);
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const wake of waiters) wake();
    return this.#sequence;
  }

  /** Ends when `signal` aborts. `from` = the last sequence the watcher has applied, 0 = none. */
  async *watch(from: number, signal: AbortSignal): AsyncGenerator<Delta<V>> {
    let at = from;
    if (!this.#reaches(at)) {
      at = this.#sequence;
      yield* this.#snapshot();
    } else {
      // The watcher learns that it is heard even when nothing has changed since.
      yield { sequence: at, snapshot: false, snapshotEnd: false, changed: [], removed: [] };
    }
    while (!signal.aborted) {
      if (!this.#reaches(at)) {
        at = this.#sequence;
        yield* this.#snapshot();
        continue;
      }
      const entry = this.#entries[this.#entries.length - (this.#sequence - at)];
      if (entry === undefined) {
        await this.#change(signal);
        continue;
      }
      at = entry.sequence;
      yield { ...entry, snapshot: false, snapshotEnd: false };
    }
  }

  #reaches(at: number): boolean {
    return at > 0 && at <= this.#sequence && this.#sequence - at <= this.#entries.length;
  }

  *#snapshot(): Generator<Delta<V>> {
    const sequence = this.#sequence;
    const all = [...this.#items.values()];
    for (let start = 0; start === 0 || start < all.length; start += SNAPSHOT_ITEMS_MAX) {
      const end = start + SNAPSHOT_ITEMS_MAX;
      yield {
        sequence,
        snapshot: true,
        snapshotEnd: end >= all.length,
        changed: all.slice(start, end),
        removed: [],
      };
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#waiters.delete(wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

/** The receiving side: what a watcher has, and whether a delta fits behind it. */
export class DeltaFollower<V> {
  readonly #keyOf: (value: V) => string;
  #items = new Map<string, V>();
  #coming: Map<string, V> | undefined;
  #sequence = 0;
  #complete = false;

  constructor(keyOf: (value: V) => string) {
    this.#keyOf = keyOf;
  }

  /** Last sequence applied; 0 before the first whole snapshot. */
  get sequence(): number {
    return this.#sequence;
  }
  /** A whole snapshot has been applied. */
  get complete(): boolean {
    return this.#complete;
  }
  get items(): ReadonlyMap<string, V> {
    return this.#items;
  }

  /** `gap` = not applied: ask for a new snapshot. `partial` = the snapshot is not whole yet, nothing visible changed. */
  apply(delta: Delta<V>): 'applied' | 'partial' | 'gap' {
    if (delta.snapshot) {
      this.#coming ??= new Map();
      for (const value of delta.changed) this.#coming.set(this.#keyOf(value), value);
      if (!delta.snapshotEnd) return 'partial';
      this.#items = this.#coming;
      this.#coming = undefined;
      this.#sequence = delta.sequence;
      this.#complete = true;
      return 'applied';
    }
    if (!this.#complete || this.#sequence === 0) return 'gap';
    const isHello = delta.changed.length === 0 && delta.removed.length === 0;
    if (isHello && delta.sequence === this.#sequence) return 'applied';
    if (delta.sequence !== this.#sequence + 1) return 'gap';
    for (const key of delta.removed) this.#items.delete(key);
    for (const value of delta.changed) this.#items.set(this.#keyOf(value), value);
    this.#sequence = delta.sequence;
    return 'applied';
  }

  /** A new stream begins: a half-received snapshot is void; what is whole stays. */
  restart(): void {
    this.#coming = undefined;
  }
  /** Forget the position (a gap, another incarnation); the items stay until the next snapshot replaces them. */
  reset(): void {
    this.#coming = undefined;
    this.#sequence = 0;
  }
}
