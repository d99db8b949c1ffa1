/** The hyperUnique sketch while it is built: 2,048 registers of 4 bits over a common offset, and one overflow. */
import { murmur128 } from './murmur.js';

const REGISTERS = 2048;
const REGISTER_BYTES = REGISTERS / 2;
const HEAD_BYTES = 7;
/** From so many registers on, all are stored. */
const DENSE_FROM = 128;
const NIBBLE_MAX = 15;
const REMEMBERED_MAX = 4096;

/** What a value does to a sketch. */
export interface Place {
  readonly register: number;
  readonly rank: number;
}

/** Neighbouring rows repeat their values. */
const remembered = new Map<string, Place>();

function placeOf(text: string): Place {
  let place = remembered.get(text);
  if (place === undefined) {
    place = placeOfBytes(Buffer.from(text, 'utf8'));
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    remembered.set(text, place);
  }
  return place;
}

export function placeOfBytes(bytes: Uint8Array): Place {
  const [first, second] = murmur128(bytes);
  // The last two bytes, read as a big-endian number.
  const tail = Number(second >> 48n);
  const register = (((tail & 0xff) << 8) | (tail >>> 8)) & (REGISTERS - 1);
  let rank = 1;
  while (rank < 64 && ((first >> BigInt(rank - 1)) & 1n) === 0n) rank++;
  return { register, rank };
}

export class HyperUnique {
  readonly #nibbles = new Uint8Array(REGISTERS);
  #offset = 0;
  #nonZero = 0;
  #overflowValue = 0;
  #overflowRegister = 0;

  addText(text: string): void {
    const { register, rank } = placeOf(text);
    this.#add(register, rank);
  }

  addBytes(bytes: Uint8Array): void {
    const { register, rank } = placeOfBytes(bytes);
    this.#add(register, rank);
  }

  addPlace({ register, rank }: Place): void {
    this.#add(register, rank);
  }

  #add(register: number, rank: number): void {
    if (rank <= this.#offset) return;
    if (rank > this.#offset + NIBBLE_MAX) {
      if (rank <= this.#overflowValue) return;
      const value = this.#overflowValue;
      const before = this.#overflowRegister;
      this.#overflowValue = rank;
      this.#overflowRegister = register;
      if (value !== 0 && value <= this.#offset + NIBBLE_MAX) this.#add(before, value);
      return;
    }
    const nibble = rank - this.#offset;
    const old = this.#nibbles[register]!;
    if (nibble <= old) return;
    this.#nibbles[register] = nibble;
    if (old === 0 && ++this.#nonZero === REGISTERS) this.#raise();
  }

  /** All registers passed the offset: it rises with them. */
  #raise(): void {
    while (this.#nonZero === REGISTERS) {
      this.#offset++;
      this.#nonZero = 0;
      for (let i = 0; i < REGISTERS; i++) if (--this.#nibbles[i]! > 0) this.#nonZero++;
    }
  }

  /**
   * The stored form; never empty. As in Druid there is room for a triple of each register that is set, also where two
   * share one: what is left over is zero, and its estimate takes that for the place of an overflow in the first pair.
   */
  toBytes(): Uint8Array {
    const packed = new Uint8Array(REGISTER_BYTES);
    for (let i = 0; i < REGISTERS; i++) packed[i >>> 1]! |= this.#nibbles[i]! << (i & 1 ? 0 : 4);
    const isDense = this.#nonZero >= DENSE_FROM;
    const filled = isDense ? [] : [...packed.keys()].filter((at) => packed[at] !== 0);
    const bytes = Buffer.alloc(HEAD_BYTES + (isDense ? REGISTER_BYTES : 3 * this.#nonZero));
    bytes[0] = 1;
    bytes[1] = this.#offset;
    bytes.writeUInt16BE(this.#nonZero, 2);
    bytes[4] = this.#overflowValue;
    bytes.writeUInt16BE(this.#overflowRegister, 5);
    if (isDense) bytes.set(packed, HEAD_BYTES);
    for (const [i, at] of filled.entries()) {
      // Positions count from the beginning of the sketch.
      bytes.writeUInt16BE(HEAD_BYTES + at, HEAD_BYTES + 3 * i);
      bytes[HEAD_BYTES + 3 * i + 2] = packed[at]!;
    }
    return bytes;
  }

  /** Adds everything another sketch has seen; may take over its state. */
  merge(other: HyperUnique): void {
    if (other.#offset <= this.#offset) {
      this.#mergeLower(other);
      return;
    }
    // Druid goes on with the higher one and its overflow, which may be stored otherwise there.
    const lower = new HyperUnique();
    lower.#become(this);
    this.#become(other);
    this.#mergeLower(lower);
  }

  #become(other: HyperUnique): void {
    this.#nibbles.set(other.#nibbles);
    this.#offset = other.#offset;
    this.#nonZero = other.#nonZero;
    this.#overflowValue = other.#overflowValue;
    this.#overflowRegister = other.#overflowRegister;
  }

  #mergeLower(other: HyperUnique): void {
    for (let i = 0; i < REGISTERS; i++) {
      const nibble = other.#nibbles[i]!;
      if (nibble > 0) this.#add(i, other.#offset + nibble);
    }
    if (other.#overflowValue !== 0) this.#add(other.#overflowRegister, other.#overflowValue);
  }

  /** Of the stored form, version 1; what is none reads as empty. */
  static fromBytes(bytes: Uint8Array): HyperUnique {
    const sketch = new HyperUnique();
    if (bytes.length < HEAD_BYTES || bytes[0] !== 1) return sketch;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    sketch.#offset = bytes[1]!;
    sketch.#overflowValue = bytes[4]!;
    sketch.#overflowRegister = view.getUint16(5);
    if (bytes.length === HEAD_BYTES + REGISTER_BYTES) {
      for (let at = 0; at < REGISTER_BYTES; at++) sketch.#set(at, bytes[HEAD_BYTES + at]!);
    } else {
      for (let at = HEAD_BYTES; at + 2 < bytes.length; at += 3) {
        const place = view.getUint16(at) - HEAD_BYTES;
        if (place >= 0 && place < REGISTER_BYTES) sketch.#set(place, bytes[at + 2]!);
      }
    }
    return sketch;
  }

  #set(at: number, packed: number): void {
    for (const [i, nibble] of [packed >>> 4, packed & 15].entries()) {
      if (nibble === 0) continue;
      if (this.#nibbles[2 * at + i] === 0) this.#nonZero++;
      this.#nibbles[2 * at + i] = nibble;
    }
  }
}

export function mergeHyperUnique(a: Uint8Array, b: Uint8Array): Uint8Array {
  const merged = HyperUnique.fromBytes(a);
  merged.merge(HyperUnique.fromBytes(b));
  return merged.toBytes();
}
