import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import type { Frame, FrameColumn } from '../frame.js';
import { TextSink } from '../json/write.js';
import { mergePartials } from '../merge.js';
import { parseNativeQuery } from '../native/parse.js';
import type { RenderHints } from './buckets.js';
import { renderResult, renderSteps } from './render.js';
import { resultFrame } from './result-frame.js';
import { ScanWriter } from './scan.js';

type Value = string | number | bigint | null;

function nullBits(values: readonly unknown[]): { nulls?: Uint8Array } {
  if (!values.includes(null)) return {};
  const nulls = new Uint8Array(Math.ceil(values.length / 8));
  for (const [i, value] of values.entries())
    if (value === null) nulls[i >> 3] = (nulls[i >> 3] ?? 0) | (1 << (i & 7));
  return { nulls };
}

const longs = (name: string, ...values: Value[]): FrameColumn => ({
  name,
  type: 'LONG',
  values: BigInt64Array.from(values, (value) => BigInt(value ?? 0)),
  ...nullBits(values),
});
const doubles = (name: string, ...values: (number | null)[]): FrameColumn => ({
  name,
  type: 'DOUBLE',
  values: Float64Array.from(values, (value) => value ?? 0),
  ...nullBits(values),
});
const floats = (name: string, ...values: number[]): FrameColumn => ({
  name,
  type: 'FLOAT',
  values: Float32Array.from(values),
});

function dictionaryOf(texts: readonly string[]): { bytes: Uint8Array; ends: Uint32Array } {
  const parts = texts.map((text) => Buffer.from(text));
  let end = 0;
  return { bytes: Buffer.concat(parts), ends: Uint32Array.from(parts, (part) => (end += part.length)) };
}
const strings = (name: string, ...values: (string | null)[]): FrameColumn => ({
  name,
  type: 'STRING',
  values: Uint32Array.from(values, (_, i) => i),
  dictionary: dictionaryOf(values.map((value) => value ?? '')),
  ...nullBits(values),
});
function lists(name: string, ...values: (string | null)[][]): FrameColumn {
  const flat = values.flat();
  let end = 0;
  return {
    name,
    type: 'STRING_ARRAY',
    offsets: Uint32Array.from([0, ...values.map((list) => (end += list.length))]),
    values: Uint32Array.from(flat, (value, i) => (value === null ? 0xffffffff : i)),
    dictionary: dictionaryOf(flat.map((value) => value ?? '')),
  };
}
const frame = (...columns: FrameColumn[]): Frame => {
  const first = columns[0];
  return {
    rows:
      first === undefined
        ? 0
        : first.type === 'STRING_ARRAY'
          ? first.offsets.length - 1
          : first.values.length,
    columns,
  };
};

const day = 86_400_000;
const base = { dataSource: 't', intervals: '1970-01-02/1970-02-01' };
const count = { type: 'count', name: 'n' };

function render(body: Record<string, unknown>, merged: Frame, hints: RenderHints = {}): string {
  const sink = new TextSink();
  renderResult(parseNativeQuery({ ...base, ...body }, { queryId: 'q', timeoutMs: 0 }), merged, sink, hints);
  return sink.text;
}

describe('timeseries results', () => {
  const body = {
    queryType: 'timeseries',
    granularity: 'day',
    aggregations: [count, { type: 'doubleSum', name: 's', fieldName: 'x' }],
    postAggregations: [
      {
        type: 'arithmetic',
        name: 'avg',
        fn: '/',
        fields: [
          { type: 'fieldAccess', fieldName: 's' },
          { type: 'fieldAccess', fieldName: 'n' },
        ],
      },
    ],
  };
  const merged = frame(
    longs('__bucket', day, day * 2, day * 3),
    longs('__rows', 2, 0, 4),
    longs('n', 2, 0, 4),
    doubles('s', 5, null, 1e10),
  );
  const line = (date: string, n: number, s: string, avg: string): string =>
    `{"timestamp":"1970-01-${date}T00:00:00.000Z","result":{"n":${n},"s":${s},"avg":${avg}}}`;

  it('print a row a bucket with null for what saw nothing', () => {
    expect(render(body, merged)).to.equal(
      `[${line('02', 2, '5.0', '2.5')},${line('03', 0, 'null', 'null')},${line('04', 4, '1.0E10', '2.5E9')}]`,
    );
  });

  it('follow descending, limit and skipEmptyBuckets', () => {
    expect(
      render({ ...body, descending: true, limit: 2, context: { skipEmptyBuckets: true } }, merged),
    ).to.equal(`[${line('04', 4, '1.0E10', '2.5E9')},${line('02', 2, '5.0', '2.5')}]`);
  });

  it('end with the grand total', () => {
    const text = render({ ...body, context: { grandTotal: true } }, merged);
    expect(text).to.match(
      /,\{"timestamp":null,"result":\{"n":6,"s":1\.0000000005E10,"avg":1\.666666667[0-9]*E9\}\}\]$/,
    );
  });

  it('put the bucket into the field asked for', () => {
    const text = render(
      {
        ...body,
        limit: 1,
        aggregations: [count],
        postAggregations: [],
        context: { timestampResultField: 'ts' },
      },
      merged,
    );
    expect(text).to.equal('[{"timestamp":"1970-01-02T00:00:00.000Z","result":{"n":2,"ts":86400000}}]');
  });

  it('have a row for granularity all even over nothing', () => {
    const all = { ...body, granularity: 'all' };
    expect(render(all, frame())).to.equal(
      '[{"timestamp":"1970-01-02T00:00:00.000Z","result":{"n":0,"s":null,"avg":null}}]',
    );
    expect(render({ ...all, context: { skipEmptyBuckets: true } }, frame())).to.equal('[]');
    expect(render(body, frame())).to.equal('[]');
    const one = frame(longs('__bucket', 0), longs('__rows', 1), longs('n', 1), doubles('s', Infinity));
    expect(render(all, one, { allStartMs: day * 5 })).to.equal(
      '[{"timestamp":"1970-01-06T00:00:00.000Z","result":{"n":1,"s":"Infinity","avg":"Infinity"}}]',
    );
  });

  it('print the offset of the zone and longs exactly', () => {
    const granularity = { type: 'period', period: 'P1D', timeZone: 'Asia/Tokyo' };
    const aggregations = [
      { type: 'longMax', name: 'm', fieldName: 'x' },
      { type: 'floatSum', name: 'f', fieldName: 'y' },
    ];
    const merged1 = frame(
      longs('__bucket', day - 9 * 3_600_000),
      longs('__rows', 1),
      longs('m', 9007199254740993n),
      floats('f', 0.1),
    );
    expect(render({ queryType: 'timeseries', granularity, aggregations }, merged1)).to.equal(
      '[{"timestamp":"1970-01-02T00:00:00.000+09:00","result":{"m":9007199254740993,"f":0.1}}]',
    );
  });
});

describe('topN results', () => {
  const body = {
    queryType: 'topN',
    granularity: 'all',
    dimension: 'd',
    threshold: 2,
    metric: 'm',
    aggregations: [{ type: 'longSum', name: 'm', fieldName: 'x' }],
  };
  const merged = frame(
    longs('__bucket', 0, 0, 0, 0, 0),
    strings('d', 'b', 'a', null, 'c10', 'c9'),
    longs('m', 7, 7, null, 1, 9),
  );
  const picked = (change: Record<string, unknown>): unknown =>
    (JSON.parse(render({ ...body, ...change }, merged)) as { result: { d: unknown }[] }[]).map(({ result }) =>
      result.map(({ d }) => d),
    );

  it('are the greatest, equal ones by name', () => {
    expect(render(body, merged)).to.equal(
      '[{"timestamp":"1970-01-02T00:00:00.000Z","result":[{"d":"c9","m":9},{"d":"a","m":7}]}]',
    );
  });

  it('keep nulls last in metrics and first in names, also inverted', () => {
    expect(picked({ threshold: 5 })).to.deep.equal([['c9', 'a', 'b', 'c10', null]]);
    expect(picked({ threshold: 5, metric: { type: 'inverted', metric: 'm' } })).to.deep.equal([
      ['c10', 'a', 'b', 'c9', null],
    ]);
    const byName = { type: 'dimension', ordering: 'alphanumeric' };
    expect(picked({ threshold: 5, metric: byName })).to.deep.equal([[null, 'a', 'b', 'c9', 'c10']]);
    expect(picked({ threshold: 5, metric: { type: 'inverted', metric: byName } })).to.deep.equal([
      [null, 'c10', 'c9', 'b', 'a'],
    ]);
    expect(picked({ metric: { ...byName, previousStop: 'a' } })).to.deep.equal([['b', 'c9']]);
  });

  it('take a null that first or last found for the smallest value', () => {
    const found = [
      { type: 'longLast', name: 'm', fieldName: 'x' },
      {
        type: 'filtered',
        filter: { type: 'true' },
        aggregator: { type: 'longFirst', name: 'm', fieldName: 'x' },
      },
    ];
    const metric = { type: 'inverted', metric: 'm' };
    for (const aggregation of found)
      expect(picked({ threshold: 2, metric, aggregations: [aggregation] })).to.deep.equal([[null, 'c10']]);
    expect(picked({ threshold: 5, metric: 'm', aggregations: found.slice(0, 1) })).to.deep.equal([
      ['c9', 'a', 'b', 'c10', null],
    ]);
  });

  const perBucket = (...counts: readonly (readonly [number, number])[]): ReadonlyMap<number, number> =>
    new Map(counts);

  it('print buckets of one segment in UTC, others in the zone of the granularity', () => {
    const zoned = { ...body, granularity: { type: 'period', period: 'P1D', timeZone: 'Asia/Tokyo' } };
    const from = day - 9 * 3_600_000;
    const one = frame(longs('__bucket', from, from + day), strings('d', 'a', 'a'), longs('m', 1, 2));
    const hints = { buckets: perBucket([from, 2], [from + day, 1]) };
    expect(render(zoned, one, hints)).to.equal(
      '[{"timestamp":"1970-01-02T00:00:00.000+09:00","result":[{"d":"a","m":1}]},{"timestamp":"1970-01-02T15:00:00.000Z","result":[{"d":"a","m":2}]}]',
    );
  });

  it('know buckets without a match', () => {
    const hourly = { ...body, granularity: 'day' };
    const one = frame(longs('__bucket', day * 2), strings('d', 'a'), longs('m', 1));
    expect(render(hourly, one, { buckets: perBucket([day, 1], [day * 2, 2]) })).to.equal(
      '[{"timestamp":"1970-01-02T00:00:00.000Z","result":[]},{"timestamp":"1970-01-03T00:00:00.000Z","result":[{"d":"a","m":1}]}]',
    );
    expect(render(body, frame(), { allStartMs: day })).to.equal(
      '[{"timestamp":"1970-01-02T00:00:00.000Z","result":[]}]',
    );
    expect(render(body, frame())).to.equal('[]');
  });

  it('keep the same rows as a full sort when there are many', () => {
    const n = 5000;
    const values = Array.from({ length: n }, (_, i) => (i * 7919) % 1009);
    const big = frame(
      longs('__bucket', ...values.map(() => 0)),
      longs('d', ...values.map((_, i) => i)),
      longs('m', ...values),
    );
    const dimension = { type: 'default', dimension: 'd', outputType: 'LONG' };
    const text = render({ ...body, dimension, threshold: 25 }, big);
    const got = (JSON.parse(text) as { result: { d: number; m: number }[] }[])[0]?.result;
    const want = values
      .map((m, d) => ({ d, m }))
      .sort((a, b) => b.m - a.m || a.d - b.d)
      .slice(0, 25);
    expect(got).to.deep.equal(want);
  });
});

describe('groupBy results', () => {
  const body = {
    queryType: 'groupBy',
    granularity: 'all',
    dimensions: ['d', { type: 'default', dimension: 'l', outputType: 'LONG' }],
    aggregations: [{ type: 'doubleSum', name: 's', fieldName: 'x' }],
  };
  const merged = frame(
    longs('__bucket', 0, 0, 0, 0),
    strings('d', null, 'x', 'x', 'y'),
    longs('l', 9, 10, 9, null),
    doubles('s', 1, NaN, 3, null),
  );
  const picked = (change: Record<string, unknown>): unknown =>
    JSON.parse(render({ ...body, ...change, context: { resultAsArray: true } }, merged));

  it('are events of version v1 at the start of the query', () => {
    expect(render({ ...body, limitSpec: { type: 'default', limit: 1 } }, merged)).to.equal(
      '[{"version":"v1","timestamp":"1970-01-02T00:00:00.000Z","event":{"d":null,"l":9,"s":1.0}}]',
    );
  });

  it('bear the time that the context names', () => {
    const context = { fudgeTimestamp: '172800000' };
    const one = { ...body, granularity: 'hour', limitSpec: { type: 'default', limit: 1 }, context };
    expect(render(one, merged)).to.contain('[{"version":"v1","timestamp":"1970-01-03T00:00:00.000Z"');
  });

  it('sort by dimensions, numbers as text unless asked otherwise', () => {
    expect(picked({})).to.deep.equal([
      [null, 9, 1],
      ['x', 9, 3],
      ['x', 10, 'NaN'],
      ['y', null, null],
    ]);
    const by = (...columns: unknown[]): unknown => picked({ limitSpec: { type: 'default', columns } });
    expect(by('l')).to.deep.equal([
      ['y', null, null],
      ['x', 10, 'NaN'],
      [null, 9, 1],
      ['x', 9, 3],
    ]);
    expect(by({ dimension: 'l', dimensionOrder: 'numeric', direction: 'descending' })).to.deep.equal([
      ['x', 10, 'NaN'],
      [null, 9, 1],
      ['x', 9, 3],
      ['y', null, null],
    ]);
    expect(by({ dimension: 's', direction: 'descending' })).to.deep.equal([
      ['x', 10, 'NaN'],
      ['x', 9, 3],
      [null, 9, 1],
      ['y', null, null],
    ]);
    expect(picked({ limitSpec: { type: 'default', offset: 1, limit: 2 } })).to.deep.equal([
      ['x', 9, 3],
      ['x', 10, 'NaN'],
    ]);
  });

  it('pass having specs', () => {
    const having = (spec: unknown): unknown => (picked({ having: spec }) as unknown[][]).map((row) => row[1]);
    expect(having({ type: 'greaterThan', aggregation: 's', value: 1 })).to.deep.equal([9]);
    expect(having({ type: 'equalTo', aggregation: 'l', value: 10 })).to.deep.equal([10]);
    // A text that no number reads as stands for null.
    const selected = (value: string): object => ({ type: 'selector', dimension: 'l', value });
    expect(having({ type: 'filter', filter: selected('x') })).to.deep.equal([null]);
    expect(having({ type: 'filter', filter: selected('10') })).to.deep.equal([10]);
    expect(having({ type: 'dimSelector', dimension: 'd', value: null })).to.deep.equal([9]);
    expect(having({ type: 'dimSelector', dimension: 'd', value: '' })).to.deep.equal([9]);
    const extractionFn = { type: 'upper' };
    expect(having({ type: 'dimSelector', dimension: 'd', value: 'Y', extractionFn })).to.deep.equal([null]);
    expect(
      having({ type: 'not', havingSpec: { type: 'lessThan', aggregation: 'l', value: 10 } }),
    ).to.deep.equal([10, null]);
    const filter = (spec: unknown): unknown => having({ type: 'filter', filter: spec });
    expect(filter({ type: 'range', column: 'l', matchValueType: 'LONG', lower: 10 })).to.deep.equal([10]);
    expect(filter({ type: 'not', field: { type: 'selector', dimension: 'l', value: '9' } })).to.deep.equal([
      10,
    ]);
    expect(
      filter({
        type: 'or',
        fields: [
          { type: 'null', column: 'l' },
          { type: 'like', dimension: 'd', pattern: 'x%' },
        ],
      }),
    ).to.deep.equal([9, 10, null]);
    expect(filter({ type: 'selector', dimension: 'nosuch', value: null })).to.deep.equal([9, 9, 10, null]);
  });

  it('sort by time first, or last when asked', () => {
    const days = frame(longs('__bucket', day, day, day * 2), strings('d', 'b', 'c', 'a'));
    const daily = { queryType: 'groupBy', granularity: 'day', dimensions: ['d'] };
    const context = { resultAsArray: true };
    expect(JSON.parse(render({ ...daily, context }, days))).to.deep.equal([
      [day, 'b'],
      [day, 'c'],
      [day * 2, 'a'],
    ]);
    expect(
      JSON.parse(render({ ...daily, context: { ...context, sortByDimsFirst: true } }, days)),
    ).to.deep.equal([
      [day * 2, 'a'],
      [day, 'b'],
      [day, 'c'],
    ]);
  });

  it('refuse arithmetic over text', () => {
    const postAggregations = [
      {
        type: 'arithmetic',
        name: 'p',
        fn: '+',
        fields: [
          { type: 'fieldAccess', fieldName: 'd' },
          { type: 'constant', value: 1 },
        ],
      },
    ];
    expect(() => render({ ...body, postAggregations }, merged)).to.throw(CodedError, /is no number/);
  });

  it('are cast to the type that is asked for', () => {
    const of = (outputType: string | undefined, expression: string): unknown => {
      const post = { type: 'expression', name: 'p', expression, outputType };
      const query = {
        ...base,
        queryType: 'timeseries',
        granularity: 'all',
        aggregations: [],
        postAggregations: [post],
      };
      const text = render(query, frame(longs('__bucket', 0), longs('n', 1)));
      return (JSON.parse(text) as { result: { p: unknown } }[])[0]?.result.p;
    };
    expect(of('STRING', '1 + 2')).to.equal('3');
    expect(of('LONG', "concat('3', '|')")).to.equal(null);
    expect(of('LONG', '7 / 2.0')).to.equal(3);
    expect(of('DOUBLE', "'2.5'")).to.equal(2.5);
    expect(of('FLOAT', '0.1')).to.equal(0.1);
    expect(of(undefined, '1 + 2')).to.equal(3);
  });

  it('compute greatest and least over what is not null', () => {
    const fields = [
      { type: 'fieldAccess', fieldName: 's' },
      { type: 'constant', value: 2 },
    ];
    const postAggregations = ['doubleGreatest', 'doubleLeast', 'longGreatest', 'longLeast'].map((type) => ({
      type,
      name: type,
      fields,
    }));
    const rows = JSON.parse(
      render({ ...body, postAggregations, context: { resultAsArray: true } }, merged),
    ) as unknown[][];
    expect(rows.map((row) => row.slice(3))).to.deep.equal([
      [2, 1, 2, 1],
      [3, 2, 3, 2],
      ['NaN', 2, 2, 0],
      [2, 2, 2, 2],
    ]);
    const alone = postAggregations.map((post) => ({ ...post, fields: fields.slice(0, 1) }));
    const last = JSON.parse(
      render({ ...body, postAggregations: alone, context: { resultAsArray: true } }, merged),
    ) as unknown[][];
    expect(last.at(-1)?.slice(3)).to.deep.equal([null, null, null, null]);
  });

  it('cast expressions to the type asked for', () => {
    const value = (outputType: string): unknown => {
      const post = { type: 'expression', name: 'p', expression: '5 / 2.0', outputType };
      const text = render({ ...body, postAggregations: [post], context: { resultAsArray: true } }, merged);
      return (JSON.parse(text) as unknown[][])[0]?.at(-1);
    };
    expect(['LONG', 'double', 'STRING', 'ARRAY<LONG>'].map(value)).to.deep.equal([2, 2.5, '2.5', [2]]);
  });
});

describe('scan results', () => {
  const body = { queryType: 'scan', columns: ['__time', 'tags', 'x', 'nosuch'] };
  const merged = frame(
    longs('__time', 1, 2, 3),
    lists('tags', ['a', null], ['b'], []),
    doubles('x', 1.5, null, 2),
  );

  it('are entries of events with their signature', () => {
    expect(render({ ...body, resultFormat: 'compactedList', batchSize: 2, offset: 1 }, merged)).to.equal(
      '[{"segmentId":null,"columns":["__time","tags","x","nosuch"],"events":[[2,"b",null,null],[3,null,2.0,null]],' +
        '"rowSignature":[{"name":"__time","type":"LONG"},{"name":"tags","type":"STRING"},{"name":"x","type":"DOUBLE"},{"name":"nosuch"}]}]',
    );
    const parsed = JSON.parse(render({ ...body, batchSize: 2, limit: 3 }, merged)) as { events: unknown[] }[];
    expect(parsed.map(({ events }) => events.length)).to.deep.equal([2, 1]);
    expect(parsed[0]?.events[0]).to.deep.equal({ __time: 1, tags: ['a', null], x: 1.5, nosuch: null });
    expect(render(body, frame())).to.equal('[]');
    const dictionary = dictionaryOf(['[1]']);
    const complex = (name: string, complexType: string): FrameColumn => ({
      name,
      type: 'COMPLEX',
      complexType,
      values: Uint32Array.of(0),
      dictionary,
    });
    const some = frame(complex('a', 'ARRAY<LONG>'), complex('b', 'mixed'), complex('c', 'json'));
    expect(JSON.parse(render({ ...body, columns: [] }, some))).to.deep.include.members([
      {
        segmentId: null,
        columns: ['a', 'b', 'c'],
        events: [{ a: [1], b: [1], c: [1] }],
        rowSignature: [
          { name: 'a', type: 'ARRAY<LONG>' },
          { name: 'b', type: 'STRING' },
          { name: 'c', type: 'COMPLEX<json>' },
        ],
      },
    ]);
  });

  it('in an order show each row with the columns of its own segment', () => {
    const given = { ...base, queryType: 'scan', order: 'ascending', resultFormat: 'compactedList' };
    const parts = [
      frame(longs('__time', 1, 4), longs('a', 10, 40)),
      frame(longs('__time', 2, 3), strings('b', 'x', null), longs('a', 20, 30)),
    ];
    const asked = (more: object, of = parts): unknown => {
      const query = parseNativeQuery({ ...given, ...more }, { queryId: 'q', timeoutMs: 0 });
      const sink = new TextSink();
      renderResult(query, mergePartials(query, of), sink);
      return (JSON.parse(sink.text) as { columns: string[]; events: unknown[] }[]).map((entry) => [
        entry.columns.join(),
        ...entry.events,
      ]);
    };
    expect(asked({ batchSize: 2, offset: 1 })).to.deep.equal([
      ['__time,b,a', [2, 'x', 20], [3, null, 30]],
      ['__time,a', [4, 40]],
    ]);
    expect(asked({ order: 'descending', resultFormat: 'list', limit: 2 })).to.deep.equal([
      ['__time,a', { __time: 4, a: 40 }, { __time: 3, b: null, a: 30 }],
    ]);
    // Columns that were asked for are in every row, and so are those of segments that are alike.
    expect(asked({ columns: ['__time', 'b'], limit: 2 })).to.deep.equal([['__time,b', [1, null], [2, 'x']]]);
    const query = parseNativeQuery(given, { queryId: 'q', timeoutMs: 0 });
    expect(resultFrame(query, mergePartials(query, parts)).columns.map(({ name }) => name)).to.deep.equal([
      '__time',
      'a',
      'b',
    ]);
  });

  it('count offset and limit over a stream of frames', () => {
    const sink = new TextSink();
    const query = parseNativeQuery(
      { ...base, queryType: 'scan', offset: 2, limit: 3, resultFormat: 'compactedList' },
      { queryId: 'q', timeoutMs: 0 },
    );
    if (query.queryType !== 'scan') throw new Error('no scan');
    const writer = new ScanWriter(query, sink);
    for (const [i, part] of [
      frame(longs('a', 1, 2, 3)),
      frame(longs('a', 4)),
      frame(longs('a', 5, 6)),
    ].entries()) {
      for (const step of writer.frame(part, `seg${i}`)) expect(step).to.equal(undefined);
      if (writer.done) break;
    }
    writer.end();
    const parsed = JSON.parse(sink.text) as { segmentId: string; events: unknown[] }[];
    expect(parsed.map(({ segmentId, events }) => [segmentId, events])).to.deep.equal([
      ['seg0', [[3]]],
      ['seg1', [[4]]],
      ['seg2', [[5]]],
    ]);
  });

  it('are written in steps', () => {
    const sink = new TextSink();
    const values = Array.from({ length: 5000 }, (_, i) => i);
    const query = parseNativeQuery({ ...base, queryType: 'scan' }, { queryId: 'q', timeoutMs: 0 });
    expect([...renderSteps(query, frame(longs('a', ...values)), sink)].length).to.be.within(4, 6);
    expect((JSON.parse(sink.text) as { events: unknown[] }[])[0]?.events.length).to.equal(5000);
  });
});

describe('timeBoundary results', () => {
  it('are the extremes of all rows', () => {
    const merged = frame(longs('minTime', day * 2, day), longs('maxTime', day * 4, null));
    const answer = (bound?: string): string => render({ queryType: 'timeBoundary', bound }, merged);
    expect(answer()).to.equal(
      '[{"timestamp":"1970-01-02T00:00:00.000Z","result":{"maxTime":"1970-01-05T00:00:00.000Z","minTime":"1970-01-02T00:00:00.000Z"}}]',
    );
    expect(answer('maxTime')).to.equal(
      '[{"timestamp":"1970-01-05T00:00:00.000Z","result":{"maxTime":"1970-01-05T00:00:00.000Z"}}]',
    );
    expect(render({ queryType: 'timeBoundary' }, frame())).to.equal('[]');
    // Of one segment alone they bear the start of the segment.
    const bySegment = render({ queryType: 'timeBoundary', bound: 'maxTime' }, merged, { segmentStartMs: 0 });
    expect(bySegment).to.contain('[{"timestamp":"1970-01-01T00:00:00.000Z"');
    const latest = render({ queryType: 'dataSourceMetadata' }, frame(longs('maxTime', day)), {
      segmentStartMs: 0,
    });
    expect(latest).to.equal(
      '[{"timestamp":"1970-01-01T00:00:00.000Z","result":{"maxIngestedEventTime":"1970-01-02T00:00:00.000Z"}}]',
    );
  });
});
