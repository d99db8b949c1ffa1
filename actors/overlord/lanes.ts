/** Serial lanes: work of one key runs one after another, different keys side by side. */
export class Lanes {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` when everything given before under `key` has ended; its outcome is the caller's. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const outcome = before.then(work);
    const tail = outcome.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(key, tail);
    return outcome.finally(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
  }
}

type SetTimer = (ms: number, action: () => void) => { cancel(): void };

/** Callers that wait for something to change, all woken together. */
export class Wakeups {
  #waiting: (() => void)[] = [];
  #times = 0;

  /** Grows with each `wake`. */
  get times(): number {
    return this.#times;
  }

  wake(): void {
    this.#times += 1;
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Resolves when `wake` was called more often than `seen` times, or after `ms`. */
  wait(seen: number, ms: number, setTimer: SetTimer): Promise<void> {
    if (this.#times > seen) return Promise.resolve();
    return new Promise((resolve) => {
      const resume = (): void => {
        timer.cancel();
        resolve();
      };
      const timer = setTimer(ms, () => {
        this.#waiting = this.#waiting.filter((other) => other !== resume);
        resolve();
      });
      this.#waiting.push(resume);
    });
  }
}
