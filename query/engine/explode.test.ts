/** Groups by a column of several values a row, of which many rows have none, beside plain TypeScript. */
import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { parseNativeQuery } from '../native/parse.js';
import { createInlinePool } from './inline-pool.js';
import { testSegment } from './test-segment.js';

let state = 5;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};

interface Row {
  readonly at: number;
  readonly tags: (string | null)[];
  readonly long: number | null;
  readonly even: string;
}

const rowCount = 20_003;
/** Rows without tags have no number either up to some row, so that a group may be of nulls alone. */
const numbersFrom = 12_000;
const rows: Row[] = Array.from({ length: rowCount }, (_, at) => {
  const tags = Array.from({ length: below(at % 7000 === 0 ? 40 : 5) }, () =>
    below(40) ? `t${below(9)}` : null,
  );
  const isNull = below(4) === 0 || (at < numbersFrom && tags.every((tag) => tag === null));
  return { at, tags, long: isNull ? null : below(1000) - 500, even: at % 2 === 0 ? 'y' : 'n' };
});

const arena = createArena({ maximumBytes: 1 << 26 });
const view = testSegment(arena, {
  id: 's',
  interval: { startMs: 0, endMs: rowCount },
  columns: {
    __time: { kind: 'long', values: rows.map(({ at }) => BigInt(at)) },
    tags: { kind: 'strings', values: rows.map(({ tags }) => tags) },
    long: { kind: 'long', values: rows.map(({ long }) => (long === null ? null : BigInt(long))) },
    even: { kind: 'string', values: rows.map(({ even }) => even) },
  },
});
const pool = createInlinePool({
  kernels: instantiateKernels(compileKernels(), arena),
  open: () => view,
  clock: { now: () => 0, monotonic: () => 0 },
});

async function groups(more: object): Promise<object[]> {
  const body = {
    queryType: 'groupBy',
    dataSource: 't',
    intervals: '1970/1971',
    granularity: 'all',
    dimensions: ['tags'],
  };
  const query = parseNativeQuery({ ...body, ...more }, { queryId: 'q', timeoutMs: 0 });
  const frames = [];
  const refs = [{ segmentId: 's', handle: 0, intervals: query.intervals }];
  for await (const { frame } of pool.scanSegments(query, refs)) frames.push(frame);
  const chunks = (await pool.run('finish', { query, frames })) as Uint8Array[];
  const entries = JSON.parse(Buffer.concat(chunks).toString()) as { event: object }[];
  return entries.map(({ event }) => event);
}

const even = { type: 'selector', dimension: 'even', value: 'y' };
const aggregations = [
  { type: 'count', name: 'n' },
  { type: 'longSum', name: 'sum', fieldName: 'long' },
  { type: 'longMin', name: 'min', fieldName: 'long' },
  {
    type: 'filtered',
    name: 'evens',
    filter: even,
    aggregator: { type: 'longMax', name: 'evens', fieldName: 'long' },
  },
];

function wanted(kept: readonly Row[]): object[] {
  const entries = kept.flatMap((row) =>
    (row.tags.length === 0 ? [null] : row.tags).map((tag) => ({ tag, row })),
  );
  const tags = [...new Set(entries.map(({ tag }) => tag))].toSorted((a, b) =>
    (a ?? '') < (b ?? '') ? -1 : 1,
  );
  return tags.map((tag) => {
    const own = entries.filter((entry) => entry.tag === tag).map(({ row }) => row);
    const longs = own.flatMap(({ long }) => long ?? []);
    const ofEven = own.flatMap((row) => (row.even === 'y' ? (row.long ?? []) : []));
    return {
      tags: tag,
      n: own.length,
      sum: longs.length === 0 ? null : longs.reduce((a, b) => a + b, 0),
      min: longs.length === 0 ? null : Math.min(...longs),
      evens: ofEven.length === 0 ? null : Math.max(...ofEven),
    };
  });
}

describe('groups by several values a row', () => {
  const between = (from: number, to: number): string =>
    `${new Date(from).toISOString()}/${new Date(to).toISOString()}`;

  it('rows without values are of the group of null', async () => {
    expect(await groups({ aggregations })).to.deep.equal(wanted(rows));
  });

  it('of a range of rows, of those of a filter, and of rows without values alone', async () => {
    for (const [from, to] of [
      [0, numbersFrom],
      [13, 9001],
      [8192, 8193],
      [19_000, rowCount],
    ] as const) {
      const kept = rows.filter(({ at }) => at >= from && at < to);
      expect(await groups({ aggregations, intervals: between(from, to) })).to.deep.equal(wanted(kept));
    }
    expect(await groups({ aggregations, filter: even })).to.deep.equal(
      wanted(rows.filter((row) => row.even === 'y')),
    );
    const { at = 0 } = rows.find(({ tags }) => tags.length === 0) ?? {};
    expect(await groups({ aggregations, intervals: between(at, at + 1) })).to.deep.equal(
      wanted(rows.slice(at, at + 1)),
    );
  });

  it('beside others that look at the order of rows, and without any', async () => {
    const first = { type: 'longFirst', name: 'first', fieldName: '__time' };
    const withFirst = wanted(rows).map((group) => {
      const { tags: tag } = group as { tags: string | null };
      const row = rows.find(({ tags }) => (tag === null && tags.length === 0) || tags.includes(tag));
      return { ...group, first: row?.at };
    });
    expect(await groups({ aggregations: [...aggregations, first] })).to.deep.equal(withFirst);
    expect(await groups({ aggregations: [] })).to.deep.equal(
      wanted(rows).map((group) => ({ tags: (group as { tags: unknown }).tags })),
    );
  });
});
