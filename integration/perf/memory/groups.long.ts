/** A groupBy of five million groups stays within its memory: at a data node and at a broker, each a process. */
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { Cluster, type ClusterPlan } from '../../cluster/cluster.js';
import { patienceMs, temporaryFolder, until } from '../../launch.js';
import { natsBinary } from '../../servers/nats.js';
import { skipBecause } from '../../skips.js';
import { streamed } from './load.js';
import { peakMiB } from './resident.js';

const side = 2_300;
const groups = side * side;
/** What such a query may take of a process; it takes about half of that. */
const mibMax = 1_536;
/** However slow the machine: nothing here is about time. */
const longMs = 1_800_000;
const dayStartMs = Date.UTC(2024, 0, 1);

/** Every pair once, and of no two rows in a row the same first half. */
function writePairs(file: string): void {
  const out = fs.openSync(file, 'w');
  for (let right = 0; right < side; right++) {
    const lines: string[] = [];
    for (let left = 0; left < side; left++)
      lines.push(`${dayStartMs + right * 1_000},left ${left},right ${right},${left + right}`);
    fs.writeSync(out, `${lines.join('\n')}\n`);
  }
  fs.closeSync(out);
}

const task = (file: string): object => ({
  type: 'index_parallel',
  spec: {
    ioConfig: {
      type: 'index_parallel',
      inputSource: { type: 'local', files: [file] },
      inputFormat: { type: 'csv', columns: ['t', 'left', 'right', 'v'] },
    },
    dataSchema: {
      dataSource: 'pairs',
      timestampSpec: { column: 't', format: 'millis' },
      dimensionsSpec: { dimensions: ['left', 'right'] },
      metricsSpec: [{ type: 'longSum', name: 'v', fieldName: 'v' }],
      granularitySpec: { segmentGranularity: 'day', rollup: false, intervals: ['2024-01-01/2024-01-02'] },
    },
    tuningConfig: { type: 'index_parallel' },
  },
});

const query = {
  queryType: 'groupBy',
  dataSource: 'pairs',
  intervals: ['2024-01-01/2024-01-02'],
  granularity: 'all',
  dimensions: ['left', 'right'],
  aggregations: [
    { type: 'count', name: 'rows' },
    { type: 'longSum', name: 'v', fieldName: 'v' },
    { type: 'doubleSum', name: 'd', fieldName: 'v' },
  ],
  context: { useCache: false, populateCache: false, timeout: longMs },
};
const best = {
  ...query,
  limitSpec: { type: 'default', limit: 10, columns: [{ dimension: 'v', direction: 'descending' }] },
};

const plan = (folder: string): ClusterPlan => ({
  processes: [
    { name: 'core', roles: ['metadata', 'coordinator', 'overlord', 'middlemanager'] },
    { name: 'data', roles: ['historical'] },
    { name: 'door', roles: ['broker', 'gateway'] },
  ],
  // As they are when nobody sets them.
  settings: {
    inputDirs: [folder],
    workerThreads: 0,
    arenaBytesMax: 2 * 2 ** 30,
    hotBytesMax: 512 * 2 ** 20,
  },
});

/** The rows as segments that are queryable. */
async function load(cluster: Cluster, file: string): Promise<void> {
  const door = cluster.gateway;
  const sent = await door.request('POST', '/druid/indexer/v1/task', task(file));
  const { task: id } = sent.json<{ task: string }>();
  await until('the task ends', longMs, async () => {
    const { text } = await door.request('GET', `/druid/indexer/v1/task/${id}/status`);
    expect(text).not.to.contain('FAILED');
    return text.includes('SUCCESS') ? true : undefined;
  });
  const count = { ...query, queryType: 'timeseries', dimensions: undefined };
  await until('its rows are there', patienceMs, async () => {
    const { text } = await door.request('POST', '/druid/v2', count);
    return text.includes(`"rows":${groups},`) ? true : undefined;
  });
}

describe('a groupBy of five million groups', function () {
  this.timeout(2 * longMs);
  const folder = temporaryFolder('grove-groups-');
  let cluster: Cluster | undefined;
  after(async () => {
    await cluster?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('the best ten and all of them: neither data node nor broker takes more than it may', async function () {
    if (process.platform !== 'linux') skipBecause(this, 'peak memory is read from /proc');
    const file = path.join(folder, 'pairs.csv');
    writePairs(file);
    cluster = await Cluster.start(await natsBinary(this), plan(folder));
    await load(cluster, file);
    for (const [asked, rows] of [
      [best, 10],
      [query, groups],
    ] as const) {
      expect((await streamed(cluster.gateway, asked)).rows).to.equal(rows);
      for (const name of ['data', 'door']) {
        const peak = peakMiB(cluster.process(name).pid);
        console.log(`      ${rows} rows, ${name}: peak ${peak.toFixed(0)} MiB`);
        expect(peak, name).to.be.below(mibMax);
      }
    }
  });
});
