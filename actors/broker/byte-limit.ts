/** `maxScatterGatherBytes`: what data nodes may answer to one query, counted as it arrives. */
import { CodedError } from '../../proto/errors.js';
import { frameBytes } from '../../query/frame-codec.js';
import type { Frame } from '../../query/frame.js';
import type { NativeQuery } from '../../query/native/model.js';
import type { SegmentRows } from './scan-stream.js';

export class ByteLimit {
  readonly #queryId: string;
  readonly #bytesMax: number;
  #bytes = 0;

  constructor({ context }: NativeQuery) {
    const given = Number(context.given['maxScatterGatherBytes'] ?? Number.NaN);
    this.#queryId = context.queryId;
    this.#bytesMax = given > 0 ? given : Infinity;
  }

  /** Throws LimitExceeded. */
  add(frame: Frame): void {
    if (this.#bytesMax === Infinity) return;
    this.#bytes += frameBytes(frame);
    if (this.#bytes > this.#bytesMax) {
      throw new CodedError(
        'LimitExceeded',
        `Query[${this.#queryId}] max scatter-gather bytes limit[${this.#bytesMax}] reached.`,
      );
    }
  }
}

export async function* limitedRows(
  query: NativeQuery,
  rows: AsyncIterable<SegmentRows>,
): AsyncGenerator<SegmentRows> {
  const limit = new ByteLimit(query);
  for await (const part of rows) {
    limit.add(part.frame);
    yield part;
  }
}
