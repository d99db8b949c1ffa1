/**
 * A lock that threads share, each of which may be ended at any moment: it says whose it is, and is taken from those
 * that are no more.
 */
import { hasEnded, thisThread } from './thread-life.js';

const stepMs = 10;
/** The word of one who has it: the thread's number + 1, above it the one the system has for it. */
const ownerMask = 63;
const threadShift = 6;

/** The numbers of systems go to 2^22. */
function markOf(owner: number, thread: number): number {
  return (owner + 1) | (thread << threadShift);
}

export class SharedLock {
  readonly #table: Int32Array;
  readonly #at: number;
  readonly #own: number;
  readonly #mend: ((owner: number) => void) | undefined;

  /**
   * A word of a shared table, 0 while nobody has it. `owner`: this thread's number, see Arena.owner. `mend` puts right
   * what a thread that ended inside has left half done; it is called with the lock held.
   */
  constructor(table: Int32Array, at: number, owner: number, mend?: (owner: number) => void) {
    this.#table = table;
    this.#at = at;
    this.#own = markOf(owner, thisThread);
    this.#mend = mend;
  }

  /**
   * False: another keeps it for longer. From one that is no more it is taken at once, where the system tells of its
   * end: whoever waits here may be the one thread that would hear of it.
   */
  take(patienceMs: number): boolean {
    for (let waited = 0; waited <= patienceMs;) {
      const holder = Atomics.compareExchange(this.#table, this.#at, 0, this.#own);
      if (holder === 0) return true;
      // Woken in vain is not kept waiting: it goes from hand to hand.
      if (Atomics.wait(this.#table, this.#at, holder, stepMs) !== 'timed-out') continue;
      waited += stepMs;
      if (this.#inherit(holder)) return true;
    }
    return false;
  }

  #inherit(holder: number): boolean {
    const owner = (holder & ownerMask) - 1;
    // What belongs to number 0 is everybody's: it can't be told what that thread was at.
    if (owner <= 0 || this.#mend === undefined || !hasEnded(holder >>> threadShift)) return false;
    if (!this.#takeFrom(holder)) return false;
    try {
      this.#mend(owner);
    } catch (thrown) {
      this.give();
      throw thrown;
    }
    return true;
  }

  /** From a thread that is no more, nothing being mended; false: it had not got it. */
  takeFrom(owner: number): boolean {
    const holder = Atomics.load(this.#table, this.#at);
    return (holder & ownerMask) === owner + 1 && this.#takeFrom(holder);
  }

  #takeFrom(holder: number): boolean {
    return Atomics.compareExchange(this.#table, this.#at, holder, this.#own) === holder;
  }

  give(): void {
    Atomics.store(this.#table, this.#at, 0);
    Atomics.notify(this.#table, this.#at, 1);
  }
}
