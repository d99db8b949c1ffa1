/** Numbers of some rows of a block, side by side. */
import type { NumericColumnView } from '../../segment/read/view.js';
import type { QueryKernels } from '../kernels/exports.js';

/** The values of `count` rows (u32, relative to the block that begins at `start`) to `out`, 4 bytes each of floats. */
export function gatherNumbers(
  kernels: QueryKernels,
  column: NumericColumnView,
  start: number,
  sel: number,
  count: number,
  out: number,
): void {
  const width = column.kind === 'float' ? 4 : 8;
  const narrow = column.narrow?.(start);
  if (narrow !== undefined)
    kernels.narrowGather(narrow.form, narrow.pointer, narrow.base, width, sel, count, out);
  else if (width === 4) kernels.gather32(column.batch(start), sel, count, out);
  else kernels.gather64(column.batch(start), sel, count, out);
}
