/** longSum, doubleSum, floatSum and the minima and maxima: one 8-byte cell a group. */
import { CodedError } from '../../../proto/errors.js';
import { BATCH_ROWS } from '../../../segment/read/view.js';
import type { FrameColumn } from '../../frame.js';
import type { Aggregator, NumericAggregator } from '../../native/model.js';
import type { QueryKernels } from '../../kernels/exports.js';
import { elementsOf } from '../../expression/value.js';
import { cellReader } from '../columns/cells.js';
import { type BlockSource, ComputedNumbers } from '../columns/computed-views.js';
import { wordsOf, type Environment } from '../environment.js';
import type {
  Accumulator,
  AccumulatorContext,
  AggregatorType,
  Batch,
  GroupMarks,
  SelectedRows,
} from './accumulator.js';
import { ByteMarks } from './byte-marks.js';
import { spareRows } from './cell-table.js';
import { numberOf, once, startOf, type NumericInput, type NumericKind, type NumericOp } from './input.js';
import {
  NarrowKernels,
  type OwnKernels,
  type PlainKernels,
  type ValueKernels,
  wideForm,
} from './narrow-values.js';
import { cellsColumn, nullColumn, type CellType } from './result.js';

interface Parts {
  readonly kind: NumericKind;
  readonly op: NumericOp;
}

function partsOf(type: NumericAggregator['type']): Parts {
  const kind = type.startsWith('long') ? 'long' : type.startsWith('double') ? 'double' : 'float';
  const op = type.endsWith('Sum') ? 'sum' : type.endsWith('Min') ? 'min' : 'max';
  return { kind, op };
}

const cellTypes: Record<NumericKind, CellType> = { long: 'LONG', double: 'DOUBLE', float: 'FLOAT' };
const suffixes = { long: 'I64', double: 'F64', float: 'F32' } as const;

const f64 = new Float64Array(1);
const f32 = new Float32Array(2);
function bitsOf(kind: NumericKind, value: number): bigint {
  if (kind === 'double') {
    f64[0] = value;
    return new BigUint64Array(f64.buffer)[0] ?? 0n;
  }
  f32[0] = value;
  return new BigUint64Array(f32.buffer)[0] ?? 0n;
}

function initialBits({ kind, op }: Parts): bigint {
  const start = startOf(kind, op);
  return typeof start === 'bigint' ? BigInt.asUintN(64, start) : bitsOf(kind, start);
}

const opCodes = { sum: 0, min: 1, max: 2 } as const;
const kindCodes = { long: 0, double: 3, float: 6 } as const;

/** Groups of at most so many: whether all of them have values is looked at after each batch. */
const lazyGroupsMax = 4096;
/** From such a part of the entries on, the others are sent to spare groups instead of being passed over. */
const spareShares = { sum: 3 / 4, long: 3 / 4, others: 1 } as const;
/** Of `runBuckets`: rows whose bit is set are left out; their values are 0 anyway. */
const leaveOut = 1;
const leaveOutZeros = 3;

class NumericAccumulator implements Accumulator {
  readonly bytesPerGroup = 9;
  readonly takesSpareGroups = true;
  readonly name: string;
  readonly #parts: Parts;
  readonly #context: AccumulatorContext;
  readonly #input: NumericInput;
  readonly #column: number;
  readonly #kernels: QueryKernels;
  readonly #wide: ValueKernels;
  readonly #narrow: NarrowKernels | undefined;
  /** Of the values of the batch at hand. */
  #values: ValueKernels;
  /** 0 = there are none. */
  readonly #nulls: number;
  /** Remembers which groups have values. */
  readonly #marks: boolean;
  /** Null rows hold 0, and that changes no sum. */
  readonly #areNullsZero: boolean;
  readonly #buffers: Buffers | undefined;
  readonly #spareShare: number;
  /** No cell holds NaN or minus zero. */
  #isPlain = true;
  /** Groups that have values, where `#marks`. */
  #seen: ByteMarks;
  /** Groups that exist, to be noted here; undefined = somebody else does. */
  #existing: ByteMarks | undefined;
  /** The same, whoever notes them: groups there are checked for values after each batch; undefined = not that way. */
  #wanted: ByteMarks | undefined;
  #capacity = 0;

  constructor(name: string, parts: Parts, input: NumericInput, context: AccumulatorContext) {
    const { kernels, scratch } = context.environment;
    const { kind, op } = parts;
    this.name = name;
    this.#parts = parts;
    this.#context = context;
    this.#input = input;
    this.#kernels = kernels;
    this.#nulls = input.nullBits;
    this.#marks = context.emptyGroups || input.nullBits !== 0;
    this.#areNullsZero = op === 'sum' && input.areNullsZero;
    const buffer = (): number => scratch.take(BATCH_ROWS * 4);
    this.#seen = new ByteMarks(kernels, 0, 0);
    this.#buffers = this.#marks ? { sel: buffer(), groups: buffer(), bits: buffer() } : undefined;
    this.#spareShare =
      op === 'sum' ? spareShares.sum : kind === 'long' ? spareShares.long : spareShares.others;
    const own = ownKernels(kernels, parts);
    const plain = kind === 'double' && op !== 'sum' ? plainKernels(kernels, op) : undefined;
    this.#wide = { form: wideForm, base: 0, width: kind === 'float' ? 4 : 8, own, plain };
    this.#narrow = input.narrow && new NarrowKernels(kernels, op);
    this.#values = this.#wide;
    this.#column = context.cells.add(initialBits(parts), kind === 'float' ? undefined : own.group);
  }

  markGroups({ marks, isTaken }: GroupMarks): boolean {
    if (this.#marks) {
      if (this.#nulls === 0 || !this.#areNullsZero || marks.size > lazyGroupsMax) return false;
      this.#wanted = marks;
    }
    if (!isTaken) this.#existing = marks;
    return !isTaken;
  }

  marks(): number {
    return this.#seen.address;
  }

  reserve(capacity: number): void {
    if (!this.#marks) return;
    const { scratch } = this.#context.environment;
    const seen = scratch.take(capacity + spareRows);
    if (this.#capacity > 0) {
      scratch.arena.bytes(seen, capacity).set(scratch.arena.bytes(this.#seen.address, this.#capacity));
      scratch.give(this.#seen.address);
    }
    this.#seen = new ByteMarks(this.#kernels, seen, capacity);
    this.#capacity = capacity;
  }

  reset(from: number, to: number): void {
    if (!this.#marks) return;
    this.#kernels.clearBytes(this.#seen.address + from, to - from);
    this.#seen.cleared();
  }

  run(batch: Batch, group: number): void {
    const values = this.#valuesOf(batch);
    const { sel, count } = batch;
    if (sel === 0) {
      this.#runMasked(batch, values, group, this.#notNull(batch));
      return;
    }
    if (this.#nulls !== 0 && !this.#areNullsZero) {
      const kept = this.#withoutNulls(batch);
      if (kept.count > 0) this.#runSelected(values, kept.sel, kept.count, group, true);
      return;
    }
    const any = this.#nulls === 0 || this.#kernels.anyKept(sel, count, this.#nulls, batch.start, 1) === 1;
    this.#runSelected(values, sel, count, group, any);
  }

  group(batch: Batch): void {
    const values = this.#valuesOf(batch);
    if (this.#nulls === 0) {
      this.#add(batch, values, this.#toMark(batch));
    } else if (this.#wanted === undefined) {
      this.#groupMasked(batch, values, this.#notNull(batch));
    } else {
      this.#add(batch, values, this.#existing?.pending(batch.groups, batch.count) ?? 0);
      const { address, size } = this.#wanted;
      if (this.#kernels.marksMissing(address, this.#seen.address, size) === 0) return;
      const groups = this.#counting(batch, this.#notNull(batch));
      this.#kernels.markGroup(groups, batch.count, this.#seen.address);
    }
  }

  masked(batch: Batch, { bits, first, count }: SelectedRows, group: number | undefined): void {
    // Before the bits are looked at: computed columns make both together.
    const values = this.#valuesOf(batch);
    let mask: RowMask = { bits, first, flip: 0, kept: count };
    if (this.#nulls !== 0) {
      const words = wordsOf(batch.rows);
      const { bits: both } = this.#room();
      // `bits` from the block's first row on, which is a multiple of 64 rows away from where they begin.
      const block = bits + (first - batch.from) / 8;
      this.#kernels.bitsAndNot(block, this.#nulls + batch.start / 8, both, words);
      mask = { bits: both, first: batch.from, flip: 0 };
      const existing = group === undefined ? (this.#existing?.pending() ?? 0) : 0;
      if (existing !== 0) this.#kernels.markGroupMask(batch.groups, batch.count, bits, first, 0, existing);
    }
    if (group === undefined) this.#groupMasked(batch, values, mask);
    else this.#runMasked(batch, values, group, mask);
  }

  inBuckets(batch: Batch, ends: number, bucket: number): number {
    const { cells } = this.#context;
    const values = this.#valuesOf(batch);
    const isListed = batch.sel !== 0 && this.#nulls !== 0;
    const { sel, start, from, count } = isListed ? this.#withoutNulls(batch) : batch;
    const op = opCodes[this.#parts.op] + kindCodes[this.#parts.kind];
    return (
      this.#kernels.runBuckets(
        op,
        this.#values.form,
        values,
        this.#values.base,
        sel,
        start,
        from,
        count,
        ends,
        bucket,
        cells.cells(this.#column),
        cells.stride,
        this.#seen.address,
        sel === 0 ? this.#nulls : 0,
        this.#areNullsZero ? leaveOutZeros : leaveOut,
      ) >>> 0
    );
  }

  /** Where the batch's values stand; how they do is in `#values`. */
  #valuesOf({ start, rows }: Batch): number {
    const narrow = this.#narrow && this.#input.narrow?.(start);
    this.#values = narrow === undefined ? this.#wide : (this.#narrow?.of(narrow) ?? this.#wide);
    return narrow?.pointer ?? this.#input.values(start, rows);
  }

  result(groups: number, count: number): FrameColumn {
    const { environment, cells } = this.#context;
    return cellsColumn(environment, {
      name: this.name,
      type: cellTypes[this.#parts.kind],
      cells: cells.cells(this.#column),
      stride: cells.stride,
      seen: this.#seen.address,
      groups,
      count,
    });
  }

  /** Entries of a batch without `sel`; a mask without bits keeps all of them. */
  #runMasked(batch: Batch, values: number, group: number, mask: RowMask): void {
    const { cells } = this.#context;
    const { count } = batch;
    const { bits, first, flip } = mask;
    const kept = bits === 0 ? count : this.#keptOf(count, mask);
    if (kept === 0) return;
    if (this.#marks) this.#kernels.fill8(this.#seen.address + group, 1);
    const cell = cells.cells(this.#column) + group * cells.stride;
    const p = values + batch.from * this.#values.width;
    const areOthersZero = flip === 1 && this.#areNullsZero;
    if (kept === count || areOthersZero) this.#values.own.run(p, count, cell);
    else this.#values.own.mask(p, count, bits, first, flip, cell);
  }

  #keptOf(count: number, { bits, first, flip, kept }: RowMask): number {
    if (kept !== undefined) return kept;
    const set = this.#kernels.bitsCount(bits, first, first + count) >>> 0;
    return flip === 1 ? count - set : set;
  }

  #runSelected(values: number, sel: number, count: number, group: number, hasValues: boolean): void {
    const { cells } = this.#context;
    if (this.#marks && hasValues) this.#kernels.fill8(this.#seen.address + group, 1);
    this.#values.own.runSel(values, sel, count, cells.cells(this.#column) + group * cells.stride);
  }

  /** Entries that don't count go to spare groups, or are left out when they are many. */
  #groupMasked(batch: Batch, values: number, mask: RowMask): void {
    if (batch.sel === 0) {
      const kept = this.#keptOf(batch.count, mask);
      if (kept === 0) return;
      if (kept === batch.count) {
        this.#add(batch, values, this.#toMark(batch));
        return;
      }
      if (!this.#marks || kept < batch.count * this.#spareShare) {
        this.#addMasked(batch, values, mask, this.#toMark());
        return;
      }
    }
    const groups = this.#counting(batch, mask);
    this.#add({ ...batch, groups }, values, this.#seen.pending(groups, batch.count));
  }

  /** Bytes to be set for groups that get a value, where each entry of the batch (absent: some entries) counts; 0 = none. */
  #toMark(batch?: Batch): number {
    return (this.#marks ? this.#seen : this.#existing)?.pending(batch?.groups, batch?.count) ?? 0;
  }

  #addMasked(batch: Batch, values: number, { bits, first, flip }: RowMask, seen: number): void {
    const { cells } = this.#context;
    const { from, count, groups } = batch;
    const { groupMask } = this.#plainHere(batch) ?? this.#values.own;
    const p = values + from * this.#values.width;
    const at = cells.cells(this.#column);
    groupMask(groups, p, count, bits, first, flip, at, cells.stride, cells.copy, seen);
  }

  /** Group numbers of the batch's entries, spare ones for those that don't count. */
  #counting({ sel, start, count, groups }: Batch, { bits, first, flip }: RowMask): number {
    const out = this.#room().groups;
    const { spare } = this.#context.cells;
    if (sel === 0) this.#kernels.spareGroups(groups, count, bits, first, flip, spare, out);
    else this.#kernels.spareGroupsSel(groups, sel, count, bits, start, flip, spare, out);
    return out;
  }

  #add(batch: Batch, values: number, seen: number): void {
    const { cells } = this.#context;
    const { sel, from, count, groups } = batch;
    const first = cells.cells(this.#column);
    const { stride, copy } = cells;
    const kernels = this.#plainHere(batch) ?? this.#values.own;
    if (sel === 0)
      kernels.group(groups, values + from * this.#values.width, count, first, stride, copy, seen);
    else kernels.groupSel(groups, values, sel, count, first, stride, copy, seen);
  }

  #plainHere(batch: Batch): PlainKernels | undefined {
    const { plain } = this.#values;
    if (plain === undefined || !this.#isPlain) return undefined;
    this.#isPlain = this.#input.isPlain(batch.start, batch.rows);
    return this.#isPlain ? plain : undefined;
  }

  #withoutNulls(batch: Batch): Batch {
    return this.#listed(batch, this.#notNull(batch));
  }

  #notNull(batch: Batch): RowMask {
    return { bits: this.#nulls, first: batch.start + batch.from, flip: 1 };
  }

  /** The entries that count. */
  #listed(batch: Batch, { bits, first, flip }: RowMask): Batch {
    const { sel, groups } = this.#room();
    const base = first - batch.from;
    const count = refineBatch(this.#kernels, { ...batch, start: base }, bits, flip, sel, groups);
    return { ...batch, sel, count, groups: batch.groups === 0 ? 0 : groups };
  }

  #room(): Buffers {
    if (this.#buffers === undefined) throw new CodedError('Bug', 'every value of the column counts');
    return this.#buffers;
  }
}

/** Of a batch's entries those count whose row's bit differs from `flip`; `first` is the number there of the first. */
interface RowMask {
  readonly bits: number;
  readonly first: number;
  readonly flip: 0 | 1;
  /** Entries that count; absent = nobody counted them yet. */
  readonly kept?: number;
}

/** Room for the entries of a batch. */
interface Buffers {
  readonly sel: number;
  readonly groups: number;
  readonly bits: number;
}

function ownKernels(kernels: QueryKernels, { kind, op }: Parts): OwnKernels {
  const stem = `${op}${suffixes[kind]}` as const;
  return {
    run: kernels[`${stem}Run`],
    runSel: kernels[`${stem}RunSel`],
    mask: kernels[`${stem}Mask`],
    group: kernels[`${stem}Group`],
    groupSel: kernels[`${stem}GroupSel`],
    groupMask: kernels[`${stem}GroupMask`],
  };
}

function plainKernels(kernels: QueryKernels, op: 'min' | 'max'): PlainKernels {
  const stem = `${op}PlainGroup` as const;
  return { group: kernels[stem], groupSel: kernels[`${stem}Sel`], groupMask: kernels[`${stem}Mask`] };
}

/**
 * Entries of a batch whose row's bit differs from `flip`, into `sel` and (when the batch has groups) `groups`.
 * Answers how many. A batch never has more than BATCH_ROWS entries.
 */
export function refineBatch(
  kernels: QueryKernels,
  batch: Batch,
  bits: number,
  flip: 0 | 1,
  sel: number,
  groups: number,
): number {
  const { start, from, count } = batch;
  if (batch.sel !== 0)
    return kernels.selectionRefine(batch.sel, batch.groups, count, bits, start, flip, sel, groups) >>> 0;
  const kept = kernels.bitsToSelection(bits, start, start + from, start + from + count, flip, sel) >>> 0;
  if (batch.groups !== 0) kernels.gather32(batch.groups - from * 4, sel, kept, groups);
  return kept;
}

class NullAccumulator implements Accumulator {
  readonly bytesPerGroup = 0;
  readonly name: string;
  readonly #type: CellType;

  constructor(name: string, type: CellType) {
    this.name = name;
    this.#type = type;
  }
  reserve(): void {}
  reset(): void {}
  run(): void {}
  group(): void {}
  inBuckets(_batch: Batch, _ends: number, bucket: number): number {
    return bucket;
  }
  result(_groups: number, count: number): FrameColumn {
    return nullColumn(this.name, this.#type, count);
  }
}

function numericSpec(spec: Aggregator): NumericAggregator {
  if (!/^(?:long|double|float)(?:Sum|Min|Max)$/.test(spec.type))
    throw new CodedError('Bug', `aggregator[${spec.type}] is not numeric`);
  return spec as NumericAggregator;
}

/** Of a string column with several values in a row, each value counts; undefined for others. */
function severalValues(
  environment: Environment,
  field: string,
  { kind, op }: Parts,
): NumericInput | undefined {
  const column = environment.segment.column(field);
  if (column?.kind !== 'string' || !column.hasMultipleValues) return undefined;
  const reader = cellReader(environment, column);
  const start = startOf(kind, op);
  const source: BlockSource<bigint | number> = {
    open: (start) => reader.open(start),
    at(row) {
      const elements = (elementsOf(reader.at(row)) ?? []) as readonly (string | null)[];
      if (elements.length === 0 || (elements.length === 1 && elements[0] === null)) return null;
      return elements
        .map((each) => (each === null ? start : numberOf(each, kind, op)))
        .reduce((a, b) => {
          if (op === 'sum') return typeof a === 'bigint' ? a + BigInt(b) : a + Number(b);
          return a < b === (op === 'min') ? a : b;
        });
    },
  };
  const numbers = new ComputedNumbers(environment, kind, source);
  const values = {
    nullBits: numbers.nullBits(),
    areNullsZero: numbers.nullsAreZero,
    values: (start: number) => numbers.batch(start),
  };
  return once(environment, values);
}

export const numericAggregator: AggregatorType = {
  create(spec, context) {
    const { name, type, fieldName, expression } = numericSpec(spec);
    const parts = partsOf(type);
    const input =
      severalValues(context.environment, fieldName, parts) ??
      context.inputs(fieldName, parts.kind, parts.op, expression);
    if (input === undefined) return new NullAccumulator(name, cellTypes[parts.kind]);
    return new NumericAccumulator(name, parts, input, context);
  },
  combine: (spec) => partsOf(numericSpec(spec).type).op,
  resultType: (spec) => cellTypes[partsOf(numericSpec(spec).type).kind],
};
