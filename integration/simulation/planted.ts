/**
 * Bugs planted on purpose, one at a time, around the real code: each breaks what one invariant watches over. A
 * simulation that runs on without a word has lost its eyes.
 */
import path from 'node:path';
import type { LeaderClaim } from '../../proto/metadata.js';
import { codecs } from '../../proto/services.js';
import type { Bus } from '../../runtime/types.js';

export interface Plant {
  readonly name: PlantName;
  /** What it breaks. */
  readonly invariant: string;
  /** The failure that must come of it. */
  readonly caught: RegExp;
  /** Tried in turn until one of them catches it. */
  readonly seeds: readonly number[];
  /** What happens instead of the seed's own storm, where that would seldom give the bug its chance. */
  readonly storm?: 'leader-off-the-bus' | 'two-data-nodes-killed';
}
export type PlantName =
  | 'copy-dropped-early'
  | 'epoch-unchecked'
  | 'epoch-shared'
  | 'version-mixed'
  | 'partial-answer'
  | 'publish-twice'
  | 'publish-torn'
  | 'publish-lost'
  | 'publish-forgotten'
  | 'task-forgotten'
  | 'load-stuck';

const someSeeds: readonly number[] = [3, 1, 2, 4, 5, 6, 7, 8];

export const plants: readonly Plant[] = [
  {
    name: 'copy-dropped-early',
    invariant: 'copies ≥ 1: a drop meant for one data node goes to all of them',
    caught: /no data node keeps a copy of segment/,
    seeds: [4, ...someSeeds],
  },
  {
    name: 'epoch-unchecked',
    invariant: 'one writer per epoch: transactions are not checked against the epoch row',
    caught: /wrote under epoch \d+ after epoch \d+/,
    seeds: someSeeds,
    storm: 'leader-off-the-bus',
  },
  {
    name: 'epoch-shared',
    invariant: 'one writer per epoch: a new leader is given the epoch of the one before',
    caught: /was written by/,
    seeds: someSeeds,
  },
  {
    name: 'version-mixed',
    invariant: 'no mixed versions: one partition is answered from the version before',
    caught: /no whole version has that sum/,
    seeds: someSeeds,
  },
  {
    name: 'partial-answer',
    invariant: 'no silent partial answers: what has no holder is left out',
    caught: /no whole version has that sum|is empty now/,
    seeds: someSeeds,
    storm: 'two-data-nodes-killed',
  },
  {
    name: 'publish-twice',
    invariant: 'exact totals: the rows of a publish are written twice under other ids',
    caught: /no whole version has that sum|is in the record as \d+,\d+,\d+,\d+/,
    seeds: someSeeds,
  },
  {
    name: 'publish-torn',
    invariant: 'exact totals: a publish writes the first of its segments only',
    caught: /no whole version has that sum|is in the record as \d+$/,
    seeds: someSeeds,
  },
  {
    name: 'publish-lost',
    invariant: 'exact totals: a publish is acknowledged and not written',
    caught: /SUCCESS and its record holds 0 segments/,
    seeds: someSeeds,
  },
  {
    name: 'publish-forgotten',
    invariant: 'exact totals: a task that dies after its publish reads FAILED',
    caught: /FAILED and its record holds 2 segments/,
    seeds: [2, ...someSeeds],
  },
  {
    name: 'task-forgotten',
    invariant: 'progress: a task is taken and never written down',
    caught: /is forgotten/,
    seeds: someSeeds,
  },
  {
    name: 'load-stuck',
    invariant: 'progress: some segments can never be loaded',
    caught: /the record says|the query is refused/,
    seeds: someSeeds,
  },
];

export interface RecordRequest {
  readonly kind: 'read' | 'transact';
  readonly name: string;
  readonly inputJson: string;
  readonly leader?: LeaderClaim;
}
export interface RecordTools {
  /** The real thing. */
  readonly execute: (request: RecordRequest) => Promise<string>;
  /** Deletes the note that the task has published. */
  readonly forgetPublish: (taskId: string) => Promise<void>;
}

interface PlannedSegment {
  readonly id: string;
  readonly partitionNum: number;
  readonly payload: string;
}

/** Between the metadata role and its store. */
export function plantedRecord(plant: PlantName | undefined, tools: RecordTools): RecordTools['execute'] {
  const epochs = new Map<string, string>();
  let inserts = 0;
  return async (request) => {
    const { name, inputJson } = request;
    const withInput = (input: unknown): Promise<string> =>
      tools.execute({ ...request, inputJson: JSON.stringify(input) });
    const input = JSON.parse(inputJson) as {
      readonly role: string;
      readonly taskId: string;
      readonly segments: readonly PlannedSegment[];
    };
    if (plant === 'epoch-unchecked' && request.leader !== undefined) {
      const { leader: _, ...unchecked } = request;
      return tools.execute(unchecked);
    }
    if (plant === 'epoch-shared' && name === 'bumpEpoch') {
      const standing = epochs.get(input.role) ?? (await tools.execute(request));
      epochs.set(input.role, standing);
      return standing;
    }
    if (name === 'publishSegments') {
      const { segments } = input;
      if (plant === 'publish-lost') return JSON.stringify({ published: segments.map((one) => one.id) });
      if (plant === 'publish-torn') return withInput({ ...input, segments: segments.slice(0, 1) });
      if (plant === 'publish-twice') {
        return withInput({ ...input, segments: [...segments, ...segments.map(doubled)] });
      }
    }
    if (plant === 'task-forgotten' && name === 'insertTask' && inserts++ === 3) {
      return JSON.stringify({ outcome: 'inserted' });
    }
    if (plant === 'publish-forgotten' && name === 'finishTask') await tools.forgetPublish(input.taskId);
    return tools.execute(request);
  };
}

function doubled(segment: PlannedSegment): PlannedSegment {
  const partitionNum = segment.partitionNum + 2;
  const payload = JSON.parse(segment.payload) as { shardSpec: object; identifier: string };
  const id = segment.partitionNum === 0 ? `${segment.id}_2` : segment.id.replace(/_\d+$/, `_${partitionNum}`);
  const shardSpec = { ...payload.shardSpec, partitionNum };
  return {
    ...segment,
    id,
    partitionNum,
    payload: JSON.stringify({ ...payload, shardSpec, identifier: id }),
  };
}

/** Changes a leader's bus: what it sends to one data node's `drop` goes to all. */
export function plantDrops(bus: Bus, dataNodes: readonly string[]): void {
  const request = bus.request.bind(bus);
  bus.request = (subject, data, options) => {
    const node = /^cmd\.historical\.(\w+)\.drop$/.exec(subject)?.[1];
    if (node !== undefined) {
      const now = codecs.DropSegment.encode({ ...codecs.DropSegment.decode(data), delayMs: 0 });
      for (const other of dataNodes.filter((name) => name !== node)) {
        request(`cmd.historical.${other}.drop`, now, options).catch(() => undefined);
      }
    }
    return request(subject, data, options);
  };
}

/** The values that segments are answered with instead of their own: for `version-mixed`. */
export class OldValues {
  readonly #first = new Map<string, number>();

  /** Of the second partition of a chunk always the first version's. */
  instead(folder: string, chunk: number, value: number): number {
    const isSecond = path.basename(folder).endsWith('_1');
    const key = `${chunk}`;
    if (!isSecond) return value;
    const first = this.#first.get(key) ?? value;
    this.#first.set(key, first);
    return first;
  }
}
