/** LIKE: `%` any text, `_` one code point, both across line ends; the whole text must match, case counts. */

/** One code point, or undefined for any. */
type Sign = string | undefined;

export interface LikeParts {
  /** What every match begins with. */
  readonly prefix: string;
  /** What may follow it: nothing, anything, or what the rest of the pattern says. */
  readonly rest: 'empty' | 'any' | 'pattern';
}

/** The pattern cut at its `%`. No escape character unless one is given; a trailing one is ignored. */
function segmentsOf(pattern: string, escape: string | undefined): Sign[][] {
  const segments: Sign[][] = [[]];
  let literal = false;
  for (const character of pattern) {
    if (!literal && character === escape) {
      literal = true;
      continue;
    }
    if (!literal && character === '%') segments.push([]);
    else segments.at(-1)?.push(!literal && character === '_' ? undefined : character);
    literal = false;
  }
  return segments;
}

export function likeParts(pattern: string, escape: string | undefined): LikeParts {
  const segments = segmentsOf(pattern, escape);
  const first = segments[0] ?? [];
  const wild = first.indexOf(undefined);
  const prefix = (wild < 0 ? first : first.slice(0, wild)).join('');
  if (wild >= 0 || segments.slice(1).some(({ length }) => length > 0)) return { prefix, rest: 'pattern' };
  return { prefix, rest: segments.length > 1 ? 'any' : 'empty' };
}

/** The only text a pattern matches; undefined when it has a wildcard. */
export function exactLike(pattern: string, escape: string | undefined): string | undefined {
  const { prefix, rest } = likeParts(pattern, escape);
  return rest === 'empty' ? prefix : undefined;
}

/** Takes time in proportion to the lengths of text and pattern multiplied, whatever the pattern is. */
export function likeMatcher(pattern: string, escape: string | undefined): (value: string) => boolean {
  const segments = segmentsOf(pattern, escape);
  const first = segments[0] ?? [];
  const last = segments.at(-1) ?? [];
  const middle = segments.slice(1, -1).filter(({ length }) => length > 0);
  const { prefix, rest } = likeParts(pattern, escape);
  if (rest === 'empty') return (value) => value === prefix;
  if (rest === 'any') return (value) => value.startsWith(prefix);
  if (segments.length === 1) return (value) => endOf(first, value, 0) === value.length;
  return (value) => {
    let at = endOf(first, value, 0);
    for (const segment of middle) {
      if (at < 0) return false;
      at = findEnd(segment, value, at);
    }
    return at >= 0 && startOf(last, value) >= at;
  };
}

function widthAt(text: string, at: number): number {
  const point = text.codePointAt(at);
  return point === undefined ? 0 : point > 0xffff ? 2 : 1;
}

/** Where a segment that begins at a place ends; -1 = it doesn't match there. */
function endOf(segment: readonly Sign[], text: string, from: number): number {
  let at = from;
  for (const sign of segment) {
    if (at >= text.length) return -1;
    if (sign === undefined) at += widthAt(text, at);
    else if (text.startsWith(sign, at)) at += sign.length;
    else return -1;
  }
  return at;
}

function findEnd(segment: readonly Sign[], text: string, from: number): number {
  const [lead] = segment;
  for (let at = from; at <= text.length; at += Math.max(1, widthAt(text, at))) {
    if (lead !== undefined) {
      at = text.indexOf(lead, at);
      if (at < 0) return -1;
    }
    const end = endOf(segment, text, at);
    if (end >= 0) return end;
  }
  return -1;
}

/** Where a segment that ends with the text begins; -1 = it doesn't match there. */
function startOf(segment: readonly Sign[], text: string): number {
  let at = text.length;
  for (const sign of segment.toReversed()) {
    if (at <= 0) return -1;
    if (sign === undefined) at -= at >= 2 && widthAt(text, at - 2) === 2 ? 2 : 1;
    else if (text.endsWith(sign, at)) at -= sign.length;
    else return -1;
  }
  return at;
}
