/** Whatever is asked, no partition that holds a matching row is passed over; and asking for little opens little. */
import { expect } from 'chai';
import fc from 'fast-check';
import { parseFilter } from '../../query/native/filters.js';
import { filterDomain } from '../../query/native/filter-domain.js';
import { mayHold } from '../../segment/timeline/partition-domain.js';
import type { ShardSpec } from '../../segment/timeline/shard-spec.js';
import { PlainRow } from '../formats/row-reader.js';
import type { IngestSpec } from '../spec/model.js';
import { compileTask } from '../spec/task.js';
import { rowTest } from '../transform/row-filter.js';
import { fixedPlan, PlanMaker } from './partition-plan.js';

type Value = string | null | (string | null)[];
interface Row {
  readonly a: Value;
  readonly b: Value;
}

function specOf(partitionsSpec: object): IngestSpec {
  return compileTask({
    type: 'index_parallel',
    spec: {
      dataSchema: {
        dataSource: 'd',
        timestampSpec: { column: 't' },
        dimensionsSpec: { dimensions: ['a', 'b'] },
        granularitySpec: { segmentGranularity: 'day', rollup: false },
      },
      ioConfig: { inputSource: { type: 'inline', data: '' }, inputFormat: { type: 'json' } },
      tuningConfig: { forceGuaranteedRollup: true, partitionsSpec },
    },
  }).spec;
}

interface Partition {
  readonly spec: ShardSpec;
  readonly rows: PlainRow[];
}

/** As the two passes of a build do it. */
function partition(partitionsSpec: object, rows: readonly Row[]): Partition[] {
  const spec = specOf(partitionsSpec);
  const { partitioning } = spec.tuning;
  if (partitioning.type === 'dynamic') throw new Error('not partitioned');
  const inputs = rows.map((row) => new PlainRow({ ...row }));
  const maker = new PlanMaker(spec, partitioning);
  for (const row of inputs) maker.add(0, row);
  const chunk = (fixedPlan(spec) ?? maker.plan()).of(0);
  const buckets = new Map<number, PlainRow[]>();
  for (const row of inputs) {
    const bucket = chunk.bucketOf(0, row);
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), row]);
  }
  return [...buckets]
    .toSorted(([a], [b]) => a - b)
    .map(([bucket, held], i) => ({ spec: chunk.shardSpec(bucket, i, buckets.size), rows: held }));
}

/** The partitions a broker would ask. */
function asked(partitions: readonly Partition[], filterJson: unknown): Partition[] {
  const filter = parseFilter(filterJson, 'filter');
  return partitions.filter(({ spec }) =>
    mayHold(spec, (dimension) => filterDomain(filter, dimension, 'sound')),
  );
}

/** Throws when a matching row is among those that nobody asks. */
function checkSound(partitions: readonly Partition[], filterJson: unknown): void {
  const test = rowTest(parseFilter(filterJson, 'filter'), new Set(), {});
  const open = new Set(asked(partitions, filterJson));
  for (const one of partitions) {
    if (open.has(one)) continue;
    const missed = one.rows.find((row) => test(row, 0) === true);
    expect(missed?.fields, `${JSON.stringify(filterJson)} passes by ${JSON.stringify(one.spec)}`).to.equal(
      undefined,
    );
  }
}

const word = fc.constantFrom('', 'a', 'b', 'ba', 'c', 'é', '10', '9', '😀', '～');
const single = fc.option(word);
const several: fc.Arbitrary<Value> = fc.oneof(single, fc.array(single, { maxLength: 3 }));
const rowsOf = (value: fc.Arbitrary<Value>): fc.Arbitrary<Row[]> =>
  fc.array(fc.record({ a: value, b: value }), { minLength: 1, maxLength: 60 });

const column = fc.constantFrom('a', 'b');
const leaf: fc.Arbitrary<object> = fc.oneof(
  fc.record({ type: fc.constant('selector'), dimension: column, value: single }),
  fc.record({
    type: fc.constant('in'),
    dimension: column,
    values: fc.array(single, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('inType'),
    column,
    matchValueType: fc.constant('STRING'),
    sortedValues: fc.array(single, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('null'), column }),
  fc.record({ type: fc.constant('bound'), dimension: column, lower: word, lowerStrict: fc.boolean() }),
  fc.record({ type: fc.constant('bound'), dimension: column, upper: word, upperStrict: fc.boolean() }),
);
const filters: fc.Arbitrary<object> = fc.oneof(
  leaf,
  fc.record({
    type: fc.constantFrom('and', 'or'),
    fields: fc.array(leaf, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('not'), field: leaf }),
);

describe('pruning by partitions', () => {
  const check = (partitionsSpec: object, value: fc.Arbitrary<Value>): void => {
    fc.assert(
      fc.property(rowsOf(value), fc.array(filters, { minLength: 1, maxLength: 8 }), (rows, asks) => {
        const partitions = partition(partitionsSpec, rows);
        for (const ask of asks) checkSound(partitions, ask);
      }),
      { numRuns: 300 },
    );
  };

  it('loses no row of a range of one dimension', () =>
    check({ type: 'single_dim', partitionDimension: 'a', targetRowsPerSegment: 5 }, single));

  it('loses no row of ranges of two dimensions', () =>
    check({ type: 'range', partitionDimensions: ['a', 'b'], targetRowsPerSegment: 4 }, single));

  it('loses no row of buckets by one dimension, several values or none included', () =>
    check({ type: 'hashed', partitionDimensions: ['a'], numShards: 4 }, several));

  it('loses no row of buckets by two dimensions', () =>
    check({ type: 'hashed', partitionDimensions: ['b', 'a'], numShards: 5 }, single));

  it('loses no row of buckets by the whole row', () => check({ type: 'hashed', numShards: 3 }, several));

  const letters = Array.from({ length: 260 }, (_, i) => String.fromCharCode(97 + (i % 26)));
  const rows = letters.map((a, i): Row => ({ a: i % 26 === 0 ? null : a, b: `b${i % 3}` }));
  const only = (partitionsSpec: object, filter: object): number =>
    asked(partition(partitionsSpec, rows), filter).length;
  const q = { type: 'selector', dimension: 'a', value: 'q' };
  const isNull = { type: 'null', column: 'a' };

  it('asks few for one value, for a stretch, and for null', () => {
    const ranges = { type: 'single_dim', partitionDimension: 'a', targetRowsPerSegment: 20 };
    expect(partition(ranges, rows)).to.have.length.above(10);
    expect(only(ranges, q)).to.be.within(1, 2);
    expect(only(ranges, isNull)).to.equal(1);
    expect(only(ranges, { type: 'bound', dimension: 'a', lower: 'y' })).to.be.within(1, 3);
    const tuples = { type: 'range', partitionDimensions: ['a', 'b'], targetRowsPerSegment: 20 };
    expect(only(tuples, q)).to.be.within(1, 3);
    expect(only(tuples, isNull)).to.be.within(1, 2);
    const buckets = { type: 'hashed', partitionDimensions: ['a'], numShards: 8 };
    expect(partition(buckets, rows)).to.have.length(8);
    expect(only(buckets, q)).to.equal(1);
    // By the whole row nothing can be told.
    expect(only({ type: 'hashed', numShards: 8 }, q)).to.equal(8);
  });
});
