/** Numbers and opaque values computed from other columns, a block at a time, for the rows that are wanted. */
import { BATCH_ROWS, type ComplexColumnView, type NumericColumnView } from '../../../segment/read/view.js';
import { wordsOf, type Environment } from '../environment.js';

/** Sees to the block that starts at `start`; then the value of a row of it, or null. */
export interface BlockSource<T> {
  open(start: number): void;
  at(row: number): T | null;
}

/** Rows of a block somebody asked for: true for all when the environment names none. */
export function wantedTest(environment: Environment): (row: number) => boolean {
  const { wanted, scratch, segment } = environment;
  if (wanted === undefined || wanted.kind === 'all') return () => true;
  if (wanted.kind === 'none') return () => false;
  const bytes = scratch.arena.bytes(wanted.bits, wordsOf(segment.rowCount) * 8);
  return (row) => (((bytes[row >>> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

export class ComputedNumbers implements NumericColumnView {
  readonly kind: 'long' | 'double' | 'float';
  readonly hasNulls = true;
  readonly nullsAreZero = true;
  readonly #environment: Environment;
  readonly #source: BlockSource<bigint | number>;
  readonly #isWanted: (row: number) => boolean;
  readonly #values: number;
  readonly #nulls: number;
  readonly #done: Uint8Array;
  #start = -1;

  constructor(
    environment: Environment,
    kind: 'long' | 'double' | 'float',
    source: BlockSource<bigint | number>,
  ) {
    this.kind = kind;
    this.#environment = environment;
    this.#source = source;
    this.#isWanted = wantedTest(environment);
    const { rowCount } = environment.segment;
    this.#values = environment.scratch.take(BATCH_ROWS * 8);
    this.#nulls = environment.scratch.takeZeroed(wordsOf(rowCount) * 8);
    this.#done = new Uint8Array(Math.ceil(rowCount / BATCH_ROWS));
  }

  batch(start: number): number {
    if (start !== this.#start) this.#compute(start);
    return this.#values;
  }

  /** Says it of the rows of blocks that were read; `computeAll` reads those that nobody has read yet. */
  nullBits(): number {
    return this.#nulls;
  }

  computeAll(): void {
    const last = this.#start;
    this.#done.forEach((isDone, block) => {
      if (isDone === 0) this.#compute(block * BATCH_ROWS);
    });
    if (last >= 0 && last !== this.#start) this.#compute(last);
  }

  #compute(start: number): void {
    const { scratch, segment, check } = this.#environment;
    const { arena } = scratch;
    check();
    const rows = Math.min(BATCH_ROWS, segment.rowCount - start);
    const nulls = arena.bytes(this.#nulls + start / 8, Math.ceil(rows / 8)).fill(0);
    const longs = arena.i64(this.#values, rows);
    const floats = this.kind === 'double' ? arena.f64(this.#values, rows) : arena.f32(this.#values, rows);
    this.#start = -1;
    this.#source.open(start);
    for (let row = 0; row < rows; row++) {
      const value = this.#isWanted(start + row) ? this.#source.at(row) : null;
      if (value === null) nulls[row >>> 3] = (nulls[row >>> 3] ?? 0) | (1 << (row & 7));
      if (this.kind === 'long') longs[row] = typeof value === 'bigint' ? value : 0n;
      else floats[row] = typeof value === 'number' ? value : 0;
    }
    this.#start = start;
    this.#done[start / BATCH_ROWS] = 1;
  }
}

export class ComputedBytes implements ComplexColumnView {
  readonly kind = 'complex';
  readonly typeName: string;
  readonly #source: BlockSource<Uint8Array>;
  #start = -1;

  constructor(typeName: string, source: BlockSource<Uint8Array>) {
    this.typeName = typeName;
    this.#source = source;
  }

  bytes(row: number): Uint8Array | null {
    const start = row - (row % BATCH_ROWS);
    if (start !== this.#start) this.#source.open(start);
    this.#start = start;
    return this.#source.at(row - start);
  }
}
