import { expect } from 'chai';
import { asCoded, CodedError } from '../../proto/errors.js';
import { parseJson } from '../json/parse.js';
import { errorEnvelope } from './errors.js';
import type { NativeQuery } from './model.js';
import { parseNativeQuery } from './parse.js';

const defaults = { queryId: 'made-up', timeoutMs: 1000 };
const parse = (body: unknown): NativeQuery => parseNativeQuery(body, defaults);
const ts = {
  queryType: 'timeseries',
  dataSource: 'shop',
  intervals: '2020-01-01/P1D',
  granularity: 'hour',
  aggregations: [{ type: 'count', name: 'n' }],
};
const fold = { type: 'expression', name: 'x', fields: ['a'], initialValue: '0', fold: 'a', combine: 'x' };
const day = { startMs: Date.UTC(2020, 0, 1), endMs: Date.UTC(2020, 0, 2) };

function refusal(body: unknown): {
  code: string;
  message: string;
  field: unknown;
  status: number;
  answer: Record<string, unknown>;
} {
  try {
    parse(body);
  } catch (thrown) {
    const error = asCoded(thrown);
    const { status, body: text } = errorEnvelope(error);
    const answer = JSON.parse(text) as Record<string, unknown>;
    return { code: error.code, message: error.message, field: error.context['field'], status, answer };
  }
  throw new Error(`not refused: ${JSON.stringify(body)}`);
}

describe('native query parser', () => {
  it('fills in the defaults of a timeseries', () => {
    expect(parse(ts)).to.deep.equal({
      queryType: 'timeseries',
      dataSources: ['shop'],
      intervals: [day],
      filter: undefined,
      context: {
        queryId: 'made-up',
        timeoutMs: 1000,
        priority: 0,
        skipEmptyBuckets: false,
        grandTotal: false,
        resultAsArray: false,
        allowPartialResults: false,
        bySegment: false,
        maxSubqueryRows: 100_000,
        minTopNThreshold: 1000,
        given: {},
      },
      granularity: { type: 'period', period: 'PT1H', timeZone: 'UTC', originMs: undefined },
      descending: false,
      aggregations: [{ type: 'count', name: 'n' }],
      postAggregations: [],
      limit: 0,
    });
  });

  it('condenses intervals given in any form', () => {
    const intervals = {
      type: 'intervals',
      intervals: ['2020-01-01T12/2020-01-02', '2020-01-01/2020-01-01T13'],
    };
    expect(parse({ ...ts, intervals }).intervals).to.deep.equal([day]);
    expect(parse({ ...ts, intervals: [] }).intervals).to.deep.equal([]);
    const text = '2024-03-08/2024-03-09';
    const [legacy] = parse({ ...ts, intervals: text }).intervals;
    // Null is an interval of no length in a bare list, and none elsewhere.
    for (const bare of [[null, text], { intervals: [text, null] }])
      expect(parse({ ...ts, intervals: bare }).intervals).to.deep.equal([legacy]);
    expect(parse({ ...ts, intervals: [null] }).intervals).to.deep.equal([]);
    expect(() => parse({ ...ts, intervals: { type: 'intervals', intervals: [null] } })).to.throw('interval');
    const boundary = parse({ queryType: 'timeBoundary', dataSource: 'shop', bound: 'noon' });
    expect(boundary).to.deep.include({
      bound: undefined,
      intervals: [{ startMs: -(2 ** 62), endMs: 2 ** 62 }],
    });
  });

  it('reads unions and tables of unknown type', () => {
    const union = { type: 'union', dataSources: ['a', { type: 'table', name: 'b' }, 'a'] };
    // What is named twice counts twice.
    expect(parse({ ...ts, dataSource: union }).dataSources).to.deep.equal(['a', 'b', 'a']);
    expect(parse({ ...ts, dataSource: { type: 'heap', name: 'c' } }).dataSources).to.deep.equal(['c']);
  });

  it('refuses virtual columns whose expression can not be made, constant parts worked out', () => {
    const withColumn = (expression: string) => () =>
      parse({ ...ts, virtualColumns: [{ type: 'expression', name: 'v', expression }] });
    for (const wrong of ['nosuch(a)', 'strlen(a, b)', 'a +', 'lookup(a, b)', '1 / 0'])
      expect(withColumn(wrong), wrong).to.throw().with.property('code', 'InvalidInput');
    expect(withColumn("lookup(a, 'later')")).not.to.throw();
  });

  it('refuses virtual columns that read themselves, also by way of others', () => {
    const column = (name: string, expression: string) => ({ type: 'expression', name, expression });
    const withColumns =
      (...virtualColumns: object[]) =>
      () =>
        parse({ ...ts, virtualColumns });
    for (const columns of [
      [column('a', 'a + 1')],
      [column('a', 'b'), column('b', 'upper(c)'), column('c', 'a')],
      [{ type: 'nested-field', columnName: 'j', outputName: 'j', path: '$.x' }],
      [{ type: 'mv-filtered', name: 'm', delegate: 'm', values: ['x'] }],
    ])
      expect(withColumns(...columns))
        .to.throw(/Self-referential column/)
        .with.property('code', 'InvalidInput');
    expect(withColumns(column('a', 'b'), column('b', 'c'), column('d', 'a + b'))).not.to.throw();
    // Each column is looked at once, however many ways lead to it.
    const many = Array.from({ length: 60 }, (_, i) => column(`v${i}`, i < 2 ? 'x' : `v${i - 1} + v${i - 2}`));
    expect(withColumns(...many.reverse())).not.to.throw();
    // Chains are not followed by recursion.
    const chain = Array.from({ length: 5000 }, (_, i) => column(`v${i}`, `v${i + 1}`));
    expect(withColumns(...chain)).not.to.throw();
    expect(withColumns(...chain, column('v5000', 'v2'))).to.throw('Self-referential column[v2]');
  });

  it('applies functions that lose nothing to groups, which are texts', () => {
    const lookup = { type: 'lookup', lookup: { type: 'map', map: { a: 'x' } }, injective: true };
    const dimensionOf = (extractionFn: object): unknown =>
      (
        parse({
          ...ts,
          queryType: 'groupBy',
          dimensions: [
            { type: 'extraction', dimension: 'd', outputName: 'o', outputType: 'LONG', extractionFn },
          ],
        }) as unknown as { dimensions: unknown[] }
      ).dimensions[0];
    expect(dimensionOf({ type: 'identity' })).to.deep.equal({
      dimension: 'd',
      outputName: 'o',
      outputType: 'STRING',
    });
    expect(dimensionOf(lookup)).to.have.property('outputType', 'STRING');
    expect(dimensionOf(lookup)).to.have.nested.property('late.type', 'lookup');
    expect(dimensionOf({ type: 'upper' })).to.have.property('outputType', 'LONG');
    const cascade = (...extractionFns: unknown[]) => ({ type: 'cascade', extractionFns });
    const identity = { type: 'identity' };
    expect(dimensionOf(cascade(lookup, identity))).to.have.nested.property('late.type', 'cascade');
    expect(dimensionOf(cascade(lookup, { type: 'upper' }))).not.to.have.property('late');
    expect(dimensionOf(cascade())).not.to.have.property('late');
    // Groups of groups are made of what is under it.
    const dimensions = [{ type: 'extraction', dimension: 'd', outputName: 'o', extractionFn: lookup }];
    const query = { ...ts, queryType: 'groupBy', dimensions };
    for (const [queryType, isLate] of [
      ['groupBy', false],
      ['timeseries', true],
    ] as const) {
      const outer = { ...ts, queryType, dimensions: ['o'], dataSource: { type: 'query', query } };
      const inner = (parse(outer) as unknown as { source: { query: { dimensions: object[] } } }).source.query;
      expect('late' in (inner.dimensions[0] ?? {}), queryType).to.equal(isLate);
    }
  });

  it('types the constants of filters', () => {
    const filterOf = (filter: unknown): unknown => parse({ ...ts, filter }).filter;
    expect(filterOf({ type: 'selector', dimension: 'd', value: 17 })).to.deep.equal({
      type: 'selector',
      dimension: 'd',
      value: '17',
    });
    expect(filterOf({ type: 'selector', dimension: 'd' })).to.deep.include({ value: null });
    const equals = { type: 'equals', column: 'c', matchValueType: 'long', matchValue: 9007199254740993n };
    expect(filterOf(equals)).to.deep.include({ matchValueType: 'LONG', matchValue: 9007199254740993n });
    expect(filterOf({ ...equals, matchValue: '-4' })).to.deep.include({ matchValue: -4n });
    expect(
      filterOf({ type: 'range', column: 'c', matchValueType: 'DOUBLE', lower: 2, upperOpen: true }),
    ).to.deep.equal({
      type: 'range',
      column: 'c',
      matchValueType: 'DOUBLE',
      lower: 2,
      upper: undefined,
      lowerOpen: false,
      upperOpen: true,
    });
    const inType = { type: 'inType', column: 'c', matchValueType: 'LONG', sortedValues: [null, 3] };
    expect(filterOf(inType)).to.deep.equal({
      type: 'inType',
      column: 'c',
      matchValueType: 'LONG',
      values: [null, 3n],
    });
    const { sortedValues: _, ...listed } = inType;
    expect(filterOf({ ...listed, values: [3] })).to.deep.equal({
      type: 'equals',
      column: 'c',
      matchValueType: 'LONG',
      matchValue: 3n,
    });
    const arrays = { ...inType, matchValueType: 'ARRAY<LONG>' };
    expect(filterOf({ ...arrays, sortedValues: [[3, null]] })).to.deep.include({
      type: 'arrayRange',
      isEquality: true,
      lower: [3n, null],
    });
    expect(filterOf({ ...arrays, sortedValues: [] })).to.deep.equal({ type: 'false' });
    expect(refusal({ ...ts, filter: { ...arrays, sortedValues: [[1], [2]] } }).message).to.contain(
      'Predicate does not support ARRAY types',
    );
    expect(
      refusal({ ...ts, filter: { ...arrays, sortedValues: undefined, values: [[1]] } }).message,
    ).to.contain('Unsupported matchValueType[ARRAY<LONG>]');
    expect(filterOf({ type: 'bound', dimension: 'd', lower: 5, ordering: 'Numeric' })).to.deep.include({
      lower: '5',
      ordering: 'numeric',
    });
  });

  it('reads the parts of topN, groupBy and scan', () => {
    const topN = {
      ...ts,
      queryType: 'topN',
      dimension: 'city',
      threshold: '5',
      metric: { type: 'inverted', metric: 'n' },
    };
    expect(parse(topN)).to.deep.include({
      dimension: { dimension: 'city', outputName: 'city', outputType: 'STRING' },
      metric: { type: 'inverted', metric: { type: 'numeric', metric: 'n' } },
      threshold: 5,
    });
    const groupBy = {
      ...ts,
      queryType: 'groupBy',
      dimensions: [{ type: 'default', dimension: 'age', outputType: 'LONG' }],
      postAggregations: [
        {
          type: 'arithmetic',
          name: 'p',
          fn: '/',
          fields: [
            { type: 'fieldAccess', fieldName: 'n' },
            { type: 'constant', value: 2 },
          ],
        },
      ],
      limitSpec: {
        type: 'default',
        limit: 2147483647,
        offset: 3,
        columns: ['p', { dimension: 'age', direction: 'DESC', dimensionOrder: 'numeric' }],
      },
    };
    expect(parse(groupBy)).to.deep.include({
      limit: undefined,
      offset: 3,
      orderBy: [
        { dimension: 'p', direction: 'ascending', ordering: 'lexicographic' },
        { dimension: 'age', direction: 'descending', ordering: 'numeric' },
      ],
    });
    const scan = {
      queryType: 'scan',
      dataSource: 's',
      intervals: '2020/2021',
      limit: 0,
      orderBy: [{ columnName: '__time', order: 'descending' }],
    };
    // Longs beyond what a double holds exactly mean as much as the last one it does.
    for (const limit of [9_223_372_036_854_775_807n, '9223372036854775807'])
      expect(parse({ ...scan, limit })).to.have.property('limit', Number.MAX_SAFE_INTEGER);
    expect(() => parse({ ...scan, limit: 9_223_372_036_854_775_808n })).to.throw('out of the range of long');
    expect(parse(scan)).to.deep.include({
      order: 'descending',
      limit: undefined,
      batchSize: 20480,
      resultFormat: 'list',
      columns: [],
    });
  });

  it('refuses bad input in the short form, naming the field', () => {
    const cases: [Record<string, unknown>, string][] = [
      [{ dataSource: null }, 'dataSource'],
      [{ intervals: undefined }, 'intervals'],
      [{ intervals: ['tomorrow'] }, 'intervals[0]'],
      [{ granularity: 'aeon' }, 'granularity'],
      [{ granularity: undefined }, 'granularity'],
      [{ limit: -1 }, 'limit'],
      [{ filter: { type: 'and', fields: [] } }, 'filter.fields'],
      [{ filter: { type: 'not', field: { type: 'selector', value: 1 } } }, 'filter.field.dimension'],
      [{ filter: { type: 'range', column: 'a', matchValueType: 'ARRAY<LONG>' } }, 'filter'],
      [
        { filter: { type: 'equals', column: 'a', matchValueType: 'LONG', matchValue: 'x' } },
        'filter.matchValue',
      ],
      [{ filter: { type: 'range', column: 'a', matchValueType: 'LONG' } }, 'filter'],
      [{ filter: { type: 'like', dimension: 'a', pattern: 'x', escape: 'ab' } }, 'filter.escape'],
      [{ aggregations: [{ type: 'longSum', name: 'x' }] }, 'aggregations[0].fieldName'],
      [
        {
          aggregations: [
            { type: 'count', name: 'n' },
            { type: 'count', name: 'n' },
          ],
        },
        'aggregations[1].name',
      ],
      [{ postAggregations: [{ type: 'fieldAccess', name: 'p', fieldName: 'q' }] }, 'postAggregations[0]'],
      [
        { postAggregations: [{ type: 'arithmetic', name: 'p', fn: '%', fields: [] }] },
        'postAggregations[0].fn',
      ],
      [
        { aggregations: [{ type: 'longSum', name: 'x', fieldName: 'a', expression: 'a' }] },
        'aggregations[0].fieldName',
      ],
      [
        { aggregations: [{ type: 'cardinality', name: 'x', fields: ['a'], fieldNames: ['a'] }] },
        'aggregations[0].fieldNames',
      ],
      [{ aggregations: [{ type: 'grouping', name: 'x', groupings: [] }] }, 'aggregations[0].groupings'],
      [{ aggregations: [{ ...fold, maxSizeBytes: 9 }] }, 'aggregations[0].maxSizeBytes'],
      [{ filter: { type: 'extraction', dimension: 'a', value: 'x' } }, 'filter.extractionFn'],
      [{ filter: { type: 'interval', dimension: '__time', intervals: [] } }, 'filter.intervals'],
      [{ filter: { type: 'columnComparison', dimensions: ['a'] } }, 'filter.dimensions'],
      [{ queryType: 'topN', threshold: 1, metric: 'n' }, 'dimension'],
      [{ queryType: 'topN', dimension: 'd', metric: 'n' }, 'threshold'],
      [{ queryType: 'topN', dimension: 'd', metric: 'm', threshold: 1 }, 'metric'],
      [{ queryType: 'groupBy', dimensions: ['a', 'a'] }, 'dimensions[1]'],
      [{ queryType: 'groupBy', dimensions: ['__time'] }, 'dimensions'],
      [{ queryType: 'groupBy', dimensions: [''] }, 'dimensions'],
      [{ queryType: 'groupBy', aggregations: [{ type: 'count', name: '' }] }, 'dimensions'],
      [{ queryType: 'groupBy', dimensions: [{ dimension: 5 }] }, 'dimensions[0].dimension'],
      [{ queryType: 'groupBy', dimensions: [['a']] }, 'dimensions[0]'],
      [{ queryType: 'topN', dimension: 'd', metric: { type: 'x' }, threshold: 1 }, 'metric.metric'],
      [{ virtualColumns: [{ type: 'expression', name: '', expression: '1' }] }, 'virtualColumns[0]'],
      [{ queryType: 'groupBy', limitSpec: { type: 'default', columns: ['x'] } }, 'limitSpec.columns[0]'],
      [{ queryType: 'groupBy', dimensions: ['a'], subtotalsSpec: [['b']] }, 'subtotalsSpec[0]'],
      [{ queryType: 'scan', columns: ['a'], order: 'ascending' }, 'order'],
      [{ queryType: 'scan', resultFormat: 'xml' }, 'resultFormat'],
    ];
    for (const [change, field] of cases) {
      const seen = refusal({ ...ts, ...change });
      expect(seen, JSON.stringify(change)).to.deep.include({ code: 'InvalidInput', field, status: 400 });
      expect(seen.answer).to.include({ error: 'Unknown exception', errorMessage: seen.message, host: null });
      expect(seen.answer['errorClass']).to.equal(
        'com.fasterxml.jackson.databind.exc.ValueInstantiationException',
      );
    }
  });

  it('combines folds of one column under the name, whatever characters that has', () => {
    const { combine: _, ...plain } = { ...fold, name: 'x$$', fields: ['b'], fold: '__acc + b' };
    expect(parse({ ...ts, aggregations: [plain] })).nested.include({
      'aggregations[0].combine': '__acc + x$$',
    });
  });

  it('reads what is lenient in Druid as Druid does', () => {
    const read = (body: object) => parseNativeQuery({ ...ts, ...body }, { queryId: 'q', timeoutMs: 0 });
    expect(read({ intervals: ['2024-01-01/2024-01-01'] }).intervals).to.deep.equal([]);
    expect(read({ queryType: 'timeBoundary', bound: 'MAXTIME' })).to.include({ bound: 'maxTime' });
    expect(read({ queryType: 'timeBoundary', virtualColumns: [{}] })).not.to.have.property('virtualColumns');
    expect(read({ queryType: 'scan', columns: [1, true] })).to.deep.include({ columns: ['1', 'true'] });
    const context = { grandTotal: 1, minTopNThreshold: 'x' };
    expect(read({ queryType: 'scan', context }).context.grandTotal).to.equal(false);
    const constant = { type: 'constant', name: 'p', value: '12' };
    expect(read({ postAggregations: [constant] })).to.have.nested.property('postAggregations[0].value', 12n);
    const lookup = { type: 'lookup', dimension: 'd', outputName: 'o', lookup: { type: 'map', map: {} } };
    const unlimited = read({ queryType: 'groupBy', limitSpec: { limit: 5, columns: ['x'] } });
    expect(unlimited).to.deep.include({ limit: undefined, orderBy: [] });
    const typed = read({ queryType: 'groupBy', dimensions: [{ ...lookup, outputType: 'LONG' }] });
    expect(typed).to.have.nested.property('dimensions[0].outputType', 'STRING');
  });

  it('names the class of another shape as Jackson does', () => {
    const classOf = (change: object): unknown => refusal({ ...ts, ...change }).answer['errorClass'];
    const jackson = 'com.fasterxml.jackson.databind.exc';
    expect(classOf({ filter: 'x' })).to.equal(`${jackson}.InvalidTypeIdException`);
    expect(classOf({ aggregations: 'x' })).to.equal(`${jackson}.MismatchedInputException`);
    expect(classOf({ filter: { type: 'and', fields: {} } })).to.equal(`${jackson}.MismatchedInputException`);
    for (const change of [
      { dataSource: 5 },
      { descending: [] },
      { limit: {} },
      { aggregations: [{ type: 'count', name: {} }] },
    ])
      expect(classOf(change), JSON.stringify(change)).to.equal(`${jackson}.MismatchedInputException`);
    for (const change of [{ descending: 'downwards' }, { limit: '1e3' }])
      expect(classOf(change), JSON.stringify(change)).to.equal(`${jackson}.InvalidFormatException`);
  });

  it('takes dimensions and metrics without a known type as the older forms: text of a column, a number', () => {
    const group = (dimension: object) => parse({ ...ts, queryType: 'groupBy', dimensions: [dimension] });
    const plain = { dimension: 'a', outputName: 'o', outputType: 'STRING' };
    for (const type of [undefined, null, 'Extraction', '', 1]) {
      const given = { type, dimension: 'a', outputName: 'o', outputType: 'LONG' };
      expect(group(given), String(type)).to.have.deep.nested.property('dimensions[0]', plain);
    }
    const untyped = { type: 'default', dimension: 'a', outputName: 'o', outputType: ' LONG' };
    expect(group(untyped)).to.have.deep.nested.property('dimensions[0]', plain);
    const nowhere = group({ type: 'default', outputName: 'o' });
    expect(nowhere).to.have.deep.nested.property('dimensions[0]', { ...plain, dimension: '' });
    for (const type of [undefined, 'NUMERIC']) {
      const top = { ...ts, queryType: 'topN', dimension: 'd', threshold: 1, metric: { type, metric: 'n' } };
      expect(parse(top)).to.have.deep.property('metric', { type: 'numeric', metric: 'n' });
    }
  });

  it('fails scans of columns without a name when they run', () => {
    for (const columns of [['a', ''], [null]]) {
      const answer = refusal({ ...ts, queryType: 'scan', columns });
      expect(answer).to.deep.include({ code: 'QueryFailed', field: 'columns', status: 500 });
    }
  });

  it('takes no name for a table that has no rows, and null for no kind of analysis', () => {
    expect(parse({ ...ts, dataSource: '' }).dataSources).to.deep.equal(['']);
    const metadata = { queryType: 'segmentMetadata', dataSource: 'shop', analysisTypes: [null, 'size'] };
    expect(parse(metadata)).to.have.deep.property('analysisTypes', ['size']);
    const included = (toInclude: unknown) => () => parse({ ...metadata, toInclude });
    for (const wrong of ['all', { type: 'ALL' }]) expect(included(wrong)).to.throw('toInclude');
  });

  it('takes an empty text for no flag and no number, but not for a direction', () => {
    expect(parse({ ...ts, descending: '', limit: '' })).to.include({ descending: false, limit: 0 });
    const groupBy = { ...ts, queryType: 'groupBy', dimensions: ['a'] };
    const all = { type: 'and', havingSpecs: [] };
    expect(parse({ ...groupBy, having: { type: 'and' } })).to.deep.equal(parse({ ...groupBy, having: all }));
    const columns = [{ dimension: 'a', direction: '' }];
    expect(() => parse({ ...groupBy, limitSpec: { type: 'default', columns } })).to.throw('Ambiguous');
  });

  it('takes segments named one by one', () => {
    const segments = [
      { itvl: '2024-01-02/2024-01-03', ver: 'v1', part: 1 },
      { itvl: '2024-01-01/2024-01-02', ver: 'v1' },
    ];
    const query = parseNativeQuery(
      { ...ts, intervals: { type: 'segments', segments } },
      { queryId: 'q', timeoutMs: 0 },
    );
    expect(query.intervals).to.deep.equal([{ startMs: Date.UTC(2024, 0, 1), endMs: Date.UTC(2024, 0, 3) }]);
    expect(query.segments?.map(({ version, partitionNum }) => [version, partitionNum])).to.deep.equal([
      ['v1', 1],
      ['v1', 0],
    ]);
    expect(refusal({ ...ts, intervals: { type: 'segments', segments: [{ ver: 'v1' }] } })).to.deep.include({
      code: 'InvalidInput',
      field: 'intervals.segments[0].itvl',
    });
  });

  it('tells unknown types from those that only Druid has', () => {
    for (const change of [
      { queryType: 'guess' },
      { queryType: 'javascript' },
      { filter: { type: 'near' } },
      { aggregations: [{ type: 'sum' }] },
    ]) {
      const seen = refusal({ ...ts, ...change });
      expect(seen.answer['errorClass']).to.equal('com.fasterxml.jackson.databind.exc.InvalidTypeIdException');
    }
    for (const change of [
      { queryType: 'windowOperator' },
      { dataSource: { type: 'restrict', base: 'shop' } },
      { filter: { type: 'spatial', dimension: 'd' } },
      {
        filter: {
          type: 'selector',
          dimension: 'd',
          value: 'x',
          extractionFn: { type: 'lookup', lookup: { type: 'kafka' } },
        },
      },
      { aggregations: [{ type: 'thetaSketch', name: 'x', fieldName: 'a' }] },
    ]) {
      expect(refusal({ ...ts, ...change }), JSON.stringify(change)).to.include({
        code: 'Unsupported',
        status: 501,
      });
    }
    for (const body of [null, 'text', [1], {}, 7]) expect(refusal(body).status).to.equal(400);
  });

  it("names the extension of Druid's that a type is of", () => {
    const of: readonly (readonly [extension: string, aggregator: string, post?: string])[] = [
      ['druid-datasketches', 'HLLSketchBuild', 'quantilesDoublesSketchToRank'],
      ['druid-histogram', 'approxHistogramFold', 'equalBuckets'],
      ['druid-stats', 'variance', 'stddev'],
      ['druid-bloom-filter', 'bloom'],
      ['druid-tdigestsketch', 'tDigestSketch', 'quantilesFromTDigestSketch'],
      ['druid-momentsketch', 'momentSketchMerge', 'momentSketchSolveQuantiles'],
      ['druid-ddsketch', 'ddSketch', 'quantilesFromDDSketch'],
      ['druid-spectator-histogram', 'spectatorHistogramTimer', 'percentileSpectatorHistogram'],
      ['druid-distinctcount', 'distinctCount'],
      ['druid-compressed-bigdecimal', 'compressedBigDecimalSum'],
      ['druid-time-min-max', 'timeMin'],
      ['druid-exact-count-bitmap', 'Bitmap64ExactCountBuild', 'bitmap64ExactCount'],
    ];
    const checked = (change: Record<string, unknown>, type: string, extension: string): void => {
      const { code, message } = refusal({ ...ts, ...change });
      expect(code, type).to.equal('Unsupported');
      expect(message).to.contain(`type[${type}]`).and.to.contain(`extension[${extension}]`);
    };
    for (const [extension, aggregator, post] of of) {
      const spec = { type: aggregator, name: 'x', fieldName: 'a' };
      checked({ aggregations: [spec] }, aggregator, extension);
      checked(
        { aggregations: [{ type: 'filtered', filter: { type: 'true' }, aggregator: spec }] },
        aggregator,
        extension,
      );
      if (post !== undefined) checked({ postAggregations: [{ type: post, name: 'p' }] }, post, extension);
    }
    checked({ filter: { type: 'bloom', dimension: 'd' } }, 'bloom', 'druid-bloom-filter');
  });

  it('reports a bad context in the form of a query failure', () => {
    const seen = refusal({ ...ts, context: { timeout: -1 } });
    expect(seen.status).to.equal(400);
    expect(seen.answer).to.deep.equal({
      error: 'Query context parse failed',
      errorClass: 'org.apache.druid.query.BadQueryContextException',
      host: null,
      errorCode: 'legacyQueryException',
      persona: 'OPERATOR',
      category: 'INVALID_INPUT',
      errorMessage: 'Timeout [timeout] must be a non negative value, but was -1',
      context: {
        host: null,
        errorClass: 'org.apache.druid.query.BadQueryContextException',
        legacyErrorCode: 'Query context parse failed',
      },
    });
    expect(refusal({ ...ts, context: { timeout: 'later' } }).message).to.contain('long format');
    expect(parse({ ...ts, context: { timeout: '50', skipEmptyBuckets: 'TRUE' } }).context).to.include({
      timeoutMs: 50,
      skipEmptyBuckets: true,
    });
  });

  it('refuses filters without an end', () => {
    let filter: unknown = { type: 'true' };
    for (let i = 0; i < 400; i++) filter = { type: 'not', field: filter };
    expect(refusal({ ...ts, filter }).message).to.contain('nested deeper');
  });
});

describe('error envelope', () => {
  const answer = (error: CodedError): unknown => {
    const { status, body } = errorEnvelope(error);
    const json = JSON.parse(body) as Record<string, unknown>;
    return [status, json['error'], json['errorCode'], json['category']];
  };

  it('has the three shapes of Druid', () => {
    let syntax: unknown;
    try {
      parseJson('{"queryType":');
    } catch (thrown) {
      syntax = thrown;
    }
    expect(answer(asCoded(syntax))).to.deep.equal([400, 'Unknown exception', undefined, undefined]);
    expect(answer(new CodedError('Timeout', 'm'))).to.deep.equal([
      504,
      'Query timeout',
      'legacyQueryException',
      'TIMEOUT',
    ]);
    expect(answer(new CodedError('SegmentsUnavailable', 'm'))).to.deep.equal([
      503,
      'druidException',
      'general',
      'RUNTIME_FAILURE',
    ]);
  });
});
