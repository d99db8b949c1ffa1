/**
 * Writes Zstandard frames (RFC 8878), without a package: the matches are those the LZ4 encoder found, coded with tables
 * made for the block where these are shorter than the format's own; literals are Huffman codes. About as small as what
 * zstd itself writes at its lower levels.
 */
import { CodedError } from '../../proto/errors.js';
import { BitWriter } from './bit-writer.js';
import { lz4Bound, type Lz4Encoder } from './lz4.js';
import {
  literalLengthBases,
  literalLengthBits,
  matchLengthBases,
  matchLengthBits,
  stateKinds,
} from './zstd.js';
import { writeHuffman } from './zstd-huffman.js';
import {
  coderOf,
  costOf,
  frequenciesOf,
  singleCoder,
  step,
  writeFrequencies,
  type Coder,
} from './zstd-states.js';

const defaultCoders = stateKinds.map(({ frequencies, log }) => coderOf(frequencies, log));

/** Per length its code, for lengths of one block. */
function codesOf(bases: readonly number[], limit: number): Uint8Array {
  const codes = new Uint8Array(limit);
  bases.forEach((base, code) => codes.fill(code, Math.min(base, limit)));
  return codes;
}

const plainMax = 65536;
const literalCodes = codesOf(literalLengthBases, plainMax + 1);
const matchCodes = codesOf(matchLengthBases, plainMax + 4);

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

/** Per match the value that stands for its distance: 1 to 3 for one of the three before it, else distance + 3. */
function offsetValues({ lengths, distances }: Parsed): Uint32Array {
  const recent = [1, 4, 8] as [number, number, number];
  return Uint32Array.from(distances, (distance, i) => {
    const [first, second, third] = recent;
    // Without literals between, the distance just used would only have made the match longer.
    const isDirect = lengths[i] === 0;
    const choices = isDirect ? [second, third, first - 1] : [first, second, third];
    const found = choices.indexOf(distance);
    const index = isDirect ? found + 1 : found;
    if (found >= 0 && index === 0) return 1;
    if (found < 0 || index > 1) recent[2] = second;
    recent[1] = first;
    recent[0] = distance;
    return found < 0 ? distance + 3 : found + 1;
  });
}

/** Chooses the coder of one kind of codes and writes what tells it; answers how it is told. */
function chooseCoder(
  codes: Uint8Array,
  kind: number,
  writer: BitWriter,
): { readonly coder: Coder; readonly mode: number } {
  const { frequencies: usual, log: usualLog, limits } = stateKinds[kind] as (typeof stateKinds)[number];
  const counts = Array<number>(limits.symbols).fill(0);
  for (const code of codes) (counts[code] as number)++;
  const only = codes[0] as number;
  if (counts[only] === codes.length && codes.length > 1) {
    writer.write(only, 8);
    return { coder: singleCoder(only), mode: 1 };
  }
  const kinds = counts.filter((count) => count > 0).length;
  const log = Math.min(8, limits.log, Math.max(5, 32 - Math.clz32(codes.length), 32 - Math.clz32(kinds)));
  const own = frequenciesOf(counts, log);
  const described = 4 + 5 * own.length;
  if (costOf(counts, own, log) + described < costOf(counts, usual, usualLog)) {
    writeFrequencies(writer, own, log);
    return { coder: coderOf(own, log), mode: 2 };
  }
  return { coder: defaultCoders[kind] as Coder, mode: 0 };
}

/** The tables, and the sequences coded by them. */
function writeSequences(out: Buffer, start: number, parsed: Parsed): number {
  const { lengths, matches } = parsed;
  const values = offsetValues(parsed);
  const llCodes = Uint8Array.from(lengths, (length) => literalCodes[length] as number);
  const ofCodes = Uint8Array.from(values, (value) => 31 - Math.clz32(value));
  const mlCodes = Uint8Array.from(matches, (match) => matchCodes[match] as number);
  const writer = new BitWriter(out, start + 1);
  const chosen = [llCodes, ofCodes, mlCodes].map((codes, kind) => chooseCoder(codes, kind, writer));
  out[start] = chosen.reduce((modes, { mode }, kind) => modes | (mode << (6 - 2 * kind)), 0);
  const [literal, offset, match] = chosen.map(({ coder }) => coder) as [Coder, Coder, Coder];
  const last = lengths.length - 1;
  let ll = literal.last[llCodes[last] as number] as number;
  let of = offset.last[ofCodes[last] as number] as number;
  let ml = match.last[mlCodes[last] as number] as number;
  for (let i = last; i >= 0; i--) {
    const llCode = llCodes[i] as number;
    const ofCode = ofCodes[i] as number;
    const mlCode = mlCodes[i] as number;
    if (i < last) {
      of = step(writer, offset, ofCode, of);
      ml = step(writer, match, mlCode, ml);
      ll = step(writer, literal, llCode, ll);
    }
    writer.write(
      (lengths[i] as number) - (literalLengthBases[llCode] as number),
      literalLengthBits[llCode] as number,
    );
    writer.write(
      (matches[i] as number) - (matchLengthBases[mlCode] as number),
      matchLengthBits[mlCode] as number,
    );
    writer.write((values[i] as number) - (1 << ofCode), ofCode);
  }
  writer.write(ml, match.log);
  writer.write(of, offset.log);
  writer.write(ll, literal.log);
  writer.finish();
  return writer.at;
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
  const count = parsed.lengths.length;
  let at = writeLiterals(out, start, literals.subarray(0, parsed.literalBytes));
  if (count < 128) out[at++] = count;
  else if (count < 0x7f00) {
    out[at++] = (count >>> 8) + 128;
    out[at++] = count & 0xff;
  } else {
    out[at++] = 255;
    at = out.writeUInt16LE(count - 0x7f00, at);
  }
  return count === 0 ? at : writeSequences(out, at, parsed);
}

function writeLiterals(out: Buffer, start: number, literals: Buffer): number {
  const coded = writeHuffman(out, start, literals);
  if (coded >= 0) return coded;
  const { length } = literals;
  let at = start;
  if (length < 32) out[at++] = length << 3;
  else if (length < 4096) at = out.writeUInt16LE((1 << 2) | (length << 4), at);
  else at = out.writeUIntLE((3 << 2) | (length << 4), at, 3);
  literals.copy(out, at);
  return at + length;
}
