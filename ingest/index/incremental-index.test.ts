import { expect } from 'chai';
import fc from 'fast-check';
import { parseGranularity } from '../../query/granularity.js';
import { dictionaryTexts } from '../../segment/format/packed-texts.js';
import type { SegmentSource, SourceColumn } from '../../segment/write/source.js';
import type { InputRow } from '../formats/row-reader.js';
import type { DimensionSpec, MetricSpec, MultiValueHandling, NumericMetricType } from '../spec/model.js';
import { IncrementalIndex, type IndexSchema } from './incremental-index.js';

const interval = { startMs: 0, endMs: 86_400_000 };

function schema(patch: Partial<IndexSchema> = {}): IndexSchema {
  const queryGranularity = parseGranularity('minute', 'g');
  return {
    dimensions: [],
    discoverDimensions: 'none',
    dimensionExclusions: ['t'],
    metrics: [],
    queryGranularity,
    queryGranularityJson: 'MINUTE',
    rollup: true,
    ...patch,
  };
}

const rowOf = (fields: Record<string, unknown>): InputRow => ({ fields, doubleText: () => undefined });
const text = (name: string, multiValueHandling: MultiValueHandling = 'SORTED_ARRAY'): DimensionSpec => ({
  type: 'string',
  name,
  multiValueHandling,
  createBitmapIndex: true,
});
const metric = (type: 'count' | NumericMetricType, fieldName = 'v'): MetricSpec =>
  type === 'count' ? { type, name: type } : { type, name: type, fieldName };

function valueAt(column: SourceColumn, row: number): unknown {
  switch (column.kind) {
    case 'string':
      return dictionaryTexts(column.dictionary)[column.ids[row]!];
    case 'multiString': {
      const ids = column.ids.subarray(column.offsets[row], column.offsets[row + 1]);
      const list = Array.from(ids, (id) => dictionaryTexts(column.dictionary)[id]);
      return list.length === 1 ? list[0] : list;
    }
    case 'long':
    case 'float':
    case 'double': {
      const isNull = ((column.nulls?.[row >> 3] ?? 0) >> (row & 7)) & 1;
      return isNull === 1 ? null : column.values[row];
    }
    default:
      throw new Error(column.kind);
  }
}

function rowsOf(source: SegmentSource): Record<string, unknown>[] {
  return Array.from(source.time, (time, row) => {
    const result: Record<string, unknown> = { __time: Number(time) };
    for (const column of [...source.dimensions, ...source.metrics])
      result[column.name] = valueAt(column, row);
    return result;
  });
}

function build(
  spec: IndexSchema,
  rows: readonly (readonly [number, Record<string, unknown>])[],
): SegmentSource {
  const index = new IncrementalIndex(spec, interval);
  for (const [time, fields] of rows) index.add(time, rowOf(fields));
  expect(index.bytes).above(0);
  return index.snapshot();
}

describe('incremental index', () => {
  it('takes of a discovered text column what would have been discovered', () => {
    const spec = schema({ discoverDimensions: 'strings', rollup: false });
    const source = build(spec, [
      [0, { a: 'x', b: [], c: [null], d: [] }],
      [60_000, { a: { k: 1 }, b: [[1]], c: 'y' }],
    ]);
    expect(rowsOf(source)).to.deep.equal([
      { __time: 0, a: 'x', c: null },
      { __time: 60_000, a: null, c: 'y' },
    ]);
    // Named ones take whatever comes, and are stored without values too.
    const named = build(schema({ ...spec, dimensions: [text('a'), text('z')] }), [
      [0, { a: { k: 1 }, d: [] }],
    ]);
    expect(rowsOf(named)).to.deep.equal([{ __time: 0, a: '{k=1}', z: null, d: null }]);
  });

  it('takes no booleans as floats and doubles', () => {
    const index = new IncrementalIndex(
      schema({
        dimensions: [
          { type: 'long', name: 'l' },
          { type: 'float', name: 'f' },
          { type: 'double', name: 'd' },
        ],
      }),
      interval,
    );
    expect(index.add(0, rowOf({ l: true, f: true, d: false }))).to.have.length(2);
    expect(rowsOf(index.snapshot())).to.deep.equal([{ __time: 0, l: 1n, f: null, d: null }]);
  });

  it('folds rows of the same minute and dimensions', () => {
    const metrics = (
      ['count', 'longSum', 'longMin', 'longMax', 'doubleSum', 'doubleMax', 'floatSum'] as const
    ).map((t) => metric(t));
    const source = build(schema({ dimensions: [text('d')], metrics }), [
      [61_000, { d: 'b', v: 1 }],
      [60_500, { d: 'a', v: 2 ** 53 - 1 }],
      [60_000, { d: 'a', v: 2n ** 62n }],
      [119_999, { d: 'a', v: '0.5' }],
      [5, { d: null, v: null }],
    ]);
    expect(rowsOf(source)).deep.equal([
      {
        __time: 0,
        d: null,
        count: 1n,
        longSum: null,
        longMin: null,
        longMax: null,
        doubleSum: null,
        doubleMax: null,
        floatSum: null,
      },
      {
        __time: 60_000,
        d: 'a',
        count: 3n,
        longSum: 2n ** 62n + 2n ** 53n - 1n,
        longMin: 0n,
        longMax: 2n ** 62n,
        doubleSum: 2 ** 62 + (2 ** 53 - 1) + 0.5,
        doubleMax: 2 ** 62,
        floatSum: Math.fround(2 ** 62 + 2 ** 53),
      },
      {
        __time: 60_000,
        d: 'b',
        count: 1n,
        longSum: 1n,
        longMin: 1n,
        longMax: 1n,
        doubleSum: 1,
        doubleMax: 1,
        floatSum: 1,
      },
    ]);
    expect(source.metadata.aggregators[0]).deep.equal({ type: 'longSum', name: 'count', fieldName: 'count' });
  });

  it('wraps long sums around 64 bits', () => {
    const source = build(schema({ metrics: [metric('longSum')] }), [
      [0, { v: 2n ** 63n - 1n }],
      [1, { v: 2 }],
    ]);
    expect(rowsOf(source)[0]).deep.equal({ __time: 0, longSum: -(2n ** 63n) + 1n });
  });

  it('keeps all rows without rollup, sorted by time, then nulls first and UTF-16 order', () => {
    const spec = schema({ rollup: false, dimensions: [text('d'), { type: 'long', name: 'n' }] });
    const source = build(spec, [
      [60_000, { d: '\u{1f600}', n: 1 }],
      [60_000, { d: '\uff5e', n: 1 }],
      [60_000, { d: '', n: 2 }],
      [60_000, { d: '', n: null }],
      [60_000, { d: '', n: -1n }],
      [60_000, { n: 7 }],
      [60_000, { d: '', n: 2 }],
      [0, { d: 'z' }],
    ]);
    expect(rowsOf(source).map((row) => [row['d'], row['n']])).deep.equal([
      ['z', null],
      [null, 7n],
      ['', null],
      ['', -1n],
      ['', 2n],
      ['', 2n],
      ['\u{1f600}', 1n],
      ['\uff5e', 1n],
    ]);
    expect(source.metadata.ordering?.map((o) => o.columnName)).deep.equal(['__time', 'd', 'n']);
  });

  it('stores lists as their handling says', () => {
    const dimensions = [text('s'), text('u', 'SORTED_SET'), text('a', 'ARRAY')];
    const list = ['b', null, 'a', 'b', 7, true];
    const source = build(schema({ dimensions, rollup: false }), [
      [0, { s: list, u: list, a: list }],
      [60_000, { s: [], u: ['x', 'x'], a: ['x'] }],
    ]);
    expect(rowsOf(source)).deep.equal([
      {
        __time: 0,
        s: [null, '7', 'a', 'b', 'b', 'true'],
        u: [null, '7', 'a', 'b', 'true'],
        a: ['b', null, 'a', 'b', '7', 'true'],
      },
      { __time: 60_000, s: [], u: 'x', a: 'x' },
    ]);
  });

  it('makes one value of texts that UTF-8 can not tell apart', () => {
    const index = new IncrementalIndex(
      schema({ dimensions: [text('s')], metrics: [metric('count')] }),
      interval,
    );
    for (const s of ['a\ud83d', 'a\ude00', 'a?', 'a\ud83d']) index.add(0, rowOf({ s }));
    expect(rowsOf(index.snapshot())).deep.equal([{ __time: 0, s: 'a?', count: 4n }]);
  });

  it('discovers string dimensions and folds across the discovery', () => {
    const spec = schema({ discoverDimensions: 'strings', metrics: [metric('count')] });
    const source = build(spec, [
      [0, { t: 1, a: 'x' }],
      [1, { a: 'x', b: null, 'c,d': 'no name', e: { f: 1 }, g: [{}] }],
      [2, { a: 'x', b: 'y', toString: 'odd' }],
      [3, { b: 'y', a: 'x', toString: 'odd' }],
    ]);
    expect(rowsOf(source)).deep.equal([
      { __time: 0, a: 'x', b: null, toString: null, count: 2n },
      { __time: 0, a: 'x', b: 'y', toString: 'odd', count: 2n },
    ]);
  });

  it('takes names of the prototype for plain names', () => {
    const source = build(
      schema({ dimensions: [text('constructor')], metrics: [metric('longSum', 'valueOf')] }),
      [[0, {}]],
    );
    expect(rowsOf(source)).deep.equal([{ __time: 0, constructor: null, longSum: null }]);
  });

  it('reports values that can not be read and keeps the row', () => {
    const dimensions: DimensionSpec[] = [
      { type: 'long', name: 'l' },
      { type: 'double', name: 'd' },
      { type: 'float', name: 'f' },
    ];
    const index = new IncrementalIndex(schema({ dimensions, metrics: [metric('longSum')] }), interval);
    const errors = index.add(0, rowOf({ l: '1.5', d: 'x', f: [1], v: 'abc' }));
    expect(errors.map((error) => /column\[(\w)\]/.exec(error)?.[1])).deep.equal(['l', 'd', 'f', 'v']);
    expect(rowsOf(index.snapshot())).deep.equal([{ __time: 0, l: null, d: null, f: null, longSum: null }]);
  });

  it('refuses lists nested without end', () => {
    const index = new IncrementalIndex(schema({ dimensions: [text('s')] }), interval);
    const deep = JSON.parse(`${'['.repeat(9000)}${']'.repeat(9000)}`) as unknown;
    expect(index.add(0, rowOf({ s: deep }))).deep.equal(['value of column[s] is nested too deep']);
    expect(rowsOf(index.snapshot())).deep.equal([{ __time: 0, s: null }]);
  });

  it('never begins before its segment', () => {
    const spec = schema({ queryGranularity: parseGranularity('all', 'g') });
    const index = new IncrementalIndex(spec, { startMs: 1000, endMs: 2000 });
    index.add(1500, rowOf({}));
    expect(index.snapshot().time).deep.equal(BigInt64Array.of(1000n));
  });

  const anyRow = fc.record({
    time: fc.integer({ min: 0, max: 300_000 }),
    s: fc.constantFrom(null, '', 'a', 'b', 'ab'),
    m: fc.constantFrom(null, 'x', ['x', 'y'], ['y', 'x'], []),
    n: fc.constantFrom(null, 0, -1, 2 ** 40),
    v: fc.integer(),
  });

  it('agrees with a naive rollup', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 300 }), (rows) => {
        const dimensions: DimensionSpec[] = [text('s'), text('m'), { type: 'long', name: 'n' }];
        const spec = schema({ dimensions, metrics: [metric('count'), metric('longSum')] });
        const got = rowsOf(
          build(
            spec,
            rows.map(({ time, ...fields }) => [time, fields]),
          ),
        );
        const model = new Map<string, { count: bigint; longSum: bigint }>();
        for (const row of rows) {
          const list = Array.isArray(row.m) ? row.m.toSorted() : row.m;
          const m = Array.isArray(list) && list.length === 0 ? null : list;
          const key = JSON.stringify([Math.floor(row.time / 60_000) * 60_000, row.s, m, row.n]);
          const cell = model.get(key) ?? { count: 0n, longSum: 0n };
          model.set(key, { count: cell.count + 1n, longSum: cell.longSum + BigInt(row.v) });
        }
        const asModel = got.map((row) => {
          const n = row['n'] === null ? null : Number(row['n']);
          const key = JSON.stringify([row['__time'], row['s'], row['m'], n]);
          return [key, { count: row['count'], longSum: row['longSum'] }] as const;
        });
        expect(new Map(asModel)).deep.equal(model);
        expect(asModel).length(model.size);
        const times = got.map((row) => Number(row['__time']));
        expect(times).deep.equal(times.toSorted((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });

  it('holds many rows through the growing of its tables', () => {
    const index = new IncrementalIndex(
      schema({ dimensions: [text('s')], metrics: [metric('count')] }),
      interval,
    );
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 20_000; i++) index.add(86_399_999 - i, rowOf({ s: `v${i}` }));
    }
    expect(index.rowCount).equal(20_000);
    const source = index.snapshot();
    const [counts] = source.metrics;
    expect(counts?.kind === 'long' && counts.values.every((count) => count === 2n)).equal(true);
  });

  it('numbers many texts late without losing any, dimensions that come later and lists among them', () => {
    const index = new IncrementalIndex(
      schema({
        rollup: false,
        discoverDimensions: 'strings',
        dimensions: [text('s')],
        queryGranularity: parseGranularity('none', 'g'),
      }),
      interval,
    );
    const valueOf = (i: number): unknown => (i % 1000 === 7 ? [`v${i}`, 'w'] : i % 17 === 0 ? null : `v${i}`);
    const given = new Map<number, unknown>();
    for (let i = 0; i < 12_000; i++) {
      given.set(i, valueOf(i));
      index.add(i, rowOf({ s: valueOf(i), ...(i > 9_000 && { [`late${i % 3}`]: i }) }));
      // What is looked at meanwhile is whole.
      if (i % 4_001 !== 4_000) continue;
      const column = index.look().columns.get('s');
      if (column?.kind !== 'string') throw new Error('no texts');
      const ids = new Int32Array(100);
      const start = i - (i % 8192);
      column.fill(start, Math.min(100, i - start), ids);
      const seen = Array.from(ids.subarray(0, i - start), (id) => (id < 0 ? 'list' : column.value(id)));
      const wanted = seen.map((_, row) =>
        Array.isArray(given.get(start + row)) ? 'list' : given.get(start + row),
      );
      expect(seen).deep.equal(wanted);
    }
    const [column] = index.snapshot().dimensions;
    if (column?.kind !== 'multiString') throw new Error('no lists');
    const texts = dictionaryTexts(column.dictionary);
    const stored = Array.from(given.keys(), (i) => {
      const list = Array.from(
        column.ids.subarray(column.offsets[i], column.offsets[i + 1]),
        (id) => texts[id],
      );
      return list.length === 1 ? list[0] : list;
    });
    expect(JSON.stringify(stored)).equal(JSON.stringify([...given.values()]));
  });
});
