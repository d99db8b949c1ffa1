import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { parseExpression } from '../expression/parser.js';
import { parseNativeQuery } from '../native/parse.js';
import { isOnVectors } from './columns/vector-expression.js';
import { testSegment } from './test-segment.js';
import { runsOnVectors } from './vectors.js';

const segment = testSegment(createArena({ maximumBytes: 1 << 20 }), {
  id: 'shop',
  interval: { startMs: 0, endMs: 10 },
  columns: {
    __time: { kind: 'long', values: [0n] },
    n: { kind: 'long', values: [1n] },
    x: { kind: 'double', values: [1] },
    text: { kind: 'string', values: ['1'] },
    tags: { kind: 'strings', values: [['a', 'b']] },
  },
  hasBitmaps: true,
});

const types: Readonly<Record<string, string>> = { n: 'LONG', x: 'DOUBLE', s: 'STRING', list: 'ARRAY<LONG>' };

describe('expressions on vectors', () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['n', true],
    ['n + x * 2', true],
    ["s + 'a'", true],
    ['s * 2', true],
    ['list + 1', false],
    ['-n', true],
    ['-s', false],
    ['!s', true],
    ['n == s', true],
    ['n == list', false],
    ['n && x', false],
    ['n && !n', true],
    ['pi()', true],
    ['isnull(list)', true],
    ['isnull(lower(s))', false],
    ["cast(s, 'LONG')", true],
    ['cast(s, n)', false],
    ["concat(s, n, 'a')", true],
    ['concat(s, list)', false],
    ['abs(n)', true],
    ['abs(s)', false],
    ['abs(unknown)', true],
    ['pow(n, unknown)', true],
    ['pow(n, s)', false],
    ['bitwiseAnd(n, 1)', true],
    ['div(n, 2)', true],
    ['safe_divide(n, 2)', false],
    ['round(x)', false],
    ['parse_long(s)', true],
    ['parse_long(s, 16)', true],
    ['parse_long(s, n)', false],
    ['nvl(s, n)', true],
    ['coalesce(s, n)', true],
    ['coalesce(s, n, x)', false],
    ["timestamp_floor(n, 'P1D')", true],
    ['timestamp_floor(n, s)', false],
    ["timestamp_floor(round(x), 'P1D')", false],
    ["timestamp_shift(n, 'P1D', 1)", true],
    ["timestamp_ceil(n, 'P1D')", false],
    ["if(n > 1, 'a', 'b')", false],
    ['lower(s)', false],
    ['map((i) -> i, list)', false],
  ];
  for (const [text, isVector] of cases)
    it(`${text}: ${isVector}`, () =>
      expect(isOnVectors(parseExpression(text), (name) => types[name])).to.equal(isVector));
});

describe('queries on vectors', () => {
  const asked = (rest: object): boolean =>
    runsOnVectors(
      parseNativeQuery(
        {
          queryType: 'timeseries',
          dataSource: 'shop',
          intervals: '1970/1971',
          granularity: 'all',
          aggregations: [{ type: 'count', name: 'rows' }],
          ...rest,
        },
        { queryId: 'q', timeoutMs: 0 },
      ),
      segment,
    );
  const made = (expression: string, outputType?: string) => ({
    type: 'expression',
    name: 'v',
    expression,
    outputType,
  });
  const sum = (rest: object) => [{ type: 'longSum', name: 'sum', ...rest }];
  const only = (expression: string) => ({ filter: { type: 'expression', expression } });
  const filtered = (expression: string) => ({
    type: 'filtered',
    filter: { type: 'expression', expression },
    aggregator: { type: 'count', name: 'rows' },
  });
  const cases: readonly (readonly [string, object, boolean])[] = [
    ['plain', {}, true],
    ['switched off', { context: { vectorize: 'false' } }, false],
    ['from the end', { descending: true }, false],
    ['a topN', { queryType: 'topN', dimension: 'text', metric: 'rows', threshold: 1 }, false],
    ['a sum of numbers', { aggregations: sum({ fieldName: 'n' }) }, true],
    ['a sum of nothing', { aggregations: sum({ fieldName: 'nothing' }) }, true],
    ['a sum of texts', { aggregations: sum({ fieldName: 'text' }) }, false],
    ['a sum of an expression', { aggregations: sum({ expression: 'n + 1' }) }, true],
    ['a sum of another one', { aggregations: sum({ expression: 'round(x)' }) }, false],
    ['a column made on vectors', { virtualColumns: [made('n + 1')] }, true],
    ['one that is not asked for, row by row', { virtualColumns: [made('round(x)')] }, false],
    [
      'made on vectors, where that is off',
      { virtualColumns: [made('n')], context: { vectorizeVirtualColumns: false } },
      false,
    ],
    [
      'a sum of made numbers',
      { virtualColumns: [made('n + 1')], aggregations: sum({ fieldName: 'v' }) },
      true,
    ],
    [
      'a sum of made texts',
      { virtualColumns: [made("concat(n, '')")], aggregations: sum({ fieldName: 'v' }) },
      false,
    ],
    [
      'made texts said to be numbers',
      { virtualColumns: [made("concat(n, '')", 'LONG')], aggregations: sum({ fieldName: 'v' }) },
      true,
    ],
    ['a filter by expression', only('n > x'), true],
    ['one row by row', only('round(x) > n'), false],
    ['one of a column with an index', only("lower(text) == 'a'"), true],
    ['a filter within', { filter: { type: 'not', field: only('round(x) > n').filter } }, false],
    ['an aggregator with such a filter', { aggregations: [filtered("lower(text) == 'a'")] }, false],
    ['one with another', { aggregations: [filtered('n > x')] }, true],
    [
      'values that are counted',
      { aggregations: [{ type: 'cardinality', name: 'c', fields: ['text'] }] },
      true,
    ],
    [
      'rows that are counted',
      { aggregations: [{ type: 'cardinality', name: 'c', fields: ['text'], byRow: true }] },
      false,
    ],
    ['by a list', { queryType: 'groupBy', dimensions: ['tags'] }, false],
    ['by one value', { queryType: 'groupBy', dimensions: ['text'] }, true],
  ];
  for (const [name, rest, isVector] of cases)
    it(`${name}: ${isVector}`, () => expect(asked(rest)).to.equal(isVector));
});
