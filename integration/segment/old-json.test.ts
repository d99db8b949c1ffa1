import { expect } from 'chai';
import { ByteWriter, Cursor } from '../../segment/format/bytes.js';
import { readDescriptor } from '../../segment/format/descriptor.js';
import { readDictionary } from '../../segment/format/dictionary.js';
import { IndexedWriter } from '../../segment/format/indexed.js';
import type { JsonValue, SegmentSource } from '../../segment/write/source.js';
import { readBack, type Parts } from './rebuilt.js';

const documents: JsonValue[] = [
  { a: 1, b: { c: 't', d: 1.5 }, e: [{ f: 'deep' }] },
  null,
  { a: 2, b: { c: 'u' } },
  {},
  { a: null, b: { c: 't', d: 'mixed' } },
  { a: 9007199254740993n, e: [{ f: 'x' }, { f: 'y' }] },
];

function source(values: readonly JsonValue[]): SegmentSource {
  return {
    rowCount: values.length,
    interval: { startMs: 0, endMs: 1000 },
    time: BigInt64Array.from(values, (_, row) => BigInt(row)),
    dimensions: [{ kind: 'json', name: 'doc', values }],
    metrics: [],
    metadata: { aggregators: [], queryGranularity: null, rollup: false },
  };
}

/** Turns today's json column into what older releases wrote: another head, other names. */
function asForm(form: 3 | 4 | 5, files: Parts): void {
  const bytes = files.get('doc') as Buffer;
  const cursor = new Cursor(bytes, { file: '', column: 'doc' });
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
  files.set('doc', Buffer.from(out.written()));
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

describe('json columns of older releases', () => {
  for (const form of [3, 4, 5] as const) {
    it(`form ${form}: documents and fields`, () => {
      const today = readBack(source(documents), () => undefined, fields);
      const found = readBack(source(documents), (files) => asForm(form, files), fields);
      expect(found).to.deep.equal(today);
      expect(found.problems).to.deep.equal([]);
      expect(found.paths).to.include('$.e[0].f');
    });

    it(`form ${form}: plain values are a column of their type`, () => {
      const values = [5, null, 7, 2n ** 60n];
      const found = readBack(source(values), (files) => asForm(form, files), fields);
      expect(found.kind).to.equal('long');
      expect(found.rows.map((row) => row['doc'])).to.deep.equal([5n, null, 7n, 2n ** 60n]);
    });
  }
});

const fields = 'doc';
