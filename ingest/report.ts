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

export interface UnparseableEvent {
  readonly timeOfException: string;
  readonly details: readonly string[];
}

export interface IngestReport {
  readonly ingestionState: 'NOT_STARTED' | 'DETERMINE_PARTITIONS' | 'BUILD_SEGMENTS' | 'COMPLETED';
  readonly rows: RowCounts;
  /** Newest last, at most maxSavedParseExceptions. */
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
  readonly #time: () => string;

  /** `onBadRow` hears of every bad row (for logParseExceptions); reasons hold no row data beyond one value. */
  constructor(limits: RowTallyLimits, time: () => string, onBadRow: (reason: string) => void) {
    this.#limits = limits;
    this.#time = time;
    this.#onBadRow = onBadRow;
  }

  badRow(reason: string): void {
    this.unparseable++;
    this.#note(reason);
  }

  rowWithErrors(reasons: readonly string[]): void {
    this.processedWithError++;
    this.#note(...reasons);
  }

  #note(...reasons: string[]): void {
    this.#onBadRow(reasons.join('; '));
    if (this.#limits.maxSavedParseExceptions > 0) {
      if (this.#saved.length >= this.#limits.maxSavedParseExceptions) this.#saved.shift();
      this.#saved.push({ timeOfException: this.#time(), details: reasons });
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
