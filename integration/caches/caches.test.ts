/** Caches of answers: hit when nothing changed, never stale, never in the way. */
import { expect } from 'chai';
import { launchGrove, patienceMs, until, type Grove } from '../launch.js';
import { eventsTask, inlineEvents, type EventRow } from '../quickstart/tasks.js';

const sums = {
  queryType: 'timeseries',
  dataSource: 'events',
  granularity: 'all',
  intervals: ['2024-03-01/2024-03-03'],
  aggregations: [
    { type: 'count', name: 'rows' },
    { type: 'longSum', name: 'added', fieldName: 'added' },
  ],
};

async function added(grove: Grove, context: object = {}): Promise<unknown> {
  const answer = await grove.query({ ...sums, context });
  expect(answer.status, answer.text).to.equal(200);
  return answer.json<{ result: unknown }[]>()[0]?.result;
}

async function metric(grove: Grove, name: string): Promise<number> {
  const { text } = await grove.request('GET', '/metrics');
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.split(' ')[1] ?? Number.NaN);
}

async function load(grove: Grove, rows: readonly EventRow[]): Promise<void> {
  const done = await grove.ingest(eventsTask('events', rows, { intervals: ['2024-03-01/2024-03-03'] }));
  expect(done.statusCode, done.errorMsg ?? '').to.equal('SUCCESS');
}

const whole = { rows: 6, added: 34 };

describe('caches in memory', function () {
  this.timeout(600_000);
  let grove: Grove;
  before(async () => {
    const env = { GROVE_BROKER_USE_RESULT_CACHE: 'true', GROVE_BROKER_POPULATE_RESULT_CACHE: 'true' };
    grove = await launchGrove({ args: ['--strict'], env });
    await load(grove, inlineEvents());
    await grove.rowsQueryable('events', 6);
  });
  after(() => grove?.stop());

  const hits = (cache: string): Promise<number> => metric(grove, `grove_cache_hits_total{cache="${cache}"}`);

  it('the same question is answered from the cache of whole answers', async () => {
    const before = await hits('result');
    for (let i = 0; i < 3; i++) expect(await added(grove)).to.deep.equal(whole);
    expect(await hits('result')).to.equal(before + 2);
  });

  it('without it, from partial results; a query may refuse both', async () => {
    const noResults = { useResultLevelCache: false, populateResultLevelCache: false };
    await added(grove, noResults);
    const [results, segments] = [await hits('result'), await hits('segment')];
    expect(await added(grove, noResults)).to.deep.equal(whole);
    expect(await hits('result')).to.equal(results);
    expect(await hits('segment')).to.be.greaterThan(segments);
    const then = await hits('segment');
    expect(await added(grove, { ...noResults, useCache: false })).to.deep.equal(whole);
    expect(await hits('segment')).to.equal(then);
  });

  it('a lookup that is changed changes what it is asked for, in dimensions, filters and expressions', async () => {
    const register = async (version: string, map: object): Promise<void> => {
      const at = '/druid/coordinator/v1/lookups/config';
      if (version === 'v1') await grove.request('POST', at, {});
      const lookupExtractorFactory = { type: 'map', map };
      const sent = await grove.request('POST', `${at}/__default/places`, { version, lookupExtractorFactory });
      expect(sent.status, sent.text).to.equal(202);
    };
    const extractionFn = { type: 'registeredLookup', lookup: 'places', retainMissingValue: true };
    const queries = [
      {
        ...sums,
        queryType: 'groupBy',
        dimensions: [{ type: 'extraction', dimension: 'city', outputName: 'p', extractionFn }],
      },
      { ...sums, filter: { type: 'selector', dimension: 'city', value: 'first', extractionFn } },
      { ...sums, filter: { type: 'expression', expression: "lookup(city, 'places') == 'first'" } },
    ];
    const answers = async (): Promise<string> => {
      const all = await Promise.all(queries.map((query) => grove.query(query)));
      return all.map(({ text }) => text).join('\n');
    };
    const [one, other] = [...new Set(inlineEvents().map(({ city }) => city))];
    await register('v1', { [one ?? '']: 'first' });
    const before = await until('the lookup is there', patienceMs, async () => {
      const found = await answers();
      return found.includes('error') ? undefined : found;
    });
    expect(await answers()).to.equal(before);
    await register('v2', { [other ?? '']: 'first' });
    const after = await until('the lookup is another', patienceMs, async () => {
      const found = await answers();
      return found.split('\n').every((text, i) => text !== before.split('\n')[i]) ? found : undefined;
    });
    expect(await answers()).to.equal(after);
  });

  it('overwritten rows are answered at once, the old answer never again', async () => {
    expect(await added(grove)).to.deep.equal(whole);
    await load(grove, inlineEvents().slice(0, 5));
    const fresh = await until('the new rows', patienceMs, async () => {
      const found = (await added(grove)) as { rows: number; added: number };
      // Whichever version is answered, it is answered whole.
      expect([whole, { rows: 5, added: 31 }]).to.deep.include(found);
      return found.rows === 5 ? found : undefined;
    });
    expect(fresh).to.deep.equal({ rows: 5, added: 31 });
    for (let i = 0; i < 5; i++) expect(await added(grove)).to.deep.equal({ rows: 5, added: 31 });
  });
});

describe('partial results at the broker', function () {
  this.timeout(600_000);
  let grove: Grove;
  before(async () => {
    const env = {
      GROVE_HISTORICAL_USE_CACHE: 'false',
      GROVE_HISTORICAL_POPULATE_CACHE: 'false',
      GROVE_BROKER_USE_CACHE: 'true',
      GROVE_BROKER_POPULATE_CACHE: 'true',
    };
    grove = await launchGrove({ args: ['--strict'], env });
    await load(grove, inlineEvents());
    await grove.rowsQueryable('events', 6);
  });
  after(() => grove?.stop());

  const topN = { ...sums, queryType: 'topN', dimension: 'city', metric: 'added', threshold: 3 };
  for (const [what, query] of Object.entries({
    'a timeseries over all time': { ...sums, intervals: ['2000/2100'] },
    'a timeseries by hour': { ...sums, granularity: 'hour' },
    'a topN': { ...topN, granularity: 'day' },
    'a topN of hours that leaves some of a segment out': {
      ...topN,
      granularity: 'hour',
      intervals: ['2024-03-01T00/2024-03-01T01', '2024-03-01T03/2024-03-02T01'],
    },
    'a groupBy': { ...sums, queryType: 'groupBy', dimensions: ['city'] },
  })) {
    it(`${what} is answered the same from them`, async () => {
      const fresh = await grove.query({ ...query, context: { useCache: false, populateCache: false } });
      const filling = await grove.query(query);
      const before = await metric(grove, 'grove_cache_hits_total{cache="broker"}');
      const kept = await grove.query(query);
      expect(await metric(grove, 'grove_cache_hits_total{cache="broker"}')).to.equal(before + 2);
      expect(filling.text).to.equal(fresh.text);
      expect(kept.text).to.equal(fresh.text);
    });
  }
});
