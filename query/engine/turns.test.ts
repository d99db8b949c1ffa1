import { expect } from 'chai';
import { firstOf, turns } from './turns.js';

describe('turns', () => {
  it('go round among equals', () => {
    expect(turns([0, 0, 0], -1)).to.deep.equal([0, 1, 2]);
    expect(turns([0, 0, 0], 0)).to.deep.equal([1, 2, 0]);
    expect(turns([0, 0, 0], 2)).to.deep.equal([0, 1, 2]);
    expect(turns([], 4)).to.deep.equal([]);
  });

  it('are those of the highest priority before all others', () => {
    expect(turns([0, 5, -1, 5], 1)).to.deep.equal([3, 1, 0, 2]);
    expect(turns([-10, 0], 1)).to.deep.equal([1, 0]);
  });

  it('of jobs: the oldest of the highest priority', () => {
    expect([firstOf([]), firstOf([0, 0]), firstOf([0, 3, 3, -1])]).to.deep.equal([-1, 0, 1]);
  });
});
