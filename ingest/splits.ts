/** Cutting input into the inputs of sub-tasks. Pure. */
import type { SplitHint } from './spec/parallel.js';
import type { InputEntity } from './sources/input-entity.js';

type SourceJson = Readonly<Record<string, unknown>>;
export type SplitEntity = Pick<InputEntity, 'sizeBytes' | 'alone'>;

/** One list for each sub-task, in the order of the input: full ones are closed by bytes or by number. */
export function planSplits<T extends SplitEntity>(entities: readonly T[], hint: SplitHint): T[][] {
  const splits: T[][] = [];
  let open: T[] = [];
  let bytes = 0;
  for (const entity of entities) {
    const size = entity.sizeBytes ?? 0;
    if (open.length > 0 && (open.length >= hint.entitiesMax || bytes + size > hint.bytesMax)) {
      splits.push(open);
      open = [];
      bytes = 0;
    }
    open.push(entity);
    bytes += size;
  }
  if (open.length > 0) splits.push(open);
  return splits;
}

/** One input source that reads all of these, in order: lists (`files`, `uris`, …) are joined, else they are combined. */
export function joinSources(alone: readonly SourceJson[]): SourceJson {
  const [first = {}, ...others] = alone;
  if (others.length === 0) return first;
  const differing = Object.keys(first).filter((key) =>
    others.some((other) => JSON.stringify(other[key]) !== JSON.stringify(first[key])),
  );
  const [list] = differing;
  const isJoinable =
    differing.length === 1 &&
    list !== undefined &&
    alone.every((one) => Array.isArray(one[list]) && Object.keys(one).length === Object.keys(first).length);
  if (!isJoinable) return { type: 'combining', delegates: alone };
  return { ...first, [list]: alone.flatMap((one) => one[list] as unknown[]) };
}
