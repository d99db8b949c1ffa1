import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { codecs, TaskService, WorkerService, type grove } from '../../proto/services.js';
import { createActorSystem } from '../../runtime/actor-system.js';
import { seededRandom } from '../../runtime/clock.js';
import { deadlineAfter } from '../../runtime/deadline.js';
import { createInlineHub } from '../../runtime/inline-transport.js';
import { silentLog } from '../../runtime/log.js';
import { createMemoryHub } from '../../runtime/memory-bus.js';
import { createMetrics } from '../../runtime/metrics.js';
import type { ProcessExit, ProcessHandle, ProcessSpec } from '../../runtime/place.js';
import type { ActorSystem, Node, NodeInfo, RoleInfo } from '../../runtime/types.js';
import { createVirtualClock, filesAreDone } from '../../runtime/virtual-clock.js';
import { peonFiles, readJsonFile, type PeonConfig } from '../peon-config.js';
import { createLocalTaskLogs } from '../task-logs.js';
import { createMiddleManager, middleManagerDefaults, type Processes } from './actor.js';

/** Processes that exist only here. */
class FakeProcesses implements Processes {
  readonly alive = new Map<
    number,
    { readonly spec: ProcessSpec; readonly exit: (exit: ProcessExit) => void }
  >();
  readonly signals: string[] = [];
  #next = 100;

  spawn(spec: ProcessSpec): ProcessHandle {
    const pid = this.#next++;
    const exited = new Promise<ProcessExit>((exit) => void this.alive.set(pid, { spec, exit }));
    fs.writeFileSync(spec.logFile ?? '', `log of ${pid}`);
    return { pid, startTime: `s${pid}`, exited, kill: () => undefined, unref: () => undefined };
  }
  startTimeOf(pid: number): string {
    return this.alive.has(pid) ? `s${pid}` : '';
  }
  isSame(identity: { readonly pid: number; readonly startTime: string }, part: string): boolean {
    const found = this.alive.get(identity.pid);
    return (
      found?.spec.args.some((arg) => arg.includes(part)) === true && identity.startTime === `s${identity.pid}`
    );
  }
  kill(identity: { readonly pid: number }, signal: string): void {
    this.signals.push(`${signal} ${identity.pid}`);
    if (signal === 'SIGKILL') this.end(identity.pid, { code: null, signal });
  }
  end(pid: number, exit: ProcessExit = { code: 0, signal: null }): void {
    const found = this.alive.get(pid);
    this.alive.delete(pid);
    found?.exit(exit);
  }
  folderOf(pid: number): string {
    return path.dirname(this.alive.get(pid)?.spec.args[0] ?? '');
  }
}

describe('middle manager', () => {
  let folder: string;
  let processes: FakeProcesses;
  let clock: ReturnType<typeof createVirtualClock>;
  let bus: ReturnType<ReturnType<typeof createMemoryHub>['connect']>;
  let transport: ReturnType<ReturnType<typeof createInlineHub>['transport']>;
  let system: ActorSystem;
  let reports: grove.task.v1.WorkerReport.$Properties[];
  let answer: grove.task.v1.WorkerReportResult.$Properties;
  let role: Partial<RoleInfo>;

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-worker-'));
    processes = new FakeProcesses();
    await start();
  });
  afterEach(async () => {
    for (const pid of processes.alive.keys()) processes.end(pid);
    await stop();
    fs.rmSync(folder, { recursive: true });
  });

  async function start(): Promise<void> {
    clock = createVirtualClock();
    reports = [];
    answer = {};
    role = {};
    const log = silentLog();
    bus = createMemoryHub({ clock, log }).connect();
    transport = createInlineHub({ clock, strict: true }).transport('here:1');
    transport.serve(TaskService, {
      Report: async (report: grove.task.v1.WorkerReport.$Properties) => {
        reports.push(report);
        return answer;
      },
    } as never);
    const leader = { grpcAddress: 'here:1' } as NodeInfo;
    const random = seededRandom(1);
    const metrics = createMetrics();
    const node: Node = {
      name: 'w 1',
      cluster: 'main',
      incarnation: 'i',
      clusterId: () => 'c',
      clock,
      random,
      log,
      metrics,
      bus,
      transport,
      presence: {
        self: leader,
        nodes: () => [],
        all: () => [],
        find: () => undefined,
        leader: () => leader,
        onChange: () => ({ stop: () => undefined }),
        setRole: (_, info) => void Object.assign(role, info),
      },
      hit: () => undefined,
      deadline: (ms) => deadlineAfter(clock, ms),
    };
    const worker = createMiddleManager({
      node,
      processes,
      taskLogs: createLocalTaskLogs(path.join(folder, 'logs')),
      settings: {
        ...middleManagerDefaults,
        slots: 2,
        tasksDir: path.join(folder, 'tasks'),
        peonEntry: 'peon.js',
        token: 'secret',
        deepStorage: { type: 'local', root: '/deep', zip: false },
        inputDirs: ['/in'],
        inputHosts: [],
        lookupTier: '__default',
        unsafeFaults: false,
        logLevel: 'info',
      },
    });
    system = createActorSystem({ clock, random, log, metrics });
    await system.start({ name: 'grove', strategy: 'one_for_one', children: [worker as never] });
  }
  async function stop(): Promise<void> {
    let isOver = false;
    void system.stop(20_000).then(() => (isOver = true));
    while (!isOver) {
      await filesAreDone();
      await clock.advance(50);
    }
  }
  /** Event loop turns until it is true; files are real here, time is not. */
  const until = async (check: () => boolean): Promise<void> => {
    for (let i = 0; i < 100_000 && !check(); i++) await filesAreDone();
    expect(check()).to.equal(true);
  };

  async function command(
    verb: 'run' | 'stop',
    taskId: string,
    epoch = 1,
    clusterId = 'c',
  ): Promise<grove.cluster.v1.CommandResult.$Properties> {
    const header = { clusterId, role: 'overlord', epoch };
    const data =
      verb === 'run'
        ? codecs.RunTask.encode({ header, taskId, groupId: taskId })
        : codecs.StopTask.encode({ header, taskId, reason: 'by hand' });
    const reply = await bus.request(`cmd.middlemanager.w=201.${verb}`, data, {
      deadline: deadlineAfter(clock, 1_000),
    });
    return codecs.CommandResult.decode(reply.data);
  }
  const stateOf = (taskId: string) => reports.at(-1)?.tasks?.find((task) => task.taskId === taskId);

  it('starts a process with all it has to know, once for each task', async () => {
    expect((await command('run', 't')).ok).to.equal(true);
    expect((await command('run', 't')).ok).to.equal(true);
    expect([...processes.alive.keys()]).to.deep.equal([100]);
    const { spec } = processes.alive.get(100)!;
    expect(spec).to.deep.include({ entry: 'peon.js', detached: true });
    const config = readJsonFile<PeonConfig>(spec.args[0] ?? '');
    expect(config).to.deep.include({ taskId: 't', node: 'w 1', token: 'secret', inputDirs: ['/in'] });
    expect(readJsonFile(config?.overlordFile ?? '')).to.deep.equal({ address: 'here:1' });
    await clock.advance(1_000);
    expect(stateOf('t')).to.deep.include({ state: 'RUNNING', incarnation: config?.incarnation });
    expect(role).to.deep.include({ state: 'RUNNING', capacity: 2, used: 1 });
  });

  it('reports the end until it is heard, then forgets folder and task', async () => {
    await command('run', 't');
    const run = processes.folderOf(100);
    processes.end(100, { code: null, signal: 'SIGKILL' });
    await until(() => stateOf('t')?.state === 'FAILED');
    expect(stateOf('t')?.errorMessage).to.include('signal[SIGKILL]');
    expect(fs.readFileSync(path.join(folder, 'logs', 't.log'), 'utf8')).to.equal('log of 100');
    await clock.advance(1_000);
    expect(fs.existsSync(run)).to.equal(true);
    answer = { acknowledged: ['t'] };
    await clock.advance(1_000);
    await until(() => !fs.existsSync(run));
    await clock.advance(1_000);
    expect(reports.at(-1)?.tasks).to.deep.equal([]);
  });

  it('believes what the process wrote of its end', async () => {
    await command('run', 't');
    fs.writeFileSync(peonFiles.end(processes.folderOf(100)), '{"status":"SUCCESS","errorMessage":""}');
    processes.end(100);
    await until(() => stateOf('t')?.state === 'SUCCESS');
  });

  it('lets a few wait for processes on their way out, and refuses more', async () => {
    for (const id of ['a', 'b', 'c', 'd']) expect((await command('run', id)).ok).to.equal(true);
    const refused = await command('run', 'e');
    expect([refused.ok, refused.error?.code]).to.deep.equal([false, 'Unavailable']);
    expect(processes.alive.size).to.equal(2);
    await command('stop', 'c');
    processes.end(100);
    await until(() => processes.alive.has(102));
    expect(
      [...processes.alive.values()].map(({ spec }) => spec.args[0]?.match(/run-(\w)-/)?.[1]),
    ).to.deep.equal(['b', 'd']);
  });

  it('stops with SIGTERM, then SIGKILL', async () => {
    await command('run', 't');
    await command('stop', 't');
    expect(processes.signals).to.deep.equal(['SIGTERM 100']);
    await clock.advance(6_000);
    expect(processes.signals).to.deep.equal(['SIGTERM 100', 'SIGKILL 100']);
    await until(() => stateOf('t')?.errorMessage?.includes('it was told to stop: by hand') === true);
  });

  it('stops what the overlord does not know', async () => {
    await command('run', 't');
    answer = { stop: ['t'] };
    await clock.advance(1_100);
    await until(() => processes.signals.join() === 'SIGTERM 100');
  });

  it('obeys no older leader', async () => {
    await command('run', 't', 5);
    const old = await command('run', 'u', 4);
    expect([old.ok, old.error?.code, old.epochSeen]).to.deep.equal([false, 'StaleEpoch', 5]);
    expect(processes.alive.size).to.equal(1);
  });

  it('obeys no older leader after a restart, and no other cluster', async () => {
    await command('run', 't', 5);
    processes.end(100);
    await stop();
    processes = new FakeProcesses();
    await start();
    const old = await command('run', 'u', 4);
    expect([old.ok, old.error?.code, old.epochSeen]).to.deep.equal([false, 'StaleEpoch', 5]);
    const other = await command('run', 'u', 9, 'c2');
    expect([other.ok, other.error?.code]).to.deep.equal([false, 'WrongCluster']);
    expect(processes.alive.size).to.equal(0);
    expect((await command('run', 'u', 5)).ok).to.equal(true);
  });

  it('takes up what an earlier one started, and notices its end', async () => {
    await command('run', 'alive');
    await command('run', 'ended');
    const [alive, ended] = [100, 101].map((pid) => processes.folderOf(pid)) as [string, string];
    fs.writeFileSync(peonFiles.pid(alive), '100');
    fs.writeFileSync(peonFiles.pid(ended), '101');
    // As if this process had been killed: nothing is drained, the folders stay.
    const { alive: table } = processes;
    processes = new FakeProcesses();
    for (const [pid, entry] of table) if (pid === 100) processes.alive.set(pid, entry);
    await start();
    await until(() => stateOf('ended')?.state === 'FAILED');
    expect(stateOf('alive')?.state).to.equal('RUNNING');
    processes.end(100);
    await clock.advance(1_000);
    await until(() => stateOf('alive')?.state === 'FAILED');
  });

  it('serves the log of a run from any offset', async () => {
    await command('run', 't');
    const read = async (taskId: string, offset: number): Promise<string | undefined> => {
      let text: string | undefined;
      const options = { deadline: deadlineAfter(clock, 1_000) };
      for await (const chunk of transport
        .client('here:1')
        .stream(WorkerService.Log, { taskId, offset }, options)) {
        if (chunk.found === true) text = (text ?? '') + Buffer.from(chunk.data ?? []).toString();
      }
      return text;
    };
    expect(await read('t', 0)).to.equal('log of 100');
    expect(await read('t', 7)).to.equal('100');
    expect(await read('t', -3)).to.equal('100');
    expect(await read('t', 99)).to.equal('');
    expect(await read('nope', 0)).to.equal(undefined);
  });

  it('gives its tasks time when it drains, then stops them', async () => {
    await command('run', 't');
    await stop();
    expect(processes.signals.slice(0, 2)).to.deep.equal(['SIGTERM 100', 'SIGKILL 100']);
    expect(role.state).to.equal('STOPPED');
  });
});
