/** filtered: the inner aggregator over the entries whose row matches the filter. */
import { CodedError } from '../../../proto/errors.js';
import { BATCH_ROWS } from '../../../segment/read/view.js';
import type { FrameColumn } from '../../frame.js';
import type { Aggregator } from '../../native/model.js';
import { DerivedSegment, restrictedTo } from '../columns/derived-segment.js';
import { evaluateFilter, type Mask } from '../filter.js';
import type { Accumulator, AccumulatorContext, AggregatorType, Batch } from './accumulator.js';
import { inputCache } from './input.js';
import { refineBatch } from './numeric.js';

class FilteredAccumulator implements Accumulator {
  readonly bytesPerGroup: number;
  readonly takesSpareGroups: boolean;
  readonly name: string;
  readonly inBuckets?: (batch: Batch, ends: number, bucket: number) => number;
  readonly #inner: Accumulator;
  readonly #mask: Mask;
  readonly #context: AccumulatorContext;
  readonly #kept: Batch = { start: 0, rows: 0, sel: 0, from: 0, count: 0, groups: 0 };
  readonly #sel: number;
  readonly #groups: number;

  constructor(inner: Accumulator, mask: Mask, context: AccumulatorContext) {
    this.bytesPerGroup = inner.bytesPerGroup;
    this.takesSpareGroups = inner.takesSpareGroups === true;
    this.name = inner.name;
    this.#inner = inner;
    if (inner.inBuckets !== undefined) {
      this.inBuckets = (batch, ends, bucket) => {
        const kept = this.#keep(batch);
        return kept.count === 0 ? bucket : (inner.inBuckets?.(kept, ends, bucket) ?? bucket);
      };
    }
    this.#mask = mask;
    this.#context = context;
    this.#sel = context.environment.scratch.take(BATCH_ROWS * 4);
    this.#groups = context.environment.scratch.take(BATCH_ROWS * 4);
  }

  reserve(capacity: number): void {
    this.#inner.reserve(capacity);
  }
  reset(from: number, to: number): void {
    this.#inner.reset(from, to);
  }
  run(batch: Batch, group: number): void {
    if (this.#isMasked(batch, group)) return;
    const kept = this.#keep(batch);
    if (kept.count > 0) this.#inner.run(kept, group);
  }
  group(batch: Batch): void {
    if (this.#isMasked(batch, undefined)) return;
    const kept = this.#keep(batch);
    if (kept.count > 0) this.#inner.group(kept);
  }
  result(groups: number, count: number): FrameColumn {
    return this.#inner.result(groups, count);
  }

  #isMasked(batch: Batch, group: number | undefined): boolean {
    if (this.#mask.kind !== 'bits' || batch.sel !== 0 || this.#inner.masked === undefined) return false;
    const { bits } = this.#mask;
    const first = batch.start + batch.from;
    const { kernels } = this.#context.environment;
    const matching = kernels.bitsCount(bits, first, first + batch.count) >>> 0;
    if (matching === 0) return true;
    this.#inner.masked(batch, { bits, first, count: matching }, group);
    return true;
  }

  #keep(batch: Batch): Batch {
    if (this.#mask.kind === 'all') return batch;
    const kept = this.#kept;
    kept.start = batch.start;
    kept.rows = batch.rows;
    kept.count = 0;
    if (this.#mask.kind === 'none') return kept;
    const { kernels } = this.#context.environment;
    kept.count = refineBatch(kernels, batch, this.#mask.bits, 0, this.#sel, this.#groups);
    kept.sel = this.#sel;
    kept.groups = batch.groups === 0 ? 0 : this.#groups;
    return kept;
  }
}

function filteredSpec(spec: Aggregator): Extract<Aggregator, { type: 'filtered' }> {
  if (spec.type !== 'filtered') throw new CodedError('Bug', `aggregator[${spec.type}] is not filtered`);
  return spec;
}

function states<T>(found: T | undefined): T {
  if (found === undefined) throw new CodedError('Bug', 'the aggregator has no states');
  return found;
}

/** The inner aggregator under the outer name. */
function innerOf(spec: Aggregator): Aggregator {
  const { aggregator, name } = filteredSpec(spec);
  return { ...aggregator, name };
}

/** Computed inputs are computed for the rows of the filter only, apart from those that others read. */
function innerContext(context: AccumulatorContext, mask: Mask): AccumulatorContext {
  const { segment } = context.environment;
  if (!(segment instanceof DerivedSegment)) return context;
  const environment = restrictedTo(context.environment, mask);
  return { ...context, environment, inputs: inputCache(environment) };
}

export const filteredAggregator: AggregatorType = {
  create(spec, context) {
    const inner = innerOf(spec);
    const mask = evaluateFilter(context.environment, filteredSpec(spec).filter, context.span);
    // Groups exist without any matching row, so the inner state has to remember whether it saw one.
    const accumulator = context
      .types(inner)
      .create(inner, { ...innerContext(context, mask), emptyGroups: true });
    return new FilteredAccumulator(accumulator, mask, context);
  },
  combine: (spec, types) => types(innerOf(spec)).combine(innerOf(spec), types),
  merge: (spec, types) => states(types(innerOf(spec)).merge?.(innerOf(spec), types)),
  finish: (spec, types) => states(types(innerOf(spec)).finish?.(innerOf(spec), types)),
  resultType: (spec, types) => types(innerOf(spec)).resultType(innerOf(spec), types),
};
