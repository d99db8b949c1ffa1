import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createArena } from '../../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../../segment/kernels/load.js';
import { createResidency } from '../../../segment/read/residency.js';
import { registerSegment, SegmentReader, type SegmentHandle } from '../../../segment/read/segment.js';
import { writeSegment } from '../../../segment/write/writer.js';
import { TextSink } from '../../json/write.js';
import type { Frame } from '../../frame.js';
import { mergePartials } from '../../merge.js';
import { parseNativeQuery } from '../../native/parse.js';
import { renderResult } from '../../results/render.js';
import { createInlinePool } from '../inline-pool.js';

const interval = { startMs: 0, endMs: 10 };
const documents = [
  { a: 7, n: 7, t: '2.5', s: ['x', 'y'], l: [1, 2] },
  { a: 2, n: 1.5, t: 'x', s: ['y'], l: [3] },
  { a: null, n: 3, t: '4', s: [], l: null },
  { a: 7, n: 7.9, t: null, s: ['7'], l: [7] },
  null,
];

describe('fields of documents', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-fields-'));
  const arena = createArena({ maximumBytes: 1 << 26 });
  const kernels = instantiateKernels(compileKernels(), arena);
  const residency = createResidency({ arena, coldBytesMax: 1 << 24, hotBytesMax: 1 << 24 });
  const reader = new SegmentReader({ kernels, residency });
  let handle: SegmentHandle;
  const pool = createInlinePool({
    kernels,
    open: () => reader.openView(handle),
    clock: { now: () => 0, monotonic: () => 0 },
  });

  before(() => {
    writeSegment(dir, {
      rowCount: documents.length,
      interval,
      time: BigInt64Array.from(documents, (_, i) => BigInt(i)),
      dimensions: [
        { kind: 'json', name: 'doc', values: documents },
        { kind: 'auto', name: 'd', values: [1.5, 7, 7.25, null, 2], exactNumbers: true },
        { kind: 'auto', name: 'text', values: ['a', '7', null, '2.5', 'b'] },
      ],
      metrics: [],
      metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
    });
    handle = registerSegment(residency, { id: 's', dir });
  });
  after(() => fs.rmSync(dir, { recursive: true, force: true }));

  async function answer(field: object, body: object): Promise<unknown> {
    const whole = {
      queryType: 'timeseries',
      dataSource: 't',
      intervals: ['1970-01-01T00:00Z/PT0.010S'],
      granularity: 'all',
      virtualColumns: [{ type: 'nested-field', columnName: 'doc', outputName: 'v', ...field }],
      aggregations: [{ type: 'count', name: 'n' }],
      ...body,
    };
    const query = parseNativeQuery(JSON.parse(JSON.stringify(whole)), { queryId: 'q', timeoutMs: 0 });
    const frames: Frame[] = [];
    const asked = [{ segmentId: 's', handle, intervals: [interval] }];
    for await (const part of pool.scanSegments(query, asked)) frames.push(part.frame);
    const sink = new TextSink();
    renderResult(query, mergePartials(query, frames), sink);
    return JSON.parse(sink.text);
  }

  async function counted(field: object, filter: object): Promise<number> {
    const [entry] = (await answer(field, { filter })) as { result: { n: number } }[];
    return entry?.result.n ?? 0;
  }

  const seven = { type: 'selector', dimension: 'v', value: '7' };
  const isNull = { type: 'null', column: 'v' };
  const not = (field: object): object => ({ type: 'not', field });
  const like = { type: 'like', dimension: 'v', pattern: '%' };

  it('are filtered by what is stored, whatever type is expected', async () => {
    const cases: [object, object, number][] = [
      [{ path: '$.a', expectedType: 'ARRAY<DOUBLE>' }, seven, 2],
      [{ path: '$.a', expectedType: 'ARRAY<DOUBLE>' }, isNull, 2],
      [{ path: '$.a', expectedType: 'COMPLEX<json>' }, not(seven), 1],
      [{ path: '$.a', processFromRaw: true }, seven, 2],
      [{ path: '$.a', processFromRaw: true }, isNull, 2],
      // Looked up among longs and doubles: one of them is 7.
      [{ path: '$.n', expectedType: 'LONG' }, seven, 1],
      // Not looked up: read as longs, row by row.
      [{ columnName: 'd', path: '$', expectedType: 'LONG' }, not(isNull), 4],
    ];
    for (const [field, filter, rows] of cases)
      expect(await counted(field, filter), JSON.stringify([field, filter])).equals(rows);
  });

  it('that are arrays have no text, and are no error to filters on texts', async () => {
    for (const more of [{}, { expectedType: 'ARRAY<STRING>' }, { processFromRaw: true }]) {
      const field = { path: '$.s', ...more };
      expect(await counted(field, like)).equals(0);
      expect(await counted(field, not(like))).equals(4);
      expect(await counted(field, isNull)).equals(1);
    }
  });

  it('are read as the numbers that are expected', async () => {
    const groups = async (field: object, outputType: string): Promise<unknown[]> => {
      const dimensions = [{ type: 'default', dimension: 'v', outputName: 'v', outputType }];
      const rows = await answer(field, { queryType: 'groupBy', dimensions });
      return (rows as { event: { v: unknown; n: unknown } }[]).map(({ event }) => [event.v, event.n]);
    };
    const whole = [
      [null, 1],
      [1, 1],
      [3, 1],
      [7, 2],
    ];
    expect(await groups({ path: '$.n', expectedType: 'LONG' }, 'LONG')).deep.equals(whole);
    const texts = [
      [null, 3],
      [2.5, 1],
      [7, 1],
    ];
    const text = { columnName: 'text', path: '$', expectedType: 'DOUBLE' };
    expect(await groups(text, 'DOUBLE')).deep.equals(texts);
    expect(await groups({ path: '$.a', expectedType: 'FLOAT' }, 'STRING')).deep.equals([
      [null, 2],
      ['2.0', 1],
      ['7.0', 2],
    ]);
  });

  it('are summed as they are stored', async () => {
    const sums = async (field: object): Promise<unknown> => {
      const aggregations = [{ type: 'doubleSum', name: 's', fieldName: 'v' }];
      const [entry] = (await answer(field, { aggregations })) as { result: { s: unknown } }[];
      return entry?.result.s;
    };
    expect(await sums({ path: '$.a', expectedType: 'ARRAY<LONG>' })).equals(16);
    expect(await sums({ columnName: 'd', path: '$', expectedType: 'LONG' })).equals(17.75);
    // Longs beside doubles are cast.
    expect(await sums({ path: '$.n', expectedType: 'LONG' })).equals(18);
    expect(await sums({ path: '$.l[0]', expectedType: 'ARRAY<LONG>' })).equals(11);
    expect(await sums({ path: '$.none', processFromRaw: true })).equals(null);
    expect(await sums({ columnName: 'text', path: '$', expectedType: 'DOUBLE' })).equals(9.5);
  });
});
