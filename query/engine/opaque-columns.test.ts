import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { Frame } from '../frame.js';
import { TextSink } from '../json/write.js';
import { mergePartials } from '../merge.js';
import { parseNativeQuery } from '../native/parse.js';
import { renderResult } from '../results/render.js';
import { createInlinePool } from './inline-pool.js';
import { testSegment } from './test-segment.js';

const interval = { startMs: 0, endMs: 10 };
const arena = createArena({ maximumBytes: 1 << 26 });
const kernels = instantiateKernels(compileKernels(), arena);
const encoder = new TextEncoder();
const json = (values: readonly unknown[]) =>
  values.map((value) => (value === null ? null : encoder.encode(JSON.stringify(value))));
const segment = testSegment(arena, {
  id: 's',
  interval,
  columns: {
    __time: { kind: 'long', values: [0n, 1n, 2n, 3n] },
    text: { kind: 'string', values: ['1.5', '7', null, 'x'] },
    list: { kind: 'complex', typeName: 'ARRAY<LONG>', values: json([[1], [2, 3], null, []]) },
    doc: { kind: 'complex', typeName: 'json', values: json([{ a: [true] }, 'x', null, 17]) },
  },
});
const pool = createInlinePool({ kernels, open: () => segment, clock: { now: () => 0, monotonic: () => 0 } });

async function answer(body: object): Promise<unknown> {
  const whole = { dataSource: 't', intervals: ['1970-01-01T00:00Z/PT0.010S'], granularity: 'all', ...body };
  const query = parseNativeQuery(JSON.parse(JSON.stringify(whole)), { queryId: 'q', timeoutMs: 0 });
  const frames: Frame[] = [];
  for await (const part of pool.scanSegments(query, [{ segmentId: 's', handle: 0, intervals: [interval] }])) {
    frames.push(part.frame);
  }
  const sink = new TextSink();
  renderResult(query, mergePartials(query, frames), sink);
  return JSON.parse(sink.text);
}

async function aggregated(aggregator: object, at: number): Promise<unknown> {
  const [entry] = (await answer({
    queryType: 'timeseries',
    filter: { type: 'equals', column: '__time', matchValueType: 'LONG', matchValue: at },
    aggregations: [{ name: 'a', ...aggregator }],
  })) as { result: { a: unknown } }[];
  return entry?.result.a;
}

describe('columns of arrays and documents', () => {
  it('are the texts of their objects to first, last and any', async () => {
    for (const type of ['stringFirst', 'stringLast', 'stringAny']) {
      const texts = async (fieldName: string): Promise<unknown[]> =>
        await Promise.all([0, 1, 2, 3].map((at) => aggregated({ type, fieldName }, at)));
      expect(await texts('list'), type).deep.equals(['[1]', '[2, 3]', null, '[]']);
      expect(await texts('doc'), type).deep.equals([
        'StructuredData{value={a=[true]}}',
        'StructuredData{value=x}',
        null,
        'StructuredData{value=17}',
      ]);
    }
  });

  it('hold no number, and a text only one that reads as such', async () => {
    for (const type of ['longFirst', 'doubleLast', 'floatAny'])
      expect(await aggregated({ type, fieldName: 'list' }, 0), type).equals(null);
    expect(await aggregated({ type: 'longFirst', fieldName: 'text' }, 0)).equals(null);
    expect(await aggregated({ type: 'longLast', fieldName: 'text' }, 1)).equals(7);
    expect(await aggregated({ type: 'doubleLast', fieldName: 'text' }, 0)).equals(1.5);
    expect(await aggregated({ type: 'doubleLast', fieldName: 'text' }, 3)).equals(null);
    // Druid's vectors have no numbers of texts here.
    expect(await aggregated({ type: 'doubleAny', fieldName: 'text' }, 0)).equals(null);
  });

  it('documents do not count as values, as groups of a topN texts and numbers do', async () => {
    const fields = ['doc'];
    const counted = { type: 'cardinality', name: 'a', fields, round: true };
    expect(await answer({ queryType: 'timeseries', aggregations: [counted] })).deep.equals([
      { timestamp: '1970-01-01T00:00:00.000Z', result: { a: 0 } },
    ]);
    const topN = { queryType: 'topN', threshold: 9, metric: { type: 'dimension' }, aggregations: [] };
    const upper = {
      type: 'extraction',
      dimension: 'doc',
      outputName: 'doc',
      extractionFn: { type: 'upper' },
    };
    for (const [dimension, last] of [
      ['doc', 'x'],
      [upper, 'X'],
    ]) {
      expect(await answer({ ...topN, dimension })).deep.equals([
        { timestamp: '1970-01-01T00:00:00.000Z', result: [{ doc: null }, { doc: '17' }, { doc: last }] },
      ]);
    }
  });
});
