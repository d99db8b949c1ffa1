/** Small states as bytes: a time and a value of any scalar type. */

export type StateValue = bigint | number | string | null;

const tags = { null: 0, long: 1, double: 2, text: 3 } as const;

/** Head (8 bytes, big-endian), tag, value. */
export function encodePair(head: bigint, value: StateValue): Uint8Array {
  if (value === null) return pairBytes(head, tags.null, 0);
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8');
    const bytes = pairBytes(head, tags.text, text.length);
    bytes.set(text, 9);
    return bytes;
  }
  const isLong = typeof value === 'bigint';
  const bytes = pairBytes(head, isLong ? tags.long : tags.double, 8);
  const view = new DataView(bytes.buffer);
  if (isLong) view.setBigInt64(9, value);
  else view.setFloat64(9, value);
  return bytes;
}

function pairBytes(head: bigint, tag: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(9 + length);
  new DataView(bytes.buffer).setBigInt64(0, head);
  bytes[8] = tag;
  return bytes;
}

export function pairHead(bytes: Uint8Array): bigint {
  return viewOf(bytes).getBigInt64(0);
}

export function pairValue(bytes: Uint8Array): StateValue {
  switch (bytes[8]) {
    case tags.long:
      return viewOf(bytes).getBigInt64(9);
    case tags.double:
      return viewOf(bytes).getFloat64(9);
    case tags.text:
      return Buffer.from(bytes.subarray(9)).toString('utf8');
    default:
      return null;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
