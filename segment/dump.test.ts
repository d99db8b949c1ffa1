import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CodedError } from '../proto/errors.js';
import { columnStats, dumpMetadata, dumpRows, statsTable, verifySegment } from './dump.js';
import { doubleText, floatText } from './format/json.js';
import { encodeTimed, timedTypeName, type TimedKind, type TimedScalar } from './format/timed-values.js';
import { createArena } from './kernels/arena.js';
import { compileKernels, instantiateKernels } from './kernels/load.js';
import { createResidency } from './read/residency.js';
import { registerSegment, SegmentReader, unregisterSegment, type StoredSegment } from './read/segment.js';
import type { SegmentSource } from './write/source.js';
import { writeSegment } from './write/writer.js';

const arena = createArena({ maximumBytes: 16 << 20 });
const kernels = instantiateKernels(compileKernels(), arena);
const residency = createResidency({ arena, coldBytesMax: 8 << 20, hotBytesMax: 0 });
const reader = new SegmentReader({ kernels, residency });

const sketch = Uint8Array.from([1, 0, 0, 1, 0, 0, 0, 0, 7, 16]);

const source: SegmentSource = {
  rowCount: 3,
  interval: { startMs: 0, endMs: 86_400_000 },
  time: BigInt64Array.of(0n, 1n, 1n),
  dimensions: [
    { kind: 'string', name: 'city', dictionary: [null, 'Os"lo'], ids: Uint32Array.of(1, 0, 1) },
    {
      kind: 'multiString',
      name: 'tags',
      dictionary: [null, 'a', 'b'],
      offsets: Uint32Array.of(0, 2, 3, 4),
      ids: Uint32Array.of(1, 2, 0, 2),
    },
    { kind: 'string', name: 'nothing', dictionary: [null], ids: new Uint32Array(3) },
    { kind: 'auto', name: 'v', values: [1, 2.5, null] },
    { kind: 'json', name: 'doc', values: [{ a: 1, b: 1.5 }, null, [true]] },
  ],
  metrics: [
    {
      kind: 'long',
      name: 'l',
      values: BigInt64Array.of(9007199254740993n, 0n, -1n),
      nulls: Uint8Array.of(2),
    },
    { kind: 'float', name: 'f', values: Float32Array.of(0.1, -0, 1e10) },
    { kind: 'double', name: 'd', values: Float64Array.of(NaN, 5e-324, 100) },
    {
      kind: 'complex',
      name: 'u',
      typeName: 'hyperUnique',
      values: [sketch, null, Uint8Array.of(1, 0, 0, 0, 0, 0, 0)],
    },
    { kind: 'complex', name: 'x', typeName: 'other', values: [Uint8Array.of(1, 2), null, Uint8Array.of()] },
  ],
  metadata: { aggregators: [], queryGranularity: 'HOUR', rollup: false },
};

function withView(from: SegmentSource, action: (view: StoredSegment) => void): void {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'dump-'));
  try {
    writeSegment(path.join(dir, 's'), from);
    const handle = registerSegment(residency, { id: 'd', dir: path.join(dir, 's') });
    const view = reader.openView(handle);
    action(view);
    view.close();
    unregisterSegment(residency, handle);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

describe('segment dump', () => {
  it('names a column that is not there', () => {
    withView(source, (view) => {
      const typo = () => [...dumpRows(view, arena, { columns: ['city', 'citty'] })];
      expect(typo).to.throw(CodedError, 'the segment has no column[citty]');
      const nothing = dumpRows(view, arena, { columns: ['nothing'], limit: 1 });
      expect([...nothing]).to.deep.equal(['{"nothing":null}']);
    });
  });

  it('writes rows as Druid shows them', () => {
    withView(source, (view) => {
      expect([...dumpRows(view, arena)]).to.deep.equal([
        '{"__time":0,"city":"Os\\"lo","tags":["a","b"],"nothing":null,"v":1,"doc":{"a":1,"b":1.5},"d":"NaN","f":0.1,' +
          '"l":9007199254740993,"u":{"hyperUnique":"AQAAAQAAAAAHEA==","estimate":1.0002442201269182},"x":"AQI="}',
        '{"__time":1,"city":null,"tags":null,"nothing":null,"v":2.5,"doc":null,"d":4.9E-324,"f":-0.0,"l":null,"u":null,"x":null}',
        '{"__time":1,"city":"Os\\"lo","tags":"b","nothing":null,"v":null,"doc":[true],"d":100.0,"f":1.0E10,"l":-1,' +
          '"u":{"hyperUnique":"AQAAAAAAAA==","estimate":0.0},"x":""}',
      ]);
    });
  });

  it('shows what first and last stored as times and values', () => {
    const pairs = (name: string, kind: TimedKind, value: TimedScalar): SegmentSource['metrics'][number] => ({
      kind: 'complex',
      name,
      typeName: timedTypeName(kind),
      values: [encodeTimed(kind, 5n, value), encodeTimed(kind, -(2n ** 63n), null), null],
    });
    const metrics = [
      pairs('d', 'double', -0),
      pairs('f', 'float', 0.1),
      pairs('l', 'long', 2n ** 53n + 1n),
      pairs('s', 'string', 'a"b'),
    ];
    withView({ ...source, dimensions: [], metrics }, (view) => {
      expect([...dumpRows(view, arena, { columns: ['d', 'f', 'l', 's'] })]).to.deep.equal([
        '{"d":{"lhs":5,"rhs":-0.0},"f":{"lhs":5,"rhs":0.1},"l":{"lhs":5,"rhs":9007199254740993},"s":{"lhs":5,"rhs":"a\\"b"}}',
        `{${['d', 'f', 'l', 's'].map((name) => `"${name}":{"lhs":-9223372036854775808,"rhs":null}`).join(',')}}`,
        '{"d":null,"f":null,"l":null,"s":null}',
      ]);
    });
  });

  it('keeps to columns and a limit', () => {
    withView(source, (view) => {
      const lines = [...dumpRows(view, arena, { columns: ['l', '__time'], limit: 2 })];
      expect(lines).to.deep.equal(['{"l":9007199254740993,"__time":0}', '{"l":null,"__time":1}']);
    });
  });

  it('tells metadata and statistics', () => {
    withView(source, (view) => {
      const metadata = JSON.parse(dumpMetadata(view)) as Record<string, unknown>;
      expect(metadata['interval']).to.equal('1970-01-01T00:00:00.000Z/1970-01-02T00:00:00.000Z');
      expect(metadata['rows']).to.equal(3);
      expect((metadata['metadata'] as Record<string, unknown>)['queryGranularity']).to.equal('HOUR');
      const stats = columnStats(view);
      expect(stats.find((one) => one.name === 'tags')).to.deep.include({
        type: 'STRING',
        cardinality: 3,
        compression: 'lz4',
      });
      expect(stats.find((one) => one.name === 'doc')?.type).to.equal('COMPLEX<json>');
      const total = stats.reduce((sum, one) => sum + one.bytes, 0);
      expect(total).to.be.within(view.summary.bytes - 1000, view.summary.bytes);
      expect(statsTable(stats).split('\n')).to.have.length(stats.length + 1);
    });
  });

  it('finds what is wrong though it can be read', () => {
    withView(source, (view) => {
      expect(verifySegment(view, arena)).to.deep.equal([]);
      const late = { ...wrapped(view), interval: { startMs: 1, endMs: 2 } };
      expect(verifySegment(late, arena)).to.deep.equal(['column[__time]: row[0] lies outside the interval']);
      const column = view.column('city');
      if (column?.kind !== 'string') throw new Error('kind');
      const wrong = new Proxy(column, {
        get: (target, key) => {
          if (key === 'orBitmap') return () => undefined;
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
      const broken = {
        ...wrapped(view),
        column: (name: string) => (name === 'city' ? wrong : view.column(name)),
      };
      expect(verifySegment(broken, arena)).to.deep.equal([
        'column[city]: the bitmap of value[0] differs from its rows',
      ]);
    });
  });
});

function wrapped(view: StoredSegment) {
  const { id, interval, rowCount, timeSorted, dimensions, metrics } = view;
  return {
    id,
    interval,
    rowCount,
    timeSorted,
    dimensions,
    metrics,
    column: (name: string) => view.column(name),
    timeRange: () => view.timeRange(),
    lowerBound: (ms: number) => view.lowerBound(ms),
    close: () => undefined,
  };
}

describe('numbers as Java writes them', () => {
  it('doubles', () => {
    const cases: readonly (readonly [number, string])[] = [
      [0, '0.0'],
      [1, '1.0'],
      [-2.25, '-2.25'],
      [0.001, '0.001'],
      [0.0001, '1.0E-4'],
      [9999999, '9999999.0'],
      [1e7, '1.0E7'],
      [1.5e300, '1.5E300'],
      [123456789.125, '1.23456789125E8'],
      [Infinity, '"Infinity"'],
    ];
    for (const [value, text] of cases) expect(doubleText(value)).to.equal(text);
  });

  it('floats', () => {
    const cases: readonly (readonly [number, string])[] = [
      [0.1, '0.1'],
      [-0, '-0.0'],
      [16777216, '1.6777216E7'],
      [3.4028234663852886e38, '3.4028235E38'],
      [1 / 3, '0.33333334'],
    ];
    for (const [value, text] of cases) expect(floatText(Math.fround(value))).to.equal(text);
  });
});
