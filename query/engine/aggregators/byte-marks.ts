/**
 * A byte a group, set once something is true of it. Setting them takes as long as adding up, so whoever does asks first
 * whether any is left.
 */
import type { QueryKernels } from '../../kernels/exports.js';

/** So few bytes are looked for among a batch's groups instead of setting one an entry. */
const few = 4;

type MarkKernels = Pick<QueryKernels, 'firstUnmarked' | 'markThose'>;

export class ByteMarks {
  /** Of the first group's byte. */
  readonly address: number;
  /** Groups; bytes behind theirs are nobody's business. */
  readonly size: number;
  readonly #kernels: MarkKernels;
  /** Groups below whose bytes are not set: all of them, or the first few. */
  #unset: number[] = [];
  /** Where to look for more of them: no byte is looked at again and again. */
  #lookedTo = 0;

  constructor(kernels: MarkKernels, address: number, size: number) {
    this.#kernels = kernels;
    this.address = address;
    this.size = size;
  }

  /**
   * Where to set the bytes of a batch's entries; 0: nowhere, as all are set. With the entries' groups (u32) at `groups`
   * also when only few are not, which are set here, then.
   */
  pending(groups = 0, count = 0): number {
    const { address, size } = this;
    const kernels = this.#kernels;
    const unset = this.#unset.filter(
      (group) => kernels.firstUnmarked(address, group, group + 1) >>> 0 === group,
    );
    while (unset.length <= few && this.#lookedTo < size) {
      const next = kernels.firstUnmarked(address, this.#lookedTo, size) >>> 0;
      if (next < size) unset.push(next);
      this.#lookedTo = next + 1;
    }
    this.#unset = unset;
    const [a, b = a, c = a, d = a] = unset;
    if (a === undefined || b === undefined || c === undefined || d === undefined) return 0;
    if (groups === 0 || unset.length > few) return address;
    kernels.markThose(groups, count, address, a, b, c, d);
    return 0;
  }

  /** Bytes were cleared. */
  cleared(): void {
    this.#unset = [];
    this.#lookedTo = 0;
  }
}
