/**
 * What evaluating expressions costs beyond a step a row: long texts, large arrays, calls of lambdas. Whoever evaluates is
 * asked now and then whether to go on, so that a few rows of huge values can't hold a thread. A thread evaluates for one
 * at a time.
 */
import { CodedError } from '../../proto/errors.js';

/** Characters, elements, calls: between two questions. */
const unitsBetween = 1_000_000;
/** What costs less is not counted. */
const unitsLeast = 1_000;
/** For constant parts, which are worked out while the query is read. */
const foldingMost = 50_000_000;

/** Throws when evaluating is to end. */
type Watch = (units: number) => void;

let watch: Watch | undefined;
let units = 0;

export function spend(more: number): void {
  units += more;
  if (units < unitsBetween) return;
  const spent = units;
  units = 0;
  watch?.(spent);
}

/** Counts a value that was made. */
export function spendValue(value: unknown): void {
  const length = typeof value === 'string' || Array.isArray(value) ? value.length : 0;
  if (length >= unitsLeast) spend(length);
}

/** What `run` evaluates is watched; what it throws, and what the watch throws, is passed on. */
export function watched<T>(by: Watch, run: () => T): T {
  const before = watch;
  watch = by;
  try {
    return run();
  } finally {
    watch = before;
  }
}

/** Throws LimitExceeded when constant parts cost too much. */
export function watchFolding<T>(run: () => T): T {
  let left = foldingMost;
  return watched((spent) => {
    left -= spent;
    if (left < 0)
      throw new CodedError(
        'LimitExceeded',
        `constant parts of an expression make more than ${foldingMost} characters`,
      );
  }, run);
}
