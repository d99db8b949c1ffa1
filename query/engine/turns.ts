/** Whose task a free thread takes next. Pure. */

/**
 * Places in the order in which they are to be asked for a task: the highest priority first; those of equal priority
 * take turns, beginning behind the place that had the last one.
 */
export function turns(priorities: readonly number[], last: number): number[] {
  const count = priorities.length;
  const rank = (place: number): number => (place - last - 1 + 2 * count) % count;
  return priorities
    .map((_, place) => place)
    .sort((a, b) => (priorities[b] ?? 0) - (priorities[a] ?? 0) || rank(a) - rank(b));
}

/** The first of the highest priority; -1 when there is none. */
export function firstOf(priorities: readonly number[]): number {
  let best = -1;
  for (const [place, priority] of priorities.entries()) {
    if (best < 0 || priority > (priorities[best] ?? 0)) best = place;
  }
  return best;
}
