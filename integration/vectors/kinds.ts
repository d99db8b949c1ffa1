/** Which evaluator takes which lines. */
import { bestEffortVector, expressionVector, grammarVector, multiValueVector } from './expression-vectors.js';
import { hashPartition, murmur } from './hash-vectors.js';
import { ingestVectors, segmentId } from './ingest-vectors.js';
import { stringVectors } from './string-vectors.js';
import { timeVectors } from './time-vectors.js';
import type { VectorKind } from './vector.js';

type Kinds = (fn: string) => VectorKind | undefined;

const always =
  (kind: VectorKind): Kinds =>
  () =>
    kind;

/** Undefined for files that this runner does not know. */
export function kindsOfFile(name: string): Kinds | undefined {
  if (name === 'expr-parse.jsonl') return always(grammarVector);
  if (name === 'expr-multivalue.jsonl') return always(multiValueVector);
  if (name === 'expr-besteffort.jsonl') return always(bestEffortVector);
  if (name.startsWith('expr-') || name === 'time-functions.jsonl') return always(expressionVector);
  if (name.startsWith('time-')) return (fn) => timeVectors[fn] ?? ingestVectors[fn];
  if (name.startsWith('strings-')) return (fn) => stringVectors[fn] ?? ingestVectors[fn];
  if (name === 'segment-id.json') return always(segmentId);
  if (name === 'murmur.json') return always(murmur);
  if (name === 'hash-partition.json') return always(hashPartition);
  return undefined;
}
