import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import type { Ordering } from '../native/model.js';
import { comparatorOf, parseOrdering } from './comparators.js';

const sorted = (ordering: Ordering, ...values: (string | null)[]): (string | null)[] =>
  values.toSorted(comparatorOf(ordering));

describe('string orderings', () => {
  it('put null first everywhere', () => {
    for (const ordering of ['lexicographic', 'alphanumeric', 'numeric', 'strlen', 'version'] as const) {
      expect(sorted(ordering, 'b', null, ''), ordering).to.deep.equal([null, '', 'b']);
    }
  });

  it('lexicographic goes by UTF-16 units', () => {
    expect(sorted('lexicographic', '\u{1f600}', '\ue000', 'b', 'B')).to.deep.equal([
      'B',
      'b',
      '\u{1f600}',
      '\ue000',
    ]);
  });

  it('numeric compares exactly and puts unreadable text before numbers', () => {
    expect(sorted('numeric', '9007199254740993', '9007199254740992', '1e3', 'x', '-2', '.5')).to.deep.equal([
      'x',
      '-2',
      '.5',
      '1e3',
      '9007199254740992',
      '9007199254740993',
    ]);
    expect(comparatorOf('numeric')('1.0', '1')).to.equal(0);
    expect(comparatorOf('numeric')('1e999999999', '2')).to.be.above(0);
    expect(comparatorOf('numeric')('-0', '0.00')).to.equal(0);
  });

  it('alphanumeric counts runs of digits', () => {
    expect(sorted('alphanumeric', 'v10', 'v9', 'v09', 'V2', '3', 'v')).to.deep.equal([
      '3',
      'v',
      'V2',
      'v9',
      'v09',
      'v10',
    ]);
  });

  it('strlen counts units, version knows qualifiers', () => {
    expect(sorted('strlen', 'bb', 'aaa', 'ab', 'c')).to.deep.equal(['c', 'ab', 'bb', 'aaa']);
    expect(sorted('version', '1.10', '1.9', '1.0-sp', '1.0', '1.0-rc2', '1.0-beta')).to.deep.equal([
      '1.0-beta',
      '1.0-rc2',
      '1.0',
      '1.0-sp',
      '1.9',
      '1.10',
    ]);
    expect(comparatorOf('version')('1.0.0', '1')).to.equal(0);
  });

  it('are read by name in any case', () => {
    expect(parseOrdering('AlphaNumeric', 'lexicographic', 'f')).to.equal('alphanumeric');
    expect(parseOrdering({ type: 'strlen' }, 'lexicographic', 'f')).to.equal('strlen');
    expect(parseOrdering(null, 'numeric', 'f')).to.equal('numeric');
    expect(() => parseOrdering('up', 'numeric', 'f')).to.throw(
      CodedError,
      /f: Unknown string comparator\[up\]/,
    );
  });
});
