import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { CodedError, toErrorInfo, type ErrorCode } from '../../proto/errors.js';
import type { UnaryMethod } from '../../proto/services.js';
import { silentLog } from '../../runtime/log.js';
import { createVirtualClock } from '../../runtime/virtual-clock.js';
import { OverlordClient } from './overlord-client.js';

describe('peon: calls to the overlord', () => {
  const clock = createVirtualClock();
  let folder = '';
  let overlordFile = '';
  /** What the server at an address does with the next call: answers JSON, refuses, or is not there. */
  let servers: Map<string, () => unknown>;
  let calls: string[];
  let client: OverlordClient;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-peon-'));
    overlordFile = path.join(folder, 'overlord.json');
    move('a');
    servers = new Map();
    calls = [];
    client = new OverlordClient({
      taskId: 't',
      incarnation: 'i',
      overlordFile,
      connect: (address) => ({
        unary: async <Req, Res>(method: UnaryMethod<Req, Res>, request: Req): Promise<Res> => {
          calls.push(`${address} ${method.name}`);
          const server = servers.get(address);
          if (server === undefined) throw new CodedError('Unavailable', 'connection refused');
          expect(request).to.deep.include({ taskId: 't' });
          return server() as Res;
        },
        close: () => undefined,
      }),
      clock,
      log: silentLog(),
      patienceMs: 60_000,
    });
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const move = (address: string): void => fs.writeFileSync(overlordFile, JSON.stringify({ address }));
  const refusal = (code: ErrorCode) => () => ({ error: toErrorInfo(new CodedError(code, 'no')) });
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'none',
      (error: CodedError) => error.code,
    );
  const list = () => client.action({ type: 'lockList' });

  it('go on at another address when the overlord has moved', async () => {
    const answer = list();
    await clock.advance(2_000);
    servers.set('b', () => ({ resultJson: '[]' }));
    move('b');
    await clock.advance(1_000);
    expect(await answer).to.deep.equal([]);
    expect(calls.at(-1)).to.equal('b Action');
  });

  it('wait for an overlord that is still taking over', async () => {
    servers.set('a', refusal('Unavailable'));
    const answer = list();
    await clock.advance(5_000);
    servers.set('a', () => ({ resultJson: '[]' }));
    await clock.advance(1_000);
    expect(await answer).to.deep.equal([]);
  });

  it('end when no overlord was there for a minute', async () => {
    const code = codeOf(list());
    await clock.advance(59_000);
    expect(calls.length).to.be.greaterThan(100);
    await clock.advance(2_000);
    expect(await code).to.equal('Unavailable');
    expect(client.silentMs()).to.be.greaterThan(60_000);
  });

  it('last longer inside a publish', async () => {
    const answer = client.action(
      { type: 'segmentTransactionalInsert', dataSource: 'd', segments: [] },
      { patienceMs: 600_000 },
    );
    await clock.advance(300_000);
    servers.set('a', () => ({ resultJson: '{"success":true,"published":[]}' }));
    await clock.advance(1_000);
    expect(await answer).to.deep.equal({ success: true, published: [] });
  });

  it('take a refusal at its word', async () => {
    for (const code of ['LockRevoked', 'NotFound', 'InvalidInput', 'Conflict'] as const) {
      servers.set('a', refusal(code));
      expect(await codeOf(list())).to.equal(code);
    }
    expect(calls).to.have.length(4);
  });

  it('stop asking when the task is stopped', async () => {
    const stop = new AbortController();
    const code = codeOf(client.action({ type: 'lockList' }, { signal: stop.signal }));
    await clock.advance(1_000);
    stop.abort();
    await clock.advance(1_000);
    expect(await code).to.equal('Unavailable');
  });
});
