/** What users send can't hold a node: patterns are matched in bounded time, deep nesting is refused. */
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { parseJson } from '../json/parse.js';
import { parseNativeQuery } from '../native/parse.js';
import { createInlinePool } from './inline-pool.js';
import { testSegment } from './test-segment.js';

const arena = createArena({ maximumBytes: 1 << 28 });
const kernels = instantiateKernels(compileKernels(), arena);
const day = Date.UTC(2024, 0, 1);
const bait = 'a'.repeat(5000);
const segment = testSegment(arena, {
  id: 's',
  interval: { startMs: day, endMs: day + 86_400_000 },
  columns: {
    __time: { kind: 'long', values: [BigInt(day)] },
    s: { kind: 'string', values: [`${bait}!`] },
  },
  metrics: [],
  timeSorted: true,
  dictionarySorted: true,
  hasBitmaps: true,
});

/** Runs the query, or is refused with an error of a known kind. */
async function ends(body: object): Promise<void> {
  const pool = createInlinePool({
    kernels,
    open: () => segment,
    scratchBytes: 1 << 26,
    clock: { now: () => 0, monotonic: () => 0 },
  });
  try {
    const query = parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 });
    const ref = { segmentId: 's', handle: 0, intervals: query.intervals };
    for await (const part of pool.scanSegments(query, [ref])) expect(part.frame.rows).to.be.at.least(0);
  } catch (error) {
    expect(error).to.be.instanceOf(CodedError);
    expect(['LimitExceeded', 'QueryFailed', 'InvalidInput']).to.include((error as CodedError).code);
  }
}

const base = {
  dataSource: 't',
  intervals: '2024/2025',
  granularity: 'all',
  aggregations: [{ type: 'count', name: 'n' }],
};
const timeseries = { ...base, queryType: 'timeseries' };

const catastrophes = ['(a+)+$', '(a|aa)+$', '(a|a?)+$', '(.*a){20}$', '(?:a?){50}a{50}$', '^(a*)*\\1$'];

/** Every place that takes a pattern. */
const places: Readonly<Record<string, (pattern: string) => object>> = {
  'regex filter': (pattern) => ({ ...timeseries, filter: { type: 'regex', dimension: 's', pattern } }),
  'search filter': (pattern) => ({
    ...timeseries,
    filter: { type: 'search', dimension: 's', query: { type: 'regex', pattern } },
  }),
  'search query': (pattern) => ({ ...base, queryType: 'search', query: { type: 'regex', pattern } }),
  'regex extraction': (expr) => ({
    ...timeseries,
    filter: { type: 'selector', dimension: 's', value: 'x', extractionFn: { type: 'regex', expr, index: 0 } },
  }),
  'partial extraction': (expr) => ({
    ...timeseries,
    filter: { type: 'selector', dimension: 's', value: 'x', extractionFn: { type: 'partial', expr } },
  }),
  'regexFiltered dimension': (pattern) => ({
    ...base,
    queryType: 'groupBy',
    dimensions: [{ type: 'regexFiltered', delegate: 's', pattern }],
  }),
  'mv-regex-filtered column': (pattern) => ({
    ...base,
    queryType: 'groupBy',
    dimensions: ['v'],
    virtualColumns: [{ type: 'mv-regex-filtered', name: 'v', delegate: 's', pattern }],
  }),
  ...Object.fromEntries(
    ['regexp_like(s, P)', 'regexp_extract(s, P)', "regexp_replace(s, P, 'x')", 'string_to_array(s, P)'].map(
      (call) => [
        call,
        (pattern: string) => ({
          ...timeseries,
          filter: {
            type: 'expression',
            expression: `notnull(${call.replace('P', `'${pattern.replaceAll('\\', '\\\\')}'`)})`,
          },
        }),
      ],
    ),
  ),
};

describe('bounded work', function () {
  // Each of these would run for years by trying everything; the limit is far above what they take.
  this.timeout(300_000);
  for (const [i, [place, bodyOf]] of Object.entries(places).entries()) {
    const pattern = catastrophes[i % catastrophes.length] ?? '';
    it(`pattern ${pattern} in ${place}`, () => ends(bodyOf(pattern)));
  }

  it('LIKE, replace and searches over long texts', async () => {
    const like = `${'%a'.repeat(200)}%b%c`;
    await ends({ ...timeseries, filter: { type: 'like', dimension: 's', pattern: like } });
    await ends({ ...timeseries, filter: { type: 'expression', expression: `like(s, '${like}')` } });
    await ends({ ...timeseries, filter: { type: 'expression', expression: "replace(s, 'a', s) == ''" } });
    await ends({
      ...timeseries,
      filter: { type: 'search', dimension: 's', query: { type: 'fragment', values: Array(100).fill('a') } },
    });
  });

  it('a long chain of columns made of each other', async () => {
    const virtualColumns = Array.from({ length: 20_000 }, (_, i) => ({
      type: 'expression',
      name: `v${i}`,
      expression: i === 0 ? '1' : `v${i - 1} + 1`,
      outputType: 'LONG',
    }));
    const aggregations = [{ type: 'longSum', name: 'n', fieldName: 'v19999' }];
    await ends({ ...timeseries, virtualColumns, aggregations });
  });

  it('deep nesting is refused wherever specs hold specs', () => {
    const nest = (depth: number, inner: unknown, wrap: (inner: unknown) => unknown): unknown => {
      let all = inner;
      for (let i = 0; i < depth; i++) all = wrap(all);
      return all;
    };
    const leaf = { type: 'true' };
    const groupBy = { ...base, queryType: 'groupBy', dimensions: ['s'] };
    const deep: Record<string, object> = {
      filters: { ...timeseries, filter: nest(5000, leaf, (field) => ({ type: 'not', field })) },
      'and filters': { ...timeseries, filter: nest(5000, leaf, (one) => ({ type: 'and', fields: [one] })) },
      having: { ...groupBy, having: nest(5000, { type: 'always' }, (h) => ({ type: 'not', havingSpec: h })) },
      'filtered aggregators': {
        ...timeseries,
        aggregations: [
          nest(5000, { type: 'count', name: 'n' }, (aggregator) => ({
            type: 'filtered',
            filter: leaf,
            aggregator,
          })),
        ],
      },
      'post-aggregators': {
        ...timeseries,
        postAggregations: [
          nest(5000, { type: 'constant', name: 'c', value: 1 }, (one) => ({
            type: 'doubleGreatest',
            name: 'p',
            fields: [one],
          })),
        ],
      },
      'extraction functions': {
        ...timeseries,
        filter: {
          type: 'selector',
          dimension: 's',
          extractionFn: nest(5000, { type: 'upper' }, (one) => ({ type: 'cascade', extractionFns: [one] })),
        },
      },
      'dimension specs': {
        ...groupBy,
        dimensions: [nest(5000, 's', (delegate) => ({ type: 'prefixFiltered', delegate, prefix: 'a' }))],
      },
      'topN metrics': {
        ...base,
        queryType: 'topN',
        dimension: 's',
        threshold: 1,
        metric: nest(5000, { type: 'numeric', metric: 'n' }, (metric) => ({ type: 'inverted', metric })),
      },
      'nested queries': nest(5000, timeseries, (query) => ({
        ...timeseries,
        dataSource: { type: 'query', query },
      })) as object,
      unions: {
        ...timeseries,
        dataSource: nest(5000, 't', (one) => ({ type: 'union', dataSources: [one] })),
      },
      'filtered data sources': {
        ...timeseries,
        dataSource: nest(5000, 't', (inner) => ({ type: 'filter', base: inner, filter: leaf })),
      },
      expressions: {
        ...timeseries,
        postAggregations: [
          { type: 'expression', name: 'e', expression: `${'('.repeat(5000)}n${')'.repeat(5000)}` },
        ],
      },
      'chains of operators': {
        ...timeseries,
        postAggregations: [{ type: 'expression', name: 'e', expression: 'n+'.repeat(50_000) + 'n' }],
      },
    };
    for (const [what, body] of Object.entries(deep)) {
      let refused: unknown;
      try {
        parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 });
      } catch (error) {
        refused = error;
      }
      expect(refused, what).to.be.instanceOf(CodedError);
      expect(['InvalidInput', 'Unsupported'], what).to.include((refused as CodedError).code);
    }
    const text = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(() => parseJson(text)).to.throw(CodedError);
  });
});
