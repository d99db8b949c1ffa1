import { expect } from 'chai';
import { parseNativeQuery } from '../native/parse.js';
import { cacheWish, scanKey, segmentKey } from './scan-key.js';

const base = {
  queryType: 'timeseries',
  dataSource: 'shop',
  intervals: '2026-01-01/P1D',
  granularity: 'hour',
  filter: { type: 'equals', column: 'n', matchValueType: 'LONG', matchValue: 5 },
  aggregations: [{ type: 'longSum', name: 'n', fieldName: 'n' }],
};
const keyOf = (change: object): string | undefined =>
  scanKey(parseNativeQuery({ ...base, ...change }, { queryId: 'q', timeoutMs: 0 }));

describe('key of a partial result', () => {
  it('is the same for the same question, whoever asks and over whatever time', () => {
    const key = keyOf({});
    expect(key).to.be.a('string');
    expect(keyOf({ intervals: '2025-01-01/P1D' })).to.equal(key);
    expect(keyOf({ context: { queryId: 'other', timeout: 5, priority: 3, useCache: true } })).to.equal(key);
  });

  const others: Record<string, object> = {
    granularity: { granularity: 'day' },
    'a constant': { filter: { type: 'equals', column: 'n', matchValueType: 'LONG', matchValue: 6 } },
    'the type of a constant': {
      filter: { type: 'equals', column: 'n', matchValueType: 'DOUBLE', matchValue: 5 },
    },
    'an aggregator': { aggregations: [{ type: 'longMax', name: 'n', fieldName: 'n' }] },
    'a context key that changes rows': { context: { skipEmptyBuckets: true } },
    'a context key nobody knows': { context: { somethingNew: 1 } },
  };
  for (const [what, change] of Object.entries(others)) {
    it(`differs with ${what}`, () => expect(keyOf(change)).to.not.equal(keyOf({})));
  }

  it('there is none for scans, for rows from elsewhere and for lookups', () => {
    expect(keyOf({ queryType: 'scan' })).to.equal(undefined);
    const rows = { type: 'inline', columnNames: ['n'], rows: [[1]] };
    expect(keyOf({ dataSource: rows })).to.equal(undefined);
    const byName = {
      type: 'extraction',
      dimension: 'n',
      value: 'x',
      extractionFn: { type: 'lookup', lookup: { type: 'map', map: { a: 'x' } }, optimize: false },
    };
    expect(keyOf({ filter: byName })).to.equal(undefined);
  });

  it('of a segment names what was asked of it', () => {
    const one = segmentKey('k', 'shop_1', [{ startMs: 0, endMs: 5 }]);
    expect(one).to.not.equal(segmentKey('k', 'shop_1', [{ startMs: 0, endMs: 6 }]));
    expect(one).to.not.equal(segmentKey('k', 'shop_2', [{ startMs: 0, endMs: 5 }]));
  });

  it('a query may say no', () => {
    const wish = (context: object): object =>
      cacheWish(
        parseNativeQuery({ ...base, context }, { queryId: 'q', timeoutMs: 0 }).context,
        'useCache',
        'populateCache',
      );
    expect(wish({})).to.deep.equal({ use: true, populate: true });
    expect(wish({ useCache: false, populateCache: 'No' })).to.deep.equal({ use: false, populate: false });
  });
});
