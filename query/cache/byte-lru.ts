/** Values by key, bounded by their bytes: the one not asked for longest goes first. */

/** Counted since the start, and what is there now. */
export interface CacheFigures {
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  /** Taken. */
  readonly puts: number;
  /** Not taken: larger than one entry may be. */
  readonly oversized: number;
  /** Not taken: the store could not be reached, or did not want it. */
  readonly putErrors: number;
  /** Requests that the store did not answer in time, and those that failed otherwise. */
  readonly timeouts: number;
  readonly errors: number;
  readonly entries: number;
  readonly bytes: number;
}

export const noFigures: CacheFigures = {
  hits: 0,
  misses: 0,
  evictions: 0,
  puts: 0,
  oversized: 0,
  putErrors: 0,
  timeouts: 0,
  errors: 0,
  entries: 0,
  bytes: 0,
};

interface Entry<V> {
  readonly value: V;
  readonly bytes: number;
}

/** What a key and its place in the table take beside the value. */
const entryBytes = 200;

export class ByteLru<V> {
  readonly #bytesMax: number;
  readonly #entryBytesMax: number;
  readonly #sizeOf: (value: V) => number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry<V>>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;
  #puts = 0;
  #oversized = 0;

  constructor(limits: {
    readonly bytesMax: number;
    readonly entryBytesMax: number;
    readonly sizeOf: (value: V) => number;
  }) {
    this.#bytesMax = limits.bytesMax;
    this.#entryBytesMax = Math.min(limits.entryBytesMax, limits.bytesMax);
    this.#sizeOf = limits.sizeOf;
  }

  get figures(): CacheFigures {
    return {
      ...noFigures,
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
      puts: this.#puts,
      oversized: this.#oversized,
      entries: this.#entries.size,
      bytes: this.#bytes,
    };
  }

  get(key: string): V | undefined {
    const found = this.#entries.get(key);
    if (found === undefined) {
      this.#misses++;
      return undefined;
    }
    this.#hits++;
    this.#entries.delete(key);
    this.#entries.set(key, found);
    return found.value;
  }

  /** False: larger than an entry may be. */
  put(key: string, value: V): boolean {
    const bytes = this.#sizeOf(value) + key.length + entryBytes;
    this.#remove(key);
    if (bytes > this.#entryBytesMax) {
      this.#oversized++;
      return false;
    }
    this.#puts++;
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#remove(oldest);
      this.#evictions++;
    }
    return true;
  }

  /** What was too large to be put here at all. */
  tooLarge(): void {
    this.#oversized++;
  }

  #remove(key: string): void {
    const found = this.#entries.get(key);
    if (found === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= found.bytes;
  }
}
