import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { jqFirst } from './jq.js';
import { jsonPath } from './json-path.js';

const doc = JSON.parse(`{
  "a": 1, "b": {"c": "x", "d": [1, 2.5, null, {"e": true}]}, "g.h": 9, "nums": [3, 1, 2], "text": "Hello",
  "objs": [{"n": "one", "v": 1}, {"n": "two", "v": 2}, {"v": 3}], "nested": [[1, 2], [3]], "empty": [], "z": null
}`) as Record<string, unknown>;

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    return thrown instanceof CodedError ? thrown.code : String(thrown);
  }
  return 'no error';
}

describe('JSON paths', () => {
  it('find one value, or a list of all', () => {
    const cases: [string, unknown][] = [
      ['$.b.c', 'x'],
      ['b.c', 'x'],
      ["$['g.h']", 9],
      ['$["a"]', 1],
      ['$.nums[-1]', 2],
      ['$.nums[0,2]', [3, 2]],
      ['$.nums[1:]', [1, 2]],
      ['$.nums[:-1]', [3, 1]],
      ['$.nums[9]', null],
      ['$.objs[*].n', ['one', 'two', null]],
      ['$..v', [1, 2, 3]],
      ['$..e', [true]],
      ['$.nested[*][0]', [1, 3]],
      ["$['a','text']", { a: 1, text: 'Hello' }],
      ['$.missing.deep', null],
      ['$.missing[*]', []],
      ['$.objs[?(@.v > 1)].v', [2, 3]],
      ["$.objs[?(@.n == 'one' || @.v >= 3)].v", [1, 3]],
      ['$.objs[?(@.n)].v', [1, 2]],
      ['$.objs[?(!(@.n))].v', [3]],
      ["$.objs[?(@.n in ['two'])].v", [2]],
      ['$.objs[?(@.n =~ /T.*/i)].v', [2]],
      ['$.objs[?(@.v == $.a)].n', ['one']],
      ['$.nums.length()', 3],
      ['$.nums.sum()', 6],
      ['$.nums.max()', 3],
      ['$.nums.avg()', 2],
      ['$.empty.min()', null],
      ['$.b.keys()', ['c', 'd']],
      ["$.text.concat('!', 1)", 'Hello!1'],
    ];
    for (const [path, expected] of cases) expect(jsonPath(path).find(doc), path).deep.equal(expected);
    expect([jsonPath('$.nums.sum()').givesDouble, jsonPath('$.nums.length()').givesDouble]).deep.equal([
      true,
      false,
    ]);
  });

  it('are refused when they are none', () => {
    for (const path of [
      '$[',
      '$.',
      '$.a[',
      '$.a[x]',
      '$.a.nosuch()',
      '$[?(@.a',
      '$[?()]',
      "$['a",
      '$.a b',
      '$..',
    ]) {
      expect(
        codeOf(() => jsonPath(path)),
        path,
      ).equal('InvalidInput');
    }
  });

  it('keep names of the prototype apart', () => {
    expect(jsonPath('$.constructor').find({})).equal(null);
    expect(jsonPath('$.__proto__.x').find(JSON.parse('{"__proto__":{"x":1}}'))).equal(1);
  });
});

describe('jq', () => {
  it('gives the first output', () => {
    const cases: [string, unknown][] = [
      ['.', doc],
      ['.b.c', 'x'],
      ['."g.h"', 9],
      ['.["a"]', 1],
      ['.nums[-1]', 2],
      ['.nums[1:]', [1, 2]],
      ['.objs[].n', 'one'],
      ['[.objs[].v]', [1, 2, 3]],
      ['[.objs[] | select(.v > 1) | .v]', [2, 3]],
      ['.missing.deep', null],
      ['.missing // "none"', 'none'],
      ['.a + 1', 2],
      ['.a / 2', 0.5],
      ['-.a', -1],
      ['7 % 3 * 2 - 1', 1],
      ['.text + "!"', 'Hello!'],
      ['"\\(.a)-\\(.text)"', '1-Hello'],
      ['.text | ascii_downcase | length', 5],
      ['{x: .a, text, (.text): 2}', { x: 1, text: 'Hello', Hello: 2 }],
      ['if .a == 1 then "yes" elif .a == 2 then "two" else "no" end', 'yes'],
      ['.a > 0 and (.a < 0 | not)', true],
      ['.nums | sort | map(. * 10)', [10, 20, 30]],
      ['.nums | add', 6],
      ['.b | to_entries | map(.key)', ['c', 'd']],
      ['.objs | map(has("n"))', [true, true, false]],
      ['.nums | join("-")', '3-1-2'],
      ['[range(3)]', [0, 1, 2]],
      ['.text | test("^H")', true],
      ['.nums | min, max', 1],
      ['.objs | max_by(.v) | .v', 3],
      ['.b | tojson', '{"c":"x","d":[1,2.5,null,{"e":true}]}'],
    ];
    for (const [text, expected] of cases) {
      expect(jqFirst(text)(doc), text).deep.equal(expected);
    }
  });

  it('refuses what it does not know at once, and misfits when they come', () => {
    for (const text of [
      '',
      '.a |',
      'nosuch(.)',
      'def f: 1; f',
      'reduce .[] as $x (0; . + $x)',
      '.a.',
      '{',
      '"x',
      '.[',
      '$x',
    ]) {
      expect(
        codeOf(() => jqFirst(text)),
        text,
      ).equal('InvalidInput');
    }
    for (const text of [
      'empty',
      '.a.b',
      '.text * {}',
      '.nums + 1',
      '.a | keys',
      '1 / 0',
      '.text | tonumber',
      '.text | fromjson',
      '.text | test("(")',
    ]) {
      expect(
        codeOf(() => jqFirst(text)(doc)),
        text,
      ).equal('InvalidInput');
    }
  });

  it('keeps longs exact', () => {
    expect(jqFirst('.n + 1')({ n: 9_007_199_254_740_993n })).equal(9_007_199_254_740_994n);
  });
});
