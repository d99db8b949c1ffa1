/**
 * Group numbers for entries and what stands behind them. Dense: the number is the mixed-radix key itself, when all
 * possible keys are few. Hashed: dimensions are packed into 32-bit words; two words at a time go through a hash table,
 * whose number is the first word of the next pair.
 */
import { BATCH_ROWS } from '../../segment/read/view.js';
import type { Accumulator } from './aggregators/accumulator.js';
import { ByteMarks } from './aggregators/byte-marks.js';
import { spareRows } from './aggregators/cell-table.js';
import type { Environment } from './environment.js';
import { HashTable } from './hash-table.js';

export interface Grouper {
  /** Groups there may be after `more` further entries. */
  bound(more: number): number;
  /**
   * `numbers`: one address per dimension of `count` numbers (u32). Answers the address of the group numbers: `out`, or
   * the numbers themselves when they are the groups.
   */
  group(numbers: readonly number[], count: number, out: number): number;
  /** Numbers of the groups that exist into u32 at an address; how many. */
  existing(): { readonly pointer: number; readonly count: number };
  /** The numbers of one dimension for the existing groups. */
  dimension(index: number): Uint32Array;
  clear(): void;
}

export class DenseGrouper implements Grouper {
  readonly #environment: Environment;
  readonly #radices: readonly number[];
  readonly #size: number;
  /** The groups that exist. */
  readonly #marks: ByteMarks;
  readonly #list: number;
  #count = 0;
  #isMarkedElsewhere = false;

  constructor(environment: Environment, radices: readonly number[], size: number) {
    this.#environment = environment;
    this.#radices = radices;
    this.#size = size;
    const seen = environment.scratch.takeZeroed(size + spareRows);
    this.#marks = new ByteMarks(environment.kernels, seen, size);
    this.#list = environment.scratch.take(size * 4);
  }

  /** One of those that see every group number, in turn, may set the bytes that say which groups exist. */
  leaveMarking(to: readonly Pick<Accumulator, 'markGroups'>[]): void {
    for (const one of to) {
      const marks = { marks: this.#marks, isTaken: this.#isMarkedElsewhere };
      if (one.markGroups?.(marks) === true) this.#isMarkedElsewhere = true;
    }
  }

  /** Possible groups; a byte each stands at `seen` and says whether it exists. */
  get size(): number {
    return this.#size;
  }
  get seen(): number {
    return this.#marks.address;
  }

  bound(): number {
    return this.#size;
  }

  group(numbers: readonly number[], count: number, out: number): number {
    return this.#marked(combined(this.#environment, numbers, this.#radices, count, out), count);
  }

  /** The same; nothing is said of the groups of entries whose row's bit (from `first` on) is not set. */
  groupSome(numbers: readonly number[], count: number, out: number, bits: number, first: number): number {
    const groups = combined(this.#environment, numbers, this.#radices, count, out);
    const seen = this.#isMarkedElsewhere ? 0 : this.#marks.pending();
    if (seen !== 0) this.#environment.kernels.markGroupMask(groups, count, bits, first, 0, seen);
    return groups;
  }

  /** The same; entries whose row's bit (from `first` on) is not set go to the spare groups behind the last. */
  groupMasked(numbers: readonly number[], count: number, out: number, bits: number, first: number): number {
    const groups = combined(this.#environment, numbers, this.#radices, count, out);
    this.#environment.kernels.spareGroups(groups, count, bits, first, 0, this.#size, out);
    return this.#marked(out, count);
  }

  /** The group exists. */
  mark(group: number): void {
    this.#environment.kernels.fill8(this.seen + group, 1);
  }

  #marked(groups: number, count: number): number {
    const seen = this.#isMarkedElsewhere ? 0 : this.#marks.pending(groups, count);
    if (seen !== 0) this.#environment.kernels.markGroup(groups, count, seen);
    return groups;
  }

  existing(): { pointer: number; count: number } {
    this.#count = this.#environment.kernels.markedNumbers(this.seen, this.#size, this.#list) >>> 0;
    return { pointer: this.#list, count: this.#count };
  }

  dimension(index: number): Uint32Array {
    const keys = this.#environment.scratch.arena.u32(this.#list, this.#count);
    return digits(keys, this.#radices, index);
  }

  clear(): void {
    this.#environment.kernels.clearBytes(this.seen, this.#size);
    this.#marks.cleared();
  }
}

/** Address of the mixed-radix numbers of several vectors, the first counting most; a single vector stays where it is. */
function combined(
  { kernels }: Environment,
  numbers: readonly number[],
  radices: readonly number[],
  count: number,
  out: number,
): number {
  let from = numbers[0] ?? 0;
  for (let i = 1; i < numbers.length; i++) {
    kernels.combine32(from, radices[i] ?? 1, numbers[i] ?? 0, count, out);
    from = out;
  }
  return from;
}

/** One digit of mixed-radix keys. */
function digits(keys: Uint32Array, radices: readonly number[], index: number): Uint32Array {
  const own = new Uint32Array(keys);
  let below = 1;
  for (let i = index + 1; i < radices.length; i++) below *= radices[i] ?? 1;
  const radix = radices[index] ?? 1;
  if (below > 1) for (let i = 0; i < own.length; i++) own[i] = Math.floor((own[i] ?? 0) / below);
  if (index > 0) for (let i = 0; i < own.length; i++) own[i] = (own[i] ?? 0) % radix;
  return own;
}

interface Word {
  /** Dimensions [from, to). */
  readonly from: number;
  readonly to: number;
}

export class HashGrouper implements Grouper {
  readonly #environment: Environment;
  readonly #radices: readonly number[];
  readonly #words: readonly Word[];
  readonly #tables: readonly HashTable[];
  readonly #buffers: readonly [number, number, number];
  readonly #pairs: number;
  #list = 0;

  constructor(environment: Environment, radices: readonly number[]) {
    const { scratch } = environment;
    this.#environment = environment;
    this.#radices = radices;
    this.#words = packWords(radices);
    this.#tables = Array.from(
      { length: Math.max(1, this.#words.length - 1) },
      () => new HashTable(environment),
    );
    const buffer = (): number => scratch.take(BATCH_ROWS * 4);
    this.#buffers = [buffer(), buffer(), buffer()];
    this.#pairs = scratch.take(BATCH_ROWS * 8);
  }

  bound(more: number): number {
    return this.#last().count + more;
  }

  group(numbers: readonly number[], count: number, out: number): number {
    const { kernels } = this.#environment;
    const [left, right, between] = this.#buffers;
    const wordAt = (index: number, into: number): number => {
      const word = this.#words[index];
      if (word === undefined) {
        kernels.fill32(into, count, 0);
        return into;
      }
      const radices = this.#radices.slice(word.from, word.to);
      return combined(this.#environment, numbers.slice(word.from, word.to), radices, count, into);
    };
    if (this.#words.length <= 1) {
      kernels.pair64(wordAt(1, right), wordAt(0, left), count, this.#pairs);
      this.#last().number(this.#pairs, count, out);
      return out;
    }
    let first = wordAt(0, left);
    this.#tables.forEach((table, i) => {
      kernels.pair64(first, wordAt(i + 1, right), count, this.#pairs);
      const isLast = i === this.#tables.length - 1;
      table.number(this.#pairs, count, isLast ? out : between);
      first = between;
    });
    return out;
  }

  existing(): { pointer: number; count: number } {
    const { scratch, kernels } = this.#environment;
    const { count } = this.#last();
    if (this.#list !== 0) scratch.give(this.#list);
    this.#list = scratch.take(count * 4);
    kernels.selectRange(0, count, this.#list);
    return { pointer: this.#list, count };
  }

  dimension(index: number): Uint32Array {
    const at = this.#words.findIndex((word) => index >= word.from && index < word.to);
    const word = this.#words[at];
    if (word === undefined) return new Uint32Array(this.#last().count);
    const keys = this.#wordOf(at);
    if (word.to - word.from === 1) return keys;
    return digits(keys, this.#radices.slice(word.from, word.to), index - word.from);
  }

  clear(): void {
    for (const table of this.#tables) table.clear();
  }

  #last(): HashTable {
    const table = this.#tables.at(-1);
    if (table === undefined) throw new Error('a grouper has a table');
    return table;
  }

  /** The values of a word for every group, found by walking the tables back from the last. */
  #wordOf(word: number): Uint32Array {
    let numbers: Uint32Array | undefined;
    for (let t = this.#tables.length - 1; t >= 0; t--) {
      const table = this.#tables[t];
      if (table === undefined) break;
      const halves = this.#environment.scratch.arena.u32(table.list, table.count * 2);
      const wanted = word === t + 1 || (t === 0 && word === 0 && this.#words.length === 1) ? 0 : 1;
      const size = numbers?.length ?? table.count;
      const next = new Uint32Array(size);
      for (let i = 0; i < size; i++)
        next[i] = halves[(numbers?.[i] ?? (numbers === undefined ? i : 0)) * 2 + wanted] ?? 0;
      if (wanted === 0 || t === 0) return next;
      numbers = next;
    }
    return new Uint32Array(0);
  }
}

/** Neighbouring dimensions share a word while their product fits 32 bits. */
function packWords(radices: readonly number[]): Word[] {
  const words: { from: number; to: number }[] = [];
  let product = 1;
  radices.forEach((radix, i) => {
    const last = words.at(-1);
    if (last !== undefined && product * radix <= 2 ** 32) {
      last.to = i + 1;
      product *= radix;
    } else {
      words.push({ from: i, to: i + 1 });
      product = radix;
    }
  });
  return words;
}
