/**
 * The SQL record of a simulated cluster: the real operations on a real SQLite in memory, one after another. It outlives
 * the processes that own it, as a disk does. Virtual time must stand still while it works: see `idle`.
 */
import { toErrorInfo } from '../../proto/errors.js';
import type { DatabaseThread } from '../../actors/metadata/actor.js';
import { execute } from '../../actors/metadata/executor.js';
import { migrate } from '../../actors/metadata/migrations.js';
import { openStore, type Knex } from '../../actors/metadata/store.js';
import type { ThreadCommand, ThreadReply } from '../../actors/metadata/thread-protocol.js';
import { plantedRecord, type PlantName, type RecordRequest } from './planted.js';

/** A leader's transaction that has committed. */
export interface Commit {
  readonly role: string;
  readonly epoch: number;
  readonly name: string;
}

type MessageListener = (reply: ThreadReply) => void;

export class Record {
  /** In the order of their commits. */
  readonly commits: Commit[] = [];
  readonly #knex: Knex;
  readonly #execute: (request: RecordRequest) => Promise<string>;
  #work: Promise<void> = Promise.resolve();
  #pending = 0;

  private constructor(knex: Knex, plant: PlantName | undefined) {
    this.#knex = knex;
    this.#execute = plantedRecord(plant, {
      execute: (request) => execute(knex, request),
      forgetPublish: async (taskId) => {
        await knex('grove_task_published').where({ task_id: taskId }).delete();
      },
    });
  }

  static async open(plant?: PlantName): Promise<Record> {
    const knex = await openStore({ kind: 'sqlite', file: ':memory:', busyTimeoutMs: 1_000 });
    await migrate(knex, { clusterId: 'c1', nowDate: '2026-01-01T00:00:00.000Z' });
    return new Record(knex, plant);
  }

  get idle(): boolean {
    return this.#pending === 0;
  }

  close(): Promise<void> {
    return this.#knex.destroy();
  }

  run(request: RecordRequest): Promise<string> {
    this.#pending += 1;
    const result = this.#work.then(async () => {
      const output = await this.#execute(request);
      const { leader, name } = request;
      if (leader !== undefined) this.commits.push({ ...leader, name });
      return output;
    });
    this.#work = result
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        this.#pending -= 1;
      });
    return result;
  }

  async read<T>(name: string, input: unknown): Promise<T> {
    return JSON.parse(await this.run({ kind: 'read', name, inputJson: JSON.stringify(input) })) as T;
  }

  /** What the metadata actor takes for its database thread; silent once its process is gone. */
  thread(isAlive: () => boolean): DatabaseThread {
    const listeners: MessageListener[] = [];
    const say = (reply: ThreadReply): void => {
      if (isAlive()) for (const listener of listeners) listener(reply);
    };
    const thread = {
      postMessage: (command: ThreadCommand): void => {
        if (!('id' in command)) return;
        this.run(command).then(
          (outputJson) => say({ kind: 'done', id: command.id, outputJson }),
          (thrown: unknown) => say({ kind: 'error', id: command.id, error: toErrorInfo(thrown) }),
        );
      },
      on: (event: string, listener: unknown): void => {
        if (event !== 'message') return;
        listeners.push(listener as MessageListener);
        queueMicrotask(() => say({ kind: 'ready', schemaVersion: 1 }));
      },
      terminate: () => Promise.resolve(0),
    };
    return thread as DatabaseThread;
  }
}
