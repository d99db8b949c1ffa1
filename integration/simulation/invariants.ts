/** What must hold in a simulated cluster, whatever happens to it: read from the record and from the disks. */
import fs from 'node:fs';
import path from 'node:path';
import { cacheName } from '../../actors/historical/cache.js';
import type { SegmentRow, TaskRow } from '../../proto/metadata.js';
import { dayStart, partitions, type SimulatedTask } from './worker.js';
import type { World } from './world.js';

export interface Sent {
  readonly taskId: string;
  readonly task: SimulatedTask;
}

export class Invariants {
  readonly #world: World;
  readonly #dataNodes: readonly string[];
  readonly #fail: (text: string) => void;
  #commitsSeen = 0;
  readonly #highest = new Map<string, number>();

  constructor(world: World, dataNodes: readonly string[], fail: (text: string) => void) {
    this.#world = world;
    this.#dataNodes = dataNodes;
    this.#fail = fail;
  }

  /**
   * Copies ≥ 1, segment by segment: what queries must be answered from (of each chunk the newest version that was
   * loaded whole) lies on some data node's disk, running or not.
   */
  async checkCopies(): Promise<void> {
    const needed = await this.#needed();
    const held = new Set<string>();
    for (const name of this.#dataNodes) {
      const folder = path.join(this.#world.cacheOf(name), 'info');
      if (!fs.existsSync(folder)) continue;
      for (const file of fs.readdirSync(folder)) held.add(path.basename(file, '.json'));
    }
    for (const id of needed) {
      if (!held.has(cacheName(id))) this.#fail(`no data node keeps a copy of segment ${id}`);
    }
  }

  async #needed(): Promise<string[]> {
    const queryable = new Set(
      await this.#pages('readQueryable', {}, (page: { segmentIds: string[] }) => page.segmentIds),
    );
    const versions = byVersion(await this.#segments('readUsedSegments', {}));
    const newest = new Map<string, readonly SegmentRow[]>();
    for (const rows of versions) {
      const [first] = rows;
      if (first === undefined || rows.length < partitions) continue;
      if (!rows.every((row) => queryable.has(row.id))) continue;
      const known = newest.get(first.start)?.[0];
      if (known === undefined || known.version < first.version) newest.set(first.start, rows);
    }
    return [...newest.values()].flatMap((rows) => rows.map((row) => row.id));
  }

  /** Under one epoch of a role only one process ever wrote, and nobody under an older one after a newer. */
  checkWriters(): void {
    const { commits, writes } = this.#world;
    for (; this.#commitsSeen < commits.length; this.#commitsSeen++) {
      const { role, epoch, name } = commits[this.#commitsSeen] as (typeof commits)[number];
      const highest = this.#highest.get(role) ?? 0;
      if (epoch < highest) this.#fail(`${role} wrote under epoch ${epoch} after epoch ${highest}: ${name}`);
      this.#highest.set(role, Math.max(highest, epoch));
    }
    const writers = new Map<string, string>();
    for (const { role, epoch, process } of writes) {
      const key = `${role} ${epoch}`;
      const known = writers.get(key);
      if (known !== undefined && known !== process)
        this.#fail(`${key} was written by ${known} and ${process}`);
      writers.set(key, process);
    }
  }

  /** Progress: nothing sent is forgotten, nothing is still at work. */
  async unfinished(sent: readonly Sent[]): Promise<string[]> {
    const tasks = await this.#tasks();
    const known = new Set(tasks.map((row) => row.taskId));
    return [
      ...tasks.filter((row) => row.active).map((row) => `task ${row.taskId} is still active`),
      ...sent.filter(({ taskId }) => !known.has(taskId)).map(({ taskId }) => `task ${taskId} is forgotten`),
    ];
  }

  /** Exact totals: what a task is said to have come to is what its rows say: all of them once, or none. */
  async checkTotals(sent: readonly Sent[]): Promise<{ readonly tasks: number; readonly published: number }> {
    const rows = [
      ...(await this.#segments('readUsedSegments', {})),
      ...(await this.#segments('readUnusedSegments', { dataSource: 'ds' })),
    ];
    const counts = new Map<number, number>();
    for (const row of rows) counts.set(valueOf(row), (counts.get(valueOf(row)) ?? 0) + 1);
    const status = new Map((await this.#tasks()).map((row) => [row.taskId, row.status?.status]));
    for (const { taskId, task } of sent) {
      const ended = status.get(taskId);
      const count = counts.get(task.value) ?? 0;
      if (ended === undefined || count === (ended === 'SUCCESS' ? partitions : 0)) continue;
      this.#fail(`task ${taskId} is ${ended} and its record holds ${count} segments`);
    }
    const published = [...status.values()].filter((one) => one === 'SUCCESS').length;
    if (published === 0) this.#fail('no task was ever published');
    return { tasks: status.size, published };
  }

  /** Day → value of the newest version in the record; every version there must be whole. */
  async newest(): Promise<Map<number, number>> {
    const newest = new Map<number, { readonly version: string; readonly value: number }>();
    for (const rows of byVersion(await this.#segments('readUsedSegments', {}))) {
      const { start = '', version = '' } = rows[0] ?? {};
      const values = rows.map(valueOf);
      if (values.length !== partitions || new Set(values).size !== 1) {
        this.#fail(`version ${version} of ${start} is in the record as ${values.join(',')}`);
      }
      const day = (Date.parse(start) - Date.parse(dayStart(0))) / 86_400_000;
      const known = newest.get(day);
      if (known === undefined || known.version < version) newest.set(day, { version, value: values[0] ?? 0 });
    }
    return new Map([...newest].map(([day, { value }]) => [day, value]));
  }

  #segments(name: string, input: object): Promise<SegmentRow[]> {
    return this.#pages(name, input, (page: { segments: SegmentRow[] }) => page.segments);
  }
  async #tasks(): Promise<TaskRow[]> {
    const of = (active: boolean): Promise<TaskRow[]> =>
      this.#pages('listTasks', { active }, (page: { tasks: TaskRow[] }) => page.tasks);
    return [...(await of(true)), ...(await of(false))];
  }

  async #pages<Page, T>(name: string, input: object, rowsOf: (page: Page) => readonly T[]): Promise<T[]> {
    const rows: T[] = [];
    let after: unknown = null;
    do {
      const page = await this.#world.record.read<Page & { next: unknown }>(name, { ...input, after });
      rows.push(...rowsOf(page));
      after = page.next;
    } while (after !== null);
    return rows;
  }
}

function valueOf(row: SegmentRow): number {
  return (JSON.parse(row.payload) as { loadSpec: { value: number } }).loadSpec.value;
}

function byVersion(rows: readonly SegmentRow[]): SegmentRow[][] {
  const versions = new Map<string, SegmentRow[]>();
  for (const row of rows) {
    const key = `${row.start} ${row.version}`;
    versions.set(key, [...(versions.get(key) ?? []), row]);
  }
  return [...versions.values()];
}
