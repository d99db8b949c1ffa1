/**
 * The areas of a column's decoded form: the first is made with the form, further ones are chained to it, and all go at
 * once. Each begins with a head of four numbers; whoever changes them holds the lock of the table of slots.
 */
import type { Arena } from '../kernels/arena.js';

export const hotHeadBytes = 64;
/** Of the first area: the newest of the further ones, and what of its bytes nobody has yet. Of others: the next older. */
const at = { area: 0, bytes: 1, restPointer: 2, restBytes: 3 } as const;

export interface HotArea {
  readonly pointer: number;
  readonly bytes: number;
}

/** The first area's head, when there are no others yet. */
export function startAreas(arena: Arena, first: number): void {
  arena.u32(first, hotHeadBytes / 4).fill(0);
}

/** `bytes` bytes of the newest area; 0 when they are not left. */
export function takeRest(arena: Arena, first: number, bytes: number): number {
  const head = arena.u32(first, 4);
  const [pointer, rest] = [head[at.restPointer] ?? 0, head[at.restBytes] ?? 0];
  if (rest < bytes) return 0;
  head[at.restPointer] = pointer + bytes;
  head[at.restBytes] = rest - bytes;
  return pointer;
}

/** Makes an area the newest; what is left of the one before is not used any more. */
export function addArea(arena: Arena, first: number, { pointer, bytes }: HotArea): void {
  const head = arena.u32(first, 4);
  arena.u32(pointer, 2).set(head.subarray(0, 2));
  head.set([pointer, bytes, pointer + hotHeadBytes, bytes - hotHeadBytes]);
}

/** All areas, the first one first. */
export function areasOf(arena: Arena, first: HotArea): readonly HotArea[] {
  const areas = [first];
  for (let { pointer } = first; ;) {
    const head = arena.u32(pointer, 2);
    pointer = head[at.area] ?? 0;
    if (pointer === 0) return areas;
    areas.push({ pointer, bytes: head[at.bytes] ?? 0 });
  }
}
