/** The database thread: opens the store, brings its tables up to date, answers one request after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { toErrorInfo } from '../../proto/errors.js';
import { execute } from './executor.js';
import { migrate } from './migrations.js';
import { openStore, storeError, type Knex } from './store.js';
import type { ThreadCommand, ThreadReply, ThreadRequest, ThreadStart } from './thread-protocol.js';

const port = parentPort;
if (port === null) throw new Error('actors/metadata/thread runs as a worker thread');
const say = (reply: ThreadReply): void => port.postMessage(reply);

async function answer(knex: Knex, request: ThreadRequest): Promise<void> {
  try {
    say({ kind: 'done', id: request.id, outputJson: await execute(knex, request) });
  } catch (thrown) {
    say({ kind: 'error', id: request.id, error: toErrorInfo(thrown) });
  }
}

async function close(knex: Knex): Promise<void> {
  await knex.destroy();
  port?.close();
}

try {
  const start = workerData as ThreadStart;
  const knex = await openStore(start.store);
  const schemaVersion = await migrate(knex, start.migration).catch(async (thrown: unknown) => {
    await knex.destroy();
    throw storeError(thrown, 'open');
  });
  port.on('message', (command: ThreadCommand) => {
    void (command.kind === 'close' ? close(knex) : answer(knex, command));
  });
  say({ kind: 'ready', schemaVersion });
} catch (thrown) {
  say({ kind: 'failed', error: toErrorInfo(thrown) });
  port.close();
}
