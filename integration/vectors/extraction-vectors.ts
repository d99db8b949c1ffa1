/** Extraction functions and search specs. */
import { extraction } from '../../query/engine/columns/extraction.js';
import { parseExtraction } from '../../query/native/transforms.js';
import { parseSearchSpec, searchMatcher } from '../../query/native/search-spec.js';
import { exactDoubleText } from '../../segment/format/java-digits.js';
import { show } from './typed-value.js';
import { attempt, judge, type Vector, type VectorKind, type Verdict } from './vector.js';

function extract(vector: Vector): Verdict {
  const input = vector['input'] as string | number | null;
  const outcome = attempt(() => {
    const apply = extraction(parseExtraction(vector['spec'], 'extractionFn'));
    if (typeof input !== 'number') return apply(input);
    return Number.isInteger(input)
      ? apply(String(input), BigInt(input))
      : apply(exactDoubleText(input), input);
  });
  return judge(vector, outcome, (text) =>
    text === (vector['output'] ?? null) ? undefined : `got ${show(text)}`,
  );
}

function accept(vector: Vector): Verdict {
  const outcome = attempt(() =>
    searchMatcher(parseSearchSpec(vector['spec'], 'query'))(vector['value'] as string | null),
  );
  return judge(vector, outcome, (found) => (found === vector['accept'] ? undefined : `got ${found}`));
}

export const extractionVectors: Readonly<Record<string, VectorKind | undefined>> = { extract, accept };
