/** Registered lookups over HTTP, over a restart too; and queries that ask for too much beside others that do not. */
import { expect } from 'chai';
import fs from 'node:fs';
import path from 'node:path';
import { launchGrove, patienceMs, temporaryFolder, until, type Grove } from '../launch.js';
import { eventsTask, inlineEvents } from '../quickstart/tasks.js';

const base = '/druid/coordinator/v1/lookups';
const countries = { Oslo: 'Norway', Rome: 'Italy', Lima: 'Peru' };
const entry = (version: string, map: object) => ({ version, lookupExtractorFactory: { type: 'map', map } });
const common = { dataSource: 'cities', intervals: ['2024-01-01/2025-01-01'], granularity: 'all' };
const sum = { type: 'longSum', name: 'added', fieldName: 'added' };

describe('lookups and limits', function () {
  this.timeout(600_000);
  let grove: Grove;
  let dataDir: string;
  const args = ['--queries-max', '20', '--query-laning', 'manual', '--query-lanes', 'narrow=1'];

  const byCountry = async (): Promise<unknown> => {
    const dimensions = [{ type: 'lookup', dimension: 'city', outputName: 'country', name: 'country' }];
    const answer = await grove.query({ queryType: 'groupBy', ...common, dimensions, aggregations: [sum] });
    if (answer.status !== 200) return answer.json<{ errorMessage: string }>().errorMessage;
    return answer.json<{ event: unknown }[]>().map(({ event }) => event);
  };
  const expected = [
    { country: null, added: 11 },
    { country: 'Italy', added: 3 },
    { country: 'Norway', added: 17 },
    { country: 'Peru', added: 3 },
  ];
  const loaded = (name: string): Promise<true> =>
    until('the lookup is loaded', patienceMs, async () => {
      const answer = await grove.request('GET', `${base}/status/__default/${name}`);
      return answer.json<{ loaded?: boolean }>().loaded === true ? true : undefined;
    });

  before(async () => {
    dataDir = temporaryFolder();
    grove = await launchGrove({ dataDir, args });
    await grove.ingest(eventsTask('cities', inlineEvents()));
    await grove.rowsQueryable('cities', 6);
  });
  after(async () => {
    await grove?.stop();
    fs.rmSync(dataDir, { recursive: true, force: true });
  });

  it('an unknown one fails the query in the words of Druid', async () => {
    expect(await byCountry()).to.equal('Lookup [country] not found');
  });

  it('are used in dimensions, filters, expressions and joins as soon as they are registered', async () => {
    expect((await grove.request('POST', `${base}/config`, {})).status).to.equal(202);
    expect(
      (await grove.request('POST', `${base}/config/__default/country`, entry('v1', countries))).status,
    ).to.equal(202);
    await loaded('country');
    expect(await byCountry()).to.deep.equal(expected);
    const timeseries = { queryType: 'timeseries', aggregations: [sum] };
    const extractionFn = { type: 'registeredLookup', lookup: 'country' };
    for (const query of [
      { ...common, filter: { type: 'selector', dimension: 'city', value: 'Norway', extractionFn } },
      { ...common, filter: { type: 'expression', expression: "lookup(city, 'country') == 'Norway'" } },
      {
        ...common,
        dataSource: {
          type: 'join',
          left: 'cities',
          right: { type: 'lookup', lookup: 'country' },
          rightPrefix: 'c.',
          condition: 'city == "c.k"',
          joinType: 'INNER',
        },
        filter: { type: 'equals', column: 'c.v', matchValueType: 'STRING', matchValue: 'Norway' },
      },
    ]) {
      const answer = await grove.query({ ...timeseries, ...query });
      expect(answer.json<{ result: unknown }[]>()[0]?.result, answer.text).to.deep.equal({ added: 17 });
    }
    const rows = await grove.query({
      queryType: 'scan',
      dataSource: { type: 'lookup', lookup: 'country' },
      intervals: ['0000/3000'],
      columns: ['k', 'v'],
      resultFormat: 'compactedList',
    });
    expect(rows.json<{ events: unknown }[]>()[0]?.events).to.deep.equal(Object.entries(countries));
  });

  it('too much is refused, and who asks at the same time does not feel it', async () => {
    const greedy = {
      queryType: 'groupBy',
      ...common,
      dimensions: ['city'],
      aggregations: [sum],
      context: { maxMergingDictionarySize: 1, maxOnDiskStorage: 0, lane: 'wide' },
    };
    const modest = { queryType: 'timeseries', ...common, aggregations: [sum] };
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => grove.query(i % 4 === 0 ? greedy : modest)),
    );
    for (const [i, { status, text }] of answers.entries()) {
      expect(status, text).to.equal(i % 4 === 0 ? 400 : 200);
      expect(text).to.contain(i % 4 === 0 ? 'Resource limit exceeded' : '{"added":34}');
    }
  });

  it('a full lane answers 429, the others go on', async () => {
    const narrow = { queryType: 'timeseries', ...common, aggregations: [sum], context: { lane: 'narrow' } };
    const answers = await Promise.all(Array.from({ length: 10 }, () => grove.query(narrow)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses).to.include(200);
    expect(new Set([...statuses, 429])).to.deep.equal(new Set([200, 429]));
    for (const { status, text } of answers) if (status === 429) expect(text).to.contain("lane 'narrow'");
    expect((await grove.query({ ...narrow, context: {} })).status).to.equal(200);
  });

  it('keys of the context that tune what Druid does inside are taken and change no answer', async () => {
    const query = { queryType: 'groupBy', ...common, dimensions: ['city'], aggregations: [sum] };
    const plain = (await grove.query(query)).text;
    const keys: Readonly<Record<string, readonly unknown[]>> = {
      timeout: [0, 10_000, '10000'],
      priority: [5, -5],
      lane: ['any', null],
      useCache: [false, 'false'],
      populateCache: [false],
      useResultLevelCache: [false],
      populateResultLevelCache: [false],
      finalize: [true],
      vectorize: [true, false, 'true'],
      vectorSize: [1, 512],
      vectorizeVirtualColumns: [false],
      useFilterCNF: [true],
      secondaryPartitionPruning: [false],
      maxScatterGatherBytes: [1_000_000],
      maxQueuedBytes: [1],
      maxSubqueryRows: [10],
      maxSubqueryBytes: ['auto', 'disabled', 100_000],
      maxOnDiskStorage: [0, 100],
      maxMergingDictionarySize: [0, 1_000_000],
      maxSelectorDictionarySize: [1],
      bufferGrouperInitialBuckets: [-1, 1_024],
      bufferGrouperMaxLoadFactor: [0.5],
      groupByIsSingleThreaded: [true],
      forceHashAggregation: [true],
      intermediateCombineDegree: [4],
      numParallelCombineThreads: [2],
      mergeThreadLocal: [true],
      enableParallelMerge: [false],
      parallelMergeParallelism: [2],
      applyLimitPushDownToSegment: [true],
      serializeDateTimeAsLongInner: [true],
      returnPartialResults: [true],
      numRetriesOnMissingSegments: [3],
      setProcessingThreadNames: [false],
      debug: [true],
      sqlQueryId: ['s'],
      subQueryId: ['u'],
      unheardOf: [{ a: [1] }],
    };
    for (const [key, values] of Object.entries(keys)) {
      for (const value of values) {
        const { status, text } = await grove.query({ ...query, context: { [key]: value } });
        expect(`${status} ${text}`, `${key}: ${JSON.stringify(value)}`).to.equal(`200 ${plain}`);
      }
    }
  });

  it('keys of the context that change answers do', async () => {
    const query = { queryType: 'timeseries', ...common, granularity: 'day', aggregations: [sum] };
    const timed = async (context: object) => {
      const answer = await grove.query({ ...query, context });
      return answer.json<{ timestamp: string | null; result: { added: number | null } }[]>();
    };
    expect((await timed({ grandTotal: true })).at(-1)).to.deep.equal({
      timestamp: null,
      result: { added: 34 },
    });
    const filter = { type: 'equals', column: 'city', matchValueType: 'STRING', matchValue: 'Lima' };
    const filtered = async (context: object) =>
      (await grove.query({ ...query, filter, context })).json<unknown[]>().length;
    expect(await filtered({})).to.equal(2);
    expect(await filtered({ skipEmptyBuckets: true })).to.equal(1);
    expect(await timed({ serializeDateTimeAsLong: true })).to.have.nested.property(
      '[0].timestamp',
      1709251200000,
    );
    expect(await timed({ bySegment: true })).to.have.nested.property(
      '[0].result.results[0].result.added',
      22,
    );
    // The parts of a segment that were asked for, each beside the segment's start.
    const intervals = ['2024-03-01T00:00/2024-03-01T09:00', '2024-03-01T10:00/2024-03-01T11:00'];
    const bySegment = { ...query, intervals, context: { bySegment: true } };
    const entries = (await grove.query(bySegment)).json<
      { timestamp: string; result: { interval: string } }[]
    >();
    expect(entries.map(({ timestamp, result }) => [timestamp, result.interval])).to.deep.equal([
      ['2024-03-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z/2024-03-01T09:00:00.000Z'],
      ['2024-03-01T00:00:00.000Z', '2024-03-01T10:00:00.000Z/2024-03-01T11:00:00.000Z'],
    ]);
    const named = await grove.query({ ...query, context: { queryId: 'my-id', uncoveredIntervalsLimit: 1 } });
    expect(named.headers.get('x-druid-query-id')).to.equal('my-id');
    expect(JSON.parse(named.headers.get('x-druid-response-context') ?? '{}')).to.deep.equal({
      uncoveredIntervals: ['2024-01-01T00:00:00.000Z/2024-03-01T00:00:00.000Z'],
      uncoveredIntervalsOverflowed: true,
    });
    expect((await grove.request('DELETE', '/druid/v2/my-id')).status).to.equal(202);
    for (const [key, value] of [
      ['timeout', -1],
      ['timeout', 'soon'],
      ['priority', 'high'],
      ['lane', 5],
      ['queryId', 5],
      ['maxSubqueryRows', 'many'],
      ['skipEmptyBuckets', 7],
    ] as const) {
      const { status, text } = await grove.query({ ...query, context: { [key]: value } });
      expect(status, text).to.equal(400);
      expect(text).to.contain('Query context parse failed').and.contain(`[${key}]`);
    }
  });

  it('are there after a restart', async () => {
    await grove.stop();
    grove = await launchGrove({ dataDir, args });
    await grove.rowsQueryable('cities', 6);
    expect(await byCountry()).to.deep.equal(expected);
  });

  it('groups that memory has no room for are answered from disk, within the bound, and nothing stays there', async () => {
    const query = {
      queryType: 'groupBy',
      ...common,
      dimensions: ['city'],
      aggregations: [sum],
      context: { useCache: false },
    };
    const inMemory = (await grove.query(query)).text;
    const spill = path.join(dataDir, 'spill');
    grove.signal('SIGKILL');
    await grove.exited;
    fs.mkdirSync(spill, { recursive: true });
    fs.writeFileSync(path.join(spill, 'left.run'), 'of a process that died');
    await grove.stop();
    grove = await launchGrove({ dataDir, args: [...args, '--group-by-bytes-max', '0'] });
    await grove.rowsQueryable('cities', 6);
    expect((await grove.query(query)).text).to.equal(inMemory);
    const metrics = await grove.request('GET', '/metrics');
    expect(metrics.text).to.match(/^grove_group_spills_total\S* [1-9]/m);
    const refused = await grove.query({ ...query, context: { ...query.context, maxOnDiskStorage: 10 } });
    expect(refused.status).to.equal(400);
    expect(refused.text).to.contain('Resource limit exceeded').and.contain('Not enough disk space');
    expect(fs.readdirSync(spill)).to.deep.equal([]);
  });
});
