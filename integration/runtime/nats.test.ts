/**
 * The bus against a real nats-server: what is said about requests, lost connections, work queues and leases holds
 * when the server is killed, restarted and loses its data. NATS_SERVER chooses the binary, so both the oldest and the
 * newest supported version are run through the same file.
 */
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { connect, type NatsConnection } from 'nats';
import { CodedError } from '../../proto/errors.js';
import { deadlineAfter, pause } from '../../runtime/deadline.js';
import { createMetrics } from '../../runtime/metrics.js';
import { connectNats } from '../../runtime/nats.js';
import type { NatsBinary } from '../../runtime/nats-server.js';
import type { Bus, BusState, QueueMessage } from '../../runtime/types.js';
import { patienceMs, until as untilFound } from '../launch.js';
import { clock, log, natsBinary, startTestNats, type TestNats } from '../servers/nats.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (data: Uint8Array): string => Buffer.from(data).toString();
const soon = (ms = patienceMs) => deadlineAfter(clock, ms);

const until = (what: string, holds: () => boolean): Promise<true> =>
  untilFound(what, patienceMs, async () => (holds() ? true : undefined));

/** The server has seen everything this connection has sent: subscriptions of others are known to it from here on. */
async function settled(bus: Bus): Promise<void> {
  await bus.request('nobody', bytes(''), { deadline: soon() }).catch(() => undefined);
}

async function codeOf(work: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof work === 'function' ? work() : work);
    return 'nothing thrown';
  } catch (thrown) {
    return thrown instanceof CodedError ? thrown.code : String(thrown);
  }
}

describe('nats', function () {
  this.timeout(600_000);
  let binary: NatsBinary;
  let nats: TestNats;
  const buses: Bus[] = [];

  async function open(token = nats.token): Promise<Bus> {
    const bus = await connectNats({
      url: nats.url,
      token,
      cluster: 'main',
      clock,
      log,
      metrics: createMetrics(),
      deadline: soon(),
    });
    buses.push(bus);
    return bus;
  }

  before(async function () {
    this.timeout(600_000);
    binary = await natsBinary(this);
  });
  beforeEach(async () => {
    nats = await startTestNats(binary);
  });
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    await nats.stop();
  });

  it('connects with the token only, and reads the version', async () => {
    expect(await codeOf(open('another token'))).to.equal('Unauthorized');
    const bus = await open();
    expect(bus.state).to.equal('CONNECTED');
    expect(bus.serverVersion).to.equal(binary.version);
  });

  it('keeps trying until a server is there, and gives up at the deadline', async () => {
    await nats.kill();
    const start = clock.monotonic();
    const failing = connectNats({
      url: nats.url,
      token: nats.token,
      cluster: 'main',
      clock,
      log,
      metrics: createMetrics(),
      deadline: soon(400),
    });
    expect(await codeOf(failing)).to.equal('BusUnavailable');
    expect(clock.monotonic() - start).to.be.at.least(350);
    const waiting = open();
    await pause(clock, 300);
    await nats.restart();
    expect((await waiting).state).to.equal('CONNECTED');
  });

  it('publishes with headers, relative subjects and wildcards', async () => {
    const [a, b] = [await open(), await open()];
    const seen: string[] = [];
    const subscription = b.subscribe('evt.*.done', (message) => {
      seen.push(`${message.subject} ${text(message.data)} ${message.headers['x-kind']}`);
    });
    await settled(b);
    a.publish('evt.peon.done', bytes('one'), { 'x-kind': 'ünï' });
    await until('first message', () => seen.length === 1);
    subscription.stop();
    a.publish('evt.peon.done', bytes('two'));
    await settled(b);
    expect(seen).to.deep.equal(['evt.peon.done one ünï']);
    expect(await codeOf(() => a.publish('evt.*', bytes('')))).to.equal('InvalidInput');
    expect(await codeOf(() => a.publish('evt.big', Buffer.alloc(2_000_000)))).to.equal('LimitExceeded');
  });

  it('asks and answers; nobody there is Unavailable at once, silence is Timeout, a thrown error comes back', async () => {
    const [a, b] = [await open(), await open()];
    b.respond('cmd.echo', async (message) =>
      bytes(`${text(message.data)}!${message.headers['traceparent']}`),
    );
    b.respond('cmd.fail', async () => {
      throw new CodedError('StaleEpoch', 'epoch[3] is older\nthan epoch[4] ✓', { seen: 4 });
    });
    b.respond('cmd.silent', () => new Promise(() => undefined));
    await settled(b);
    const answer = await a.request('cmd.echo', bytes('hi'), { deadline: soon(), trace: '00-1-2-01' });
    expect(text(answer.data)).to.equal('hi!00-1-2-01');
    expect(await codeOf(a.request('cmd.nobody', bytes(''), { deadline: soon() }))).to.equal('Unavailable');
    const start = clock.monotonic();
    expect(await codeOf(a.request('cmd.silent', bytes(''), { deadline: soon(200) }))).to.equal('Timeout');
    expect(clock.monotonic() - start).to.be.at.least(190);
    const failed = await a.request('cmd.fail', bytes(''), { deadline: soon() }).catch((e: unknown) => e);
    expect(failed).to.be.instanceOf(CodedError);
    expect((failed as CodedError).code).to.equal('StaleEpoch');
    expect((failed as CodedError).message).to.equal('epoch[3] is older\nthan epoch[4] ✓');
    expect((failed as CodedError).context).to.deep.equal({ seen: 4 });
  });

  it('rejects everything while disconnected and goes on after the server is back', async () => {
    const bus = await open();
    const states: BusState[] = [];
    bus.onState((state) => states.push(state));
    let received = 0;
    bus.subscribe('evt.tick', () => received++);
    const bucket = await bus.leaseBucket('leader', 3_000);
    await nats.kill();
    await until('disconnected', () => bus.state === 'DISCONNECTED');
    let rejected = 0;
    for (let i = 0; i < 1_000; i++) {
      if ((await codeOf(() => bus.publish('evt.tick', bytes('x')))) === 'BusUnavailable') rejected++;
    }
    expect(rejected).to.equal(1_000);
    expect(await codeOf(bus.request('x', bytes(''), { deadline: soon() }))).to.equal('BusUnavailable');
    expect(await codeOf(bus.enqueue('x', bytes(''), 'id', soon()))).to.equal('BusUnavailable');
    expect(await codeOf(bucket.create('k', 'v', 500))).to.equal('BusUnavailable');
    await nats.restart();
    await until('connected again', () => bus.state === 'CONNECTED');
    bus.publish('evt.tick', bytes('x'));
    await until('the subscription is alive', () => received === 1);
    expect(states).to.deep.equal(['DISCONNECTED', 'CONNECTED']);
  });

  it('notices a paused server', async () => {
    const bus = await open();
    await nats.pause();
    try {
      await until('stale connection', () => bus.state === 'DISCONNECTED');
    } finally {
      nats.resume();
    }
    await until('connected again', () => bus.state === 'CONNECTED');
  });

  it('serves a discoverable endpoint with the services API and its error headers', async () => {
    const bus = await open();
    const service = await bus.serveEndpoint({
      service: 'grove-tasks',
      version: '0.1.0',
      description: 'Task submission',
      endpoint: 'submit',
      subject: 'task.submit',
      handler: async (message) => {
        const body = text(message.data);
        if (body === 'bad')
          return {
            data: bytes('{"error":"druidException"}'),
            error: { status: 400, description: 'bad task' },
          };
        if (body === 'throw') throw new CodedError('Unavailable', 'no overlord');
        return { data: bytes(`{"task":"${body}"}`) };
      },
    });
    const stock: NatsConnection = await connect({ servers: nats.url, token: nats.token });
    try {
      const ask = async (
        subject: string,
        data = '',
        timeout = patienceMs,
      ): Promise<{ body: string; code: string; reason: string }> => {
        const message = await stock.request(subject, data, { timeout });
        const header = (name: string): string => message.headers?.get(name) ?? '';
        return {
          body: text(message.data),
          code: header('Nats-Service-Error-Code'),
          reason: header('Nats-Service-Error'),
        };
      };
      const ping = JSON.parse((await ask('$SRV.PING.grove-tasks')).body) as Record<string, unknown>;
      expect(ping).to.include({ name: 'grove-tasks', version: '0.1.0' });
      const info = JSON.parse((await ask('$SRV.INFO')).body) as { endpoints: { subject: string }[] };
      expect(info.endpoints[0]?.subject).to.equal('grove.main.task.submit');
      expect(await ask('grove.main.task.submit', 't1')).to.deep.equal({
        body: '{"task":"t1"}',
        code: '',
        reason: '',
      });
      expect(await ask('grove.main.task.submit', 'bad')).to.deep.equal({
        body: '{"error":"druidException"}',
        code: '400',
        reason: 'bad task',
      });
      expect(await ask('grove.main.task.submit', 'throw')).to.include({ code: '503', reason: 'no overlord' });
      const stats = JSON.parse((await ask('$SRV.STATS.grove-tasks')).body) as {
        endpoints: { num_requests: number }[];
      };
      expect(stats.endpoints[0]?.num_requests).to.equal(3);
      await nats.kill();
      await nats.restart();
      await until('connected again', () => bus.state === 'CONNECTED');
      // The stock client comes back in its own time, and the endpoint in its.
      const answer = await untilFound('an answer again', patienceMs, () =>
        ask('grove.main.task.submit', 't2', 1_000).catch(() => pause(clock, 100).then(() => undefined)),
      );
      expect(answer.body).to.equal('{"task":"t2"}');
      service.stop();
    } finally {
      await stock.close();
    }
  });

  describe('work queue', () => {
    const ackWaitMs = 3_000;
    const queue = (bus: Bus, handler: (message: QueueMessage) => Promise<void>, messagesMax = 1_000) =>
      bus.workQueue({ name: 'tasks', subject: 'task.queue', ackWaitMs, messagesMax, handler });

    it('hands messages over, once per id, and again until acked', async () => {
      const bus = await open();
      const seen: string[] = [];
      await queue(bus, async (message) => {
        seen.push(`${message.subject} ${text(message.data)} ${message.deliveries}`);
        if (text(message.data) === 'again' && message.deliveries === 1) return message.retry(50);
        if (text(message.data) === 'throws' && message.deliveries === 1) throw new Error('not yet');
        if (text(message.data) === 'poison') return message.reject();
        await message.ack();
      });
      for (const id of ['a', 'again', 'a', 'poison', 'throws'])
        await bus.enqueue('task.queue', bytes(id), id, soon());
      await until('all of it', () => seen.length >= 6);
      await pause(clock, 1.3 * ackWaitMs);
      expect(seen.toSorted()).to.deep.equal([
        'task.queue a 1',
        'task.queue again 1',
        'task.queue again 2',
        'task.queue poison 1',
        'task.queue throws 1',
        'task.queue throws 2',
      ]);
    });

    it('keeps acked publishes over kill -9 and redelivers what was not acked', async () => {
      const [bus, publisher] = [await open(), await open()];
      const seen: string[] = [];
      let acking = false;
      await queue(bus, async (message) => {
        seen.push(text(message.data));
        if (acking) await message.ack();
      });
      await publisher.enqueue('task.queue', bytes('t1'), 't1', soon());
      await until('first delivery', () => seen.length === 1);
      await nats.kill();
      acking = true;
      await nats.restart();
      await until('redelivery', () => seen.length >= 2);
      await until('publisher is back', () => publisher.state === 'CONNECTED');
      await publisher.enqueue('task.queue', bytes('t2'), 't2', soon());
      await until('new work', () => seen.includes('t2'));
    });

    it('is made again when the server comes back without its data', async () => {
      const bus = await open();
      const seen: string[] = [];
      await queue(bus, async (message) => {
        seen.push(text(message.data));
        await message.ack();
      });
      await bus.enqueue('task.queue', bytes('t1'), 't1', soon());
      await until('first delivery', () => seen.length === 1);
      await nats.kill();
      fs.rmSync(path.join(nats.dataDir, 'nats', 'store'), { recursive: true });
      await nats.restart();
      await until('connected again', () => bus.state === 'CONNECTED');
      let outcome = '';
      const start = clock.monotonic();
      while (outcome !== 'nothing thrown' && clock.monotonic() - start < patienceMs) {
        outcome = await codeOf(bus.enqueue('task.queue', bytes('t2'), 't2', soon(500)));
        await pause(clock, 50);
      }
      await until('delivery from the new stream', () => seen.includes('t2'));
    });

    it('refuses work when it is full', async () => {
      const bus = await open();
      const subscription = await queue(bus, () => new Promise(() => undefined), 2);
      await bus.enqueue('task.queue', bytes('1'), '1', soon());
      await bus.enqueue('task.queue', bytes('2'), '2', soon());
      expect(await codeOf(bus.enqueue('task.queue', bytes('3'), '3', soon()))).to.equal('MailboxFull');
      subscription.stop();
      expect(await codeOf(bus.enqueue('task.nothing', bytes(''), '1', soon()))).to.equal('Unavailable');
    });
  });

  describe('lease bucket', () => {
    it('creates once, updates by revision, removes, and expires', async () => {
      const [a, b] = [await open(), await open()];
      const leaseMs = 4_000;
      const [mine, theirs] = [await a.leaseBucket('leader', leaseMs), await b.leaseBucket('leader', leaseMs)];
      const first = (await mine.create('overlord', 'a', patienceMs)) ?? 0;
      expect(first).to.be.above(0);
      expect(await theirs.create('overlord', 'b', patienceMs)).to.equal(undefined);
      const start = clock.monotonic();
      const second = (await mine.update('overlord', 'a', first, patienceMs)) ?? 0;
      expect(second).to.be.above(first);
      expect(await theirs.update('overlord', 'b', first, patienceMs)).to.equal(undefined);
      expect(await theirs.get('overlord', patienceMs)).to.deep.equal({ value: 'a', revision: second });
      let taken: number | undefined;
      while (taken === undefined && clock.monotonic() - start < patienceMs) {
        taken = await theirs.create('overlord', 'b', patienceMs);
        if (taken === undefined) await pause(clock, 20);
      }
      expect(clock.monotonic() - start).to.be.at.least(0.8 * leaseMs);
      expect(await mine.update('overlord', 'a', second, patienceMs)).to.equal(undefined);
      await theirs.remove('overlord', patienceMs);
      expect(await mine.get('overlord', patienceMs)).to.equal(undefined);
      expect(await mine.create('overlord', 'a', patienceMs)).to.be.above(taken ?? 0);
    });

    it('has its own time-out while the server hangs, and is made again when lost', async () => {
      const bus = await open();
      const bucket = await bus.leaseBucket('leader', 3_000);
      const revision = (await bucket.create('overlord', 'a', patienceMs)) ?? 0;
      await nats.pause();
      const start = clock.monotonic();
      try {
        expect(await codeOf(bucket.update('overlord', 'a', revision, 300))).to.equal('Timeout');
      } finally {
        nats.resume();
      }
      expect(clock.monotonic() - start).to.be.at.least(250);
      await nats.kill();
      fs.rmSync(path.join(nats.dataDir, 'nats', 'store'), { recursive: true });
      await nats.restart();
      await until('connected again', () => bus.state === 'CONNECTED');
      expect(await bucket.create('overlord', 'a', patienceMs)).to.equal(1);
    });
  });
});
