/** Comparators, LIKE, patterns, numbers as texts. */
import { likeMatcher, likeParts } from '../../query/engine/like.js';
import { exactDoubleText, exactFloatText } from '../../segment/format/java-digits.js';
import { doubleToLong } from '../../query/json/java-number.js';
import { comparatorOf, parseOrdering } from '../../query/sort/comparators.js';
import { extractionVectors } from './extraction-vectors.js';
import { pathVectors } from './path-vectors.js';
import { regexVectors } from './regex-vectors.js';
import { decodeLong } from './typed-value.js';
import { attempt, judge, type Vector, type VectorKind, type Verdict } from './vector.js';

type Text = string | null;

function comparator(vector: Vector): (a: Text, b: Text) => number {
  return comparatorOf(parseOrdering(vector['comparator'], 'lexicographic', 'comparator'));
}

function compare(vector: Vector): Verdict {
  const outcome = attempt(() => Math.sign(comparator(vector)(vector['a'] as Text, vector['b'] as Text)));
  return judge(vector, outcome, (sign) => (sign === vector['sign'] ? undefined : `got ${sign}`));
}

function sort(vector: Vector): Verdict {
  const outcome = attempt(() => (vector['values'] as Text[]).toSorted(comparator(vector)));
  return judge(vector, outcome, (sorted) =>
    JSON.stringify(sorted) === JSON.stringify(vector['sorted']) ? undefined : `got ${JSON.stringify(sorted)}`,
  );
}

function like(vector: Vector): Verdict {
  const value = vector['value'] as Text;
  const escape = (vector['escape'] ?? undefined) as string | undefined;
  const outcome = attempt(() => {
    const matches = likeMatcher(vector['pattern'] as string, escape);
    return value === null ? 'UNKNOWN' : matches(value) ? 'TRUE' : 'FALSE';
  });
  return judge(vector, outcome, (match) => (match === vector['match'] ? undefined : `got ${match}`));
}

const restNames = { empty: 'MATCH_EMPTY', any: 'MATCH_ANY', pattern: 'MATCH_PATTERN' } as const;

function likeCompile(vector: Vector): Verdict {
  const escape = (vector['escape'] ?? undefined) as string | undefined;
  const outcome = attempt(() => likeParts(vector['pattern'] as string, escape));
  return judge(vector, outcome, ({ prefix, rest }) =>
    prefix === vector['prefix'] && restNames[rest] === vector['suffixMatch']
      ? undefined
      : `got ${prefix}, ${rest}`,
  );
}

function name(vector: Vector): Verdict {
  const outcome = attempt(() => parseOrdering(vector['comparator'], 'lexicographic', 'comparator'));
  return judge(vector, outcome, (ordering) =>
    ordering === vector['canonical'] ? undefined : `got ${ordering}`,
  );
}

function doubleToString(vector: Vector): Verdict {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${String(vector['bits'])}`));
  const value = view.getFloat64(0);
  const text = exactDoubleText(value);
  if (text !== vector['string']) return `got ${text}`;
  const asLong = doubleToLong(value);
  return asLong === decodeLong(vector['asLong']) ? undefined : `as long ${asLong}`;
}

function floatToString(vector: Vector): Verdict {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, Number.parseInt(String(vector['bits']), 16));
  const value = view.getFloat32(0);
  const text = exactFloatText(value);
  if (text !== vector['string']) return `got ${text}`;
  const wide = exactDoubleText(value);
  return wide === vector['asDoubleString'] ? undefined : `as double ${wide}`;
}

export const stringVectors: Readonly<Record<string, VectorKind | undefined>> = {
  ...regexVectors,
  ...pathVectors,
  ...extractionVectors,
  likeCompile,
  name,
  compare,
  sort,
  like,
  doubleToString,
  floatToString,
};
