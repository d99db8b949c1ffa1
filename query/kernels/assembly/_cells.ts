// Cells of groups, and steps that bring a value into one.

/**
 * Groups are rows of a table, `stride` bytes each; `cells` is the column's cell in the first row. Entries go in turn to
 * four copies of the table, `copy` bytes apart (0 = one table): with few groups an update would have to wait for the
 * one before it to the same cell.
 */
// @ts-ignore: decorator
@inline export function cellOf(cells: usize, group: usize, stride: usize): usize {
  return cells + <usize>load<u32>(group) * stride;
}
/** The same; notes in a byte a group at `seen` (0 = nowhere) that something was aggregated there. */
// @ts-ignore: decorator
@inline export function marked(cells: usize, group: usize, stride: usize, seen: usize): usize {
  const g = <usize>load<u32>(group);
  if (seen) store<u8>(seen + g, 1);
  return cells + g * stride;
}

/**
 * A group's minimum soon stops changing, so a predictable comparison beats the min instruction, which is slow for equal
 * operands. Only NaN and zeros need its full rules; a NaN in the cell stays, as it is below and above nothing.
 */
// @ts-ignore: decorator
@inline export function update<T>(cell: usize, v: T, op: i32): void {
  const a = load<T>(cell);
  if (op == 0) {
    store<T>(cell, <T>(a + v));
  } else if (op == 1) {
    if (v < a) store<T>(cell, v);
    else if (isFloat<T>() && (v != v || v == 0)) store<T>(cell, min<T>(a, v));
  } else {
    if (v > a) store<T>(cell, v);
    else if (isFloat<T>() && (v != v || v == 0)) store<T>(cell, max<T>(a, v));
  }
}

// @ts-ignore: decorator
@inline export function updatePlain(cell: usize, value: usize, isMin: bool): void {
  const a = v128.load64_zero(cell);
  const v = v128.load64_zero(value);
  v128.store64_lane(cell, isMin ? f64x2.pmin(a, v) : f64x2.pmax(a, v), 0);
}
// @ts-ignore: decorator
@inline export function increment(cell: usize): void {
  store<i64>(cell, load<i64>(cell) + 1);
}
