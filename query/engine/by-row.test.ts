/** What Druid answers otherwise when a query can't run on vectors of values; and names that count. */
import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { parseNativeQuery } from '../native/parse.js';
import { createInlinePool } from './inline-pool.js';
import { testSegment } from './test-segment.js';

const arena = createArena({ maximumBytes: 1 << 26 });
const encoder = new TextEncoder();
const view = testSegment(arena, {
  id: 's',
  interval: { startMs: 0, endMs: 100 },
  columns: {
    __time: { kind: 'long', values: [1n, 2n, 3n] },
    price: { kind: 'string', values: ['3.5', '12', 'much'] },
    fruit: { kind: 'string', values: ['pear', 'fig', 'fig'] },
    marks: { kind: 'strings', values: [['a', 'b'], ['b'], []] },
    weight: { kind: 'long', values: [5n, null, 7n] },
    lists: {
      kind: 'complex',
      typeName: 'ARRAY<DOUBLE>',
      isMixed: true,
      values: ['[1]', '[2.5]', null].map((text) => (text === null ? null : encoder.encode(text))),
    },
    doc: {
      kind: 'complex',
      typeName: 'json',
      values: [encoder.encode('{"a":1}'), null, encoder.encode('"x"')],
    },
  },
});
const pool = createInlinePool({
  kernels: instantiateKernels(compileKernels(), arena),
  open: () => view,
  clock: { now: () => 0, monotonic: () => 0 },
});

async function answer(more: object): Promise<unknown[]> {
  const body = { dataSource: 't', intervals: '1970/1971', granularity: 'all', aggregations: [] };
  const query = parseNativeQuery({ ...body, ...more }, { queryId: 'q', timeoutMs: 0 });
  const frames = [];
  const refs = [{ segmentId: 's', handle: 0, intervals: query.intervals }];
  for await (const { frame } of pool.scanSegments(query, refs)) frames.push(frame);
  const chunks = (await pool.run('finish', { query, frames })) as Uint8Array[];
  return JSON.parse(Buffer.concat(chunks).toString()) as unknown[];
}

const series = async (more: object): Promise<object> => {
  const [entry] = (await answer({ queryType: 'timeseries', ...more })) as { result: object }[];
  return entry?.result ?? {};
};
const events = async (more: object): Promise<object[]> => {
  const entries = (await answer({ queryType: 'groupBy', dimensions: [], ...more })) as { event: object }[];
  return entries.map(({ event }) => event);
};
const byRow = { vectorize: false };

describe('queries on vectors and row by row', () => {
  const aggregations = [
    { type: 'longFirst', name: 'long', fieldName: 'price' },
    { type: 'doubleFirst', name: 'double', fieldName: 'price' },
    { type: 'longLast', name: 'last', fieldName: 'price' },
    { type: 'doubleAny', name: 'any', fieldName: 'price' },
    { type: 'stringFirst', name: 'text', fieldName: 'price' },
  ];

  it('first, last and any number of a column of texts: what a text reads as, null, or zero', async () => {
    const onVectors = { long: null, double: 3.5, last: null, any: null, text: '3.5' };
    const onRows = { long: 0, double: 0, last: 0, any: 0, text: '3.5' };
    expect(await series({ aggregations })).to.deep.equal(onVectors);
    expect(await series({ aggregations, context: byRow })).to.deep.equal(onRows);
    const [group] = await events({ aggregations });
    expect(group).to.deep.equal(onVectors);
    const top = { queryType: 'topN', dimension: 'nothing', metric: { type: 'dimension' }, threshold: 1 };
    const [entry] = (await answer({ ...top, aggregations })) as { result: object[] }[];
    expect(entry?.result[0]).to.deep.equal({ nothing: null, ...onRows });
  });

  it('what the text of an expression reads as, row by row', async () => {
    const virtualColumns = [{ type: 'expression', name: 'v', expression: "concat(price, '')" }];
    const ofTexts = [
      { type: 'longFirst', name: 'long', fieldName: 'v' },
      { type: 'doubleFirst', name: 'double', fieldName: 'v' },
      { type: 'longLast', name: 'last', fieldName: 'v' },
      { type: 'doubleAny', name: 'any', fieldName: 'v' },
    ];
    const read = { long: 3, double: 3.5, last: null, any: 3.5 };
    expect(await series({ aggregations: ofTexts, virtualColumns, context: byRow })).to.deep.equal(read);
    const alias = [{ type: 'expression', name: 'v', expression: 'price' }];
    expect(await series({ aggregations: ofTexts, virtualColumns: alias, context: byRow })).to.deep.equal({
      long: 0,
      double: 0,
      last: 0,
      any: 0,
    });
  });

  it('a sum of texts that an expression makes has all of the query read row by row', async () => {
    const virtualColumns = [
      { type: 'expression', name: 'v', expression: "concat(price, '')", outputType: 'STRING' },
    ];
    const summed = [
      { type: 'longSum', name: 'sum', fieldName: 'v' },
      { type: 'longFirst', name: 'first', fieldName: 'price' },
    ];
    expect(await series({ aggregations: summed, virtualColumns })).to.deep.equal({ sum: 15, first: 0 });
  });

  it('a text that is not a document: false to a vector, unknown to rows', async () => {
    const filter = { type: 'not', field: { type: 'selector', dimension: 'doc', value: 'x' } };
    const count = { aggregations: [{ type: 'count', name: 'n' }], filter };
    expect(await series(count)).to.deep.equal({ n: 2 });
    expect(await series({ ...count, context: byRow })).to.deep.equal({ n: 0 });
    const kept = { type: 'mv-filtered', name: 'kept', delegate: 'marks', values: ['a'], isAllowList: true };
    expect(await series({ ...count, virtualColumns: [kept] })).to.deep.equal({ n: 0 });
  });
});

describe('a timeseries that is descending', () => {
  it('reads its rows from the end, one by one', async () => {
    const aggregations = ['First', 'Last', 'Any'].flatMap((each) => [
      { type: `string${each}`, name: `s${each}`, fieldName: 'fruit' },
      { type: `long${each}`, name: `l${each}`, fieldName: 'weight', timeColumn: 'same' },
    ]);
    const virtualColumns = [{ type: 'expression', name: 'same', expression: '0', outputType: 'LONG' }];
    expect(await series({ aggregations, virtualColumns })).to.deep.equal({
      sFirst: 'pear',
      lFirst: 5,
      sLast: 'fig',
      lLast: 7,
      sAny: 'pear',
      lAny: 5,
    });
    expect(await series({ aggregations, virtualColumns, descending: true })).to.deep.equal({
      sFirst: 'pear',
      lFirst: 7,
      sLast: 'fig',
      lLast: 5,
      sAny: 'fig',
      lAny: 7,
    });
    // Where nothing is found numbers started further out than on vectors.
    const none = [{ type: 'longFirst', name: 'f', fieldName: 'nothing' }];
    const raw = { aggregations: none, context: { finalize: false } };
    expect(await series({ ...raw, descending: true })).to.deep.equal({
      f: { lhs: Number(2n ** 63n - 1n), rhs: null },
    });
    const count = { type: 'count', name: 'n' };
    const filter = { type: 'selector', dimension: 'weight', value: 'x' };
    expect(await series({ aggregations: [count], filter })).to.deep.equal({ n: 0 });
    expect(await series({ aggregations: [count], filter, descending: true })).to.deep.equal({ n: 1 });
  });
});

describe('sketches of a column that holds none', () => {
  const aggregations = [{ type: 'hyperUnique', name: 'h', fieldName: 'fruit' }];
  const failureOf = (asked: Promise<unknown>): Promise<unknown> => asked.catch((error: unknown) => error);

  it('are empty to vectors, and refused by rows', async () => {
    expect(await series({ aggregations })).to.deep.equal({ h: 0 });
    const refused = await failureOf(series({ aggregations, context: byRow }));
    expect(refused).to.have.property('code', 'QueryFailed');
    expect(refused).to.have.nested.property('context.legacyCode', 'druidException');
    expect(await failureOf(events({ aggregations, dimensions: ['marks'] }))).to.have.property(
      'code',
      'QueryFailed',
    );
    const ofDoc = [{ type: 'hyperUnique', name: 'h', fieldName: 'doc' }];
    expect(await failureOf(series({ aggregations: ofDoc }))).to.have.property('code', 'QueryFailed');
    const missing = [{ type: 'hyperUnique', name: 'h', fieldName: 'nothing' }];
    expect(await series({ aggregations: missing, context: byRow })).to.deep.equal({ h: 0 });
  });
});

describe('names', () => {
  it('groups are merged under the inner name of a filtered aggregator: another one has nothing', async () => {
    const filter = { type: 'selector', dimension: 'fruit', value: 'fig' };
    const filtered = (name: string | undefined, aggregator: object) => ({
      type: 'filtered',
      name,
      filter,
      aggregator,
    });
    const aggregations = [
      filtered('figs', { type: 'count', name: 'n' }),
      filtered('sum', filtered('middle', { type: 'longSum', name: 'inner', fieldName: 'weight' })),
      filtered('same', { type: 'longSum', name: 'same', fieldName: 'weight' }),
      filtered(undefined, { type: 'count', name: 'own' }),
    ];
    const wanted = { figs: null, sum: null, same: 7, own: 2 };
    expect(await events({ aggregations })).to.deep.equal([wanted]);
    expect(await series({ aggregations })).to.deep.equal({ ...wanted, figs: 2, sum: 7 });
  });

  it('a function of arrays of several types is handed null', async () => {
    const lookup = { type: 'map', map: { '1': 'one' } };
    const extractionFn = { type: 'lookup', lookup, replaceMissingValueWith: 'none' };
    const dimension = { type: 'extraction', dimension: 'lists', outputName: 'l', extractionFn };
    const aggregations = [{ type: 'count', name: 'n' }];
    expect(await events({ dimensions: [dimension], aggregations })).to.deep.equal([{ l: 'none', n: 3 }]);
    const filter = { type: 'columnComparison', dimensions: ['nothing', dimension] };
    expect(await series({ aggregations, filter })).to.deep.equal({ n: 0 });
  });

  it('a column asked for twice is printed twice, but once as a key', async () => {
    const columns = ['fruit', 'weight', 'fruit'];
    const printed = async (resultFormat: string): Promise<unknown> => {
      const [entry] = await answer({ queryType: 'scan', columns, limit: 1, resultFormat });
      const { columns: names, events: rows } = entry as { columns: unknown; events: unknown };
      return [names, rows];
    };
    expect(await printed('compactedList')).to.deep.equal([columns, [['pear', 5, 'pear']]]);
    expect(await printed('list')).to.deep.equal([columns, [{ fruit: 'pear', weight: 5 }]]);
  });

  it('an interval without time begins at the beginning', async () => {
    const aggregations = [{ type: 'count', name: 'n' }];
    const empty = { queryType: 'timeseries', intervals: '1970-02-01/1970-02-01', aggregations };
    expect(await answer(empty)).to.deep.equal([{ timestamp: '1970-01-01T00:00:00.000Z', result: { n: 0 } }]);
  });
});
