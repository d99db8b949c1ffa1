/** The best of many groups, looked for above a sampled score, are those that looking at all of them gives. */
import { expect } from 'chai';
import type { FrameColumn } from '../frame.js';
import { parseNativeQuery } from '../native/parse.js';
import { topRows } from './top-groups.js';

const rows = 40_000;
let state = 7;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};

function asked(metric: unknown, keep: number) {
  const json = {
    queryType: 'topN',
    dataSource: 't',
    intervals: ['2000/2001'],
    granularity: 'all',
    dimension: 'd',
    threshold: 5,
    metric,
    aggregations: [{ type: 'doubleSum', name: 'm', fieldName: 'm' }],
    context: { minTopNThreshold: keep },
  };
  const query = parseNativeQuery(json, { queryId: 'q', timeoutMs: 0 });
  if (query.queryType !== 'topN') throw new Error('a topN');
  return query;
}

function column(value: (row: number) => number | null): FrameColumn {
  const values = new Float64Array(rows);
  const nulls = new Uint8Array(Math.ceil(rows / 8));
  for (let row = 0; row < rows; row++) {
    const own = value(row);
    if (own === null) nulls[row >> 3] = (nulls[row >> 3] ?? 0) | (1 << (row & 7));
    else values[row] = own;
  }
  return { name: 'm', type: 'DOUBLE', values, nulls };
}

/** NaN above every number; of equal ones the first come in and leave first; nulls beside them. */
function wanted(metric: FrameColumn, keep: number, sign: number): number[] {
  const isNull = (row: number): boolean => (((metric.nulls?.[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
  const score = (row: number): number => {
    const value = Number(metric.type === 'DOUBLE' ? metric.values[row] : 0);
    return sign * (Number.isNaN(value) ? Infinity : value);
  };
  const all = Array.from({ length: rows }, (_, row) => row);
  const valued = all.filter((row) => !isNull(row));
  const last = Float64Array.from(valued, score).sort().at(-keep) ?? -Infinity;
  const better: number[] = [];
  const equal: number[] = [];
  for (const row of valued) {
    const own = score(row);
    if (own > last) {
      better.push(row);
      if (better.length + equal.length > keep) equal.shift();
    } else if (own === last && better.length + equal.length < keep) equal.push(row);
  }
  const few = valued.length <= keep ? valued : [...better, ...equal];
  return [...few, ...all.filter(isNull).slice(0, keep)].sort((a, b) => a - b);
}

const shapes: Readonly<Record<string, (row: number) => number | null>> = {
  random: () => below(1e9) / 7,
  ties: () => below(50),
  nulls: () => (below(3) === 0 ? null : below(1e6)),
  'mostly nulls': () => (below(100) === 0 ? below(1e6) : null),
  'all the same': () => 4,
  ascending: (row) => row,
  'the best where nobody looks': (row) => (row % 9 === 4 ? row : -row),
  'the worst where somebody looks': (row) => (row % 9 === 0 ? row : -1 - row),
  NaN: (row) => (row % 1000 === 1 ? Number.NaN : below(1e6)),
};

describe('the best of many groups', () => {
  for (const [name, value] of Object.entries(shapes)) {
    it(`are those of all: ${name}`, () => {
      const metric = column(value);
      for (const keep of [1, 100, 1000]) {
        for (const [wish, sign] of [
          [{ type: 'numeric', metric: 'm' }, 1],
          [{ type: 'inverted', metric: 'm' }, -1],
        ] as const) {
          const kept = topRows(asked(wish, keep), rows, undefined, () => metric);
          expect([...(kept ?? [])]).to.deep.equal(wanted(metric, Math.max(5, keep), sign));
        }
      }
    });
  }
});
