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
}

/** Druid's `ingestionStatsAndErrors` payload, keys in its order. */
export function reportToJson(report: IngestReport, errorMessage: string | null): Record<string, unknown> {
  const { processed, processedBytes, processedWithError, thrownAway, unparseable } = report.rows;
  return {
    ingestionState: report.ingestionState,
    unparseableEvents: { buildSegments: report.unparseableEvents },
    rowStats: {
      buildSegments: { processed, processedBytes, processedWithError, thrownAway, unparseable },
    },
    errorMsg: errorMessage,
    segmentAvailabilityConfirmed: false,
    segmentAvailabilityWaitTimeMs: 0,
  };
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
