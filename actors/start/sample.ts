/** The bundled sample: made once by its generator, loaded through the real task path on first start. */
import fs from 'node:fs';
import path from 'node:path';
import { SAMPLE_DATA_SOURCE, sampleTask, writeSampleFile } from '../../ingest/sample.js';
import { CodedError } from '../../proto/errors.js';
import { pause } from '../../runtime/deadline.js';
import { createGatewayClient } from '../cli/http-client.js';
import type { GroveProcess } from '../process.js';
import type { Screen } from './screen.js';

export const sampleDataSource = SAMPLE_DATA_SOURCE;

const pollMs = 100;

/** A file in the data folder remembers that the sample was loaded: dropping it later must not bring it back. */
function markerOf(grove: GroveProcess): string {
  return path.join(grove.paths.root, 'sample.loaded');
}

export async function loadSample(options: {
  readonly grove: GroveProcess;
  readonly url: string;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { grove, url, screen, signal } = options;
  const marker = markerOf(grove);
  if (fs.existsSync(marker)) return;
  const { clock } = grove.node;
  const from = clock.monotonic();
  const file = path.join(grove.paths.input, 'sample.json');
  await fs.promises.mkdir(grove.paths.input, { recursive: true });
  await writeSampleFile(file);
  const client = createGatewayClient(url);
  const answer = await client.post(
    '/druid/indexer/v1/task',
    JSON.stringify(sampleTask(grove.paths.input, 'sample.json')),
  );
  if (answer.status !== 200) throw new CodedError('QueryFailed', `The sample was refused: ${answer.text}`);
  const { task } = JSON.parse(answer.text) as { task: string };
  const seconds = (): string => ((clock.monotonic() - from) / 1000).toFixed(1);
  while (!signal.aborted) {
    const { status } = JSON.parse(
      (await client.get(`/druid/indexer/v1/task/${encodeURIComponent(task)}/status`)).text,
    ) as {
      status?: { statusCode?: string; errorMsg?: string | null };
    };
    if (status?.statusCode === 'FAILED')
      throw new CodedError('QueryFailed', `The sample failed: ${status.errorMsg ?? ''}`);
    if (status?.statusCode === 'SUCCESS') break;
    await pause(clock, pollMs, signal);
  }
  while (!signal.aborted) {
    const loaded = JSON.parse((await client.get('/druid/coordinator/v1/loadstatus')).text) as Record<
      string,
      number
    >;
    if ((loaded[sampleDataSource] ?? 0) >= 100) break;
    await pause(clock, pollMs, signal);
  }
  if (signal.aborted) return;
  await fs.promises.writeFile(marker, `${task}\n`);
  screen.sample(
    `datasource ${sampleDataSource} is loaded after ${seconds()} s; try: npx grove query '${exampleQuery}'`,
  );
}

const exampleQuery = JSON.stringify({ queryType: 'timeBoundary', dataSource: sampleDataSource });
