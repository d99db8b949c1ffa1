import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { expression } from '../expression/expression.js';
import { nullValue, string } from '../expression/value.js';
import { parseNativeQuery } from '../native/parse.js';
import { buildLookup } from './build.js';
import { lookupNames } from './names.js';
import { parseLookupSpec } from './spec.js';
import { lookupTable, openLookups, type LookupTable } from './table.js';

const open = (table: LookupTable): ((key: string | null) => string | null) => {
  const found = openLookups([table]).lookup?.(table.name);
  return (key) => found?.apply(key) ?? null;
};
const said = { name: 'l', version: '1', isOneToOne: false };

describe('lookup table', () => {
  it('finds every key among many, and no other', () => {
    const entries = Array.from({ length: 20_000 }, (_, i) => [`key ${i}`, `v${i % 7}`] as const);
    const find = open(lookupTable(said, entries));
    for (const [key, value] of entries) expect(find(key)).to.equal(value);
    for (const key of ['key', 'key 20000', '', 'KEY 1']) expect(find(key)).to.equal(null);
  });

  it('knows empty, long and foreign keys, nulls and doubled keys', () => {
    const long = 'ü'.repeat(1_000);
    const find = open(
      lookupTable(said, [
        ['', 'empty'],
        [long, 'long'],
        ['日本', '😀'],
        ['n', null],
        ['twice', 'a'],
        ['twice', 'b'],
      ]),
    );
    expect(['', long, '日本', 'n', 'twice', null].map(find)).to.deep.equal([
      'empty',
      'long',
      '😀',
      null,
      'b',
      null,
    ]);
  });

  it('survives the way to another thread', () => {
    const table = structuredClone(lookupTable(said, [['a', 'b']]));
    expect(open(table)('a')).to.equal('b');
    expect(open(lookupTable(said, []))('a')).to.equal(null);
  });
});

describe('lookups of a query', () => {
  it('are those that it names anywhere', () => {
    const names = lookupNames({
      dimensions: [
        { type: 'lookup', name: 'a' },
        { extractionFn: { type: 'registeredLookup', lookup: 'b' } },
      ],
      virtualColumns: [{ expression: "concat(lookup(x, 'c'), if(y, LOOKUP(z,'d','none'), null))" }],
      filter: { value: "lookup('broken" },
      dataSource: { type: 'lookup', lookup: 'rows, not a name' },
    });
    expect([...names].toSorted()).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  const table = lookupTable({ ...said, isOneToOne: true }, [['a', 'A']]);
  const query = (dimension: object) =>
    parseNativeQuery(
      {
        queryType: 'groupBy',
        dataSource: 't',
        intervals: '2024/2025',
        granularity: 'all',
        dimensions: [dimension],
      },
      {
        queryId: 'q',
        timeoutMs: 0,
        lookups: (name) => (name === 'l' ? table : undefined),
      },
    );

  it('come along with it, as far as they are there', () => {
    expect(query({ type: 'lookup', dimension: 'd', outputName: 'o', name: 'l' }).lookups).to.deep.equal([
      table,
    ]);
    expect(query({ type: 'lookup', dimension: 'd', outputName: 'o', name: 'm' }).lookups).to.equal(undefined);
  });

  it('are applied to groups where no two keys share a value, or where the query says so', () => {
    const late = (extractionFn: object): boolean => {
      const parsed = query({ type: 'extraction', dimension: 'd', outputName: 'o', extractionFn });
      if (parsed.queryType !== 'groupBy') throw new Error('not a groupBy');
      return parsed.dimensions[0]?.late !== undefined;
    };
    expect(late({ type: 'registeredLookup', lookup: 'l' })).to.equal(true);
    expect(late({ type: 'registeredLookup', lookup: 'l', injective: false })).to.equal(false);
    const lookup = { type: 'map', map: { a: 'b' } };
    expect(late({ type: 'lookup', lookup })).to.equal(false);
    expect(late({ type: 'lookup', lookup, injective: true })).to.equal(true);
    expect(late({ type: 'lookup', lookup: { ...lookup, isOneToOne: true } })).to.equal(true);
  });

  it('are functions of expressions', () => {
    const lookups = openLookups([table]);
    const value = (text: string, x: string | null): unknown =>
      expression(text, lookups).evaluate(() => (x === null ? nullValue : string(x))).value;
    expect(value("lookup(x, 'l')", 'a')).to.equal('A');
    expect(value("lookup(x, 'l')", 'b')).to.equal(null);
    expect(value("lookup(x, 'l', 'none')", null)).to.equal('none');
    expect(() => value("lookup(x, 'm')", 'a')).to.throw('Lookup [m] not found');
  });
});

const namespace = (namespaceParseSpec: object, more: object = {}) => ({
  type: 'cachedNamespace',
  extractionNamespace: { type: 'uri', uri: 'file:/data/x', namespaceParseSpec, ...more },
});

describe('lookup files', () => {
  const entries = (parseSpec: object, text: string): unknown => {
    const factoryJson = JSON.stringify(namespace(parseSpec));
    const table = buildLookup({ ...said, factoryJson, file: Buffer.from(text) });
    const find = open(table);
    return Object.fromEntries(['a', 'b', 'c', 'k'].map((key) => [key, find(key)]));
  };
  const columns = ['k', 'x', 'v'];

  it('are read in each form', () => {
    const ab = { a: '1', b: '2', c: null, k: null };
    expect(entries({ format: 'csv', columns: ['k', 'v'] }, 'a,1\r\nb,"2"\n\nc,')).to.deep.equal(ab);
    expect(
      entries({ format: 'csv', columns, keyColumn: 'k', valueColumn: 'v' }, 'a,"x,y",1\nb,,2\n'),
    ).to.deep.equal(ab);
    expect(
      entries({ format: 'csv', hasHeaderRow: true, skipHeaderRows: 1 }, '#\nk,v\na,1\nb,2'),
    ).to.deep.equal(ab);
    expect(
      entries({ format: 'csv', hasHeaderRow: true, columns: ['k', 'v'] }, 'k,v\na,1\nb,2'),
    ).to.deep.equal(ab);
    expect(entries({ format: 'tsv', columns: ['k', 'v'] }, 'a\t1\nb\t2')).to.deep.equal(ab);
    expect(entries({ format: 'tsv', columns: ['k', 'v'], delimiter: '|' }, 'a|1\nb|2')).to.deep.equal(ab);
    expect(
      entries(
        { format: 'customJson', keyFieldName: 'key', valueFieldName: 'val' },
        '{"key":"a","val":1}\n{"key":"b","val":"2","x":0}\n{"key":"c"}',
      ),
    ).to.deep.equal(ab);
    expect(entries({ format: 'simpleJson' }, '{"a":"1","b":"2"}\n{}')).to.deep.equal(ab);
  });

  it('with lines that do not fit are refused with the line', () => {
    expect(() => entries({ format: 'simpleJson' }, '{"a":"1"}\nb')).to.throw('line[2]');
    expect(() =>
      entries({ format: 'csv', hasHeaderRow: true, keyColumn: 'z', valueColumn: 'v' }, 'k,v'),
    ).to.throw('column[z]');
  });
});

describe('lookup specification', () => {
  const refused = (json: unknown): string => {
    try {
      parseLookupSpec(json, 'spec');
    } catch (thrown) {
      if (thrown instanceof CodedError) return `${thrown.code} ${String(thrown.context['field'])}`;
    }
    return 'taken';
  };
  const csv = { format: 'csv', columns: ['k', 'v'] };

  for (const [json, expected] of [
    [{ type: 'map', map: { a: 'b', c: null, d: 1 } }, 'taken'],
    [namespace(csv, { pollPeriod: 'PT1M' }), 'taken'],
    [namespace(csv, { uri: undefined, uriPrefix: 'file:/data', fileRegex: '.*csv' }), 'taken'],
    [{ type: 'map' }, 'InvalidInput spec.map'],
    [{ type: 'map', map: { a: [] } }, 'InvalidInput spec.map.a'],
    [{ type: 'kafka' }, 'Unsupported spec.type'],
    [
      { type: 'cachedNamespace', extractionNamespace: { type: 'jdbc' } },
      'Unsupported spec.extractionNamespace.type',
    ],
    [namespace(csv, { uri: 's3://b/k' }), 'Unsupported spec.extractionNamespace.uri'],
    [
      namespace(csv, { uri: undefined, uriPrefix: 'http://h/' }),
      'Unsupported spec.extractionNamespace.uriPrefix',
    ],
    [namespace(csv, { uriPrefix: 'file:/data' }), 'InvalidInput spec.extractionNamespace.uri'],
    [namespace(csv, { fileRegex: '.*' }), 'InvalidInput spec.extractionNamespace.fileRegex'],
    [namespace(csv, { pollPeriod: 'often' }), 'InvalidInput spec.extractionNamespace.pollPeriod'],
    [namespace({ format: 'csv' }), 'InvalidInput spec.extractionNamespace.namespaceParseSpec.columns'],
    [
      namespace({ ...csv, keyColumn: 'z', valueColumn: 'v' }),
      'InvalidInput spec.extractionNamespace.namespaceParseSpec.keyColumn',
    ],
    [namespace({ format: 'xml' }), 'Unsupported spec.extractionNamespace.namespaceParseSpec.format'],
  ] as const) {
    it(`${JSON.stringify(json)}: ${expected}`, () => expect(refused(json)).to.equal(expected));
  }
});
