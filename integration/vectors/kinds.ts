/** Which evaluator takes which lines. */
import { bestEffortVector, expressionVector, grammarVector, multiValueVector } from './expression-vectors.js';
import { hashPartition, murmur } from './hash-vectors.js';
import { ingestVectors, segmentId } from './ingest-vectors.js';
import { domainOfFilter, hashPruningVectors, partitionVectors } from './pruning-vectors.js';
import { hyperUniqueEstimate, hyperUniqueHash } from './sketch-vectors.js';
import { stringVectors } from './string-vectors.js';
import { timeVectors } from './time-vectors.js';
import type { VectorKind } from './vector.js';

type Kinds = (fn: string) => VectorKind | undefined;

const always =
  (kind: VectorKind): Kinds =>
  () =>
    kind;

/** Files about parts that Grove does not have. */
export const notBuilt: readonly { readonly files: RegExp; readonly reason: string }[] = [
  { files: /^sql-.*\.jsonl$/, reason: 'SQL is not built' },
  { files: /^cost-balancer\.json$/, reason: 'segments are not placed by cost' },
];

/** The evaluators for the lines of a file, by their `fn`. Files of other names are read by `fn` alone. */
export function kindsOfFile(name: string): Kinds {
  if (name === 'expr-parse.jsonl') return always(grammarVector);
  if (name === 'expr-multivalue.jsonl') return always(multiValueVector);
  if (name === 'expr-besteffort.jsonl') return always(bestEffortVector);
  if (name.startsWith('expr-') || name === 'time-functions.jsonl') return always(expressionVector);
  if (name.startsWith('time-')) return (fn) => timeVectors[fn] ?? ingestVectors[fn];
  if (name.startsWith('strings-')) return (fn) => stringVectors[fn] ?? ingestVectors[fn];
  if (name === 'segment-id.json') return always(segmentId);
  if (name === 'murmur.json') return always(murmur);
  if (name === 'hash-partition.json') return always(hashPartition);
  if (name === 'hash-pruning.json') return always(hashPruningVectors());
  if (name === 'range-partition.json' || name === 'single-partition.json') return always(partitionVectors());
  if (name === 'filter-domain.json') return always(domainOfFilter);
  if (name === 'hyperunique-hash.json') return always(hyperUniqueHash);
  if (name === 'hyperunique-estimate.json') return always(hyperUniqueEstimate);
  return (fn) => timeVectors[fn] ?? stringVectors[fn] ?? ingestVectors[fn];
}
