/**
 * Writing Zstandard frames (RFC 8878), small and without a package: the matches are those the LZ4 encoder found, coded
 * with the format's own default tables; literals stay as they are. Smaller than LZ4, larger than what zstd itself
 * would write.
 */
import { CodedError } from '../../proto/errors.js';
import { lz4Bound, type Lz4Encoder } from './lz4.js';
import {
  literalLengthBases,
  literalLengthBits,
  matchLengthBases,
  matchLengthBits,
  stateKinds,
} from './zstd.js';
import { buildStates } from './zstd-entropy.js';

/** What one coding table needs for writing: per symbol and following state the state before it. */
interface Coder {
  readonly log: number;
  readonly size: number;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
  /** [symbol * size + following state] → state. */
  readonly before: Uint8Array;
  /** Some state of each symbol, to end with. */
  readonly last: Uint8Array;
}

function coderOf(frequencies: readonly number[], log: number): Coder {
  const { symbols, bits, bases } = buildStates(frequencies, log);
  const size = 1 << log;
  const before = new Uint8Array(frequencies.length * size);
  const last = new Uint8Array(frequencies.length);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] as number;
    const base = bases[state] as number;
    before.fill(state, symbol * size + base, symbol * size + base + (1 << (bits[state] as number)));
    last[symbol] = state;
  }
  return { log, size, bits, bases, before, last };
}

const [literalCoder, offsetCoder, matchCoder] = stateKinds.map(({ frequencies, log }) =>
  coderOf(frequencies, log),
) as [Coder, Coder, Coder];

/** Per length its code, for lengths of one block. */
function codesOf(bases: readonly number[], limit: number): Uint8Array {
  const codes = new Uint8Array(limit);
  bases.forEach((base, code) => codes.fill(code, Math.min(base, limit)));
  return codes;
}

const plainMax = 65536;
const literalCodes = codesOf(literalLengthBases, plainMax + 1);
const matchCodes = codesOf(matchLengthBases, plainMax + 4);

/** Bits from the lowest on, to be read backwards. */
class BitWriter {
  readonly #bytes: Buffer;
  at: number;
  #held = 0;
  #count = 0;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** At most 17 bits. */
  write(value: number, count: number): void {
    this.#held += value * 2 ** this.#count;
    this.#count += count;
    while (this.#count >= 8) {
      this.#bytes[this.at++] = this.#held % 256;
      this.#held = Math.floor(this.#held / 256);
      this.#count -= 8;
    }
  }

  /** The mark where reading starts. */
  finish(): void {
    this.write(1, 1);
    if (this.#count > 0) this.#bytes[this.at++] = this.#held;
  }
}

/** Sequences of an LZ4 block: literal lengths, matches, distances; the literals themselves go to `literals`. */
interface Parsed {
  readonly lengths: number[];
  readonly matches: number[];
  readonly distances: number[];
  readonly literalBytes: number;
}

function parseLz4(block: Buffer, literals: Buffer): Parsed {
  const lengths: number[] = [];
  const matches: number[] = [];
  const distances: number[] = [];
  let used = 0;
  let at = 0;
  const more = (first: number): number => {
    let length = first;
    if (first === 15) {
      let byte: number;
      do {
        byte = block[at++] as number;
        length += byte;
      } while (byte === 255);
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++] as number;
    const length = more(token >>> 4);
    block.copy(literals, used, at, at + length);
    used += length;
    at += length;
    if (at >= block.length) break;
    distances.push(block.readUInt16LE(at));
    at += 2;
    lengths.push(length);
    matches.push(more(token & 15) + 4);
  }
  return { lengths, matches, distances, literalBytes: used };
}

function offsetCode(distance: number): number {
  return 31 - Math.clz32(distance + 3);
}

function writeSequences(out: Buffer, start: number, parsed: Parsed): number {
  const { lengths, matches, distances } = parsed;
  const writer = new BitWriter(out, start);
  let ll = 0;
  let of = 0;
  let ml = 0;
  for (let i = lengths.length - 1; i >= 0; i--) {
    const length = lengths[i] as number;
    const match = matches[i] as number;
    const value = (distances[i] as number) + 3;
    const llCode = literalCodes[length] as number;
    const mlCode = matchCodes[match] as number;
    const ofCode = offsetCode(value - 3);
    if (i === lengths.length - 1) {
      ll = literalCoder.last[llCode] as number;
      of = offsetCoder.last[ofCode] as number;
      ml = matchCoder.last[mlCode] as number;
    } else {
      of = step(writer, offsetCoder, ofCode, of);
      ml = step(writer, matchCoder, mlCode, ml);
      ll = step(writer, literalCoder, llCode, ll);
    }
    writer.write(length - (literalLengthBases[llCode] as number), literalLengthBits[llCode] as number);
    writer.write(match - (matchLengthBases[mlCode] as number), matchLengthBits[mlCode] as number);
    writer.write(value - (1 << ofCode), ofCode);
  }
  writer.write(ml, matchCoder.log);
  writer.write(of, offsetCoder.log);
  writer.write(ll, literalCoder.log);
  writer.finish();
  return writer.at;
}

/** Writes the way from the state before to `after`; answers the state before. */
function step(writer: BitWriter, coder: Coder, symbol: number, after: number): number {
  const state = coder.before[symbol * coder.size + after] as number;
  writer.write(after - (coder.bases[state] as number), coder.bits[state] as number);
  return state;
}

const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Scratch of one encoder; a frame is never longer than its plain bytes and this. */
const overhead = 16;

export type ZstdEncoder = (plain: Buffer) => Buffer;

/** Encodes blocks of at most 65536 bytes as one frame each; the answer is valid until the next call. */
export function createZstdEncoder(lz4: Lz4Encoder): ZstdEncoder {
  const packed = Buffer.alloc(lz4Bound(plainMax));
  const literals = Buffer.alloc(plainMax);
  // Sequences may take more than what they stand for, before that is noticed.
  const out = Buffer.alloc(4 * plainMax + overhead);
  return (plain) => {
    if (plain.length > plainMax) throw new CodedError('Bug', `a zstd block of ${plain.length} bytes`);
    let at = writeHead(out, plain.length);
    const block = at;
    at += 3;
    const parsed =
      plain.length === 0 ? undefined : parseLz4(packed.subarray(0, lz4.encode(plain, packed)), literals);
    const end = parsed === undefined ? at : writeBlock(out, at, parsed, literals);
    const isCompressed = parsed !== undefined && end - at < plain.length;
    if (!isCompressed) plain.copy(out, at);
    const size = isCompressed ? end - at : plain.length;
    out.writeUIntLE(1 | ((isCompressed ? 2 : 0) << 1) | (size << 3), block, 3);
    return out.subarray(0, at + size);
  };
}

/** One segment with its size known. */
function writeHead(out: Buffer, size: number): number {
  magic.copy(out);
  if (size < 256) {
    out[4] = 0x20;
    out[5] = size;
    return 6;
  }
  out[4] = 0x60;
  return out.writeUInt16LE(size - 256, 5);
}

function writeBlock(out: Buffer, start: number, parsed: Parsed, literals: Buffer): number {
  const { literalBytes } = parsed;
  const count = parsed.lengths.length;
  let at = start;
  if (literalBytes < 32) out[at++] = literalBytes << 3;
  else if (literalBytes < 4096) at = out.writeUInt16LE((1 << 2) | (literalBytes << 4), at);
  else at = out.writeUIntLE((3 << 2) | (literalBytes << 4), at, 3);
  literals.copy(out, at, 0, literalBytes);
  at += literalBytes;
  if (count < 128) out[at++] = count;
  else if (count < 0x7f00) {
    out[at++] = (count >>> 8) + 128;
    out[at++] = count & 0xff;
  } else {
    out[at++] = 255;
    at = out.writeUInt16LE(count - 0x7f00, at);
  }
  if (count === 0) return at;
  // All three tables are the default ones.
  out[at++] = 0;
  return writeSequences(out, at, parsed);
}
