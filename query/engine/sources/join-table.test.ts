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

  it('must have the columns it is asked by, unless nothing is known of it', () => {
    const wrong = () => table('city == "r.code" && a == "r.w"');
    const words = 'keyColumns[code, w] must all be contained in rowSignature[{k:STRING, w:LONG}]';
    expect(wrong).to.throw(words).with.property('code', 'QueryFailed');
    expect([...table('city == "r.k"', { rows: 0, columns: [] }).find(['FR'])]).to.deep.equal([]);
  });
});
