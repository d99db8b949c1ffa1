import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import { LocalStorage } from '../segment/store/local-storage.js';
import { formatInterval } from '../segment/timeline/interval.js';
import { dataSegmentToJson, type DataSegment } from '../segment/timeline/data-segment.js';
import { runBatch, type AllocationRequest, type BatchDeps, type BatchResult } from './batch.js';
import { reportToJson } from './report.js';
import { compileTask } from './spec/task.js';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const day = (n: number): number => Date.UTC(2020, 0, n);

interface Change {
  readonly data?: string;
  readonly granularity?: Record<string, unknown>;
  readonly io?: Record<string, unknown>;
  readonly tuning?: Record<string, unknown>;
  readonly schema?: Record<string, unknown>;
}

function specOf(change: Change) {
  return compileTask({
    type: 'index',
    spec: {
      dataSchema: {
        dataSource: 'events',
        timestampSpec: { column: 't' },
        dimensionsSpec: { dimensions: ['d', { type: 'long', name: 'n' }] },
        metricsSpec: [{ type: 'count', name: 'cnt' }],
        granularitySpec: { segmentGranularity: 'day', rollup: false, ...change.granularity },
        ...change.schema,
      },
      ioConfig: {
        inputSource: { type: 'inline', data: change.data ?? '' },
        inputFormat: { type: 'json' },
        ...change.io,
      },
      tuningConfig: change.tuning ?? {},
    },
  }).spec;
}

const line = (time: number, fields: object = {}): string =>
  JSON.stringify({ t: time, d: 'x', n: 1, ...fields });

describe('batch build', () => {
  let base = '';
  let locked: string[] = [];
  let asked: AllocationRequest[] = [];
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'batch-test-'));
    locked = [];
    asked = [];
  });
  afterEach(async () => {
    await rm(base, { recursive: true });
  });

  function deps(patch: Partial<BatchDeps> = {}): BatchDeps {
    return {
      inputDirs: [],
      workDir: join(base, 'work'),
      store: new LocalStorage({ root: join(base, 'deep') }),
      lock: (chunk) => {
        locked.push(new Date(chunk.startMs).toISOString().slice(0, 13));
        return Promise.resolve('v2');
      },
      allocate: (request) => {
        asked.push(request);
        const shardSpec = { type: 'numbered', partitionNum: 10 + asked.length, partitions: 3 } as const;
        return Promise.resolve({ interval: request.chunk, version: 'v1', shardSpec });
      },
      usedIntervals: () => Promise.resolve([{ startMs: day(1), endMs: day(4) }]),
      sequencePrefix: 'task1',
      clock: { now: () => day(9), monotonic: () => 0 },
      log: silent,
      signal: new AbortController().signal,
      hit: () => undefined,
      ...patch,
    };
  }

  const run = (change: Change, patch: Partial<BatchDeps> = {}): Promise<BatchResult> =>
    runBatch(specOf(change), deps(patch));
  const shown = (segments: readonly DataSegment[]): string[] =>
    segments.map((s) => {
      const { partitionNum, partitions } = s.shardSpec as { partitionNum: number; partitions: number };
      return `${new Date(s.interval.startMs).toISOString().slice(8, 10)} ${s.version} ${partitionNum}/${partitions}`;
    });

  async function codeOf(action: Promise<unknown>): Promise<string> {
    const thrown: unknown = await action.then(
      () => undefined,
      (error: unknown) => error,
    );
    return thrown instanceof CodedError ? thrown.code : 'no error';
  }

  it('puts rows into given intervals, which need not be buckets of a granularity', async () => {
    const intervals = ['2020-01-02T12/2020-01-04', '2020-01-01/2020-01-02T12', '2020-01-05/2020-01-06T06'];
    const data = [1, 2, 2.5, 3, 4.5, 5, 6.2, 6.3].map((n) => line(day(1) + (n - 1) * 86_400_000)).join('\n');
    const granularity = { type: 'arbitrary', segmentGranularity: 'hour', intervals };
    const hashed = {
      forceGuaranteedRollup: true,
      partitionsSpec: { type: 'hashed', targetRowsPerSegment: 9 },
    };
    for (const tuning of [{}, hashed]) {
      locked = [];
      const { segments, report } = await run({ data, granularity, tuning });
      expect(
        segments.map(({ interval }) => formatInterval(interval).replaceAll(':00:00.000Z', '')),
      ).deep.equal([
        '2020-01-01T00/2020-01-02T12',
        '2020-01-02T12/2020-01-04T00',
        '2020-01-05T00/2020-01-06T06',
      ]);
      expect(locked).deep.equal(['2020-01-01T00', '2020-01-02T12', '2020-01-05T00']);
      expect(report.rows).include({ processed: 6, thrownAway: 2 });
    }
    const bad = [
      { type: 'arbitrary' },
      { type: 'arbitrary', intervals: ['2020-01-01/P2D', '2020-01-02/P2D'] },
    ];
    for (const wrong of bad) expect(() => specOf({ granularity: wrong })).throws('granularitySpec.intervals');
    expect(() => specOf({ granularity, io: { appendToExisting: true } })).throws('must be uniform');
  });

  it('writes days that look complete while others are read, with the same segments in the end', async () => {
    const days = [1, 2, 3, 1, 4];
    const rows = days.flatMap((n, turn) =>
      Array.from({ length: turn === 3 ? 10 : 11_000 }, (_, i) =>
        line(day(n) + ((i * 7919) % 11_000), { d: `v${i % 97}` }),
      ),
    );
    const change = { data: rows.join('\n') };
    const threads = { segmentThreadUrl: new URL('./segment-thread.js', import.meta.url) };
    const hits: string[] = [];
    const stored = async (patch: Partial<BatchDeps>, root: string): Promise<unknown> => {
      const { segments } = await run(change, { ...patch, store: new LocalStorage({ root }) });
      const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((one) =>
        one.isFile(),
      );
      const sums = files.map(async ({ parentPath, name }) => {
        const hash = createHash('sha256').update(await readFile(join(parentPath, name)));
        return [parentPath.slice(root.length), name, hash.digest('hex')];
      });
      expect(segments.length).equal(4);
      return [shown(segments), await Promise.all(sums)];
    };
    const wanted = await stored({}, join(base, 'here'));
    const hit = (name: string): void => void hits.push(name);
    expect(await stored({ ...threads, hit }, join(base, 'there'))).deep.equal(wanted);
    // Days 1 and 2, of which day 1 is merged with the rows that came later; day 3 when one of them was written by then.
    const ahead = availableParallelism() > 1 ? [2, 3] : [0];
    expect(hits.filter((name) => name === 'ingest.part_written').length).oneOf(ahead);
  });

  it('overwrites: a lock a chunk, partitions numbered, core size known in the end', async () => {
    const data = [1, 2, 1, 1, 1].map((n, i) => line(day(n) + i)).join('\n');
    const { segments, report } = await run({
      data,
      tuning: { partitionsSpec: { type: 'dynamic', maxRowsPerSegment: 3 } },
    });
    expect(shown(segments)).deep.equal(['01 v2 0/2', '01 v2 1/2', '02 v2 0/1']);
    expect(locked).deep.equal(['2020-01-01T00', '2020-01-02T00']);
    expect(report.rows).include({ processed: 5, processedWithError: 0, thrownAway: 0, unparseable: 0 });
    expect(report.rows.processedBytes).equal(data.length);
    expect(segments[0]).deep.include({ dimensions: ['d', 'n'], metrics: ['cnt'], binaryVersion: 9 });
    expect(segments[0]?.size).above(100);
    for (const segment of segments) {
      const files = await readdir(String(segment.loadSpec?.['path']));
      expect(files.toSorted()).deep.equal(['00000.smoosh', 'factory.json', 'meta.smoosh', 'version.bin']);
    }
    expect(await readdir(join(base, 'work'))).deep.equal([]);
    expect(reportToJson(report, null)).deep.include({
      ingestionState: 'COMPLETED',
      rowStats: {
        buildSegments: {
          processed: 5,
          processedBytes: data.length,
          processedWithError: 0,
          thrownAway: 0,
          unparseable: 0,
        },
      },
    });
  });

  it('appends with the ids it is given', async () => {
    const data = [1, 1, 2].map((n, i) => line(day(n) + i)).join('\n');
    const change = { data, io: { appendToExisting: true }, tuning: { maxRowsPerSegment: 1 } };
    const { segments } = await run(change);
    expect(shown(segments)).deep.equal(['01 v1 11/3', '01 v1 12/3', '02 v1 13/3']);
    expect(asked.map((a) => [a.sequenceName, a.previousSegmentId?.slice(-5) ?? null])).deep.equal(
      [
        ['task1_0_0', null],
        ['task1_0_1', '_v1_11'],
        ['task1_1_0', null],
      ].map(([name, id]) => [name, id?.slice(-5) ?? null]),
    );
    expect(locked).deep.equal([]);
  });

  it('appends to chunks of another size when the ids say so', async () => {
    const wide = { startMs: day(1), endMs: day(4) };
    const shardSpec = { type: 'numbered', partitionNum: 1, partitions: 1 } as const;
    const allocate = (request: AllocationRequest) => {
      asked.push(request);
      return Promise.resolve({ interval: wide, version: 'v1', shardSpec });
    };
    const data = [1, 2, 3].map((n) => line(day(n))).join('\n');
    const { segments } = await run({ data, io: { appendToExisting: true } }, { allocate });
    expect(segments).length(1);
    expect(segments[0]?.interval).deep.equal(wide);
    expect(asked).length(1);
  });

  it('counts what it throws away and can not read, and stops at the limit', async () => {
    const data = [
      line(day(1)),
      line(day(5)),
      'not json',
      '{"d":"no time"}',
      '{"t":"yesterday"}',
      line(day(1), { n: 'many' }),
      line(8.64e15 * 100),
    ].join('\n');
    const granularity = { intervals: ['2020-01-01/P1D'] };
    const { report } = await run({ data, granularity, tuning: { maxSavedParseExceptions: 2 } });
    expect(report.rows).include({ processed: 1, processedWithError: 1, thrownAway: 1, unparseable: 4 });
    expect(report.unparseableEvents.map((event) => event.details[0])).deep.equal([
      'Timestamp is outside the years that can be stored (inline, line 7)',
      'could not convert value["many"] of column[n] to long (inline, line 6)',
    ]);
    expect(report.unparseableEvents[1]).include({
      input: `{t=${day(1)}, d=x, n=many}`,
      errorType: 'processedWithError',
    });
    expect(await codeOf(run({ data, granularity, tuning: { maxParseExceptions: 4 } }))).equal('InvalidInput');
    expect(await codeOf(run({ data, granularity, tuning: { maxParseExceptions: 5 } }))).equal('no error');
  });

  it('takes the time of rows without one from the spec', async () => {
    const schema = { timestampSpec: { column: 't', missingValue: '2020-01-03T01:00:00Z' } };
    const { segments } = await run({ data: '{"d":"a"}\n{"t":null}', schema });
    expect(shown(segments)).deep.equal(['03 v2 0/1']);
  });

  it('closes everything when all open segments together are too many rows', async () => {
    const data = [1, 2, 1, 2, 1].map((n, i) => line(day(n) + i)).join('\n');
    const partitionsSpec = { type: 'dynamic', maxRowsPerSegment: 10, maxTotalRows: 4 };
    const { segments } = await run({ data, tuning: { partitionsSpec } });
    expect(shown(segments)).deep.equal(['01 v2 0/2', '01 v2 1/2', '02 v2 0/1']);
  });

  it('writes rows to disk before memory is full, without more segments', async () => {
    const data = Array.from({ length: 9000 }, (_, i) => line(day(1 + (i & 1)))).join('\n');
    let parts = 0;
    const hit = (name: string): void => {
      if (name === 'ingest.part_written') parts++;
    };
    const { segments } = await run({ data }, { memoryBytesMax: 1000, hit });
    expect(shown(segments)).deep.equal(['01 v2 0/1', '02 v2 0/1']);
    expect(parts).above(7);
    expect(await readdir(join(base, 'work'))).deep.equal([]);
  });

  it('leaves tombstones where replaced chunks stay empty', async () => {
    const change = {
      data: line(day(2)),
      granularity: { intervals: ['2020-01-01/2020-01-03T12'] },
      io: { dropExisting: true },
    };
    const { segments } = await run(change);
    expect(segments.map((s) => [s.shardSpec.type, dataSegmentToJson(s)['interval']])).deep.equal([
      ['tombstone', '2020-01-01T00:00:00.000Z/2020-01-02T00:00:00.000Z'],
      ['numbered', '2020-01-02T00:00:00.000Z/2020-01-03T00:00:00.000Z'],
      ['tombstone', '2020-01-03T00:00:00.000Z/2020-01-03T12:00:00.000Z'],
    ]);
  });

  it('publishes nothing for no rows, and nothing when it is stopped', async () => {
    expect((await run({ data: '' })).segments).deep.equal([]);
    const data = line(day(1));
    expect(await codeOf(run({ data }, { signal: AbortSignal.abort() }))).equal('Canceled');
    const stop = new AbortController();
    const hit = (name: string): void => {
      if (name === 'ingest.segment_written') stop.abort();
    };
    expect(await codeOf(run({ data }, { signal: stop.signal, hit }))).equal('Canceled');
    expect(await readdir(join(base, 'deep'), { recursive: true })).deep.equal(['intermediate_pushes']);
  });

  it('passes errors of its callbacks on', async () => {
    const lock = (): Promise<string> => Promise.reject(new CodedError('LockRevoked', 'gone'));
    expect(await codeOf(run({ data: line(day(1)) }, { lock }))).equal('LockRevoked');
  });

  it('builds the same bytes twice', async () => {
    const data = Array.from({ length: 500 }, (_, i) =>
      line(day(1 + (i % 3)) + ((i * 7919) % 1000), { d: `v${i % 17}`, n: i % 5 }),
    ).join('\n');
    const hashOf = async (root: string): Promise<string[]> => {
      const { segments } = await run({ data }, { store: new LocalStorage({ root }) });
      const files = segments.map((s) => readFile(join(String(s.loadSpec?.['path']), '00000.smoosh')));
      return (await Promise.all(files)).map((bytes) => createHash('sha256').update(bytes).digest('hex'));
    };
    expect(await hashOf(join(base, 'one'))).deep.equal(await hashOf(join(base, 'two')));
  });

  it('reports progress', async () => {
    const phases: string[] = [];
    await run({ data: line(day(1)) }, { onProgress: (progress) => phases.push(progress.phase) });
    expect(phases).deep.equal(['READING', 'PERSISTING', 'PUSHING', 'DONE']);
  });
});
