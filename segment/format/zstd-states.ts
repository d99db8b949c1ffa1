/** The finite-state tables of Zstandard (RFC 8878, 4.1) for writing: made from counts, described, stepped through. */
import type { BitWriter } from './bit-writer.js';
import { buildStates } from './zstd-entropy.js';

/** What one coding table needs for writing: per symbol and following state the state before it. */
export interface Coder {
  readonly log: number;
  readonly size: number;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
  /** [symbol * size + following state] → state. */
  readonly before: Uint8Array;
  /** A state of each symbol to end with, of those that read most bits. */
  readonly last: Uint8Array;
}

/** Tables of at most 256 states. */
export function coderOf(frequencies: readonly number[], log: number): Coder {
  const { symbols, bits, bases } = buildStates(frequencies, log);
  const size = 1 << log;
  const before = new Uint8Array(frequencies.length * size);
  const last = new Uint8Array(frequencies.length);
  for (let state = size - 1; state >= 0; state--) {
    const symbol = symbols[state] as number;
    const base = bases[state] as number;
    before.fill(state, symbol * size + base, symbol * size + base + (1 << (bits[state] as number)));
    // Bits only grow from the last state of a symbol to its first.
    last[symbol] = state;
  }
  return { log, size, bits, bases, before, last };
}

/** The coder of a symbol that is the only one: its states take no bits. */
export function singleCoder(symbol: number): Coder {
  const none = new Uint8Array(symbol + 1);
  return { log: 0, size: 1, bits: new Uint8Array(1), bases: new Uint16Array(1), before: none, last: none };
}

/** Writes the way from the state before to `after`; answers the state before. */
export function step(writer: BitWriter, coder: Coder, symbol: number, after: number): number {
  const state = coder.before[symbol * coder.size + after] as number;
  writer.write(after - (coder.bases[state] as number), coder.bits[state] as number);
  return state;
}

/** Counts scaled to the number of states; whatever occurs keeps one. At most as many kinds of symbols as states. */
export function frequenciesOf(counts: readonly number[], log: number): number[] {
  const total = counts.reduce((a, b) => a + b, 0);
  const size = 1 << log;
  const frequencies = counts.map((count) =>
    count === 0 ? 0 : Math.max(1, Math.floor((count * size) / total)),
  );
  let left = size - frequencies.reduce((a, b) => a + b, 0);
  while (left !== 0) {
    const largest = frequencies.indexOf(Math.max(...frequencies));
    // What is too much comes off the largest in small parts.
    const part = left > 0 ? left : Math.max(left, -Math.ceil((frequencies[largest] as number) / 4));
    (frequencies[largest] as number) += part;
    left -= part;
  }
  return frequencies.slice(0, 1 + frequencies.findLastIndex((frequency) => frequency > 0));
}

/** The description of a table as it stands before what it codes. */
export function writeFrequencies(writer: BitWriter, frequencies: readonly number[], log: number): void {
  writer.write(log - 5, 4);
  let remaining = 1 << log;
  for (let symbol = 0; remaining > 0; symbol++) {
    const frequency = frequencies[symbol] as number;
    const width = 32 - Math.clz32(remaining + 1);
    const value = frequency + 1;
    const threshold = (1 << width) - 2 - remaining;
    if (value < threshold) writer.write(value, width - 1);
    else writer.write(value < 1 << (width - 1) ? value : value + threshold, width);
    remaining -= frequency;
    if (frequency !== 0) continue;
    let zeros = 0;
    while (frequencies[symbol + 1 + zeros] === 0) zeros++;
    symbol += zeros;
    for (; zeros >= 3; zeros -= 3) writer.write(3, 2);
    writer.write(zeros, 2);
  }
  writer.align();
}

/** Bits that a table takes for symbols that occur so often; Infinity: it lacks one of them. */
export function costOf(counts: readonly number[], frequencies: readonly number[], log: number): number {
  let bits = 0;
  counts.forEach((count, symbol) => {
    if (count === 0) return;
    const frequency = Math.abs(frequencies[symbol] ?? 0);
    bits += frequency === 0 ? Infinity : count * (log - Math.log2(frequency));
  });
  return bits;
}
