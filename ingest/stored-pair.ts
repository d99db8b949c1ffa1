/** A time and a value that were stored by a first or last aggregator, when their segment is read again. */
import { timedTime, timedValue, type TimedKind, type TimedScalar } from '../segment/format/timed-values.js';

/** Named as Druid shows them. */
export class StoredPair {
  readonly lhs: bigint;
  readonly rhs: TimedScalar;

  constructor(kind: TimedKind, bytes: Uint8Array) {
    this.lhs = timedTime(bytes);
    this.rhs = timedValue(kind, bytes);
  }
}
