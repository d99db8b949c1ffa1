/**
 * Groups of some rows of a segment: their numbers, the state of their aggregators, and the frames or the table they become.
 * When the working memory is used up the groups so far become a partial result of their own and counting starts
 * afresh: merging partials puts them together again.
 */
import { BATCH_ROWS, type IntervalMs } from '../../segment/read/view.js';
import { CodedError } from '../../proto/errors.js';
import type { Frame, FrameColumn } from '../frame.js';
import type { Aggregator, DimensionSpec, Granularity } from '../native/model.js';
import type { Accumulator, Batch, SelectedRows } from './aggregators/accumulator.js';
import { CellTable } from './aggregators/cell-table.js';
import { inputCache } from './aggregators/input.js';
import { createAccumulators } from './aggregators/registry.js';
import type { SliceClaims } from './claims.js';
import { forEachBatch, selectedCount, type MaskedVisit } from './cursor.js';
import type { Environment, RowSlice } from './environment.js';
import { EntryExploder, type EmptyVisit, type Visit } from './explode.js';
import type { Selected } from './filter.js';
import type { GroupRange, GroupTable } from './group-slices.js';
import { DenseGrouper, HashGrouper, type Grouper } from './grouper.js';
import { keyDimension, type KeyDimension } from './keys.js';
import { BucketNumbers, timeBuckets } from './time-buckets.js';

/** Dense tables may take this much memory, and must not be much larger than the rows that fill them. */
const denseBytesMax = 64 * 1024 * 1024;
const denseSizeMin = 65_536;
const capacityMin = 16_384;
/** A larger table does not stay in a core's cache; entries are then aggregated so many at a time. */
const cachedBytes = 1 << 20;
const nearRows = 2048;
/** So many rows are worth several copies of a small table. */
const busyRowsMin = 100_000;

/** From such a part of the rows on, all of them are grouped; fewer are passed over one by one, very few are listed. */
const spareShare = 3 / 4;
const maskedShare = 1 / 8;

/** Of its working memory a slice takes one in so many parts. */
const slicesShare = 4;

interface GroupingQuery {
  readonly granularity: Granularity;
  readonly dimensions: readonly DimensionSpec[];
  readonly aggregations: readonly Aggregator[];
  /** False: several values in a row are an error. */
  readonly unnests?: boolean;
}

interface TypedQuery extends GroupingQuery {
  readonly typedStates: boolean;
}

/** A row of several values is refused when it is met: rows that are not asked for may have them. */
function refuseMulti(
  environment: Environment,
  selected: Selected,
  dimensions: readonly DimensionSpec[],
  keys: readonly KeyDimension[],
): void {
  const { arena } = environment.scratch;
  for (const [at, { multi }] of keys.entries()) {
    if (multi === undefined) continue;
    forEachBatch(environment, selected, ({ start, rows: blockRows, from, count, sel }) => {
      const offsets = arena.u32(multi.multiBatch(start).offsets, blockRows + 1);
      const rows = sel === 0 ? undefined : arena.u32(sel, count);
      for (let i = 0; i < count; i++) {
        const row = rows === undefined ? from + i : (rows[i] ?? 0);
        if ((offsets[row + 1] ?? 0) - (offsets[row] ?? 0) > 1) throw severalValues(dimensions[at]);
      }
      return true;
    });
  }
}

function severalValues(spec: DimensionSpec | undefined): CodedError {
  return new CodedError(
    'QueryFailed',
    `Encountered multi-value dimension [${spec?.dimension ?? ''}] that cannot be processed with ` +
      "'groupByEnableMultiValueUnnesting' set to false. Consider setting 'groupByEnableMultiValueUnnesting' to true in your query context.",
  );
}

/** Picks the groups to keep (ascending) before their keys are read; undefined = all. No `buckets`: there is one. */
export type Prune = (
  groups: number,
  buckets: BigInt64Array | undefined,
  aggregate: (name: string) => FrameColumn | undefined,
) => Uint32Array | undefined;

interface GroupingOptions {
  readonly prune?: Prune;
  /** The groups are handed over as a table: every possible one has its place. */
  readonly isTable?: boolean;
}

export class Grouping {
  readonly #environment: Environment;
  readonly #selected: Selected;
  readonly #buckets: Float64Array;
  readonly #bucketNumbers: BucketNumbers;
  readonly #keys: readonly KeyDimension[];
  readonly #exploder: EntryExploder | undefined;
  readonly #cells: CellTable;
  readonly #accumulators: readonly Accumulator[];
  readonly #grouper: Grouper;
  /** A single bucket needs no number. */
  readonly #hasBucketKey: boolean;
  readonly #bucketsAt: number;
  readonly #numbers: readonly number[];
  readonly #groups: number;
  readonly #frames: Frame[] = [];
  readonly #prune: Prune | undefined;
  #groupsMax = Infinity;
  #rows = 0;
  #capacity = 0;

  constructor(
    environment: Environment,
    query: TypedQuery,
    intervals: readonly IntervalMs[],
    selected: Selected,
    { prune, isTable = false }: GroupingOptions = {},
  ) {
    const { scratch } = environment;
    this.#environment = environment;
    this.#selected = selected;
    this.#prune = prune;
    this.#buckets = timeBuckets(environment, query.granularity, intervals, true);
    this.#bucketNumbers = new BucketNumbers(environment, this.#buckets, query.granularity);
    this.#keys = query.dimensions.map((spec) => keyDimension(environment, spec));
    const multi = this.#keys.map((key) =>
      key.multi === undefined ? undefined : { view: key.multi, nullNumber: key.nullNumber },
    );
    if (query.unnests === false) refuseMulti(environment, selected, query.dimensions, this.#keys);
    this.#cells = new CellTable(environment);
    this.#accumulators = createAccumulators(query.aggregations, {
      environment,
      cells: this.#cells,
      inputs: inputCache(environment),
      span: selected.hull,
      emptyGroups: false,
      typedStates: query.typedStates,
    });
    this.#hasBucketKey = this.#buckets.length !== 1 || this.#keys.length === 0;
    const rowsMatter =
      this.#hasBucketKey ||
      this.#keys.length > 1 ||
      this.#accumulators.some(({ countsOnly }) => countsOnly !== true);
    this.#exploder = multi.some((key) => key !== undefined)
      ? new EntryExploder(environment, multi, rowsMatter)
      : undefined;
    this.#grouper = this.#chooseGrouper(isTable);
    if (this.#grouper instanceof DenseGrouper) this.#grouper.leaveMarking(this.#accumulators);
    this.#numbers = this.#keys.map(() => scratch.take(BATCH_ROWS * 4));
    this.#bucketsAt = scratch.take(BATCH_ROWS * 4);
    this.#groups = scratch.take(BATCH_ROWS * 4);
  }

  run(): Frame[] {
    this.#count();
    this.#flush(true);
    return this.#frames;
  }

  /** Gives the table of all groups to whoever takes it; there are no frames then. `more`: of rows it helps with. */
  handOver(more: (slice: RowSlice) => Selected): Frame[] {
    this.#count();
    const claims = this.#environment.slice?.claims;
    for (let slice = claims?.others(); slice !== undefined; slice = claims?.others())
      this.#countAll(more(slice));
    const { grouper, marked } = this.#tableParts();
    const { scratch } = this.#environment;
    const { size } = grouper;
    const address = scratch.take(size * (1 + marked.length));
    for (const [i, from] of [grouper.seen, ...marked].entries())
      scratch.arena.bytes(address + size * i, size).set(scratch.arena.bytes(from, size));
    const cells = this.#cells.handOver();
    scratch.handOver(address);
    const table = { cells, address, groups: size, stride: this.#cells.stride, marks: marked.length };
    this.#environment.handOver?.(table);
    return [];
  }

  ofTables(tables: readonly GroupTable[], { index, count }: GroupRange): Frame[] {
    const [own, ...others] = tables;
    if (own === undefined) throw new CodedError('Bug', 'no tables of groups');
    // Each range of groups is added up by one thread, where the first slice left it.
    this.#cells.takeOver(own.cells, own.groups);
    const { grouper, marked } = this.#tableParts();
    const { size } = grouper;
    const { stride } = this.#cells;
    for (const { groups, stride: theirs, marks } of tables)
      if (groups !== size || theirs !== stride || marks !== marked.length)
        throw new CodedError('Bug', 'tables of groups that differ in shape');
    const share = Math.ceil(size / count / 8) * 8;
    const from = Math.min(size, index * share);
    const to = Math.min(size, from + share);
    this.#cells.addUp(
      others.map(({ cells }) => cells),
      from,
      to,
    );
    const { kernels } = this.#environment;
    // Bytes behind the last belong to nobody, or to the next section, which is read as it was.
    const words = Math.ceil((to - from) / 8);
    for (const [i, into] of [grouper.seen, ...marked].entries()) {
      for (const { address } of tables)
        kernels.bitsOr(into + from, address + size * i + from, into + from, words);
    }
    this.#flush(true);
    return this.#frames;
  }

  /** With room for all groups. */
  #tableParts(): { readonly grouper: DenseGrouper; readonly marked: readonly number[] } {
    const grouper = this.#grouper;
    if (!(grouper instanceof DenseGrouper)) throw new CodedError('Bug', 'groups without a table');
    this.#room(grouper.size);
    const marked: number[] = [];
    for (const accumulator of this.#accumulators) {
      const at = accumulator.marks?.();
      if (at === undefined) throw new CodedError('Bug', 'an aggregator whose state is not in the table');
      if (at !== 0) marked.push(at);
    }
    return { grouper, marked };
  }

  #count(): void {
    this.#countAll(this.#selected, this.#environment.slice?.claims);
  }

  #countAll(selected: Selected, claims?: SliceClaims): void {
    const entries: Batch = { start: 0, rows: 0, sel: 0, from: 0, count: 0, groups: 0 };
    const numbers: number[] = [];
    forEachBatch(
      this.#environment,
      selected,
      (batch) => {
        if (this.#exploder === undefined) {
          this.#makeRoom(batch.count);
          this.#keys.forEach((key, i) => {
            numbers[i] = key.numbers(batch, batch.sel, batch.count, this.#numbers[i] ?? 0);
          });
          this.#add(batch, numbers);
          return;
        }
        const visit: Visit = (sel, count, ids) => {
          Object.assign(entries, batch, { sel, count, from: 0 });
          this.#makeRoom(count);
          this.#keys.forEach((key, i) => {
            numbers[i] = ids[i] ?? key.numbers(entries, sel, count, this.#numbers[i] ?? 0);
          });
          this.#add(entries, numbers);
        };
        this.#exploder.explode(batch, visit, this.#emptyVisit(batch));
      },
      this.#maskedVisit(),
      claims,
    );
  }

  /** Rows without values share a group: where groups are ids and no state knows an order, they go there as a whole. */
  #emptyVisit({ start, rows }: Batch): EmptyVisit | undefined {
    const [key, ...others] = this.#keys;
    const grouper = this.#grouper;
    const isPlain = grouper instanceof DenseGrouper && others.length === 0 && !this.#hasBucketKey;
    if (key === undefined || !isPlain) return undefined;
    if (this.#accumulators.some((one) => one.takesSpareGroups !== true)) return undefined;
    const { nullNumber } = key;
    return (sel, count) => {
      this.#room(grouper.bound());
      grouper.mark(nullNumber);
      const batch: Batch = { start, rows, sel, from: 0, count, groups: 0 };
      for (const accumulator of this.#accumulators) accumulator.run(batch, nullNumber);
    };
  }

  /** Rows that are not selected are grouped too, where nobody asks for them: as long as that spares the listing. */
  #maskedVisit(): MaskedVisit | undefined {
    const grouper = this.#grouper;
    const isPlain = grouper instanceof DenseGrouper && this.#exploder === undefined && !this.#hasBucketKey;
    if (!isPlain || this.#accumulators.some((one) => one.takesSpareGroups !== true)) return undefined;
    const canPass = this.#accumulators.every((one) => one.masked !== undefined);
    const visit = (batch: Batch, selected: SelectedRows): void => {
      const { count } = batch;
      const { bits, first } = selected;
      this.#room(grouper.bound());
      const numbers = this.#keys.map((key, i) => key.numbers(batch, 0, count, this.#numbers[i] ?? 0));
      if (!canPass || selected.count >= count * spareShare) {
        this.#aggregate(batch, grouper.groupMasked(numbers, count, this.#groups, bits, first));
        return;
      }
      batch.groups = grouper.groupSome(numbers, count, this.#groups, bits, first);
      this.#nearParts(batch, (part, at) => {
        const isWhole = part.count === count;
        const from = first + at;
        const some = isWhole
          ? selected.count
          : this.#environment.kernels.bitsCount(bits, from, from + part.count) >>> 0;
        if (some === 0) return;
        for (const one of this.#accumulators)
          one.masked?.(part, { bits, first: from, count: some }, undefined);
      });
    };
    return { share: canPass ? maskedShare : spareShare, visit };
  }

  /** Flushes when there may be too many groups: before any numbers of a batch are handed out, as flushing forgets them. */
  #makeRoom(entries: number): void {
    if (this.#grouper instanceof DenseGrouper || this.#grouper.bound(0) === 0) return;
    if (this.#grouper.bound(entries) > this.#groupsMax) this.#flush();
  }

  #add(batch: Batch, keys: readonly number[]): void {
    const { count } = batch;
    this.#room(this.#grouper.bound(count));
    let numbers = keys;
    if (this.#hasBucketKey) {
      this.#bucketNumbers.numbers(batch, batch.sel, count, this.#bucketsAt);
      numbers = [this.#bucketsAt, ...keys];
    }
    this.#aggregate(batch, this.#grouper.group(numbers, count, this.#groups));
  }

  #aggregate(batch: Batch, groups: number): void {
    batch.groups = groups;
    this.#nearParts(batch, (part) => {
      for (const accumulator of this.#accumulators) accumulator.group(part);
    });
  }

  /** So many entries at a time that the rows of the table one aggregator touched are still near for the next one. */
  #nearParts(batch: Batch, visit: (part: Batch, at: number) => void): void {
    if (this.#accumulators.length < 2 || this.#capacity * this.#cells.stride < cachedBytes) {
      visit(batch, 0);
      return;
    }
    const { sel, from, count, groups } = batch;
    for (let at = 0; at < count; at += nearRows) {
      batch.sel = sel === 0 ? 0 : sel + at * 4;
      batch.from = sel === 0 ? from + at : from;
      batch.groups = groups + at * 4;
      batch.count = Math.min(nearRows, count - at);
      visit(batch, at);
    }
  }

  #room(groups: number): void {
    if (groups <= this.#capacity) return;
    let capacity = Math.max(this.#capacity, capacityMin);
    while (capacity < groups) capacity *= 2;
    if (this.#grouper instanceof DenseGrouper) capacity = groups;
    for (const accumulator of this.#accumulators) {
      accumulator.reserve(capacity);
      accumulator.reset(this.#capacity, capacity);
    }
    this.#cells.reserve(capacity, this.#rows > busyRowsMin);
    this.#capacity = capacity;
  }

  #chooseGrouper(isTable: boolean): Grouper {
    const radices = this.#keys.map((key) => key.radix);
    if (this.#hasBucketKey) radices.unshift(Math.max(1, this.#buckets.length));
    const size = radices.reduce((product, radix) => product * radix, 1);
    let bytes = 5;
    for (const accumulator of this.#accumulators) bytes += accumulator.bytesPerGroup;
    const rows = selectedCount(this.#environment, this.#selected);
    this.#rows = rows;
    // A table's entry is 16 bytes and between a quarter and half of them are taken; everything grows by doubling.
    // Slices are grouped side by side, and what they answer is merged anyway.
    const share = this.#environment.slice === undefined ? 1 : slicesShare;
    this.#groupsMax = Math.floor(this.#environment.scratch.budgetBytes / share / (80 + bytes * 2));
    const denseMax = Math.min(denseBytesMax, this.#environment.scratch.budgetBytes / 2);
    const isDense = isTable || (size * bytes <= denseMax && size <= Math.max(denseSizeMin, rows * 4));
    return isDense
      ? new DenseGrouper(this.#environment, radices, size)
      : new HashGrouper(this.#environment, radices);
  }

  /** The groups so far as a frame. Only groups that are complete may be pruned. */
  #flush(isLast = false): void {
    const { pointer, count } = this.#grouper.existing();
    this.#room(count);
    this.#cells.fold();
    const shift = this.#hasBucketKey ? 1 : 0;
    const buckets = this.#hasBucketKey ? this.#bucketStarts(count) : undefined;
    const kept = isLast && this.#frames.length === 0 ? this.#pruned(buckets, pointer, count) : undefined;
    const rows = kept === undefined ? count : kept.rows.length;
    const groups = kept === undefined ? pointer : kept.groups;
    const aggregates = this.#accumulators.map((accumulator) => accumulator.result(groups, rows));
    const keys = this.#keys.map((key, i) => {
      const numbers = this.#grouper.dimension(i + shift);
      return key.column(kept === undefined ? numbers : picked(numbers, kept.rows));
    });
    const values = new BigInt64Array(rows);
    if (buckets === undefined) values.fill(BigInt(this.#buckets[0] ?? 0));
    else if (kept === undefined) values.set(buckets);
    else for (const [i, row] of kept.rows.entries()) values[i] = buckets[row] ?? 0n;
    const bucket: FrameColumn = { name: '__bucket', type: 'LONG', values };
    const isMerged = this.#grouper instanceof DenseGrouper && this.#keys.every((key) => key.isOrdered);
    const columns = [bucket, ...keys, ...aggregates];
    this.#frames.push({ rows, columns, ...(isMerged ? { isMerged } : {}) });
    if (isLast) return;
    this.#grouper.clear();
    for (const key of this.#keys) key.clear();
    for (const accumulator of this.#accumulators) accumulator.reset(0, this.#capacity);
    this.#cells.reset(0, this.#capacity);
  }

  /** Start of each existing group's bucket. */
  #bucketStarts(count: number): BigInt64Array {
    const starts = BigInt64Array.from(this.#buckets, (ms) => BigInt(ms));
    const bucketOf = this.#grouper.dimension(0);
    const buckets = new BigInt64Array(count);
    for (let i = 0; i < count; i++) buckets[i] = starts[bucketOf[i] ?? 0] ?? 0n;
    return buckets;
  }

  /** The groups that are worth reading: as positions among the existing ones, and their numbers (u32) at an address. */
  #pruned(
    buckets: BigInt64Array | undefined,
    pointer: number,
    count: number,
  ): { readonly rows: Uint32Array; readonly groups: number } | undefined {
    const rows = this.#prune?.(count, buckets, (name) =>
      this.#accumulators.find((accumulator) => accumulator.name === name)?.result(pointer, count),
    );
    if (rows === undefined) return undefined;
    const { scratch, kernels } = this.#environment;
    const at = scratch.take(rows.length * 4);
    const groups = scratch.take(rows.length * 4);
    scratch.arena.u32(at, rows.length).set(rows);
    kernels.gather32(pointer, at, rows.length, groups);
    scratch.give(at);
    return { rows, groups };
  }
}

function picked(numbers: Uint32Array, rows: Uint32Array): Uint32Array {
  const some = new Uint32Array(rows.length);
  for (let i = 0; i < some.length; i++) some[i] = numbers[rows[i] ?? 0] ?? 0;
  return some;
}
