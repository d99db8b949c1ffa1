/** The engine of the simulation: a segment is one number, a scan answers it in the bucket of the segment's day. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../../proto/errors.js';
import type { Pool, SegmentRef } from '../../query/engine/pool-api.js';
import type { Frame } from '../../query/frame.js';
import { OldValues, type PlantName } from './planted.js';

interface Counted {
  readonly value: number;
  readonly startMs: number;
}

/** From here on nothing can be loaded any more where `load-stuck` is planted. */
const stuckFrom = 1_005;

export const pullWith = (plant: PlantName | undefined): typeof pullValue =>
  plant === 'load-stuck'
    ? async (loadSpec, folder) => {
        if (Number(loadSpec['value']) >= stuckFrom) throw new CodedError('StorageFailure', 'it is stuck');
        return pullValue(loadSpec, folder);
      }
    : pullValue;

export async function pullValue(
  loadSpec: Readonly<Record<string, unknown>>,
  folder: string,
): Promise<number> {
  await mkdir(folder, { recursive: true });
  const { value, startMs } = loadSpec;
  await writeFile(path.join(folder, 'value.json'), JSON.stringify({ value, startMs }));
  return 10;
}

export function openWith(plant: PlantName | undefined) {
  const old = new OldValues();
  return async (folder: string) => {
    const counted = JSON.parse(await readFile(path.join(folder, 'value.json'), 'utf8')) as Counted;
    const { startMs } = counted;
    const value = plant === 'version-mixed' ? old.instead(folder, startMs, counted.value) : counted.value;
    return { handle: handleOf({ startMs, value }), rows: 1, times: undefined, close: () => undefined };
  };
}

const handles: Counted[] = [];
function handleOf(counted: Counted): number {
  return handles.push(counted) - 1;
}

function frameOf(ref: SegmentRef): Frame {
  const { value, startMs } = handles[Number(ref.handle)] ?? { value: 0, startMs: 0 };
  const column = (name: string, number: number) =>
    ({ name, type: 'LONG', values: BigInt64Array.of(BigInt(number)) }) as const;
  return { rows: 1, columns: [column('__bucket', startMs), column('__rows', 1), column('v', value)] };
}

export const countingPool: Pool = {
  threads: 1,
  async *scanSegments(_query, refs, options) {
    await Promise.resolve();
    for (const ref of refs) {
      if (options?.signal?.aborted === true) throw new CodedError('Canceled', 'the query was canceled');
      yield { segmentIds: [ref.segmentId], frame: frameOf(ref) };
    }
  },
  run: () => Promise.reject(new CodedError('Bug', 'nothing here is large')),
  close: () => Promise.resolve(),
};
