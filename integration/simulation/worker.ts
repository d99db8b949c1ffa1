/** A middle manager and its task processes in one: obeys commands, runs each task through the real overlord's door. */
import { asCoded, fromErrorInfo } from '../../proto/errors.js';
import type { TaskAction } from '../../proto/task-actions.js';
import { codecs, TaskService } from '../../proto/services.js';
import { pause } from '../../runtime/deadline.js';
import type { Client, Node } from '../../runtime/types.js';

/** What a task of the simulation carries in its context. */
export interface SimulatedTask {
  /** Index of the day it replaces. */
  readonly day: number;
  readonly value: number;
  readonly partitions: number;
}

export const dataSource = 'ds';
/** Segments of each version of a day. */
export const partitions = 2;
const dayMs = 86_400_000;
const firstDay = Date.UTC(2024, 0, 1);
export const dayStart = (day: number): string => new Date(firstDay + day * dayMs).toISOString();
export const dayInterval = (day: number): string => `${dayStart(day)}/${dayStart(day + 1)}`;

const beatMs = 1_000;
const callMs = 5_000;
const retryMs = 300;
/** Of tasks whose process dies just before its publish, and of those that die just after. */
const deathRate = 0.05;

export class SimulatedWorker {
  readonly #node: Node;
  readonly #runs = new Map<string, { readonly incarnation: string; over: boolean }>();

  constructor(node: Node) {
    this.#node = node;
  }

  start(): void {
    const { bus, name, presence } = this.#node;
    const ok = codecs.CommandResult.encode({ ok: true });
    bus.respond(`cmd.middlemanager.${name}.run`, async (message) => {
      const taskId = codecs.RunTask.decode(message.data).taskId ?? '';
      if (!this.#runs.has(taskId)) void this.#run(taskId);
      return ok;
    });
    bus.respond(`cmd.middlemanager.${name}.stop`, async (message) => {
      this.#end(codecs.StopTask.decode(message.data).taskId ?? '');
      return ok;
    });
    presence.setRole('middlemanager', { state: 'RUNNING', capacity: 3 });
  }

  #end(taskId: string): void {
    const run = this.#runs.get(taskId);
    if (run !== undefined) run.over = true;
  }

  async #run(taskId: string): Promise<void> {
    const incarnation = this.#node.random.hex(8);
    const run = { incarnation, over: false };
    this.#runs.set(taskId, run);
    const insist = async <T>(call: (client: Client) => Promise<T>): Promise<T> => {
      for (;;) {
        if (run.over) throw new Error('stopped');
        try {
          return await call(this.#overlord());
        } catch (thrown) {
          const { code } = asCoded(thrown);
          if (!passing.has(code)) throw thrown;
        }
        await pause(this.#node.clock, retryMs);
      }
    };
    const action = (what: TaskAction): Promise<unknown> =>
      insist(async (client) => {
        const request = { taskId, incarnation, actionJson: JSON.stringify(what) };
        const result = await client.unary(TaskService.Action, request, this.#options());
        if (result.error) throw fromErrorInfo(result.error);
        return JSON.parse(result.resultJson ?? 'null') as unknown;
      });
    this.#beat(taskId, run);
    let status = 'SUCCESS';
    try {
      const { taskJson } = await insist((client) =>
        client.unary(TaskService.GetTask, { taskId }, this.#options()),
      );
      const task = (JSON.parse(taskJson ?? '') as { context: { sim: SimulatedTask } }).context.sim;
      let lock: { version: string } | null = null;
      while (lock === null) {
        const asked = { type: 'lockAcquire', interval: dayInterval(task.day), timeoutMs: 2_000 } as const;
        lock = (await action(asked)) as { version: string } | null;
      }
      // Reading and building take a while, in which anything may happen.
      await pause(this.#node.clock, 200 + this.#node.random.next() * 1_500);
      const dies = this.#node.random.next();
      if (dies < deathRate) return this.#died(run);
      await action({
        type: 'segmentTransactionalInsert',
        dataSource,
        segments: segmentsOf(task, lock.version),
      });
      if (dies < 2 * deathRate) return this.#died(run);
    } catch {
      status = 'FAILED';
    }
    await insist((client) =>
      client.unary(TaskService.Done, { taskId, incarnation, status, durationMs: 1 }, this.#options()),
    ).catch(() => undefined);
    run.over = true;
  }

  /** As a task process does that is killed: without a word. Its lease runs out. */
  #died(run: { over: boolean }): void {
    run.over = true;
  }

  #beat(taskId: string, run: { readonly incarnation: string; over: boolean }): void {
    if (run.over) return;
    const { incarnation } = run;
    this.#call(() =>
      this.#overlord().unary(TaskService.Beat, { taskId, incarnation, pid: 1 }, this.#options()),
    )
      .then((result) => {
        if (result?.stop === true) run.over = true;
      })
      .finally(() => void this.#node.clock.setTimer(beatMs, () => this.#beat(taskId, run)))
      .catch(() => undefined);
  }

  async #call<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch {
      return undefined;
    }
  }

  #overlord(): Client {
    const { presence, transport } = this.#node;
    const address = presence.leader('overlord')?.grpcAddress ?? 'nobody:0';
    return transport.client(address);
  }

  #options() {
    return { deadline: this.#node.deadline(callMs) };
  }
}

const passing: ReadonlySet<string> = new Set([
  'Unavailable',
  'BusUnavailable',
  'MetadataUnavailable',
  'Timeout',
  'Unknown',
  'StaleEpoch',
  'Canceled',
]);

function segmentsOf(task: SimulatedTask, version: string): string[] {
  return Array.from({ length: task.partitions }, (_, partitionNum) => {
    const start = dayStart(task.day);
    const suffix = partitionNum === 0 ? '' : `_${partitionNum}`;
    return JSON.stringify({
      dataSource,
      interval: dayInterval(task.day),
      version,
      loadSpec: { type: 'sim', value: task.value, startMs: Date.parse(start) },
      dimensions: '',
      metrics: 'v',
      shardSpec: { type: 'numbered', partitionNum, partitions: task.partitions },
      binaryVersion: 9,
      size: 10,
      identifier: `${dataSource}_${start}_${dayStart(task.day + 1)}_${version}${suffix}`,
    });
  });
}
