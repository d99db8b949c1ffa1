/** The partitions of one time chunk and version: is the core set whole, and which members count? */
import { corePartitionsOf, partitionNumOf, type ShardSpec } from './shard-spec.js';

export interface PartitionSet<M> {
  /** Every core partition is there (with a core of 0: at least one member). */
  readonly complete: boolean;
  /** Members that answer queries, by partition number. */
  readonly visible: readonly M[];
  /** Members replaced by a whole atomic update group. */
  readonly replaced: readonly M[];
}

export function judgePartitions<M>(members: readonly M[], specOf: (member: M) => ShardSpec): PartitionSet<M> {
  const sorted = members.toSorted((a, b) => partitionNumOf(specOf(a)) - partitionNumOf(specOf(b)));
  const hasGroups = sorted.some((member) => specOf(member).type === 'numbered_overwrite');
  const { visible, replaced, covered } = hasGroups
    ? applyGroups(sorted, specOf)
    : { visible: sorted, replaced: [], covered: [] };
  let core = 0;
  const present = new Set<number>();
  for (const member of sorted) {
    const spec = specOf(member);
    core = Math.max(core, corePartitionsOf(spec));
    if (spec.type !== 'numbered_overwrite') present.add(partitionNumOf(spec));
  }
  let complete = visible.length > 0;
  for (let id = 0; complete && id < core; id++) {
    complete = present.has(id) || covered.some(([start, end]) => start <= id && id < end);
  }
  return { complete, visible, replaced };
}

/** A whole group hides the root partitions and the older groups inside its range. */
function applyGroups<M>(sorted: readonly M[], specOf: (member: M) => ShardSpec) {
  interface Group {
    readonly start: number;
    readonly end: number;
    readonly minor: number;
    readonly size: number;
    readonly members: M[];
  }
  const groups = new Map<string, Group>();
  for (const member of sorted) {
    const spec = specOf(member);
    if (spec.type !== 'numbered_overwrite') continue;
    const { startRootPartitionId: start, endRootPartitionId: end, minorVersion: minor } = spec;
    const key = `${start}-${end}-${minor}`;
    const group = groups.get(key) ?? { start, end, minor, size: spec.atomicUpdateGroupSize, members: [] };
    group.members.push(member);
    groups.set(key, group);
  }
  const whole = [...groups.values()].filter((group) => group.members.length >= group.size);
  const hidden = (start: number, end: number, minor: number): boolean =>
    whole.some((group) => group.minor > minor && group.start <= start && end <= group.end);
  const visible: M[] = [];
  const replaced: M[] = [];
  for (const member of sorted) {
    const spec = specOf(member);
    if (spec.type === 'numbered_overwrite') {
      const { startRootPartitionId: start, endRootPartitionId: end, minorVersion: minor } = spec;
      const isWhole = whole.some((g) => g.start === start && g.end === end && g.minor === minor);
      if (hidden(start, end, minor)) replaced.push(member);
      else if (isWhole) visible.push(member);
    } else {
      const id = partitionNumOf(spec);
      if (hidden(id, id + 1, 0)) replaced.push(member);
      else visible.push(member);
    }
  }
  const covered = whole.map((group) => [group.start, group.end] as const);
  return { visible, replaced, covered };
}
