/**
 * Whose task a free thread takes next. Pure: times come as arguments.
 *
 * Queries of one priority go by when they came plus what they are expected to take: a small one overtakes a large one,
 * but none is overtaken for longer than its own size. Beginning one after the other, not all at once, each is done
 * sooner and fewer are half done at a time. Those that turn out to be far larger than what is usual go round among
 * themselves, and have a quarter of the time while others wait, too.
 */
import type { NativeQuery } from '../native/model.js';

export interface Turn {
  readonly priority: number;
  /** When it came, ms. */
  readonly sinceMs: number;
  /** Time of a thread. */
  readonly expectedMs: number;
  /** Time of threads it has had. */
  takenMs: number;
  /** Number of its last turn, 0 = none yet. */
  lastTurn: number;
}

/** What has taken so many times what is usual is large, within these limits: those who came later wait no longer for it. */
const largeTimes = 16;
const largeMinMs = 500;
const largeMaxMs = 4_000;
/** Of time, for others as for large ones. */
const othersShare = 3;
/** What is usual is the middle of what queries took lately: each moves it by so much, whatever its size. */
const usualStep = 1.05;
const usualMinMs = 1;

export class Turns {
  #usualMs = usualMinMs;
  #turn = 0;
  /** Both kinds are waiting; since then each had … */
  #isContest = false;
  #largeMs = 0;
  #othersMs = 0;

  /** Of those that wait, whose turn it is; `running`, one of them, would go on now, having had its own turn. */
  first<T extends Turn>(waiting: readonly T[], running?: T): T | undefined {
    const large = waiting.reduce((count, one) => count + Number(this.isLarge(one)), 0);
    const isContest = large > 0 && large < waiting.length;
    if (isContest && !this.#isContest) {
      this.#largeMs = 0;
      this.#othersMs = 0;
    }
    this.#isContest = isContest;
    const isLargesTurn = this.#largeMs * othersShare < this.#othersMs;
    const place = (one: Turn): number => (this.isLarge(one) === isLargesTurn ? 0 : 1);
    const lastTurn = (one: Turn): number => (one === running ? this.#turn + 1 : one.lastTurn);
    const order = (a: Turn, b: Turn): number =>
      b.priority - a.priority ||
      place(a) - place(b) ||
      (this.isLarge(a) ? lastTurn(a) - lastTurn(b) : 0) ||
      dueMs(a) - dueMs(b);
    let best = waiting[0];
    for (const one of waiting) if (best !== undefined && order(one, best) < 0) best = one;
    return best;
  }

  isLarge({ takenMs }: Turn): boolean {
    return takenMs > Math.min(largeMaxMs, Math.max(largeMinMs, this.#usualMs * largeTimes));
  }

  began(one: Turn): void {
    one.lastTurn = ++this.#turn;
  }

  /** A task of it has had a thread for so long. */
  took(one: Turn, ms: number): void {
    if (this.isLarge(one)) this.#largeMs += ms;
    else this.#othersMs += ms;
    one.takenMs += ms;
  }

  ended({ takenMs }: Turn): void {
    const moved = takenMs > this.#usualMs ? this.#usualMs * usualStep : this.#usualMs / usualStep;
    this.#usualMs = Math.max(usualMinMs, moved);
  }
}

const dueMs = ({ sinceMs, expectedMs }: Turn): number => sinceMs + expectedMs;

/** What a row costs for each column that something is made of, with two threads at work. */
const cellMs = 1.3e-6;
/** Rows are grouped by a column at the price of so many sums. */
const keyCells = 3;

/** A rough guess at the time of a thread; filters and intervals, which leave rows out, are not looked at. */
export function expectedMs(query: NativeQuery, refs: readonly { readonly rows?: number }[]): number {
  const rows = refs.reduce((total, ref) => total + (ref.rows ?? 0), 0);
  return rows * cellsOf(query) * cellMs;
}

function cellsOf(query: NativeQuery): number {
  switch (query.queryType) {
    case 'timeseries':
      return query.aggregations.filter(({ type }) => type !== 'count').length;
    case 'topN':
      return keyCells + query.aggregations.length;
    case 'groupBy':
      return keyCells * query.dimensions.length + query.aggregations.length;
    default:
      return 1;
  }
}

/** The first of the highest priority; -1 when there is none. */
export function firstOf(priorities: readonly number[]): number {
  let best = -1;
  for (const [place, priority] of priorities.entries()) {
    if (best < 0 || priority > (priorities[best] ?? 0)) best = place;
  }
  return best;
}
