/** `spec.tuningConfig`, the part about sub-tasks: how many at a time, how often each is tried, how input is split. */
import type { JsonKeys } from './keys.js';

/** How entities are put together into the input of one sub-task; at least one each. */
export interface SplitHint {
  readonly bytesMax: number;
  readonly entitiesMax: number;
}

export interface ParallelTuning {
  /** 1: the task does everything itself. */
  readonly subTasksMax: number;
  /** Runs of one sub-task, the first included. */
  readonly triesMax: number;
  readonly splitHint: SplitHint;
  readonly mergeTasksMax: number;
}

const GIB = 1024 ** 3;
const ENTITIES = 1000;

export function checkParallel(tuning: JsonKeys): ParallelTuning {
  const subTasksMax = tuning.whole('maxNumConcurrentSubTasks', 1);
  if (subTasksMax <= 0) throw tuning.wrong('maxNumConcurrentSubTasks', 'must be positive');
  const mergeTasksMax = tuning.whole('totalNumMergeTasks', 10);
  if (mergeTasksMax <= 0) throw tuning.wrong('totalNumMergeTasks', 'must be positive');
  return {
    subTasksMax,
    triesMax: Math.max(1, tuning.whole('maxRetry', 3)),
    splitHint: checkSplitHint(tuning.optionalObject('splitHintSpec')),
    mergeTasksMax,
  };
}

function checkSplitHint(keys: JsonKeys | undefined): SplitHint {
  if (keys === undefined) return { bytesMax: GIB, entitiesMax: ENTITIES };
  const type = keys.text('type');
  const [bytes, entities] =
    type === 'maxSize'
      ? ['maxSplitSize', 'maxNumFiles']
      : type === 'segments'
        ? ['maxInputSegmentBytesPerTask', 'maxNumSegments']
        : [];
  if (bytes === undefined || entities === undefined) {
    throw keys.wrong('type', `is unknown: type[${type}]; known are [maxSize, segments]`);
  }
  const hint = { bytesMax: byteCount(keys, bytes) ?? GIB, entitiesMax: keys.whole(entities, ENTITIES) };
  if (hint.bytesMax <= 0) throw keys.wrong(bytes, 'must be larger than 0');
  if (hint.entitiesMax <= 0) throw keys.wrong(entities, 'must be larger than 0');
  keys.leftovers();
  return hint;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 };

/** A number, or a text with a unit as Druid has them: `512MiB`, `1g`, `500MB`. */
function byteCount(keys: JsonKeys, key: string): number | undefined {
  const raw = keys.raw(key);
  if (typeof raw !== 'string') return raw === undefined ? undefined : keys.whole(key, 0);
  const found = /^\s*(\d{1,15})\s*(?:([kmgtp]?)(i)?b?)\s*$/i.exec(raw);
  const unit = found?.[2]?.toLowerCase() ?? '';
  if (found === null || (found[3] !== undefined && unit === '')) {
    throw keys.wrong(key, 'must be a number of bytes');
  }
  const power = Math.round(Math.log10(UNITS[unit]!) / 3);
  const factor = found[3] === undefined ? UNITS[unit]! : 1024 ** power;
  return Number(found[1]) * factor;
}
