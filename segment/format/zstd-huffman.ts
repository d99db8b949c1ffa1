/** Writes the literals of a Zstandard block as Huffman codes (RFC 8878, 4.2). */
import { BitWriter } from './bit-writer.js';
import { coderOf, frequenciesOf, step, writeFrequencies } from './zstd-states.js';

const lengthMax = 11;
/** From here on four streams, which readers decode side by side. */
const singleMax = 1023;

/** Bits of each byte's code, 0: it does not occur; none longer than eleven. */
function codeLengths(given: Uint32Array): Uint8Array {
  let counts = given;
  for (;;) {
    const lengths = plainLengths(counts);
    if (Math.max(...lengths) <= lengthMax) return lengths;
    // Flatter counts, flatter codes.
    counts = counts.map((count) => Math.ceil(count / 2));
  }
}

function plainLengths(counts: Uint32Array): Uint8Array {
  const parents = new Uint16Array(2 * 256);
  const leaves = Array.from(counts.keys()).filter((byte) => counts[byte] !== 0);
  leaves.sort((a, b) => (counts[a] as number) - (counts[b] as number) || a - b);
  const sums: number[] = [];
  let leaf = 0;
  let inner = 0;
  const least = (): { readonly node: number; readonly count: number } => {
    const count = counts[leaves[leaf] as number];
    if (leaf < leaves.length && (inner >= sums.length || (count as number) <= (sums[inner] as number)))
      return { node: leaves[leaf++] as number, count: count as number };
    return { node: 256 + inner, count: sums[inner++] as number };
  };
  for (let made = 0; made < leaves.length - 1; made++) {
    const a = least();
    const b = least();
    parents[a.node] = 256 + made;
    parents[b.node] = 256 + made;
    sums.push(a.count + b.count);
  }
  const depths = new Uint8Array(2 * 256);
  for (let made = leaves.length - 3; made >= 0; made--)
    depths[256 + made] = (depths[parents[256 + made] as number] as number) + 1;
  const lengths = new Uint8Array(256);
  for (const byte of leaves) lengths[byte] = (depths[parents[byte] as number] as number) + 1;
  return lengths;
}

/** Per byte its code, those of the longest first. */
function codesOf(lengths: Uint8Array, longest: number): Uint16Array {
  const codes = new Uint16Array(256);
  let at = 0;
  for (let length = longest; length > 0; length--) {
    lengths.forEach((own, byte) => {
      if (own !== length) return;
      codes[byte] = at >>> (longest - length);
      at += 1 << (longest - length);
    });
  }
  return codes;
}

/** What stands for the code; the last byte's weight follows from the others. Answers the end, -1: it can't be told. */
function writeWeights(out: Buffer, start: number, lengths: Uint8Array, longest: number): number {
  const highest = lengths.findLastIndex((length) => length > 0);
  const weights = Array.from(lengths.subarray(0, highest), (own) => (own === 0 ? 0 : longest + 1 - own));
  const coded = writeCodedWeights(out, start, weights);
  const plain = highest <= 128 ? start + 1 + Math.ceil(highest / 2) : Infinity;
  if (coded >= 0 && coded < plain) return coded;
  if (highest > 128) return -1;
  out[start] = 127 + highest;
  for (let i = 0; i < highest; i += 2)
    out[start + 1 + (i >>> 1)] = ((weights[i] as number) << 4) | (weights[i + 1] ?? 0);
  return plain;
}

/** By two states in turn. */
function writeCodedWeights(out: Buffer, start: number, weights: readonly number[]): number {
  const counts = Array<number>(13).fill(0);
  for (const weight of weights) (counts[weight] as number)++;
  if (weights.length < 2 || counts.includes(weights.length)) return -1;
  const log = 6;
  const frequencies = frequenciesOf(counts, log);
  const writer = new BitWriter(out, start + 1);
  writeFrequencies(writer, frequencies, log);
  const coder = coderOf(frequencies, log);
  const states = [0, 0];
  for (let i = weights.length - 1; i >= 0; i--) {
    const weight = weights[i] as number;
    const isLast = i >= weights.length - 2;
    states[i % 2] = isLast
      ? (coder.last[weight] as number)
      : step(writer, coder, weight, states[i % 2] as number);
  }
  writer.write(states[1] as number, log);
  writer.write(states[0] as number, log);
  writer.finish();
  const size = writer.at - start - 1;
  if (size >= 128) return -1;
  out[start] = size;
  return writer.at;
}

/**
 * Writes literals with their head at `start`; answers the end, -1 where this is no shorter than the bytes themselves.
 * `out` has room for twice the literals.
 */
export function writeHuffman(out: Buffer, start: number, literals: Buffer): number {
  const counts = new Uint32Array(256);
  for (const byte of literals) (counts[byte] as number)++;
  if (counts.filter((count) => count > 0).length < 2) return -1;
  const lengths = codeLengths(counts);
  const longest = Math.max(...lengths);
  const codes = codesOf(lengths, longest);
  const isSingle = literals.length <= singleMax;
  const sizeBits = isSingle ? 10 : literals.length < 16_384 ? 14 : 18;
  const headBytes = (4 + 2 * sizeBits) / 8;
  const from = start + headBytes;
  let at = writeWeights(out, from, lengths, longest);
  if (at < 0) return -1;
  const stream = (part: Buffer): void => {
    const writer = new BitWriter(out, at);
    for (let i = part.length - 1; i >= 0; i--)
      writer.write(codes[part[i] as number] as number, lengths[part[i] as number] as number);
    writer.finish();
    at = writer.at;
  };
  if (isSingle) stream(literals);
  else {
    const jumps = at;
    at += 6;
    const part = Math.ceil(literals.length / 4);
    for (let i = 0; i < 4; i++) {
      const before = at;
      stream(literals.subarray(i * part, Math.min((i + 1) * part, literals.length)));
      if (i < 3) out.writeUInt16LE(at - before, jumps + 2 * i);
    }
  }
  const size = at - from;
  if (size >= literals.length) return -1;
  const format = isSingle ? 0 : sizeBits === 14 ? 2 : 3;
  out.writeUIntLE(2 + format * 4 + literals.length * 16 + size * 2 ** (4 + sizeBits), start, headBytes);
  return at;
}
