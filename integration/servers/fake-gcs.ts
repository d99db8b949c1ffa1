/** fake-gcs-server: an emulator of Google Cloud Storage that its clients are tested against elsewhere too. */
import { spawn } from 'node:child_process';
import { until } from '../launch.js';
import type { skipBecause } from '../skips.js';
import { goTool } from './go-tools.js';
import { freePort } from './nats.js';

export interface TestGcs {
  /** For STORAGE_EMULATOR_HOST. */
  readonly url: string;
  put(
    bucket: string,
    name: string,
    bytes: Uint8Array,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

const startMs = 20_000;
const module = 'github.com/fsouza/fake-gcs-server@v1.56.1';

/** Empty, in memory. Skips the running test or suite with the reason when it can't be had. */
export async function startTestGcs(
  context: Parameters<typeof skipBecause>[0],
  buckets: readonly string[],
): Promise<TestGcs> {
  const binary = await goTool(context, { name: 'fake-gcs-server', variable: 'FAKE_GCS_SERVER', module });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const where = ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)];
  const child = spawn(binary, [...where, '-backend', 'memory', '-external-url', url, '-log-level', 'error'], {
    stdio: 'ignore',
  });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  await until('fake-gcs-server answering', startMs, async () => {
    const answer = await fetch(`${url}/_internal/healthcheck`).catch(() => undefined);
    return answer?.ok === true ? true : undefined;
  });
  const send = async (path: string, body: Uint8Array | string, type: string): Promise<void> => {
    const answer = await fetch(url + path, { method: 'POST', headers: { 'content-type': type }, body });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  for (const name of buckets) await send('/storage/v1/b', JSON.stringify({ name }), 'application/json');
  return {
    url,
    async put(bucket, name, bytes, metadata = {}) {
      const query = new URLSearchParams({ uploadType: 'media', name, ...metadata }).toString();
      await send(`/upload/storage/v1/b/${bucket}/o?${query}`, bytes, 'application/octet-stream');
    },
    async stop() {
      process.off('exit', kill);
      kill();
      await gone;
    },
  };
}
