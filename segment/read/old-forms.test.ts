import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { verifySegment } from '../dump.js';
import { ByteWriter } from '../format/bytes.js';
import { IndexedWriter, writeNames } from '../format/indexed.js';
import { chunkName, parseSmoosh } from '../format/smoosh.js';
import { createArena } from '../kernels/arena.js';
import { compileKernels, instantiateKernels } from '../kernels/load.js';
import type { JsonValue, SegmentSource } from '../write/source.js';
import { writeSegment } from '../write/writer.js';
import { createResidency } from './residency.js';
import { readRows, type PlainRow } from './rows.js';
import { registerSegment, SegmentReader, unregisterSegment } from './segment.js';

const arena = createArena({ maximumBytes: 32 << 20 });
const kernels = instantiateKernels(compileKernels(), arena);
const residency = createResidency({ arena, coldBytesMax: 8 << 20, hotBytesMax: 0 });
const reader = new SegmentReader({ kernels, residency });
const rows = 5;

/** Writes a small segment, replaces internal files, reads every row. */
function withFiles(
  replace: Readonly<Record<string, Buffer>>,
  dimensions: SegmentSource['dimensions'] = [],
  change: (files: Map<string, Buffer>) => void = () => undefined,
): PlainRow[] {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'old-'));
  const segment = path.join(dir, 's');
  try {
    writeSegment(segment, {
      rowCount: rows,
      interval: { startMs: 0, endMs: 1000 },
      time: BigInt64Array.from({ length: rows }, (_, r) => BigInt(r)),
      dimensions: [...dimensions, ...placeholders(replace, dimensions)],
      metrics: [],
      metadata: { aggregators: [], queryGranularity: null, rollup: false },
    });
    const chunk = path.join(segment, chunkName(0));
    const bytes = fs.readFileSync(chunk);
    const meta = path.join(segment, 'meta.smoosh');
    const entries = parseSmoosh(fs.readFileSync(meta, 'utf8'), meta, () => bytes.length);
    const files = new Map<string, Buffer>(entries.map((e) => [e.name, bytes.subarray(e.start, e.end)]));
    for (const [name, content] of Object.entries(replace)) files.set(name, content);
    change(files);
    let at = 0;
    const lines = [...files].map(([name, content]) => `${name},0,${at},${(at += content.length)}\n`);
    fs.writeFileSync(chunk, Buffer.concat([...files.values()]));
    fs.writeFileSync(meta, `v1,2147483647,1\n${lines.join('')}`);
    const handle = registerSegment(residency, { id: 'old', dir: segment });
    const view = reader.openView(handle);
    try {
      const problems = verifySegment(view, arena);
      if (problems.length > 0) throw new Error(problems.join('\n'));
      return [...readRows(view, arena)];
    } finally {
      view.close();
      unregisterSegment(residency, handle);
    }
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

function placeholders(replace: Readonly<Record<string, Buffer>>, given: SegmentSource['dimensions']) {
  const names = Object.keys(replace).filter(
    (name) => !name.includes('.') && !given.some((d) => d.name === name) && name !== '__time',
  );
  return names.map((name) => ({
    kind: 'string' as const,
    name,
    dictionary: ['x'],
    ids: new Uint32Array(rows),
  }));
}

function column(
  part: object,
  valueType: string,
  body: (out: ByteWriter) => void,
  hasMultipleValues = false,
): Buffer {
  const out = new ByteWriter(1024);
  out.str32(JSON.stringify({ valueType, hasMultipleValues, parts: [part] }));
  body(out);
  return Buffer.from(out.written());
}

function blocks(out: ByteWriter, ...content: readonly Uint8Array[]): void {
  const list = new IndexedWriter(out, content.length, false);
  for (const block of content) list.entry(block);
  list.finish();
}

/** A raw LZF chunk. */
function lzf(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x5a, 0x56, 0, bytes.length >>> 8, bytes.length & 255]), bytes]);
}

function values(name: string, found: readonly PlainRow[]): unknown[] {
  return found.map((row) => row[name]);
}

const longs = [1n, -2n, 2n ** 62n, 0n, 5n];
const doubles = [1.5, -0, NaN, 4, 5];

function swapped(view: ArrayBufferView, width: 4 | 8): Buffer {
  const bytes = Buffer.from(view.buffer.slice(0) as ArrayBuffer);
  return width === 8 ? bytes.swap64() : bytes.swap32();
}

describe('old and rare forms', () => {
  it('numbers without nulls, head version 1, LZF', () => {
    const n = column({ type: 'long', byteOrder: 'LITTLE_ENDIAN' }, 'LONG', (out) => {
      out.u8(1);
      out.i32(rows);
      out.i32(8192);
      blocks(out, lzf(Buffer.from(BigInt64Array.from(longs).buffer)));
    });
    expect(values('n', withFiles({ n }))).to.deep.equal(longs);
  });

  it('big-endian numbers, with and without blocks', () => {
    const plain = (type: string, kind: string, bytes: Buffer, codec: number) =>
      column({ type, byteOrder: 'BIG_ENDIAN' }, kind, (out) => {
        out.u8(2);
        out.i32(rows);
        out.i32(codec === 0xfe ? 0 : 8192);
        out.u8(codec);
        if (codec === 0xfe) out.bytes(bytes);
        else blocks(out, bytes);
      });
    const found = withFiles({
      n: plain('long', 'LONG', swapped(BigInt64Array.from(longs), 8), 0xff),
      d: plain('double', 'DOUBLE', swapped(Float64Array.from(doubles), 8), 0xfe),
      f: plain('float', 'FLOAT', swapped(Float32Array.from([1, 2, 3, 4, 5]), 4), 0xff),
    });
    expect(values('n', found)).to.deep.equal(longs);
    expect(values('d', found)).to.deep.equal(doubles);
    expect(values('f', found)).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('numbers in more and smaller blocks than usual', () => {
    const n = column({ type: 'long', byteOrder: 'LITTLE_ENDIAN' }, 'LONG', (out) => {
      const bytes = Buffer.from(BigInt64Array.from(longs).buffer);
      out.u8(2);
      out.i32(rows);
      out.i32(2);
      out.u8(0xff);
      blocks(out, bytes.subarray(0, 16), bytes.subarray(16, 32), bytes.subarray(32));
    });
    expect(values('n', withFiles({ n }))).to.deep.equal(longs);
  });

  it('a string column with an announced plain dictionary, big-endian ids, no serde', () => {
    const s = column({ type: 'stringDictionary', byteOrder: 'BIG_ENDIAN' }, 'STRING', (out) => {
      out.u8(2);
      out.i32(4);
      out.u8(0x7f);
      out.u8(0);
      const list = new IndexedWriter(out, 2, true);
      list.entry(Buffer.from('a'));
      list.entry(Buffer.from('b'));
      list.finish();
      out.bytes(Buffer.from([2, 2]));
      out.i32(rows);
      out.i32(32768);
      out.u8(0xff);
      blocks(out, Buffer.from([0, 1, 0, 0, 0, 1, 0, 1, 0, 0]));
    });
    expect(values('s', withFiles({ s }))).to.deep.equal(['b', 'a', 'b', 'b', 'a']);
  });

  it('a multi-value column of flag 1 with offsets in id form, and rows without values', () => {
    const s = column(
      { type: 'stringDictionary', byteOrder: 'LITTLE_ENDIAN', bitmapSerdeFactory: { type: 'roaring' } },
      'STRING',
      (out) => {
        out.u8(2);
        out.i32(5);
        const list = new IndexedWriter(out, 3, true);
        list.entry(null);
        list.entry(Buffer.from('a'));
        list.entry(Buffer.from('b'));
        list.finish();
        const ids = (content: readonly number[]) => {
          out.bytes(Buffer.from([2, 1]));
          out.i32(content.length);
          out.i32(65536);
          out.u8(0xff);
          blocks(out, Buffer.from(content));
        };
        out.u8(2);
        ids([0, 2, 2, 3, 3, 5]);
        ids([1, 2, 2, 0, 1]);
      },
      true,
    );
    expect(values('s', withFiles({ s }))).to.deep.equal([['a', 'b'], null, 'b', null, [null, 'a']]);
  });

  it('an index that ends after the interval', () => {
    const out = new ByteWriter(256);
    writeNames(out, ['s']);
    writeNames(out, ['s']);
    out.i64(0n);
    out.i64(1000n);
    const s: SegmentSource['dimensions'] = [
      { kind: 'string', name: 's', dictionary: ['q'], ids: new Uint32Array(rows) },
    ];
    expect(values('s', withFiles({ 'index.drd': Buffer.from(out.written()) }, s))).to.deep.equal([
      'q',
      'q',
      'q',
      'q',
      'q',
    ]);
  });

  it('no metadata, or one that is not JSON', () => {
    expect(withFiles({}, [], (files) => files.delete('metadata.drd')).length).to.equal(rows);
    expect(withFiles({ 'metadata.drd': Buffer.from('{') }).length).to.equal(rows);
  });

  it('json without raw documents', () => {
    const documents: JsonValue[] = [
      { a: 1, b: { 'x.y': ['p', null] } },
      null,
      { list: [{ n: 1 }, { n: 2.5 }] },
      {},
      'text',
    ];
    const v: SegmentSource['dimensions'] = [{ kind: 'json', name: 'v', values: documents }];
    const found = withFiles({}, v, (files) => {
      for (const name of ['v.__raw', 'v.__raw_offsets', 'v.__raw_compressed']) files.delete(name);
      const file = files.get('v') as Buffer;
      const length = file.readInt32BE(0);
      const text = file
        .toString('utf8', 4, 4 + length)
        .replace(
          '"pathParserVersion"',
          '"columnFormatSpec":{"objectStorageEncoding":"none"},"pathParserVersion"',
        );
      const out = new ByteWriter(1024);
      out.str32(text);
      out.bytes(file.subarray(4 + length));
      files.set('v', Buffer.from(out.written()));
    });
    expect(values('v', found)).to.deep.equal([
      { a: 1n, b: { 'x.y': ['p', null] } },
      null,
      { list: [{ n: 1n }, { n: 2.5 }] },
      {},
      'text',
    ]);
  });

  it('refuses by name what it does not read', () => {
    const part = { type: 'nestedCommonFormat', bitmapSerdeFactory: { type: 'roaring' } };
    const nested = (out: ByteWriter) => {
      out.u8(0);
      out.vbyte(1);
      out.bytes(Buffer.from('x'));
    };
    const little = { ...part, byteOrder: 'LITTLE_ENDIAN', logicalType: 'COMPLEX<map>' };
    const refused: readonly [Buffer, RegExp][] = [
      [column(little, 'COMPLEX', nested), /column\[x\] has the logical type\[COMPLEX<map>\]/],
      [
        column({ type: 'spatial' }, 'STRING', (out) => out.u8(0)),
        /column\[x\] has a part of type\[spatial\]/,
      ],
    ];
    for (const [x, message] of refused) expect(() => withFiles({ x })).to.throw(message);
  });
});
