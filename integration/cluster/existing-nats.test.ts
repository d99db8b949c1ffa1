/** `--nats URL`: a server that is already there is used, and neither started, stopped nor replaced. */
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { launchGrove, patienceMs, temporaryFolder, until, type Grove } from '../launch.js';
import { eventsTask, inlineEvents } from '../quickstart/tasks.js';
import { natsBinary, startTestNats, type TestNats } from '../servers/nats.js';

describe('a NATS server that is already there', function () {
  this.timeout(600_000);
  let nats: TestNats;
  before(async function () {
    nats = await startTestNats(await natsBinary(this));
  });
  after(() => nats?.stop());

  const urlWith = (token: string): string => `nats://${token}@127.0.0.1:${nats.port}`;

  it('carries the whole cluster; no server of our own is started; it is still there afterwards', async () => {
    const grove = await launchGrove({ args: ['--nats', urlWith(nats.token)] });
    try {
      await until(
        'the screen names the server',
        patienceMs,
        async () => await Promise.resolve(grove.output().includes(String(nats.port)) ? true : undefined),
      );
      expect(fs.existsSync(path.join(grove.dataDir, 'nats'))).to.equal(false);
      const { statusCode } = await grove.ingest(eventsTask('there', inlineEvents()));
      expect(statusCode).to.equal('SUCCESS');
      await grove.rowsQueryable('there', 6);
      // It goes and comes back without us: the same process goes on.
      await nats.kill();
      await nats.restart();
      await until('healthy again', patienceMs, async () =>
        (await grove.request('GET', '/status/health')).text === 'true' ? true : undefined,
      );
      const again = await grove.ingest(eventsTask('there_again', inlineEvents()));
      expect(again.statusCode).to.equal('SUCCESS');
    } finally {
      expect(await grove.stop()).to.equal(0);
    }
    expect(() => process.kill(nats.server.pid, 0)).not.to.throw();
  });

  it('with a wrong token is said to be closed to us, and the start ends', async () => {
    const dataDir = temporaryFolder();
    let grove: Grove | undefined;
    try {
      grove = await launchGrove({ args: ['--nats', urlWith('wrong')], dataDir, waitForHealth: false });
      expect(await grove.exited).to.equal(1);
      expect(grove.output()).to.match(/token|authoriz/i);
    } finally {
      grove?.signal('SIGKILL');
      fs.rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
