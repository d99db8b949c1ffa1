/**
 * A time and a value: what the first and last aggregators store. In memory a pair is bytes as Druid hands them around:
 * the time (8 bytes, little-endian), then a byte 1 for null or 0 and a long, double or float; or a text with its length
 * in front (4 bytes; 0 = null, -1 = the empty text).
 */

export type TimedKind = 'long' | 'double' | 'float' | 'string';
export type TimedScalar = bigint | number | string | null;

const typeNames = {
  long: 'serializablePairLongLong',
  double: 'serializablePairLongDouble',
  float: 'serializablePairLongFloat',
  string: 'serializablePairLongString',
} as const;

const valueBytes = { long: 8, double: 8, float: 4 } as const;
const TIME_BYTES = 8;
const HEAD_BYTES = TIME_BYTES + 1;
const NULL = 1;

/** The type name of the columns that hold them. */
export function timedTypeName(kind: TimedKind): string {
  return typeNames[kind];
}

/** Undefined: a column of that type holds something else. */
export function timedKindOf(typeName: string): TimedKind | undefined {
  return (['long', 'double', 'float', 'string'] as const).find((kind) => typeNames[kind] === typeName);
}

/** `value`: a bigint for longs, a number for doubles and floats. */
export function encodeTimed(kind: TimedKind, time: bigint, value: TimedScalar): Uint8Array {
  const text = kind === 'string' && value !== null ? Buffer.from(String(value), 'utf8') : undefined;
  const size = kind === 'string' ? 4 + (text?.length ?? 0) : value === null ? 1 : 1 + valueBytes[kind];
  const bytes = new Uint8Array(TIME_BYTES + size);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, time, true);
  if (kind !== 'string' && value === null) bytes[TIME_BYTES] = NULL;
  switch (kind) {
    case 'long':
      if (value !== null) view.setBigInt64(HEAD_BYTES, BigInt(value), true);
      break;
    case 'double':
      if (value !== null) view.setFloat64(HEAD_BYTES, Number(value), true);
      break;
    case 'float':
      if (value !== null) view.setFloat32(HEAD_BYTES, Number(value), true);
      break;
    case 'string':
      view.setInt32(TIME_BYTES, text === undefined ? 0 : text.length === 0 ? -1 : text.length, true);
      if (text !== undefined) bytes.set(text, TIME_BYTES + 4);
  }
  return bytes;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bytes that are too short for a pair read as time 0. */
export function timedTime(bytes: Uint8Array): bigint {
  return bytes.length < TIME_BYTES ? 0n : viewOf(bytes).getBigInt64(0, true);
}

/** What follows the time, as far as it is there. */
export function timedValue(kind: TimedKind, bytes: Uint8Array): TimedScalar {
  const view = viewOf(bytes);
  if (kind !== 'string') {
    if (bytes.length < HEAD_BYTES + valueBytes[kind] || bytes[TIME_BYTES] === NULL) return null;
    if (kind === 'long') return view.getBigInt64(HEAD_BYTES, true);
    return kind === 'double' ? view.getFloat64(HEAD_BYTES, true) : view.getFloat32(HEAD_BYTES, true);
  }
  const size = bytes.length < TIME_BYTES + 4 ? 0 : view.getInt32(TIME_BYTES, true);
  if (size === 0) return null;
  return size < 0 ? '' : Buffer.from(bytes.subarray(TIME_BYTES + 4, TIME_BYTES + 4 + size)).toString('utf8');
}

/** The longest beginning of a text that takes at most `bytesMax` bytes of UTF-8. */
export function choppedText(text: string, bytesMax: number): string {
  // No unit of UTF-16 takes more than three bytes.
  if (text.length * 3 <= bytesMax) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(bytesMax));
  return text.slice(0, read);
}

const encoder = new TextEncoder();

/** Of two pairs the one to keep: the earliest, of equal ones the one before; the latest, of equal ones the one behind. */
export function mergeTimed(isFirst: boolean): (before: Uint8Array, after: Uint8Array) => Uint8Array {
  return (before, after) => {
    const [a, b] = [timedTime(before), timedTime(after)];
    return (isFirst ? b < a : b >= a) ? after : before;
  };
}
