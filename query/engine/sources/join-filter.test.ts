import { expect } from 'chai';
import type { Filter, VirtualColumn } from '../../native/model.js';
import { type JoinClause, type SplitFilter, splitJoinFilter } from './join-filter.js';

const clauses: readonly JoinClause[] = [
  { prefix: 'r.', joinType: 'LEFT', equalities: [{ leftText: '"city"', rightColumn: 'code' }] },
  { prefix: 'z.', joinType: 'FULL', equalities: [{ leftText: '"r.code"', rightColumn: 'k' }] },
  { prefix: 'u.', joinType: 'FULL', equalities: [{ leftText: 'upper("city")', rightColumn: 'k' }] },
];
const virtualColumns: readonly VirtualColumn[] = [
  { type: 'expression', name: 'late', expression: 'concat("r.w", city)', outputType: undefined },
  { type: 'expression', name: 'soon', expression: 'lower(city)', outputType: undefined },
];
const is = (dimension: string, value: string | null = 'a'): Filter => ({
  type: 'selector',
  dimension,
  value,
});
const and = (...fields: Filter[]): Filter => ({ type: 'and', fields });
const or = (...fields: Filter[]): Filter => ({ type: 'or', fields });
const not = (field: Filter): Filter => ({ type: 'not', field });

function split(filter: Filter, options = {}, leftFilter?: Filter): SplitFilter {
  const all = { pushesDown: true, rewrites: true, ...options };
  return splitJoinFilter(clauses, virtualColumns, { leftFilter, filter }, all);
}

describe('filters over joins', () => {
  it('are asked of the left side where they read it alone and null does not pass', () => {
    const cases: readonly (readonly [Filter, Filter | undefined, Filter | undefined])[] = [
      [is('city'), is('city'), undefined],
      [is('city', null), undefined, is('city', null)],
      [not(is('city')), not(is('city')), undefined],
      [not(is('city', null)), not(is('city', null)), undefined],
      [and(is('city'), is('r.w')), is('city'), is('r.w')],
      [or(is('city'), is('r.w')), undefined, or(is('city'), is('r.w'))],
      [is('soon'), is('soon'), undefined],
      [is('late'), undefined, is('late')],
      [
        { type: 'expression', expression: 'isnull(city)' },
        undefined,
        { type: 'expression', expression: 'isnull(city)' },
      ],
      [
        { type: 'expression', expression: "city == 'a'" },
        { type: 'expression', expression: "city == 'a'" },
        undefined,
      ],
      [
        { type: 'arrayContainsElement', column: 'city', elementType: 'STRING', element: null },
        undefined,
        { type: 'arrayContainsElement', column: 'city', elementType: 'STRING', element: null },
      ],
    ];
    for (const [filter, left, after] of cases) {
      expect(split(filter), JSON.stringify(filter)).to.deep.equal({ left, after, leftColumns: [] });
    }
  });

  it('on a right column that is joined by are asked of what it equals', () => {
    expect(split(is('r.code'))).to.deep.equal({ left: is('city'), after: undefined, leftColumns: [] });
    expect(split(is('z.k')).left).to.deep.equal(is('city'));
    expect(split(or(is('r.code'), is('n'))).left).to.deep.equal(or(is('city'), is('n')));
    expect(split(or(is('r.code'), is('r.w'))).after).to.deep.equal(or(is('r.code'), is('r.w')));
    expect(split(is('r.code', null)).after).to.deep.equal(is('r.code', null));
    const made = split({ type: 'like', dimension: 'u.k', pattern: 'A%', escape: undefined });
    const name = 'JOIN-FILTER-PUSHDOWN-VIRTUAL-COLUMN-0';
    expect(made.left).to.deep.equal({ type: 'like', dimension: name, pattern: 'A%', escape: undefined });
    expect(made.leftColumns).to.deep.equal([
      { type: 'expression', name, expression: 'upper("city")', outputType: 'STRING' },
    ]);
    const compared: Filter = { type: 'expression', expression: `"r.code" == 'a'` };
    expect(split(compared).after).to.deep.equal(compared);
  });

  it('are put as clauses first', () => {
    const [a, b, c, r] = [is('a'), is('b'), is('c'), is('r.w')];
    expect(split(or(and(a, b), r))).to.deep.equal({
      left: undefined,
      after: and(or(r, a), or(r, b)),
      leftColumns: [],
    });
    expect(split(or(and(a, b), and(a, r))).left).to.deep.equal(a);
    expect(split(not(or(a, not(and(b, r))))).left).to.deep.equal(and(not(a), b));
    expect(split(or(and(a, b), c)).left).to.deep.equal(and(or(c, a), or(c, b)));
    const many = or(...Array.from({ length: 14 }, (_, i) => and(is(`a${i}`), is(`b${i}`))));
    expect(split(many)).to.deep.equal({ left: undefined, after: many, leftColumns: [] });
  });

  it('stay whole where the context says so; that of the data source is asked of the left side in any case', () => {
    expect(split(is('city'), { pushesDown: false }).after).to.deep.equal(is('city'));
    expect(split(and(is('city'), is('r.code')), { rewrites: false })).to.deep.equal({
      left: is('city'),
      after: is('r.code'),
      leftColumns: [],
    });
    expect(split(is('n'), { pushesDown: false }, is('m')).left).to.deep.equal(is('m'));
  });
});
