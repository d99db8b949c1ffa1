import { expect } from 'chai';
import { askOf, objectColumn } from './test-answers.js';

const answer = askOf({
  __time: { kind: 'long', values: [0n, 1n, 2n, 3n] },
  row: { kind: 'string', values: ['0', '1', '2', '3'] },
  text: { kind: 'string', values: ['7', 'US', null, '2.5'] },
  long: { kind: 'long', values: [7n, 2n, null, 30n] },
  double: { kind: 'double', values: [7, 2.5, null, -1] },
  autoLong: { kind: 'long', values: [7n, 2n, null, 30n], isIndexed: true },
  autoDouble: { kind: 'double', values: [7, 2.5, null, -1], isIndexed: true },
  tags: { kind: 'strings', values: [['a', 'b'], ['b', null], [null], ['c']] },
  list: objectColumn('ARRAY<STRING>', [['a', 'b'], 'a', null, []]),
  longs: objectColumn('ARRAY<LONG>', [[1, 2], [2], null, [2, 7]]),
  doc: objectColumn('json', [{ a: 1 }, [1], null, 'x']),
});

/** The rows that pass, as a text of their numbers. */
async function rowsOf(filter: object, more: object = {}): Promise<string> {
  const scan = { queryType: 'scan', columns: ['row'], order: 'none', resultFormat: 'compactedList' };
  const entries = (await answer({ ...scan, ...more, filter })) as { events: string[][] }[];
  return entries.flatMap(({ events }) => events.flat()).join('');
}

async function countOf(filter: object): Promise<number> {
  const aggregations = [{ type: 'filtered', filter, aggregator: { type: 'count', name: 'c' } }];
  const [entry] = (await answer({ queryType: 'timeseries', aggregations })) as { result: { c: number } }[];
  return entry?.result.c ?? -1;
}

const lookup = (map: object, more: object = {}) => ({
  type: 'lookup',
  lookup: { type: 'map', map },
  ...more,
});
const selector = (dimension: string, value: string | null, extractionFn?: object) => ({
  type: 'selector',
  dimension,
  value,
  extractionFn,
});
const range = (column: string, matchValueType: string, ends: object) => ({
  type: 'range',
  column,
  matchValueType,
  ...ends,
});
const inType = (column: string, matchValueType: string, sortedValues: unknown[]) => ({
  type: 'inType',
  column,
  matchValueType,
  sortedValues,
});
const between = (dimension: string, ends: object) => ({ type: 'bound', dimension, ...ends });
const contains = (column: string, elementMatchValue: unknown) => ({
  type: 'arrayContainsElement',
  column,
  elementMatchValueType: 'STRING',
  elementMatchValue,
});

type Case = readonly [what: string, filter: object, rows: string, rowsOfNot: string];

/** Each filter with the rows it is true for, and those its negation is true for. */
const rules: Readonly<Record<string, readonly Case[]>> = {
  'a lookup is asked for its keys, which are compared as the column has them': [
    ['a key of a number', selector('double', 'A', lookup({ '7': 'A' })), '0', ''],
    [
      'not told what null becomes, the negation asks row by row',
      selector('text', 'A', lookup({ US: 'A' })),
      '1',
      '',
    ],
    [
      'told what the others become, null is unknown as to any key',
      selector('text', 'A', lookup({ US: 'A' }, { replaceMissingValueWith: 'q' })),
      '1',
      '03',
    ],
    [
      'what replaces the others has too many keys',
      selector('text', 'q', lookup({ US: 'A' }, { replaceMissingValueWith: 'q' })),
      '023',
      '1',
    ],
    ['it may be forbidden', selector('double', 'A', lookup({ '7': 'A' }, { optimize: false })), '', ''],
    [
      'no key at all is false, of arrays too',
      selector('list', 'Z', lookup({ US: 'A' }, { replaceMissingValueWith: 'q' })),
      '',
      '0123',
    ],
    [
      'kept as they are, values are keys of their own',
      selector('text', '7', lookup({ US: 'A' }, { retainMissingValue: true })),
      '0',
      '13',
    ],
  ],
  'an index of numbers knows texts of its own type only, and null is false to any other': [
    ['a text', selector('autoLong', 'x'), '', '0123'],
    ['a text, without an index, which is null to the rows', selector('long', 'x'), '2', '013'],
    ['7.0 is no long', selector('autoLong', '7.0'), '', '0123'],
    ['7.0 without an index', selector('long', '7.0'), '0', '13'],
    ['7 is a double', selector('autoDouble', '7'), '0', '13'],
    [
      'LIKE without wildcards is equality',
      { type: 'like', dimension: 'autoDouble', pattern: '7' },
      '0',
      '13',
    ],
    ['LIKE of the rows goes by text', { type: 'like', dimension: 'double', pattern: '7' }, '', '013'],
    [
      'a bound without a lower end takes null',
      between('autoLong', { upper: '5', ordering: 'numeric' }),
      '12',
      '03',
    ],
    ['but not of the rows', between('long', { upper: '5', ordering: 'numeric' }), '1', '03'],
  ],
  'ends that are arrays are compared with the text of values that are none': [
    ['numbers', range('long', 'ARRAY<LONG>', { lower: [3] }), '03', '1'],
    ['numbers by text', range('long', 'ARRAY<DOUBLE>', { upper: [10.5] }), '', '013'],
    ['texts', range('text', 'ARRAY<STRING>', { lower: ['U'] }), '1', '03'],
    ['several values', range('tags', 'ARRAY<STRING>', { lower: ['b'] }), '013', ''],
    ['documents have none', range('doc', 'ARRAY<LONG>', { lower: [1] }), '', ''],
    ['arrays element by element', range('longs', 'ARRAY<LONG>', { lower: [2] }), '13', '0'],
    ['longs at or above 1.5 begin at 2', range('longs', 'ARRAY<DOUBLE>', { lower: [1.5, 5] }), '3', '01'],
  ],
  'a text that is no number of the column stands for null where rows are looked at': [
    ['an empty text', selector('double', ''), '2', '013'],
    ['2.5 is no long', selector('long', '2.5'), '2', '013'],
    ['one value of a list', { type: 'in', dimension: 'long', values: ['x'] }, '2', '013'],
    ['several of them', { type: 'in', dimension: 'long', values: ['x', 'y'] }, '', '013'],
    [
      'an equality by type',
      { type: 'equals', column: 'long', matchValueType: 'STRING', matchValue: 'x' },
      '',
      '013',
    ],
    ['an index is asked for null by a typed list', inType('autoLong', 'STRING', ['7', 'x']), '02', '13'],
    ['the rows are not', inType('long', 'STRING', ['7', 'x']), '0', '13'],
  ],
  'a list of typed values': [
    ['longs are what is left of a double', inType('long', 'DOUBLE', [2.5, 7]), '01', '3'],
    ['null is a value like others', inType('long', 'LONG', [null, 7]), '02', '13'],
    ['texts are read', inType('text', 'DOUBLE', [2.5, 7]), '03', '1'],
    ['2.5 is no long', inType('text', 'LONG', [2, 7]), '0', '13'],
    ['no value at all', inType('long', 'LONG', []), '', '0123'],
    ['documents are null', inType('doc', 'LONG', [null, 1]), '0123', ''],
  ],
  'a scalar among arrays is an array of one': [
    ['contains', contains('list', 'a'), '01', '3'],
    ['as a text', { type: 'expression', expression: "array_to_string(list, '-') == 'a'" }, '1', '03'],
  ],
  'elements asked as constants are cast before any row is seen': [
    ['2.5 among longs', { type: 'expression', expression: 'array_contains(longs, 2.5)' }, '013', ''],
    [
      'a text that is no number is null',
      { type: 'expression', expression: "array_contains(tags, 'c')" },
      '3',
      '01',
    ],
  ],
  'of a document the rows know no text, of one value or of several': [
    ['one', { type: 'in', dimension: 'doc', values: ['x', 'x'] }, '', ''],
    ['two', { type: 'in', dimension: 'doc', values: ['x', 'y'] }, '', ''],
  ],
  'ends of bounds over longs are decimal numbers': [
    ['NaN is no lower end', between('long', { lower: 'NaN', ordering: 'numeric' }), '013', ''],
    ['nothing is below it', between('long', { upper: 'NaN', ordering: 'numeric' }), '', '013'],
  ],
  'elements are compared as they are stored': [
    ['columns', { type: 'columnComparison', dimensions: ['long', 'longs'] }, '12', '03'],
  ],
  'intervals are numeric bounds of text, fractions too': [
    [
      'text',
      { type: 'interval', dimension: 'text', intervals: ['1970-01-01T00:00:00.002Z/P1D'] },
      '03',
      '12',
    ],
  ],
};

describe('filters and their negations', () => {
  for (const [rule, cases] of Object.entries(rules)) {
    describe(rule, () => {
      for (const [what, filter, rows, rowsOfNot] of cases) {
        it(what, async () => {
          expect(await rowsOf(filter)).to.equal(rows);
          expect(await rowsOf({ type: 'not', field: filter })).to.equal(rowsOfNot);
        });
      }
    });
  }

  it('an end of several elements has no text', async () => {
    const filter = range('long', 'ARRAY<LONG>', { lower: [1, 2] });
    let failure: unknown;
    await rowsOf(filter).catch((error: unknown) => (failure = error));
    expect(failure).to.have.property('code', 'QueryFailed');
  });

  it('a negation with a part that has no index looks at the rows', async () => {
    const part = { type: 'expression', expression: 'long > double + 100' };
    const both = { type: 'or', fields: [part, selector('autoLong', 'x')] };
    expect(await rowsOf({ type: 'not', field: both })).to.equal('013');
  });

  it('of filtered values null is a row without a text, which a null beside a text is not', async () => {
    const virtualColumns = [
      { type: 'mv-filtered', name: 'kept', delegate: 'tags', values: ['a'], isAllowList: false },
    ];
    const kept = (filter: object): Promise<string> => rowsOf(filter, { virtualColumns });
    expect(await kept({ type: 'null', column: 'kept' })).to.equal('2');
    expect(await kept({ type: 'in', dimension: 'kept', values: [null, 'c'] })).to.equal('123');
    expect(await kept({ type: 'not', field: selector('kept', 'c') })).to.equal('01');
    expect(await rowsOf({ type: 'null', column: 'tags' })).to.equal('12');
  });

  it('a test of truth with a part that has no index looks at the rows', async () => {
    const part = { type: 'expression', expression: 'long > double + 100' };
    const both = { type: 'or', fields: [part, between('text', { lower: 'A' })] };
    expect(await rowsOf({ type: 'isfalse', field: both })).to.equal('03');
  });

  it('what can not be over arrays is refused before any row, unless an index leaves none', async () => {
    const noText = { type: 'regex', dimension: 'longs', pattern: 'a' };
    const failureOf = (filter: object): Promise<unknown> => rowsOf(filter).catch((error: unknown) => error);
    const late = { type: 'bound', dimension: 'long', lower: '1000', ordering: 'numeric' };
    expect(await failureOf({ type: 'and', fields: [late, noText] })).to.have.property('code', 'QueryFailed');
    expect(await failureOf({ type: 'and', fields: [noText, selector('text', 'nobody')] })).to.equal('');
    const either = { type: 'or', fields: [{ type: 'true' }, noText] };
    expect(await failureOf(either)).to.have.property('code', 'QueryFailed');
  });

  it('a filtered aggregator compares elements of text with a number by its text', async () => {
    const seven = { type: 'arrayContainsElement', column: 'text', elementMatchValueType: 'DOUBLE' };
    expect(await rowsOf({ ...seven, elementMatchValue: 7 })).to.equal('0');
    expect(await countOf({ ...seven, elementMatchValue: 7 })).to.equal(0);
  });

  it('vectors of numbers hold no such text, rows of a query that can not run on vectors do', async () => {
    const aggregations = [{ type: 'count', name: 'c' }];
    const filter = selector('long', 'x');
    const count = async (more: object): Promise<number> => {
      const entries = await answer({ queryType: 'timeseries', aggregations, filter, ...more });
      return (entries as { result: { c: number } }[])[0]?.result.c ?? 0;
    };
    expect(await count({})).to.equal(0);
    expect(await countOf(filter)).to.equal(0);
    expect(await count({ context: { vectorize: false } })).to.equal(1);
    const same = { type: 'columnComparison', dimensions: ['row', 'row'] };
    expect(await count({ filter: { type: 'and', fields: [filter, same] } })).to.equal(1);
    const grouped = { queryType: 'groupBy', aggregations, filter };
    expect(await answer({ ...grouped, dimensions: ['text'] })).to.have.lengthOf(0);
    expect(await answer({ ...grouped, dimensions: ['tags'] })).to.have.lengthOf(1);
    const upper = { type: 'extraction', dimension: 'text', extractionFn: { type: 'upper' } };
    expect(await answer({ ...grouped, dimensions: [upper] })).to.have.lengthOf(1);
  });

  it('a filtered aggregator looks at its rows: null is below a bound, unknown to no index', async () => {
    const bound = between('text', { lower: 'A' });
    expect(await rowsOf({ type: 'not', field: bound })).to.equal('03');
    expect(await countOf({ type: 'not', field: bound })).to.equal(3);
    expect(await countOf({ type: 'not', field: selector('autoLong', 'x') })).to.equal(3);
  });

  it('documents that are lists or scalars have elements, objects none that are known', async () => {
    const contains = (elementMatchValueType: string, elementMatchValue: unknown) => ({
      type: 'arrayContainsElement',
      column: 'doc',
      elementMatchValueType,
      elementMatchValue,
    });
    expect(await rowsOf(contains('LONG', 1))).equals('1');
    expect(await rowsOf(contains('STRING', '1'))).equals('1');
    expect(await rowsOf(contains('STRING', 'x'))).equals('3');
    expect(await rowsOf({ type: 'not', field: contains('LONG', 1) })).equals('3');
    expect(await rowsOf({ type: 'not', field: contains('STRING', null) })).equals('13');
  });

  it('no value matches nothing, arrays too', async () => {
    const none = { type: 'in', dimension: 'list', values: [] };
    expect(await rowsOf(none)).equals('');
    expect(await rowsOf({ type: 'not', field: none })).equals('0123');
    expect(await rowsOf({ type: 'inType', column: 'longs', matchValueType: 'LONG', values: [] })).equals('');
  });
});

describe('a conjunction that an index finds empty', () => {
  const onArrays = { type: 'like', dimension: 'list', pattern: 'a%' };
  const filtered = {
    virtualColumns: [{ type: 'mv-filtered', name: 'v', delegate: 'tags', values: ['a'], isAllowList: true }],
  };
  const empty: [string, object, object][] = [
    ['a text without wildcards', { type: 'like', dimension: 'autoLong', pattern: 'x' }, {}],
    ['a constant', { type: 'expression', expression: '1 > 7' }, {}],
    ['values that were filtered', { type: 'like', dimension: 'v', pattern: 'b%' }, filtered],
    ['an array among numbers', { ...arrayOf(['US']), column: 'autoLong' }, {}],
  ];
  function arrayOf(matchValue: readonly string[]): object {
    return { type: 'equals', matchValueType: 'ARRAY<STRING>', matchValue };
  }
  for (const [name, filter, more] of empty)
    it(`is no error, whatever its other filters are: ${name}`, async () => {
      for (const fields of [
        [filter, onArrays],
        [onArrays, filter],
      ])
        expect(await rowsOf({ type: 'and', fields }, more)).equals('');
    });
});

describe('values that were filtered, negated', () => {
  const tagsBut = (isAllowList: boolean): object => ({
    virtualColumns: [{ type: 'mv-filtered', name: 'v', delegate: 'tags', values: ['a'], isAllowList }],
  });
  const not = (field: object): object => ({ type: 'not', field });
  const selected = not({ type: 'selector', dimension: 'v', value: 'zz' });

  it('are unknown to an index where nothing but null is left, or null stands among what each is asked', async () => {
    expect(await rowsOf(selected, tagsBut(false))).equals('013');
    expect(await rowsOf(not({ type: 'regex', dimension: 'v', pattern: 'zz' }), tagsBut(false))).equals('03');
    const isNumber = { type: 'equals', column: 'v', matchValueType: 'FLOAT', matchValue: 1 };
    expect(await rowsOf(not(isNumber), tagsBut(false))).equals('03');
  });

  it('are unknown to rows that had a null before', async () => {
    const count = async (isAllowList: boolean): Promise<unknown> => {
      const aggregator = { type: 'count', name: 'c' };
      const aggregations = [{ type: 'filtered', filter: selected, aggregator }];
      const body = { queryType: 'timeseries', aggregations, ...tagsBut(isAllowList) };
      const [entry] = (await answer(body)) as { result: { c: unknown } }[];
      return entry?.result.c;
    };
    expect(await count(false)).equals(2);
    expect(await count(true)).equals(1);
  });
});
