/**
 * From an async iterable into a Node stream with back-pressure.
 */
import { untilAborted } from './deadline.js';

/** What is needed of a Writable. */
export interface Sink<T> {
  /** False = wait for 'drain' before the next. */
  write(item: T): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

/**
 * Writes as fast as the reader reads; does not end the sink. Leaves the source when the signal is aborted.
 * @throws the signal's reason, or what the source throws.
 */
export async function pump<T, W>(
  items: AsyncIterable<T>,
  sink: Sink<W>,
  encode: (item: T) => W,
  signal: AbortSignal,
  what: string,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await untilAborted(Promise.resolve(iterator.next()), signal, what);
      if (next.done === true) {
        ended = true;
        return;
      }
      if (!sink.write(encode(next.value))) {
        const drained = new Promise<void>((resolve) => sink.once('drain', resolve));
        await untilAborted(drained, signal, what);
      }
    }
  } finally {
    // Not awaited: a source stuck in its own next() would hold the caller; it has the signal.
    if (!ended) iterator.return?.().then(undefined, () => undefined);
  }
}
