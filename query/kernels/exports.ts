/**
 * The query kernels of kernels.wasm, typed. Addresses are bytes of the arena; counts are entries; results that are row
 * numbers or counts are unsigned (apply `>>> 0`). What each does stands beside its code in assembly/.
 */
import { CodedError } from '../../proto/errors.js';
import type { WasmExports } from '../../segment/kernels/wasm.js';
import { narrowNames, type NarrowExports } from './narrow-exports.js';

export type GroupKernel = (
  g: number,
  p: number,
  n: number,
  cells: number,
  stride: number,
  copy: number,
  seen: number,
) => void;
export type GroupSelKernel = (
  g: number,
  p: number,
  sel: number,
  n: number,
  cells: number,
  stride: number,
  copy: number,
  seen: number,
) => void;

export type MaskKernel = (
  p: number,
  n: number,
  bits: number,
  first: number,
  flip: number,
  cell: number,
) => void;
/** Of entries that are rows first, first + 1, … of a bitset those whose bit differs from `flip`. */
export type GroupMaskKernel = (
  g: number,
  p: number,
  n: number,
  bits: number,
  first: number,
  flip: number,
  cells: number,
  stride: number,
  copy: number,
  seen: number,
) => void;
export interface QueryKernels extends NarrowExports {
  // aggregate.ts
  readonly sumI64Run: (p: number, n: number, cell: number) => void;
  readonly sumF64Run: (p: number, n: number, cell: number) => void;
  readonly sumF32Run: (p: number, n: number, cell: number) => void;
  readonly minF64Run: (p: number, n: number, cell: number) => void;
  readonly maxF64Run: (p: number, n: number, cell: number) => void;
  readonly minI64Run: (p: number, n: number, cell: number) => void;
  readonly maxI64Run: (p: number, n: number, cell: number) => void;
  readonly minF32Run: (p: number, n: number, cell: number) => void;
  readonly maxF32Run: (p: number, n: number, cell: number) => void;
  readonly sumI64RunSel: (p: number, sel: number, n: number, cell: number) => void;
  readonly minI64RunSel: (p: number, sel: number, n: number, cell: number) => void;
  readonly maxI64RunSel: (p: number, sel: number, n: number, cell: number) => void;
  readonly minF64RunSel: (p: number, sel: number, n: number, cell: number) => void;
  readonly maxF64RunSel: (p: number, sel: number, n: number, cell: number) => void;
  readonly minF32RunSel: (p: number, sel: number, n: number, cell: number) => void;
  readonly maxF32RunSel: (p: number, sel: number, n: number, cell: number) => void;
  readonly sumF32RunSel: (p: number, sel: number, n: number, cell: number) => void;
  readonly sumF64RunSel: (p: number, sel: number, n: number, cell: number) => void;
  readonly sumI64Group: GroupKernel;
  readonly minI64Group: GroupKernel;
  readonly maxI64Group: GroupKernel;
  readonly sumF64Group: GroupKernel;
  readonly minF64Group: GroupKernel;
  readonly maxF64Group: GroupKernel;
  readonly sumF32Group: GroupKernel;
  readonly minF32Group: GroupKernel;
  readonly maxF32Group: GroupKernel;
  readonly sumI64GroupSel: GroupSelKernel;
  readonly minI64GroupSel: GroupSelKernel;
  readonly maxI64GroupSel: GroupSelKernel;
  readonly sumF64GroupSel: GroupSelKernel;
  readonly minF64GroupSel: GroupSelKernel;
  readonly maxF64GroupSel: GroupSelKernel;
  readonly sumF32GroupSel: GroupSelKernel;
  readonly minF32GroupSel: GroupSelKernel;
  readonly maxF32GroupSel: GroupSelKernel;
  readonly minPlainGroup: GroupKernel;
  readonly maxPlainGroup: GroupKernel;
  readonly minPlainGroupSel: GroupSelKernel;
  readonly maxPlainGroupSel: GroupSelKernel;
  readonly isPlainF64: (p: number, n: number) => number;
  readonly countRun: (n: number, cell: number) => void;
  readonly countGroup: (
    groups: number,
    n: number,
    cells: number,
    stride: number,
    copy: number,
    seen: number,
  ) => void;
  readonly runBuckets: (
    op: number,
    form: number,
    p: number,
    base: number,
    sel: number,
    start: number,
    from: number,
    n: number,
    ends: number,
    bucket: number,
    cells: number,
    stride: number,
    seen: number,
    bits: number,
    flip: number,
  ) => number;
  readonly markGroup: (groups: number, n: number, seen: number) => void;
  readonly fill8: (p: number, value: number) => void;
  readonly fillCells: (p: number, n: number, stride: number, value: bigint) => void;
  readonly gatherCells: (cells: number, stride: number, groups: number, n: number, out: number) => void;
  // convert.ts
  readonly convertI64ToF64: (p: number, n: number, out: number) => void;
  readonly convertI64ToF32: (p: number, n: number, out: number) => void;
  readonly convertF64ToI64: (p: number, n: number, out: number) => void;
  readonly convertF64ToF32: (p: number, n: number, out: number) => void;
  readonly convertF32ToF64: (p: number, n: number, out: number) => void;
  readonly convertF32ToI64: (p: number, n: number, out: number) => void;
  // masks.ts
  readonly sumI64Mask: MaskKernel;
  readonly sumF64Mask: MaskKernel;
  readonly sumF32Mask: MaskKernel;
  readonly minI64Mask: MaskKernel;
  readonly minF64Mask: MaskKernel;
  readonly minF32Mask: MaskKernel;
  readonly maxI64Mask: MaskKernel;
  readonly maxF64Mask: MaskKernel;
  readonly maxF32Mask: MaskKernel;
  // grouped-masks.ts
  readonly sumI64GroupMask: GroupMaskKernel;
  readonly minI64GroupMask: GroupMaskKernel;
  readonly maxI64GroupMask: GroupMaskKernel;
  readonly sumF64GroupMask: GroupMaskKernel;
  readonly minF64GroupMask: GroupMaskKernel;
  readonly maxF64GroupMask: GroupMaskKernel;
  readonly sumF32GroupMask: GroupMaskKernel;
  readonly minF32GroupMask: GroupMaskKernel;
  readonly maxF32GroupMask: GroupMaskKernel;
  readonly minPlainGroupMask: GroupMaskKernel;
  readonly maxPlainGroupMask: GroupMaskKernel;
  readonly countGroupMask: (
    groups: number,
    n: number,
    bits: number,
    first: number,
    flip: number,
    cells: number,
    stride: number,
    copy: number,
    seen: number,
  ) => void;
  readonly markGroupMask: (
    groups: number,
    n: number,
    bits: number,
    first: number,
    flip: number,
    seen: number,
  ) => void;
  readonly spareGroups: (
    groups: number,
    n: number,
    bits: number,
    first: number,
    flip: number,
    spare: number,
    out: number,
  ) => void;
  readonly spareGroupsSel: (
    groups: number,
    sel: number,
    n: number,
    bits: number,
    base: number,
    flip: number,
    spare: number,
    out: number,
  ) => void;
  readonly anyKept: (sel: number, n: number, bits: number, base: number, flip: number) => number;
  readonly firstUnmarked: (p: number, from: number, n: number) => number;
  readonly markThose: (
    groups: number,
    n: number,
    seen: number,
    a: number,
    b: number,
    c: number,
    d: number,
  ) => void;
  readonly marksMissing: (wanted: number, seen: number, n: number) => number;
  // segment/kernels/assembly/bitmap.ts
  readonly zero_marked: (p: number, width: number, n: number, bits: number, first: number) => void;
  // bits.ts
  readonly bitsAnd: (a: number, b: number, out: number, words: number) => void;
  readonly bitsOr: (a: number, b: number, out: number, words: number) => void;
  readonly bitsAndNot: (a: number, b: number, out: number, words: number) => void;
  readonly bitsNot: (a: number, out: number, words: number) => void;
  readonly bitsCopy: (a: number, out: number, words: number) => void;
  readonly clearBytes: (p: number, n: number) => void;
  readonly bitsClear: (p: number, words: number) => void;
  readonly bitsFillRange: (p: number, from: number, to: number, on: number) => void;
  readonly bitsCount: (p: number, from: number, to: number) => number;
  readonly bitsFirst: (p: number, from: number, to: number) => number;
  readonly bitsLast: (p: number, from: number, to: number) => number;
  readonly bitsToSelection: (
    bits: number,
    base: number,
    from: number,
    to: number,
    flip: number,
    sel: number,
  ) => number;
  readonly selectRange: (from: number, n: number, sel: number) => void;
  readonly selectionRefine: (
    sel: number,
    groups: number,
    n: number,
    bits: number,
    base: number,
    flip: number,
    outSel: number,
    outGroups: number,
  ) => number;
  // predicate.ts
  readonly matchIds1: (ids: number, n: number, table: number, bits: number) => void;
  readonly matchIds2: (ids: number, n: number, table: number, bits: number) => void;
  readonly matchIds4: (ids: number, n: number, table: number, bits: number) => void;
  readonly matchIdsMulti: (
    offsets: number,
    ids: number,
    n: number,
    table: number,
    empty: number,
    bits: number,
  ) => void;
  readonly rangeI64: (p: number, n: number, low: bigint, high: bigint, bits: number) => void;
  readonly rangeF64: (p: number, n: number, low: bigint, high: bigint, bits: number) => void;
  readonly rangeF32: (p: number, n: number, low: bigint, high: bigint, bits: number) => void;
  readonly inI64: (p: number, n: number, keys: number, count: number, bits: number) => void;
  readonly inF64: (p: number, n: number, keys: number, count: number, bits: number) => void;
  readonly inF32: (p: number, n: number, keys: number, count: number, bits: number) => void;
  // grouping.ts
  readonly idsWiden: (ids: number, width: number, n: number, out: number) => void;
  readonly idsGather: (ids: number, width: number, sel: number, n: number, out: number) => void;
  readonly gather32: (p: number, sel: number, n: number, out: number) => void;
  readonly gather64: (p: number, sel: number, n: number, out: number) => void;
  readonly gather32To64: (p: number, sel: number, n: number, out: number) => void;
  readonly fill32: (p: number, n: number, value: number) => void;
  readonly combine32: (a: number, multiplier: number, b: number, n: number, out: number) => void;
  readonly hashNumber: (
    keys: number,
    n: number,
    table: number,
    capacity: number,
    list: number,
    count: number,
    out: number,
  ) => number;
  readonly hashRebuild: (table: number, capacity: number, list: number, count: number) => void;
  readonly numbersWithNull: (numbers: number, sel: number, n: number, bits: number, base: number) => void;
  readonly explodedCount: (offsets: number, sel: number, n: number) => number;
  readonly explode: (
    offsets: number,
    ids: number,
    sel: number,
    n: number,
    nullId: number,
    source: number,
    sources: number,
    out: number,
  ) => number;
  readonly explodeRange: (
    offsets: number,
    ids: number,
    from: number,
    n: number,
    nullId: number,
    sources: number,
    out: number,
  ) => number;
  readonly anyEmpty: (offsets: number, from: number, n: number) => number;
  readonly emptyRows: (offsets: number, from: number, n: number, out: number) => number;
  readonly rowsOfValues: (offsets: number, from: number, n: number, out: number) => number;
  readonly filledRows: (offsets: number, n: number, bits: number) => void;
  readonly bucketNumbers: (
    times: number,
    sel: number,
    n: number,
    edges: number,
    count: number,
    out: number,
  ) => void;
  readonly selectionLowerBound: (sel: number, n: number, row: number) => number;
  readonly markedNumbers: (p: number, n: number, out: number) => number;
  readonly lookupBits: (numbers: number, n: number, table: number, bits: number) => void;
  readonly pair64: (a: number, b: number, n: number, out: number) => void;
  readonly lowerBoundI64: (p: number, n: number, value: bigint) => number;
  // pack.ts
  readonly packLz4: (source: number, length: number, target: number, table: number) => number;
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
  'minPlainGroup',
  'maxPlainGroup',
  'minPlainGroupSel',
  'maxPlainGroupSel',
  'isPlainF64',
  'countRun',
  'countGroup',
  'runBuckets',
  'markGroup',
  'fill8',
  'fillCells',
  'gatherCells',
  'convertI64ToF64',
  'convertI64ToF32',
  'convertF64ToI64',
  'convertF64ToF32',
  'convertF32ToF64',
  'convertF32ToI64',
  'sumI64Mask',
  'sumF64Mask',
  'sumF32Mask',
  'minI64Mask',
  'minF64Mask',
  'minF32Mask',
  'maxI64Mask',
  'maxF64Mask',
  'maxF32Mask',
  'sumI64GroupMask',
  'minI64GroupMask',
  'maxI64GroupMask',
  'sumF64GroupMask',
  'minF64GroupMask',
  'maxF64GroupMask',
  'sumF32GroupMask',
  'minF32GroupMask',
  'maxF32GroupMask',
  'minPlainGroupMask',
  'maxPlainGroupMask',
  'countGroupMask',
  'markGroupMask',
  'spareGroups',
  'spareGroupsSel',
  'anyKept',
  'firstUnmarked',
  'markThose',
  'marksMissing',
  'zero_marked',
  'bitsAnd',
  'bitsOr',
  'bitsAndNot',
  'bitsNot',
  'bitsCopy',
  'clearBytes',
  'bitsClear',
  'bitsFillRange',
  'bitsCount',
  'bitsFirst',
  'bitsLast',
  'bitsToSelection',
  'selectRange',
  'selectionRefine',
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
  'combine32',
  'hashNumber',
  'hashRebuild',
  'numbersWithNull',
  'explodedCount',
  'explode',
  'explodeRange',
  'anyEmpty',
  'emptyRows',
  'rowsOfValues',
  'filledRows',
  'bucketNumbers',
  'selectionLowerBound',
  'markedNumbers',
  'lookupBits',
  'pair64',
  'lowerBoundI64',
  'packLz4',
] as const satisfies readonly (keyof QueryKernels)[];

/** The query part of an instance; throws Bug when the module was built from other sources. */
export function queryKernels(exports: WasmExports): QueryKernels {
  for (const name of [...names, ...narrowNames]) {
    if (typeof exports[name] !== 'function') throw new CodedError('Bug', `kernel[${name}] is missing`);
  }
  return exports as unknown as QueryKernels;
}
