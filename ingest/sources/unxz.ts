/** xz streams. The one importer of xz-decompress (the reference decoder as WebAssembly, no compiler to install it). */
import { ReadableStream } from 'node:stream/web';
import xz from 'xz-decompress';
import { CodedError, invalidInput } from '../../proto/errors.js';

/** Throws InvalidInput for damaged or truncated streams. */
export async function* unxz(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = copies(packed);
  let failure: unknown;
  const from = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await source.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      } catch (thrown) {
        failure = thrown;
        controller.error(thrown);
      }
    },
  });
  const reader = new xz.XzReadableStream(from as globalThis.ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const next = await reader.read();
      if (next.done) return;
      yield next.value;
    }
  } catch (thrown) {
    const known = failure ?? thrown;
    throw known instanceof CodedError ? known : invalidInput('no whole xz stream', 'xz');
  } finally {
    await source.return(undefined);
  }
}

/** The source may use its buffers again. */
async function* copies(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield Uint8Array.from(piece);
}
