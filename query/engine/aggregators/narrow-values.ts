/** Kernels of a sum, minimum or maximum over batches whose values are kept in fewer bytes than they have. */
import type { NarrowBatch } from '../../../segment/read/view.js';
import type {
  GroupKernel,
  GroupMaskKernel,
  GroupSelKernel,
  MaskKernel,
  QueryKernels,
} from '../../kernels/exports.js';
import { narrowKinds, type NarrowKind, type NarrowOp } from '../../kernels/narrow-exports.js';

/** In place of the form of a NarrowBatch: the values are as they are. */
export const wideForm = 8;

/** Of `n` values from `p` on into cells: what aggregate.ts, masks.ts and grouped-masks.ts say. */
export interface PlainKernels {
  readonly groupMask: GroupMaskKernel;
  readonly group: GroupKernel;
  readonly groupSel: GroupSelKernel;
}

export interface OwnKernels extends PlainKernels {
  readonly run: (p: number, n: number, cell: number) => void;
  readonly runSel: (p: number, sel: number, n: number, cell: number) => void;
  readonly mask: MaskKernel;
}

/** How the values of a batch stand in memory, and what takes them as they do. */
export interface ValueKernels {
  readonly form: number;
  /** As in NarrowBatch; 0 = none. */
  readonly base: number;
  /** Bytes from a row's value to the next. */
  readonly width: number;
  readonly own: OwnKernels;
  /** For doubles none of which is NaN or minus zero. */
  readonly plain: PlainKernels | undefined;
}

/** Of the batch that was last given to `of`. */
export class NarrowKernels implements ValueKernels {
  form: NarrowBatch['form'] = 0;
  base = 0;
  width = 1;
  readonly #kernels: QueryKernels;
  readonly #op: NarrowOp;
  readonly #made = new Map<number, Pick<ValueKernels, 'own' | 'plain'>>();
  #now: Pick<ValueKernels, 'own' | 'plain'>;

  constructor(kernels: QueryKernels, op: NarrowOp) {
    this.#kernels = kernels;
    this.#op = op;
    this.#now = this.#make(0);
  }

  get own(): OwnKernels {
    return this.#now.own;
  }
  get plain(): PlainKernels | undefined {
    return this.#now.plain;
  }

  of({ form, base }: NarrowBatch): this {
    if (form !== this.form) {
      this.form = form;
      this.width = form === 0 ? 1 : form;
      this.#now = this.#made.get(form) ?? this.#make(form);
    }
    this.base = base;
    return this;
  }

  #make(form: NarrowBatch['form']): Pick<ValueKernels, 'own' | 'plain'> {
    const kernels = this.#kernels;
    const stem = `${this.#op}${narrowKinds[form]}` as const;
    const [run, runSel, mask] = [kernels[`${stem}Run`], kernels[`${stem}RunSel`], kernels[`${stem}Mask`]];
    const made = {
      own: {
        ...this.#grouped(stem),
        run: (p: number, n: number, cell: number) => run(p, this.base, n, cell),
        runSel: (p: number, sel: number, n: number, cell: number) => runSel(p, this.base, sel, n, cell),
        mask: (p: number, n: number, bits: number, first: number, flip: number, cell: number) =>
          mask(p, this.base, n, bits, first, flip, cell),
      },
      plain: form !== 0 || this.#op === 'sum' ? undefined : this.#grouped(`${this.#op}PlainCode`),
    };
    this.#made.set(form, made);
    return made;
  }

  #grouped(stem: `${NarrowOp}${NarrowKind}` | 'minPlainCode' | 'maxPlainCode'): PlainKernels {
    const kernels = this.#kernels;
    const group = kernels[`${stem}Group`];
    const groupSel = kernels[`${stem}GroupSel`];
    const groupMask = kernels[`${stem}GroupMask`];
    return {
      group: (g, p, n, cells, stride, copy, seen) => group(g, p, this.base, n, cells, stride, copy, seen),
      groupSel: (g, p, sel, n, cells, stride, copy, seen) =>
        groupSel(g, p, this.base, sel, n, cells, stride, copy, seen),
      groupMask: (g, p, n, bits, first, flip, cells, stride, copy, seen) =>
        groupMask(g, p, this.base, n, bits, first, flip, cells, stride, copy, seen),
    };
  }
}
