import { expect } from 'chai';
import fc from 'fast-check';
import { Timeline, type TimelineSegment } from './timeline.js';
import { partitionNumOf, type ShardSpec } from './shard-spec.js';

interface Seg extends TimelineSegment {
  readonly queryable: boolean;
}

const numbered = (partitionNum: number, partitions: number): ShardSpec => ({
  type: 'numbered',
  partitionNum,
  partitions,
});

function seg(start: number, end: number, version: string, partition = 0, core = 1): Seg {
  return {
    interval: { startMs: start, endMs: end },
    version,
    shardSpec: numbered(partition, core),
    queryable: true,
  };
}

const whole = { startMs: -1000, endMs: 1000 };
const shown = (timeline: Timeline<Seg>, asked = whole, queryable?: (s: Seg) => boolean): string[] =>
  timeline
    .lookup(asked, queryable)
    .map((c) => `${c.interval.startMs}-${c.interval.endMs} ${c.version} x${c.segments.length}`);

function timelineOf(...segments: Seg[]): Timeline<Seg> {
  const timeline = new Timeline<Seg>();
  for (const segment of segments) timeline.add(segment);
  return timeline;
}

describe('versioned timeline', () => {
  it('answers a chunk only from a complete core set', () => {
    const timeline = timelineOf(seg(0, 24, 'v1', 0, 2));
    expect(shown(timeline)).deep.equal([]);
    timeline.add(seg(0, 24, 'v1', 1, 2));
    expect(shown(timeline)).deep.equal(['0-24 v1 x2']);
    timeline.add(seg(0, 24, 'v1', 2, 2));
    expect(shown(timeline)).deep.equal(['0-24 v1 x3']);
  });

  it('keeps the old version until the new one is whole and queryable', () => {
    const timeline = timelineOf(seg(0, 24, 'v1'), seg(0, 24, 'v2', 0, 2));
    expect(shown(timeline)).deep.equal(['0-24 v1 x1']);
    const late = { ...seg(0, 24, 'v2', 1, 2), queryable: false };
    timeline.add(late);
    expect(shown(timeline)).deep.equal(['0-24 v2 x2']);
    expect(shown(timeline, whole, (s) => s.queryable)).deep.equal(['0-24 v1 x1']);
    expect(timeline.overshadowed((s) => s.queryable)).deep.equal([]);
    expect(timeline.overshadowed().map((s) => s.version)).deep.equal(['v1']);
  });

  it('cuts a day version around newer hours, and hides hours under a newer day', () => {
    const day = timelineOf(seg(0, 24, 'v1'), seg(3, 4, 'v2'), seg(4, 5, 'v2'));
    expect(shown(day)).deep.equal(['0-3 v1 x1', '3-4 v2 x1', '4-5 v2 x1', '5-24 v1 x1']);
    expect(day.overshadowed()).deep.equal([]);
    const hours = timelineOf(seg(3, 4, 'v1'), seg(4, 5, 'v1'), seg(0, 24, 'v2'));
    expect(shown(hours)).deep.equal(['0-24 v2 x1']);
    expect(hours.overshadowed()).length(2);
  });

  it('hides a day once newer hours fill it', () => {
    const timeline = timelineOf(seg(0, 3, 'v1'), seg(0, 1, 'v2'), seg(1, 2, 'v3'));
    expect(timeline.overshadowed()).deep.equal([]);
    timeline.add(seg(2, 3, 'v2'));
    expect(timeline.overshadowed().map((s) => s.version)).deep.equal(['v1']);
  });

  it('clips to the asked interval and forgets what is removed', () => {
    const timeline = timelineOf(seg(0, 24, 'v1'), seg(24, 48, 'v1'));
    expect(shown(timeline, { startMs: 5, endMs: 30 })).deep.equal(['5-24 v1 x1', '24-30 v1 x1']);
    expect(shown(timeline, { startMs: 24, endMs: 24 })).deep.equal([]);
    expect(timeline.remove(seg(0, 24, 'v1'))).equal(true);
    expect(timeline.remove(seg(0, 24, 'v1'))).equal(false);
    expect(shown(timeline)).deep.equal(['24-48 v1 x1']);
    expect(timeline.size).equal(1);
  });

  it('lets a whole atomic update group replace its root partitions', () => {
    const overwrite = (partitionId: number): Seg => ({
      ...seg(0, 24, 'v1'),
      shardSpec: {
        type: 'numbered_overwrite',
        partitionId,
        startRootPartitionId: 0,
        endRootPartitionId: 2,
        minorVersion: 1,
        atomicUpdateGroupSize: 2,
      },
    });
    const timeline = timelineOf(seg(0, 24, 'v1', 0, 2), seg(0, 24, 'v1', 1, 2), overwrite(32_768));
    expect(timeline.lookup(whole)[0]?.segments.map((s) => s.shardSpec.type)).deep.equal([
      'numbered',
      'numbered',
    ]);
    timeline.add(overwrite(32_769));
    expect(timeline.lookup(whole)[0]?.segments.map((s) => s.shardSpec.type)).deep.equal([
      'numbered_overwrite',
      'numbered_overwrite',
    ]);
    expect(timeline.overshadowed()).length(2);
    timeline.remove(seg(0, 24, 'v1', 0));
    timeline.remove(seg(0, 24, 'v1', 1));
    expect(shown(timeline)).deep.equal(['0-24 v1 x2']);
  });

  const anySegment = fc
    .record({
      start: fc.integer({ min: 0, max: 11 }),
      length: fc.integer({ min: 1, max: 6 }),
      version: fc.constantFrom('v1', 'v2', 'v3'),
      core: fc.integer({ min: 0, max: 2 }),
      partition: fc.integer({ min: 0, max: 2 }),
      queryable: fc.boolean(),
    })
    .map((r): Seg => ({
      ...seg(r.start, r.start + r.length, r.version, r.partition, r.core),
      queryable: r.queryable,
    }));

  // Members of a set mostly agree about its core; sometimes they don't.
  const someSegments = fc
    .tuple(fc.array(anySegment, { maxLength: 14 }), fc.constantFrom(undefined, 0, 1, 2))
    .map(([all, core]) =>
      core === undefined
        ? all
        : all.map((s) => ({ ...s, shardSpec: numbered(partitionNumOf(s.shardSpec), core) })),
    );

  it('agrees with a moment-by-moment model', () => {
    fc.assert(
      fc.property(someSegments, fc.nat(17), fc.nat(17), (all, a, b) => {
        const timeline = timelineOf(...all);
        const asked = { startMs: Math.min(a, b), endMs: Math.max(a, b) };
        const chunks = timeline.lookup(asked, (s) => s.queryable);
        const model = new Model([...timeline.segments()]);
        for (let t = -1; t < 20; t++) {
          const inside = t >= asked.startMs && t < asked.endMs;
          const hits = chunks.filter((c) => c.interval.startMs <= t && t < c.interval.endMs);
          expect(hits.length).at.most(1);
          expect(names(hits[0]?.segments)).deep.equal(inside ? names(model.at(t)) : undefined);
        }
        expect(names(timeline.overshadowed((s) => s.queryable))).deep.equal(names(model.overshadowed()));
      }),
      { numRuns: 300 },
    );
  });
});

function names(segments: readonly Seg[] | undefined): string[] | undefined {
  return segments?.map((s) => JSON.stringify(s)).toSorted();
}

/** The slow and simple timeline: asks every moment anew. */
class Model {
  readonly all: readonly Seg[];
  constructor(all: readonly Seg[]) {
    this.all = all;
  }

  sets(): Seg[][] {
    const groups = new Map<string, Seg[]>();
    for (const s of this.all) {
      const key = `${s.version} ${s.interval.startMs} ${s.interval.endMs}`;
      groups.set(key, [...(groups.get(key) ?? []), s]);
    }
    return [...groups.values()];
  }

  complete(t: number): Seg[][] {
    return this.sets()
      .map((set) => set.filter((s) => s.queryable))
      .filter((set) => {
        const [first] = set;
        if (first === undefined || t < first.interval.startMs || t >= first.interval.endMs) return false;
        const core = Math.max(
          ...set.map((s) => (s.shardSpec.type === 'numbered' ? s.shardSpec.partitions : 0)),
        );
        const ids = set.map((s) => (s.shardSpec.type === 'numbered' ? s.shardSpec.partitionNum : -1));
        return [...Array.from({ length: core }).keys()].every((id) => ids.includes(id));
      });
  }

  at(t: number): Seg[] | undefined {
    const length = (set: Seg[]): number => set[0]!.interval.endMs - set[0]!.interval.startMs;
    return this.complete(t).toSorted((a, b) => {
      const [x, y] = [a[0]!, b[0]!];
      if (x.version !== y.version) return x.version > y.version ? -1 : 1;
      return length(b) - length(a) || x.interval.startMs - y.interval.startMs;
    })[0];
  }

  overshadowed(): Seg[] {
    return this.all.filter((s) => {
      for (let t = s.interval.startMs; t < s.interval.endMs; t++) {
        const winner = this.at(t)?.[0];
        if (winner === undefined || winner.version <= s.version) return false;
      }
      return true;
    });
  }
}
