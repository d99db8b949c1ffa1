import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { CodedError } from '../../proto/errors.js';
import { timedTime, timedValue, type TimedKind } from '../../segment/format/timed-values.js';
import { parseGranularity } from '../../query/granularity.js';
import type { InputRow } from '../formats/row-reader.js';
import { PartMerger } from '../part-merger.js';
import { createRowsReader } from '../segment-rows.js';
import type { DimensionSpec, MetricSpec } from '../spec/model.js';
import { GrowingSegment } from './growing-segment.js';
import type { IndexSchema } from './incremental-index.js';

const interval = { startMs: 0, endMs: 86_400_000 };
const dimensions: readonly DimensionSpec[] = [
  { type: 'string', name: 's', multiValueHandling: 'SORTED_ARRAY', createBitmapIndex: true },
  { type: 'long', name: 'n' },
  { type: 'double', name: 'x' },
  { type: 'auto', name: 'a', castToType: undefined },
  { type: 'json', name: 'j', castToType: undefined },
  { type: 'float', name: 'f' },
  { type: 'string', name: 'set', multiValueHandling: 'SORTED_SET', createBitmapIndex: true },
  { type: 'string', name: 'list', multiValueHandling: 'ARRAY', createBitmapIndex: false },
  { type: 'auto', name: 'longs', castToType: 'ARRAY<LONG>' },
  { type: 'auto', name: 'texts', castToType: 'STRING' },
];
const sumFold: MetricSpec = {
  type: 'expression',
  name: 'fold',
  fields: ['m'],
  accumulatorIdentifier: 'acc',
  initialValue: '0',
  initialCombineValue: '0',
  fold: 'acc + m',
  combine: 'acc + fold',
  compare: undefined,
  finalize: undefined,
  isNullUnlessAggregated: true,
  shouldAggregateNullInputs: false,
  shouldCombineAggregateNullInputs: false,
  maxSizeBytes: 8192,
};
const timed = { timeColumn: '__time', maxStringBytes: 1024 } as const;
const metrics: readonly MetricSpec[] = [
  { type: 'count', name: 'count' },
  { type: 'longSum', name: 'sum', fieldName: 'm' },
  { type: 'doubleMin', name: 'min', fieldName: 'm' },
  { type: 'floatMax', name: 'max', fieldName: 'm' },
  { type: 'longMin', name: 'lowest', fieldName: 'n' },
  { type: 'longFirst', name: 'lf', fieldName: 'm', ...timed },
  { type: 'longLast', name: 'll', fieldName: 'm', ...timed },
  { type: 'doubleFirst', name: 'df', fieldName: 'm', ...timed },
  { type: 'floatLast', name: 'fl', fieldName: 'm', timeColumn: 'n', maxStringBytes: 9 },
  { type: 'stringFirst', name: 'sf', fieldName: 'word', ...timed },
  { type: 'stringLast', name: 'sl', fieldName: 'word', ...timed },
  { type: 'hyperUnique', name: 'hu', fieldName: 'word', round: false },
  { type: 'doubleSum', name: 'computed', fieldName: '', expression: 'm * 2' },
  sumFold,
  {
    type: 'filtered',
    name: 'some',
    filter: { type: 'selector', dimension: 'word', value: 'a' },
    aggregator: { type: 'longLast', name: 'some', fieldName: 'm', ...timed },
  },
];

interface Chosen {
  readonly dimensions: readonly DimensionSpec[];
  readonly metrics: readonly MetricSpec[];
}
/** Any dimensions and metrics, the dimensions in any order. */
const chosen: fc.Arbitrary<Chosen> = fc.record({
  dimensions: fc.shuffledSubarray([...dimensions]),
  metrics: fc.subarray([...metrics]),
});

function schema(rollup: boolean, discovers: boolean, some: Chosen = { dimensions, metrics }): IndexSchema {
  return {
    dimensions: discovers ? [] : some.dimensions,
    discoverDimensions: discovers ? 'auto' : 'none',
    dimensionExclusions: ['t', 'm', 'word'],
    metrics: some.metrics,
    queryGranularity: parseGranularity('second', 'g'),
    queryGranularityJson: 'SECOND',
    rollup,
  };
}

const rowOf = (fields: Record<string, unknown>): InputRow => ({ fields, doubleText: () => undefined });

const text = fc.constantFrom(null, '', 'a', 'b', 'ß');
const number = fc.constantFrom(null, 0, 1, -1, 2.5, 3);
const anyRow = fc.record(
  {
    // Several nulls and nothing else are stored as one, when no other row of the part holds a value.
    s: fc.oneof(text, fc.array(fc.constantFrom('a', 'b', ''), { maxLength: 3 }), fc.constant([null, 'a'])),
    n: fc.constantFrom(null, 0, 1, 2),
    x: number,
    a: fc.oneof(text, number, fc.array(fc.constantFrom(1, 2), { maxLength: 2 })),
    j: fc.oneof(number, fc.record({ k: number, l: text }, { requiredKeys: [] })),
    m: fc.constantFrom(null, 1, 2, 3),
    f: number,
    set: fc.oneof(text, fc.array(fc.constantFrom('b', 'a'), { maxLength: 3 })),
    list: fc.oneof(text, fc.array(fc.constantFrom('b', 'a'), { maxLength: 3 })),
    longs: fc.oneof(fc.constantFrom(null, 1, 2), fc.array(fc.constantFrom(1, 2), { maxLength: 2 })),
    texts: fc.oneof(text, number),
    word: text,
  },
  { requiredKeys: [] },
);
const anyRows = fc.array(fc.record({ t: fc.integer({ min: 0, max: 2000 }), row: anyRow }), {
  minLength: 1,
  maxLength: 30,
});

describe('growing segment', () => {
  const reader = createRowsReader();
  const merger = new PartMerger();
  let base = '';
  let made = 0;
  beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'growing-'))));
  afterEach(() => rmSync(base, { recursive: true }));
  after(() => merger.close());

  function grow(spec: IndexSchema): GrowingSegment {
    return new GrowingSegment(spec, interval, { dir: join(base, `parts-${made++}`), write: {}, merger });
  }
  function finished(segment: GrowingSegment): string {
    const dir = join(base, String(made++));
    const { rowCount } = segment.finish(dir);
    expect(reader.rows(dir)).length(rowCount);
    return dir;
  }

  /** Rows as texts, in any order, keys by name. */
  const shown = (rows: readonly object[]): string[] =>
    rows
      .map((row) =>
        JSON.stringify(
          Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)),
          (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value),
        ),
      )
      .toSorted();

  for (const rollup of [true, false]) {
    for (const discovers of [true, false]) {
      it(`is the same however often it was written to disk: rollup ${rollup}, discovery ${discovers}`, () => {
        fc.assert(
          fc.property(anyRows, fc.integer({ min: 1, max: 9 }), chosen, (rows, every, some) => {
            const whole = grow(schema(rollup, discovers, some));
            const inParts = grow(schema(rollup, discovers, some));
            for (const [i, { t, row }] of rows.entries()) {
              whole.index.add(t, rowOf(row));
              inParts.index.add(t, rowOf(row));
              if (i % every === every - 1) inParts.persist();
            }
            expect(shown(reader.rows(finished(inParts)))).deep.equal(shown(reader.rows(finished(whole))));
          }),
          { numRuns: 12 },
        );
      });
    }
  }

  it('holds what rows say at their first and last times', () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 1, max: 9 }), (rows, every) => {
        const segment = grow(schema(true, false, { dimensions: [], metrics }));
        for (const [i, { t, row }] of rows.entries()) {
          segment.index.add(t, rowOf(row));
          if (i % every === every - 1) segment.persist();
        }
        for (const stored of reader.rows(finished(segment))) {
          const own = rows.filter(({ t }) => Math.floor(t / 1000) * 1000 === Number(stored['__time']));
          const byTime = own.toSorted((a, b) => a.t - b.t);
          const words = byTime.filter(({ row }) => (row.word ?? null) !== null);
          const pair = (name: string, kind: TimedKind): unknown[] => {
            const bytes = stored[name] as Uint8Array;
            return [Number(timedTime(bytes)), timedValue(kind, bytes)];
          };
          const longOf = (at: (typeof own)[number] | undefined): unknown[] => {
            const m = at?.row.m ?? null;
            return [at?.t, m === null ? null : BigInt(m)];
          };
          const sameTime = (t: number | undefined): boolean => own.filter((each) => each.t === t).length > 1;
          // Of rows of the same time any may win, as they come.
          if (!sameTime(byTime[0]?.t)) expect(pair('lf', 'long')).deep.equal(longOf(byTime[0]));
          if (!sameTime(byTime.at(-1)?.t)) expect(pair('ll', 'long')).deep.equal(longOf(byTime.at(-1)));
          const [first] = words;
          if (first !== undefined && !sameTime(first.t)) {
            expect(pair('sf', 'string')).deep.equal([first.t, first.row.word]);
          }
          const sum = own.reduce((total, { row }) => total + (row.m ?? 0), 0);
          const isAny = own.some(({ row }) => (row.m ?? null) !== null);
          expect(stored['fold']).equal(isAny ? BigInt(sum) : null);
          expect(stored['computed']).equal(isAny ? 2 * sum : null);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('keeps its rows when the disk refuses them, and can be tried again', () => {
    const segment = grow(schema(true, false));
    const dir = join(base, `parts-${made - 1}`);
    segment.index.add(1, rowOf({ s: 'a', m: 1 }));
    writeFileSync(dir, 'no folder');
    let error: unknown;
    try {
      segment.persist();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).instanceOf(CodedError).include({ code: 'StorageFailure' });
    expect(segment).include({ rowCount: 1, partCount: 0 });
    segment.index.add(1, rowOf({ s: 'a', m: 2 }));
    rmSync(dir);
    segment.persist();
    expect(segment).include({ rowCount: 1, partCount: 1 });
    expect(segment.index.rowCount).equal(0);
    const [row] = reader.rows(finished(segment));
    expect(row).include({ s: 'a', sum: 3n, count: 2n });
    segment.dispose();
    expect(readdirSync(base)).not.include(dir);
  });
});
