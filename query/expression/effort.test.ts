import { expect } from 'chai';
import { spend, watched } from './effort.js';
import { expression } from './expression.js';
import { nullValue, string } from './value.js';

const text = (of: string, value = 'x') => expression(of).evaluate(() => string(value));

describe('the effort of expressions', () => {
  it('is asked about while one row is evaluated, not between rows only', () => {
    let asked = 0;
    const run = (): unknown => text("upper(concat(repeat(a, 3000000), '-')) == lower(repeat(a, 2000000))");
    watched(() => asked++, run);
    expect(asked).to.be.greaterThan(3);
    const stop = (): void => {
      throw new Error('stopped');
    };
    expect(() => watched(stop, run)).to.throw('stopped');
    // Nobody watches any more.
    spend(10_000_000);
  });

  it('counts calls of lambdas', () => {
    let asked = 0;
    const many = expression('array_length(map((x) -> x + a, array_slice(array(a, a), 0, 200000)))');
    watched(
      () => asked++,
      () => many.evaluate(() => ({ type: 'LONG', value: 1n })),
    );
    expect(asked).to.be.greaterThan(1);
  });

  it('of constant parts is bounded when they are read', () => {
    const much = Array.from({ length: 8 }, () => "strlen(upper(repeat('a', 8000000)))").join(' + ');
    expect(() => expression(much)).to.throw('constant parts of an expression make more than');
  });

  it('texts and arrays beyond all bounds are not begun', () => {
    expect(() => text("replace(repeat(a, 1000000), 'x', repeat('b', 1000000))")).to.throw('is not built');
    expect(() =>
      text("array_to_string(string_to_array(repeat(a, 100000), ''), repeat('b', 10000))"),
    ).to.throw('is not built');
    expect(() => text("map((x) -> repeat(x, 10000000), string_to_array(repeat(a, 100), ''))")).to.throw(
      'an array of more than',
    );
    expect(expression("replace(a, '', 'b')").evaluate(() => nullValue).value).to.equal(null);
    expect(text("replace('aXa', 'X', 'b')").value).to.equal('aba');
    expect(text("array_to_string(array('a', null, 'b'), '-')").value).to.equal('a-null-b');
  });
});
