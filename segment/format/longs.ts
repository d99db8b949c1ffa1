/** Packed longs (`longEncoding: auto`): choosing an encoding and packing, as Druid does. */
import { packedPerBlock, packedWidths } from './codec.js';

export interface EncodedLongs {
  /** Encoding byte and its header. */
  readonly header: Buffer;
  readonly perBlock: number;
  /** The packed numbers [from, to) with their four zero bytes; valid until the next call. */
  pack(from: number, to: number): Buffer;
}

const tableSizeMax = 256;
const deltaId = 0;
const tableId = 1;

/** Undefined: plain longs are the better form. */
export function encodeLongs(values: BigInt64Array): EncodedLongs | undefined {
  return encodeTable(values) ?? encodeDelta(values);
}

/** Smallest allowed width whose range holds `size` different numbers. */
function widthFor(size: bigint): number {
  return packedWidths.find((bits) => bits === 64 || size <= 1n << BigInt(bits)) ?? 64;
}

function encodeTable(values: BigInt64Array): EncodedLongs | undefined {
  const places = new Map<bigint, number>();
  for (const value of values) {
    if (places.has(value)) continue;
    if (places.size === tableSizeMax) return undefined;
    places.set(value, places.size);
  }
  const header = Buffer.alloc(6 + 8 * places.size);
  header[0] = tableId;
  header[1] = 1;
  header.writeInt32BE(places.size, 2);
  for (const [value, place] of places) header.writeBigInt64BE(value, 6 + 8 * place);
  const bits = widthFor(BigInt(places.size));
  return packed(header, bits, (row) => BigInt(places.get(values[row] as bigint) as number));
}

function encodeDelta(values: BigInt64Array): EncodedLongs | undefined {
  let low = values[0] ?? 0n;
  let high = low;
  for (const value of values) {
    if (value < low) low = value;
    else if (value > high) high = value;
  }
  const span = high - low;
  if (span > 0x7ffffffffffffffen) return undefined;
  const bits = widthFor(span + 1n);
  const header = Buffer.alloc(14);
  header[0] = deltaId;
  header[1] = 1;
  header.writeBigInt64BE(low, 2);
  header.writeInt32BE(bits, 10);
  return packed(header, bits, (row) => (values[row] as bigint) - low);
}

function packed(header: Buffer, bits: number, number: (row: number) => bigint): EncodedLongs {
  const perBlock = packedPerBlock(bits);
  let target = Buffer.alloc(0);
  return {
    header,
    perBlock,
    pack(from, to) {
      const size = Math.ceil((bits * (to - from)) / 8) + 4;
      if (target.length < size) target = Buffer.alloc(size);
      target.fill(0, 0, size);
      if (bits >= 8 && bits % 8 === 0) {
        const bytes = bits / 8;
        for (let row = from, at = 0; row < to; row++) {
          const value = number(row);
          if (bytes > 6) {
            target.writeUInt32BE(Number((value >> BigInt(bits - 32)) & 0xffffffffn), at);
            target.writeUIntBE(Number(value & ((1n << BigInt(bits - 32)) - 1n)), at + 4, bytes - 4);
          } else target.writeUIntBE(Number(value), at, bytes);
          at += bytes;
        }
      } else {
        for (let row = from; row < to; row++) putBits(target, (row - from) * bits, bits, Number(number(row)));
      }
      return target.subarray(0, size);
    },
  };
}

/** Widths 1, 2, 4, 12 and 20: at most 24 bits from a byte border. */
function putBits(target: Buffer, bit: number, bits: number, value: number): void {
  const at = Math.floor(bit / 8);
  const room = 24 - (bit & 7) - bits;
  const shifted = value << room;
  target[at] = (target[at] as number) | ((shifted >>> 16) & 0xff);
  if (bits + (bit & 7) > 8) target[at + 1] = (target[at + 1] as number) | ((shifted >>> 8) & 0xff);
  if (bits + (bit & 7) > 16) target[at + 2] = (target[at + 2] as number) | (shifted & 0xff);
}
