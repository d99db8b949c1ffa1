/** The main job through the doors: a task in, segments loaded, Druid's answers out. */
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { expect } from 'chai';
import { launchGrove, temporaryFolder, type Grove } from '../launch.js';
import { eventsTask, inlineEvents } from './tasks.js';

const everything = ['0000-01-01/9999-01-01'];

describe('the main job', function () {
  this.timeout(600_000);
  let grove: Grove;
  const input = temporaryFolder('grove-input-');

  before(async () => {
    grove = await launchGrove({ args: ['--strict'], env: { GROVE_INPUT_DIRS: input } });
  });
  after(async () => {
    await grove?.stop();
    fs.rmSync(input, { recursive: true, force: true });
  });

  it('ingests inline rows and answers a timeseries', async () => {
    const done = await grove.ingest(eventsTask('events', inlineEvents()));
    expect(done.statusCode, done.errorMsg ?? '').to.equal('SUCCESS');
    await grove.rowsQueryable('events', 6);
    const answer = await grove.query({
      queryType: 'timeseries',
      dataSource: 'events',
      granularity: 'day',
      intervals: ['2024-03-01/2024-03-03'],
      aggregations: [
        { type: 'count', name: 'rows' },
        { type: 'longSum', name: 'added', fieldName: 'added' },
      ],
    });
    expect(answer.status).to.equal(200);
    expect(answer.json()).to.deep.equal([
      { timestamp: '2024-03-01T00:00:00.000Z', result: { rows: 4, added: 22 } },
      { timestamp: '2024-03-02T00:00:00.000Z', result: { rows: 2, added: 12 } },
    ]);
  });

  it('answers topN, groupBy, scan and timeBoundary with filters', async () => {
    const base = { dataSource: 'events', intervals: everything };
    const topN = await grove.query({
      ...base,
      queryType: 'topN',
      granularity: 'all',
      dimension: 'city',
      metric: 'added',
      threshold: 2,
      aggregations: [{ type: 'longSum', name: 'added', fieldName: 'added' }],
    });
    expect(topN.json<{ result: unknown[] }[]>()[0]?.result).to.deep.equal([
      { city: 'Oslo', added: 17 },
      { city: 'Zürich', added: 9 },
    ]);
    const groupBy = await grove.query({
      ...base,
      queryType: 'groupBy',
      granularity: 'all',
      dimensions: ['city'],
      // A null city is neither Oslo nor not Oslo: the row stays out.
      filter: { type: 'not', field: { type: 'selector', dimension: 'city', value: 'Oslo' } },
      aggregations: [{ type: 'count', name: 'rows' }],
    });
    expect(groupBy.json<{ event: unknown }[]>().map((row) => row.event)).to.deep.equal([
      { city: 'Lima', rows: 1 },
      { city: 'Rome', rows: 1 },
      { city: 'Zürich', rows: 1 },
    ]);
    const scan = await grove.query({
      ...base,
      queryType: 'scan',
      columns: ['__time', 'city', 'added'],
      limit: 1,
      order: 'ascending',
    });
    const [batch] = scan.json<{ events: unknown[] }[]>();
    expect(batch?.events).to.deep.equal([{ __time: 1_709_251_200_000, city: 'Oslo', added: 10 }]);
    const boundary = await grove.query({ queryType: 'timeBoundary', dataSource: 'events' });
    expect(boundary.json()).to.deep.equal([
      {
        timestamp: '2024-03-01T00:00:00.000Z',
        result: { minTime: '2024-03-01T00:00:00.000Z', maxTime: '2024-03-02T12:00:00.000Z' },
      },
    ]);
  });

  it('appends to a day and overwrites a day', async () => {
    const day = 'overwritten';
    await grove.ingest(eventsTask(day, inlineEvents()));
    await grove.rowsQueryable(day, 6);
    const appended = await grove.ingest(eventsTask(day, inlineEvents(), { append: true }));
    expect(appended.statusCode, appended.errorMsg ?? '').to.equal('SUCCESS');
    await grove.rowsQueryable(day, 12);
    const replaced = await grove.ingest(
      eventsTask(day, [{ t: '2024-03-01T05:00:00Z', city: 'Bern', added: 1 }], {
        intervals: ['2024-03-01/2024-03-02'],
      }),
    );
    expect(replaced.statusCode, replaced.errorMsg ?? '').to.equal('SUCCESS');
    await grove.rowsQueryable(day, 5);
  });

  it('reads local gzip files below an allowed folder only', async () => {
    const lines = inlineEvents()
      .map((row) => JSON.stringify(row))
      .join('\n');
    fs.writeFileSync(path.join(input, 'rows.json.gz'), zlib.gzipSync(lines));
    const local = (baseDir: string): unknown =>
      eventsTask('localfile', [], { inputSource: { type: 'local', baseDir, filter: '*.gz' } });
    const done = await grove.ingest(local(input));
    expect(done.statusCode, done.errorMsg ?? '').to.equal('SUCCESS');
    await grove.rowsQueryable('localfile', 6);
    const refused = await grove.request('POST', '/druid/indexer/v1/task', local('/etc'));
    expect(refused.status).to.equal(400);
    expect(refused.text).to.match(/baseDir/);
  });

  it('shows the task by REST: status, reports, log, lists', async () => {
    const done = await grove.ingest(eventsTask('shown', inlineEvents()));
    const at = `/druid/indexer/v1/task/${encodeURIComponent(done.id)}`;
    const reports = (await grove.request('GET', `${at}/reports`)).json<{
      ingestionStatsAndErrors: { payload: { rowStats: { buildSegments: { processed: number } } } };
    }>();
    expect(reports.ingestionStatsAndErrors.payload.rowStats.buildSegments.processed).to.equal(6);
    const log = await grove.request('GET', `${at}/log`);
    expect(log.status).to.equal(200);
    expect(log.text.length).to.be.greaterThan(0);
    const tasks = (await grove.request('GET', '/druid/indexer/v1/tasks')).json<{ id: string }[]>();
    expect(tasks.map((task) => task.id)).to.include(done.id);
  });

  it('answers the cluster paths', async () => {
    expect((await grove.request('GET', '/status/health')).text).to.equal('true');
    expect((await grove.request('GET', '/druid/v2/datasources')).json<string[]>()).to.include('events');
    const loadstatus = (await grove.request('GET', '/druid/coordinator/v1/loadstatus')).json<
      Record<string, number>
    >();
    expect(loadstatus['events']).to.equal(100);
    expect((await grove.request('GET', '/druid/coordinator/v1/leader')).text).to.match(/^http/);
    expect((await grove.request('GET', '/druid/indexer/v1/leader')).text).to.match(/^http/);
    expect(
      (await grove.request('GET', '/druid/coordinator/v1/metadata/datasources')).json<string[]>(),
    ).to.include('events');
  });

  it('stops cleanly', async () => {
    expect(await grove.stop()).to.equal(0);
  });
});
