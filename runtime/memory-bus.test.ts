import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import { deadlineAfter } from './deadline.js';
import { silentLog } from './log.js';
import { createMemoryHub } from './memory-bus.js';
import type { QueueMessage } from './types.js';
import { createVirtualClock } from './virtual-clock.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const textOf = (data: Uint8Array): string => Buffer.from(data).toString();
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (error: unknown) => (error as CodedError).code,
  );

function world() {
  const clock = createVirtualClock();
  const hub = createMemoryHub({ clock, log: silentLog() });
  const [a, b] = [hub.connect({ name: 'a' }), hub.connect({ name: 'b' })];
  const within = (ms: number) => ({ deadline: deadlineAfter(clock, ms) });
  return { clock, hub, a, b, within };
}

describe('runtime/memory-bus', () => {
  it('delivers by wildcard to everybody of the cluster, with relative subjects and own bytes', async () => {
    const { clock, hub, a, b } = world();
    const heard: string[] = [];
    a.subscribe('evt.*.x', (m) => heard.push(`a ${m.subject} ${textOf(m.data)} ${m.headers['h']}`));
    const all = b.subscribe('evt.>', (m) => heard.push(`b ${m.subject}`));
    hub.connect({ cluster: 'other' }).subscribe('>', () => heard.push('other cluster'));
    b.subscribe('evt.>', () => {
      throw new Error('a handler that fails must not stop the others');
    });
    const data = bytes('1');
    a.publish('evt.q.x', data, { h: 'v' });
    data[0] = 0;
    await clock.advance(0);
    all.stop();
    a.publish('evt.q.y', data);
    await clock.advance(0);
    expect(heard).to.deep.equal(['a evt.q.x 1 v', 'b evt.q.x']);
    expect(() => a.publish('evt.*', data)).to.throw('not a valid');
  });

  it('answers requests; says at once when nobody is there; keeps coded errors', async () => {
    const { clock, a, b, within } = world();
    b.respond('cmd.ok', async (m) => bytes(`${textOf(m.data)}!${m.headers['traceparent']}`));
    b.respond('cmd.bad', () => Promise.reject(new CodedError('Conflict', 'höher', { seen: '3' })));
    b.subscribe('cmd.silent', () => undefined);
    const answer = await a.request('cmd.ok', bytes('x'), { ...within(10), trace: 't' });
    expect(textOf(answer.data)).to.equal('x!t');
    expect(await codeOf(a.request('cmd.nobody', bytes(''), within(10)))).to.equal('Unavailable');
    const bad = await a.request('cmd.bad', bytes(''), within(10)).catch((e: unknown) => e);
    expect(bad).to.deep.include({ code: 'Conflict', message: 'höher' });
    expect((bad as CodedError).context).to.deep.equal({ seen: '3' });
    const late = codeOf(a.request('cmd.silent', bytes(''), within(10)));
    await clock.advance(10);
    expect(await late).to.equal('Timeout');
  });

  it('refuses to publish while disconnected, and hears nothing', async () => {
    const { clock, a, b, within } = world();
    const states: string[] = [];
    const heard: string[] = [];
    b.onState((state) => states.push(state));
    b.subscribe('x', (m) => heard.push(textOf(m.data)));
    b.disconnect();
    a.publish('x', bytes('lost'));
    expect(() => b.publish('x', bytes(''))).to.throw('no connection');
    expect(await codeOf(b.request('x', bytes(''), within(1)))).to.equal('BusUnavailable');
    await clock.advance(1);
    b.reconnect();
    a.publish('x', bytes('heard'));
    await clock.advance(1);
    await b.close();
    expect([heard, states]).to.deep.equal([['heard'], ['DISCONNECTED', 'CONNECTED', 'CLOSED']]);
    expect(await codeOf(a.request('x', bytes(''), within(1)))).to.equal('Unavailable');
  });

  it('serves endpoints to one member of the service, errors in the headers stock clients know', async () => {
    const { a, b, within } = world();
    const served: string[] = [];
    for (const [name, bus] of Object.entries({ a, b })) {
      await bus.serveEndpoint({
        service: 'task',
        version: '1.0.0',
        description: 'tasks',
        endpoint: 'submit',
        subject: 'task.submit',
        handler: async (m) => {
          served.push(name);
          if (textOf(m.data) === 'throw') throw new CodedError('InvalidInput', 'bad task');
          const error = { status: 400, description: 'no' };
          return { data: bytes('{}'), ...(textOf(m.data) === 'error' ? { error } : {}) };
        },
      });
    }
    const ask = async (text: string) => (await a.request('task.submit', bytes(text), within(9))).headers;
    expect(await ask('')).to.deep.equal({});
    expect(await ask('error')).to.deep.equal({
      'Nats-Service-Error': 'no',
      'Nats-Service-Error-Code': '400',
    });
    expect(await ask('throw')).to.include({ 'Nats-Service-Error-Code': '400' });
    expect(served).to.deep.equal(['a', 'b', 'a']);
  });

  it('leases: create, compare-and-swap, expiry by the clock, loss of the server', async () => {
    const { clock, hub, a, b } = world();
    const [mine, yours] = [await a.leaseBucket('leader', 3_000), await b.leaseBucket('leader', 3_000)];
    const first = await mine.create('k', 'a', 100);
    expect([first, await yours.create('k', 'b', 100)]).to.deep.equal([1, undefined]);
    await clock.advance(2_000);
    expect(await mine.update('k', 'a2', 1, 100)).to.equal(2);
    expect(await mine.update('k', 'a3', 1, 100)).to.equal(undefined);
    await clock.advance(2_999);
    expect(await yours.get('k', 100)).to.deep.equal({ value: 'a2', revision: 2 });
    await clock.advance(1);
    expect(await mine.update('k', 'a3', 2, 100)).to.equal(undefined);
    expect(await yours.create('k', 'b', 100)).to.equal(3);
    hub.wipe();
    expect(await yours.create('k', 'b', 100)).to.equal(1);
    a.disconnect();
    expect(await codeOf(mine.get('k', 100))).to.equal('BusUnavailable');
  });

  it('queues: one at a time, in turn, again when unacked, never twice for one id', async () => {
    const { clock, a, b, within } = world();
    const got: string[] = [];
    const held: QueueMessage[] = [];
    const options = { name: 'tasks', subject: 'task.queue', ackWaitMs: 1_000, messagesMax: 2 };
    const handler = (who: string) => async (m: QueueMessage) => {
      got.push(`${who} ${textOf(m.data)} #${m.deliveries}`);
      held.push(m);
      if (textOf(m.data) === 'fail') throw new Error('handler fails');
    };
    const atA = await a.workQueue({ ...options, handler: handler('a') });
    await b.workQueue({ ...options, handler: handler('b') });
    const put = (text: string, id: string) => a.enqueue('task.queue', bytes(text), id, within(100).deadline);
    await put('1', 'id1');
    await put('1', 'id1');
    await put('2', 'id2');
    expect(await codeOf(put('3', 'id3'))).to.equal('MailboxFull');
    expect(got).to.deep.equal(['a 1 #1', 'b 2 #1']);
    await held[0]?.ack();
    held[1]?.working();
    await clock.advance(600);
    held[1]?.working();
    await clock.advance(600);
    expect(got).to.have.length(2);
    held[1]?.retry(300);
    atA.stop();
    await clock.advance(301);
    expect(got[2]).to.equal('b 2 #2');
    await clock.advance(1_001);
    expect(got[3]).to.equal('b 2 #3');
    held[1]?.reject();
    held[3]?.reject();
    await clock.advance(5_000);
    expect(got).to.have.length(4);
    await put('fail', 'id4');
    await clock.advance(1_001);
    expect(got.slice(4)).to.deep.equal(['b fail #1', 'b fail #2']);
    const ack = await b.request('task.queue', bytes('by request'), within(100));
    expect(JSON.parse(textOf(ack.data))).to.deep.equal({ stream: 'grove.main.tasks', seq: 4 });
  });
});
