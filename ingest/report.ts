/** What became of the rows of a task: Druid's row counters and the rows that were kept for the report. */
import { CodedError } from '../proto/errors.js';

export interface RowCounts {
  readonly processed: number;
  /** Kept, but at least one value could not be read (and became null). */
  readonly processedWithError: number;
  /** Outside the intervals. */
  readonly thrownAway: number;
  readonly unparseable: number;
  readonly processedBytes: number;
}

/** A row that could not be read, or not all of it; fields are named as in Druid's reports. */
export interface UnparseableEvent {
  /** The line, or the fields that were read from it; long ones are cut. */
  readonly input: string;
  readonly errorType: 'unparseable' | 'processedWithError';
  readonly details: readonly string[];
  readonly timeOfExceptionMillis: number;
}

const INPUT_LENGTH_MAX = 1000;

export interface IngestReport {
  readonly ingestionState: 'NOT_STARTED' | 'DETERMINE_PARTITIONS' | 'BUILD_SEGMENTS' | 'COMPLETED';
  readonly rows: RowCounts;
  /** Newest first, at most maxSavedParseExceptions. */
  readonly unparseableEvents: readonly UnparseableEvent[];
  readonly segmentsBuilt: number;
  /** Of the pass over the input that determined the partitions, when there was one. */
  readonly determined?: {
    readonly rows: RowCounts;
    readonly unparseableEvents: readonly UnparseableEvent[];
  };
}

export const noRows: RowCounts = {
  processed: 0,
  processedBytes: 0,
  processedWithError: 0,
  thrownAway: 0,
  unparseable: 0,
};

export function addRows(a: RowCounts, b: RowCounts): RowCounts {
  return {
    processed: a.processed + b.processed,
    processedBytes: a.processedBytes + b.processedBytes,
    processedWithError: a.processedWithError + b.processedWithError,
    thrownAway: a.thrownAway + b.thrownAway,
    unparseable: a.unparseable + b.unparseable,
  };
}

/** Rows a second over the last `1m`, `5m` and `15m`. */
export type MovingAverages = Readonly<Record<'1m' | '5m' | '15m', RowCounts>>;

/**
 * How `rowStats` look in Druid's reports: of a task that has ended its phases with their counts; of a running one totals
 * and moving averages; of one with sub-tasks the totals of what they built.
 */
export type RowStatsShape =
  | { readonly kind: 'ended' }
  | { readonly kind: 'live'; readonly averages: MovingAverages }
  | { readonly kind: 'subTasks' };

/** Druid's `ingestionStatsAndErrors` payload, keys in its order. */
export function reportToJson(
  report: IngestReport,
  errorMessage: string | null,
  shape: RowStatsShape = { kind: 'ended' },
): Record<string, unknown> {
  const { determined } = report;
  const phases = {
    ...(determined !== undefined && { determinePartitions: rowsToJson(determined.rows) }),
    buildSegments: rowsToJson(report.rows),
  };
  return {
    ingestionState: report.ingestionState,
    unparseableEvents: {
      ...(determined !== undefined && { determinePartitions: determined.unparseableEvents }),
      buildSegments: report.unparseableEvents,
    },
    rowStats: rowStats(phases, shape),
    errorMsg: errorMessage,
    segmentAvailabilityConfirmed: false,
    segmentAvailabilityWaitTimeMs: 0,
  };
}

function rowStats(phases: Record<string, unknown>, shape: RowStatsShape): unknown {
  switch (shape.kind) {
    case 'ended':
      return phases;
    case 'subTasks':
      return { totals: phases };
    case 'live': {
      const windows = Object.entries(shape.averages).map(([name, rates]) => [name, rowsToJson(rates)]);
      return { movingAverages: { buildSegments: Object.fromEntries(windows) }, totals: phases };
    }
  }
}

function rowsToJson(rows: RowCounts): RowCounts {
  const { processed, processedBytes, processedWithError, thrownAway, unparseable } = rows;
  return { processed, processedBytes, processedWithError, thrownAway, unparseable };
}

export interface RowTallyLimits {
  /** Bad rows (unparseable or kept with errors) allowed; one more fails the task. */
  readonly maxParseExceptions: number;
  readonly maxSavedParseExceptions: number;
}

/** Counts rows while they are read; throws InvalidInput at the first bad row beyond the limit. */
export class RowTally {
  processed = 0;
  processedBytes = 0;
  processedWithError = 0;
  thrownAway = 0;
  unparseable = 0;
  readonly #limits: RowTallyLimits;
  readonly #saved: UnparseableEvent[] = [];
  readonly #onBadRow: (reason: string) => void;
  readonly #timeMs: () => number;

  /** `onBadRow` hears of every bad row (for logParseExceptions); reasons hold no row data beyond one value. */
  constructor(limits: RowTallyLimits, timeMs: () => number, onBadRow: (reason: string) => void) {
    this.#limits = limits;
    this.#timeMs = timeMs;
    this.#onBadRow = onBadRow;
  }

  /** `input` makes the text that is saved of the row; asked only when it is. */
  badRow(reason: string, input: () => string): void {
    this.unparseable++;
    this.#note('unparseable', [reason], input);
  }

  rowWithErrors(reasons: readonly string[], input: () => string): void {
    this.processedWithError++;
    this.#note('processedWithError', reasons, input);
  }

  #note(errorType: UnparseableEvent['errorType'], reasons: readonly string[], input: () => string): void {
    this.#onBadRow(reasons.join('; '));
    if (this.#limits.maxSavedParseExceptions > 0) {
      if (this.#saved.length >= this.#limits.maxSavedParseExceptions) this.#saved.pop();
      this.#saved.unshift({
        input: input().slice(0, INPUT_LENGTH_MAX),
        errorType,
        details: reasons,
        timeOfExceptionMillis: this.#timeMs(),
      });
    }
    if (this.unparseable + this.processedWithError > this.#limits.maxParseExceptions) {
      throw new CodedError(
        'InvalidInput',
        `Max parse exceptions[${this.#limits.maxParseExceptions}] exceeded: ${reasons.join('; ')}`,
        { field: 'tuningConfig.maxParseExceptions' },
      );
    }
  }

  counts(): RowCounts {
    const { processed, processedWithError, thrownAway, unparseable, processedBytes } = this;
    return { processed, processedWithError, thrownAway, unparseable, processedBytes };
  }

  saved(): readonly UnparseableEvent[] {
    return [...this.#saved];
  }
}
