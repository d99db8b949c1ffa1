/** The shape of an aggregator inside the engine: state per group in the arena, updated a batch at a time. */
import type { ExprType, Value } from '../../expression/value.js';
import type { FrameColumn } from '../../frame.js';
import type { Aggregator } from '../../native/model.js';
import type { Environment } from '../environment.js';
import type { RowSpan } from '../rows.js';
import type { ByteMarks } from './byte-marks.js';
import type { CellTable } from './cell-table.js';
import type { InputCache } from './input.js';

/** Some rows of one block of BATCH_ROWS. Row numbers are relative to `start`. */
export interface Batch {
  /** First row of the block, a multiple of BATCH_ROWS. */
  start: number;
  /** Rows the block has. */
  rows: number;
  /** Address of the entries' row numbers (u32); 0 = rows from, from + 1, …. */
  sel: number;
  from: number;
  /** Entries. */
  count: number;
  /** Address of the entries' group numbers (u32); 0 when all go to one group. */
  groups: number;
}

/** Rows of a batch whose bit is set, and how many they are. */
export interface SelectedRows {
  /** Address of a bitset. */
  readonly bits: number;
  /** Number there of the batch's first entry. */
  readonly first: number;
  readonly count: number;
}

export interface GroupMarks {
  readonly marks: ByteMarks;
  /** An accumulator whose turn is before this one's sets the bytes. */
  readonly isTaken: boolean;
}

export interface Accumulator {
  /** Of the result's column. */
  readonly name: string;
  /** Bytes of state a group takes. */
  readonly bytesPerGroup: number;
  /** Makes room for groups 0 … capacity - 1, keeping the state of those there were. */
  reserve(capacity: number): void;
  /** Groups [from, to) start afresh. */
  reset(from: number, to: number): void;
  /** `run` looks at nothing but how many entries there are, `group` at nothing but their groups. */
  readonly countsOnly?: boolean;
  /** Every entry goes to one group. */
  run(batch: Batch, group: number): void;
  /** Entry i goes to group groups[i]. */
  group(batch: Batch): void;
  /**
   * Groups have fixed numbers, and which of them exist is noted. True: `group` sets the byte of each group it is
   * given an entry of, and nobody else has to. False or absent: it does not, as not every entry counts for
   * it, or as another accumulator before this one does.
   */
  markGroups?(marks: GroupMarks): boolean;
  /** Groups may be the spare ones of the table of cells: what goes there is never asked for. */
  readonly takesSpareGroups?: boolean;
  /**
   * Its state is one column of the cells and, at this address, a byte a group (0: none). Absent: its state is elsewhere,
   * too.
   */
  marks?(): number;
  /**
   * `run` (or `group`, when `group` is undefined) of the entries whose row's bit in `bits` is set, of a batch without
   * `sel`; `selected` of them are. Absent: the entries have to be selected first.
   */
  masked?(batch: Batch, selected: SelectedRows, group: number | undefined): void;
  /**
   * Groups are ranges of rows: the row behind the last of each stands at `ends` (u32). The first entry is in group
   * `bucket` or a later one. Answers the last entry's group. Absent: `run` has to be called for each.
   */
  inBuckets?(batch: Batch, ends: number, bucket: number): number;
  /** The state of `count` groups, whose numbers (u32) stand at `groups`. */
  result(groups: number, count: number): FrameColumn;
}

export interface AccumulatorContext {
  readonly environment: Environment;
  readonly inputs: InputCache;
  /** Where aggregators with a cell a group keep them. Whoever made it makes room and folds it before results. */
  readonly cells: CellTable;
  /** The rows that batches may come from. */
  readonly span: RowSpan;
  readonly types: AggregatorTypes;
  /** The groups are time buckets: they may stay without any entry, and must read as null then. */
  readonly emptyGroups: boolean;
  /**
   * States keep the type they start with: Druid holds those of groupBy, and of topN over a dictionary of texts, in
   * buffers of a fixed layout, those of other queries as whatever the last row made of them.
   */
  readonly typedStates: boolean;
}

/** How partial results of an aggregator are merged. */
export type Combine = 'sum' | 'min' | 'max' | 'objects';

/** Two states of one group to one. */
export type MergeStates = (a: Uint8Array, b: Uint8Array) => Uint8Array;

/** What a state stands for in a result; null bytes = no row was seen. */
export interface FinishedStates {
  /** COMPLEX: the type is that of each value. */
  readonly type: 'LONG' | 'DOUBLE' | 'FLOAT' | 'STRING' | 'COMPLEX';
  value(bytes: Uint8Array | null): bigint | number | string | null;
  /** JSON text, where the value alone does not tell. */
  json?(bytes: Uint8Array | null): string;
  /** JSON text of the state as Druid prints it unfinished; absent: as the value. `isGrouped`: by a groupBy. */
  rawJson?(bytes: Uint8Array | null, isGrouped: boolean): string;
  /** Where values may be lists or documents. */
  readonly typed?: TypedStates;
}

/** States as values of the expression language. */
export interface TypedStates {
  /** What values are declared to be; a value may be of another. */
  readonly type: ExprType;
  value(bytes: Uint8Array | null): Value;
  /** Order of two unfinished states. */
  compare(a: Uint8Array | null, b: Uint8Array | null): number;
}

/** One file per type of aggregator; the table of them is registry.ts. */
export interface AggregatorType {
  create(spec: Aggregator, context: AccumulatorContext): Accumulator;
  combine(spec: Aggregator, types: AggregatorTypes): Combine;
  /** Type of the column of partial results. */
  resultType(spec: Aggregator, types: AggregatorTypes): 'LONG' | 'DOUBLE' | 'FLOAT' | 'COMPLEX';
  /** Both are there when the column is COMPLEX. */
  merge?(spec: Aggregator, types: AggregatorTypes): MergeStates;
  finish?(spec: Aggregator, types: AggregatorTypes): FinishedStates;
}

/** The table of registry.ts, handed down to aggregators that hold others. */
export type AggregatorTypes = (spec: Aggregator) => AggregatorType;
