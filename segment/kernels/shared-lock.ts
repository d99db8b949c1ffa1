/**
 * A lock that threads share, each of which may be ended at any moment: it says whose it is, and is taken from those
 * that are no more.
 */
const stepMs = 10;

export class SharedLock {
  readonly #table: Int32Array;
  readonly #at: number;
  readonly #own: number;

  /** A word of a shared table, 0 while nobody has it. `owner`: this thread's number, see Arena.owner. */
  constructor(table: Int32Array, at: number, owner: number) {
    this.#table = table;
    this.#at = at;
    this.#own = owner + 1;
  }

  /** False: another keeps it for longer. */
  take(patienceMs: number): boolean {
    for (let waited = 0; waited <= patienceMs; waited += stepMs) {
      const holder = Atomics.compareExchange(this.#table, this.#at, 0, this.#own);
      if (holder === 0) return true;
      Atomics.wait(this.#table, this.#at, holder, stepMs);
    }
    return false;
  }

  /** From a thread that is no more; false: it had not got it. */
  takeFrom(owner: number): boolean {
    return Atomics.compareExchange(this.#table, this.#at, owner + 1, this.#own) === owner + 1;
  }

  give(): void {
    Atomics.store(this.#table, this.#at, 0);
    Atomics.notify(this.#table, this.#at, 1);
  }
}
