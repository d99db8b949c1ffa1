/**
 * Partial results of a query: what was kept of earlier ones, and what the data nodes answer, folded while more is still
 * coming.
 */
import type { Frame } from '../../query/frame.js';
import type { GroupByQuery, NativeQuery } from '../../query/native/model.js';
import type { IntervalMs } from '../../segment/read/view.js';
import type { GroupMemory, QueryGroups } from '../group-memory.js';
import type { Asking } from './asking.js';
import { keptPartials, type BrokerCaching } from './kept-partials.js';
import { ByteLimit, HeldLimit, type QueryLimits } from './limits.js';
import { allTime } from './render-hints.js';
import { askingRounds, type Slice } from './route.js';
import { scatter, type FrameSink } from './scatter.js';
import { leafTables, tooManyRows } from './sources.js';
import type { BrokerWork, Partials, WorkOptions } from './work.js';

export interface GatherDeps {
  readonly work: BrokerWork;
  readonly limits: QueryLimits;
  /** Partial results by segment; absent: none are kept here. */
  readonly partials?: BrokerCaching;
  /** Where the groups of groupBys are held; absent: in memory alone. */
  readonly groups?: GroupMemory;
}

export interface Gathered {
  readonly partials: Partials;
  /** Nobody answered for these. */
  readonly missing: readonly Slice[];
  /** Where the segments asked have rows. */
  readonly times: readonly IntervalMs[];
}

/** So many partial frames are folded into one while others are still coming. */
const framesBeforeFold = 16;

/** Of one query; what it holds besides frames is gone after `close`. */
export class Gathering {
  readonly #deps: GatherDeps;
  readonly #asking: Pick<Asking, 'scatter' | 'request'>;
  readonly #options: () => WorkOptions;
  #groups: QueryGroups | undefined;

  constructor(deps: GatherDeps, asking: Pick<Asking, 'scatter' | 'request'>, options: () => WorkOptions) {
    this.#deps = deps;
    this.#asking = asking;
    this.#options = options;
  }

  /**
   * What was gathered before is given up. More than `rowsMax` rows of a scan are refused before they are all here.
   * Errors: LimitExceeded, Timeout, Canceled, and what a node says about the query.
   */
  async gather(query: NativeQuery, slices: readonly Slice[], rowsMax = Infinity): Promise<Gathered> {
    await this.close();
    if (!leafTables(query)) return this.#overRows(query);
    const { groups } = this.#deps;
    return query.queryType === 'groupBy' && groups !== undefined
      ? this.#groupsOf(query, groups, slices)
      : this.#framesOf(query, slices, rowsMax);
  }

  /** Nothing is left in memory or on disk. */
  async close(): Promise<void> {
    const groups = this.#groups;
    this.#groups = undefined;
    await groups?.close();
  }

  async #overRows(query: NativeQuery): Promise<Gathered> {
    const frames: Frame[] = [];
    const held = new HeldLimit(query, this.#deps.limits);
    for await (const frame of this.#deps.work.overRows(query, this.#options())) {
      frames.push(frame);
      held.check(frames);
    }
    // A lookup that nobody registered has no rows at any time.
    return { partials: { frames }, missing: [], times: frames.length === 0 ? [] : allTime(query) };
  }

  async #framesOf(query: NativeQuery, slices: readonly Slice[], rowsMax: number): Promise<Gathered> {
    const folding = new Folding(query, this.#deps, this.#options);
    const limit = new ByteLimit(query, this.#deps.limits);
    let rows = 0;
    const asked = await this.#ask(query, slices, {
      keep: (frames) => folding.add(frames),
      take: (frames) => {
        for (const frame of frames) {
          rows += frame.rows;
          limit.add(frame);
        }
        if (query.queryType === 'scan' && rowsKept(query, rows) > rowsMax) throw tooManyRows(rowsMax);
        return folding.add(frames);
      },
    });
    return { partials: { frames: folding.frames }, ...asked };
  }

  async #groupsOf(query: GroupByQuery, memory: GroupMemory, slices: readonly Slice[]): Promise<Gathered> {
    const limit = new ByteLimit(query, this.#deps.limits);
    const held = new HeldLimit(query, this.#deps.limits);
    const groups = memory.open(query, (bytes, texts) => held.overBytes(bytes, texts), this.#options);
    this.#groups = groups;
    const asked = await this.#ask(query, slices, {
      keep: async (frames) => {
        const own = groups.sink();
        for (const frame of frames) await own.add(frame);
        own.accept();
      },
      sink: () => limitedSink(groups.sink(), limit),
    });
    const { frames, runs: stored } = groups;
    return { partials: { frames, stored, bytesMax: held.bytesMax }, ...asked };
  }

  /** Round after round: what was kept is taken, the rest is asked and, where that is wished, kept. */
  async #ask(query: NativeQuery, slices: readonly Slice[], into: Into): Promise<Omit<Gathered, 'partials'>> {
    const times: IntervalMs[] = [];
    const missing: Slice[] = [];
    for (const round of askingRounds(slices)) {
      const {
        frames,
        times: keptTimes,
        rest,
        keep,
        keptLimit,
      } = await keptPartials(this.#deps.partials, query, round);
      for (const time of keptTimes) times.push(time);
      if (frames.length > 0) await into.keep(frames);
      const lost = await scatter(this.#asking.scatter, {
        ...this.#asking.request,
        slices: rest,
        bySegment: keep !== undefined,
        ...(keptLimit === undefined ? {} : { segmentLimit: keptLimit }),
        ...(into.sink === undefined ? {} : { sink: into.sink }),
        take: async (parts, partTimes, segments) => {
          // Before anything is done with them that moves their memory.
          if (keep !== undefined) segments.forEach(keep);
          for (const time of partTimes) times.push(time);
          await into.take?.(parts);
          return true;
        },
      });
      for (const slice of lost) missing.push(slice);
    }
    return { times, missing };
  }
}

/** Where partial results go. */
interface Into {
  /** What was kept of earlier queries; takes as much room as what is asked. */
  keep(frames: readonly Frame[]): Promise<void>;
  /** Of a whole stream; none come here when there is a sink. */
  take?(frames: readonly Frame[]): Promise<void>;
  /** Makes one for each stream. */
  readonly sink?: () => FrameSink;
}

/** Frames that are made fewer when they get many or large, where their query lets them. */
class Folding {
  frames: Frame[] = [];
  readonly #query: NativeQuery;
  readonly #work: BrokerWork;
  readonly #options: () => WorkOptions;
  readonly #held: HeldLimit;
  #last: Promise<void> = Promise.resolve();

  constructor(query: NativeQuery, { work, limits }: GatherDeps, options: () => WorkOptions) {
    this.#query = query;
    this.#work = work;
    this.#options = options;
    this.#held = new HeldLimit(query, limits);
  }

  /** One fold at a time, whoever adds. */
  add(frames: readonly Frame[]): Promise<void> {
    for (const frame of frames) this.frames.push(frame);
    this.#last = this.#last.then(() => this.#fold());
    return this.#last;
  }

  async #fold(): Promise<void> {
    const error = this.#held.over(this.frames);
    const isScan = this.#query.queryType === 'scan';
    // What can be made fewer is, before anything is refused.
    if (error !== undefined && (isScan || this.frames.length === 1)) throw error;
    if (error === undefined && (this.frames.length < framesBeforeFold || isScan)) return;
    const some = this.frames;
    this.frames = [];
    this.frames.push(await this.#work.merge(this.#query, some, this.#options()));
    this.#held.check(this.frames);
  }
}

/** How many rows of a scan remain behind its offset and limit. */
const rowsKept = ({ offset, limit }: { offset: number; limit: number | undefined }, rows: number): number =>
  Math.min(rows - offset, limit ?? Infinity);

/** Counts what data nodes answer; what is asked again does not count twice. */
function limitedSink(sink: FrameSink, limit: ByteLimit): FrameSink {
  let bytes = 0;
  return {
    add: (frame) => {
      bytes += limit.add(frame);
      return sink.add(frame);
    },
    accept: () => sink.accept(),
    discard: () => {
      limit.takeBack(bytes);
      bytes = 0;
      return sink.discard();
    },
  };
}
