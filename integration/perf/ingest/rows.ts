/** Input for the figures of ingestion. The same seed, the same bytes. */
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { randomOf } from '../../segment/mutation.js';

export interface Input {
  readonly rows: number;
  readonly bytes: number;
  /** The task that ingests it. */
  readonly task: (dataSource: string, rollup?: boolean) => Record<string, unknown>;
}

const dayMs = 86_400_000;
const dayOf = (first: number, days: number): string =>
  new Date(first + days * dayMs).toISOString().slice(0, 10);

/** A day of Wikipedia's edits (39,244 rows), once for each of `days` days in a row; undefined when it is not at hand. */
export function writeWikiticker(recordings: string, file: string, days: number): Input | undefined {
  const folder = path.join(recordings, 'golden/datasets/wikiticker');
  const packed = path.join(folder, 'wikiticker-2015-09-12-sampled.json.gz');
  if (!fs.existsSync(packed)) return undefined;
  const day = gunzipSync(fs.readFileSync(packed)).toString('utf8');
  const out = fs.openSync(file, 'w');
  const first = Date.UTC(2015, 8, 12);
  for (let i = 0; i < days; i++) fs.writeSync(out, day.replaceAll('2015-09-12T', `${dayOf(first, i)}T`));
  fs.closeSync(out);
  const rows = (day.split('\n').length - 1) * days;
  const spec = fs.readFileSync(path.join(folder, '01-ingest.json'), 'utf8');
  return {
    rows,
    bytes: fs.statSync(file).size,
    task(dataSource) {
      const task = JSON.parse(spec) as Task;
      const { dataSchema, ioConfig } = task.spec;
      dataSchema['dataSource'] = dataSource;
      dataSchema['granularitySpec'] = {
        segmentGranularity: 'day',
        queryGranularity: 'none',
        intervals: [`2015-09-12/${dayOf(first, days)}`],
        rollup: false,
      };
      ioConfig['inputSource'] = localSource(file);
      delete task.spec.tuningConfig['maxRowsInMemory'];
      return task;
    },
  };
}

interface Task extends Record<string, unknown> {
  readonly spec: {
    readonly dataSchema: Record<string, unknown>;
    readonly ioConfig: Record<string, unknown>;
    readonly tuningConfig: Record<string, unknown>;
  };
}

function localSource(file: string): unknown {
  return { type: 'local', baseDir: path.dirname(file), filter: path.basename(file) };
}

const wideDimensions = Array.from({ length: 30 }, (_, i) => `dim_${String(i).padStart(2, '0')}`);
const wideMetrics = Array.from({ length: 19 }, (_, i) => `met_${String(i).padStart(2, '0')}`);
/** Different values of the dimensions, in turn. */
const cardinalities = [2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000];
const wideStartMs = Date.UTC(2024, 0, 1);

/** Events of 30 dimensions and 19 numbers, about 760 bytes each, spread over one day. */
export function writeWide(file: string, rows: number, seed = 1): Input {
  const random = randomOf(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const out = fs.openSync(file, 'w');
  let text = '';
  for (let row = 0; row < rows; row++) {
    const event: Record<string, unknown> = {
      time: new Date(wideStartMs + Math.floor((row / rows) * dayMs)).toISOString(),
    };
    wideDimensions.forEach(
      (name, i) => (event[name] = `v${below(cardinalities[i % cardinalities.length]!)}`),
    );
    wideMetrics.forEach((name, i) => (event[name] = i % 2 === 0 ? below(1000) : below(100_000) / 100));
    text += `${JSON.stringify(event)}\n`;
    if (text.length > 1 << 20) {
      fs.writeSync(out, text);
      text = '';
    }
  }
  fs.writeSync(out, text);
  fs.closeSync(out);
  return {
    rows,
    bytes: fs.statSync(file).size,
    task: (dataSource, rollup = false) => ({
      type: 'index_parallel',
      spec: {
        dataSchema: {
          dataSource,
          timestampSpec: { column: 'time', format: 'iso' },
          dimensionsSpec: { dimensions: wideDimensions },
          metricsSpec: wideMetrics.map((name, i) => ({
            type: i % 2 === 0 ? 'longSum' : 'doubleSum',
            name,
            fieldName: name,
          })),
          granularitySpec: {
            segmentGranularity: 'day',
            queryGranularity: 'minute',
            rollup,
            intervals: ['2024-01-01/2024-01-02'],
          },
        },
        ioConfig: {
          type: 'index_parallel',
          inputSource: localSource(file),
          inputFormat: { type: 'json' },
        },
        tuningConfig: { type: 'index_parallel' },
      },
    }),
  };
}
