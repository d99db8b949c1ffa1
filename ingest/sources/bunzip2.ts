/**
 * bzip2, decoding only: blocks of at most 900 kB of text, each sorted by Burrows and Wheeler's transform, coded as
 * move-to-front ranks in up to six Huffman tables. Streams may follow one another.
 */
import { invalidInput } from '../../proto/errors.js';

const BLOCK_MAGIC_HIGH = 0x314159;
const BLOCK_MAGIC_LOW = 0x265359;
const END_MAGIC_HIGH = 0x177245;
const END_MAGIC_LOW = 0x385090;
const GROUP_SIZE = 50;
const CODE_BITS_MAX = 20;

function damaged(): Error {
  return invalidInput('no whole bzip2 stream', 'bzip2');
}

/** The unpacked bytes, one block at a time. Throws InvalidInput for damaged or truncated streams. */
export async function* bunzip2(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bits = new BitSource(packed);
  try {
    for (let isFirst = true; ; isFirst = false) {
      // Between streams there are whole bytes; nothing more is the regular end.
      if (!(await bits.fill(isFirst ? 4 : 1))) {
        if (isFirst) throw damaged();
        return;
      }
      yield* stream(bits);
      bits.alignToByte();
    }
  } finally {
    await bits.close();
  }
}

/** More than the packed form of any block. */
const BLOCK_BYTES_MAX = 1_200_000;

async function* stream(bits: BitSource): AsyncGenerator<Uint8Array> {
  await bits.fill(BLOCK_BYTES_MAX);
  const [b, z, h, level] = [bits.read(8), bits.read(8), bits.read(8), bits.read(8) - 0x30];
  if (b !== 0x42 || z !== 0x5a || h !== 0x68 || level < 1 || level > 9) throw damaged();
  let streamCrc = 0;
  for (;;) {
    await bits.fill(BLOCK_BYTES_MAX);
    const [high, low] = [bits.read(24), bits.read(24)];
    const crc = bits.read32();
    if (high === END_MAGIC_HIGH && low === END_MAGIC_LOW) {
      if (crc !== streamCrc >>> 0) throw damaged();
      return;
    }
    if (high !== BLOCK_MAGIC_HIGH || low !== BLOCK_MAGIC_LOW) throw damaged();
    const bytes = readBlock(bits, level * 100_000);
    if (crcOf(bytes) !== crc) throw damaged();
    streamCrc = ((streamCrc << 1) | (streamCrc >>> 31)) ^ crc;
    yield bytes;
  }
}

/** Bits from the highest on; whoever reads has filled the buffer before. */
class BitSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #buffer = new Uint8Array(0);
  #at = 0;
  #held = 0;
  #heldBits = 0;
  #isDone = false;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  /** Makes `count` bytes (or all that are left) readable; false when there is none. */
  async fill(count: number): Promise<boolean> {
    const rest = this.#buffer.length - this.#at;
    if (rest >= count || this.#isDone) return rest > 0 || this.#heldBits > 0;
    const parts: Uint8Array[] = [this.#buffer.subarray(this.#at)];
    let size = rest;
    while (size < count) {
      const next = await this.#pieces.next();
      if (next.done === true) {
        this.#isDone = true;
        break;
      }
      // The source may use its buffer again.
      parts.push(Uint8Array.from(next.value));
      size += next.value.length;
    }
    this.#buffer = Buffer.concat(parts);
    this.#at = 0;
    return this.#buffer.length > 0 || this.#heldBits > 0;
  }

  alignToByte(): void {
    this.#heldBits -= this.#heldBits % 8;
    this.#at -= this.#heldBits / 8;
    this.#heldBits = 0;
    this.#held = 0;
  }

  /** Up to 24 bits. */
  read(count: number): number {
    while (this.#heldBits < count) {
      const byte = this.#buffer[this.#at++];
      if (byte === undefined) throw damaged();
      this.#held = ((this.#held << 8) | byte) >>> 0;
      this.#heldBits += 8;
    }
    this.#heldBits -= count;
    return (this.#held >>> this.#heldBits) & (2 ** count - 1);
  }

  /** Up to 20 bits without taking them; zeros behind the end. */
  peek(count: number): number {
    while (this.#heldBits < count) {
      const byte = this.#buffer[this.#at++] ?? 0;
      this.#held = ((this.#held << 8) | byte) >>> 0;
      this.#heldBits += 8;
    }
    return (this.#held >>> (this.#heldBits - count)) & (2 ** count - 1);
  }

  /** Takes bits that were seen before; they must be there. */
  skip(count: number): void {
    this.#heldBits -= count;
    if (this.#at - (this.#heldBits >>> 3) > this.#buffer.length) throw damaged();
  }

  read32(): number {
    return this.read(16) * 0x10000 + this.read(16);
  }
}

interface HuffmanTable {
  /** By length: the highest code of that length, how far codes lie from places in `symbols`. */
  readonly limits: Int32Array;
  readonly offsets: Int32Array;
  readonly symbols: Uint16Array;
  readonly lengthMin: number;
}

function readBlock(bits: BitSource, sizeMax: number): Uint8Array {
  if (bits.read(1) === 1) throw damaged();
  const origin = bits.read(24);
  const alphabet = readAlphabet(bits);
  const endSymbol = alphabet.length + 1;
  const tableCount = bits.read(3);
  const selectors = readSelectors(bits, tableCount);
  const tables = Array.from({ length: tableCount }, () => readTable(bits, endSymbol + 1));
  const { column, counts } = readRanks(bits, { alphabet, endSymbol, selectors, tables, sizeMax });
  if (origin >= column.length) throw damaged();
  return runs(untransformed(column, counts, origin));
}

function readAlphabet(bits: BitSource): Uint8Array {
  const used = bits.read(16);
  const found: number[] = [];
  for (let row = 0; row < 16; row++) {
    if ((used & (0x8000 >> row)) === 0) continue;
    const inRow = bits.read(16);
    for (let i = 0; i < 16; i++) if ((inRow & (0x8000 >> i)) !== 0) found.push(row * 16 + i);
  }
  if (found.length === 0) throw damaged();
  return Uint8Array.from(found);
}

function readSelectors(bits: BitSource, tableCount: number): Uint8Array {
  if (tableCount < 2 || tableCount > 6) throw damaged();
  const order = Array.from({ length: tableCount }, (_, i) => i);
  const selectors = new Uint8Array(bits.read(15));
  if (selectors.length === 0) throw damaged();
  for (let i = 0; i < selectors.length; i++) {
    let rank = 0;
    while (bits.read(1) === 1) if (++rank >= tableCount) throw damaged();
    const [table = 0] = order.splice(rank, 1);
    order.unshift(table);
    selectors[i] = table;
  }
  return selectors;
}

function readTable(bits: BitSource, symbolCount: number): HuffmanTable {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.read(5);
  for (let i = 0; i < symbolCount; i++) {
    for (;;) {
      if (length < 1 || length > CODE_BITS_MAX) throw damaged();
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[i] = length;
  }
  const limits = new Int32Array(CODE_BITS_MAX + 2).fill(-1);
  const offsets = new Int32Array(CODE_BITS_MAX + 2);
  const symbols = new Uint16Array(symbolCount);
  let code = 0;
  let place = 0;
  for (let size = 1; size <= CODE_BITS_MAX; size++) {
    offsets[size] = place - code;
    for (let i = 0; i < symbolCount; i++) {
      if (lengths[i] !== size) continue;
      symbols[place++] = i;
      code++;
    }
    limits[size] = code - 1;
    code <<= 1;
  }
  return { limits, offsets, symbols, lengthMin: Math.min(...lengths) };
}

function nextSymbol(bits: BitSource, table: HuffmanTable): number {
  const { limits } = table;
  const ahead = bits.peek(CODE_BITS_MAX);
  let length = table.lengthMin;
  while (ahead >>> (CODE_BITS_MAX - length) > limits[length]!) {
    if (++length > CODE_BITS_MAX) throw damaged();
  }
  bits.skip(length);
  const symbol = table.symbols[table.offsets[length]! + (ahead >>> (CODE_BITS_MAX - length))];
  if (symbol === undefined) throw damaged();
  return symbol;
}

interface RankCoding {
  readonly alphabet: Uint8Array;
  readonly endSymbol: number;
  readonly selectors: Uint8Array;
  readonly tables: readonly HuffmanTable[];
  readonly sizeMax: number;
}

/** The last column of the sorted block: runs of the front byte in bijective binary, other ranks as they are. */
function readRanks(bits: BitSource, coding: RankCoding): { column: Uint8Array; counts: Int32Array } {
  const { alphabet, endSymbol, selectors, tables, sizeMax } = coding;
  const front = Uint8Array.from(alphabet);
  const column = new Uint8Array(sizeMax);
  const counts = new Int32Array(256);
  let size = 0;
  let run = 0;
  let runUnit = 1;
  const flush = (): void => {
    if (run === 0) return;
    const byte = front[0]!;
    if (size + run > sizeMax) throw damaged();
    column.fill(byte, size, size + run);
    counts[byte]! += run;
    size += run;
    run = 0;
    runUnit = 1;
  };
  for (let group = 0; ; group++) {
    const table = tables[selectors[group] ?? 255];
    if (table === undefined) throw damaged();
    for (let i = 0; i < GROUP_SIZE; i++) {
      const symbol = nextSymbol(bits, table);
      if (symbol < 2) {
        run += runUnit << symbol;
        runUnit *= 2;
        if (run > sizeMax) throw damaged();
        continue;
      }
      flush();
      if (symbol === endSymbol) return { column: column.subarray(0, size), counts };
      const rank = symbol - 1;
      const byte = front[rank]!;
      // Ranks are mostly small: a loop beats a call.
      for (let j = rank; j > 0; j--) front[j] = front[j - 1]!;
      front[0] = byte;
      if (size >= sizeMax) throw damaged();
      column[size++] = byte;
      counts[byte]!++;
    }
  }
}

/** The block as it was before sorting. */
function untransformed(column: Uint8Array, counts: Int32Array, origin: number): Uint8Array {
  const starts = new Int32Array(256);
  for (let byte = 1; byte < 256; byte++) starts[byte] = starts[byte - 1]! + counts[byte - 1]!;
  const next = new Uint32Array(column.length);
  for (let i = 0; i < column.length; i++) next[starts[column[i]!]!++] = i;
  const text = new Uint8Array(column.length);
  let at = next[origin]!;
  for (let i = 0; i < text.length; i++) {
    text[i] = column[at]!;
    at = next[at]!;
  }
  return text;
}

const RUN = 4;

/** Four equal bytes are followed by how many more of them come. */
function runs(text: Uint8Array): Uint8Array {
  const out = new Uint8Array(runsSize(text));
  let size = 0;
  let same = 0;
  let last = -1;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]!;
    out[size++] = byte;
    same = byte === last ? same + 1 : 1;
    last = byte;
    if (same < RUN) continue;
    const more = text[++i] ?? 0;
    out.fill(byte, size, size + more);
    size += more;
    last = -1;
  }
  return out;
}

function runsSize(text: Uint8Array): number {
  let size = 0;
  let same = 0;
  let last = -1;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]!;
    size++;
    same = byte === last ? same + 1 : 1;
    last = byte;
    if (same < RUN) continue;
    size += text[++i] ?? 0;
    last = -1;
  }
  return size;
}

const crcTable = Int32Array.from({ length: 256 }, (_, i) => {
  let crc = i << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

function crcOf(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc << 8) ^ crcTable[((crc >>> 24) ^ byte) & 0xff]!;
  return ~crc >>> 0;
}
