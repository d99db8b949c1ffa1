/** The first file of a zip archive, as Druid reads it, from front to back. */
import { crc32, createInflateRaw } from 'node:zlib';
import { Readable } from 'node:stream';
import { CodedError, invalidInput } from '../../proto/errors.js';

const HEADER_BYTES = 30;
const FLAG_ENCRYPTED = 1;
const FLAG_SIZES_BEHIND = 8;
const STORED = 0;
const DEFLATED = 8;

function damaged(): Error {
  return invalidInput('no whole zip archive', 'zip');
}

/** Throws InvalidInput for damaged or truncated archives, Unsupported for encrypted ones and rare methods. */
export async function* unzipFirst(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new Front(packed);
  try {
    const header = Buffer.from(await source.take(HEADER_BYTES));
    if (header.readUInt32LE(0) !== 0x04034b50) throw damaged();
    const flags = header.readUInt16LE(6);
    const method = header.readUInt16LE(8);
    const sizeBytes = header.readUInt32LE(18);
    await source.take(header.readUInt16LE(26) + header.readUInt16LE(28));
    const hasSizes = (flags & FLAG_SIZES_BEHIND) === 0;
    if ((flags & FLAG_ENCRYPTED) !== 0 || (method !== DEFLATED && !(method === STORED && hasSizes))) {
      throw new CodedError('Unsupported', `zip: method[${method}] with flags[${flags}] can't be read`);
    }
    const content = method === STORED ? source.exactly(sizeBytes) : inflated(source.rest());
    yield* hasSizes ? checked(content, header.readUInt32LE(14)) : content;
  } finally {
    await source.close();
  }
}

async function* checked(pieces: AsyncIterable<Uint8Array>, wanted: number): AsyncGenerator<Uint8Array> {
  let crc = 0;
  for await (const piece of pieces) {
    crc = crc32(piece, crc);
    yield piece;
  }
  if (crc >>> 0 !== wanted) throw damaged();
}

async function* inflated(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const from = Readable.from(pieces, { objectMode: false });
  const inflate = createInflateRaw();
  from.on('error', (error) => inflate.destroy(error));
  from.pipe(inflate);
  try {
    for await (const piece of inflate) yield piece as Uint8Array;
  } catch (thrown) {
    throw thrown instanceof CodedError ? thrown : damaged();
  } finally {
    from.destroy();
    inflate.destroy();
  }
}

/** Pieces of a stream, taken off its front. */
class Front {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #more(): Promise<Uint8Array | undefined> {
    const next = await this.#pieces.next();
    return next.done === true ? undefined : Uint8Array.from(next.value);
  }

  async take(count: number): Promise<Uint8Array> {
    while (this.#held.length < count) {
      const piece = await this.#more();
      if (piece === undefined) throw damaged();
      this.#held = Buffer.concat([this.#held, piece]);
    }
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  async *exactly(count: number): AsyncGenerator<Uint8Array> {
    let left = count;
    while (left > 0) {
      const piece = this.#held.length > 0 ? this.#held : await this.#more();
      if (piece === undefined) throw damaged();
      this.#held = new Uint8Array(0);
      yield piece.subarray(0, left);
      left -= Math.min(left, piece.length);
    }
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    for (let piece: Uint8Array | undefined = this.#held; piece !== undefined; piece = await this.#more()) {
      if (piece.length > 0) yield piece;
    }
  }
}
