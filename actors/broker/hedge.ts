/**
 * A data node that has gone silent in the middle of a query is not waited for: the same work is given to others, and
 * whoever is done first counts. The other one is cancelled.
 */
import { childAbort, type ChildAbort } from '../../runtime/deadline.js';
import type { Clock } from '../../runtime/types.js';

export interface HedgeOptions<T> {
  readonly setTimer: Clock['setTimer'];
  /** So long may the first say nothing. */
  readonly silentMs: number;
  readonly signal: AbortSignal;
  /** `heard` is to be called at each sign of life. */
  readonly first: (signal: AbortSignal, heard: () => void) => Promise<T>;
  /** Asked for when the first has gone silent; undefined = nobody else can. */
  readonly second: () => ((signal: AbortSignal) => Promise<T>) | undefined;
  /** Is handed a value that came after the other's. */
  readonly drop?: (value: T) => Promise<void>;
}

/** `by` tells whose value it is. Rejects with the first's error, when the second did not make up for it. */
export async function hedged<T>(
  options: HedgeOptions<T>,
): Promise<{ readonly value: T; readonly by: 'first' | 'second' }> {
  const { setTimer, silentMs, signal } = options;
  const firstStop = childAbort(signal);
  let secondStop: ChildAbort | undefined;
  const running: Promise<unknown>[] = [];
  const late: T[] = [];
  let over = false;
  let isDecided = false;
  let isFirstOver = false;
  let isSecondOver = false;
  let timer = setTimer(silentMs, () => undefined);
  const end = (): void => {
    over = true;
    timer.cancel();
    // What has ended has nothing left to stop.
    if (!isFirstOver) firstStop.abort();
    firstStop.end();
    if (!isSecondOver) secondStop?.abort();
    secondStop?.end();
  };
  try {
    return await new Promise((resolve, reject) => {
      let second: 'none' | 'running' | 'failed' = 'none';
      let firstError: unknown;
      const decide = (value: T, by: 'first' | 'second'): void => {
        if (isDecided) late.push(value);
        isDecided = true;
        resolve({ value, by });
      };
      const win = (value: T): void => {
        isFirstOver = true;
        decide(value, 'first');
      };
      const lose = (error: unknown): void => {
        isFirstOver = true;
        firstError = error;
        timer.cancel();
        if (second !== 'running') reject(error);
      };
      const goSilent = (): void => {
        const start = over ? undefined : options.second();
        if (start === undefined) return;
        second = 'running';
        secondStop = childAbort(signal);
        running.push(
          start(secondStop.signal).then(
            (value) => {
              isSecondOver = true;
              decide(value, 'second');
            },
            () => {
              isSecondOver = true;
              second = 'failed';
              if (firstError !== undefined) reject(firstError);
            },
          ),
        );
      };
      const heard = (): void => {
        if (over || second !== 'none') return;
        timer.cancel();
        timer = setTimer(silentMs, goSilent);
      };
      heard();
      running.push(options.first(firstStop.signal, heard).then(win, lose));
    });
  } finally {
    end();
    await Promise.all(running);
    for (const value of late) await options.drop?.(value);
  }
}
