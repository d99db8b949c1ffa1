/** The groups of a query out of frames in memory and runs on disk: sorted, one row a key, a piece at a time. */
import { CodedError } from '../../proto/errors.js';
import { frameBytes } from '../frame-codec.js';
import { framePieces } from '../frame-pieces.js';
import type { Frame } from '../frame.js';
import { aggregateColumns, keyColumns, mergePartials } from '../merge.js';
import type { GroupByQuery } from '../native/model.js';
import { diskFull, readRun, RunWriter } from './run-file.js';
import { mergeRuns, type Run } from './runs.js';

/** A sorted run in a file; see run-file.ts. */
export interface StoredRun {
  readonly path: string;
  readonly bytes: number;
}

/** Rows of a piece: its keys and values stay near while it is merged. */
const pieceRows = 65_536;

/** Pieces may share memory with `frames` and with each other. Errors: StorageFailure. */
export function* groupPieces(
  query: GroupByQuery,
  frames: readonly Frame[],
  stored: readonly StoredRun[] = [],
  rowsMax = pieceRows,
): Generator<Frame, void, undefined> {
  const files = stored.map(({ path, bytes }) => readRun(path, bytes));
  try {
    const runs: Run[] = [...sortedRuns(query, frames, rowsMax), ...files];
    const bucket = { name: '__bucket', type: 'LONG' } as const;
    const keys = [bucket, ...keyColumns(query.dimensions)];
    yield* mergeRuns(runs, keys, aggregateColumns(query.aggregations));
  } finally {
    for (const file of files) file.return();
  }
}

/** Small frames are merged with others first: what a step costs grows with the number of runs. */
function sortedRuns(query: GroupByQuery, frames: readonly Frame[], rowsMax: number): Run[] {
  const runs: Run[] = [];
  let some: Frame[] = [];
  let rows = 0;
  const close = (): void => {
    if (some.length > 0) runs.push(piecesOf(mergePartials(query, some), rowsMax));
    some = [];
    rows = 0;
  };
  for (const frame of frames) {
    if (frame.rows === 0) continue;
    if (rows + frame.rows > rowsMax) close();
    some.push(frame);
    rows += frame.rows;
  }
  close();
  return runs;
}

function piecesOf(frame: Frame, rowsMax: number): Run {
  return framePieces(frame, Math.ceil((frameBytes(frame) * rowsMax) / Math.max(rowsMax, frame.rows)));
}

export interface CondenseInput {
  readonly query: GroupByQuery;
  readonly frames: readonly Frame[];
  /** What is merged stays in memory while it is not larger. */
  readonly memoryBytesMax: number;
  /** A file that does not exist; undefined: nothing may go to disk. */
  readonly path: string | undefined;
  readonly diskBytesMax: number;
}

/** Either the frames of one sorted run, or the run that holds them. */
export type Condensed = { readonly frames: readonly Frame[] } | { readonly stored: StoredRun };

/** Merges frames of a query into fewer bytes, in memory or on disk. Errors: LimitExceeded, StorageFailure. */
export function condense(input: CondenseInput, check: () => void): Condensed {
  const { query, frames, memoryBytesMax, path, diskBytesMax } = input;
  const kept: Frame[] = [];
  let bytes = 0;
  let writer: RunWriter | undefined;
  try {
    for (const piece of groupPieces(query, frames)) {
      check();
      bytes += frameBytes(piece);
      if (writer === undefined && bytes <= memoryBytesMax) {
        kept.push(piece);
        continue;
      }
      if (path === undefined) throw memoryFull(query, memoryBytesMax);
      if (diskBytesMax <= 0) throw diskFull();
      if (writer === undefined) {
        writer = new RunWriter(path, diskBytesMax);
        for (const one of kept.splice(0)) writer.add(one);
      }
      writer.add(piece);
    }
  } catch (thrown) {
    writer?.discard();
    throw thrown;
  }
  if (writer === undefined || path === undefined) return { frames: kept };
  writer.end();
  return { stored: { path, bytes: writer.bytes } };
}

export function memoryFull({ context }: GroupByQuery, bytesMax: number): CodedError {
  return new CodedError(
    'LimitExceeded',
    `Not enough aggregation buffer space to execute this query. Query[${context.queryId}] holds more than ${bytesMax} bytes of partial results: ask for less at a time, or raise queryBytesMax.`,
  );
}
