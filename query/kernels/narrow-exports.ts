/** The kernels of narrow.ts, typed: named by what they do, how numbers are kept, and which rows they take. */

export const narrowOps = ['sum', 'min', 'max'] as const;
export type NarrowOp = (typeof narrowOps)[number];
/** By the form of a NarrowBatch. */
export const narrowKinds = { 0: 'Code', 1: 'U8', 2: 'U16', 4: 'U32' } as const;
export type NarrowKind = (typeof narrowKinds)[keyof typeof narrowKinds];
type GroupStem = `${NarrowOp}${NarrowKind}` | 'minPlainCode' | 'maxPlainCode';

type Run = (p: number, base: number, n: number, cell: number) => void;
type RunSel = (p: number, base: number, sel: number, n: number, cell: number) => void;
type Mask = (
  p: number,
  base: number,
  n: number,
  bits: number,
  first: number,
  flip: number,
  cell: number,
) => void;
type Group = (
  g: number,
  p: number,
  base: number,
  n: number,
  cells: number,
  stride: number,
  copy: number,
  seen: number,
) => void;
type GroupSel = (
  g: number,
  p: number,
  base: number,
  sel: number,
  n: number,
  cells: number,
  stride: number,
  copy: number,
  seen: number,
) => void;
type GroupMask = (
  g: number,
  p: number,
  base: number,
  n: number,
  bits: number,
  first: number,
  flip: number,
  cells: number,
  stride: number,
  copy: number,
  seen: number,
) => void;

type Named<Name extends string, Kernel> = { readonly [Key in Name]: Kernel };

export interface NarrowExports
  extends
    Named<`${NarrowOp}${NarrowKind}Run`, Run>,
    Named<`${NarrowOp}${NarrowKind}RunSel`, RunSel>,
    Named<`${NarrowOp}${NarrowKind}Mask`, Mask>,
    Named<`${GroupStem}Group`, Group>,
    Named<`${GroupStem}GroupSel`, GroupSel>,
    Named<`${GroupStem}GroupMask`, GroupMask> {
  /** Values of the rows in `sel`; those of a table have `width` bytes, others 8. */
  readonly narrowGather: (
    form: number,
    p: number,
    base: number,
    width: number,
    sel: number,
    n: number,
    out: number,
  ) => void;
  readonly offsetTable: (base: number, out: number) => void;
  readonly bitsToBytes: (bits: number, n: number, out: number) => void;
}

const shapes = ['Run', 'RunSel', 'Mask', 'Group', 'GroupSel', 'GroupMask'] as const;
const plainStems = ['minPlainCode', 'maxPlainCode'] as const;

export const narrowNames: readonly (keyof NarrowExports)[] = [
  ...Object.values(narrowKinds).flatMap((kind) =>
    narrowOps.flatMap((op) => shapes.map((shape) => `${op}${kind}${shape}` as const)),
  ),
  ...plainStems.flatMap((stem) => [`${stem}Group`, `${stem}GroupSel`, `${stem}GroupMask`] as const),
  'narrowGather',
  'offsetTable',
  'bitsToBytes',
];
