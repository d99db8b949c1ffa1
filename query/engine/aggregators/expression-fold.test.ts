import { expect } from 'chai';
import { askOf } from '../test-answers.js';

/** Two alike, and one with other texts. */
const ask = askOf(
  ...['ab', 'ab', 'cc'].map(([first = '', last = '']) => ({
    __time: { kind: 'long', values: [0n, 1n, 2n, 3n] } as const,
    text: { kind: 'string', values: [first, first, last, last] } as const,
    number: { kind: 'long', values: [1n, 1n, 2n, 2n] } as const,
    d: { kind: 'double', values: [1.75, 2.75, 0.5, 0.5] } as const,
  })),
);

const answer = async (body: object, handles?: readonly number[]): Promise<unknown> =>
  await ask({ context: { resultAsArray: true }, ...body }, handles);

/** Doubles into a state that starts as a long. */
const fold = {
  type: 'expression',
  name: 's',
  fields: ['d'],
  initialValue: '0',
  fold: '__acc + d',
  combine: '__acc + s',
};
const virtualColumns = [
  { type: 'expression', name: 'v', expression: "concat(text, 'x')", outputType: 'STRING' },
];

async function topN(dimension: unknown, handles?: number[]): Promise<unknown> {
  const metric = { type: 'dimension', ordering: 'lexicographic' };
  const query = { queryType: 'topN', dimension, metric, threshold: 5, aggregations: [fold], virtualColumns };
  const [bucket] = (await answer(query, handles)) as { result: { s: number }[] }[];
  return bucket?.result.map(({ s }) => s);
}

describe('folds by expressions', () => {
  it('keep their type in groupBy, whose states lie in buffers', async () => {
    const groupBy = { queryType: 'groupBy', aggregations: [fold] };
    expect(await answer({ ...groupBy, dimensions: ['text'] })).to.deep.equal([
      ['a', 3],
      ['b', 0],
    ]);
    expect(await answer({ ...groupBy, dimensions: ['number'] })).to.deep.equal([
      ['1', 3],
      ['2', 0],
    ]);
  });

  it('keep it in a topN over a dictionary, not over numbers, computed texts or extractions', async () => {
    expect(await topN('text')).to.deep.equal([3, 0]);
    expect(await topN({ type: 'prefixFiltered', delegate: 'text', prefix: 'a' })).to.deep.equal([3]);
    const exact = [4.5, 1];
    expect(await topN('number')).to.deep.equal(exact);
    expect(await topN('v')).to.deep.equal(exact);
    const upper = { type: 'extraction', dimension: 'text', outputName: 'u', extractionFn: { type: 'upper' } };
    expect(await topN(upper)).to.deep.equal(exact);
    const asLong = { type: 'default', dimension: 'number', outputName: 'n', outputType: 'LONG' };
    expect(await topN(asLong)).to.deep.equal(exact);
  });

  it('are what they start with where nothing was folded, when that counts', async () => {
    const none = { type: 'false' };
    const series = { queryType: 'timeseries', filter: none };
    const kept = { ...fold, initialValue: '7', isNullUnlessAggregated: false };
    const finalize = "if(isnull(o), 'none', 'some')";
    const aggregations = [fold, { ...kept, name: 'k' }, { ...fold, name: 'f', finalize }];
    const [bucket] = (await answer({ ...series, aggregations })) as { result: unknown }[];
    expect(bucket?.result).to.deep.equal({ s: null, k: 7, f: 'none' });
  });

  it('a part that nothing was taken from is null to the combining expression', async () => {
    const filter = { type: 'selector', dimension: 'text', value: 'c' };
    const plain = { ...fold, fields: ['number'], fold: '__acc + number' };
    const aggregations = [
      plain,
      { ...plain, name: 'n', combine: '__acc + nvl(n, 0)' },
      { ...plain, name: 'z', combine: 'nvl(__acc, 0) + nvl(z, 0)' },
      { ...plain, name: 'k', combine: '__acc + k', shouldCombineAggregateNullInputs: false },
      { ...plain, name: 'i', combine: '__acc + i', isNullUnlessAggregated: false },
    ];
    const [bucket] = (await answer({ queryType: 'timeseries', filter, aggregations }, [0, 2])) as {
      result: unknown;
    }[];
    expect(bucket?.result).to.deep.equal({ s: null, n: null, z: 6, k: 6, i: 6 });
  });

  it('are answered unfinished when the context says so', async () => {
    const states = [
      { ...fold, finalize: 'o * 100' },
      { type: 'doubleMean', name: 'm', fieldName: 'd' },
      { type: 'longLast', name: 'l', fieldName: 'number' },
      { type: 'stringFirst', name: 'f', fieldName: 'text' },
      { type: 'cardinality', name: 'c', fields: ['nosuch'] },
    ];
    const postAggregations = [{ type: 'finalizingFieldAccess', name: 'p', fieldName: 'm' }];
    const query = {
      queryType: 'timeseries',
      aggregations: states,
      postAggregations,
      context: { finalize: false },
    };
    const [bucket] = (await answer(query)) as { result: unknown }[];
    const mean = Buffer.alloc(16);
    mean.writeDoubleBE(5.5, 0);
    mean.writeBigInt64BE(4n, 8);
    expect(bucket?.result).to.deep.equal({
      s: 5.5,
      m: mean.toString('base64'),
      l: { lhs: 3, rhs: 2 },
      f: { lhs: 0, rhs: 'a' },
      c: 'AQAAAAAAAA==',
      p: 1.375,
    });
  });

  it('have room for so many bytes with each row, not in the end', async () => {
    const list = { ...fold, fields: ['number'], initialValue: '<LONG>[]', combine: 'array_concat(__acc, s)' };
    const text = { ...fold, fields: ['text'], initialValue: "''", combine: 'concat(__acc, s)' };
    const within = async (spec: object, maxSizeBytes: number): Promise<string> => {
      const outcomes = ['timeseries', 'groupBy'].map(async (queryType) => {
        const query = { queryType, dimensions: [], aggregations: [{ ...spec, maxSizeBytes }] };
        return await answer(query).then(
          () => 'answered',
          (error: unknown) => /Exceeded memory usage.*/.exec(String(error))?.[0] ?? String(error),
        );
      });
      return [...new Set(await Promise.all(outcomes))].join();
    };
    const appended = { ...list, fold: 'array_append(__acc, number)' };
    expect(await within(appended, 41)).to.equal('answered');
    const refused = (type: string, size: number, most: number): string =>
      `Exceeded memory usage when aggregating type [${type}], size [${size}] is larger than max [${most}]`;
    expect(await within(appended, 40)).to.equal(refused('ARRAY<LONG>', 41, 40));
    // Small again in the end.
    const passing = { ...list, fold: 'if(number == 1, array_append(__acc, number), <LONG>[])' };
    expect(await within(passing, 23)).to.equal('answered');
    expect(await within(passing, 22)).to.equal(refused('ARRAY<LONG>', 23, 22));
    expect(await within({ ...text, fold: "concat(__acc, 'ü')" }, 13)).to.equal('answered');
    expect(await within({ ...text, fold: "concat(__acc, 'ü')" }, 12)).to.equal(refused('STRING', 13, 12));
  });

  it('are combined as the type that combining starts with', async () => {
    const series = { queryType: 'timeseries', aggregations: [fold] };
    expect(await answer(series)).to.have.nested.property('[0].result.s', 5.5);
    expect(await answer(series, [0, 1])).to.have.nested.property('[0].result.s', 10);
    expect(await topN('number', [0, 1])).to.deep.equal([8, 2]);
    // Null is a text: numbers are put one after the other.
    const texts = { ...fold, initialValue: 'null', fold: 'if(isnull(__acc), d, __acc + d)' };
    expect(await answer({ ...series, aggregations: [texts] }, [0, 1])).to.have.nested.property(
      '[0].result.s',
      '5.55.5',
    );
  });
});
