/** kill -9 of the main process, then start again: same data, quickly; ports and locks are guarded. */
import fs from 'node:fs';
import path from 'node:path';
import net from 'node:net';
import { expect } from 'chai';
import { freePorts, launchGrove, temporaryFolder } from '../launch.js';
import { eventsTask, inlineEvents } from './tasks.js';

describe('restart', function () {
  this.timeout(600_000);
  const dataDir = temporaryFolder();
  after(() => fs.rmSync(dataDir, { recursive: true, force: true }));

  it('serves the same data within seconds of a kill -9', async () => {
    const portBase = await freePorts();
    const first = await launchGrove({ dataDir, portBase });
    await first.ingest(eventsTask('kept', inlineEvents()));
    await first.rowsQueryable('kept', 6);
    first.signal('SIGKILL');
    await first.exited;
    const from = performance.now();
    const second = await launchGrove({ dataDir, portBase });
    const healthyMs = performance.now() - from;
    await second.rowsQueryable('kept', 6);
    console.log(
      `      healthy again after ${healthyMs.toFixed(0)} ms, rows after ${(performance.now() - from).toFixed(0)} ms`,
    );
    expect(await second.stop()).to.equal(0);
  });

  it('a second process on the same folder is refused with the owner named', async () => {
    const first = await launchGrove({ dataDir });
    const second = await launchGrove({ dataDir, waitForHealth: false });
    expect(await second.exited).to.not.equal(0);
    expect(second.output()).to.include(String(first.pid));
    await first.stop();
  });

  it('a port taken by someone else is a clear error', async () => {
    const portBase = await freePorts();
    const squatter = net.createServer().listen(portBase, '127.0.0.1');
    const grove = await launchGrove({ portBase, waitForHealth: false });
    expect(await grove.exited).to.not.equal(0);
    expect(grove.output()).to.include(String(portBase));
    squatter.close();
    fs.rmSync(grove.dataDir, { recursive: true, force: true });
  });

  it('leaves no process behind', async () => {
    const grove = await launchGrove();
    const run = path.join(grove.dataDir, 'run');
    const pids = fs.existsSync(run)
      ? fs
          .readdirSync(run)
          .flatMap((f) =>
            [...fs.readFileSync(path.join(run, f), 'utf8').matchAll(/"pid":\s*(\d+)/g)].map((m) =>
              Number(m[1]),
            ),
          )
      : [];
    expect(await grove.stop()).to.equal(0);
    for (const pid of pids) expect(() => process.kill(pid, 0)).to.throw();
  });
});
