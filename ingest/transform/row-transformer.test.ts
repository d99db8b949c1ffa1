import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import type { ExpressionContext } from '../../query/expression/expression.js';
import { lookupTable, openLookups } from '../../query/lookup/table.js';
import type { InputRow } from '../formats/row-reader.js';
import { checkFormat } from '../formats/format-kinds.js';
import { JsonKeys } from '../spec/keys.js';
import { lookupsNamed } from '../spec/lookups.js';
import { checkTransform } from '../spec/transform.js';
import { RowTransformer } from './row-transformer.js';

function rowOf(line: string): InputRow {
  const format = checkFormat(new JsonKeys({ type: 'json' }, 'inputFormat'));
  if (format.by !== 'line') throw new Error('no line format');
  const row = format.open({ names: new Set(), others: true }).read(line);
  if (row === undefined || typeof row === 'string') throw new Error('no row');
  return row;
}

function transformer(json: object, hidesNew = false, lookups: ExpressionContext = {}): RowTransformer {
  const spec = checkTransform(new JsonKeys(json, 'transformSpec'));
  if (spec === undefined) throw new Error('nothing to do');
  return new RowTransformer(spec, hidesNew, lookups);
}

const expressions = (...pairs: [string, string][]): object => ({
  transforms: pairs.map(([name, expression]) => ({ type: 'expression', name, expression })),
});

function codeOf(json: object): string {
  try {
    checkTransform(new JsonKeys(json, 'transformSpec'));
  } catch (thrown) {
    return thrown instanceof CodedError ? thrown.code : String(thrown);
  }
  return 'no error';
}

describe('transforms', () => {
  const apply = (json: object, line: string, timeMs = 1000) => transformer(json).apply(timeMs, rowOf(line));

  it('read the row as it came, not one another', () => {
    const json = expressions(['a', 'b'], ['b', 'a'], ['c', 'a + b'], ['big', 'l + 1'], ['none', 'nosuch']);
    const done = apply(json, '{"a":1,"b":2,"l":9007199254740993}');
    if (typeof done === 'string' || 'reason' in done) throw new Error('no row');
    expect(done.row.fields).deep.equal({
      a: 2,
      b: 1,
      c: 3,
      big: 9007199254740994n,
      l: 9007199254740993n,
      none: null,
    });
  });

  it('know doubles however they are written, and lists', () => {
    const json = expressions(
      ['x', 'd * 2'],
      ['y', 'i * 2'],
      ['up', 'map((v) -> upper(v), tags)'],
      ['one', 'upper(single)'],
    );
    const done = apply(json, '{"d":3.0,"i":3,"tags":["a","b"],"single":["s"]}');
    if (typeof done === 'string' || 'reason' in done) throw new Error('no row');
    expect([done.row.fields['x'], done.row.doubleText('x')]).deep.equal([6, '6.0']);
    expect([done.row.fields['y'], done.row.doubleText('y')]).deep.equal([6, undefined]);
    expect([done.row.fields['up'], done.row.fields['one']]).deep.equal([['A', 'B'], 'S']);
  });

  it('may set the time, and fail one row at a time', () => {
    const json = expressions(['__time', '__time + shift']);
    expect(apply(json, '{"shift":500}')).deep.include({ timeMs: 1500 });
    expect(apply(expressions(['q', '1 / n']), '{"n":0}'))
      .have.property('reason')
      .that.contains('for q');
    expect(apply(json, '{}')).have.property('reason');
  });

  it('hide what only they make where dimensions are discovered', () => {
    const done = transformer(expressions(['new', 'a'], ['a', 'a + 1']), true).apply(0, rowOf('{"a":1}'));
    if (typeof done === 'string' || 'reason' in done) throw new Error('no row');
    expect(Object.keys(done.row.fields)).deep.equal(['a']);
    expect(done.row.fields).include({ a: 2 });
    expect(done.row.fields['new']).equal(1);
  });

  it('are checked when a task is submitted', () => {
    expect(codeOf(expressions(['x', '1 +']))).equal('InvalidInput');
    expect(codeOf(expressions(['x', '1'], ['x', '2']))).equal('InvalidInput');
    expect(codeOf({ transforms: [{ type: 'lookup', name: 'x' }] })).equal('Unsupported');
    expect(codeOf({ filter: { type: 'nosuch' } })).equal('InvalidInput');
  });
});

describe('lookups while ingesting', () => {
  const extractionFn = { type: 'registeredLookup', lookup: 'l', retainMissingValue: true };
  const json = {
    ...expressions(['x', "upper(lookup(a, 'l', 'none'))"]),
    filter: {
      type: 'or',
      fields: [
        { type: 'selector', dimension: 'b', value: 'big', extractionFn },
        { type: 'expression', expression: "lookup(b, 'm') == 'B'" },
      ],
    },
  };
  const lookups = openLookups(
    ['l', 'm'].map((name) =>
      lookupTable({ name, version: '1', isOneToOne: false }, [
        ['1', 'big'],
        ['b', 'B'],
      ]),
    ),
  );
  const xOf = (line: string): unknown => {
    const done = transformer(json, false, lookups).apply(0, rowOf(line));
    return done === 'filtered' || 'reason' in done ? done : done.row.fields['x'];
  };

  it('map values in transforms and filters', () => {
    expect(xOf('{"a":1,"b":1}')).equal('BIG');
    expect(xOf('{"a":2,"b":"big"}')).equal('NONE');
    expect(xOf('{"a":"b","b":"b"}')).equal('B');
    expect(xOf('{"a":"b","b":"c"}')).equal('filtered');
  });

  it('are named before the first row is read', () => {
    const transform = checkTransform(new JsonKeys(json, 'transformSpec'));
    expect([...lookupsNamed({ transform, metrics: [] })].toSorted()).deep.equal(['l', 'm']);
    expect(() => transformer(json)).throws('Lookup [l] not found');
  });
});

describe('the filter of a transformSpec', () => {
  const passes = (filter: object, line: string): boolean =>
    transformer({ ...expressions(['made', 'a + 1']), filter }).apply(86_400_000, rowOf(line)) !== 'filtered';
  const line = '{"a":1,"s":"x","d":2.0,"n":null,"tags":["p","q"],"q":"q","t":true}';

  it('sees values, lists, the time and what transforms made, with three-valued logic', () => {
    const selector = (dimension: string, value: string | null): object => ({
      type: 'selector',
      dimension,
      value,
    });
    const not = (field: object): object => ({ type: 'not', field });
    const cases: [object, boolean][] = [
      [selector('a', '1'), true],
      [selector('made', '2'), true],
      [selector('d', '2.0'), true],
      [selector('s', 'x'), true],
      [selector('tags', 'q'), true],
      [selector('tags', 'z'), false],
      [selector('t', 'true'), true],
      [selector('n', null), true],
      [selector('nosuch', null), true],
      [not(selector('n', 'x')), false],
      [not(selector('s', 'y')), true],
      [{ type: 'istrue', field: selector('n', 'x') }, false],
      [not({ type: 'istrue', field: selector('n', 'x') }), true],
      [{ type: 'bound', dimension: 'a', lower: '0', upper: '10', ordering: 'numeric' }, true],
      [{ type: 'range', column: 'd', matchValueType: 'DOUBLE', lower: 1.5, upper: 2 }, true],
      [{ type: 'interval', dimension: '__time', intervals: ['1970-01-02/P1D'] }, true],
      [{ type: 'interval', dimension: '__time', intervals: ['1970-01-01/P1D'] }, false],
      [{ type: 'expression', expression: "a == 1 && s == 'x'" }, true],
      [{ type: 'expression', expression: 'n > 1' }, false],
      [{ type: 'or', fields: [selector('s', 'y'), selector('a', '1')] }, true],
      [{ type: 'and', fields: [selector('s', 'y'), selector('a', '1')] }, false],
      [{ type: 'like', dimension: 's', pattern: 'x%' }, true],
      [{ type: 'true' }, true],
      [{ type: 'false' }, false],
      [{ ...selector('s', 'X'), extractionFn: { type: 'upper' } }, true],
      [{ ...selector('a', '2'), extractionFn: { type: 'upper' } }, false],
      [{ ...selector('tags', '1'), extractionFn: { type: 'strlen' } }, true],
      [{ type: 'columnComparison', dimensions: ['tags', 'q'] }, true],
      [{ type: 'columnComparison', dimensions: ['s', 'tags'] }, false],
      [not({ type: 'columnComparison', dimensions: ['s', 'tags'] }), true],
      [not({ type: 'columnComparison', dimensions: ['s', 'n'] }), true],
      [{ type: 'columnComparison', dimensions: ['a', 'made'] }, false],
      [
        {
          type: 'columnComparison',
          dimensions: [
            { type: 'extraction', dimension: 's', extractionFn: { type: 'strlen' } },
            { type: 'default', dimension: 'a' },
          ],
        },
        true,
      ],
      [
        {
          type: 'arrayContainsElement',
          column: 'tags',
          elementMatchValueType: 'STRING',
          elementMatchValue: 'q',
        },
        true,
      ],
      [
        { type: 'arrayContainsElement', column: 'a', elementMatchValueType: 'LONG', elementMatchValue: 1 },
        true,
      ],
      [{ type: 'equals', column: 'tags', matchValueType: 'ARRAY<STRING>', matchValue: ['p', 'q'] }, true],
      [{ type: 'equals', column: 'tags', matchValueType: 'ARRAY<STRING>', matchValue: ['p'] }, false],
      [{ type: 'range', column: 'tags', matchValueType: 'ARRAY<STRING>', lower: ['p', 'a'] }, true],
      [not({ type: 'range', column: 'n', matchValueType: 'ARRAY<STRING>', lower: ['p'] }), false],
    ];
    for (const [filter, expected] of cases)
      expect(passes(filter, line), JSON.stringify(filter)).equal(expected);
  });
});
