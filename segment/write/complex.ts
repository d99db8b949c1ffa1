/** The files of complex columns: one list of values, or compressed blocks of them. */
import { ByteWriter } from '../format/bytes.js';
import { IndexedWriter } from '../format/indexed.js';
import { timedKindOf } from '../format/timed-values.js';
import { writeBlobs, type Emit } from './blobs.js';
import { writeBitmap, type BlockCodec, type WriteContext } from './columns.js';
import type { ComplexSource } from './source.js';
import { writeTimedValues } from './timed-column.js';

const compressedMark = 0x7f;

/** `out` is overwritten. */
export function writeComplexColumn(
  source: ComplexSource,
  context: WriteContext,
  emit: Emit,
  out: ByteWriter,
): void {
  const codec = context.options.complexCompression;
  out.clear();
  out.str32(
    JSON.stringify({
      valueType: 'COMPLEX',
      hasMultipleValues: false,
      parts: [{ type: 'complex', typeName: source.typeName }],
    }),
  );
  if (timedKindOf(source.typeName) !== undefined) {
    // These have compressed blocks of their own.
    writeTimedValues(out, source.values, context.lz4);
    emit(source.name, out.written());
    return;
  }
  if (codec !== undefined) {
    writeCompressed(source, codec, context, emit, out);
    return;
  }
  const list = new IndexedWriter(out, source.values.length, false);
  for (const value of source.values) list.entry(value);
  list.finish();
  emit(source.name, out.written());
}

function writeCompressed(
  source: ComplexSource,
  codec: BlockCodec,
  context: WriteContext,
  emit: Emit,
  out: ByteWriter,
): void {
  const { name, values } = source;
  const nulls: number[] = [];
  const data = new ByteWriter(65536);
  const ends = new BigInt64Array(values.length);
  values.forEach((value, row) => {
    if (value === null) nulls.push(row);
    else data.bytes(value);
    ends[row] = BigInt(data.length);
  });
  out.u8(compressedMark);
  out.u8(0);
  out.str32(
    JSON.stringify({
      byteOrder: 'LITTLE_ENDIAN',
      bitmapSerdeFactory: { type: context.options.bitmap ?? 'roaring' },
      fileNameBase: name,
      hasNulls: nulls.length > 0,
    }),
  );
  emit(name, out.written());
  writeBlobs(`${name}.__complexColumn`, { data: data.written(), ends }, codec, context, emit, out);
  if (nulls.length === 0) return;
  out.clear();
  out.i32(0);
  writeBitmap(out, Uint32Array.from(nulls), 0, nulls.length, context);
  out.buffer.writeInt32BE(out.length - 4, 0);
  emit(`${name}.__nullIndex`, out.written());
}
