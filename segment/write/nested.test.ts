import { expect } from 'chai';
import fc from 'fast-check';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { verifySegment } from '../dump.js';
import { createArena } from '../kernels/arena.js';
import { compileKernels, instantiateKernels } from '../kernels/load.js';
import { NestedColumn } from '../read/nested.js';
import { createResidency } from '../read/residency.js';
import { readRows } from '../read/rows.js';
import { registerSegment, SegmentReader, unregisterSegment, type StoredSegment } from '../read/segment.js';
import type { ColumnView } from '../read/view.js';
import type { JsonValue, WriteOptions } from './source.js';
import { writeSegment } from './writer.js';

const arena = createArena({ maximumBytes: 64 << 20 });
const kernels = instantiateKernels(compileKernels(), arena);
const residency = createResidency({ arena, coldBytesMax: 16 << 20, hotBytesMax: 8 << 20 });
const reader = new SegmentReader({ kernels, residency });

/** Writes one column `v`, checks the segment deeply and hands the view over. */
function written(
  kind: 'json' | 'auto',
  values: readonly JsonValue[],
  check: (view: StoredSegment) => void,
  options: WriteOptions & { readonly exactNumbers?: boolean } = {},
): void {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'nested-'));
  try {
    const source = {
      rowCount: values.length,
      interval: { startMs: 0, endMs: values.length },
      time: BigInt64Array.from(values, (_, r) => BigInt(r)),
      dimensions: [{ kind, name: 'v', values, exactNumbers: options.exactNumbers === true }],
      metrics: [],
      metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
    };
    writeSegment(path.join(dir, 's'), source, options);
    const handle = registerSegment(residency, { id: 'n', dir: path.join(dir, 's') });
    const view = reader.openView(handle);
    try {
      expect(verifySegment(view, arena)).to.deep.equal([]);
      check(view);
    } finally {
      view.close();
      unregisterSegment(residency, handle);
    }
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

function valuesOf(view: StoredSegment, column?: ColumnView): unknown[] {
  const seen = column === undefined ? view : { ...viewOf(view), column: () => column };
  return [...readRows(seen, arena, { columns: ['v'] })].map((row) => row['v']);
}

function viewOf(view: StoredSegment) {
  const { id, interval, rowCount, timeSorted, dimensions, metrics } = view;
  return {
    id,
    interval,
    rowCount,
    timeSorted,
    dimensions,
    metrics,
    timeRange: () => view.timeRange(),
    lowerBound: (ms: number) => view.lowerBound(ms),
    close: () => undefined,
  };
}

describe('auto columns', () => {
  const cases: readonly (readonly [
    what: string,
    type: string,
    values: readonly JsonValue[],
    read?: readonly JsonValue[],
  ])[] = [
    ['text', 'string', ['b', null, 'a', 'b', '']],
    ['text without null', 'string', ['b', 'a', 'b']],
    ['nothing', 'string', [null, null]],
    ['longs', 'long', [3, null, -5, 2 ** 40], [3n, null, -5n, 2n ** 40n]],
    ['long longs', 'long', [9223372036854775807n, -9223372036854775808n]],
    ['booleans', 'long', [true, false, null], [1n, 0n, null]],
    ['doubles', 'double', [1.5, null, -0, 1e300, 0.5]],
    ['longs and doubles', 'double', [1, 2.5, null], [1n, 2.5, null]],
    ['text and numbers', 'string', ['x', 1, 1.5, null, '1'], ['x', 1n, 1.5, null, '1']],
    [
      'arrays of longs',
      'ARRAY<LONG>',
      [[1, 2], null, [], [2, null], [1, 2]],
      [[1n, 2n], null, [], [2n, null], [1n, 2n]],
    ],
    ['arrays of text', 'ARRAY<STRING>', [['b'], ['a', 'b'], ['a']]],
    ['arrays of mixed values', 'ARRAY<STRING>', [['x', 1, true]], [['x', '1', 'true']]],
    ['arrays with doubles', 'ARRAY<DOUBLE>', [[1, 2.5], [3.5]]],
    ['bare arrays beside text', 'ARRAY<STRING>', [[], 'x']],
    ['scalars and arrays', 'ARRAY<STRING>', [1, ['x'], 2.5, null], [1n, ['x'], 2.5, null]],
    ['objects', 'json', [{ a: 1 }, 5, null, 'x', [1]], [{ a: 1n }, 5n, null, 'x', [1n]]],
  ];
  for (const [what, type, values, read] of cases) {
    it(`hold ${what}`, () => {
      for (const options of [
        {},
        { bitmap: 'concise', frontCodedBucketSize: 4, longEncoding: 'auto' } as const,
      ]) {
        written(
          'auto',
          values,
          (view) => {
            const column = view.column('v');
            expect(column?.kind === 'complex' ? column.typeName : column?.kind).to.equal(type);
            expect(valuesOf(view)).to.deep.equal(read ?? values);
          },
          options,
        );
      }
    });
  }

  it('tell texts of numbers and numbers apart, yet find both as text', () => {
    written('auto', ['1', 1, 2.5, '2.5', null], (view) => {
      const column = view.column('v');
      if (column?.kind !== 'string') throw new Error('kind');
      expect(column.cardinality).to.equal(3);
      const bits = arena.alloc(8);
      arena.bytes(bits, 8).fill(0);
      column.orBitmap(column.idOf('1'), bits);
      expect(arena.bytes(bits, 1)[0]).to.equal(0b00011);
      column.orBitmap(column.idOf('2.5'), bits);
      expect(arena.bytes(bits, 1)[0]).to.equal(0b01111);
      arena.free(bits);
    });
  });

  it('say whether a row is null', () => {
    for (const values of [
      ['a', 'b'],
      [1, 2],
      [1.5, 2.5],
      [1, 2.5],
    ]) {
      for (const withNull of [false, true]) {
        written('auto', withNull ? [...values, null] : values, (view) => {
          const column = view.column('v');
          expect(column !== undefined && 'hasNulls' in column && column.hasNulls).to.equal(withNull);
        });
      }
    }
  });
});

describe('json columns', () => {
  const scalar = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double({ noNaN: true }),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
  );
  const key = fc.oneof(fc.constantFrom('a', 'b', 'list', 'x.y', "it's"), fc.string({ maxLength: 5 }));
  const { document } = fc.letrec<{ document: JsonValue }>((tie) => ({
    document: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('document'), { maxLength: 4 }),
      fc.dictionary(key, tie('document'), { maxKeys: 4 }),
    ),
  }));

  it('give any document back', () => {
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 30 }), (documents) => {
        written('json', documents, (view) => expect(valuesOf(view)).to.deep.equal(documents), {
          exactNumbers: true,
        });
      }),
      { numRuns: 40, seed: 31 },
    );
  });

  it('give each field as a column of its own', () => {
    const documents: JsonValue[] = [
      { id: 1, name: 'x', at: { lat: 1.5 }, tags: ['a', 'b'], list: [{ n: 1 }, { n: 2 }], mix: 1 },
      { id: 2, name: null, at: { lat: -2.5 }, tags: [], mix: 'one' },
      null,
      { id: 1, name: '', at: {}, list: [{ n: 'z' }] },
    ];
    const fields: Readonly<Record<string, readonly [kind: string, values: readonly unknown[]]>> = {
      '$.at.lat': ['double', [1.5, -2.5, null, null]],
      '$.id': ['long', [1n, 2n, null, 1n]],
      '$.list[0].n': ['string', [1n, null, null, 'z']],
      '$.list[1].n': ['long', [2n, null, null, null]],
      '$.mix': ['string', [1n, 'one', null, null]],
      '$.name': ['string', ['x', null, null, '']],
      '$.tags': ['complex', [['a', 'b'], [], null, null]],
    };
    written('json', documents, (view) => {
      const column = view.column('v');
      if (!(column instanceof NestedColumn)) throw new Error('kind');
      expect(column.fields.map((field) => field.path)).to.deep.equal(Object.keys(fields));
      for (const [at, [kind, values]] of Object.entries(fields)) {
        const field = column.field(at);
        expect(field?.kind, at).to.equal(kind);
        expect(valuesOf(view, field), at).to.deep.equal(values);
      }
      expect(column.field('$.absent')).to.equal(undefined);
      const text = Buffer.from(column.bytes(1) as Uint8Array).toString();
      expect(text).to.equal('{"id":2,"name":null,"at":{"lat":-2.5},"tags":[],"mix":"one"}');
      expect(column.bytes(2)).to.equal(null);
    });
  });

  it('hold nothing but nulls, and empty objects', () => {
    for (const documents of [
      [null, null],
      [{}, null, []],
    ]) {
      written('json', documents, (view) => expect(valuesOf(view)).to.deep.equal(documents));
    }
  });

  it('hold more documents than a block', () => {
    const documents = Array.from({ length: 9000 }, (_, r) => ({
      row: BigInt(r),
      text: `some text ${r % 77}`,
    }));
    written('json', documents, (view) => {
      expect(valuesOf(view)).to.deep.equal(documents);
      const column = view.column('v');
      const field = column instanceof NestedColumn ? column.field('$.row') : undefined;
      expect(valuesOf(view, field)).to.deep.equal(documents.map((document_) => document_.row));
    });
  });
});
