/** Long lists of values: merged into one filter, packed for other threads, they mean what they meant one by one. */
import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { mergeFilter } from '../native/merged-filter.js';
import type { Filter, NativeQuery } from '../native/model.js';
import { packQuery, unpackQuery } from '../native/packed-filter.js';
import { parseNativeQuery } from '../native/parse.js';
import { mergePartials } from '../merge.js';
import { TextSink } from '../json/write.js';
import { renderResult } from '../results/render.js';
import { createInlinePool } from './inline-pool.js';
import { Chance } from './random-queries.js';
import { KnownQueries, readQuery } from './read-query.js';
import { testSegment } from './test-segment.js';

const interval = { startMs: 0, endMs: 100 };
const arena = createArena({ maximumBytes: 1 << 28 });
const kernels = instantiateKernels(compileKernels(), arena);
const encoder = new TextEncoder();
const texts = ['7', '7.0', 'US', null, '', '2.5', '-1', '0', '-0'] as const;
const rows = Array.from({ length: 40 }, (_, i) => i);
const at = <T>(values: readonly T[], i: number): T => values[i % values.length] as T;
const longs = rows.map((i) => at([7n, 2n, null, 30n, 0n, -1n], i));
const doubles = rows.map((i) => at([7, 2.5, null, -1, 0, -0, Infinity], i));
const arrays = rows.map((i) => {
  const value = at([['7', 'US'], ['2.5'], null, [], ['7']], i);
  return value === null ? null : encoder.encode(JSON.stringify(value));
});
const segment = testSegment(arena, {
  id: 's',
  interval,
  columns: {
    __time: { kind: 'long', values: rows.map(BigInt) },
    row: { kind: 'string', values: rows.map(String) },
    text: { kind: 'string', values: rows.map((i) => at(texts, i)) },
    tags: { kind: 'strings', values: rows.map((i) => at([['7', 'US'], [null], [], ['2.5', null]], i)) },
    long: { kind: 'long', values: longs },
    double: { kind: 'double', values: doubles },
    float: { kind: 'float', values: doubles },
    autoLong: { kind: 'long', values: longs, isIndexed: true },
    autoDouble: { kind: 'double', values: doubles, isIndexed: true },
    list: { kind: 'complex', typeName: 'ARRAY<STRING>', values: arrays },
    doc: { kind: 'complex', typeName: 'json', values: arrays },
  },
});
const columns = [
  'text',
  'tags',
  'long',
  'double',
  'float',
  'autoLong',
  'autoDouble',
  'list',
  'doc',
  'none',
  'v',
];
const pool = createInlinePool({ kernels, open: () => segment, clock: { now: () => 0, monotonic: () => 0 } });

const base = {
  queryType: 'timeseries',
  dataSource: 't',
  intervals: ['1970-01-01T00:00Z/PT0.100S'],
  granularity: 'all',
  virtualColumns: [{ type: 'expression', name: 'v', expression: "nvl(text, 'none')", outputType: 'STRING' }],
  aggregations: [{ type: 'longSum', name: 'n', fieldName: '__time' }],
};
const defaults = { queryId: 'q', timeoutMs: 0 };

/** The answer, or what is wrong with the question. */
async function answer(query: NativeQuery): Promise<string> {
  try {
    const frames = [];
    const ref = { segmentId: 's', handle: 0, intervals: [interval] };
    for await (const { frame } of pool.scanSegments(query, [ref])) frames.push(frame);
    const sink = new TextSink();
    renderResult(query, mergePartials(query, frames), sink);
    return sink.text;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The filter as the query's own, and as that of an aggregator. */
async function both(filter: Filter): Promise<string> {
  const query = parseNativeQuery(base, defaults);
  const [aggregator] = query.queryType === 'timeseries' ? query.aggregations : [];
  if (aggregator === undefined || query.queryType !== 'timeseries') throw new Error('there is one');
  const filtered = { type: 'filtered', name: 'n', filter, aggregator } as const;
  return `${await answer({ ...query, filter })} ${await answer({ ...query, aggregations: [filtered] })}`;
}

function single(chance: Chance, column: string): Filter {
  const text = chance.pick(['7', '7.0', 'US', '', '2.5', '-1', '0', 'Infinity', 'x', null]);
  switch (chance.pick(['selector', 'selector', 'equals', 'long', 'double', 'null'])) {
    case 'equals':
      return { type: 'equals', column, matchValueType: 'STRING', matchValue: text ?? 'US' };
    case 'long':
      return { type: 'equals', column, matchValueType: 'LONG', matchValue: chance.pick([7n, 0n, -1n, 30n]) };
    case 'double':
      return { type: 'equals', column, matchValueType: 'DOUBLE', matchValue: chance.pick([7, 2.5, 0, -0]) };
    case 'null':
      return { type: 'null', column };
    default:
      return { type: 'selector', dimension: column, value: text };
  }
}

function several(chance: Chance, depth: number): Filter {
  const few = [chance.pick(columns), chance.pick(columns)];
  const fields = Array.from({ length: 2 + Math.floor(chance.next() * 6) }, (): Filter => {
    if (depth > 0 && chance.next() < 0.2) return several(chance, depth - 1);
    const one = single(chance, chance.pick(few));
    return chance.next() < 0.4 ? { type: 'not', field: one } : one;
  });
  const filter: Filter = { type: chance.pick(['and', 'or']), fields };
  return chance.next() < 0.3 ? { type: 'not', field: filter } : filter;
}

describe('long lists of values', function () {
  this.timeout(300_000);

  it('merged filters pass the rows that the single ones pass', async () => {
    let merged = 0;
    for (let seed = 1; seed <= 500; seed++) {
      const filter = several(new Chance(seed), 2);
      const short = mergeFilter(filter, 2);
      if (JSON.stringify(short, text).includes('"anyOf"')) merged++;
      expect(await both(short), `seed ${seed} ${JSON.stringify(filter, text)}`).to.equal(await both(filter));
    }
    expect(merged).to.be.above(100);
  });

  it('thousands of values, however they are written, find the same rows', async () => {
    const values = Array.from({ length: 9000 }, (_, i) => (i % 2 === 0 ? `${i}` : `x${i}`));
    const selectors = values.map((value) => ({ type: 'selector', dimension: 'row', value }));
    const expected = '[{"timestamp":"1970-01-01T00:00:00.000Z","result":{"n":380}}]';
    for (const filter of [
      { type: 'in', dimension: 'row', values },
      { type: 'inType', column: 'row', matchValueType: 'STRING', sortedValues: values },
      { type: 'or', fields: selectors },
      { type: 'not', field: { type: 'and', fields: selectors.map((field) => ({ type: 'not', field })) } },
    ]) {
      const body = { ...base, filter };
      const read = await readQuery(pool, JSON.stringify(body), defaults, asNew());
      expect(read.filter?.type).to.equal('packed');
      expect(await answer(read), filter.type).to.equal(expected);
      expect(await answer(parseNativeQuery(body, defaults)), filter.type).to.equal(expected);
    }
  });

  it('a packed filter comes back as it was, and its outline knows its ends', () => {
    const values = Array.from({ length: 3000 }, (_, i) => `v${i + 1000}`);
    const filter = { type: 'in', dimension: 'row', values };
    const body = { ...base, filter: { type: 'and', fields: [filter, { type: 'not', field: filter }] } };
    const query = parseNativeQuery(body, defaults);
    const packed = packQuery(query);
    expect(unpackQuery(packed)).to.deep.equal(query);
    expect(packed.filter).to.have.property('type', 'packed');
    const { outline, digest } = packed.filter as Extract<Filter, { type: 'packed' }>;
    expect(JSON.stringify(outline)).to.include('"lower":"v1000"').and.include('"upper":"v3999"');
    const other = packQuery(
      parseNativeQuery({ ...base, filter: { ...filter, values: [...values, 'y'] } }, defaults),
    );
    expect((other.filter as { digest?: string }).digest).to.not.equal(digest);
  });

  it('outlines are short, and there is one of nothing but nulls', () => {
    const nulls = { type: 'in', dimension: 'row', values: Array.from({ length: 2000 }, () => null) };
    const counted = { type: 'filtered', filter: nulls, aggregator: base.aggregations[0] };
    const ofNulls = packQuery(parseNativeQuery({ ...base, aggregations: [counted] }, defaults));
    expect(JSON.stringify(ofNulls)).to.include('{"type":"null","column":"row"}');
    const fields = Array.from({ length: 100 }, (_, i) => ({
      type: 'and',
      fields: Array.from({ length: 50 }, (__, k) => ({
        type: 'selector',
        dimension: `d${k}`,
        value: `${i}`,
      })),
    }));
    const wide = packQuery(parseNativeQuery({ ...base, filter: { type: 'or', fields } }, defaults));
    const { outline } = wide.filter as Extract<Filter, { type: 'packed' }>;
    expect(JSON.stringify(outline)).to.have.length.below(1000);
  });

  it('what is wrong with a long text is said as of a short one', async () => {
    const values = Array.from({ length: 20_000 }, () => 'value');
    const texts = [
      JSON.stringify({ ...base, filter: { type: 'in', dimension: 'row', values: [...values, {}] } }),
      `${JSON.stringify({ ...base, more: values })}}`,
    ];
    for (const [i, message] of [/filter\.values\[20000\]/, /line 1, column/].entries()) {
      let error: unknown;
      await readQuery(pool, texts[i] ?? '', defaults, asNew()).catch((thrown: unknown) => (error = thrown));
      expect(error).to.have.property('code', 'InvalidInput');
      expect((error as Error).message).to.match(message);
    }
  });
});

const asNew = () => ({ known: new KnownQueries(), key: '' });

describe('queries known by their text', () => {
  const read = (known: KnownQueries, body: object, key = '', queryId = 'q') =>
    known.read(JSON.stringify(body), key, { ...defaults, queryId });

  it('are what reading again would give, with the id of each asking', () => {
    const known = new KnownQueries();
    const first = read(known, base);
    const again = read(known, base, '', 'other');
    expect(again).to.deep.equal(parseNativeQuery(base, { ...defaults, queryId: 'other' }));
    expect(again.intervals).to.equal(first.intervals);
    const named = { ...base, context: { queryId: 'own' } };
    read(known, named);
    expect(read(known, named, '', 'other').context.queryId).to.equal('own');
  });

  it('are read again where more than the text counts', () => {
    const known = new KnownQueries();
    expect(read(known, base, 'a').intervals).to.not.equal(read(known, base, 'b').intervals);
    const over = { ...base, dataSource: { type: 'query', query: base } };
    expect(read(known, over).intervals).to.not.equal(read(known, over).intervals);
    const looking = { ...base, context: { about: 'a lookup' } };
    expect(read(known, looking).intervals).to.not.equal(read(known, looking).intervals);
  });
});

function text(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
