/**
 * Several Grove processes on one machine over one nats-server: started from the profiles, killed, paused, restarted by
 * name, with proxies where faults are wanted; everything is ended and removed at the end.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { freePorts, Hopeless, patienceMs, root, until, type Answer } from '../launch.js';
import { atEnd } from '../leftovers.js';
import { startTestNats, temporaryFolder, type TestNats } from '../servers/nats.js';
import type { NatsBinary } from '../../runtime/nats-server.js';
import { startProxy, type Proxy } from './proxy.js';

export interface ProcessPlan {
  /** Unique; also the node's name in presence. */
  readonly name: string;
  readonly roles: readonly string[];
  /** Settings of its configuration file, on top of the profile's and the plan's. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Its own way to NATS, so that it alone can be cut off. */
  readonly natsProxy?: boolean;
  /** A proxy before its internal gRPC. */
  readonly grpcProxy?: boolean;
}
export interface ClusterPlan {
  readonly processes: readonly ProcessPlan[];
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Quick cycles: tests wait for what follows from them. */
const testSettings = {
  sample: false,
  coordinatorPeriodMs: 500,
  dropDelayMs: 1_000,
  workerThreads: 1,
  arenaBytesMax: 256 * 1024 * 1024,
  hotBytesMax: 64 * 1024 * 1024,
  drainGraceMs: 5_000,
};
/** Of each process's output and of its log, told with a failure. */
const tailLines = 12;

export class ClusterProcess {
  readonly plan: ProcessPlan;
  readonly dataDir: string;
  readonly url: string;
  readonly natsProxy: Proxy | undefined;
  readonly grpcProxy: Proxy | undefined;
  readonly #configFile: string;
  #child: ChildProcess | undefined;
  #exited: Promise<number | null> = Promise.resolve(null);
  #output = '';

  constructor(parts: {
    readonly plan: ProcessPlan;
    readonly dataDir: string;
    readonly port: number;
    readonly configFile: string;
    readonly natsProxy: Proxy | undefined;
    readonly grpcProxy: Proxy | undefined;
  }) {
    this.plan = parts.plan;
    this.dataDir = parts.dataDir;
    this.url = `http://127.0.0.1:${parts.port}`;
    this.#configFile = parts.configFile;
    this.natsProxy = parts.natsProxy;
    this.grpcProxy = parts.grpcProxy;
  }

  get name(): string {
    return this.plan.name;
  }
  get pid(): number {
    return this.#child?.pid ?? -1;
  }
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }
  /** Everything its runs wrote to standard output and error. */
  output(): string {
    return this.#output;
  }
  /** Its log, all runs. */
  log(): string {
    const file = path.join(this.dataDir, 'grove.log');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  }

  start(env: Readonly<Record<string, string>> = {}): void {
    if (this.isRunning) throw new Error(`${this.name} is running`);
    const args = ['scripts/grove.mjs', 'start', '--config', this.#configFile];
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, GROVE_NO_BUILD: '1', ...this.plan.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.on('data', (chunk) => (this.#output += String(chunk)));
    child.stderr?.on('data', (chunk) => (this.#output += String(chunk)));
    this.#exited = new Promise((done) => child.once('exit', (code) => done(code)));
    this.#child = child;
  }

  /** Resolves when its own roles run. */
  async ready(): Promise<void> {
    await until(`${this.name} ready`, patienceMs, async () => {
      this.#checkRunning();
      return (await this.request('GET', '/status/health')).status === 200 ? true : undefined;
    });
  }

  /** Resolves when it serves requests about itself, healthy or not. */
  async up(): Promise<void> {
    await until(`${this.name} up`, patienceMs, async () => {
      this.#checkRunning();
      return (await this.request('GET', '/status')).status === 200 ? true : undefined;
    });
  }

  #checkRunning(): void {
    if (!this.isRunning) throw new Hopeless(`${this.name} has ended:\n${this.#output}`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }
  pause(): void {
    this.signal('SIGSTOP');
  }
  resume(): void {
    this.signal('SIGCONT');
  }
  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#exited;
  }
  /** SIGTERM; its exit code. */
  async terminate(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.#exited;
  }
  get exited(): Promise<number | null> {
    return this.#exited;
  }
  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.start(env);
    await this.ready();
  }

  async request(method: string, at: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
    const init: RequestInit = { method };
    if (body !== undefined) {
      init.body = typeof body === 'string' ? body : JSON.stringify(body);
      init.headers = { 'content-type': 'application/json' };
    }
    if (signal !== undefined) init.signal = signal;
    const response = await fetch(this.url + at, init);
    const text = await response.text();
    return {
      status: response.status,
      text,
      headers: response.headers,
      json: <T>() => JSON.parse(text) as T,
    };
  }

  /** Sum over all series of that name (with these words in the line); undefined while there is none. */
  async metric(name: string, ...words: string[]): Promise<number | undefined> {
    const { text } = await this.request('GET', '/metrics');
    const values = text
      .split('\n')
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .filter((line) => words.every((word) => line.includes(word)))
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
  }

  /** Of memory, as the operating system counts it; 0 when it does not run. */
  residentBytes(): number {
    const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readIfThere(`/proc/${this.pid}/status`))?.[1];
    return Number(kb ?? 0) * 1024;
  }

  /** Waits for a line of its log with these words, written after `fromByte` characters of it. */
  async logged(words: readonly string[], fromChar = 0): Promise<string> {
    return until(`${this.name} logs ${words.join(' ')}`, patienceMs, async () =>
      this.log()
        .slice(fromChar)
        .split('\n')
        .find((line) => words.every((word) => line.includes(word))),
    );
  }

  /** Epochs it leads its roles with, 0 = it does not, by its own word and at one moment. */
  async epochs(): Promise<ReadonlyMap<string, number>> {
    const { roles } = (await this.request('GET', '/status')).json<{
      roles: { role: string; leaderEpoch: number }[];
    }>();
    return new Map(roles.map(({ role, leaderEpoch }) => [role, leaderEpoch]));
  }

  /** Of one role: see {@link epochs}. */
  async leads(role: string): Promise<number> {
    return (await this.epochs()).get(role) ?? 0;
  }
}

export class Cluster {
  readonly folder: string;
  readonly nats: TestNats;
  readonly #processes = new Map<string, ClusterProcess>();
  readonly #proxies: Proxy[] = [];
  #stopped: () => void = () => undefined;

  private constructor(folder: string, nats: TestNats) {
    this.folder = folder;
    this.nats = nats;
  }

  /** Starts everything and waits until the gateway (if planned) says that the cluster is healthy. */
  static async start(binary: NatsBinary, plan: ClusterPlan): Promise<Cluster> {
    const cluster = new Cluster(temporaryFolder('grove-cluster-'), await startTestNats(binary));
    cluster.#stopped = atEnd(() => cluster.#kill());
    try {
      for (const one of plan.processes) await cluster.#prepare(one, plan.settings ?? {});
      for (const one of cluster.#processes.values()) one.start();
      await Promise.all([...cluster.#processes.values()].map((one) => one.ready()));
      return cluster;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const tails = cluster.logTails();
      await cluster.stop();
      throw new Error(`${message}\n${tails}`, { cause: error });
    }
  }

  async #prepare(plan: ProcessPlan, settings: Readonly<Record<string, unknown>>): Promise<void> {
    const dataDir = path.join(this.folder, plan.name);
    fs.mkdirSync(dataDir, { recursive: true });
    const isGateway = plan.roles.includes('gateway');
    const port = await freePorts(2);
    const natsProxy = plan.natsProxy === true ? await this.#proxy(this.nats.port) : undefined;
    const internalPort = plan.grpcProxy === true ? await freePorts(1) : 0;
    const grpcProxy = plan.grpcProxy === true ? await this.#proxy(internalPort) : undefined;
    const config = {
      ...testSettings,
      ...settings,
      roles: plan.roles,
      nodeName: plan.name,
      dataDir,
      nats: `nats://127.0.0.1:${natsProxy?.port ?? this.nats.port}`,
      natsToken: this.nats.token,
      deepStorageDir: path.join(this.folder, 'deep-storage'),
      taskLogsDir: path.join(this.folder, 'task-logs'),
      internalPort,
      ...(grpcProxy === undefined ? {} : { internalAddress: grpcProxy.address }),
      ...(isGateway ? { httpPort: port, grpcPort: port + 1 } : { nodePort: port }),
      ...plan.settings,
    };
    const configFile = path.join(this.folder, `${plan.name}.json`);
    fs.writeFileSync(configFile, JSON.stringify(config, undefined, 1));
    this.#processes.set(
      plan.name,
      new ClusterProcess({ plan, dataDir, port, configFile, natsProxy, grpcProxy }),
    );
  }

  async #proxy(port: number): Promise<Proxy> {
    const proxy = await startProxy({ port });
    this.#proxies.push(proxy);
    return proxy;
  }

  process(name: string): ClusterProcess {
    const found = this.#processes.get(name);
    if (found === undefined) throw new Error(`No process ${name} in this cluster`);
    return found;
  }
  all(): ClusterProcess[] {
    return [...this.#processes.values()];
  }
  get gateway(): ClusterProcess {
    const found = this.all().find((one) => one.plan.roles.includes('gateway'));
    if (found === undefined) throw new Error('No gateway in this cluster');
    return found;
  }
  withRole(role: string): ClusterProcess[] {
    return this.all().filter((one) => one.plan.roles.includes(role));
  }

  /** The running process that says that it leads, once there is one. */
  async leader(role: string): Promise<ClusterProcess> {
    return (await this.leadership(role)).process;
  }

  /** The epoch of the role's leader, once there is one. Epoch and leadership come from one answer. */
  async epoch(role: string): Promise<number> {
    return (await this.leadership(role)).epoch;
  }

  /** A leader other than `before`, and the epoch it led with when it was asked: it may have stepped down since. */
  leadership(role: string, before?: ClusterProcess): Promise<{ process: ClusterProcess; epoch: number }> {
    return until(`${before === undefined ? 'a' : 'another'} leader of ${role}`, patienceMs, async () => {
      for (const process of this.withRole(role).filter((one) => one !== before && one.isRunning)) {
        const epoch = await process.leads(role).catch(() => 0);
        if (epoch > 0) return { process, epoch };
      }
      return undefined;
    });
  }

  /** The end of every process's output and log, for whoever has to find out what went wrong. */
  logTails(): string {
    const lastOf = (text: string): string[] => text.trim().split('\n').slice(-tailLines);
    return this.all()
      .map((one) => {
        const lines = [...lastOf(one.output()), ...lastOf(one.log())].map((line) => line.slice(0, 300));
        return `--- ${one.name}${one.isRunning ? '' : ' (not running)'}\n${lines.join('\n')}`;
      })
      .join('\n');
  }

  /** Ends everything at once, task processes included, and removes the folders. */
  async stop(): Promise<void> {
    for (const one of this.all()) if (one.isRunning) await one.kill();
    this.#kill();
    this.#stopped();
    for (const proxy of this.#proxies) {
      proxy.set({});
      await proxy.close();
    }
    await this.nats.stop();
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  #kill(): void {
    for (const one of this.all()) one.signal('SIGKILL');
    for (const pid of this.taskProcesses()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended between the look and the signal.
      }
    }
  }

  /**
   * Pids of living task processes that any middle manager of this cluster started, all of them or those of one task. A
   * process may live a moment longer than its task.
   */
  taskProcesses(taskId?: string): number[] {
    return this.withRole('middlemanager').flatMap((one) => {
      const tasks = path.join(one.dataDir, 'tasks');
      if (!fs.existsSync(tasks)) return [];
      return fs
        .readdirSync(tasks, { recursive: true })
        .map(String)
        .filter((file) => path.basename(file) === 'pid')
        .filter((file) => taskId === undefined || file.startsWith(`run-${taskId}-`))
        .map((file) => Number(readIfThere(path.join(tasks, file))))
        .filter((pid) => pid > 0 && readIfThere(`/proc/${pid}/cmdline`).includes(one.dataDir));
    });
  }
}

function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
