/** Sets of texts as ranges, in the order of UTF-16 units. Null lies below every text, the empty one included. */

/** A place between values: before or after one; undefined `value`: before or after all there is. */
interface Cut {
  readonly value: string | undefined;
  readonly after: boolean;
}

/** From one cut to a later one. */
interface Span {
  readonly from: Cut;
  readonly to: Cut;
}

export interface TextRange {
  /** Null: no limit, null values lie in it. */
  readonly lower: string | null;
  readonly lowerClosed: boolean;
  readonly upper: string | null;
  readonly upperClosed: boolean;
}

const start: Cut = { value: undefined, after: false };
const end: Cut = { value: undefined, after: true };

function compareCuts(a: Cut, b: Cut): number {
  if (a.value === undefined || b.value === undefined) {
    if (a.value === b.value) return Number(a.after) - Number(b.after);
    return (a.value === undefined ? a.after : !b.after) ? 1 : -1;
  }
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return Number(a.after) - Number(b.after);
}

const later = (a: Cut, b: Cut): Cut => (compareCuts(a, b) < 0 ? b : a);
const earlier = (a: Cut, b: Cut): Cut => (compareCuts(a, b) < 0 ? a : b);
const isEmpty = ({ from, to }: Span): boolean => compareCuts(from, to) >= 0;

/** The first of ascending spans that ends behind a cut. */
function firstBehind(spans: readonly Span[], cut: Cut): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareCuts(spans[middle]!.to, cut) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Immutable. */
export class TextRanges {
  static readonly nothing = new TextRanges([]);
  static readonly everything = new TextRanges([{ from: start, to: end }]);

  /** Ascending, not touching, none of them empty. */
  readonly #spans: readonly Span[];

  private constructor(spans: readonly Span[]) {
    this.#spans = spans;
  }

  /** One text, or null. */
  static point(value: string | null): TextRanges {
    if (value === null) return new TextRanges([{ from: start, to: { value: '', after: false } }]);
    return new TextRanges([{ from: { value, after: false }, to: { value, after: true } }]);
  }

  /** Between two texts; a limit that is null leaves that side open, null values included. */
  static between({ lower, lowerClosed, upper, upperClosed }: TextRange): TextRanges {
    const from = lower === null ? start : { value: lower, after: !lowerClosed };
    const to = upper === null ? end : { value: upper, after: upperClosed };
    return isEmpty({ from, to }) ? TextRanges.nothing : new TextRanges([{ from, to }]);
  }

  static union(sets: readonly TextRanges[]): TextRanges {
    const sorted = sets.flatMap((set) => set.#spans).toSorted((a, b) => compareCuts(a.from, b.from));
    const joined: Span[] = [];
    for (const span of sorted) {
      const last = joined.at(-1);
      if (last === undefined || compareCuts(last.to, span.from) < 0) joined.push(span);
      else joined[joined.length - 1] = { from: last.from, to: later(last.to, span.to) };
    }
    return new TextRanges(joined);
  }

  complement(): TextRanges {
    const gaps: Span[] = [];
    let from = start;
    for (const span of this.#spans) {
      gaps.push({ from, to: span.from });
      from = span.to;
    }
    gaps.push({ from, to: end });
    return new TextRanges(gaps.filter((gap) => !isEmpty(gap)));
  }

  intersection(other: TextRanges): TextRanges {
    const common: Span[] = [];
    // Of many texts a partition takes a few: those before it are not looked at one by one.
    const first = firstBehind(this.#spans, other.#spans[0]?.from ?? end);
    for (let i = first, j = 0; i < this.#spans.length && j < other.#spans.length;) {
      const a = this.#spans[i]!;
      const b = other.#spans[j]!;
      const both = { from: later(a.from, b.from), to: earlier(a.to, b.to) };
      if (!isEmpty(both)) common.push(both);
      if (compareCuts(a.to, b.to) < 0) i++;
      else j++;
    }
    return new TextRanges(common);
  }

  get isEmpty(): boolean {
    return this.#spans.length === 0;
  }

  /** The texts, when the set holds single texts only; undefined: there are others, or null. */
  points(): readonly string[] | undefined {
    const points: string[] = [];
    for (const { from, to } of this.#spans) {
      if (from.value === undefined || from.value !== to.value) return undefined;
      points.push(from.value);
    }
    return points;
  }

  ranges(): readonly TextRange[] {
    return this.#spans.map(({ from, to }) => ({
      lower: from.value ?? null,
      lowerClosed: from.value !== undefined && !from.after,
      upper: to.value ?? null,
      upperClosed: to.value !== undefined && to.after,
    }));
  }
}
