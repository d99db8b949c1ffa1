import { expect } from 'chai';
import { ReleaseBook } from './release.js';

describe('release of copies', () => {
  it('nothing before the first expected set', () => {
    expect(new ReleaseBook().isReleased('s', [])).to.equal(false);
  });
  it('after every live broker has applied a set without the segment', () => {
    const book = new ReleaseBook();
    book.published(1, [], ['s']);
    book.acknowledged('a', 1);
    book.acknowledged('b', 1);
    book.published(2, ['s'], []);
    expect(book.isReleased('s', ['a', 'b'])).to.equal(false);
    book.acknowledged('a', 2);
    expect(book.isReleased('s', ['a', 'b'])).to.equal(false);
    expect(book.isReleased('s', ['a'])).to.equal(true);
    book.acknowledged('b', 3);
    book.acknowledged('b', 1);
    expect(book.isReleased('s', ['a', 'b'])).to.equal(true);
  });
  it('what was never expected needs the first set', () => {
    const book = new ReleaseBook();
    book.published(4, [], []);
    expect(book.isReleased('s', ['a'])).to.equal(false);
    book.acknowledged('a', 4);
    expect(book.isReleased('s', ['a'])).to.equal(true);
  });
});
