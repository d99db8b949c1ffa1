/** A pattern's characters, read the way java.util.regex does: quotes resolved, blanks and comments skipped under (?x). */
import { CodedError } from '../../proto/errors.js';

const isSpace = (point: number): boolean => point === 0x20 || (point >= 9 && point <= 13);
const isLineEnd = (point: number): boolean =>
  point === 0x0a || point === 0x0d || (point | 1) === 0x2029 || point === 0x85;
const isLetter = (point: number): boolean => (point >= 65 && point <= 90) || (point >= 97 && point <= 122);
export const isDigit = (point: number): boolean => point >= 48 && point <= 57;

/** Text between \Q and \E with every sign escaped. */
function withoutQuotes(points: readonly number[]): number[] {
  const result: number[] = [];
  let quoted = false;
  let first = false;
  for (let i = 0; i < points.length; i++) {
    const point = points[i] ?? 0;
    const next = points[i + 1];
    if (point === 0x5c && !quoted && next === 0x51) {
      quoted = true;
      first = true;
      i++;
      continue;
    }
    if (point === 0x5c && quoted && next === 0x45) {
      quoted = false;
      i++;
      continue;
    }
    if (!quoted) {
      result.push(point);
      // An escaped backslash must not begin a quote.
      if (point === 0x5c && next !== undefined) {
        result.push(next);
        i++;
      }
      continue;
    }
    // A digit right behind \Q must not lengthen an escape in front of it.
    if (isDigit(point)) result.push(...(first ? [0x5c, 0x78, 0x33] : []), point);
    else if (point >= 128 || isLetter(point)) result.push(point);
    else result.push(0x5c, point);
    first = false;
  }
  return result;
}

export class Cursor {
  readonly #pattern: string;
  readonly #points: readonly number[];
  at = 0;
  comments = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
    const points = Array.from(pattern, (each) => each.codePointAt(0) ?? 0);
    this.#points = withoutQuotes(points);
  }

  get length(): number {
    return this.#points.length;
  }

  /** The character at a place, 0 behind the end. */
  raw(at: number): number {
    return this.#points[at] ?? 0;
  }

  error(problem: string): CodedError {
    const shown = this.#pattern.length > 200 ? `${this.#pattern.slice(0, 200)}…` : this.#pattern;
    return new CodedError(
      'InvalidInput',
      `pattern[${shown}]: ${problem} near index ${Math.max(0, this.at - 1)}`,
      {
        field: 'pattern',
      },
    );
  }

  peek(): number {
    const point = this.raw(this.at);
    return this.comments ? this.#skipAhead(point) : point;
  }

  next(): number {
    const point = this.raw(++this.at);
    return this.comments ? this.#skipAhead(point) : point;
  }

  read(): number {
    let point = this.raw(this.at++);
    if (!this.comments) return point;
    while (isSpace(point) || point === 0x23) {
      if (point === 0x23) while (point !== 0 && !isLineEnd(point)) point = this.raw(this.at++);
      else point = this.raw(this.at++);
      if (this.at > this.length + 1) return 0;
    }
    return point;
  }

  nextRaw(): number {
    return this.raw(++this.at);
  }

  /** The character behind the one at the cursor; the cursor goes behind both. */
  skip(): number {
    const point = this.raw(this.at + 1);
    this.at += 2;
    return point;
  }

  unread(): void {
    this.at--;
  }

  accept(wanted: string, problem: string): void {
    if (this.read() !== wanted.charCodeAt(0)) throw this.error(problem);
  }

  #skipAhead(given: number): number {
    let point = given;
    while (isSpace(point) || point === 0x23) {
      if (point === 0x23) while (point !== 0 && !isLineEnd(point)) point = this.raw(++this.at);
      else point = this.raw(++this.at);
    }
    return point;
  }
}
