/** longSum, doubleSum, floatSum and the minima and maxima: one 8-byte cell a group. */
import { CodedError } from '../../../proto/errors.js';
import { BATCH_ROWS } from '../../../segment/read/view.js';
import type { FrameColumn } from '../../frame.js';
import type { Aggregator, NumericAggregator } from '../../native/model.js';
import type {
  GroupKernel,
  GroupMaskKernel,
  GroupSelKernel,
  MaskKernel,
  QueryKernels,
} from '../../kernels/exports.js';
import { elementsOf } from '../../expression/value.js';
import { cellReader } from '../columns/cells.js';
import { type BlockSource, ComputedNumbers } from '../columns/computed-views.js';
import type { Environment } from '../environment.js';
import type { Accumulator, AccumulatorContext, AggregatorType, Batch } from './accumulator.js';
import { numberOf, once, startOf, type NumericInput, type NumericKind, type NumericOp } from './input.js';
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

class NumericAccumulator implements Accumulator {
  readonly bytesPerGroup = 9;
  readonly name: string;
  readonly #parts: Parts;
  readonly #context: AccumulatorContext;
  readonly #input: NumericInput;
  readonly #column: number;
  readonly #marks: boolean;
  readonly #sel: number;
  readonly #groups: number;
  readonly #kernels: QueryKernels;
  readonly #run: (p: number, n: number, cell: number) => void;
  readonly #runSel: (p: number, sel: number, n: number, cell: number) => void;
  readonly #group: GroupKernel;
  readonly #groupSel: GroupSelKernel;
  readonly #plain: PlainKernels | undefined;
  readonly #masked: MaskedKernels | undefined;
  readonly #width: number;
  /** No cell holds NaN or minus zero. */
  #isPlain = true;
  #seen = 0;
  #groupsSeen = 0;
  #capacity = 0;

  constructor(name: string, parts: Parts, input: NumericInput, context: AccumulatorContext) {
    const { kernels, scratch } = context.environment;
    const { kind, op } = parts;
    this.name = name;
    this.#parts = parts;
    this.#context = context;
    this.#input = input;
    this.#kernels = kernels;
    this.#marks = context.emptyGroups || input.nullBits !== 0;
    this.#sel = input.nullBits === 0 ? 0 : scratch.take(BATCH_ROWS * 4);
    this.#groups = input.nullBits === 0 ? 0 : scratch.take(BATCH_ROWS * 4);
    this.#width = kind === 'float' ? 4 : 8;
    const stem = `${op}${suffixes[kind]}` as const;
    this.#run = kernels[`${stem}Run`];
    this.#runSel = kernels[`${stem}RunSel`];
    this.#group = kernels[`${stem}Group`];
    this.#groupSel = kernels[`${stem}GroupSel`];
    this.#plain = kind === 'double' && op !== 'sum' ? plainKernels(kernels, op) : undefined;
    this.#masked = op === 'sum' ? maskedKernels(kernels, kind) : undefined;
    this.#column = context.cells.add(initialBits(parts), kind === 'float' ? undefined : this.#group);
  }

  markGroups(seen: number): boolean {
    if (this.#marks) return false;
    this.#groupsSeen = seen;
    return true;
  }

  reserve(capacity: number): void {
    if (!this.#marks) return;
    const { scratch } = this.#context.environment;
    const seen = scratch.take(capacity);
    if (this.#capacity > 0) {
      scratch.arena.bytes(seen, capacity).set(scratch.arena.bytes(this.#seen, this.#capacity));
      scratch.give(this.#seen);
    }
    this.#seen = seen;
    this.#capacity = capacity;
  }

  reset(from: number, to: number): void {
    if (this.#marks) this.#context.environment.scratch.arena.bytes(this.#seen + from, to - from).fill(0);
  }

  run(batch: Batch, group: number): void {
    const { nullBits } = this.#input;
    if (nullBits !== 0 && this.#blankOut(batch, nullBits, 1, group)) return;
    const { cells } = this.#context;
    const cell = cells.cells(this.#column) + group * cells.stride;
    const values = this.#input.values(batch.start, batch.rows);
    let { sel, count } = batch;
    if (this.#input.nullBits !== 0) {
      count = this.#withoutNulls(batch);
      sel = this.#sel;
    }
    if (count === 0) return;
    if (this.#marks) this.#kernels.fill8(this.#seen + group, 1);
    if (sel === 0) this.#run(values + batch.from * this.#width, count, cell);
    else this.#runSel(values, sel, count, cell);
  }

  group(batch: Batch): void {
    const { nullBits } = this.#input;
    if (nullBits !== 0 && this.#blankOut(batch, nullBits, 1, undefined)) return;
    const values = this.#input.values(batch.start, batch.rows);
    let { sel, count, groups } = batch;
    if (this.#input.nullBits !== 0) {
      count = this.#withoutNulls(batch);
      sel = this.#sel;
      groups = this.#groups;
    }
    const { cells } = this.#context;
    const seen = this.#marks ? this.#seen : this.#groupsSeen;
    const first = cells.cells(this.#column);
    const { stride, copy } = cells;
    const plain = this.#plainHere(batch);
    if (sel === 0) {
      const kernel = plain?.group ?? this.#group;
      kernel(groups, values + batch.from * this.#width, count, first, stride, copy, seen);
    } else {
      const kernel = plain?.groupSel ?? this.#groupSel;
      kernel(groups, values, sel, count, first, stride, copy, seen);
    }
  }

  masked(batch: Batch, bits: number, flip: 0 | 1, group: number | undefined): boolean {
    return this.#input.nullBits === 0 && this.#blankOut(batch, bits, flip, group);
  }

  /** Sums of all entries, those left out as nothing. */
  #blankOut(batch: Batch, bits: number, flip: 0 | 1, group: number | undefined): boolean {
    if (this.#masked === undefined || batch.sel !== 0) return false;
    const { count, groups } = batch;
    const { cells } = this.#context;
    const { stride, copy } = cells;
    // Before the bits are looked at: computed columns make both together.
    const values = this.#input.values(batch.start, batch.rows) + batch.from * 8;
    const first = batch.start + batch.from;
    const cell = cells.cells(this.#column);
    if (group === undefined) {
      const seen = this.#marks ? this.#seen : 0;
      this.#masked.group(groups, values, count, bits, first, flip, cell, stride, copy, seen);
      return true;
    }
    if (this.#marks) {
      const set = this.#kernels.bitsCount(bits, first, first + count) >>> 0;
      if ((flip === 1 ? count - set : set) === 0) return true;
      this.#kernels.fill8(this.#seen + group, 1);
    }
    this.#masked.run(values, count, bits, first, flip, cell + group * stride);
    return true;
  }

  inBuckets(batch: Batch, ends: number, bucket: number): number {
    const { cells } = this.#context;
    const values = this.#input.values(batch.start, batch.rows);
    let { sel, count } = batch;
    const blanks = sel === 0 && this.#masked !== undefined ? this.#input.nullBits : 0;
    if (this.#input.nullBits !== 0 && blanks === 0) {
      count = this.#withoutNulls(batch);
      sel = this.#sel;
    }
    const op = opCodes[this.#parts.op] + kindCodes[this.#parts.kind];
    const first = cells.cells(this.#column);
    const { start, from } = batch;
    const seen = this.#marks ? this.#seen : 0;
    return (
      this.#kernels.runBuckets(
        op,
        values,
        sel,
        start,
        from,
        count,
        ends,
        bucket,
        first,
        cells.stride,
        seen,
        blanks,
      ) >>> 0
    );
  }

  result(groups: number, count: number): FrameColumn {
    const { environment, cells } = this.#context;
    return cellsColumn(environment, {
      name: this.name,
      type: cellTypes[this.#parts.kind],
      cells: cells.cells(this.#column),
      stride: cells.stride,
      seen: this.#marks ? this.#seen : 0,
      groups,
      count,
    });
  }

  #plainHere(batch: Batch): PlainKernels | undefined {
    if (this.#plain === undefined || !this.#isPlain) return undefined;
    this.#isPlain = this.#input.isPlain(batch.start, batch.rows);
    return this.#isPlain ? this.#plain : undefined;
  }

  /** Entries whose value is not null, into #sel and #groups. */
  #withoutNulls(batch: Batch): number {
    return refineBatch(this.#kernels, batch, this.#input.nullBits, 1, this.#sel, this.#groups);
  }
}

interface PlainKernels {
  readonly group: GroupKernel;
  readonly groupSel: GroupSelKernel;
}

interface MaskedKernels {
  readonly run: MaskKernel;
  readonly group: GroupMaskKernel;
}

function maskedKernels(kernels: QueryKernels, kind: NumericKind): MaskedKernels | undefined {
  if (kind === 'long') return { run: kernels.sumI64Mask, group: kernels.sumI64GroupMask };
  return kind === 'double' ? { run: kernels.sumF64Mask, group: kernels.sumF64GroupMask } : undefined;
}

function plainKernels(kernels: QueryKernels, op: 'min' | 'max'): PlainKernels {
  return { group: kernels[`${op}PlainGroup`], groupSel: kernels[`${op}PlainGroupSel`] };
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
  if (batch.sel === 0 && batch.groups === 0) {
    return kernels.bitsToSelection(bits, start, start + from, start + from + count, flip, sel) >>> 0;
  }
  if (batch.sel === 0) kernels.selectRange(from, count, sel);
  const source = batch.sel === 0 ? sel : batch.sel;
  return kernels.selectionRefine(source, batch.groups, count, bits, start, flip, sel, groups) >>> 0;
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
  const values = { nullBits: numbers.nullBits(), values: (start: number) => numbers.batch(start) };
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
