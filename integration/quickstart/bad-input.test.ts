/** Bad input gets a clear error, leaves nothing half-done, and the process lives. */
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { expect } from 'chai';
import { launchGrove, temporaryFolder, type Grove } from '../launch.js';
import { eventsTask, inlineEvents } from './tasks.js';

/** fetch refuses to set Host, so these go through node:http. */
function raw(
  url: string,
  headers: Record<string, string>,
  body = '',
): Promise<{ status: number; text: string }> {
  return new Promise((done, fail) => {
    const request = http.request(url, { method: body === '' ? 'GET' : 'POST', headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => done({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', fail);
    request.end(body);
  });
}

describe('bad input', function () {
  this.timeout(600_000);
  let grove: Grove;
  before(async () => {
    grove = await launchGrove();
  });
  after(async () => {
    await grove?.stop();
  });

  const timeseries = {
    queryType: 'timeseries',
    dataSource: 'x',
    granularity: 'all',
    intervals: ['2024-01-01/2024-01-02'],
    aggregations: [],
  };
  const badQueries: readonly (readonly [string, unknown, RegExp])[] = [
    ['malformed JSON', '{"queryType":', /json|parse|unexpected/i],
    ['an unknown query type', { ...timeseries, queryType: 'dance' }, /dance/],
    ['a missing granularity', { ...timeseries, granularity: undefined }, /granularity/i],
    ['a bad interval', { ...timeseries, intervals: ['yesterday'] }, /yesterday/],
    ['an unknown aggregator', { ...timeseries, aggregations: [{ type: 'sing', name: 'a' }] }, /sing/],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /./],
  ];
  for (const [what, body, message] of badQueries) {
    it(`a query with ${what} answers 400`, async () => {
      const answer = await grove.query(body);
      expect(answer.status, answer.text).to.equal(400);
      expect(answer.text).to.match(message);
      expect(answer.json<{ error: string }>().error).to.be.a('string');
    });
  }

  const task = (change: (spec: Record<string, Record<string, unknown>>) => void): unknown => {
    const made = eventsTask('fine', inlineEvents()) as { spec: Record<string, Record<string, unknown>> };
    change(made.spec);
    return made;
  };
  const badTasks: readonly (readonly [string, unknown])[] = [
    ['malformed JSON', '{"type":'],
    ['an unknown type', { type: 'conquer', spec: {} }],
    ['no spec', { type: 'index_parallel' }],
    ['deep nesting', `{"type":"noop","context":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`],
    ...['a/b', '../up', 'nul\u0000', '..', ''].map((name): readonly [string, unknown] => [
      `datasource name ${JSON.stringify(name)}`,
      task((spec) => (spec['dataSchema']!['dataSource'] = name)),
    ]),
    [
      'a bad segment granularity',
      task((spec) => (spec['dataSchema']!['granularitySpec'] = { segmentGranularity: 'blue' })),
    ],
  ];
  for (const [what, body] of badTasks) {
    it(`a task with ${what} is refused`, async () => {
      const before = (await grove.request('GET', '/druid/indexer/v1/tasks')).text;
      const answer = await grove.request('POST', '/druid/indexer/v1/task', body);
      expect(answer.status, answer.text).to.equal(400);
      expect((await grove.request('GET', '/druid/indexer/v1/tasks')).text).to.equal(before);
    });
  }

  it('an unreadable input file fails the task with a reason', async () => {
    const spec = eventsTask('nofile', [], {
      inputSource: { type: 'local', baseDir: grove.dataDir, filter: 'absent.json' },
    });
    const answer = await grove.request('POST', '/druid/indexer/v1/task', spec);
    if (answer.status !== 200) expect(answer.status).to.equal(400);
    else {
      const done = await grove.ingest(spec);
      expect(done.statusCode).to.equal('FAILED');
      expect(done.errorMsg).to.be.a('string').and.not.equal('');
    }
  });

  it('a path outside the allow list is not read, nor one behind a link', async () => {
    const outside = temporaryFolder();
    const input = path.join(grove.dataDir, 'input');
    try {
      fs.writeFileSync(path.join(outside, 'secret.json'), '{"t":"2024-03-01","city":"hidden","added":1}');
      fs.mkdirSync(input, { recursive: true });
      fs.symlinkSync(path.join(outside, 'secret.json'), path.join(input, 'link.json'));
      fs.symlinkSync(outside, path.join(input, 'folder'));
      // What the words alone tell is refused at once …
      for (const inputSource of [
        { type: 'local', baseDir: outside, filter: '*' },
        { type: 'local', baseDir: path.join(input, '../../'), filter: '*' },
        { type: 'local', files: [path.join(outside, 'secret.json')] },
      ]) {
        const task = eventsTask('hidden', [], { inputSource });
        const answer = await grove.request('POST', '/druid/indexer/v1/task', task);
        expect(answer.status, JSON.stringify(inputSource)).to.equal(400);
        expect(answer.text).to.match(/spec\.ioConfig\.inputSource/);
      }
      // … and what only the disk tells fails the task.
      for (const inputSource of [
        { type: 'local', baseDir: path.join(input, 'folder'), filter: '*' },
        { type: 'local', files: [path.join(input, 'link.json')] },
      ]) {
        const done = await grove.ingest(eventsTask('hidden', [], { inputSource }));
        expect(done.statusCode, JSON.stringify(inputSource)).to.equal('FAILED');
        expect(done.errorMsg).to.match(/spec\.ioConfig\.inputSource/);
      }
      expect((await grove.request('GET', '/druid/v2/datasources')).json<string[]>()).to.not.include('hidden');
    } finally {
      fs.rmSync(outside, { recursive: true, force: true });
    }
  });

  it('refuses a foreign Host, a foreign Origin and cross-site requests', async () => {
    const at = `${grove.url}/status`;
    expect((await raw(at, { host: 'evil.example' })).status).to.be.oneOf([400, 403]);
    expect((await raw(at, { origin: 'http://evil.example' })).status).to.equal(403);
    expect((await raw(at, { 'sec-fetch-site': 'cross-site' })).status).to.equal(403);
    expect((await raw(at, {})).status).to.equal(200);
  });

  it('takes tasks only as application/json', async () => {
    const answer = await raw(`${grove.url}/druid/indexer/v1/task`, { 'content-type': 'text/plain' }, '{}');
    expect(answer.status).to.be.oneOf([400, 415]);
  });

  it('is still healthy after all that', async () => {
    expect((await grove.request('GET', '/status/health')).text).to.equal('true');
  });
});
