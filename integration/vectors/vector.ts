/** One line of a vector file, and what is said about it. */
import { CodedError } from '../../proto/errors.js';

export interface Vector {
  readonly [field: string]: unknown;
  readonly error?: VectorError;
  /** Druid repaired a broken text by itself; refusing it is fine too. */
  readonly lenient?: boolean;
  /** The line it was read from: JSON.parse does not tell 1.0 from 1. */
  readonly line?: string;
}

export interface VectorError {
  readonly phase?: string;
  readonly category?: string;
  readonly message?: string;
}

/** Undefined: as Druid. A text says what is wrong. */
export type Verdict = string | undefined;
export type VectorKind = (vector: Vector) => Verdict;

export type Outcome<T> = { readonly value: T } | { readonly thrown: unknown };

export function attempt<T>(run: () => T): Outcome<T> {
  try {
    return { value: run() };
  } catch (thrown) {
    return { thrown };
  }
}

/** Errors by which Druid fails by accident: an error or a sensible value are both fine, a crash is not. */
const accidents: ReadonlySet<string> = new Set([
  'druid:DEFENSIVE',
  'java-bug',
  'server-bug',
  'planner-assertion',
]);

/** Compares the outcome with the vector: its error when it has one, else the value by `check`. */
export function judge<T>(vector: Vector, outcome: Outcome<T>, check: (value: T) => Verdict): Verdict {
  const { error } = vector;
  if ('thrown' in outcome) {
    const { thrown } = outcome;
    if (!(thrown instanceof CodedError)) {
      return `crashed: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`;
    }
    return error !== undefined || vector.lenient === true ? undefined : `failed: ${thrown.message}`;
  }
  if (error === undefined) return check(outcome.value);
  return accidents.has(error.category ?? '')
    ? undefined
    : `gave a value instead of the error ${error.message ?? ''}`;
}

/**
 * The wanted value does not fit its own type (a text inside an ARRAY<LONG>): Druid puts raw elements into typed arrays,
 * which no value of ours can hold. Counted as an exception.
 */
export const illTyped: Verdict = 'the wanted value is not of its own type';
