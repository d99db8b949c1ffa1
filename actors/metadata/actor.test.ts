import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { CodedError, fromErrorInfo, toErrorInfo } from '../../proto/errors.js';
import { MetadataService } from '../../proto/services.js';
import { createActorSystem } from '../../runtime/actor-system.js';
import { eventLoopTurn, seededRandom } from '../../runtime/clock.js';
import { deadlineAfter } from '../../runtime/deadline.js';
import { createInlineHub } from '../../runtime/inline-transport.js';
import { silentLog } from '../../runtime/log.js';
import { createMemoryHub } from '../../runtime/memory-bus.js';
import { createMetrics } from '../../runtime/metrics.js';
import type { LifecycleState, Node } from '../../runtime/types.js';
import { createVirtualClock } from '../../runtime/virtual-clock.js';
import { createMetadata, type DatabaseThread } from './actor.js';
import type { ThreadCommand, ThreadReply, ThreadRequest, ThreadStart } from './thread-protocol.js';

/** A database thread that keeps what it is asked until the test answers. */
class FakeThread extends EventEmitter implements DatabaseThread {
  readonly asked: ThreadRequest[] = [];
  readonly start: ThreadStart;

  constructor(start: ThreadStart) {
    super();
    this.start = start;
  }
  postMessage(command: ThreadCommand): void {
    if (command.kind === 'close') queueMicrotask(() => this.emit('exit', 0));
    else if (command.name === 'readClusterId') this.answer(command.id, '{"clusterId":"c1"}');
    else this.asked.push(command);
  }
  answer(id: number, outputJson: string): void {
    queueMicrotask(() => this.say({ kind: 'done', id, outputJson }));
  }
  say(reply: ThreadReply): void {
    this.emit('message', reply);
  }
  terminate(): Promise<number> {
    return Promise.resolve(0);
  }
}

describe('metadata actor', () => {
  const clock = createVirtualClock();
  const log = silentLog();
  let threads: FakeThread[];
  let states: LifecycleState[];
  let clusterIds: string[];
  let system: ReturnType<typeof createActorSystem>;
  let transport: ReturnType<ReturnType<typeof createInlineHub>['transport']>;

  beforeEach(async () => {
    threads = [];
    states = [];
    clusterIds = [];
    transport = createInlineHub({ clock, strict: true }).transport('here:1');
    const node: Node = {
      name: 'n',
      cluster: 'main',
      incarnation: 'i',
      clusterId: () => '',
      clock,
      random: seededRandom(1),
      log,
      metrics: createMetrics(),
      bus: createMemoryHub({ clock, log }).connect(),
      transport,
      presence: {
        self: undefined as never,
        nodes: () => [],
        all: () => [],
        find: () => undefined,
        leader: () => undefined,
        onChange: () => ({ stop: () => undefined }),
        setRole: (_, info) => void (info.state === undefined || states.push(info.state)),
      },
      hit: () => undefined,
      deadline: (ms) => deadlineAfter(clock, ms),
    };
    const actor = createMetadata({
      node,
      store: { kind: 'sqlite', file: 'x', busyTimeoutMs: 0 },
      startThread: (start) => {
        const thread = new FakeThread(start);
        threads.push(thread);
        queueMicrotask(() => thread.say({ kind: 'ready', schemaVersion: 1 }));
        return thread;
      },
      onClusterId: (id) => clusterIds.push(id),
    });
    system = createActorSystem({ clock, random: seededRandom(2), log, metrics: createMetrics() });
    await system.start({ name: 'grove', strategy: 'one_for_one', children: [actor as never] });
  });
  afterEach(async () => {
    const stopped = system.stop(1_000);
    await clock.advance(10_000);
    await stopped;
  });

  const call = async (kind: 'Read' | 'Transact', name: string): Promise<unknown> => {
    const options = { deadline: deadlineAfter(clock, 1_000) };
    const result = await transport
      .client('here:1')
      .unary(MetadataService[kind], { name, inputJson: '{}' }, options);
    if (result.error !== undefined && result.error !== null) throw fromErrorInfo(result.error);
    return JSON.parse(result.outputJson ?? '');
  };
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'none',
      (error: CodedError) => error.code,
    );
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await eventLoopTurn();
  };

  it('tells the cluster id, then serves', async () => {
    expect(clusterIds).to.deep.equal(['c1']);
    expect(states).to.deep.equal(['STARTING', 'RUNNING']);
    const answer = call('Read', 'listTasks');
    await turns();
    const [asked] = threads[0]?.asked ?? [];
    expect(asked).to.deep.include({ kind: 'read', name: 'listTasks', inputJson: '{}' });
    threads[0]?.answer(asked?.id ?? 0, '{"tasks":[]}');
    expect(await answer).to.deep.equal({ tasks: [] });
  });

  it('passes errors on', async () => {
    const answer = codeOf(call('Transact', 'insertTask'));
    await turns();
    const info = toErrorInfo(new CodedError('StaleEpoch', 'old', { seen: 3 }));
    threads[0]?.say({ kind: 'error', id: threads[0].asked[0]?.id ?? 0, error: info });
    expect(await answer).to.equal('StaleEpoch');
  });

  it('when the thread ends: reads were not done, transactions are unknown, a new thread opens', async () => {
    const read = codeOf(call('Read', 'listTasks'));
    const transaction = codeOf(call('Transact', 'insertTask'));
    await turns();
    threads[0]?.emit('error', new Error('out of memory'));
    threads[0]?.emit('exit', 1);
    expect(await read).to.equal('MetadataUnavailable');
    expect(await transaction).to.equal('Unknown');
    await clock.advance(1_000);
    await turns();
    expect(threads).to.have.length(2);
    const again = call('Read', 'listTasks');
    await turns();
    threads[1]?.answer(threads[1].asked[0]?.id ?? 0, '{}');
    expect(await again).to.deep.equal({});
  });
});
