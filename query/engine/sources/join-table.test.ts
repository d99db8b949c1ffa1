import { expect } from 'chai';
import { parseInline } from '../../native/inline.js';
import { parseJoinCondition } from './join-condition.js';
import { JoinTable } from './join-table.js';

const { frame } = parseInline(
  { type: 'inline', columnNames: ['k', 'w'], columnTypes: ['STRING', 'LONG'], rows: [['FR', 1]] },
  'right',
);
const table = (condition: string, of = frame): JoinTable =>
  new JoinTable(of, parseJoinCondition(condition, 'r.', 'right').equalities);

describe('right side of a join', () => {
  it('finds rows by the values of its keys', () => {
    expect([...table('city == "r.k"').find(['FR'])]).to.deep.equal([0]);
    expect([...table('city == "r.k"').find(['DE'])]).to.deep.equal([]);
  });

  it('is asked by equalities alone, or by constants alone', () => {
    const words = 'Cannot build hash-join matcher on non-equi-join condition: city == "r.k" && 1';
    expect(() => table('city == "r.k" && 1'))
      .throws(words)
      .property('code', 'QueryFailed');
    expect(parseJoinCondition('city == "r.k" && 0', 'r.', 'right').canMatch).equals(false);
    expect(parseJoinCondition('1', 'r.', 'right')).deep.equals({ equalities: [], canMatch: true });
  });

  it('must have the columns it is asked by, unless nothing is known of it', () => {
    const wrong = () => table('city == "r.code" && a == "r.w"');
    const words = 'keyColumns[code, w] must all be contained in rowSignature[{k:STRING, w:LONG}]';
    expect(wrong).to.throw(words).with.property('code', 'QueryFailed');
    expect([...table('city == "r.k"', { rows: 0, columns: [] }).find(['FR'])]).to.deep.equal([]);
  });
});
