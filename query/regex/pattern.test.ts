import { expect } from 'chai';
import fc from 'fast-check';
import { CodedError } from '../../proto/errors.js';
import { JavaPattern } from './pattern.js';

function found(pattern: string, text: string): string[] {
  return [...new JavaPattern(pattern).findAll(text)].map((match) => match.group(0) ?? '');
}

describe('Java regular expressions', () => {
  it('find what Java finds', () => {
    const cases: [string, string, string[]][] = [
      ['a++b', 'aaab', ['aaab']],
      ['x*+x', 'xxx', []],
      ['(?>ab|a)c', 'ac abc', ['ac', 'abc']],
      ['b(?i)AR', 'bar bAr Bar', ['bar', 'bAr']],
      ['\\Qx.y\\E+', 'x.yy', ['x.yy']],
      ['[a-z&&[^m-p]]+', 'lamp', ['la']],
      ['[a-c[7-9]]+', 'b8d', ['b8']],
      ['\\p{Upper}+', 'ÄBC', ['BC']],
      ['\\p{IsGreek}+', 'aβγ', ['βγ']],
      ['q$', 'q\n', ['q']],
      ['(?m)^.', 'ab\ncd', ['a', 'c']],
      ['(?x) 1 2 # both\n 3', '123', ['123']],
      ['(?<=[$€])\\d+', '€15 16', ['15']],
      ['(?<w>..)-\\k<w>', 'ab-ab', ['ab-ab']],
      ['(z)?\\1y', 'y', []],
      ['\\R', 'a\r\nb\u2028', ['\r\n', '\u2028']],
      ['.', '😀', ['😀']],
      ['a{2}{3}', 'aaaa', ['aa', 'aa']],
      ['x{2,3}?', 'xxxxx', ['xx', 'xx']],
    ];
    for (const [pattern, text, wanted] of cases) expect(found(pattern, text), pattern).to.deep.equal(wanted);
  });

  it('keeps the last value of a group inside a repeated one', () => {
    const match = new JavaPattern('((p)|q)+').find('pq');
    expect([match?.group(1), match?.group(2)]).to.deep.equal(['q', 'p']);
    expect(() => match?.group(3)).to.throw(CodedError, /No group 3/);
  });

  it('replaces and splits as Java does', () => {
    expect(new JavaPattern('(.)(.)').replaceAll('abcd', '$2$1\\$')).to.equal('ba$dc$');
    expect(new JavaPattern('(?<v>[ae])').replaceAll('hare', '<${v}>')).to.equal('h<a>r<e>');
    expect(new JavaPattern('').replaceAll('😀', '-')).to.equal('-\ud83d-\ude00-');
    expect(new JavaPattern('n').replaceFirst('nine', 'w')).to.equal('wine');
    expect(new JavaPattern('[,;]').split(',a;b,,')).to.deep.equal(['', 'a', 'b']);
    expect(new JavaPattern('|').split('abc')).to.deep.equal(['a', 'b', 'c']);
    for (const bad of ['$', '$9', '${nobody}', '\\', '$x'])
      expect(() => new JavaPattern('a').replaceAll('a', bad), bad).to.throw(CodedError);
    expect(new JavaPattern('a').replaceAll('b', '$9')).to.equal('b');
  });

  it('refuses what is no pattern', () => {
    const bad = [
      '(',
      ')',
      '[',
      '[]',
      '*a',
      'a**',
      'a{',
      'a{3,2}',
      '\\y',
      '(?<1>x)',
      '\\p{Nope}',
      '(?<=(a|b)+)c',
      '[z-a]',
    ];
    bad.push(
      '\\',
      '\\x1',
      '(?z)',
      '\\k<none>',
      '(?<n>a)(?<n>b)',
      '(?<n',
      '[[:',
      '\\p',
      '\\p{',
      '\\N{NO SUCH SIGN}',
    );
    bad.push('('.repeat(5000), '['.repeat(5000));
    for (const pattern of bad)
      expect(() => new JavaPattern(pattern), pattern.slice(0, 20)).to.throw(CodedError);
  });

  it('gives up on patterns that take too long, and takes long texts', () => {
    const text = 'a'.repeat(60);
    for (const pattern of ['(a+)+b', '(a|a)*b', '(.*)*x', '(?:a|aa|aaa)+$b'])
      expect(() => new JavaPattern(pattern).find(text), pattern).to.throw(CodedError, /too many steps/);
    const long = 'ab'.repeat(50_000);
    expect(new JavaPattern('(ab)*').find(long)?.end).to.equal(long.length);
    expect(new JavaPattern('(a|b)*?$').find(long)?.end).to.equal(long.length);
    expect(new JavaPattern('x').test(long)).to.equal(false);
  });

  it('agrees with JavaScript where both mean the same', () => {
    const { node } = fc.letrec<{ node: string; atom: string }>((tie) => ({
      atom: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('a', 'b', '[ab]', '.', '[^a]', '\\d', '(?:ab|b)', 'x'),
        tie('node').map((inner) => `(?:${inner})`),
      ),
      node: fc.oneof(
        { maxDepth: 4 },
        tie('atom'),
        fc
          .tuple(tie('atom'), fc.constantFrom('+', '+?', '{2}', '{1,2}', '{1,3}?'))
          .map((each) => each.join('')),
        fc
          .tuple(fc.constantFrom('a', '[ab]', '.'), fc.constantFrom('*', '*?', '?', '??'))
          .map((each) => `b${each.join('')}`),
        fc.tuple(tie('node'), tie('node')).map((each) => each.join('')),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
        tie('node').map((inner) => `a(?=${inner})`),
        tie('node').map((inner) => `b(?!${inner})`),
      ),
    }));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', 'x', '\n'), maxLength: 12 });
    fc.assert(
      fc.property(node, text, (pattern, input) => {
        const ours = [...new JavaPattern(pattern).findAll(input)].map(({ start, end }) => [start, end]);
        const theirs = [...input.matchAll(new RegExp(pattern, 'g'))].map((match) => [
          match.index,
          match.index + match[0].length,
        ]);
        expect(ours).to.deep.equal(theirs);
      }),
      { seed: 5, numRuns: 500 },
    );
  });
});
