import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import { createHealth } from './grpc-health.js';
import { deadlineAt } from './deadline.js';
import { pump } from './stream-pump.js';
import type { CallContext } from './types.js';
import { createVirtualClock } from './virtual-clock.js';

/** A writable that takes `room` items, then waits for `drain`. */
class SlowSink {
  readonly taken: number[] = [];
  private readonly room: number;
  private waiting: (() => void)[] = [];

  constructor(room: number) {
    this.room = room;
  }
  write(item: number): boolean {
    this.taken.push(item);
    return this.taken.length % this.room !== 0;
  }
  once(_event: 'drain', listener: () => void): void {
    this.waiting.push(listener);
  }
  drain(): void {
    for (const listener of this.waiting.splice(0)) listener();
  }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('stream pump', () => {
  it('takes from the source only what the sink has room for', async () => {
    let made = 0;
    async function* source(): AsyncGenerator<number> {
      while (made < 5) yield made++;
    }
    const sink = new SlowSink(2);
    const work = pump(source(), sink, (n) => n * 10, new AbortController().signal, 'test');
    await turn();
    expect([made, sink.taken]).to.deep.equal([2, [0, 10]]);
    sink.drain();
    await turn();
    expect(sink.taken).to.deep.equal([0, 10, 20, 30]);
    sink.drain();
    await work;
    expect(sink.taken).to.deep.equal([0, 10, 20, 30, 40]);
  });

  it('leaves the source when aborted, also one that hangs', async () => {
    let left = false;
    const hanging: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: async () => {
          left = true;
          return { done: true, value: undefined };
        },
      }),
    };
    const controller = new AbortController();
    const work = pump(hanging, new SlowSink(1), (n) => n, controller.signal, 'test').catch(
      (thrown: unknown) => thrown,
    );
    controller.abort(new CodedError('Timeout', 'late'));
    expect(((await work) as CodedError).code).to.equal('Timeout');
    expect(left).to.equal(true);
  });
});

describe('gRPC health', () => {
  const context = (signal: AbortSignal): CallContext => {
    const deadline = deadlineAt(createVirtualClock(), 1_000);
    return { deadline, signal, trace: '', metadata: {} };
  };

  it('checks, and tells changes to those who watch', async () => {
    const health = createHealth();
    const controller = new AbortController();
    const { Check, Watch } = health.handlers;
    health.set('', true);
    expect(await Check({}, context(controller.signal))).to.deep.equal({ status: 1 });
    const unknown = await Check({ service: 'x' }, context(controller.signal)).catch(
      (thrown: unknown) => thrown,
    );
    expect((unknown as CodedError).code).to.equal('NotFound');
    const watching = Watch({ service: 'x' }, context(controller.signal))[Symbol.asyncIterator]();
    expect((await watching.next()).value).to.deep.equal({ status: 3 });
    const next = watching.next();
    health.set('x', false);
    expect((await next).value).to.deep.equal({ status: 2 });
    health.set('x', true);
    health.set('x', false);
    health.set('x', true);
    expect((await watching.next()).value).to.deep.equal({ status: 1 });
    const last = watching.next().catch((thrown: unknown) => thrown);
    controller.abort();
    expect(((await last) as CodedError).code).to.equal('Canceled');
  });
});
