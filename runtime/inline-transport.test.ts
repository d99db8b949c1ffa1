import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import { RestService, WorkerService } from '../proto/services.js';
import { deadlineAfter } from './deadline.js';
import { createInlineHub } from './inline-transport.js';
import type { CallContext } from './types.js';
import { createVirtualClock } from './virtual-clock.js';

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (error: unknown) => (error as CodedError).code,
  );

function world(strict: boolean) {
  const clock = createVirtualClock();
  const hub = createInlineHub({ clock, strict });
  const [a, b] = [hub.transport('a:1'), hub.transport('b:1')];
  const within = (ms: number) => ({ deadline: deadlineAfter(clock, ms) });
  return { clock, hub, a, b, within, client: a.client('b:1') };
}

describe('runtime/inline-transport', () => {
  it('hands messages over by reference, or as bytes when strict', async () => {
    for (const strict of [false, true]) {
      const { b, client, within } = world(strict);
      const request = { path: '/x', body: Buffer.from('y') };
      const seen: unknown[] = [];
      b.serve(RestService, {
        Call: async (received, context) => {
          seen.push(received, context.trace, context.metadata);
          return { status: 201 };
        },
      });
      const options = { ...within(10), trace: 't', metadata: { role: 'r' } };
      const answer = await client.unary(RestService.Call, request, options);
      expect(answer.status).to.equal(201);
      expect(seen[0] === request).to.equal(!strict);
      expect(seen.slice(1)).to.deep.equal(['t', { role: 'r' }]);
    }
  });

  it('finds handlers by scope, refuses doubles, and forgets them on stop', async () => {
    const { b, client, within } = world(true);
    const answer = (status: number) => ({ Call: async () => ({ status }) });
    const served = b.serve(RestService, answer(1), { scope: 'broker' });
    b.serve(RestService, answer(2), { scope: 'overlord' });
    const call = (scope?: string) =>
      client.unary(RestService.Call, {}, { ...within(9), ...(scope ? { metadata: { scope } } : {}) });
    expect([(await call('broker')).status, (await call('overlord')).status]).to.deep.equal([1, 2]);
    expect(await codeOf(call())).to.equal('Unavailable');
    expect(() => b.serve(RestService, answer(3), { scope: 'broker' })).to.throw('already served');
    served.stop();
    expect(await codeOf(call('broker'))).to.equal('Unavailable');
    const lost = world(true).a.client('nowhere:1').unary(RestService.Call, {}, within(9));
    expect(await codeOf(lost)).to.equal('Unavailable');
  });

  it('keeps coded errors, ends at the deadline, on cancel and when the other side goes', async () => {
    const { clock, b, hub, client, within } = world(true);
    const signals: AbortSignal[] = [];
    b.serve(RestService, {
      Call: (request, context) => {
        signals.push(context.signal);
        if (request.path === '/conflict') throw new CodedError('Conflict', 'held', { by: 'x' });
        if (request.path === '/bug') return Promise.reject(new TypeError('oops'));
        return new Promise(() => undefined);
      },
    });
    const call = (path: string, signal?: AbortSignal) =>
      client.unary(RestService.Call, { path }, { ...within(10), ...(signal ? { signal } : {}) });
    const conflict = await call('/conflict').catch((error: unknown) => error);
    expect(conflict).to.deep.include({ code: 'Conflict', message: 'held' });
    expect(await codeOf(call('/bug'))).to.equal('Bug');
    const late = codeOf(call('/wait'));
    await clock.advance(10);
    expect([await late, signals[2]?.aborted]).to.deep.equal(['Timeout', true]);
    const controller = new AbortController();
    const cancelled = codeOf(call('/wait', controller.signal));
    controller.abort();
    expect([await cancelled, signals[3]?.aborted]).to.deep.equal(['Canceled', true]);
    const orphan = codeOf(call('/wait'));
    hub.remove('b:1');
    expect([await orphan, await codeOf(call('/x'))]).to.deep.equal(['Unavailable', 'Unavailable']);
    expect(clock.pending).to.equal(0);
  });

  it('streams on demand, and cancels when the consumer leaves early', async () => {
    const { b, client, within } = world(true);
    let made = 0;
    let closed = 0;
    let context: CallContext | undefined;
    b.serve(WorkerService, {
      Log: async function* (_request, its) {
        context = its;
        try {
          for (;;) yield { data: Buffer.from([made++]) };
        } finally {
          closed += 1;
        }
      },
    });
    const got: number[] = [];
    for await (const chunk of client.stream(WorkerService.Log, {}, within(1_000))) {
      got.push(chunk.data?.[0] ?? -1);
      if (got.length === 3) break;
    }
    await Promise.resolve();
    expect([got, made, closed, context?.signal.aborted]).to.deep.equal([[0, 1, 2], 3, 1, true]);
  });

  it('passes a stream’s error on after the items before it, and its end', async () => {
    const { clock, b, client, within } = world(true);
    b.serve(WorkerService, {
      Log: async function* (request) {
        yield { data: Buffer.from('x') };
        if (request.taskId === 'fail') throw new CodedError('NotFound', 'gone');
        if (request.taskId === 'hang') await new Promise(() => undefined);
      },
    });
    const read = async (taskId: string): Promise<number> => {
      let count = 0;
      for await (const chunk of client.stream(WorkerService.Log, { taskId }, within(10))) {
        count += chunk.data?.length ?? 0;
      }
      return count;
    };
    expect(await read('whole')).to.equal(1);
    expect(await codeOf(read('fail'))).to.equal('NotFound');
    const hung = codeOf(read('hang'));
    await clock.advance(10);
    expect(await hung).to.equal('Timeout');
  });
});
