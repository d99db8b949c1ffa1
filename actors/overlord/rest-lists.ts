/** Lists of tasks over REST. */
import { invalidInput } from '../../proto/errors.js';
import { pageRowsMax, type TaskFilter } from '../../proto/metadata.js';
import { formatInstant } from '../../segment/timeline/instant.js';
import { parseInterval } from '../../segment/timeline/interval.js';
import { answerJson, intervalText, type RestAnswer, type RestCall, type RestRoute } from '../rest-router.js';
import { OVERLORD, type RestDeps } from './rest-deps.js';
import { activeView, runnerState, storedView, type TaskView } from './task-views.js';

const states = ['pending', 'waiting', 'running', 'complete'] as const;
type State = (typeof states)[number];
/** Without a time given, ended tasks of the last day are listed. */
const recentMs = 24 * 3_600_000;

interface ListFilter {
  readonly state: State | undefined;
  readonly dataSource: string | undefined;
  readonly type: string | undefined;
  readonly createdTimeInterval: string | undefined;
  /** Of ended tasks. */
  readonly max: number | undefined;
}

export function listRoutes(deps: RestDeps): RestRoute[] {
  const route = (path: string, filter: (call: RestCall) => ListFilter | RestAnswer): RestRoute => ({
    method: 'GET',
    path: `${OVERLORD}/${path}`,
    handle: async (call) => {
      const asked = filter(call);
      if ('status' in asked) return asked;
      return answerJson([...(await ended(deps, call, asked)), ...active(deps, asked)]);
    },
  });
  const ofState = (state: State) => (call: RestCall) => ({
    state,
    dataSource: call.query('datasource'),
    type: call.query('type'),
    createdTimeInterval: undefined,
    max: wholeNumber(call, state === 'complete' ? 'n' : 'max'),
  });
  return [
    route('tasks', (call) => {
      const given = call.query('state');
      const state = states.find((name) => name === given?.toLowerCase());
      if (given !== undefined && given !== '' && state === undefined) {
        return { status: 400, text: `Invalid task state[${given}]. Must be one of [${states.join(', ')}].` };
      }
      return {
        state,
        dataSource: call.query('datasource'),
        type: call.query('type'),
        createdTimeInterval: call.query('createdTimeInterval'),
        max: wholeNumber(call, 'max'),
      };
    }),
    route('completeTasks', ofState('complete')),
    route('runningTasks', ofState('running')),
    route('pendingTasks', ofState('pending')),
    route('waitingTasks', ofState('waiting')),
  ];
}

function wholeNumber(call: RestCall, name: string): number | undefined {
  const given = call.query(name);
  if (given === undefined || given === '') return undefined;
  const value = Number(given);
  if (!Number.isSafeInteger(value)) throw invalidInput(`${name}[${given}] must be a whole number`, name);
  return value < 0 ? undefined : value;
}

function active(deps: RestDeps, filter: ListFilter): TaskView[] {
  if (filter.state === 'complete' || filter.state === 'waiting') return [];
  return [...deps.term().tasks.all()]
    .filter((task) => filter.state === undefined || runnerState(task) === filter.state)
    .filter((task) => filter.dataSource === undefined || task.dataSource === filter.dataSource)
    .filter((task) => filter.type === undefined || task.type === filter.type)
    .map(activeView);
}

async function ended(deps: RestDeps, call: RestCall, filter: ListFilter): Promise<TaskView[]> {
  if ((filter.state !== undefined && filter.state !== 'complete') || filter.max === 0) return [];
  const limit = Math.min(filter.max ?? pageRowsMax, pageRowsMax);
  const wanted: TaskFilter = {
    active: false,
    newestFirst: true,
    limit,
    ...(filter.dataSource === undefined ? {} : { dataSource: filter.dataSource }),
    ...(filter.type === undefined ? {} : { type: filter.type }),
    ...created(deps, filter.createdTimeInterval),
  };
  const { tasks } = await deps.metadata.read('listTasks', wanted, { deadline: call.context.deadline });
  return tasks.map(storedView);
}

function created(deps: RestDeps, given: string | undefined): Pick<TaskFilter, 'createdFrom' | 'createdTo'> {
  if (given === undefined || given === '') {
    return { createdFrom: formatInstant(deps.node.clock.now() - recentMs) };
  }
  const { startMs, endMs } = parseInterval(intervalText(given), 'createdTimeInterval');
  return { createdFrom: formatInstant(startMs), createdTo: formatInstant(endMs) };
}
