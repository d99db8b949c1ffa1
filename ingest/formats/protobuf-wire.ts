/** The wire form of protocol buffers: numbered fields, each with the kind of its bytes. */
import { invalidInput } from '../../proto/errors.js';

export function damagedProtobuf(what: string): Error {
  return invalidInput(`no protobuf message that can be read: ${what}`, 'protobuf');
}

/** Varint, 8 bytes, length-delimited, group (begin, end), 4 bytes. */
export type WireType = 0 | 1 | 2 | 3 | 4 | 5;

export interface WireField {
  readonly number: number;
  readonly type: WireType;
}

/** Bytes read from front to back; reading behind the end is an error. */
export class WireInput {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Undefined at the end. */
  field(): WireField | undefined {
    if (this.#at >= this.#bytes.length) return undefined;
    const tag = Number(this.varint());
    const type = tag % 8;
    if (tag < 8 || tag > 0xffff_ffff || type > 5) throw damagedProtobuf('a field has no valid number');
    return { number: Math.floor(tag / 8), type: type as WireType };
  }

  /** Unsigned, 64 bits. */
  varint(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#take(1)[0]!;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#take(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw damagedProtobuf('a number does not end');
  }

  fixed32(): number {
    return this.#view.getUint32(this.#step(4), true);
  }

  fixed64(): bigint {
    return this.#view.getBigUint64(this.#step(8), true);
  }

  float(): number {
    return this.#view.getFloat32(this.#step(4), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#step(8), true);
  }

  bytes(): Uint8Array {
    return this.#take(Number(this.varint()));
  }

  text(): string {
    return Buffer.from(this.bytes()).toString('utf8');
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Steps over a field that means nothing here. */
  skip({ number, type }: WireField, depth = 0): void {
    if (depth > DEPTH_MAX) throw damagedProtobuf('it is nested too deep');
    switch (type) {
      case 0:
        this.varint();
        return;
      case 1:
        this.#step(8);
        return;
      case 2:
        this.bytes();
        return;
      case 5:
        this.#step(4);
        return;
      case 3:
        for (let inner = this.field(); ; inner = this.field()) {
          if (inner === undefined) throw damagedProtobuf('a group does not end');
          if (inner.type === 4 && inner.number === number) return;
          this.skip(inner, depth + 1);
        }
      case 4:
        throw damagedProtobuf('a group ends that did not begin');
    }
  }

  /** The content of a group up to its end. */
  group(field: WireField): Uint8Array {
    const start = this.#at;
    this.skip(field);
    let tagBytes = 1;
    for (let tag = field.number * 8 + 4; tag > 0x7f; tag = Math.floor(tag / 128)) tagBytes++;
    return this.#bytes.subarray(start, this.#at - tagBytes);
  }

  #step(count: number): number {
    const start = this.#at;
    this.#take(count);
    return start;
  }

  #take(count: number): Uint8Array {
    const end = this.#at + count;
    if (!(count >= 0) || end > this.#bytes.length) throw damagedProtobuf('it is cut short');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

export const DEPTH_MAX = 100;
