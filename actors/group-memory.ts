/**
 * The groups of groupBys between their scan and their answer: in memory up to a limit that all queries of the process
 * share, beyond it as sorted runs on disk. What a query has on disk is bounded too, and gone when the query is.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../proto/errors.js';
import { frameBuffers } from '../query/engine/execute.js';
import type { Pool, RunOptions } from '../query/engine/pool-api.js';
import { frameBytes } from '../query/frame-codec.js';
import type { Frame } from '../query/frame.js';
import type { Condensed, CondenseInput, StoredRun } from '../query/merge/group-runs.js';
import { byteCount } from '../query/native/context-keys.js';
import type { GroupByQuery } from '../query/native/model.js';
import type { Log, Metrics } from '../runtime/types.js';

export interface GroupMemorySettings {
  /** Of this process alone; its files are removed by {@link removeLeftRuns}. */
  readonly dir: string;
  /** Groups in memory, of all queries. */
  readonly bytesMax: number;
  /** On disk, of one query; a query's context may ask for less. 0: nothing goes to disk. */
  readonly diskBytesMax: number;
}

export interface GroupMemoryDeps {
  readonly pool: Pick<Pool, 'run'>;
  readonly settings: GroupMemorySettings;
  /** A name that no other file has. */
  readonly fileName: () => string;
  readonly metrics: Pick<Metrics, 'counter'>;
  readonly log: Pick<Log, 'warn'>;
}

/** What one query may hold in memory whatever goes to disk; undefined: there is room. */
export type HeldCheck = (bytes: number, texts: number) => CodedError | undefined;

/** Less is not worth a file, whoever has filled the memory; a smaller share of it neither. */
const condensedBytesMin = 16 * 1024 * 1024;
const condensedShare = 1 / 8;
/** So many small frames are merged into one while others are still coming. */
const foldedFrames = 16;
const foldedRowsMax = 500_000;

/** What a process that died has left; nothing is running yet. */
export async function removeLeftRuns(dir: string): Promise<void> {
  await fs.rm(dir, { recursive: true, force: true });
}

export class GroupMemory {
  readonly deps: GroupMemoryDeps;
  #heldBytes = 0;

  constructor(deps: GroupMemoryDeps) {
    this.deps = deps;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }
  get isFull(): boolean {
    return this.#heldBytes > this.deps.settings.bytesMax;
  }
  hold(bytes: number): void {
    this.#heldBytes += bytes;
  }

  open(query: GroupByQuery, check: HeldCheck, options: () => RunOptions): QueryGroups {
    return new QueryGroups(this, query, check, options);
  }
}

/** The groups of one query. Whoever opens it closes it, however the query ends. */
export class QueryGroups {
  readonly memory: GroupMemory;
  readonly query: GroupByQuery;
  readonly check: HeldCheck;
  readonly options: () => RunOptions;
  readonly #sinks: GroupSink[] = [];
  readonly #diskBytesMax: number;
  #storedBytes = 0;

  constructor(memory: GroupMemory, query: GroupByQuery, check: HeldCheck, options: () => RunOptions) {
    this.memory = memory;
    this.query = query;
    this.check = check;
    this.options = options;
    const { diskBytesMax } = memory.deps.settings;
    const asked = byteCount(query.context.given['maxOnDiskStorage']) ?? -1;
    this.#diskBytesMax = asked >= 0 ? Math.min(asked, diskBytesMax) : diskBytesMax;
  }

  /** Bytes that may still go to disk. */
  get diskBytesLeft(): number {
    return Math.max(0, this.#diskBytesMax - this.#storedBytes);
  }
  get usesDisk(): boolean {
    return this.#diskBytesMax > 0;
  }
  stored(bytes: number): void {
    this.#storedBytes += bytes;
  }

  /** For the groups of one node: they count only once they are whole, and may be thrown away. */
  sink(): GroupSink {
    const sink = new GroupSink(this);
    this.#sinks.push(sink);
    return sink;
  }

  /** Those of the sinks that are whole. */
  get frames(): readonly Frame[] {
    return this.#sinks.flatMap((sink) => (sink.isAccepted ? sink.frames : []));
  }
  get runs(): readonly StoredRun[] {
    return this.#sinks.flatMap((sink) => (sink.isAccepted ? sink.runs : []));
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.splice(0).map((sink) => sink.discard()));
  }
}

export class GroupSink {
  readonly #groups: QueryGroups;
  readonly #runs: StoredRun[] = [];
  readonly #paths = new Set<string>();
  /** Merged already, or too large to be merged as they come. */
  #settled: Frame[] = [];
  #fresh: Frame[] = [];
  #freshRows = 0;
  #bytes = 0;
  #texts = 0;
  #work: Promise<unknown> = Promise.resolve();
  #isDiscarded = false;
  #isAccepted = false;

  constructor(groups: QueryGroups) {
    this.#groups = groups;
  }

  get frames(): readonly Frame[] {
    return [...this.#settled, ...this.#fresh];
  }
  get runs(): readonly StoredRun[] {
    return this.#runs;
  }
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  /** Its groups are whole. */
  accept(): void {
    this.#isAccepted = true;
  }

  /**
   * Takes the frame over, to be awaited before the next. Errors: LimitExceeded, StorageFailure, and those of a stopped
   * query.
   */
  async add(frame: Frame): Promise<void> {
    if (this.#isDiscarded) return;
    this.#fresh.push(frame);
    this.#freshRows += frame.rows;
    this.#count(frameBytes(frame), textBytes(frame));
    if (this.#freshRows > foldedRowsMax) this.#settle(this.#fresh);
    const { memory, usesDisk } = this.#groups;
    const over = this.#groups.check(this.#bytes, this.#texts);
    const least = Math.min(condensedBytesMin, memory.deps.settings.bytesMax * condensedShare);
    const isMuch = usesDisk && memory.isFull && this.#bytes >= least;
    if (over !== undefined || isMuch) await this.#condense(over);
    else if (this.#fresh.length >= foldedFrames) await this.#fold();
  }

  /** The frames and files are gone when it resolves. */
  async discard(): Promise<void> {
    this.#isDiscarded = true;
    // What still writes would leave a file behind.
    await this.#work.catch(() => undefined);
    this.#count(-this.#bytes, -this.#texts);
    this.#settled = [];
    this.#fresh = [];
    this.#runs.length = 0;
    for (const file of this.#paths) {
      try {
        await fs.rm(file, { force: true });
      } catch (thrown) {
        this.#groups.memory.deps.log.warn('groups on disk were not removed', { reason: String(thrown) });
      }
    }
    this.#paths.clear();
  }

  #count(bytes: number, texts: number): void {
    this.#bytes += bytes;
    this.#texts += texts;
    this.#groups.memory.hold(bytes);
  }

  #settle(frames: readonly Frame[]): void {
    this.#settled.push(...frames);
    this.#fresh = [];
    this.#freshRows = 0;
  }

  async #run<T>(name: string, input: unknown, frames: readonly Frame[]): Promise<T> {
    const { memory, options } = this.#groups;
    const buffers = [...new Set(frames.flatMap(frameBuffers))];
    const work = memory.deps.pool.run(name, input, buffers, options());
    this.#work = work;
    return (await work) as T;
  }

  async #fold(): Promise<void> {
    const frames = this.#fresh;
    const { query } = this.#groups;
    const merged = await this.#run<Frame>('merge', { query, frames }, frames);
    if (this.#isDiscarded) return;
    this.#settle([merged]);
    this.#recount();
  }

  /** `over`: said to the query when it stays as it is. */
  async #condense(over: CodedError | undefined): Promise<void> {
    const { query, memory, usesDisk, diskBytesLeft } = this.#groups;
    const { settings, fileName, metrics } = memory.deps;
    const frames = this.frames;
    // A single frame of groups is not made smaller by merging it.
    if (!usesDisk && over !== undefined && frames.length === 1) throw over;
    let file: string | undefined;
    if (usesDisk) {
      await fs.mkdir(settings.dir, { recursive: true });
      if (this.#isDiscarded) return;
      file = path.join(settings.dir, fileName());
      this.#paths.add(file);
    }
    const input: CondenseInput = {
      query,
      frames,
      // Where no file may take them, what they are is judged afterwards.
      memoryBytesMax: usesDisk ? (over === undefined ? Math.floor(this.#bytes / 2) : -1) : Infinity,
      path: file,
      diskBytesMax: diskBytesLeft,
    };
    const out = await this.#run<Condensed>('condense', input, frames);
    // Its file is gone by now.
    if (this.#isDiscarded) return;
    this.#settled = [];
    this.#settle('frames' in out ? out.frames : []);
    this.#recount();
    if ('stored' in out) {
      this.#runs.push(out.stored);
      this.#groups.stored(out.stored.bytes);
      metrics.counter('grove_group_spills_total').add();
      metrics.counter('grove_group_spilled_bytes_total').add(out.stored.bytes);
    }
    const still = this.#groups.check(this.#bytes, this.#texts);
    if (still !== undefined) throw still;
  }

  #recount(): void {
    let bytes = 0;
    let texts = 0;
    for (const frame of this.frames) {
      bytes += frameBytes(frame);
      texts += textBytes(frame);
    }
    this.#count(bytes - this.#bytes, texts - this.#texts);
  }
}

/** What Druid reckons for a text in a dictionary besides its letters. */
const textObjectBytes = 44;

/** Of the dictionaries of texts, as Druid estimates them: limits are given with its figures in mind. */
export function textBytes(frame: Frame): number {
  let bytes = 0;
  for (const column of frame.columns) {
    if (column.type === 'STRING' || column.type === 'STRING_ARRAY') {
      const { bytes: letters, ends } = column.dictionary;
      bytes += letters.byteLength * 2 + ends.length * textObjectBytes;
    }
  }
  return bytes;
}
