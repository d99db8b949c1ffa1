import { expect } from 'chai';
import type { NativeQuery } from '../native/model.js';
import { expectedMs, firstOf, Turns, type Turn } from './turns.js';

const turn = (sinceMs: number, expectedMs: number, priority = 0): Turn => ({
  priority,
  sinceMs,
  expectedMs,
  takenMs: 0,
  lastTurn: 0,
});

/** The order in which they are first, each leaving when it was. */
function order(turns: Turns, waiting: readonly Turn[]): number[] {
  const left = [...waiting];
  const places: number[] = [];
  for (;;) {
    const first = turns.first(left);
    if (first === undefined) return places;
    places.push(waiting.indexOf(first));
    left.splice(left.indexOf(first), 1);
  }
}

describe('turns', () => {
  it('go by when a query came and what it is expected to take', () => {
    expect(order(new Turns(), [turn(0, 100), turn(10, 5), turn(99, 2), turn(99, 0)])).to.deep.equal([
      1, 3, 0, 2,
    ]);
    expect(order(new Turns(), [turn(0, 0), turn(0, 0)])).to.deep.equal([0, 1]);
    expect(new Turns().first([])).to.equal(undefined);
  });

  it('are those of the highest priority before all others', () => {
    const waiting = [turn(0, 0), turn(9, 0, 5), turn(0, 0, -1), turn(3, 0, 5)];
    expect(order(new Turns(), waiting)).to.deep.equal([3, 1, 0, 2]);
  });

  it('go round among those that took far longer than is usual, a quarter of the time', () => {
    const turns = new Turns();
    const large = [turn(0, 1), turn(0, 1)];
    for (const one of large) turns.took(one, 600);
    expect(large.every((one) => turns.isLarge(one))).to.equal(true);
    const given: number[] = [];
    for (let i = 0; i < 16; i++) {
      // Others come all the time.
      const waiting = [...large, turn(1_000 + i, 1)];
      const one = turns.first(waiting)!;
      turns.began(one);
      turns.took(one, 10);
      given.push(waiting.indexOf(one));
    }
    expect(given.join('')).to.equal('2022212220222122');
  });

  it('let a large one interrupt another, whoever had the last turn', () => {
    const turns = new Turns();
    const [running, waiting] = [turn(0, 1), turn(9, 1)];
    for (const one of [running, waiting]) {
      turns.began(one);
      turns.took(one, 600);
    }
    expect(turns.first([running, waiting], running)).to.equal(waiting);
    expect(turns.first([running, waiting])).to.equal(running);
  });

  it('know what is usual', () => {
    const turns = new Turns();
    const one = turn(0, 0);
    turns.took(one, 1_000);
    expect(turns.isLarge(one)).to.equal(true);
    const ended = (takenMs: number, times: number): void => {
      for (let i = 0; i < times; i++) turns.ended({ ...one, takenMs });
    };
    ended(100, 100);
    expect(turns.isLarge(one)).to.equal(false);
    // A few that took for ever change nothing.
    ended(60_000, 5);
    turns.took(one, 1_300);
    expect(turns.isLarge(one)).to.equal(true);
    // Nobody waits for more than this, where all are large.
    ended(60_000, 500);
    expect(turns.isLarge(one)).to.equal(false);
    turns.took(one, 2_000);
    expect(turns.isLarge(one)).to.equal(true);
  });

  it('expect more time of more rows, aggregators and dimensions', () => {
    const sum = { type: 'longSum', name: 's', fieldName: 'x' };
    const of = (query: object, rows?: number): number =>
      expectedMs(query as NativeQuery, [rows === undefined ? {} : { rows }, {}]);
    const timeseries = { queryType: 'timeseries', aggregations: [{ type: 'count', name: 'n' }, sum] };
    expect(of(timeseries)).to.equal(0);
    expect(of(timeseries, 1_000_000)).to.be.closeTo(1.3, 1e-9);
    expect(of({ queryType: 'topN', aggregations: [sum] }, 1_000_000)).to.be.closeTo(5.2, 1e-9);
    const groupBy = { queryType: 'groupBy', dimensions: [{}, {}], aggregations: [sum] };
    expect(of(groupBy, 1_000_000)).to.be.closeTo(9.1, 1e-9);
    expect(of({ queryType: 'scan' }, 1_000_000)).to.be.closeTo(1.3, 1e-9);
  });

  it('of jobs: the oldest of the highest priority', () => {
    expect([firstOf([]), firstOf([0, 0]), firstOf([0, 3, 3, -1])]).to.deep.equal([-1, 0, 1]);
  });
});
