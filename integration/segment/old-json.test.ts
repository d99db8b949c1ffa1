import { expect } from 'chai';
import type { JsonValue, SegmentSource } from '../../segment/write/source.js';
import { asOldJson } from './old-json.js';
import { readBack } from './rebuilt.js';

const documents: JsonValue[] = [
  { a: 1, b: { c: 't', d: 1.5 }, e: [{ f: 'deep' }] },
  null,
  { a: 2, b: { c: 'u' } },
  {},
  { a: null, b: { c: 't', d: 'mixed' } },
  { a: 9007199254740993n, e: [{ f: 'x' }, { f: 'y' }] },
];

function source(values: readonly JsonValue[]): SegmentSource {
  return {
    rowCount: values.length,
    interval: { startMs: 0, endMs: 1000 },
    time: BigInt64Array.from(values, (_, row) => BigInt(row)),
    dimensions: [{ kind: 'json', name: 'doc', values }],
    metrics: [],
    metadata: { aggregators: [], queryGranularity: null, rollup: false },
  };
}

describe('json columns of older releases', () => {
  for (const form of [3, 4, 5] as const) {
    it(`form ${form}: documents and fields`, () => {
      const today = readBack(source(documents), () => undefined, fields);
      const found = readBack(source(documents), (files) => asOldJson(form, files, 'doc'), fields);
      expect(found).to.deep.equal(today);
      expect(found.problems).to.deep.equal([]);
      expect(found.paths).to.include('$.e[0].f');
    });

    it(`form ${form}: plain values are a column of their type`, () => {
      const values = [5, null, 7, 2n ** 60n];
      const found = readBack(source(values), (files) => asOldJson(form, files, 'doc'), fields);
      expect(found.kind).to.equal('long');
      expect(found.rows.map((row) => row['doc'])).to.deep.equal([5n, null, 7n, 2n ** 60n]);
    });
  }
});

const fields = 'doc';
