/**
 * Queries over a stored segment answer the same, to the last bit, from its blocks and from its decoded columns, which
 * hold numbers in as few bytes as they fit into.
 */
import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { createResidency } from '../../segment/read/residency.js';
import { registerSegment, SegmentReader } from '../../segment/read/segment.js';
import type { NumericSource } from '../../segment/write/source.js';
import { writeSegment } from '../../segment/write/writer.js';
import { parseNativeQuery } from '../native/parse.js';
import { createExecutor, executeTask } from './execute.js';

const rows = 2 * 8192 + 3000;
const hour = 3_600_000;
const end = 24 * hour;

let state = 19;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const odd = [0, -0, Number.NaN, Infinity, -Infinity, -2.5];
const nulls = (): Uint8Array =>
  Uint8Array.from({ length: Math.ceil(rows / 8) }, () => below(256) & below(256));
/** Null rows hold 0. */
const isNull = (bits: Uint8Array | undefined, row: number): boolean =>
  bits !== undefined && (((bits[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
function long(name: string, value: () => bigint, bits?: Uint8Array): NumericSource {
  const values = BigInt64Array.from({ length: rows }, (_, row) => (isNull(bits, row) ? 0n : value()));
  return { kind: 'long', name, values, ...(bits === undefined ? {} : { nulls: bits }) };
}
function double(name: string, value: () => number, bits?: Uint8Array): NumericSource {
  const values = Float64Array.from({ length: rows }, (_, row) => (isNull(bits, row) ? 0 : value()));
  return { kind: 'double', name, values, ...(bits === undefined ? {} : { nulls: bits }) };
}
const numbers: readonly NumericSource[] = [
  long('bytes', () => BigInt(below(50)) - 7n),
  long('words', () => BigInt(below(60_000)) + 2n ** 40n),
  long('halves', () => BigInt(below(2 ** 32)) - 2n ** 62n),
  long('wide', () => BigInt(below(2 ** 32)) * BigInt(below(2 ** 31)) * (below(2) === 0 ? 1n : -1n)),
  long('bytesOrNull', () => BigInt(1 + below(200)), nulls()),
  double('cents', () => below(11) / 100),
  double('odd', () => odd[below(odd.length)] ?? 0),
  double('prices', () => below(1_000_000) / 100),
  double('centsOrNull', () => below(9) / 100, nulls()),
  { kind: 'float', name: 'floats', values: Float32Array.from({ length: rows }, () => below(30) / 10) },
];

let dir = '';
before(() => {
  dir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'hot-answers-')), 's');
  const strings = (name: string, count: number) => ({
    kind: 'string' as const,
    name,
    dictionary: Array.from({ length: count }, (_, i) => `v${String(i).padStart(5, '0')}`),
    ids: Uint32Array.from({ length: rows }, () => below(count)),
  });
  writeSegment(dir, {
    rowCount: rows,
    interval: { startMs: 0, endMs: end },
    time: BigInt64Array.from({ length: rows }, (_, row) => BigInt(Math.floor((row / rows) * end))),
    dimensions: [strings('few', 7), strings('many', 5000)],
    metrics: [...numbers],
    metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
  });
});
after(() => fs.rmSync(path.dirname(dir), { recursive: true }));

const aggregations = numbers.flatMap(({ name, kind }) =>
  ['Sum', 'Min', 'Max'].map((op) => ({ type: `${kind}${op}`, name: `${name}${op}`, fieldName: name })),
);
const converted = [
  { type: 'doubleSum', name: 'a', fieldName: 'bytes' },
  { type: 'longSum', name: 'b', fieldName: 'prices' },
  { type: 'floatMax', name: 'c', fieldName: 'cents' },
  { type: 'doubleSum', name: 'd', fieldName: 'floats' },
  {
    type: 'filtered',
    name: 'e',
    filter: { type: 'range', column: 'bytes', matchValueType: 'LONG', lower: 3, upper: 20 },
    aggregator: { type: 'doubleSum', name: 'e', fieldName: 'cents' },
  },
];
const filters: readonly (object | undefined)[] = [
  undefined,
  { type: 'selector', dimension: 'few', value: 'v00003' },
  { type: 'in', dimension: 'many', values: ['v00001', 'v00777', 'v04000'] },
  { type: 'range', column: 'bytes', matchValueType: 'LONG', lower: -3, upper: 11, upperOpen: true },
  { type: 'range', column: 'cents', matchValueType: 'DOUBLE', lower: 0.03 },
  { type: 'range', column: 'odd', matchValueType: 'DOUBLE', lower: -1, upper: 1 },
  { type: 'in', dimension: 'bytesOrNull', values: ['1', '7', '33', null] },
  { type: 'like', dimension: 'centsOrNull', pattern: '%5' },
  { type: 'not', field: { type: 'range', column: 'words', matchValueType: 'LONG', lower: '1099511650000' } },
  { type: 'selector', dimension: 'floats', value: '1.5' },
];
const dimensions: readonly (readonly unknown[])[] = [
  ['few'],
  ['many'],
  ['few', { type: 'default', dimension: 'bytes', outputName: 'x', outputType: 'LONG' }],
  [{ type: 'default', dimension: 'centsOrNull', outputName: 'y', outputType: 'DOUBLE' }],
  [{ type: 'default', dimension: 'floats', outputName: 'z', outputType: 'FLOAT' }],
];
const shapes: readonly object[] = [
  ...['all', 'hour', 'minute'].flatMap((granularity) => [
    { queryType: 'timeseries', granularity, aggregations },
    { queryType: 'timeseries', granularity, aggregations: converted },
  ]),
  ...dimensions.map((of) => ({ queryType: 'groupBy', granularity: 'all', dimensions: of, aggregations })),
  { queryType: 'groupBy', granularity: 'hour', dimensions: ['few'], aggregations: converted },
  {
    queryType: 'topN',
    granularity: 'all',
    dimension: 'many',
    metric: 'bytesSum',
    threshold: 50,
    aggregations,
  },
  { queryType: 'scan', columns: ['many', ...numbers.map(({ name }) => name)], limit: 500 },
];

describe('answers from decoded columns', () => {
  for (const [i, filter] of filters.entries()) {
    it(`are those from blocks: filter ${i}, ${JSON.stringify(filter)}`, () => {
      const arena = createArena({ maximumBytes: 256 << 20 });
      const kernels = instantiateKernels(compileKernels(), arena);
      const asked = (hotBytesMax: number) => {
        const residency = createResidency({ arena, coldBytesMax: 32 << 20, hotBytesMax });
        const reader = new SegmentReader({ kernels, residency });
        const handle = registerSegment(residency, { id: 's', dir });
        const executor = createExecutor({ kernels, open: () => reader.openView(handle) });
        return (shape: object) => {
          const body: unknown = JSON.parse(
            JSON.stringify({ dataSource: 't', intervals: ['1970-01-01/P1D'], filter, ...shape }),
          );
          const query = parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 });
          const refs = [{ segmentId: 's', handle: 0, intervals: [{ startMs: 0, endMs: end }] }];
          const frames = executeTask(executor, { query, refs }, () => {}).frames;
          return { frames, hotBytes: residency.stats().hotBytes };
        };
      };
      const [cold, hot] = [asked(0), asked(32 << 20)];
      for (const shape of shapes) {
        const wanted = cold(shape);
        expect(wanted.hotBytes).to.equal(0);
        for (let touch = 0; touch < 3; touch++) {
          const got = hot(shape);
          expect(got.frames).to.deep.equal(wanted.frames);
          if (touch > 0) expect(got.hotBytes).to.be.above(0);
        }
      }
    });
  }
});
