/**
 * SMILE, the binary JSON of nested columns. Decoded integers are bigint and floating-point numbers are number, so that
 * 1 and 1.0 stay apart; encoding takes the same.
 */
import type { JsonValue } from '../write/source.js';
import type { ByteWriter, Cursor } from './bytes.js';

const sharedNamesMax = 1024;
const sharedNameBytesMax = 64;
const depthMax = 1000;
const endOfText = 0xfc;

/** Decodes one document that fills the cursor. Throws CorruptSegment. */
export function decodeSmile(cursor: Cursor): JsonValue {
  const head = cursor.skip(4, 'document head');
  const { bytes } = cursor;
  if (bytes.subarray(head, head + 3).toString('latin1') !== ':)\n') {
    throw cursor.fail('a document does not start as SMILE', head);
  }
  const flags = bytes.readUInt8(head + 3);
  if ((flags & 0x02) !== 0) throw cursor.fail('shared strings in a document', head + 3);
  return new Decoder(cursor).value(0);
}

class Decoder {
  readonly #cursor: Cursor;
  #names: string[] = [];

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  value(depth: number): JsonValue {
    const cursor = this.#cursor;
    if (depth > depthMax) throw cursor.fail('a document is nested too deeply');
    const token = cursor.u8('document');
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
        return zigzag(this.#vint());
      case 0x26:
        return this.#bigInteger();
      case 0x28:
        return this.#float();
      case 0x29:
        return this.#double();
      case 0xe0:
      case 0xe4:
        return this.#longText();
      case 0xf8:
        return this.#array(depth);
      case 0xfa:
        return this.#object(depth);
      default:
    }
    if (token >= 0x40 && token < 0x80) return cursor.text(token - 0x40 + 1, 'document text');
    if (token >= 0x80 && token < 0xc0) return cursor.text(token - 0x80 + 2, 'document text');
    if (token >= 0xc0 && token < 0xe0) return zigzag(BigInt(token - 0xc0));
    throw cursor.fail(`unknown token[${token}] in a document`, cursor.at - 1);
  }

  #array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    while (!this.#ends(0xf9)) items.push(this.value(depth + 1));
    return items;
  }

  #object(depth: number): JsonValue {
    const members: [string, JsonValue][] = [];
    while (!this.#ends(0xfb)) {
      const name = this.#name();
      members.push([name, this.value(depth + 1)]);
    }
    return Object.fromEntries(members);
  }

  #ends(mark: number): boolean {
    const cursor = this.#cursor;
    if (cursor.left === 0) throw cursor.fail('a document is cut short');
    if (cursor.peek() !== mark) return false;
    cursor.at++;
    return true;
  }

  #name(): string {
    const cursor = this.#cursor;
    const token = cursor.u8('member name');
    if (token === 0x20) return '';
    if (token >= 0x30 && token <= 0x33) {
      return this.#shared(((token & 3) << 8) | cursor.u8('member name number'));
    }
    if (token === 0x34) return this.#longText();
    if (token >= 0x40 && token < 0x80) return this.#shared(token - 0x40);
    let length = -1;
    if (token >= 0x80 && token < 0xc0) length = token - 0x80 + 1;
    else if (token >= 0xc0 && token < 0xf8) length = token - 0xc0 + 2;
    if (length < 0) throw cursor.fail(`unknown name token[${token}] in a document`, cursor.at - 1);
    const name = cursor.text(length, 'member name');
    if (length <= sharedNameBytesMax) {
      if (this.#names.length === sharedNamesMax) this.#names = [];
      this.#names.push(name);
    }
    return name;
  }

  #shared(index: number): string {
    const name = this.#names[index];
    if (name === undefined) throw this.#cursor.fail(`no shared name[${index}] in a document`);
    return name;
  }

  #longText(): string {
    const cursor = this.#cursor;
    const found = cursor.bytes.subarray(cursor.at, cursor.end).indexOf(endOfText);
    const end = cursor.at + found;
    if (found < 0) throw cursor.fail('a text has no end in a document');
    const text = cursor.text(end - cursor.at, 'document text');
    cursor.at = end + 1;
    return text;
  }

  /** Most significant bits first, 7 a byte; the last byte has its top bit set and 6 bits. */
  #vint(): bigint {
    const cursor = this.#cursor;
    let value = 0n;
    for (let i = 0; i < 11; i++) {
      const byte = cursor.u8('document number');
      if (byte >= 0x80) return (value << 6n) | BigInt(byte & 0x3f);
      value = (value << 7n) | BigInt(byte);
    }
    throw cursor.fail('a number is too long in a document');
  }

  /** Length in bytes, then the two's complement bytes, 7 bits a byte. */
  #bigInteger(): JsonValue {
    const cursor = this.#cursor;
    const length = Number(this.#vint());
    if (length < 1 || length > 1024) throw cursor.fail(`a number of ${length} bytes in a document`);
    const bytes = this.#sevens(length);
    return BigInt.asIntN(length * 8, BigInt(`0x${bytes.toString('hex')}`));
  }

  #sevens(length: number): Buffer {
    const cursor = this.#cursor;
    const out = Buffer.alloc(length);
    let held = 0;
    let bits = 0;
    const total = Math.ceil((length * 8) / 7);
    let at = 0;
    for (let i = 0; i < total; i++) {
      const byte = cursor.u8('document bytes');
      const width = i === total - 1 ? length * 8 - 7 * (total - 1) : 7;
      held = (held << width) | (byte & ((1 << width) - 1));
      bits += width;
      if (bits >= 8) {
        bits -= 8;
        out[at++] = (held >>> bits) & 0xff;
        held &= (1 << bits) - 1;
      }
    }
    return out;
  }

  /** Right-aligned groups of 7 bits, most significant first. */
  #fixed(groups: number): bigint {
    let value = 0n;
    for (let i = 0; i < groups; i++)
      value = (value << 7n) | BigInt(this.#cursor.u8('document number') & 0x7f);
    return value;
  }

  #float(): number {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(Number(BigInt.asUintN(32, this.#fixed(5))));
    return bytes.readFloatBE();
  }

  #double(): number {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt.asUintN(64, this.#fixed(10)));
    return bytes.readDoubleBE();
  }
}

function zigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}

/** Encodes one document with its head; names are repeated, not shared. */
export function encodeSmile(out: ByteWriter, value: JsonValue): void {
  out.bytes(Buffer.from([0x3a, 0x29, 0x0a, 0x00]));
  put(out, value);
}

function put(out: ByteWriter, value: JsonValue): void {
  if (value === null) out.u8(0x21);
  else if (typeof value === 'boolean') out.u8(value ? 0x23 : 0x22);
  else if (typeof value === 'bigint') putInteger(out, value);
  else if (typeof value === 'number') putDouble(out, value);
  else if (typeof value === 'string') putText(out, value);
  else if (Array.isArray(value)) {
    out.u8(0xf8);
    for (const item of value as readonly JsonValue[]) put(out, item);
    out.u8(0xf9);
  } else {
    out.u8(0xfa);
    for (const [name, member] of Object.entries(value)) {
      putName(out, name);
      put(out, member);
    }
    out.u8(0xfb);
  }
}

function putInteger(out: ByteWriter, value: bigint): void {
  const folded = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  if (folded < 32n) {
    out.u8(0xc0 + Number(folded));
    return;
  }
  const is32 = value >= -0x80000000n && value <= 0x7fffffffn;
  out.u8(is32 ? 0x24 : 0x25);
  const bytes = [0x80 | Number(folded & 0x3fn)];
  for (let rest = folded >> 6n; rest > 0n; rest >>= 7n) bytes.unshift(Number(rest & 0x7fn));
  out.bytes(Uint8Array.from(bytes));
}

function putDouble(out: ByteWriter, value: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  let bits = bytes.readBigUInt64BE();
  const groups = Buffer.alloc(11);
  for (let i = 10; i > 0; i--) {
    groups[i] = Number(bits & 0x7fn);
    bits >>= 7n;
  }
  groups[0] = 0x29;
  out.bytes(groups);
}

function putText(out: ByteWriter, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  const isAscii = bytes.length === text.length;
  if (bytes.length === 0) out.u8(0x20);
  else if (isAscii && bytes.length <= 64) out.u8(0x40 + bytes.length - 1);
  else if (!isAscii && bytes.length <= 65) out.u8(0x80 + bytes.length - 2);
  else {
    out.u8(isAscii ? 0xe0 : 0xe4);
    out.bytes(bytes);
    out.u8(endOfText);
    return;
  }
  out.bytes(bytes);
}

function putName(out: ByteWriter, name: string): void {
  const bytes = Buffer.from(name, 'utf8');
  const isAscii = bytes.length === name.length;
  if (bytes.length === 0) out.u8(0x20);
  else if (isAscii && bytes.length <= 64) out.u8(0x80 + bytes.length - 1);
  else if (!isAscii && bytes.length <= 57) out.u8(0xc0 + bytes.length - 2);
  else {
    out.u8(0x34);
    out.bytes(bytes);
    out.u8(endOfText);
    return;
  }
  out.bytes(bytes);
}
