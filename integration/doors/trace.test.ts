/** One id follows a query from the door to the scan: each hop writes it to its log. */
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { launchGrove, patienceMs, until, type Grove } from '../launch.js';
import { eventsTask, inlineEvents } from '../quickstart/tasks.js';

interface Line {
  readonly message: string;
  readonly trace?: string;
  readonly status?: number;
  readonly outcome?: string;
  readonly segments?: number;
}

describe('a trace', function () {
  this.timeout(600_000);
  let grove: Grove;
  before(async () => {
    grove = await launchGrove({ args: ['--log-level', 'debug'] });
    await grove.ingest(eventsTask('traced', inlineEvents()));
    await grove.rowsQueryable('traced', 6);
  });
  after(async () => {
    await grove?.stop();
  });

  it('is in the logs of gateway, broker and data node', async () => {
    const id = '0123456789abcdef0123456789abcdef';
    const body = { queryType: 'timeBoundary', dataSource: 'traced' };
    const answer = await grove.request('POST', '/druid/v2', body, {
      traceparent: `00-${id}-00f067aa0ba902b7-01`,
    });
    expect(answer.status).to.equal(200);
    const lines = await until('three lines', patienceMs, async () => {
      const text = fs.readFileSync(path.join(grove.dataDir, 'grove.log'), 'utf8');
      const all = text.split('\n').filter((line) => line.includes(id));
      return all.length >= 3 ? all.map((line) => JSON.parse(line) as Line) : undefined;
    });
    const by = (message: string): Line | undefined => lines.find((line) => line.message === message);
    expect(by('http request')).to.include({ trace: id, status: 200 });
    expect(by('query')).to.include({ trace: id, outcome: 'answered' });
    expect(by('query scanned')).to.include({ trace: id, segments: 2 });
  });
});
