/**
 * Sums of fractions that do not tell who has worked on them. Each piece of a segment's rows (see rows.ts) has sums of
 * its own, and these are added in the order of the pieces: whichever thread takes which pieces, and however many there
 * are, the last digits are the same.
 */
import type { Aggregator } from '../native/model.js';
import { sliceUnit, type RowSpan } from './rows.js';

const orderless = /^(?:count|longSum|(?:long|double|float)(?:Min|Max))$/;
const sums = /^(?:double|float)Sum$/;

const innermost = (spec: Aggregator): Aggregator =>
  spec.type === 'filtered' ? innermost(spec.aggregator) : spec;

/** Neither its state nor a last digit depends on the order in which rows are seen. */
export const isOrderless = (spec: Aggregator): boolean => orderless.test(innermost(spec).type);

/** There are sums of fractions, and of nothing else does the order of pieces tell. */
export function sumsByPiece(aggregations: readonly Aggregator[]): boolean {
  const types = aggregations.map((spec) => innermost(spec).type);
  return (
    types.some((type) => sums.test(type)) && types.every((type) => sums.test(type) || orderless.test(type))
  );
}

/** Buckets cut where pieces end. */
export interface BucketPieces {
  /** Of the bucket. */
  readonly starts: Float64Array;
  /** The first row. */
  readonly rows: Float64Array;
  /** The row behind the last. */
  readonly ends: Uint32Array;
}

/** `ends`: the row behind the last of each bucket. Only edges of pieces inside the hull cut anything. */
export function bucketPieces(starts: Float64Array, ends: Uint32Array, hull: RowSpan): BucketPieces {
  const most = starts.length + Math.ceil((hull.to - hull.from) / sliceUnit) + 1;
  const pieces = {
    starts: new Float64Array(most),
    rows: new Float64Array(most),
    ends: new Uint32Array(most),
  };
  let count = 0;
  let from = hull.from;
  const add = (start: number, to: number): void => {
    pieces.starts[count] = start;
    pieces.rows[count] = from;
    pieces.ends[count++] = to;
    from = Math.max(from, to);
  };
  for (const [i, start] of starts.entries()) {
    const end = ends[i] ?? 0;
    const last = Math.min(end, hull.to);
    for (let edge = (Math.floor(from / sliceUnit) + 1) * sliceUnit; edge < last; edge += sliceUnit)
      add(start, edge);
    add(start, end);
  }
  return {
    starts: pieces.starts.subarray(0, count),
    rows: pieces.rows.subarray(0, count),
    ends: pieces.ends.subarray(0, count),
  };
}
