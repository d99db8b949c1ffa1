import { expect } from 'chai';
import fc from 'fast-check';
import { CodedError } from '../../proto/errors.js';
import { columnsOf, stringify } from './ast.js';
import { expression } from './expression.js';
import { applyMultiValues } from './multi-value.js';
import { parseExpression } from './parser.js';
import { array, double, long, nullValue, string, type Value } from './value.js';

const row: Readonly<Record<string, Value>> = {
  l: long(7n),
  max: long(2n ** 63n - 1n),
  d: double(2.5),
  s: string('12'),
  word: string('Straße'),
  list: array('LONG', [3n, null, 1n]),
  names: array('STRING', ['a', 'b']),
  json: { type: 'COMPLEX<json>', value: { a: 1 } },
  t: long(1583661599999n),
};

function evaluate(text: string): Value['value'] {
  return expression(text).evaluate((name) => row[name] ?? nullValue).value;
}

function check(cases: readonly (readonly [string, unknown])[]): void {
  for (const [text, wanted] of cases) expect(evaluate(text), text).to.deep.equal(wanted);
}

describe('expression grammar', () => {
  const canonical = (text: string): string => stringify(parseExpression(text));

  it('binds as Druid does', () => {
    expect(canonical('-2^2')).to.equal('(-2 ^ 2)');
    expect(canonical('2^3^2')).to.equal('(2 ^ (3 ^ 2))');
    expect(canonical('a || b && c')).to.equal('(("a" || "b") && "c")');
    expect(canonical('x < y == z')).to.equal('(("x" < "y") == "z")');
    expect(canonical("f(a, [1,null], <STRING>[1], 'x\\'y')")).to.equal(
      "f(\"a\", ARRAY<LONG>[1, null], ARRAY<STRING>['1'], 'x\\'y')",
    );
    expect(canonical('map((x) -> x + y, z)')).to.equal('map(("x") -> ("x" + "y"), "z")');
  });

  it('names the columns it reads, not the parameters of lambdas', () => {
    expect([...columnsOf(parseExpression('fold((x, acc) -> x + acc + k, list, 0) + "a b"'))]).to.deep.equal([
      'k',
      'list',
      'a b',
    ]);
  });

  it('mends what Druid mends: one operator too many, a group that the end closes', () => {
    for (const [text, value] of [
      ['1 +* 2', 3n],
      ['3 ** 2', 6n],
      ['(1 + 2', 3n],
    ] as const) {
      expect(expression(text).evaluate(() => nullValue).value, text).to.equal(value);
    }
  });

  it('refuses what is no expression, with the position', () => {
    const bad = [
      '',
      '1 +',
      'x y',
      'abs(1',
      '* 2',
      '(1 2',
      '1 +* + 2',
      "'open",
      '.5',
      '1e+5',
      '[1, x]',
      "'a' 'b'",
      "'\\q'",
      "[1, 'a']",
    ];
    bad.push('9223372036854775808', `${'('.repeat(500)}1${')'.repeat(500)}`, '-'.repeat(5000), 'f(,1)', '#');
    for (const text of bad)
      expect(() => parseExpression(text), text.slice(0, 20)).to.throw(CodedError, /position/);
  });

  it('prints canonical text that parses to the same tree', () => {
    const node = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('x', '1', '2.5', "'t'", '"a b"', 'null', '[1,2]'),
        fc
          .tuple(tie('node'), fc.constantFrom('+', '-', '*', '^', '<', '==', '&&', '||'), tie('node'))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        tie('node').map((a) => `!(${a})`),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `nvl(${a}, ${b})`),
      ),
    })).node;
    fc.assert(
      fc.property(node, (text) => {
        const once = canonical(text);
        expect(canonical(once)).to.equal(once);
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});

describe('expression values', () => {
  it('wrap longs at 64 bits and keep doubles apart', () => {
    check([
      ['max + 1', -(2n ** 63n)],
      ['l / 2', 3n],
      ['-7 % 3', -1n],
      ['l / 2.0', 3.5],
      ['3 ^ 41 ', BigInt.asIntN(64, 3n ** 41n)],
      ['s + 1', 13],
      ['s + word', '12Straße'],
      ["'x' * 2", null],
      ['1.0 / 0', Infinity],
    ]);
    expect(() => expression('1 / 0')).to.throw(CodedError, /by zero/);
    expect(() => evaluate('l / (l - 7)')).to.throw(CodedError, /by zero/);
    expect(() => evaluate('s - word')).to.throw(CodedError, /not supported/);
  });

  it('follow three-valued logic', () => {
    check([
      ['0 && null', 0n],
      ['null && 1', null],
      ['1 || null', 1n],
      ['null || 0', null],
      ['!null', null],
      ["!'true'", 0n],
      ['null == null', null],
      ['isnull(nosuch)', 1n],
      ['nvl(null, 4)', 4n],
      ["if(null, 'yes', 'no')", 'no'],
      ["case_simple(l, null, 1, 7, 'seven', 'else')", 'seven'],
      ["if(l > 1, 'big', l / (l - 7))", 'big'],
      ['notdistinctfrom(null, null)', 1n],
      ["greatest(10, '9')", '9'],
    ]);
  });

  it('compare doubles by total order and text with numbers as numbers', () => {
    check([
      ['2 < NaN', 1n],
      ['NaN == NaN', 1n],
      ['-0.0 < 0.0', 1n],
      ['s < 13', 1n],
      ['word > 1', null],
      ["'b' > 'a'", 1n],
    ]);
  });

  it('cast', () => {
    check([
      ["cast('1.9', 'LONG')", 1n],
      ["cast('9223372036854775808', 'LONG')", 2n ** 63n - 1n],
      ["cast('TRUE', 'long')", 1n],
      ["cast(' 1', 'LONG')", null],
      ["cast(1e21, 'STRING')", '1.0E21'],
      ["cast(['1', 'x'], 'ARRAY<LONG>')", [1n, null]],
      ["cast(l, 'ARRAY<STRING>')", ['7']],
    ]);
    expect(() => expression("cast(l, 'FLOAT')")).to.throw(CodedError, /Invalid type/);
    expect(() => evaluate("cast(list, 'LONG')")).to.throw(CodedError, /cannot cast/);
  });

  it('compute', () => {
    check([
      ['round(1.005, 2)', 1.01],
      ['round(-2.5)', -3],
      ['round(155, -1)', 160n],
      ['abs(-3)', 3n],
      ['div(7.9, 2)', 3n],
      ['safe_divide(1, 0)', null],
      ['max(1, 2.5)', 2.5],
      ['bitwiseShiftLeft(1, 65)', 2n],
      ['rint(2.5)', 2],
      ['nextUp(1.0)', 1.0000000000000002],
      ['getExponent(1024)', 10n],
    ]);
  });

  it('work on text by UTF-16 units', () => {
    check([
      ["substring('abcdef', 2, 3)", 'cde'],
      ["substring('abc', 3, 1)", null],
      ["strlen('\\uD83D\\uDE00')", 2n],
      ['upper(word)', 'STRASSE'],
      ["lpad('7', 3, '0')", '007'],
      ["trim('xxaxx', 'x')", 'a'],
      ["strpos('abcabc', 'c', 3)", 5n],
      ["replace('aaa', 'a', 'b')", 'bbb'],
      ["concat('a', null)", null],
      ["like('a_b%', 'a!_%!%', '!')", 1n],
      ["icontains_string(word, 'STR')", 1n],
      ["parse_long('ff', 16)", 255n],
      ['human_readable_binary_byte_format(1536)', '1.50 KiB'],
      ['human_readable_decimal_format(999999)', '1000.00 K'],
      [
        "format('%05d|%-4s|%,.2f|%e|%X', -7, 'ab', 12345.678, 0.00012, 255)",
        '-0007|ab  |12,345.68|1.200000e-04|FF',
      ],
      ["format('%d', 'text')", '%d; text'],
    ]);
    expect(() => evaluate("left('abc', -1)")).to.throw(CodedError, /positive/);
    expect(() => evaluate("repeat('abc', 2000000000)")).to.throw(CodedError, /not built/);
  });

  it('work on instants', () => {
    check([
      ["timestamp_floor(t, 'P1D', null, 'America/Los_Angeles')", 1583654400000n],
      ["timestamp_ceil(t, 'PT1H')", 1583661600000n],
      ["timestamp_shift(t, 'P1M', 1, 'America/Los_Angeles')", 1586336399999n],
      ["timestamp_extract(t, 'HOUR', 'Asia/Kolkata')", 15n],
      ["timestamp_extract('2020-02-03', 'DOW')", 1n],
      ["timestamp_parse('2020-02-03 04:05')", 1580702700000n],
      ["timestamp_parse('nonsense')", null],
      ['timestamp_format(0)', '1970-01-01T00:00:00.000Z'],
      ["subtract_months(t, 0, 'UTC')", 602n],
    ]);
    expect(() => expression("timestamp_floor(t, 'P0D')")).to.throw(CodedError, /zero period|period/);
    expect(() => expression("timestamp_extract(t, 'FORTNIGHT')")).to.throw(CodedError, /unit/);
  });

  it('work on arrays and lambdas', () => {
    check([
      ['array_contains(list, 1)', 1n],
      ['array_contains(list, [1, null])', 1n],
      ['array_contains(list, 1.5)', 0n],
      ["array_overlap(names, ['b', 'c'])", 1n],
      ['scalar_in_array(4, list)', 0n],
      ['array_append([1], 1.5)', [1n, 1n]],
      ['array_slice(list, 1, 5)', [null, 1n, null, null]],
      ['array_set_add(list, 2)', [null, 1n, 2n, 3n]],
      ['array_offset_of(list, 9)', null],
      ["array_to_string(list, '-')", '3-null-1'],
      ["string_to_array('a,,b,', ',')", ['a', '', 'b']],
      ['map((x) -> x * l, [1, 2])', [7n, 14n]],
      ['filter((x) -> x > 5, [1, 2])', null],
      ['fold((x, acc) -> x + acc, [1, 2], 10)', 13n],
      ["any((x) -> x == 'b', names)", 1n],
      ["cartesian_map((x, y) -> concat(x, y), names, ['p', 'q'])", ['ap', 'aq', 'bp', 'bq']],
    ]);
    expect(() => expression('map((x, y) -> x, list)')).to.throw(CodedError, /lambda/);
  });

  it('refuse unknown functions and wrong numbers of arguments before any row', () => {
    expect(() => expression('frobnicate(1)')).to.throw(CodedError, /not defined/);
    expect(() => expression('substring(word)')).to.throw(CodedError, /requires 3 arguments/);
    expect(() => expression("like(word, 'a', 'bc')")).to.throw(CodedError, /single character/);
  });

  it('match regular expressions as Java does', () => {
    check([
      ["regexp_extract('order-4711', '-(\\\\d+)', 1)", '4711'],
      ["regexp_extract(word, 'zz')", null],
      ["regexp_like(word, '^Str')", 1n],
      ["regexp_like(nosuch, 'x')", null],
      ["regexp_replace('2020-02-03', '(\\\\d+)-(\\\\d+)', '$2/$1')", '02/2020-03'],
      ["string_to_array('a1b22c', '\\\\d+')", ['a', 'b', 'c']],
      ["string_to_array('abc', null)", ['a', 'b', 'c']],
    ]);
    expect(() => expression("regexp_like(word, '(')")).to.throw(CodedError, /Unclosed group/);
    expect(() => expression('regexp_like(word, word)')).to.throw(CodedError, /literal/);
    expect(() => expression("regexp_like(word, '(a+)+b')").evaluate(() => string('a'.repeat(50)))).to.throw(
      CodedError,
      /too many steps/,
    );
  });

  it('look up in what is handed in', () => {
    const words = new Map([['de', 'Germany']]);
    const lookup = (name: string): { apply: (key: string | null) => string | null } | undefined =>
      name === 'countries' ? { apply: (key) => (key === null ? null : (words.get(key) ?? null)) } : undefined;
    const found = (text: string): unknown => expression(text, { lookup }).evaluate(() => string('de')).value;
    expect(found("lookup(c, 'countries')")).to.equal('Germany');
    expect(found("lookup('xx', 'countries', 'none')")).to.equal('none');
    expect(() => found("lookup(c, 'nowhere')")).to.throw(CodedError, /not found/);
    expect(() => expression('lookup(c, c)')).to.throw(CodedError, /literal/);
  });

  it('estimate, decode and find JSON', () => {
    check([
      ["hyper_unique_round_estimate(hyper_unique_add('a', hyper_unique_add(word, hyper_unique())))", 2n],
      ["decode_base64_utf8('R3JvdmU=')", 'Grove'],
      ["json_paths(json_object('a', 1, 'b', json_object('c', [1, 2])))", ['$.b.c', '$.a']],
      ['array_length(json_paths(json))', 1n],
    ]);
    expect(() => expression("complex_decode_base64('nope', word)")).to.throw(CodedError, /unknown COMPLEX/);
    expect(() => evaluate('hyper_unique_estimate(l)')).to.throw(CodedError, /hyper-log-log/);
  });

  it('print dates and hexadecimal floats', () => {
    check([
      ["format('%tF %<tT.%<tL', t)", '2020-03-08 09:59:59.999'],
      ["format('%Tb %<tj %<tp', 0)", 'JAN 001 am'],
      ["format('%tF', -12219292800001)", '1582-10-04'],
      ["format('%a %.1a', 0.1, 1.97)", '0x1.999999999999ap-4 0x1.0p1'],
      ["format('%tY', 1.5)", '%tY; 1.5'],
      ["timestamp_format(t, 'zzz zzzz', 'America/Los_Angeles')", 'PST Pacific Standard Time'],
      ["timestamp_format(t, 'zzz', 'Asia/Tokyo')", 'JST'],
      ["timestamp_format(1593561600000, 'zzz', 'Europe/London')", 'BST'],
      ["timestamp_floor(max, 'P1D')", 9223372036828800000n],
      ['timestamp_format(max)', '292278994-08-17T07:12:55.807Z'],
    ]);
  });

  it('map over strings with several values', () => {
    const applied = (text: string, ...several: string[]): string =>
      stringify(applyMultiValues(parseExpression(text), new Set(several)));
    expect(applied('concat(a, b)', 'a', 'b')).to.equal(
      'cartesian_map(("a", "b") -> concat("a", "b"), "a", "b")',
    );
    expect(applied('concat(a, b)', 'b')).to.equal('map(("b") -> concat("a", "b"), "b")');
    expect(applied('array_length(a)', 'a')).to.equal('array_length("a")');
    expect(applied("concat(a, array_to_string(a, '-'))", 'a')).to.equal(
      'concat("a", array_to_string("a", \'-\'))',
    );
    const mapped = expression(applyMultiValues(parseExpression('strlen(names) + 1'), new Set(['names'])));
    expect(mapped.evaluate((name) => row[name] ?? nullValue)).to.deep.equal(array('LONG', [2n, 2n]));
  });

  it('refuse what would fill the memory or never end', () => {
    const many = `[${Array.from({ length: 40 }, (_, i) => i).join(',')}]`;
    const nested = (depth: number): string =>
      depth === 0 ? 'l' : `map((x${depth}) -> ${nested(depth - 1)}, ${many})`;
    expect(() => evaluate(`fold((x, acc) -> acc + acc, ${many}, word)`)).to.throw(CodedError, /not built/);
    expect(() => evaluate(`fold((x, acc) -> array_concat(acc, acc), ${many}, list)`)).to.throw(
      CodedError,
      /not built/,
    );
    expect(() => evaluate(nested(6))).to.throw(CodedError, /calls lambdas/);
    expect(() => evaluate("lpad(word, 2000000000, 'x')")).to.throw(CodedError, /not built/);
    expect(() => evaluate("regexp_replace(repeat('a', 20000), '', word)")).to.not.throw();
  });
});
