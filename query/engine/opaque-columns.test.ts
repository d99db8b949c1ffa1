import { expect } from 'chai';
import { askOf, objectColumn } from './test-answers.js';

const answer = askOf({
  __time: { kind: 'long', values: [0n, 1n, 2n, 3n] },
  text: { kind: 'string', values: ['1.5', '7', null, 'x'] },
  list: objectColumn('ARRAY<LONG>', [[1], [2, 3], null, []]),
  doc: objectColumn('json', [{ a: [true] }, 'x', null, 17]),
});

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
