/** Aggregators whose state is a JavaScript object a group; partial results carry it as bytes. */
import { packNulls } from '../../merge/columns.js';
import { DictionaryBuilder } from '../../merge/dictionary.js';
import type { FrameColumn } from '../../frame.js';
import type { Environment } from '../environment.js';
import type { Accumulator, Batch } from './accumulator.js';

export interface ObjectAggregation<S> {
  start(): S;
  /** Points at the block of rows that starts at `start`. */
  open(start: number): void;
  /** The state with a row of the block. */
  add(state: S, row: number): S;
  /** Null: nothing was seen. */
  encode(state: S): Uint8Array | null;
  /** The part of a group without rows, where merging has to see it; null when absent. */
  untouched?(): Uint8Array | null;
}

export class ObjectAccumulator<S> implements Accumulator {
  /** A guess: what a group's state takes is not known beforehand. */
  readonly bytesPerGroup = 256;
  readonly name: string;
  readonly #complexType: string;
  readonly #environment: Environment;
  readonly #aggregation: ObjectAggregation<S>;
  readonly #states: (S | undefined)[] = [];

  constructor(
    name: string,
    complexType: string,
    environment: Environment,
    aggregation: ObjectAggregation<S>,
  ) {
    this.name = name;
    this.#complexType = complexType;
    this.#environment = environment;
    this.#aggregation = aggregation;
  }

  reserve(): void {}

  reset(from: number, to: number): void {
    for (let group = from; group < Math.min(to, this.#states.length); group++)
      this.#states[group] = undefined;
  }

  run(batch: Batch, group: number): void {
    const aggregation = this.#aggregation;
    let state = this.#states[group] ?? aggregation.start();
    aggregation.open(batch.start);
    const rows = this.#rowsOf(batch);
    for (let i = 0; i < batch.count; i++) state = aggregation.add(state, rows?.[i] ?? batch.from + i);
    this.#states[group] = state;
  }

  group(batch: Batch): void {
    const aggregation = this.#aggregation;
    aggregation.open(batch.start);
    const rows = this.#rowsOf(batch);
    const groups = this.#environment.scratch.arena.u32(batch.groups, batch.count);
    for (let i = 0; i < batch.count; i++) {
      const group = groups[i] ?? 0;
      const state = this.#states[group] ?? aggregation.start();
      this.#states[group] = aggregation.add(state, rows?.[i] ?? batch.from + i);
    }
  }

  result(groups: number, count: number): FrameColumn {
    const wanted = this.#environment.scratch.arena.u32(groups, count);
    const builder = new DictionaryBuilder();
    const values = new Uint32Array(count);
    const flags = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const state = this.#states[wanted[i] ?? 0];
      const bytes =
        state === undefined ? (this.#aggregation.untouched?.() ?? null) : this.#aggregation.encode(state);
      if (bytes === null) flags[i] = 1;
      else values[i] = builder.addBytes(bytes);
    }
    const nulls = packNulls(flags);
    const base = {
      name: this.name,
      type: 'COMPLEX',
      complexType: this.#complexType,
      values,
      dictionary: builder.build(),
    } as const;
    return nulls === undefined ? base : { ...base, nulls };
  }

  #rowsOf(batch: Batch): Uint32Array | undefined {
    return batch.sel === 0 ? undefined : this.#environment.scratch.arena.u32(batch.sel, batch.count);
  }
}
