import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createArena } from '../kernels/arena.js';
import { compileKernels, instantiateKernels } from '../kernels/load.js';
import { createResidency } from '../read/residency.js';
import { readRows, type PlainRow } from '../read/rows.js';
import { registerSegment, SegmentReader, unregisterSegment, type StoredSegment } from '../read/segment.js';
import { mergeSegments, type MergeSpec } from './merge.js';
import type { SegmentSource, SourceDimension, SourceMetric } from './source.js';
import { writeSegment } from './writer.js';

const day = Date.UTC(2024, 2, 1);
const interval = { startMs: day, endMs: day + 86_400_000 };
const arena = createArena({ maximumBytes: 128 << 20 });
const kernels = instantiateKernels(compileKernels(), arena);
const residency = createResidency({ arena, coldBytesMax: 32 << 20, hotBytesMax: 0 });
const reader = new SegmentReader({ kernels, residency });
const plainSpec: MergeSpec = {
  rollup: false,
  metadata: { aggregators: [], queryGranularity: { type: 'none' } },
};

function strings(name: string, values: readonly (string | null)[]): SourceDimension {
  const texts = [...new Set(values)].filter((v) => v !== null).sort((a, b) => (a < b ? -1 : 1));
  const dictionary = values.includes(null) ? [null, ...texts] : texts;
  return { kind: 'string', name, dictionary, ids: Uint32Array.from(values, (v) => dictionary.indexOf(v)) };
}

function longs(name: string, values: readonly (bigint | null)[]): SourceMetric & SourceDimension {
  const nulls = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, r) => {
    if (value === null) nulls[r >>> 3] = (nulls[r >>> 3] as number) | (1 << (r & 7));
  });
  return { kind: 'long', name, values: BigInt64Array.from(values, (value) => value ?? 0n), nulls };
}

function source(
  times: readonly number[],
  dimensions: readonly SourceDimension[],
  metrics: readonly SourceMetric[] = [],
): SegmentSource {
  return {
    rowCount: times.length,
    interval,
    time: BigInt64Array.from(times, (t) => BigInt(day + t)),
    dimensions,
    metrics,
    metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
  };
}

/** Writes the sources, merges them, and hands the result to `check`. */
function merged(
  sources: readonly SegmentSource[],
  spec: MergeSpec,
  check: (rows: PlainRow[], view: StoredSegment) => void,
): void {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'merge-'));
  const handles = sources.map((one, i) => {
    writeSegment(path.join(dir, String(i)), one);
    return registerSegment(residency, { id: String(i), dir: path.join(dir, String(i)) });
  });
  const views = handles.map((handle) => reader.openView(handle));
  try {
    const out = path.join(dir, 'merged');
    const { rowCount } = mergeSegments(out, views, arena, spec);
    const handle = registerSegment(residency, { id: 'merged', dir: out });
    const view = reader.openView(handle);
    expect(view.rowCount).to.equal(rowCount);
    check([...readRows(view, arena)], view);
    view.close();
    unregisterSegment(residency, handle);
  } finally {
    for (const view of views) view.close();
    for (const handle of handles) unregisterSegment(residency, handle);
    fs.rmSync(dir, { recursive: true });
  }
}

function column(rows: readonly PlainRow[], name: string): unknown[] {
  return rows.map((row) => row[name]);
}

function orderingOf(view: StoredSegment): string[] {
  const metadata = JSON.parse(view.summary.metadataText ?? '{}') as { ordering: { columnName: string }[] };
  return metadata.ordering.map((one) => one.columnName);
}

describe('mergeSegments', () => {
  it('orders rows by time and dimensions', () => {
    const a = source([1, 1, 3], [strings('s', ['b', 'c', 'a'])]);
    const b = source([0, 1, 3], [strings('s', ['z', null, 'b'])]);
    merged([a, b], plainSpec, (rows, view) => {
      expect(column(rows, '__time')).to.deep.equal([0, 1, 1, 1, 3, 3].map((t) => BigInt(day + t)));
      expect(column(rows, 's')).to.deep.equal(['z', null, 'b', 'c', 'a', 'b']);
      expect(orderingOf(view)).to.deep.equal(['__time', 's']);
    });
  });

  it('rolls equal rows up', () => {
    const a = source(
      [1, 2, 3],
      [strings('s', ['x', 'x', 'y'])],
      [longs('sum', [1n, 2n, null]), longs('low', [5n, 6n, 7n])],
    );
    const b = source(
      [1, 2, 3],
      [strings('s', ['x', 'w', 'y'])],
      [longs('sum', [10n, 20n, 30n]), longs('low', [4n, 1n, null])],
    );
    const combine = { sum: { type: 'sum' }, low: { type: 'min' } } as const;
    merged([a, b], { ...plainSpec, rollup: true, combine }, (rows) => {
      expect(column(rows, 's')).to.deep.equal(['x', 'w', 'x', 'y']);
      expect(column(rows, 'sum')).to.deep.equal([11n, 20n, 2n, 30n]);
      expect(column(rows, 'low')).to.deep.equal([4n, 1n, 6n, 7n]);
    });
  });

  it('adds longs as Java does', () => {
    const one = source([1], [], [longs('sum', [9223372036854775807n])]);
    merged([one, one], { ...plainSpec, rollup: true, combine: { sum: { type: 'sum' } } }, (rows) => {
      expect(column(rows, 'sum')).to.deep.equal([-2n]);
    });
  });

  it('combines complex values with the function it is given', () => {
    const one = (value: number | null): SegmentSource =>
      source(
        [1],
        [],
        [
          {
            kind: 'complex',
            name: 'c',
            typeName: 't',
            values: [value === null ? null : Uint8Array.of(value)],
          },
        ],
      );
    const merge = (a: Uint8Array, b: Uint8Array) => Uint8Array.from([...a, ...b]);
    merged(
      [one(1), one(null), one(2)],
      { ...plainSpec, rollup: true, combine: { c: { type: 'complex', merge } } },
      (rows) => {
        expect(rows.length).to.equal(1);
        expect(rows.map((row) => [...(row['c'] as Uint8Array)])).to.deep.equal([[1, 2]]);
      },
    );
  });

  it('joins differing schemas', () => {
    const multi: SourceDimension = {
      kind: 'multiString',
      name: 's',
      dictionary: ['a', 'b'],
      offsets: Uint32Array.of(0, 2, 2),
      ids: Uint32Array.of(1, 0),
    };
    const a = source([1, 2], [strings('s', ['q', null]), strings('n', ['x', 'y'])], [longs('m', [1n, 2n])]);
    const b = source(
      [3, 4],
      [multi, longs('n', [7n, null])],
      [{ kind: 'double', name: 'm', values: Float64Array.of(1.5, 2.5) }],
    );
    const c = source([5], [strings('only', ['here'])]);
    merged([a, b, c], plainSpec, (rows, view) => {
      expect(view.dimensions).to.deep.equal(['s', 'n', 'only']);
      expect(column(rows, 's')).to.deep.equal(['q', null, ['b', 'a'], null, null]);
      expect(column(rows, 'n')).to.deep.equal(['x', 'y', '7', null, null]);
      expect(column(rows, 'only')).to.deep.equal([null, null, null, null, 'here']);
      expect(column(rows, 'm')).to.deep.equal([1, 2, 1.5, 2.5, null]);
    });
  });

  it('joins json and auto columns', () => {
    const a = source(
      [1, 3],
      [
        { kind: 'auto', name: 'v', values: [1, 'x'] },
        { kind: 'json', name: 'j', values: [{ a: 1 }, null] },
      ],
    );
    const b = source(
      [2, 4],
      [
        { kind: 'auto', name: 'v', values: [[1.5, 2], true] },
        { kind: 'json', name: 'j', values: [[{ a: 'z' }], 1.5] },
      ],
    );
    merged([a, b], plainSpec, (rows) => {
      expect(column(rows, 'v')).to.deep.equal([1n, [1.5, 2], 'x', 1n]);
      expect(column(rows, 'j')).to.deep.equal([{ a: 1n }, [{ a: 'z' }], null, 1.5]);
    });
  });

  it('claims no more order than is true', () => {
    const a = source([1, 1], [strings('p', ['a', 'b']), strings('q', ['z', 'a'])]);
    const b = source([1, 1], [strings('q', ['a', 'b']), strings('p', ['c', 'a'])]);
    merged([a, b], plainSpec, (rows, view) => {
      expect(rows.length).to.equal(4);
      expect(orderingOf(view)).to.deep.equal(['__time']);
    });
  });

  it('works over many batches like a sort of all rows', () => {
    const rowsOf = (seed: number) => {
      const rows = Array.from(
        { length: 20_000 },
        (_, i) => [(i * seed) % 9973, `v${(i * seed) % 301}`] as const,
      );
      return rows.toSorted((x, y) => x[0] - y[0] || (x[1] < y[1] ? -1 : x[1] > y[1] ? 1 : 0));
    };
    const inputs = [7, 11, 13].map(rowsOf);
    const sources = inputs.map((rows) =>
      source(
        rows.map(([t]) => t),
        [
          strings(
            's',
            rows.map(([, s]) => s),
          ),
        ],
        [
          longs(
            'm',
            rows.map(([t]) => BigInt(t)),
          ),
        ],
      ),
    );
    const wanted = inputs.flat().toSorted((x, y) => x[0] - y[0] || (x[1] < y[1] ? -1 : x[1] > y[1] ? 1 : 0));
    merged(sources, plainSpec, (rows) => {
      expect(rows.length).to.equal(wanted.length);
      rows.forEach((row, i) => {
        const [time, text] = wanted[i] as (typeof wanted)[number];
        if (row['__time'] !== BigInt(day + time) || row['s'] !== text || row['m'] !== BigInt(time))
          expect.fail(`row ${i}`);
      });
    });
  });

  it('refuses roll-up without a combine and kinds that do not join', () => {
    const one = source([1], [], [longs('m', [1n])]);
    const other = source([1], [], [{ kind: 'complex', name: 'm', typeName: 't', values: [null] }]);
    const codeOf = (sources: readonly SegmentSource[], spec: MergeSpec) => {
      try {
        merged(sources, spec, () => undefined);
      } catch (error) {
        return (error as { code?: string }).code;
      }
      return undefined;
    };
    expect(codeOf([one], { ...plainSpec, rollup: true })).to.equal('InvalidInput');
    expect(codeOf([one, other], plainSpec)).to.equal('InvalidInput');
  });

  /** Sorted by `s` before time. */
  const byText = (texts: readonly string[], times: readonly number[]): SegmentSource => {
    const plain = source(times, [strings('s', texts)], [longs('n', times.map(BigInt))]);
    const ordering = ['s', '__time'].map((columnName) => ({ columnName, order: 'ascending' as const }));
    return { ...plain, metadata: { ...plain.metadata, ordering } };
  };
  const shown = (rows: PlainRow[]) =>
    rows.map((row) => `${row['s'] as string}${Number(row['__time']) - day}`);

  it('keeps an order by another column that all inputs share', () => {
    const inputs = [byText(['a', 'a', 'c'], [5, 9, 1]), byText(['a', 'b', 'c'], [7, 2, 0])];
    merged(inputs, plainSpec, (rows, view) => {
      expect(shown(rows)).to.deep.equal(['a5', 'a7', 'a9', 'b2', 'c0', 'c1']);
      expect(orderingOf(view)).to.deep.equal(['s', '__time']);
      expect(view.timeSorted).to.equal(false);
      expect(rows.map((row) => row['n'])).to.deep.equal([5n, 7n, 9n, 2n, 0n, 1n]);
    });
  });

  it('sorts by time what is stored otherwise, when inputs differ', () => {
    const many = 20_000;
    const texts = Array.from({ length: many }, (_, r) => (r < many / 2 ? 'a' : 'b'));
    const times = texts.map((_, r) => 2 * (r % (many / 2)));
    const plain = source([1, 3, 5], [strings('s', ['z', 'y', 'x'])], [longs('n', [1n, 3n, 5n])]);
    merged([byText(texts, times), plain], plainSpec, (rows, view) => {
      expect(shown(rows.slice(0, 8))).to.deep.equal(['a0', 'b0', 'z1', 'a2', 'b2', 'y3', 'a4', 'b4']);
      expect(orderingOf(view)).to.deep.equal(['__time', 's']);
      expect(rows).to.have.length(many + 3);
      for (const row of rows) expect(row['n']).to.equal((row['__time'] as bigint) - BigInt(day));
    });
  });
});
