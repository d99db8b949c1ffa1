/**
 * The plug-in interface of input sources (the successor of Druid's Firehose): where the bytes come from.
 *
 * To add one: a file in this folder that exports a {@link SourceKind}, and a line in `source-kinds.ts`. `parse` reads
 * the spec's JSON (errors name the path; it must not touch the outside world, since it also runs when a task is
 * submitted) and answers an {@link InputSource}, whose `open` finds the entities (files, objects, answers) to read.
 */
import type { Clock, Log } from '../../segment/ports.js';
import type { DataSegment } from '../../segment/timeline/data-segment.js';
import type { JsonKeys } from '../spec/keys.js';
import type { ObjectReader } from './object-reader.js';
import type { InputEntity } from './input-entity.js';

export interface SourceKind {
  /** The `type` in the spec. */
  readonly type: string;
  /** `nested` reads a source inside this one. */
  parse(keys: JsonKeys, nested: (keys: JsonKeys) => InputSource): InputSource;
}

export interface InputSource {
  readonly type: string;
  /** The entities in a fixed order. Throws InvalidInput (not there, not allowed), LimitExceeded, Unavailable. */
  open(deps: SourceDeps): Promise<readonly InputEntity[]>;
  /** Rows come as stored in segments: no input format and no parsing of times. */
  readonly readsSegments?: true;
  /**
   * When the task is submitted: throws InvalidInput for what `open` would refuse anyway, as far as the words alone
   * tell. `inputDirs` = the folders that the process which runs the task may read.
   */
  check?(inputDirs: readonly string[]): void;
}

/** What a process lets its sources reach. */
export interface SourceDeps {
  /** Folders (absolute) that local sources may read. */
  readonly inputDirs: readonly string[];
  /** Hosts, host:port, addresses or networks (`10.0.0.0/8`) that http sources may reach although they are private. */
  readonly httpAllow: readonly string[];
  /** A folder for files that are needed while reading. */
  readonly workDir: string;
  /** Used segments of a data source, for reindexing; undefined where there is no overlord to ask. */
  readonly segments: SegmentLookup | undefined;
  /** Default: Google's own service. */
  readonly googleObjects?: ObjectReader;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How the druid source finds and reads segments that are already stored. */
export interface SegmentLookup {
  /** Payloads (Druid's JSON of a DataSegment) of the used segments that overlap the interval. */
  usedSegments(dataSource: string, intervals: readonly string[]): Promise<readonly string[]>;
  /** Puts the segment's files into `dir`, which is not there yet. */
  fetch(segment: DataSegment, dir: string, signal: AbortSignal): Promise<void>;
}
