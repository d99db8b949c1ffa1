/** Small tasks and rows that several proofs share. */

export interface EventRow {
  readonly t: string;
  readonly city: string | null;
  readonly added: number;
}

/** Six rows over two days, with a null and a non-ASCII city. */
export function inlineEvents(): EventRow[] {
  return [
    { t: '2024-03-01T00:00:00Z', city: 'Oslo', added: 10 },
    { t: '2024-03-01T01:00:00Z', city: 'Rome', added: 3 },
    { t: '2024-03-01T02:00:00Z', city: null, added: 2 },
    { t: '2024-03-01T03:00:00Z', city: 'Oslo', added: 7 },
    { t: '2024-03-02T00:00:00Z', city: 'Zürich', added: 9 },
    { t: '2024-03-02T12:00:00Z', city: 'Lima', added: 3 },
  ];
}

export interface TaskOptions {
  readonly append?: boolean;
  readonly intervals?: readonly string[];
  readonly inputSource?: unknown;
}

/** An `index_parallel` task over the given rows; dimensions city, metric-less, column added as long. */
export function eventsTask(
  dataSource: string,
  rows: readonly EventRow[],
  options: TaskOptions = {},
): unknown {
  const inline = { type: 'inline', data: rows.map((row) => JSON.stringify(row)).join('\n') };
  return {
    type: 'index_parallel',
    spec: {
      dataSchema: {
        dataSource,
        timestampSpec: { column: 't', format: 'iso' },
        dimensionsSpec: { dimensions: ['city', { type: 'long', name: 'added' }] },
        metricsSpec: [],
        granularitySpec: {
          type: 'uniform',
          segmentGranularity: 'day',
          queryGranularity: 'none',
          rollup: false,
          ...(options.intervals === undefined ? {} : { intervals: options.intervals }),
        },
      },
      ioConfig: {
        type: 'index_parallel',
        inputSource: options.inputSource ?? inline,
        inputFormat: { type: 'json' },
        appendToExisting: options.append ?? false,
      },
      tuningConfig: { type: 'index_parallel', partitionsSpec: { type: 'dynamic' } },
    },
  };
}
