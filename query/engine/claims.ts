/**
 * Slices of a segment are taken piece by piece. Threads that are not disturbed take the pieces of their own slice, and
 * no others; one that is done while another has been kept from its slice (its core had something else to do, or it was
 * woken late) goes on with what is left there.
 */
import type { Frame } from '../frame.js';
import type { Environment, RowSlice } from './environment.js';
import { pieceSpan, piecesOf, sliceSpan, type RowSpan } from './rows.js';

/** Of each slice how many of its pieces are taken, in memory that all threads share. */
export const takenBytes = (slices: number): SharedArrayBuffer => new SharedArrayBuffer(slices * 4);

/**
 * Which slice is helped with how many of its pieces, by how many of each are left: with half of where most are, as its
 * own thread may go on at any time. Undefined: with none, the last piece of a slice is nearly done when it is noticed.
 */
export function helpWanted(
  left: readonly number[],
): { readonly slice: number; readonly pieces: number } | undefined {
  let slice = 0;
  for (const [i, pieces] of left.entries()) if (pieces > (left[slice] ?? 0)) slice = i;
  const pieces = Math.floor((left[slice] ?? 0) / 2);
  return pieces <= 0 ? undefined : { slice, pieces };
}

export interface SliceClaims {
  /** The next piece of the own slice; undefined: all are taken. */
  readonly own: () => RowSpan | undefined;
  /** Some rows of another slice as a slice that is nobody else's; undefined: nobody is to be helped. */
  readonly others: () => RowSlice | undefined;
}

/** Claims of slice `index` of `count` of the hull's rows. A thread that `isWanted` elsewhere helps nobody. */
export function sliceClaims(
  hull: RowSpan,
  { index, count }: { readonly index: number; readonly count: number },
  bytes: SharedArrayBuffer,
  isWanted: () => boolean = () => false,
): SliceClaims {
  const taken = new Int32Array(bytes);
  const spans = Array.from({ length: count }, (_, i) => sliceSpan(hull, i, count));
  const sizes = spans.map(piecesOf);
  const evenRows = (hull.to - hull.from) / count;
  const spanOf = (slice: number, first: number, pieces: number): RowSpan =>
    pieceSpan(spans[slice] ?? hull, first, first + pieces);
  return {
    own() {
      const piece = Atomics.add(taken, index, 1);
      return piece < (sizes[index] ?? 0) ? spanOf(index, piece, 1) : undefined;
    },
    others() {
      while (!isWanted()) {
        const seen = sizes.map((_, slice) => Atomics.load(taken, slice));
        const help = helpWanted(sizes.map((size, slice) => size - (seen[slice] ?? size)));
        if (help === undefined) return undefined;
        const { slice, pieces } = help;
        const first = seen[slice] ?? 0;
        if (Atomics.compareExchange(taken, slice, first, first + pieces) !== first) continue;
        const span = spanOf(slice, first, pieces);
        return { span, evenRows, isFirst: span.from === hull.from, isLast: span.to === hull.to };
      }
      return undefined;
    },
  };
}

/** Of ascending ranges what lies in the pieces that are claimed, one after the other; all of them without claims. */
export function* claimedRanges(
  ranges: readonly RowSpan[],
  claims: SliceClaims | undefined,
): Generator<RowSpan, void, undefined> {
  if (claims === undefined) {
    yield* ranges;
    return;
  }
  for (let piece = claims.own(); piece !== undefined; piece = claims.own()) {
    for (const range of ranges) {
      const from = Math.max(range.from, piece.from);
      const to = Math.min(range.to, piece.to);
      if (from < to) yield { from, to };
    }
  }
}

/** What `run` answers of a slice, and of the rows of others that it helps with. */
export function withHelp(environment: Environment, run: (environment: Environment) => Frame[]): Frame[] {
  const frames = run(environment);
  const claims = environment.slice?.claims;
  for (let slice = claims?.others(); slice !== undefined; slice = claims?.others())
    frames.push(...run({ ...environment, slice }));
  return frames;
}
