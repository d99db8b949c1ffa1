/** One task over REST: submission, payload, status, report, log, shutdown. */
import { asCoded } from '../../proto/errors.js';
import type { TaskRow } from '../../proto/metadata.js';
import { WorkerService } from '../../proto/services.js';
import {
  answerError,
  answerJson,
  bareText,
  type RestAnswer,
  type RestCall,
  type RestMethod,
  type RestRoute,
} from '../rest-router.js';
import { OVERLORD, type RestDeps } from './rest-deps.js';
import { submitEnvelope } from './submit-error.js';
import { activeView, storedView } from './task-views.js';

const logBytesMax = 4 * 1024 * 1024;
const logMs = 10_000;
const idsMax = 1_000;

const unknownTask = (taskId: string): RestAnswer => ({
  status: 404,
  text: `Cannot find any task with id: [${taskId}]`,
});

export function taskRoutes(deps: RestDeps): RestRoute[] {
  return [...oneTaskRoutes(deps), ...manyTaskRoutes(deps)];
}

type OfTask = (deps: RestDeps, row: TaskRow, call: RestCall) => Promise<RestAnswer> | RestAnswer;

function oneTaskRoutes(deps: RestDeps): RestRoute[] {
  const route = (method: RestMethod, path: string, then: OfTask): RestRoute => ({
    method,
    path: `${OVERLORD}/task/{id}${path}`,
    handle: async (call) => {
      const taskId = call.params['id'] ?? '';
      const { task: row } = await deps.term().read('readTask', { taskId });
      return row === null ? unknownTask(taskId) : then(deps, row, call);
    },
  });
  return [
    route('GET', '', payload),
    route('GET', '/status', status),
    route('GET', '/reports', report),
    route('GET', '/log', log),
    route('GET', '/segments', () =>
      answerError(
        "Segment IDs committed by a task action are not persisted anymore. Use the metric 'segment/added/bytes' to " +
          'identify the segments created by a task.',
        404,
      ),
    ),
    route('POST', '/shutdown', shutdown),
  ];
}

function manyTaskRoutes(deps: RestDeps): RestRoute[] {
  return [
    {
      method: 'POST',
      path: `${OVERLORD}/task`,
      handle: (call) => submit(deps, Buffer.from(call.body).toString('utf8')),
    },
    { method: 'POST', path: `${OVERLORD}/taskStatus`, handle: (call) => statuses(deps, call) },
    {
      method: 'POST',
      path: `${OVERLORD}/datasources/{dataSource}/shutdownAllTasks`,
      handle: async ({ params }) => {
        const term = deps.term();
        const dataSource = params['dataSource'] ?? '';
        const tasks = [...term.tasks.all()].filter((active) => active.dataSource === dataSource);
        if (tasks.length === 0) return { status: 404 };
        for (const active of tasks) await stopTask(deps, active.taskId);
        return answerJson({ dataSource });
      },
    },
  ];
}

async function payload(deps: RestDeps, row: TaskRow): Promise<RestAnswer> {
  const { payload: text } = await deps.term().read('readTaskPayload', { taskId: row.taskId });
  if (text === null) return unknownTask(row.taskId);
  return answerJson({ task: row.taskId, payload: JSON.parse(text) as unknown });
}

function status(deps: RestDeps, row: TaskRow): RestAnswer {
  const active = deps.term().tasks.get(row.taskId);
  const view = row.active && active !== undefined ? activeView(active) : storedView(row);
  return answerJson({ task: row.taskId, status: view });
}

async function statuses(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const ids = call.json();
  if (!Array.isArray(ids) || ids.length === 0) return bareText('No Task IDs provided.', 400);
  const taskIds = ids.slice(0, idsMax).map(String);
  const { tasks } = await deps.metadata.read('readTasks', { taskIds }, { deadline: call.context.deadline });
  const term = deps.term();
  const views = tasks.map((row) => {
    const location = term.tasks.get(row.taskId)?.location ?? row.status.location;
    return [row.taskId, { ...row.status, location }] as const;
  });
  return answerJson(Object.fromEntries(views));
}

async function submit(deps: RestDeps, body: string): Promise<RestAnswer> {
  try {
    return answerJson({ task: await deps.submit(body) });
  } catch (thrown) {
    const { status, json } = submitEnvelope(asCoded(thrown));
    return answerJson(json, status);
  }
}

async function stopTask(deps: RestDeps, taskId: string): Promise<void> {
  const term = deps.term();
  const active = term.tasks.get(taskId);
  const reason = 'Shutdown request from user';
  const stopped = await term.finish(taskId, { status: 'FAILED', errorMsg: reason, durationMs: -1 });
  if (stopped && active !== undefined) await term.stopOnWorker(active, reason);
}

async function shutdown(deps: RestDeps, row: TaskRow): Promise<RestAnswer> {
  if (row.active) await stopTask(deps, row.taskId);
  return answerJson({ task: row.taskId });
}

const noReport =
  'No task reports were found for this task. The task may not exist, or it may not have completed yet.';

async function report(deps: RestDeps, row: TaskRow): Promise<RestAnswer> {
  const live = deps.term().tasks.get(row.taskId)?.reportJson ?? '';
  const json = live === '' ? await deps.taskLogs.readReport(row.taskId) : live;
  return json === undefined ? { status: 404, text: noReport } : answerJson(JSON.parse(json) as unknown);
}

const noLog = 'No log was found for this task. The task may not exist, or it may not have begun running yet.';

/** From the worker while it has it, else from where ended tasks' logs are kept. */
async function log(deps: RestDeps, row: TaskRow, call: RestCall): Promise<RestAnswer> {
  const offset = Number(call.query('offset') ?? 0);
  const from = Number.isSafeInteger(offset) ? offset : 0;
  const active = deps.term().tasks.get(row.taskId);
  // A task that ended just now may not have its log moved yet.
  const bytes =
    (active === undefined ? undefined : await workerLog(deps, [active.node], row.taskId, from)) ??
    (await deps.taskLogs.readLog(row.taskId, from, logBytesMax)) ??
    (await workerLog(deps, undefined, row.taskId, from));
  if (bytes === undefined) return { status: 404, text: noLog };
  return { status: 200, text: Buffer.from(bytes).toString('utf8'), type: 'text/plain' };
}

/** From the first of these workers (default: all) that has it. */
async function workerLog(
  deps: RestDeps,
  workers: readonly string[] | undefined,
  taskId: string,
  offset: number,
): Promise<Uint8Array | undefined> {
  for (const info of deps.node.presence.nodes('middlemanager')) {
    if (workers !== undefined && !workers.includes(info.node)) continue;
    const bytes = await logOf(deps, info.grpcAddress, taskId, offset);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

async function logOf(
  deps: RestDeps,
  address: string,
  taskId: string,
  offset: number,
): Promise<Uint8Array | undefined> {
  const { node } = deps;
  const parts: Uint8Array[] = [];
  try {
    const options = { deadline: node.deadline(logMs) };
    const stream = node.transport.client(address).stream(WorkerService.Log, { taskId, offset }, options);
    let size = 0;
    for await (const chunk of stream) {
      if (chunk.found !== true) return undefined;
      const data = chunk.data ?? new Uint8Array();
      parts.push(data);
      size += data.length;
      if (size >= logBytesMax) break;
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(parts);
}
