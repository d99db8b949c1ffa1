/** Partitions by range: the one a row goes to, and which of them values or filters leave over. */
import { filterDomain } from '../../query/native/filter-domain.js';
import { parseFilter } from '../../query/native/filters.js';
import { rowStrings } from '../../ingest/partition/row-strings.js';
import { mayHold } from '../../segment/timeline/partition-domain.js';
import { compareTuples, rangeBucket, type RangeTuple } from '../../segment/timeline/range-bucket.js';
import { parseShardSpec, partitionNumOf, type ShardSpec } from '../../segment/timeline/shard-spec.js';
import { TextRanges } from '../../segment/timeline/text-ranges.js';
import { VectorRow, type JavaValue } from './hash-vectors.js';
import { readDomain, type Domains } from './domain-text.js';
import { sameData, show } from './typed-value.js';
import { attempt, judge, type Vector, type VectorKind, type Verdict } from './vector.js';

/** One evaluator a file: the shard specs stand in the first vectors, the others refer to them. */
export function partitionVectors(): VectorKind {
  let specs: readonly ShardSpec[] = [];
  return (vector) => {
    if (Array.isArray(vector['specs'])) {
      specs = vector['specs'].map((json) => parseShardSpec(json));
      return undefined;
    }
    return vector['row'] === undefined ? possible(vector, specs) : placed(vector, specs);
  };
}

const wrong = (got: unknown, wanted: unknown): Verdict =>
  sameData(got, wanted, 0) ? undefined : `got ${show(got)}, wanted ${show(wanted)}`;

/** Where a row belongs among partitions that cover everything. */
function placed(vector: Vector, specs: readonly ShardSpec[]): Verdict {
  const row = new VectorRow(vector['row'] as Readonly<Record<string, JavaValue>>);
  const outcome = attempt(() => {
    const parts = specs.map((spec) => {
      if (spec.type === 'single') return { dimensions: [spec.dimension], start: startOf(spec.start), spec };
      if (spec.type === 'range') return { dimensions: spec.dimensions, start: spec.start, spec };
      throw new TypeError(`no range: ${spec.type}`);
    });
    const sorted = parts.toSorted((a, b) => compareTuples(a.start ?? [], b.start ?? []));
    const cuts = sorted.slice(1).map(({ start }) => start ?? []);
    const tuple = (sorted[0]?.dimensions ?? []).map((name) => firstText(row, name));
    const found = sorted[rangeBucket(cuts, tuple)];
    return found === undefined ? undefined : partitionNumOf(found.spec);
  });
  return judge(vector, outcome, (got) => wrong(got, vector['partitionNum']));
}

const startOf = (start: string | null): RangeTuple | null => (start === null ? null : [start]);

/** Druid takes several values for null here; Grove refuses such rows before they get so far. */
function firstText(row: VectorRow, name: string): string | null {
  const texts = rowStrings(row, name);
  return texts.length === 1 ? (texts[0] ?? null) : null;
}

function possible(vector: Vector, specs: readonly ShardSpec[]): Verdict {
  const outcome = attempt(() => {
    const domains = readDomain(vector['domain']);
    return specs.map((spec) => mayHold(spec, (dimension) => domains.get(dimension)));
  });
  return judge(vector, outcome, (got) => wrong(got, vector['possible']));
}

/** One evaluator a file: vectors without a spec mean the hashed one before them. */
export function hashPruningVectors(): VectorKind {
  let last: Extract<ShardSpec, { type: 'hashed' }> | undefined;
  return (vector) => {
    const given = vector['spec'] === undefined ? last : parseShardSpec(vector['spec']);
    if (given?.type !== 'hashed') return 'there is no hashed shard spec';
    if (vector['possible'] === undefined) last = given;
    const outcome = attempt(() => readDomain(vector['domain']));
    return judge(vector, outcome, (domains) => prunedBuckets(vector, given, domains));
  };
}

function prunedBuckets(
  vector: Vector,
  spec: Extract<ShardSpec, { type: 'hashed' }>,
  domains: Domains,
): Verdict {
  const holds = (each: ShardSpec): boolean => mayHold(each, (dimension) => domains.get(dimension));
  if (vector['possible'] !== undefined) return wrong(holds(spec), vector['possible']);
  const buckets = Array.from({ length: spec.numBuckets }, (_, bucketId) => holds({ ...spec, bucketId }));
  const name = Object.keys(vector).find((key) => key.startsWith('possibleInBucket'));
  return wrong(buckets, vector[name ?? '']);
}

export function domainOfFilter(vector: Vector): Verdict {
  const outcome = attempt(() =>
    filterDomain(parseFilter(vector['filter'], 'filter'), String(vector['dimension']), 'druid'),
  );
  return judge(vector, outcome, (found: TextRanges | undefined) =>
    wrong(found?.ranges() ?? 'none', vector['domain'] ?? 'none'),
  );
}
