/** The answer of a groupBy of many groups, from pieces of its merged groups: never from all of them where it can be helped. */
import { frameBytes } from '../frame-codec.js';
import { FrameCutter } from '../frame-pieces.js';
import type { Frame } from '../frame.js';
import type { JsonSink } from '../json/write.js';
import { mergePartials } from '../merge.js';
import { memoryFull } from '../merge/group-runs.js';
import { pickRows } from '../merge/scan.js';
import { flag } from '../native/context.js';
import type { GroupByQuery } from '../native/model.js';
import type { Steps } from './buckets.js';
import { groupRows, renderGroupBy, writtenRows } from './groupby.js';
import { groupedRows } from './subtotals.js';

/** Ordered groups that are kept beyond those asked for, before the rest is dropped. */
const candidatesMin = 65_536;

/**
 * `pieces`: sorted groups, one row a key. Errors: LimitExceeded where an order needs all groups at a time and they take
 * more than `bytesMax`.
 */
export function* renderGroupByPieces(
  query: GroupByQuery,
  pieces: Iterable<Frame>,
  sink: JsonSink,
  bytesMax: number,
): Steps {
  if (isNatural(query)) {
    yield* inTurn(query, pieces, sink);
    return;
  }
  const most = query.limit === undefined ? Infinity : query.offset + query.limit;
  const isRanked = query.subtotals === undefined && most < Infinity;
  const merged = isRanked ? yield* bestOf(query, pieces, most) : wholeGroups(query, pieces, bytesMax);
  yield* renderGroupBy(query, merged, sink);
}

/** Are groups answered in the order in which they are merged? */
function isNatural({ orderBy, subtotals, dimensions, context }: GroupByQuery): boolean {
  const isPlain = dimensions.every(({ outputType, arrayOf }) => {
    return arrayOf === undefined && (outputType === 'STRING' || outputType === 'LONG');
  });
  return (
    orderBy.length === 0 &&
    subtotals === undefined &&
    dimensions.length > 0 &&
    isPlain &&
    !flag(context.given, 'sortByDimsFirst', false)
  );
}

function* inTurn(query: GroupByQuery, pieces: Iterable<Frame>, sink: JsonSink): Steps {
  const all = { ...query, offset: 0, limit: undefined };
  let skip = query.offset;
  let left = query.limit ?? Infinity;
  let isFirst = true;
  sink.raw('[');
  for (const piece of pieces) {
    const { rows, printer } = writtenRows(all, groupedRows(all, piece));
    const wanted = rows.subarray(Math.min(skip, rows.length), Math.min(rows.length, skip + left));
    skip = Math.max(0, skip - rows.length);
    left -= wanted.length;
    yield* printer.print(wanted, sink, isFirst);
    isFirst &&= wanted.length === 0;
    if (left <= 0) break;
    yield;
  }
  sink.raw(']');
}

/** The groups that come first in the order asked for, as merged groups. */
function* bestOf(
  query: GroupByQuery,
  pieces: Iterable<Frame>,
  most: number,
): Generator<undefined, Frame, undefined> {
  const first = { ...query, offset: 0, limit: most };
  let kept: Frame[] = [];
  let rows = 0;
  const pick = (piece: Frame): Frame => {
    const picked = pickRows(piece, groupRows(first, piece));
    return new FrameCutter(picked).compact(0, picked.rows);
  };
  for (const piece of pieces) {
    const own = pick(piece);
    kept.push(own);
    rows += own.rows;
    if (rows > Math.max(candidatesMin, most * 4)) {
      kept = [pick(mergePartials(query, kept))];
      rows = kept[0]?.rows ?? 0;
    }
    yield;
  }
  return mergePartials(query, kept);
}

function wholeGroups(query: GroupByQuery, pieces: Iterable<Frame>, bytesMax: number): Frame {
  const kept: Frame[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    kept.push(piece);
    bytes += frameBytes(piece);
    if (bytes > bytesMax) throw memoryFull(query, bytesMax);
  }
  return mergePartials(query, kept);
}
