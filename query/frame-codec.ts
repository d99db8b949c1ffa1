/**
 * Frames to and from the wire (`grove.query.v1.Frame`). Decoding trusts nothing: every length, offset and dictionary
 * index is checked before an array is made or used, and what does not fit is InvalidInput naming the column.
 */
import { CodedError } from '../proto/errors.js';
import { grove } from '../proto/gen/messages.js';
import type { Dictionary, Frame, FrameColumn } from './frame.js';

const Type = grove.query.v1.ColumnType;
type WireFrame = grove.query.v1.Frame.$Properties;
type WireColumn = grove.query.v1.FrameColumn.$Properties;

/** LZ4 blocks of any size, as the process has them. */
export interface BlockCompressor {
  /** One LZ4 block, or undefined when this encoder can't (too large, no encoder). */
  compress(input: Uint8Array): Uint8Array | undefined;
  /** Throws when the block is corrupt or does not unpack to exactly `size` bytes. */
  decompress(input: Uint8Array, size: number): Uint8Array;
}

/** Smaller frames are not worth packing. */
const packBytesMin = 64 * 1024;
/** A frame that claims more than this is refused. */
const frameBytesMax = 1 << 30;

export function encodeFrame(frame: Frame, compressor?: BlockCompressor): WireFrame {
  const plain: WireFrame = { rows: frame.rows, columns: frame.columns.map(encodeColumn) };
  if (compressor === undefined || frameBytes(frame) < packBytesMin) return plain;
  const bytes = grove.query.v1.Frame.encode(plain).finish();
  const packed = compressor.compress(bytes);
  if (packed === undefined || packed.length > bytes.length * 0.9) return plain;
  return { rows: frame.rows, codec: grove.query.v1.Frame.Codec.LZ4, packed, packedBytes: bytes.length };
}

/** Bytes of the typed arrays. */
export function frameBytes(frame: Frame): number {
  let bytes = 0;
  for (const column of frame.columns) {
    bytes += column.values.byteLength + (column.nulls?.byteLength ?? 0);
    if ('dictionary' in column)
      bytes += column.dictionary.bytes.byteLength + column.dictionary.ends.byteLength;
    if (column.type === 'STRING_ARRAY') bytes += column.offsets.byteLength;
  }
  return bytes;
}

function bytesOf(array: {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
}): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function encodeColumn(column: FrameColumn): WireColumn {
  const wire: WireColumn = { name: column.name, type: Type[column.type], values: bytesOf(column.values) };
  if (column.nulls !== undefined) wire.nulls = column.nulls;
  if (column.type === 'STRING_ARRAY') wire.offsets = bytesOf(column.offsets);
  if (column.type === 'COMPLEX') wire.complexType = column.complexType;
  if ('dictionary' in column) {
    wire.dictionary = column.dictionary.bytes;
    wire.dictionaryEnds = bytesOf(column.dictionary.ends);
  }
  return wire;
}

/** Throws InvalidInput when the frame is not what it says. */
export function decodeFrame(wire: WireFrame, compressor?: BlockCompressor): Frame {
  if ((wire.codec ?? 0) === grove.query.v1.Frame.Codec.NONE) return decodePlain(wire);
  if (wire.codec !== grove.query.v1.Frame.Codec.LZ4) throw malformed(`codec[${wire.codec}] is unknown`);
  const size = wire.packedBytes ?? 0;
  if (size > frameBytesMax) throw malformed(`packed_bytes[${size}] exceeds ${frameBytesMax}`);
  if (compressor === undefined) throw malformed('it is packed, and there is no decoder');
  const bytes = unpack(compressor, wire.packed ?? new Uint8Array(0), size);
  let inner: WireFrame;
  try {
    inner = grove.query.v1.Frame.decode(bytes);
  } catch (thrown) {
    throw malformed(`its packed bytes are no frame: ${thrown instanceof Error ? thrown.message : ''}`);
  }
  if ((inner.codec ?? 0) !== grove.query.v1.Frame.Codec.NONE)
    throw malformed('a packed frame holds a packed frame');
  if ((inner.rows ?? 0) !== (wire.rows ?? 0)) throw malformed('inner and outer rows differ');
  return decodePlain(inner);
}

function unpack(compressor: BlockCompressor, packed: Uint8Array, size: number): Uint8Array {
  try {
    const bytes = compressor.decompress(packed, size);
    if (bytes.length === size) return bytes;
  } catch {
    // Answered below, whatever the decoder's words.
  }
  throw malformed('its LZ4 block is corrupt');
}

function malformed(what: string): CodedError {
  return new CodedError('InvalidInput', `a frame is malformed: ${what}`);
}

function decodePlain(wire: WireFrame): Frame {
  const rows = wire.rows ?? 0;
  const names = new Set<string>();
  const columns = (wire.columns ?? []).map((column) => {
    const name = column.name ?? '';
    if (names.has(name)) throw malformed(`column[${name}] is there twice`);
    names.add(name);
    return decodeColumn(column, name, rows);
  });
  return { rows, columns };
}

function decodeColumn(wire: WireColumn, name: string, rows: number): FrameColumn {
  const bytes = wire.values ?? new Uint8Array(0);
  const packed = wire.nulls ?? new Uint8Array(0);
  if (packed.length !== 0) expect(packed.length === Math.ceil(rows / 8), name, 'nulls');
  const nulls = packed.length === 0 ? {} : { nulls: packed };
  const isNull = (row: number): boolean => ((packed[row >> 3] ?? 0) >> (row & 7)) % 2 === 1;
  switch (wire.type) {
    case Type.LONG:
      expect(bytes.length === rows * 8, name, 'values');
      return { name, type: 'LONG', values: new BigInt64Array(aligned(bytes)), ...nulls };
    case Type.DOUBLE:
      expect(bytes.length === rows * 8, name, 'values');
      return { name, type: 'DOUBLE', values: new Float64Array(aligned(bytes)), ...nulls };
    case Type.FLOAT:
      expect(bytes.length === rows * 4, name, 'values');
      return { name, type: 'FLOAT', values: new Float32Array(aligned(bytes)), ...nulls };
    case Type.STRING:
    case Type.COMPLEX: {
      expect(bytes.length === rows * 4, name, 'values');
      const values = new Uint32Array(aligned(bytes));
      const dictionary = decodeDictionary(wire, name);
      const entries = dictionary.ends.length;
      for (let row = 0; row < rows; row++) {
        expect((values[row] ?? 0) < entries || isNull(row), name, 'values');
      }
      if (wire.type === Type.STRING) return { name, type: 'STRING', values, dictionary, ...nulls };
      return { name, type: 'COMPLEX', complexType: wire.complexType ?? '', values, dictionary, ...nulls };
    }
    case Type.STRING_ARRAY:
      return decodeArrays(wire, name, rows, nulls);
    default:
      throw malformed(`column[${name}] has the unknown type[${wire.type ?? 0}]`);
  }
}

const nullElement = 0xffffffff;

function decodeArrays(
  wire: WireColumn,
  name: string,
  rows: number,
  nulls: { nulls?: Uint8Array },
): FrameColumn {
  const offsetBytes = wire.offsets ?? new Uint8Array(0);
  const valueBytes = wire.values ?? new Uint8Array(0);
  expect(offsetBytes.length === (rows + 1) * 4, name, 'offsets');
  expect(valueBytes.length % 4 === 0, name, 'values');
  const offsets = new Uint32Array(aligned(offsetBytes));
  const values = new Uint32Array(aligned(valueBytes));
  expect(
    isEnds(offsets, values.length) && offsets[0] === 0 && offsets[rows] === values.length,
    name,
    'offsets',
  );
  const dictionary = decodeDictionary(wire, name);
  for (const value of values) expect(value < dictionary.ends.length || value === nullElement, name, 'values');
  return { name, type: 'STRING_ARRAY', offsets, values, dictionary, ...nulls };
}

function decodeDictionary(wire: WireColumn, name: string): Dictionary {
  const bytes = wire.dictionary ?? new Uint8Array(0);
  const endBytes = wire.dictionaryEnds ?? new Uint8Array(0);
  expect(endBytes.length % 4 === 0, name, 'dictionary_ends');
  const ends = new Uint32Array(aligned(endBytes));
  expect(isEnds(ends, bytes.length), name, 'dictionary_ends');
  return { bytes, ends };
}

/** Ascending and at most `size`. */
function isEnds(ends: Uint32Array, size: number): boolean {
  let before = 0;
  for (const end of ends) {
    if (end < before || end > size) return false;
    before = end;
  }
  return true;
}

function expect(isTrue: boolean, column: string, part: string): void {
  if (!isTrue) throw malformed(`column[${column}] has bad ${part}`);
}

/** A copy of its own: bytes cut out of a message rarely start at a multiple of 8. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}
