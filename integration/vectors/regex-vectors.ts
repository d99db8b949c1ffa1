/** Java's regular expressions: all matches (ten at most), replacements. */
import { JavaPattern } from '../../query/regex/pattern.js';
import { attempt, judge, type Vector, type VectorKind, type Verdict } from './vector.js';

const most = 10;

function find(vector: Vector): Verdict {
  const text = vector['input'] as string;
  const outcome = attempt(() => {
    const pattern = new JavaPattern(vector['pattern'] as string);
    const matches: unknown[] = [];
    for (const match of pattern.findAll(text)) {
      const groups = Array.from({ length: pattern.groupCount + 1 }, (_, i) => match.group(i));
      matches.push({ start: match.start, end: match.end, groups });
      if (matches.length === most) break;
    }
    return { matches, fullMatch: pattern.matches(text) };
  });
  return judge(vector, outcome, ({ matches, fullMatch }) => {
    if (JSON.stringify(matches) !== JSON.stringify(vector['matches']))
      return `got ${JSON.stringify(matches)}`;
    return fullMatch === vector['fullMatch'] ? undefined : `full match ${fullMatch}`;
  });
}

function replaceAll(vector: Vector): Verdict {
  const outcome = attempt(() =>
    new JavaPattern(vector['pattern'] as string).replaceAll(
      vector['input'] as string,
      vector['replacement'] as string,
    ),
  );
  return judge(vector, outcome, (text) => (text === vector['result'] ? undefined : `got ${text}`));
}

export const regexVectors: Readonly<Record<string, VectorKind | undefined>> = { find, replaceAll };
