/**
 * The query kernels of kernels.wasm, typed. Addresses are bytes of the arena; counts are entries; results that are row
 * numbers or counts are unsigned (apply `>>> 0`). What each does stands beside its code in assembly/.
 */
import { CodedError } from '../../proto/errors.js';
import type { WasmExports } from '../../segment/kernels/wasm.js';

export interface QueryKernels {
  // aggregate.ts
  sumI64Run(p: number, n: number, cell: number): void;
  sumF64Run(p: number, n: number, cell: number): void;
  sumF32Run(p: number, n: number, cell: number): void;
  minF64Run(p: number, n: number, cell: number): void;
  maxF64Run(p: number, n: number, cell: number): void;
  minI64Run(p: number, n: number, cell: number): void;
  maxI64Run(p: number, n: number, cell: number): void;
  minF32Run(p: number, n: number, cell: number): void;
  maxF32Run(p: number, n: number, cell: number): void;
  sumI64RunSel(p: number, sel: number, n: number, cell: number): void;
  minI64RunSel(p: number, sel: number, n: number, cell: number): void;
  maxI64RunSel(p: number, sel: number, n: number, cell: number): void;
  minF64RunSel(p: number, sel: number, n: number, cell: number): void;
  maxF64RunSel(p: number, sel: number, n: number, cell: number): void;
  minF32RunSel(p: number, sel: number, n: number, cell: number): void;
  maxF32RunSel(p: number, sel: number, n: number, cell: number): void;
  sumF32RunSel(p: number, sel: number, n: number, cell: number): void;
  sumF64RunSel(p: number, sel: number, n: number, cell: number): void;
  sumI64Group(g: number, p: number, n: number, cells: number): void;
  minI64Group(g: number, p: number, n: number, cells: number): void;
  maxI64Group(g: number, p: number, n: number, cells: number): void;
  sumF64Group(g: number, p: number, n: number, cells: number): void;
  minF64Group(g: number, p: number, n: number, cells: number): void;
  maxF64Group(g: number, p: number, n: number, cells: number): void;
  sumF32Group(g: number, p: number, n: number, cells: number): void;
  minF32Group(g: number, p: number, n: number, cells: number): void;
  maxF32Group(g: number, p: number, n: number, cells: number): void;
  sumI64GroupSel(g: number, p: number, sel: number, n: number, cells: number): void;
  minI64GroupSel(g: number, p: number, sel: number, n: number, cells: number): void;
  maxI64GroupSel(g: number, p: number, sel: number, n: number, cells: number): void;
  sumF64GroupSel(g: number, p: number, sel: number, n: number, cells: number): void;
  minF64GroupSel(g: number, p: number, sel: number, n: number, cells: number): void;
  maxF64GroupSel(g: number, p: number, sel: number, n: number, cells: number): void;
  sumF32GroupSel(g: number, p: number, sel: number, n: number, cells: number): void;
  minF32GroupSel(g: number, p: number, sel: number, n: number, cells: number): void;
  maxF32GroupSel(g: number, p: number, sel: number, n: number, cells: number): void;
  countRun(n: number, cell: number): void;
  countGroup(groups: number, n: number, cells: number): void;
  markGroup(groups: number, n: number, seen: number): void;
  fill8(p: number, value: number): void;
  fillCells(p: number, n: number, value: bigint): void;
  convertI64ToF64(p: number, n: number, out: number): void;
  convertI64ToF32(p: number, n: number, out: number): void;
  convertF64ToI64(p: number, n: number, out: number): void;
  convertF64ToF32(p: number, n: number, out: number): void;
  convertF32ToF64(p: number, n: number, out: number): void;
  convertF32ToI64(p: number, n: number, out: number): void;
  // bits.ts
  bitsAnd(a: number, b: number, out: number, words: number): void;
  bitsOr(a: number, b: number, out: number, words: number): void;
  bitsAndNot(a: number, b: number, out: number, words: number): void;
  bitsNot(a: number, out: number, words: number): void;
  bitsCopy(a: number, out: number, words: number): void;
  bitsClear(p: number, words: number): void;
  bitsFillRange(p: number, from: number, to: number, on: number): void;
  bitsCount(p: number, from: number, to: number): number;
  bitsFirst(p: number, from: number, to: number): number;
  bitsLast(p: number, from: number, to: number): number;
  bitsToSelection(bits: number, base: number, from: number, to: number, flip: number, sel: number): number;
  selectRange(from: number, n: number, sel: number): void;
  selectionRefine(
    sel: number,
    groups: number,
    n: number,
    bits: number,
    base: number,
    flip: number,
    outSel: number,
    outGroups: number,
  ): number;
  bitsGather(bits: number, base: number, sel: number, n: number, out: number): number;
  // predicate.ts
  matchIds1(ids: number, n: number, table: number, bits: number): void;
  matchIds2(ids: number, n: number, table: number, bits: number): void;
  matchIds4(ids: number, n: number, table: number, bits: number): void;
  matchIdsMulti(offsets: number, ids: number, n: number, table: number, empty: number, bits: number): void;
  rangeI64(p: number, n: number, low: bigint, high: bigint, bits: number): void;
  rangeF64(p: number, n: number, low: bigint, high: bigint, bits: number): void;
  rangeF32(p: number, n: number, low: bigint, high: bigint, bits: number): void;
  inI64(p: number, n: number, keys: number, count: number, bits: number): void;
  inF64(p: number, n: number, keys: number, count: number, bits: number): void;
  inF32(p: number, n: number, keys: number, count: number, bits: number): void;
  // grouping.ts
  idsWiden(ids: number, width: number, n: number, out: number): void;
  idsGather(ids: number, width: number, sel: number, n: number, out: number): void;
  gather32(p: number, sel: number, n: number, out: number): void;
  gather64(p: number, sel: number, n: number, out: number): void;
  gather32To64(p: number, sel: number, n: number, out: number): void;
  fill32(p: number, n: number, value: number): void;
  widen32To64(p: number, n: number, out: number): void;
  combine32(a: number, multiplier: number, b: number, n: number, out: number): void;
  hashNumber(
    keys: number,
    n: number,
    table: number,
    capacity: number,
    list: number,
    count: number,
    out: number,
  ): number;
  hashRebuild(table: number, capacity: number, list: number, count: number): void;
  numbersWithNull(numbers: number, sel: number, n: number, bits: number, base: number): void;
  explodedCount(offsets: number, sel: number, n: number): number;
  explode(
    offsets: number,
    ids: number,
    sel: number,
    n: number,
    nullId: number,
    source: number,
    out: number,
  ): number;
  bucketNumbers(times: number, sel: number, n: number, edges: number, count: number, out: number): void;
  selectionLowerBound(sel: number, n: number, row: number): number;
  markedNumbers(p: number, n: number, out: number): number;
  lookup64(numbers: number, n: number, table: number, out: number): void;
  lookupBits(numbers: number, n: number, table: number, bits: number): void;
  pair64(a: number, b: number, n: number, out: number): void;
  // pack.ts
  packLz4(source: number, length: number, target: number, table: number): number;
}

const names = [
  'sumI64Run',
  'sumF64Run',
  'sumF32Run',
  'minF64Run',
  'maxF64Run',
  'minI64Run',
  'maxI64Run',
  'minF32Run',
  'maxF32Run',
  'sumI64RunSel',
  'minI64RunSel',
  'maxI64RunSel',
  'minF64RunSel',
  'maxF64RunSel',
  'minF32RunSel',
  'maxF32RunSel',
  'sumF32RunSel',
  'sumF64RunSel',
  'sumI64Group',
  'minI64Group',
  'maxI64Group',
  'sumF64Group',
  'minF64Group',
  'maxF64Group',
  'sumF32Group',
  'minF32Group',
  'maxF32Group',
  'sumI64GroupSel',
  'minI64GroupSel',
  'maxI64GroupSel',
  'sumF64GroupSel',
  'minF64GroupSel',
  'maxF64GroupSel',
  'sumF32GroupSel',
  'minF32GroupSel',
  'maxF32GroupSel',
  'countRun',
  'countGroup',
  'markGroup',
  'fill8',
  'fillCells',
  'convertI64ToF64',
  'convertI64ToF32',
  'convertF64ToI64',
  'convertF64ToF32',
  'convertF32ToF64',
  'convertF32ToI64',
  'bitsAnd',
  'bitsOr',
  'bitsAndNot',
  'bitsNot',
  'bitsCopy',
  'bitsClear',
  'bitsFillRange',
  'bitsCount',
  'bitsFirst',
  'bitsLast',
  'bitsToSelection',
  'selectRange',
  'selectionRefine',
  'bitsGather',
  'matchIds1',
  'matchIds2',
  'matchIds4',
  'matchIdsMulti',
  'rangeI64',
  'rangeF64',
  'rangeF32',
  'inI64',
  'inF64',
  'inF32',
  'idsWiden',
  'idsGather',
  'gather32',
  'gather64',
  'gather32To64',
  'fill32',
  'widen32To64',
  'combine32',
  'hashNumber',
  'hashRebuild',
  'numbersWithNull',
  'explodedCount',
  'explode',
  'bucketNumbers',
  'selectionLowerBound',
  'markedNumbers',
  'lookup64',
  'lookupBits',
  'pair64',
  'packLz4',
] as const satisfies readonly (keyof QueryKernels)[];

/** The query part of an instance; throws Bug when the module was built from other sources. */
export function queryKernels(exports: WasmExports): QueryKernels {
  for (const name of names) {
    if (typeof exports[name] !== 'function') throw new CodedError('Bug', `kernel[${name}] is missing`);
  }
  return exports as unknown as QueryKernels;
}
