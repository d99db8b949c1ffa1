/**
 * JSON text turned into Smile, Jackson's binary form of it, piece by piece: what is written as JSON need not be held to
 * be sent as Smile. Names and texts are written out each time; readers need not remember any.
 */

const OBJECT = 0x7b;
const ARRAY = 0x5b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The input is well-formed JSON in UTF-8; a piece may end anywhere. */
export class SmileWriter {
  readonly #stack: number[] = [];
  #rest: Uint8Array = new Uint8Array(0);
  #isName = false;
  #out = new Uint8Array(64 * 1024);
  #length = 0;
  #isBegun = false;

  /** The Smile of what is whole so far. */
  push(piece: Uint8Array): Uint8Array {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    this.#rest = new Uint8Array(bytes.subarray(this.#whole(bytes, false)));
    return this.#taken();
  }

  /** The last of it: a number may end with the text. */
  end(): Uint8Array {
    this.#whole(this.#rest, true);
    this.#rest = new Uint8Array(0);
    return this.#taken();
  }

  #taken(): Uint8Array {
    const taken = this.#out.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  /** Writes tokens; answers where the first one begins that is not whole. */
  #whole(bytes: Uint8Array, isEnd: boolean): number {
    if (!this.#isBegun) this.#put(0x3a, 0x29, 0x0a, 0x00);
    this.#isBegun = true;
    let at = 0;
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) {
        const close = closingQuote(bytes, at + 1);
        if (close < 0) return at;
        this.#text(bytes.subarray(at + 1, close));
        at = close + 1;
      } else if (this.#mark(byte)) {
        at++;
      } else {
        const end = scalarEnd(bytes, at);
        if (end === bytes.length && !isEnd) return at;
        this.#scalar(Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('latin1'));
        at = end;
      }
    }
    return at;
  }

  /** False: a number, true, false or null begins. */
  #mark(byte: number): boolean {
    switch (byte) {
      case OBJECT:
        this.#put(0xfa);
        this.#stack.push(byte);
        this.#isName = true;
        return true;
      case ARRAY:
        this.#put(0xf8);
        this.#stack.push(byte);
        this.#isName = false;
        return true;
      case 0x7d:
        this.#put(0xfb);
        this.#stack.pop();
        return true;
      case 0x5d:
        this.#put(0xf9);
        this.#stack.pop();
        return true;
      case 0x2c:
        this.#isName = this.#stack.at(-1) === OBJECT;
        return true;
      case 0x3a:
        this.#isName = false;
        return true;
      default:
        return byte <= 0x20;
    }
  }

  #text(quoted: Uint8Array): void {
    const bytes = quoted.includes(BACKSLASH) ? unescaped(quoted) : quoted;
    const { length } = bytes;
    if (length === 0) this.#put(0x20);
    else if (this.#isName) this.#name(bytes, isAscii(bytes));
    else this.#value(bytes, isAscii(bytes));
  }

  #name(bytes: Uint8Array, ascii: boolean): void {
    const { length } = bytes;
    if (ascii && length <= 64) this.#put(0x80 + length - 1);
    else if (!ascii && length <= 57) this.#put(0xc0 + length - 2);
    else {
      this.#put(0x34);
      this.#putAll(bytes);
      this.#put(0xfc);
      return;
    }
    this.#putAll(bytes);
  }

  #value(bytes: Uint8Array, ascii: boolean): void {
    const { length } = bytes;
    if (ascii && length <= 32) this.#put(0x40 + length - 1);
    else if (ascii && length <= 64) this.#put(0x60 + length - 33);
    else if (!ascii && length <= 33) this.#put(0x80 + length - 2);
    else if (!ascii && length <= 65) this.#put(0xa0 + length - 34);
    else {
      this.#put(ascii ? 0xe0 : 0xe4);
      this.#putAll(bytes);
      this.#put(0xfc);
      return;
    }
    this.#putAll(bytes);
  }

  #scalar(text: string): void {
    if (text === 'null') this.#put(0x21);
    else if (text === 'false') this.#put(0x22);
    else if (text === 'true') this.#put(0x23);
    else if (/^-?\d+$/.test(text)) this.#integer(BigInt(text));
    else this.#float64(Number(text));
  }

  #integer(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) {
      this.#bigInteger(value);
      return;
    }
    const zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    if (zigzag < 32n) this.#put(0xc0 + Number(zigzag));
    else {
      this.#put(BigInt.asIntN(32, value) === value ? 0x24 : 0x25);
      this.#vint(zigzag);
    }
  }

  #vint(value: bigint): void {
    const groups = [Number(value & 0x3fn) | 0x80];
    for (let rest = value >> 6n; rest > 0n; rest >>= 7n) groups.unshift(Number(rest & 0x7fn));
    this.#put(...groups);
  }

  #bigInteger(value: bigint): void {
    let length = 8;
    while (BigInt.asIntN(length * 8, value) !== value) length++;
    this.#put(0x26);
    this.#vint(BigInt(length));
    let bits = length * 8;
    const unsigned = BigInt.asUintN(bits, value);
    while (bits > 0) {
      const count = Math.min(7, bits);
      bits -= count;
      this.#put(Number((unsigned >> BigInt(bits)) & BigInt((1 << count) - 1)));
    }
  }

  #float64(value: number): void {
    const buffer = new DataView(new ArrayBuffer(8));
    buffer.setFloat64(0, value);
    const bits = buffer.getBigUint64(0);
    this.#put(0x29);
    for (let shift = 63n; shift >= 0n; shift -= 7n) this.#put(Number((bits >> shift) & 0x7fn));
  }

  #put(...bytes: readonly number[]): void {
    this.#reserve(bytes.length);
    for (const byte of bytes) this.#out[this.#length++] = byte;
  }

  #putAll(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#out.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#out.length) return;
    const larger = new Uint8Array(Math.max(this.#out.length * 2, this.#length + more));
    larger.set(this.#out.subarray(0, this.#length));
    this.#out = larger;
  }
}

/** -1: not in these bytes. */
function closingQuote(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === QUOTE) return at;
    if (bytes[at] === BACKSLASH) at++;
  }
  return -1;
}

function scalarEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && !',]}: \n\r\t'.includes(String.fromCharCode(bytes[at] ?? 0))) at++;
  return at;
}

function unescaped(quoted: Uint8Array): Uint8Array {
  return Buffer.from(JSON.parse(`"${Buffer.from(quoted).toString('utf8')}"`) as string, 'utf8');
}

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80) return false;
  return true;
}

/** A whole text at once. */
export function writeSmile(json: string): Uint8Array {
  const writer = new SmileWriter();
  const first = writer.push(Buffer.from(json, 'utf8'));
  return Buffer.concat([first, writer.end()]);
}
