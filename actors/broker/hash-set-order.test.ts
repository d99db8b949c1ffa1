import { expect } from 'chai';
import { hashSetOrder } from './hash-set-order.js';

describe('order of a Java HashSet', () => {
  it('is that of the hashes, not of insertion', () => {
    expect(hashSetOrder(['b', 'a', 'p', 'q'])).to.deep.equal(['p', 'a', 'q', 'b']);
    expect(hashSetOrder(['q', 'a'])).to.deep.equal(['q', 'a']);
  });

  it('changes as the table grows', () => {
    const letters = Array.from('abcdefghijklm');
    expect(hashSetOrder(letters)).to.deep.equal(letters);
    expect(hashSetOrder(['q', ...letters.slice(0, 12)])[1]).to.equal('b');
  });
});
