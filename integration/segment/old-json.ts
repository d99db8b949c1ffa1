/** json columns as older releases wrote them, made of today's. */
import { ByteWriter, Cursor } from '../../segment/format/bytes.js';
import { readDescriptor } from '../../segment/format/descriptor.js';
import { readDictionary } from '../../segment/format/dictionary.js';
import { IndexedWriter } from '../../segment/format/indexed.js';
import type { Parts } from './rebuilt.js';

/** Turns today's json column into what older releases wrote: another head, other names. */
export function asOldJson(form: 3 | 4 | 5, files: Parts, column: string): void {
  const bytes = files.get(column) as Buffer;
  const cursor = new Cursor(bytes, { file: '', column });
  const { part } = readDescriptor(cursor);
  cursor.u8('version');
  const base = cursor.text(cursor.vbyte('base'), 'base');
  const names = readDictionary(cursor, () => Buffer.alloc(0), { mayBeEmpty: true });
  const paths = Array.from({ length: names.count }, (_, i) => names.value(i) ?? '');
  const own = paths.map((path) => (form === 3 ? jqOf(path) : path));
  const out = new ByteWriter(1024);
  out.str32(
    JSON.stringify({
      valueType: 'COMPLEX',
      hasMultipleValues: false,
      parts: [{ type: 'complex', typeName: 'json' }],
    }),
  );
  out.u8(form);
  out.str32(
    JSON.stringify({
      byteOrder: 'LITTLE_ENDIAN',
      bitmapSerdeFactory: { type: 'roaring' },
      fileNameBase: base,
      hasNulls: part.hasNulls === true,
    }),
  );
  const list = new IndexedWriter(out, own.length, true);
  for (const name of own) list.entry(Buffer.from(name, 'utf8'));
  list.finish();
  out.bytes(bytes.subarray(cursor.at));
  files.set(column, Buffer.from(out.written()));
  if (form < 5) files.delete(`${base}.__arrayDictionary`);
  if (form > 3) return;
  own.forEach((name, i) => {
    files.set(`${base}_${name}`, files.get(`${base}.__field_${i}`) as Buffer);
    files.delete(`${base}.__field_${i}`);
  });
}

/** Of paths without special characters. */
function jqOf(path: string): string {
  return path === '$' ? '.' : path.slice(1).replaceAll(/\.([^.[]+)/g, '."$1"');
}
