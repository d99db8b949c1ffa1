import { expect } from 'chai';
import type { Frame, FrameColumn } from './frame.js';
import { mergePartials } from './merge.js';
import { isNull, packNulls } from './merge/columns.js';
import { compareEntries, DictionaryBuilder, entryText, mergeDictionaries } from './merge/dictionary.js';
import { sortedOrder } from './merge/order.js';
import { schemaColumn } from './merge/scan.js';
import type { GroupByQuery, QueryContext, ScanQuery } from './native/model.js';

const context: QueryContext = {
  queryId: 'q',
  timeoutMs: 0,
  priority: 0,
  skipEmptyBuckets: false,
  grandTotal: false,
  resultAsArray: false,
  allowPartialResults: false,
  minTopNThreshold: 1000,
  given: {},
};
const base = { dataSources: ['t'], intervals: [], filter: undefined, context } as const;

function nullsOf(values: readonly unknown[]): { nulls?: Uint8Array } {
  const nulls = packNulls(Uint8Array.from(values, (value) => (value === null ? 1 : 0)));
  return nulls === undefined ? {} : { nulls };
}
function longs(name: string, ...values: (bigint | null)[]): FrameColumn {
  return {
    name,
    type: 'LONG',
    values: BigInt64Array.from(values, (value) => value ?? 0n),
    ...nullsOf(values),
  };
}
function strings(name: string, ...values: (string | null)[]): FrameColumn {
  const builder = new DictionaryBuilder();
  const ids = new Map<string, number>();
  for (const value of values) if (value !== null && !ids.has(value)) ids.set(value, builder.addText(value));
  const entries = Uint32Array.from(values, (value) => (value === null ? 0 : (ids.get(value) ?? 0)));
  return { name, type: 'STRING', values: entries, dictionary: builder.build(), ...nullsOf(values) };
}
const frame = (...columns: FrameColumn[]): Frame => ({ rows: columns[0]?.values.length ?? 0, columns });
function plain({ rows, columns }: Frame): unknown[][] {
  return Array.from({ length: rows }, (_, row) =>
    columns.map((column) => {
      if (isNull(column.nulls, row)) return null;
      return column.type === 'STRING'
        ? entryText(column.dictionary, column.values[row] ?? 0)
        : column.values[row];
    }),
  );
}

const groupBy: GroupByQuery = {
  ...base,
  queryType: 'groupBy',
  granularity: { type: 'all' },
  dimensions: [{ dimension: 'd', outputName: 'd', outputType: 'STRING' }],
  aggregations: [
    { type: 'longSum', name: 'sum', fieldName: 'x' },
    { type: 'longMin', name: 'min', fieldName: 'x' },
    { type: 'longMax', name: 'max', fieldName: 'x' },
  ],
  postAggregations: [],
  having: undefined,
  orderBy: [],
  limit: undefined,
  offset: 0,
};
const scan: ScanQuery = {
  ...base,
  queryType: 'scan',
  columns: [],
  limit: undefined,
  offset: 0,
  batchSize: 10,
  order: 'none',
  resultFormat: 'list',
};
const big = 2n ** 63n - 1n;

describe('merging partial results', () => {
  const parts = [
    frame(
      longs('__bucket', 0n, 0n, 0n),
      strings('d', 'b', null, 'a'),
      longs('sum', big, 1n, null),
      longs('min', -1n, 5n, null),
      longs('max', 1n << 40n, 5n, null),
    ),
    frame(
      longs('__bucket', 0n, 0n),
      strings('d', 'a', 'b'),
      longs('sum', 3n, 2n),
      longs('min', 2n, -(1n << 33n)),
      longs('max', -7n, (1n << 40n) - 1n),
    ),
    frame(longs('__bucket', -5n), strings('d', null), longs('sum', 4n), longs('min', 4n), longs('max', 4n)),
  ];
  const merged = [
    [-5n, null, 4n, 4n, 4n],
    [0n, null, 1n, 5n, 5n],
    [0n, 'a', 3n, 2n, -7n],
    [0n, 'b', BigInt.asIntN(64, big + 2n), -(1n << 33n), 1n << 40n],
  ];

  it('combines equal groups, exact and wrapping, nulls first', () => {
    expect(plain(mergePartials(groupBy, parts))).to.deep.equal(merged);
  });

  it('is associative and leaves a merged frame alone', () => {
    const [a, b, c] = parts as [Frame, Frame, Frame];
    const left = mergePartials(groupBy, [mergePartials(groupBy, [a, b]), c]);
    const right = mergePartials(groupBy, [a, mergePartials(groupBy, [c, b])]);
    expect(plain(left)).to.deep.equal(merged);
    expect(plain(right)).to.deep.equal(merged);
    expect(mergePartials(groupBy, [left])).to.deep.equal(left);
  });

  it('answers the right columns for no frames at all', () => {
    const empty = mergePartials(groupBy, []);
    expect(empty.rows).to.equal(0);
    expect(empty.columns.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
      '__bucket LONG',
      'd STRING',
      'sum LONG',
      'min LONG',
      'max LONG',
    ]);
    expect(plain(mergePartials({ ...base, queryType: 'timeBoundary', bound: undefined }, []))).to.deep.equal([
      [null, null],
    ]);
  });

  it('orders strings by UTF-16 units', () => {
    const words = ['\u{1F600}', '\uE000', '\uFFFD', 'z', 'é', '', 'zz', '\u{10FFFF}'];
    const columns = words.map((word) =>
      frame(longs('__bucket', 0n), strings('d', word), longs('sum', 1n), longs('min', 1n), longs('max', 1n)),
    );
    const found = plain(mergePartials(groupBy, columns)).map((row) => row[1]);
    expect(found).to.deep.equal([...words].sort((a, b) => (a < b ? -1 : 1)));
  });

  it('merges unsorted dictionaries with repeats', () => {
    const builder = new DictionaryBuilder();
    for (const word of ['b', 'a', 'b', 'c']) builder.addText(word);
    const other = new DictionaryBuilder();
    for (const word of ['a', 'd']) other.addText(word);
    const { dictionary, remaps } = mergeDictionaries([builder.build(), other.build()]);
    expect([0, 1, 2, 3].map((entry) => entryText(dictionary, entry))).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(remaps.map((remap) => [...remap])).to.deep.equal([
      [1, 0, 1, 2],
      [0, 3],
    ]);
    expect(compareEntries(dictionary, 0, dictionary, 1)).to.be.lessThan(0);
  });

  it('sorts by several keys, stably', () => {
    const n = 30_000;
    const a = Uint32Array.from({ length: n }, (_, i) => Math.imul(i, 2654435761) >>> 28);
    const b = Uint32Array.from({ length: n }, (_, i) => Math.imul(i + 5, 2246822519) >>> 0);
    const wanted = Uint32Array.from({ length: n }, (_, i) => i).sort(
      (x, y) => a[x]! - a[y]! || b[x]! - b[y]! || x - y,
    );
    expect(sortedOrder([a, b], n)).to.deep.equal(wanted);
  });

  it('joins scans of different schemas, orders by time and cuts at offset + limit', () => {
    const one = frame(longs('__time', 1n, 5n), longs('x', 1n, null));
    const two = frame(longs('__time', 3n), strings('y', 'q'));
    const ordered = mergePartials({ ...scan, order: 'descending' }, [one, two]);
    // Each row says which columns its segment has.
    expect(ordered.columns.map(({ name }) => name)).to.deep.equal(['__time', 'x', schemaColumn, 'y']);
    expect(plain(ordered)).to.deep.equal([
      [5n, null, '["__time","x"]', null],
      [3n, null, '["__time","y"]', 'q'],
      [1n, 1n, '["__time","x"]', null],
    ]);
    expect(
      plain(mergePartials({ ...scan, order: 'ascending', limit: 1, offset: 1 }, [one, two])).map(
        (row) => row[0],
      ),
    ).to.deep.equal([1n, 3n]);
    const mixed = mergePartials(scan, [one, frame(longs('__time', 9n), strings('x', 'text'))]);
    expect(plain(mixed)).to.deep.equal([
      [1n, '1'],
      [5n, null],
      [9n, 'text'],
    ]);
    expect(mergePartials({ ...scan, limit: 2 }, [one, two]).rows).to.equal(2);
  });
});
