/**
 * How many queries run at a time, in all and in each lane; one more is refused at once, as Druid does. Lanes: by the
 * query's own word (`manual`), or those with a negative priority in the lane `low` (`hilo`).
 */
import { CodedError, invalidInput } from '../../proto/errors.js';
import type { QueryContext } from '../../query/native/model.js';

export interface SchedulerSettings {
  /** 0 = any number. */
  readonly queriesMax: number;
  readonly laning: 'none' | 'hilo' | 'manual';
  /** Share of `queriesMax` for the lane `low` of hilo. */
  readonly lowPercentMax: number;
  /** Lanes of `manual`: queries at a time. */
  readonly lanes: ReadonlyMap<string, number>;
}
export const schedulerDefaults: SchedulerSettings = {
  queriesMax: 0,
  laning: 'none',
  lowPercentMax: 20,
  lanes: new Map(),
};

export const LOW = 'low';

/** `lanes`: texts `name=5`, or `name=20%` of all. Throws InvalidInput naming the setting. */
export function schedulerSettings(given: {
  readonly queriesMax: number;
  readonly laning: string;
  readonly lowPercentMax: number;
  readonly lanes: readonly string[];
}): SchedulerSettings {
  const { queriesMax, lowPercentMax } = given;
  const laning = (['none', 'hilo', 'manual'] as const).find((name) => name === given.laning);
  if (laning === undefined)
    throw invalidInput(`queryLaning[${given.laning}] must be none, hilo or manual`, 'queryLaning');
  if (laning === 'hilo' && queriesMax === 0)
    throw invalidInput('queriesMax must be given: the lane low is a share of it', 'queriesMax');
  const lanes = given.lanes.map((text): readonly [string, number] => {
    const match = /^([^=]+)=(\d+)(%?)$/.exec(text);
    const [, name = '', digits = '', percent = ''] = match ?? [];
    const limit = percent === '' ? Number(digits) : share(queriesMax, Number(digits));
    // Druid counts its own under these names.
    if (name === 'total' || name === 'default')
      throw invalidInput(`queryLanes[${text}]: a lane cannot be named ${name}`, 'queryLanes');
    const isLimit = percent === '' ? limit >= 1 : isShare(Number(digits)) && queriesMax > 0;
    if (match === null || !isLimit)
      throw invalidInput(
        `queryLanes[${text}] must be NAME=COUNT, or NAME=SHARE% of queriesMax`,
        'queryLanes',
      );
    return [name, limit];
  });
  return { queriesMax, laning, lowPercentMax, lanes: new Map(lanes) };
}

const isShare = (percent: number): boolean => percent >= 1 && percent <= 100;
const share = (all: number, percent: number): number => Math.ceil((all * percent) / 100);

/** Undefined: none that counts. */
export function laneOf(
  { laning }: SchedulerSettings,
  { lane, priority }: Pick<QueryContext, 'lane' | 'priority'>,
): string | undefined {
  if (laning === 'none') return undefined;
  if (lane !== undefined) return lane;
  return laning === 'hilo' && priority < 0 ? LOW : undefined;
}

export class QueryScheduler {
  readonly #settings: SchedulerSettings;
  readonly #lanes = new Map<string, number>();
  #running = 0;

  constructor(settings: SchedulerSettings) {
    this.#settings = settings;
  }

  /** Takes a place; answers how to give it back, once. Throws MailboxFull. */
  admit(context: Pick<QueryContext, 'lane' | 'priority'>): () => void {
    const { queriesMax } = this.#settings;
    const lane = laneOf(this.#settings, context);
    const laneMax = lane === undefined ? Infinity : this.#laneMax(lane);
    const inLane = lane === undefined ? 0 : (this.#lanes.get(lane) ?? 0);
    if (lane !== undefined && inLane >= laneMax) {
      throw refused(`Too many concurrent queries for lane '${lane}', query capacity of ${laneMax} exceeded.`);
    }
    if (queriesMax > 0 && this.#running >= queriesMax)
      throw refused(`Too many concurrent queries, total query capacity of ${queriesMax} exceeded.`);
    this.#running += 1;
    if (lane !== undefined) this.#lanes.set(lane, inLane + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#running -= 1;
      if (lane !== undefined) this.#leave(lane);
    };
  }

  /** Names are the queries' own: an empty lane is not remembered. */
  #leave(lane: string): void {
    const left = (this.#lanes.get(lane) ?? 1) - 1;
    if (left > 0) this.#lanes.set(lane, left);
    else this.#lanes.delete(lane);
  }

  /** Lanes in which something runs. */
  get lanesInUse(): number {
    return this.#lanes.size;
  }

  /** A lane nobody configured has no limit of its own. */
  #laneMax(lane: string): number {
    const { laning, lanes, queriesMax, lowPercentMax } = this.#settings;
    if (laning === 'manual') return lanes.get(lane) ?? Infinity;
    return lane === LOW ? share(queriesMax, lowPercentMax) : Infinity;
  }
}

const refused = (message: string): CodedError =>
  new CodedError('MailboxFull', `${message} Please try your query again later.`);
