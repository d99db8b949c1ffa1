import { expect } from 'chai';
import { likeMatcher, likeParts } from './like.js';

describe('LIKE', () => {
  it('matches whole texts', () => {
    const cases: [string, string | undefined, string, boolean][] = [
      ['a%c', undefined, 'abbc', true],
      ['a%c', undefined, 'ac', true],
      ['a%c', undefined, 'abcd', false],
      ['_', undefined, '😀', true],
      ['%_😀', undefined, '😀😀', true],
      ['%b%b%', undefined, 'abab', true],
      ['%b%b%', undefined, 'ab', false],
      ['a%a', undefined, 'a', false],
      ['x!%%', '!', 'x%y', true],
      ['x!%%', '!', 'xy', false],
      ['a\nb%', undefined, 'a\nbc', true],
      ['', undefined, '', true],
      ['%%', undefined, '', true],
      ['_%_', undefined, 'x', false],
    ];
    for (const [pattern, escape, text, wanted] of cases)
      expect(likeMatcher(pattern, escape)(text), `${pattern} ${text}`).to.equal(wanted);
  });

  it('takes no longer for many wildcards', () => {
    const text = 'a'.repeat(20_000);
    expect(likeMatcher(`${'%a'.repeat(50)}%b`, undefined)(text)).to.equal(false);
  });

  it('knows what matches begin with', () => {
    expect(likeParts('ab%', undefined)).to.deep.equal({ prefix: 'ab', rest: 'any' });
    expect(likeParts('a#%', '#')).to.deep.equal({ prefix: 'a%', rest: 'empty' });
    expect(likeParts('a_b', undefined)).to.deep.equal({ prefix: 'a', rest: 'pattern' });
  });
});
