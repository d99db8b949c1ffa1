/**
 * Smile, Jackson's binary form of JSON, read: a request body becomes the value that its JSON would be. Back-references to
 * names and texts are followed; every length is checked against what is there.
 */
import { CodedError } from '../../proto/errors.js';

const depthMax = 200;
/** Names and texts that can be referred to; then counting begins anew. */
const sharedMax = 1024;
const sharedBytesMax = 64;

/** Longs are bigint where a number would lose digits. Throws InvalidInput. */
export function readSmile(bytes: Uint8Array): unknown {
  const reader = new SmileReader(bytes);
  const value = reader.value(1);
  reader.end();
  return value;
}

function bad(what: string): CodedError {
  return new CodedError('InvalidInput', `The body is no Smile: ${what}`, { field: 'body', json: 'syntax' });
}

class SmileReader {
  readonly #bytes: Uint8Array;
  readonly #sharesNames: boolean;
  readonly #sharesTexts: boolean;
  #names: string[] = [];
  #texts: string[] = [];
  #at = 4;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    if (bytes[0] !== 0x3a || bytes[1] !== 0x29 || bytes[2] !== 0x0a) throw bad('it has no header');
    const flags = bytes[3] ?? 0xff;
    if (flags >> 4 !== 0) throw bad(`version[${flags >> 4}] is unknown`);
    this.#sharesNames = (flags & 1) !== 0;
    this.#sharesTexts = (flags & 2) !== 0;
  }

  end(): void {
    if (this.#at < this.#bytes.length && this.#bytes[this.#at] !== 0xff)
      throw bad('something follows its value');
  }

  value(depth: number): unknown {
    if (depth > depthMax) throw bad(`it is nested deeper than ${depthMax}`);
    const token = this.#byte();
    if (token >= 0x40 && token < 0xc0) return this.#shortText(token);
    if (token >= 0xc0 && token < 0xe0) return unZigzag(token & 0x1f);
    if (token >= 0x01 && token < 0x20) return this.#sharedText(token - 1);
    if (token >= 0xec && token < 0xf0) return this.#sharedText(((token & 3) << 8) | this.#byte());
    switch (token) {
      case 0x20:
        return '';
      case 0x21:
        return null;
      case 0x22:
        return false;
      case 0x23:
        return true;
      case 0x24:
      case 0x25:
        return this.#integer();
      case 0x26:
        return plain(this.#bigInteger());
      case 0x28:
        return this.#float32();
      case 0x29:
        return this.#float64();
      case 0x2a:
        return this.#decimal();
      case 0xe0:
      case 0xe4:
        return this.#longText();
      case 0xf8:
        return this.#array(depth);
      case 0xfa:
        return this.#object(depth);
      default:
        throw bad(`token[0x${token.toString(16)}] is not supported`);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw bad('it ends too early');
    return byte;
  }

  #take(length: number): Uint8Array {
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw bad('it ends too early');
    return this.#bytes.subarray(from, this.#at);
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = [];
    while (this.#bytes[this.#at] !== 0xf9) items.push(this.value(depth + 1));
    this.#at++;
    return items;
  }

  #object(depth: number): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    for (;;) {
      const name = this.#name();
      if (name === undefined) return Object.fromEntries(entries);
      entries.push([name, this.value(depth + 1)]);
    }
  }

  /** Undefined: the object ends. */
  #name(): string | undefined {
    const token = this.#byte();
    if (token === 0xfb) return undefined;
    if (token === 0x20) return '';
    if (token === 0x34) return this.#longText();
    if (token >= 0x30 && token < 0x34) return this.#sharedName(((token & 3) << 8) | this.#byte());
    if (token >= 0x40 && token < 0x80) return this.#sharedName(token & 0x3f);
    if (token < 0x80 || token > 0xf7) throw bad(`token[0x${token.toString(16)}] is no name`);
    const name = utf8(this.#take(token < 0xc0 ? (token & 0x3f) + 1 : token - 0xc0 + 2));
    if (this.#sharesNames) this.#names = shared(this.#names, name);
    return name;
  }

  #sharedName(index: number): string {
    const name = this.#names[index];
    if (name === undefined) throw bad(`name[${index}] was not there before`);
    return name;
  }

  #shortText(token: number): string {
    const low = token & 0x1f;
    const lengths = [low + 1, low + 33, low + 2, low + 34];
    const bytes = this.#take(lengths[(token >> 5) - 2] ?? 0);
    const text = utf8(bytes);
    if (this.#sharesTexts && bytes.length <= sharedBytesMax) this.#texts = shared(this.#texts, text);
    return text;
  }

  #sharedText(index: number): string {
    const text = this.#texts[index];
    if (text === undefined) throw bad(`text[${index}] was not there before`);
    return text;
  }

  #longText(): string {
    const end = this.#bytes.indexOf(0xfc, this.#at);
    if (end < 0) throw bad('a text does not end');
    const text = utf8(this.#take(end - this.#at));
    this.#at++;
    return text;
  }

  /** Seven bits a byte, six in the last one, which has its high bit set. */
  #vint(): bigint {
    let value = 0n;
    for (let i = 0; i < 11; i++) {
      const byte = this.#byte();
      if (byte >= 0x80) return (value << 6n) | BigInt(byte & 0x3f);
      value = (value << 7n) | BigInt(byte);
    }
    throw bad('a number does not end');
  }

  #integer(): number | bigint {
    const zigzag = this.#vint();
    return plain((zigzag >> 1n) ^ -(zigzag & 1n));
  }

  /** Bytes of two's complement, seven bits in each byte. */
  #bigInteger(): bigint {
    const length = Number(this.#vint());
    if (length > 1_000) throw bad('a number is too long');
    const packed = this.#take(Math.ceil((length * 8) / 7));
    let value = 0n;
    let bits = length * 8;
    for (const byte of packed) {
      const count = Math.min(7, bits);
      value = (value << BigInt(count)) | BigInt(byte & ((1 << count) - 1));
      bits -= count;
    }
    return BigInt.asIntN(length * 8, value);
  }

  #decimal(): number {
    const zigzag = Number(this.#vint());
    return Number(`${this.#bigInteger()}e${-unZigzag(zigzag)}`);
  }

  #float32(): number {
    let bits = 0;
    for (const byte of this.#take(5)) bits = (bits << 7) | byte;
    const buffer = new DataView(new ArrayBuffer(4));
    buffer.setInt32(0, bits);
    return buffer.getFloat32(0);
  }

  #float64(): number {
    let bits = 0n;
    for (const byte of this.#take(10)) bits = (bits << 7n) | BigInt(byte);
    const buffer = new DataView(new ArrayBuffer(8));
    buffer.setBigUint64(0, BigInt.asUintN(64, bits));
    return buffer.getFloat64(0);
  }
}

const unZigzag = (value: number): number => (value >>> 1) ^ -(value & 1);

const plain = (value: bigint): number | bigint =>
  Number.isSafeInteger(Number(value)) ? Number(value) : value;

function shared(known: string[], text: string): string[] {
  if (known.length >= sharedMax) return [text];
  known.push(text);
  return known;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function utf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw bad('a text is no UTF-8');
  }
}
