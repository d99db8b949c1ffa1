import { expect } from 'chai';
import { askOf, objectColumn } from './test-answers.js';
import type { TestColumn } from './test-segment.js';

const answer = askOf({
  __time: { kind: 'long', values: [0n, 1n, 2n, 3n] },
  text: { kind: 'string', values: ['1.5', '7', null, 'x'] },
  pair: objectColumn('serializablePairLongString', ['a', null, 'b', 'c']),
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

describe('arrays with single values among them', () => {
  const mixed: TestColumn = objectColumn('ARRAY<STRING>', ['7', ['8'], 'x', null, 2, '1.5'], true);
  const ask = askOf({ __time: { kind: 'long', values: [0n, 1n, 2n, 3n, 4n, 5n] }, mixed });

  it('are the single values to functions and searches', async () => {
    const extractionFn = { type: 'stringFormat', format: '<%s>' };
    const dimension = { type: 'extraction', dimension: 'mixed', outputName: 'm', extractionFn };
    const groups = { queryType: 'groupBy', dimensions: [dimension], context: { resultAsArray: true } };
    expect(await ask({ ...groups, aggregations: [{ type: 'count', name: 'n' }] })).deep.equals([
      ['<1.5>', 1],
      ['<2>', 1],
      ['<7>', 1],
      ['<null>', 2],
      ['<x>', 1],
    ]);
    const query = { type: 'contains', value: '7' };
    const [found] = (await ask({ queryType: 'search', searchDimensions: [dimension], query })) as {
      result: unknown;
    }[];
    expect(found?.result).deep.equals([{ dimension: 'm', value: '<7>', count: 1 }]);
  });

  it('are added up by their numbers: a text that is no long is zero to longs, one that is no number null', async () => {
    const aggregations = [
      { type: 'longSum', name: 'longs', fieldName: 'mixed' },
      { type: 'longMin', name: 'least', fieldName: 'mixed' },
      { type: 'doubleSum', name: 'doubles', fieldName: 'mixed' },
    ];
    expect(await ask({ queryType: 'timeseries', aggregations })).deep.equals([
      { timestamp: '1970-01-01T00:00:00.000Z', result: { longs: 9, least: 0, doubles: 10.5 } },
    ]);
  });
});

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
    const refused = async (type: string, fieldName: string): Promise<unknown> =>
      await aggregated({ type, fieldName }, 0).catch((error: unknown) => error);
    for (const type of ['longFirst', 'doubleLast', 'doubleMean'])
      for (const field of ['list', 'doc'])
        expect(await refused(type, field), type).property('code', 'QueryFailed');
    expect(await aggregated({ type: 'floatAny', fieldName: 'list' }, 0)).equals(null);
    expect(await aggregated({ type: 'longFirst', fieldName: 'doc' }, 3)).equals(17);
    expect(await aggregated({ type: 'longFirst', fieldName: 'text' }, 0)).equals(null);
    expect(await aggregated({ type: 'longLast', fieldName: 'text' }, 1)).equals(7);
    expect(await aggregated({ type: 'doubleLast', fieldName: 'text' }, 0)).equals(1.5);
    expect(await aggregated({ type: 'doubleLast', fieldName: 'text' }, 3)).equals(null);
    // Druid's vectors have no numbers of texts here.
    expect(await aggregated({ type: 'doubleAny', fieldName: 'text' }, 0)).equals(null);
  });

  it('computed ones are plain lists and maps, and hold no number', async () => {
    const virtualColumns = [
      { type: 'expression', name: 'v', expression: "json_query(doc, '$')", outputType: 'COMPLEX<json>' },
    ];
    const aggregations = [
      { type: 'stringFirst', name: 's', fieldName: 'v' },
      { type: 'longFirst', name: 'l', fieldName: 'v' },
    ];
    expect(await answer({ queryType: 'timeseries', aggregations, virtualColumns })).deep.equals([
      { timestamp: '1970-01-01T00:00:00.000Z', result: { s: '{a=[true]}', l: null } },
    ]);
  });

  it('arrays are not counted, and hold no sketches', async () => {
    const counted = { type: 'cardinality', name: 'a', fields: ['list'] };
    const refused = await answer({ queryType: 'timeseries', aggregations: [counted] }).catch(
      (error: unknown) => error,
    );
    expect(refused).property('message', 'Cardinality aggregator does not support[ARRAY<LONG>] inputs');
    expect(await aggregated({ type: 'hyperUnique', fieldName: 'list' }, 0)).equals(0);
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

  it('parts of documents as they are, are groups by the texts of their objects, row by row', async () => {
    const raw = (path: string): object => ({
      type: 'nested-field',
      columnName: 'doc',
      outputName: 'x',
      processFromRaw: true,
      path,
    });
    const groups = async (path: string, vectorize = false): Promise<unknown[]> => {
      const body = { queryType: 'groupBy', dimensions: ['x'], aggregations: [], virtualColumns: [raw(path)] };
      const entries = (await answer({ ...body, context: { vectorize } })) as { event: { x: unknown } }[];
      return entries.map(({ event }) => event.x);
    };
    expect(await groups('$.a')).deep.equals([null, 'StructuredData{value=[true]}']);
    expect(await groups('$.b')).deep.equals([null]);
    expect(await groups('$.a', true)).deep.equals([null]);
  });

  it('other objects are null to a topN, and to a groupBy on vectors', async () => {
    const aggregations = [{ type: 'count', name: 'rows' }];
    const topN = { queryType: 'topN', dimension: 'pair', metric: 'rows', threshold: 5, aggregations };
    const [top] = (await answer(topN)) as { result: object[] }[];
    expect(top?.result).deep.equals([{ pair: null, rows: 4 }]);
    const groupBy = { queryType: 'groupBy', dimensions: ['pair'], aggregations };
    const groups = (await answer(groupBy)) as { event: object }[];
    expect(groups.map(({ event }) => event)).deep.equals([{ pair: null, rows: 4 }]);
  });

  it('each object is one element to unnesting, none where there is none', async () => {
    const counted = {
      queryType: 'timeseries',
      dataSource: {
        type: 'unnest',
        base: { type: 'table', name: 't' },
        virtualColumn: { type: 'expression', name: 'u', expression: '"pair"', outputType: 'STRING' },
      },
      aggregations: [{ type: 'count', name: 'rows' }],
    };
    const [entry] = (await answer(counted)) as { result: object }[];
    expect(entry?.result).deep.equals({ rows: 3 });
  });
});
