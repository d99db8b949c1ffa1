/** Every name of Druid's native language: it runs, or it is refused by name. */
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { mergePartials } from '../merge.js';
import { parseNativeQuery } from '../native/parse.js';
import { allFunctions, expression } from '../expression/expression.js';
import { nullValue } from '../expression/value.js';
import { renderResult } from '../results/render.js';
import { TextSink } from '../json/write.js';
import { createInlinePool } from './inline-pool.js';
import { testSegment } from './test-segment.js';

const arena = createArena({ maximumBytes: 1 << 28 });
const kernels = instantiateKernels(compileKernels(), arena);
const day = Date.UTC(2024, 0, 1);
const segment = testSegment(arena, {
  id: 's',
  interval: { startMs: day, endMs: day + 86_400_000 },
  columns: {
    __time: { kind: 'long', values: [BigInt(day), BigInt(day + 1000), BigInt(day + 2000)] },
    s: { kind: 'string', values: ['a', 'b', null] },
    m: { kind: 'strings', values: [['a', 'b'], [], ['c']] },
    l: { kind: 'long', values: [1n, null, 3n] },
    d: { kind: 'double', values: [1.5, 2.5, null] },
  },
  metrics: ['l', 'd'],
  timeSorted: true,
  dictionarySorted: true,
  hasBitmaps: true,
});

async function run(body: object): Promise<string> {
  const query = parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 });
  const pool = createInlinePool({
    kernels,
    open: () => segment,
    scratchBytes: 1 << 26,
    clock: { now: () => 0, monotonic: () => 0 },
  });
  const frames = [];
  const ref = { segmentId: 's', handle: 0, intervals: query.intervals };
  for await (const part of pool.scanSegments(query, [ref])) frames.push(part.frame);
  const sink = new TextSink();
  renderResult(query, mergePartials(query, frames), sink);
  return sink.text;
}

const base = {
  dataSource: 't',
  intervals: '2024/2025',
  granularity: 'all',
  aggregations: [{ type: 'count', name: 'n' }],
};
const timeseries = { ...base, queryType: 'timeseries' };
const groupBy = { ...base, queryType: 'groupBy', dimensions: ['s'] };
const map = { type: 'map', map: { a: 'x' } };
const field = { type: 'fieldAccess', fieldName: 'n' };

type Table = Readonly<Record<string, object>>;
const named = (types: string, more: object): Table =>
  Object.fromEntries(types.split(' ').map((type) => [type, more]));

const aggregators: Table = {
  count: {},
  ...named('longSum doubleSum floatSum longMin longMax doubleMin doubleMax floatMin floatMax', {
    fieldName: 'l',
  }),
  ...named('doubleMean longFirst longLast doubleFirst doubleLast floatFirst floatLast', { fieldName: 'd' }),
  ...named('stringFirst stringLast stringAny longAny doubleAny floatAny', { fieldName: 's' }),
  filtered: {
    filter: { type: 'null', column: 's' },
    aggregator: { type: 'count', name: 'x' },
  },
  grouping: { groupings: ['s'] },
  expression: { fields: ['l'], initialValue: '0', fold: '__acc + nvl(l, 0)', combine: '__acc + x' },
  cardinality: { fields: ['s'] },
  hyperUnique: { fieldName: 'h' },
};
const otherAggregators =
  `javascript HLLSketchBuild HLLSketchMerge thetaSketch quantilesDoublesSketch KllFloatsSketch
  KllDoublesSketch arrayOfDoublesSketch variance varianceFold approxHistogram approxHistogramFold
  fixedBucketsHistogram bloom tDigestSketch momentSketch timeMin timeMax`.split(/\s+/);

const postAggregators: Table = {
  arithmetic: { fn: '+', fields: [field, field] },
  fieldAccess: { fieldName: 'n' },
  finalizingFieldAccess: { fieldName: 'n' },
  constant: { value: 1 },
  expression: { expression: 'n + 1' },
  ...named('doubleGreatest longGreatest doubleLeast longLeast', { fields: [field] }),
  hyperUniqueCardinality: { fieldName: 'n' },
};
const otherPostAggregators =
  `javascript HLLSketchEstimate HLLSketchEstimateWithBounds HLLSketchUnion HLLSketchToString
  thetaSketchEstimate thetaSketchSetOp thetaSketchConstant thetaSketchToString quantilesDoublesSketchToQuantile
  quantilesDoublesSketchToQuantiles quantilesDoublesSketchToHistogram quantilesDoublesSketchToRank
  quantilesDoublesSketchToCDF quantilesDoublesSketchToString arrayOfDoublesSketchToEstimate
  arrayOfDoublesSketchToEstimateAndBounds arrayOfDoublesSketchToMeans arrayOfDoublesSketchToVariances
  arrayOfDoublesSketchToNumEntries arrayOfDoublesSketchToQuantilesSketch arrayOfDoublesSketchSetOp
  arrayOfDoublesSketchTTest arrayOfDoublesSketchToString arrayOfDoublesSketchToMetricsSumEstimate
  KllFloatsSketchToQuantile KllDoublesSketchToQuantile stddev zscore2sample pvalue2tailedZtest quantile quantiles
  buckets equalBuckets customBuckets min max`.split(/\s+/);

const dimensions: Table = {
  default: {},
  extraction: { extractionFn: { type: 'upper' } },
  lookup: { lookup: map },
  listFiltered: { delegate: 'm', values: ['a'] },
  regexFiltered: { delegate: 'm', pattern: 'a' },
  prefixFiltered: { delegate: 'm', prefix: 'a' },
};
const extractions: Table = {
  regex: { expr: '(a)' },
  partial: { expr: 'a' },
  searchQuery: { query: { type: 'contains', value: 'a' } },
  substring: { index: 0 },
  strlen: {},
  time: { timeFormat: 'yyyy', resultFormat: 'MM' },
  lookup: { lookup: map },
  cascade: { extractionFns: [{ type: 'upper' }] },
  stringFormat: { format: '%s' },
  ...named('upper lower bucket identity', {}),
};
const filters: Table = {
  selector: { dimension: 's', value: 'a' },
  extraction: { dimension: 's', value: 'A', extractionFn: { type: 'upper' } },
  equals: { column: 's', matchValueType: 'STRING', matchValue: 'a' },
  null: { column: 's' },
  in: { dimension: 's', values: ['a'] },
  inType: { column: 'l', matchValueType: 'LONG', sortedValues: [1] },
  range: { column: 'l', matchValueType: 'LONG', lower: 1 },
  bound: { dimension: 's', lower: 'a' },
  ...named('and or', { fields: [{ type: 'true' }] }),
  ...named('not istrue isfalse', { field: { type: 'true' } }),
  like: { dimension: 's', pattern: 'a%' },
  regex: { dimension: 's', pattern: 'a' },
  interval: { dimension: '__time', intervals: ['2024/2025'] },
  search: { dimension: 's', query: { type: 'contains', value: 'a' } },
  arrayContainsElement: { column: 's', elementMatchValueType: 'STRING', elementMatchValue: 'a' },
  columnComparison: { dimensions: ['s', 'm'] },
  expression: { expression: 'l > 1' },
  ...named('true false', {}),
};
const searches: Table = {
  ...named('contains insensitive_contains', { value: 'a' }),
  fragment: { values: ['a'] },
  regex: { pattern: 'a' },
  all: {},
};
const havings: Table = {
  filter: { filter: { type: 'true' } },
  ...named('equalTo greaterThan lessThan', { aggregation: 'n', value: 0 }),
  dimSelector: { dimension: 's', value: 'a' },
  ...named('and or', { havingSpecs: [{ type: 'always' }] }),
  not: { havingSpec: { type: 'always' } },
  always: {},
};
const metrics: Table = {
  numeric: { metric: 'n' },
  dimension: {},
  inverted: { metric: 'n' },
  lexicographic: {},
  alphaNumeric: {},
};
const virtualColumns: Table = {
  expression: { name: 'v', expression: 'l + 1' },
  'nested-field': { columnName: 'j', outputName: 'v', path: '$.a' },
  'mv-filtered': { name: 'v', delegate: 'm', values: ['a'] },
  'mv-regex-filtered': { name: 'v', delegate: 'm', pattern: 'a' },
  'mv-prefix-filtered': { name: 'v', delegate: 'm', prefix: 'a' },
  fallback: { name: 'v', columns: ['s'] },
};
const granularities =
  `all none second minute five_minute ten_minute fifteen_minute thirty_minute hour six_hour
  eight_hour day week month quarter year`.split(/\s+/);
const functions = `coalesce if nvl like case_searched case_simple isnull notnull istrue isfalse
  nottrue notfalse concat format lookup parse_long regexp_extract regexp_like regexp_replace contains_string
  icontains_string replace substring left right strlen strpos trim ltrim rtrim lower upper reverse repeat lpad rpad
  decode_base64_utf8 timestamp unix_timestamp timestamp_ceil timestamp_floor timestamp_shift timestamp_extract
  timestamp_parse timestamp_format abs acos asin atan atan2 cbrt ceil copysign cos cosh cot div exp expm1 floor
  getExponent hypot log log10 log1p max min nextafter nextUp pi pow remainder rint round safe_divide scalb signum sin
  sinh sqrt tan tanh todegrees toradians ulp bitwiseAnd bitwiseOr bitwiseXor bitwiseComplement bitwiseShiftLeft
  bitwiseShiftRight bitwiseConvertDoubleToLongBits bitwiseConvertLongBitsToDouble array array_length array_offset
  array_ordinal array_contains array_overlap array_offset_of array_ordinal_of array_prepend array_append array_concat
  array_set_add array_set_add_all array_slice array_to_string string_to_array scalar_in_array array_to_mv mv_to_array
  mv_harmonize_nulls json_value json_query json_query_array json_object json_merge parse_json try_parse_json
  to_json_string json_keys json_paths greatest least ipv4_match ipv4_parse ipv4_stringify ipv6_match hyper_unique
  hyper_unique_add hyper_unique_estimate human_readable_binary_byte_format human_readable_decimal_byte_format
  human_readable_decimal_format`.split(/\s+/);

function refusedByName(body: object, name: string): void {
  let refused: unknown;
  try {
    parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 });
  } catch (error) {
    refused = error;
  }
  expect(refused, name).to.be.instanceOf(CodedError);
  const { code, message } = refused as CodedError;
  if (name === 'javascript') expect(message).to.equal('JavaScript is disabled');
  else {
    expect(code, name).to.equal('Unsupported');
    expect(message).to.include(`[${name}]`);
  }
}

async function runsEach(table: Table, bodyOf: (spec: object) => object): Promise<void> {
  for (const [type, more] of Object.entries(table)) {
    const text = await run(bodyOf({ type, ...more })).catch((error: unknown) => {
      throw new Error(`${type}: ${String(error)}`);
    });
    expect(JSON.parse(text), type).to.be.an('array');
  }
}

describe("names of Druid's native language", function () {
  this.timeout(300_000);
  const withAggregator = (spec: object): object => ({
    ...groupBy,
    aggregations: [{ name: 'x', ...spec }],
  });
  const withPost = (spec: object): object => ({ ...timeseries, postAggregations: [{ name: 'p', ...spec }] });
  const withFilter = (filter: object): object => ({ ...timeseries, filter });

  it('aggregators', async () => {
    await runsEach(aggregators, withAggregator);
    for (const type of otherAggregators) refusedByName(withAggregator({ type, fieldName: 'l' }), type);
  });
  it('post-aggregators', async () => {
    await runsEach(postAggregators, withPost);
    for (const type of otherPostAggregators) refusedByName(withPost({ type }), type);
  });
  it('dimension specs and extraction functions', async () => {
    const dimensionOf = (spec: object): object => ({
      ...groupBy,
      dimensions: [{ dimension: 's', outputName: 'o', ...spec }],
    });
    await runsEach(dimensions, dimensionOf);
    await runsEach(extractions, (extractionFn) => dimensionOf({ type: 'extraction', extractionFn }));
    await runsEach({ timeFormat: { format: 'yyyy' } }, (extractionFn) =>
      dimensionOf({ dimension: '__time', type: 'extraction', extractionFn }),
    );
    refusedByName(dimensionOf({ type: 'extraction', extractionFn: { type: 'javascript' } }), 'javascript');
  });
  it('filters and search specs', async () => {
    await runsEach(filters, withFilter);
    for (const type of ['bloom', 'javascript', 'spatial'])
      refusedByName(withFilter({ type, dimension: 's' }), type);
    await runsEach(searches, (query) => withFilter({ type: 'search', dimension: 's', query }));
    await runsEach(searches, (query) => ({ ...base, queryType: 'search', query }));
  });
  it('having specs, limits and topN metrics', async () => {
    await runsEach(havings, (having) => ({ ...groupBy, having }));
    await runsEach({ default: { limit: 1, columns: ['n'] } }, (limitSpec) => ({ ...groupBy, limitSpec }));
    const topN = { ...base, queryType: 'topN', dimension: 's', threshold: 2 };
    await runsEach(metrics, (metric) => ({ ...topN, metric }));
    for (const ordering of ['lexicographic', 'alphanumeric', 'numeric', 'strlen', 'version'])
      await runsEach({ dimension: { ordering } }, (metric) => ({ ...topN, metric }));
  });
  it('virtual columns', async () => {
    await runsEach(virtualColumns, (column) => ({
      ...groupBy,
      dimensions: ['v'],
      virtualColumns: [column],
    }));
  });
  it('granularities', async () => {
    for (const name of granularities) {
      for (const granularity of [name, name.toUpperCase(), { type: name === 'all' ? 'all' : 'none' }])
        await run({ ...groupBy, granularity });
    }
    await runsEach(
      { duration: { duration: 3600000 }, period: { period: 'P1D', timeZone: 'Asia/Tokyo' } },
      (g) => ({
        ...timeseries,
        granularity: g,
      }),
    );
  });
  it('query types', async () => {
    const texts = await Promise.all(
      [
        timeseries,
        { ...base, queryType: 'topN', dimension: 's', metric: 'n', threshold: 1 },
        groupBy,
        { ...base, queryType: 'scan' },
        { ...base, queryType: 'search', query: { type: 'all' } },
        { ...base, queryType: 'timeBoundary' },
      ].map(run),
    );
    for (const text of texts) expect(JSON.parse(text)).to.be.an('array');
    for (const queryType of ['windowOperator', 'union']) refusedByName({ ...base, queryType }, queryType);
  });
  it('functions of expressions', () => {
    const missing = functions.filter((name) => !allFunctions.has(name.toLowerCase()));
    expect(missing).to.deep.equal([]);
    expect(expression("cast('1', 'LONG')").evaluate(() => nullValue).value).to.equal(1n);
    expect(() => expression("bloom_filter_test(s, 'x')")).to.throw('bloom_filter_test');
  });
});
