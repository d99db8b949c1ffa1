/** Task rows: payload, status, and the run a task was handed to. */
import type { OpInput, OpOutput, TaskRow, TaskRun, TaskStatus } from '../../../proto/metadata.js';
import type { Knex, Tx } from '../store.js';
import { isActive } from './active-tasks.js';
import { deletePendingOf } from './allocation.js';
import { bounded, flag, pageLimit, text } from './rows.js';

interface TaskTableRow {
  readonly id: string;
  readonly created_date: string;
  readonly datasource: string;
  readonly status_payload: unknown;
  readonly active: boolean | number;
  readonly type: string | null;
  readonly group_id: string | null;
  readonly node: string | null;
  readonly incarnation: string | null;
  readonly assigned_at_ms: number | null;
}
interface RunTableRow {
  readonly task_id: string;
  readonly node: string;
  readonly incarnation: string;
  readonly assigned_at_ms: number;
}

const nowhere = { host: null, port: -1, tlsPort: -1 } as const;

function toStatus(id: string, payload: string): TaskStatus {
  const status = JSON.parse(payload) as Partial<TaskStatus>;
  return {
    id,
    status: status.status ?? 'FAILED',
    duration: status.duration ?? -1,
    errorMsg: status.errorMsg ?? null,
    location: status.location ?? nowhere,
  };
}

function toTaskRow(row: TaskTableRow): TaskRow {
  return {
    taskId: row.id,
    createdDate: row.created_date,
    dataSource: row.datasource,
    type: row.type ?? '',
    groupId: row.group_id ?? row.id,
    active: flag(row.active),
    status: toStatus(row.id, text(row.status_payload)),
    run:
      row.node === null
        ? null
        : { node: row.node, incarnation: row.incarnation ?? '', assignedAtMs: row.assigned_at_ms ?? 0 },
  };
}

/** Task rows with their run; payloads are read apart, they can be large. */
function taskQuery(tx: Tx): Knex.QueryBuilder<TaskTableRow, TaskTableRow[]> {
  return tx('druid_tasks as t')
    .leftJoin('grove_task_run as r', 'r.task_id', 't.id')
    .select(
      't.id',
      't.created_date',
      't.datasource',
      't.status_payload',
      't.active',
      't.type',
      't.group_id',
      'r.node',
      'r.incarnation',
      'r.assigned_at_ms',
    ) as Knex.QueryBuilder<TaskTableRow, TaskTableRow[]>;
}

export async function readTask(tx: Tx, input: OpInput<'readTask'>): Promise<OpOutput<'readTask'>> {
  const row = (await taskQuery(tx).where('t.id', input.taskId).first()) as TaskTableRow | undefined;
  return { task: row === undefined ? null : toTaskRow(row) };
}

export async function readTaskPayload(
  tx: Tx,
  input: OpInput<'readTaskPayload'>,
): Promise<OpOutput<'readTaskPayload'>> {
  const row = (await tx('druid_tasks').where({ id: input.taskId }).first('payload')) as
    | { readonly payload: unknown }
    | undefined;
  return { payload: row === undefined ? null : text(row.payload) };
}

export async function readTasks(tx: Tx, input: OpInput<'readTasks'>): Promise<OpOutput<'readTasks'>> {
  const rows = await taskQuery(tx).whereIn('t.id', [...bounded(input.taskIds, 'taskIds')]);
  return { tasks: rows.map(toTaskRow) };
}

export async function listTasks(tx: Tx, input: OpInput<'listTasks'>): Promise<OpOutput<'listTasks'>> {
  const limit = pageLimit(input);
  const { active, dataSource, type, createdFrom, createdTo, newestFirst = false, after } = input;
  const query = taskQuery(tx);
  if (active !== undefined) void query.where('t.active', active);
  if (dataSource !== undefined) void query.where('t.datasource', dataSource);
  if (type !== undefined) void query.where('t.type', type);
  if (createdFrom !== undefined) void query.where('t.created_date', '>=', createdFrom);
  if (createdTo !== undefined) void query.where('t.created_date', '<', createdTo);
  if (after !== undefined && after !== null) {
    const bar = after.indexOf('|');
    const beyond = newestFirst ? '<' : '>';
    void query.whereRaw(`(t.created_date, t.id) ${beyond} (?, ?)`, [
      after.slice(0, bar),
      after.slice(bar + 1),
    ]);
  }
  const order = newestFirst ? 'desc' : 'asc';
  const rows = await query.orderBy('t.created_date', order).orderBy('t.id', order).limit(limit);
  const last = rows.at(-1);
  const next = rows.length < limit || last === undefined ? null : `${last.created_date}|${last.id}`;
  return { tasks: rows.map(toTaskRow), next };
}

export async function insertTask(tx: Tx, input: OpInput<'insertTask'>): Promise<OpOutput<'insertTask'>> {
  const { payload } = await readTaskPayload(tx, { taskId: input.taskId });
  if (payload !== null) return { outcome: payload === input.payload ? 'same' : 'exists' };
  await tx('druid_tasks').insert({
    id: input.taskId,
    created_date: input.createdDate,
    datasource: input.dataSource,
    payload: input.payload,
    status_payload: JSON.stringify(input.status),
    active: true,
    type: input.type,
    group_id: input.groupId,
  });
  return { outcome: 'inserted' };
}

async function readRun(tx: Tx, taskId: string): Promise<TaskRun | null> {
  const row = await tx<RunTableRow>('grove_task_run').where({ task_id: taskId }).forUpdate().first();
  if (row === undefined) return null;
  return { node: row.node, incarnation: row.incarnation, assignedAtMs: row.assigned_at_ms };
}

export async function assignTask(tx: Tx, input: OpInput<'assignTask'>): Promise<OpOutput<'assignTask'>> {
  if (!(await isActive(tx, input.taskId))) return { run: null };
  const standing = await readRun(tx, input.taskId);
  if (standing !== null) return { run: standing };
  const run: TaskRun = { node: input.node, incarnation: '', assignedAtMs: input.nowMs };
  await tx('grove_task_run').insert({
    task_id: input.taskId,
    node: run.node,
    incarnation: '',
    assigned_at_ms: run.assignedAtMs,
  });
  return { run };
}

export async function unassignTask(
  tx: Tx,
  input: OpInput<'unassignTask'>,
): Promise<OpOutput<'unassignTask'>> {
  const deleted = await tx('grove_task_run')
    .where({ task_id: input.taskId, node: input.node, incarnation: '' })
    .delete();
  return { changed: deleted > 0 };
}

export async function bindTaskRun(tx: Tx, input: OpInput<'bindTaskRun'>): Promise<OpOutput<'bindTaskRun'>> {
  if (!(await isActive(tx, input.taskId))) return { run: null };
  const run = await readRun(tx, input.taskId);
  if (run === null || run.incarnation !== '') return { run };
  await tx('grove_task_run').where({ task_id: input.taskId }).update({ incarnation: input.incarnation });
  return { run: { ...run, incarnation: input.incarnation } };
}

export async function updateTaskStatus(
  tx: Tx,
  input: OpInput<'updateTaskStatus'>,
): Promise<OpOutput<'updateTaskStatus'>> {
  const changed = await tx('druid_tasks')
    .where({ id: input.taskId, active: true })
    .update({ status_payload: JSON.stringify(input.status) });
  return { changed: changed > 0 };
}

/** What became of the task. A process may die between its publish and its last word; the rows know better. */
async function trueStatus(tx: Tx, { taskId, status }: OpInput<'finishTask'>): Promise<TaskStatus> {
  if (status.status !== 'FAILED') return status;
  const published: unknown = await tx('grove_task_published').where({ task_id: taskId }).first('task_id');
  return published === undefined ? status : { ...status, status: 'SUCCESS', errorMsg: null };
}

export async function finishTask(tx: Tx, input: OpInput<'finishTask'>): Promise<OpOutput<'finishTask'>> {
  const { taskId } = input;
  const status = await trueStatus(tx, input);
  const changed = await tx('druid_tasks')
    .where({ id: taskId, active: true })
    .update({ status_payload: JSON.stringify(status), active: false });
  if (changed === 0) {
    const { task } = await readTask(tx, { taskId });
    return { changed: false, status: task?.status ?? null };
  }
  await deletePendingOf(tx, taskId);
  await tx('druid_tasklocks').where({ task_id: taskId }).delete();
  await tx('grove_task_run').where({ task_id: taskId }).delete();
  await tx('grove_task_published').where({ task_id: taskId }).delete();
  return { changed: true, status };
}
