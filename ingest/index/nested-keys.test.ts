import { expect } from 'chai';
import { parseGranularity } from '../../query/granularity.js';
import type { JsonValue, NestedSource } from '../../segment/write/source.js';
import { JsonLineReader } from '../formats/json-lines.js';
import type { InputRow } from '../formats/row-reader.js';
import type { CastType } from '../spec/model.js';
import { IncrementalIndex, type IndexSchema } from './incremental-index.js';

const interval = { startMs: 0, endMs: 86_400_000 };

function schema(patch: Partial<IndexSchema>): IndexSchema {
  return {
    dimensions: [],
    discoverDimensions: 'none',
    dimensionExclusions: ['t'],
    metrics: [],
    queryGranularity: parseGranularity('none', 'g'),
    queryGranularityJson: 'NONE',
    rollup: false,
    ...patch,
  };
}

const reader = new JsonLineReader();
const rowOf = (text: string): InputRow => reader.read(text) as InputRow;

function column(
  line: readonly string[],
  patch: Partial<IndexSchema>,
): { values: JsonValue[]; errors: string[] } {
  const index = new IncrementalIndex(schema(patch), interval);
  const errors = line.flatMap((text, i) => [...index.add(i, rowOf(`{"v":${text}}`))]);
  const [source] = index.snapshot().dimensions as NestedSource[];
  expect(source).include({ name: 'v', exactNumbers: true });
  return { values: [...(source?.values ?? [])], errors };
}
const auto = (castToType?: CastType): Partial<IndexSchema> => ({
  dimensions: [{ type: 'auto', name: 'v', castToType }],
});

describe('json and auto dimensions', () => {
  it('read true and false as numbers when they are cast', () => {
    const given = ['"true"', '"FALSE"', '"yes"', 'true'];
    expect(column(given, auto('LONG')).values).to.deep.equal([1n, 0n, null, 1n]);
    expect(column(given, auto('DOUBLE')).values).to.deep.equal([1, 0, null, 1]);
    expect(column(given, auto('ARRAY<LONG>')).values).to.deep.equal([[1n], [0n], [null], [1n]]);
  });

  it('hand the type asked for on', () => {
    const castOf = (castToType?: CastType): unknown => {
      const index = new IncrementalIndex(schema(auto(castToType)), interval);
      index.add(0, rowOf('{"v":null}'));
      const [source] = index.snapshot().dimensions as NestedSource[];
      return source?.castTo;
    };
    expect(castOf('LONG')).to.equal('LONG');
    expect(castOf('ARRAY<STRING>')).to.equal('ARRAY<STRING>');
    expect([castOf(), castOf('COMPLEX<json>')]).to.deep.equal([undefined, undefined]);
  });

  it('keep longs and doubles apart, however they are written', () => {
    const given = [
      '1',
      '1.0',
      '2.5',
      '9007199254740993',
      '1e2',
      'true',
      '"1"',
      'null',
      '[1,2.0]',
      '{"a":[1.0,1]}',
    ];
    expect(column(given, auto()).values).deep.equal([
      1n,
      1,
      2.5,
      9007199254740993n,
      100,
      true,
      '1',
      null,
      [1n, 2],
      { a: [1, 1n] },
    ]);
  });

  it('hold what is too long for 64 bits as a double, and no lone surrogates', () => {
    expect(column(['99999999999999999999', '"\\ud800x"', '-0.0'], auto()).values).deep.equal([
      1e20,
      '?x',
      -0,
    ]);
  });

  it('cast what comes in', () => {
    const given = ['1', '2.9', '"3"', '"x"', 'true', '[4]'];
    expect(column(given, auto('LONG')).values).deep.equal([1n, 2n, 3n, null, 1n, 4n]);
    expect(column(given, auto('DOUBLE')).values).deep.equal([1, 2.9, 3, null, 1, 4]);
    expect(column(given, auto('STRING')).values).deep.equal(['1', '2.9', '3', 'x', '1', '4']);
    expect(column(['1', '["2",null]'], auto('ARRAY<LONG>')).values).deep.equal([[1n], [2n, null]]);
    const { values, errors } = column(['{"a":1}', '[1,2]'], auto('LONG'));
    expect(values).deep.equal([null, null]);
    expect(errors).length(2);
    expect(errors[0]).match(/column\[v\] to LONG/);
  });

  it('are told apart by rollup', () => {
    const lines = ['1', '1.0', '1', '{"a":1}', '{"a":1.0}', '{"a":1}', '"x"'];
    const index = new IncrementalIndex(
      schema({ ...auto(), rollup: true, metrics: [{ type: 'count', name: 'n' }] }),
      interval,
    );
    for (const text of lines) index.add(0, rowOf(`{"v":${text}}`));
    const source = index.snapshot();
    expect((source.dimensions[0] as NestedSource).values).deep.equal(['x', { a: 1 }, { a: 1n }, 1n, 1]);
    expect(source.metadata.ordering).deep.equal([{ columnName: '__time', order: 'ascending' }]);
  });

  it('are discovered whatever they hold', () => {
    const index = new IncrementalIndex(
      schema({
        discoverDimensions: 'auto',
        dimensions: [{ type: 'long', name: 'known' }],
        dimensionExclusions: ['t', 'not'],
      }),
      interval,
    );
    const rows = ['{"t":1,"a":null,"known":4,"not":1}', '{"b":{"x":1},"c":[[1]]}', '{"toString":7}'];
    for (const [i, text] of rows.entries()) index.add(i, rowOf(text));
    const { dimensions } = index.snapshot();
    expect(dimensions.map(({ name, kind }) => `${name} ${kind}`)).deep.equal([
      'known long',
      'a auto',
      'b auto',
      'c auto',
      'toString auto',
    ]);
    expect((dimensions[4] as NestedSource).values).deep.equal([null, null, 7n]);
  });
});
