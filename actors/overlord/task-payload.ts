/** A submitted task: checked, given an id, its defaults written out as Druid shows them. Pure. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import type { LockType } from '../../proto/metadata.js';
import { formatInterval, parseInterval } from '../../segment/timeline/interval.js';
import { checkIdName } from '../../segment/timeline/segment-id.js';

export interface TaskPayload {
  readonly taskId: string;
  readonly groupId: string;
  readonly type: TaskType;
  readonly dataSource: string;
  readonly json: Readonly<Record<string, unknown>>;
}
type Json = Readonly<Record<string, unknown>>;

const runnable = ['index', 'index_parallel', 'kill', 'noop'] as const;
/** Of parallel batches: only their supervisors start them. */
const subTaskTypes = [
  'single_phase_sub_task',
  'partial_dimension_cardinality',
  'partial_dimension_distribution',
  'partial_index_generate',
  'partial_range_index_generate',
  'partial_index_generic_merge',
] as const;
export type TaskType = (typeof runnable)[number] | (typeof subTaskTypes)[number];
/** Druid's other types: known by name, refused as such. */
const refused = ['archive', 'compact', 'index_hadoop', 'index_sub', 'move', 'restore', 'index_kafka'];

export interface TaskMaking {
  /** Throws InvalidInput or Unsupported naming the field (ingest's compileTask). */
  readonly check: (json: unknown) => unknown;
  readonly nowDate: string;
  /** 8 letters a … p. */
  readonly suffix: string;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
const objectOr = (value: unknown): Json => (isObject(value) ? value : {});

/** Throws InvalidInput or Unsupported with Druid's wording where clients look at it. */
export function makeTask(body: unknown, making: TaskMaking): TaskPayload {
  if (!isObject(body)) throw invalidInput('A task must be a JSON object with a type id', 'task');
  const type = taskType(body['type']);
  if (body['id'] !== undefined && body['id'] !== null) checkTaskId(body['id']);
  if (type === 'noop') return makeNoop(body, making);
  if (type === 'kill') return makeKill(body, making);
  checkSpec(body, making);
  const spec = objectOr(body['spec']);
  const schema = objectOr(spec['dataSchema']);
  const dataSource = String(schema['dataSource']);
  const taskId = givenId(body) ?? `${type}_${dataSource}_${making.suffix}_${making.nowDate}`;
  checkTaskId(taskId);
  const groupId = typeof body['groupId'] === 'string' ? body['groupId'] : taskId;
  const json = {
    type,
    id: taskId,
    groupId,
    resource: resourceOf(body, taskId),
    spec: {
      ...spec,
      dataSchema: withSchemaDefaults(schema),
      ioConfig: withIoDefaults(objectOr(spec['ioConfig']), type),
    },
    context: {
      forceTimeChunkLock: true,
      useLineageBasedSegmentAllocation: true,
      ...objectOr(body['context']),
    },
    dataSource,
  };
  return { taskId, groupId, type, dataSource, json };
}

/** A sub-task as its supervisor words it. Throws InvalidInput for one that is not the supervisor's own. */
export function makeSubTask(
  json: unknown,
  supervisor: { readonly taskId: string; readonly groupId: string; readonly dataSource: string },
): TaskPayload {
  if (!isObject(json)) throw invalidInput('A task must be a JSON object with a type id', 'task');
  const type = subTaskTypes.find((name) => name === json['type']);
  if (type === undefined) throw invalidInput(`type[${nameOf(json['type'])}] is no sub-task`, 'type');
  const { taskId: supervisorTaskId, groupId, dataSource } = supervisor;
  for (const [key, own] of Object.entries({ supervisorTaskId, groupId, dataSource })) {
    if (json[key] !== own) throw invalidInput(`${key} must be the supervisor's`, key);
  }
  checkTaskId(json['id']);
  return { taskId: String(json['id']), groupId, type, dataSource, json };
}

function taskType(type: unknown): TaskType {
  if (type === undefined || type === null) {
    throw invalidInput("Could not resolve subtype of task: missing type id property 'type'", 'type');
  }
  const known = runnable.find((name) => name === type);
  if (known !== undefined) return known;
  if (typeof type === 'string' && refused.includes(type)) {
    throw new CodedError('Unsupported', `Tasks of type[${type}] are not supported yet`, { field: 'type' });
  }
  if (subTaskTypes.some((name) => name === type)) {
    throw invalidInput(`Tasks of type[${nameOf(type)}] are started by an index_parallel task only`, 'type');
  }
  throw invalidInput(
    `Could not resolve type id '${nameOf(type)}' as a subtype of task: known type ids = [${runnable.join(', ')}]`,
    'type',
  );
}

/** An unknown `type` anywhere in the spec is told in Druid's words too: clients look for them. */
function checkSpec(body: Json, making: TaskMaking): void {
  try {
    making.check(body);
  } catch (thrown) {
    const field = thrown instanceof CodedError ? thrown.context['field'] : undefined;
    if (!(thrown instanceof CodedError) || typeof field !== 'string' || !/(^|\.)type$/.test(field))
      throw thrown;
    const type = valueAt(body, field);
    if (typeof type !== 'string' || thrown.message.includes('type id')) throw thrown;
    const message = `${thrown.message} (could not resolve type id '${nameOf(type)}')`;
    throw new CodedError(thrown.code, message, thrown.context, thrown);
  }
}

/** The value at a path like `spec.dataSchema.metricsSpec[0].type`. */
function valueAt(json: unknown, path: string): unknown {
  let value = json;
  for (const key of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

const nameOf = (type: unknown): string =>
  (typeof type === 'string' ? type : JSON.stringify(type)).slice(0, 100);

function givenId(body: Json): string | undefined {
  return typeof body['id'] === 'string' ? body['id'] : undefined;
}

/** Druid's rules for ids that become file and lock names. */
function checkTaskId(id: unknown): void {
  const wrong = (why: string): CodedError => invalidInput(`Invalid value for field [task ID]: ${why}`, 'id');
  if (typeof id !== 'string' || id.trim() === '') throw wrong('must not be null');
  if (id.startsWith('.')) throw wrong(`Value [${id}] cannot start with '.'.`);
  if (id.includes('/')) throw wrong(`Value [${id}] cannot contain '/'.`);
  if (id.includes('\\')) throw wrong(`Value [${id}] cannot contain '\\'.`);
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(id)) throw wrong('Value contains control characters.');
  if (/[^\S ]/.test(id) || id !== id.trim()) throw wrong('Value contains white space other than blanks.');
  if (Buffer.byteLength(id) > 255) throw wrong('Value is longer than 255 bytes.');
}

function resourceOf(body: Json, taskId: string): Json {
  return { availabilityGroup: taskId, requiredCapacity: 1, ...objectOr(body['resource']) };
}

function makeNoop(body: Json, making: TaskMaking): TaskPayload {
  const taskId = givenId(body) ?? `noop_${making.nowDate}_${making.suffix}`;
  const dataSource = typeof body['dataSource'] === 'string' ? body['dataSource'] : 'none';
  const runTime = body['runTime'] ?? 2_500;
  if (typeof runTime !== 'number' || !Number.isFinite(runTime) || runTime < 0) {
    throw invalidInput(`runTime must be a number of milliseconds >= 0`, 'runTime');
  }
  const groupId = typeof body['groupId'] === 'string' ? body['groupId'] : taskId;
  const json = {
    type: 'noop',
    id: taskId,
    groupId,
    dataSource,
    runTime,
    resource: resourceOf(body, taskId),
    context: {
      forceTimeChunkLock: true,
      useLineageBasedSegmentAllocation: true,
      ...objectOr(body['context']),
    },
  };
  return { taskId, groupId, type: 'noop', dataSource, json };
}

function makeKill(body: Json, making: TaskMaking): TaskPayload {
  const dataSource = checkIdName(body['dataSource'], 'dataSource');
  if (typeof body['interval'] !== 'string') throw invalidInput('interval must be a text', 'interval');
  const interval = parseInterval(body['interval'], 'interval');
  if (body['markAsUnused'] === true) {
    throw new CodedError('Unsupported', 'markAsUnused: mark the segments unused first, then kill', {
      field: 'markAsUnused',
    });
  }
  for (const [name, min] of [
    ['batchSize', 1],
    ['limit', 1],
  ] as const) {
    const value = body[name] ?? min;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
      throw invalidInput(`${name} must be a whole number >= ${min}`, name);
    }
  }
  const { versions } = body;
  if (versions !== undefined && versions !== null && !isTexts(versions)) {
    throw invalidInput('versions must be a list of texts', 'versions');
  }
  const [start, end] = formatInterval(interval).split('/');
  const taskId = givenId(body) ?? `kill_${dataSource}_${making.suffix}_${start}_${end}_${making.nowDate}`;
  checkTaskId(taskId);
  const groupId = typeof body['groupId'] === 'string' ? body['groupId'] : taskId;
  const json = {
    type: 'kill',
    id: taskId,
    groupId,
    dataSource,
    interval: formatInterval(interval),
    versions: versions ?? null,
    batchSize: body['batchSize'] ?? 100,
    limit: body['limit'] ?? null,
    maxUsedStatusLastUpdatedTime: body['maxUsedStatusLastUpdatedTime'] ?? null,
    resource: resourceOf(body, taskId),
    context: {
      forceTimeChunkLock: true,
      useLineageBasedSegmentAllocation: true,
      ...objectOr(body['context']),
    },
  };
  return { taskId, groupId, type: 'kill', dataSource, json };
}

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

function withSchemaDefaults(schema: Json): Json {
  const timestamp = schema['timestampSpec'];
  return {
    ...schema,
    ...(isObject(timestamp) ? { timestampSpec: { format: 'auto', missingValue: null, ...timestamp } } : {}),
    granularitySpec: {
      type: 'uniform',
      segmentGranularity: 'DAY',
      queryGranularity: { type: 'none' },
      rollup: true,
      intervals: [],
      ...withoutNulls(objectOr(schema['granularitySpec'])),
    },
    transformSpec: schema['transformSpec'] ?? { filter: null, transforms: [] },
  };
}

function withIoDefaults(io: Json, type: TaskType): Json {
  return {
    type,
    ...io,
    appendToExisting: io['appendToExisting'] ?? false,
    dropExisting: io['dropExisting'] ?? false,
  };
}

function withoutNulls(json: Json): Json {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

// ---- what the overlord needs to know of a stored payload

const batchPriority = 50;

export interface TaskTraits {
  readonly priority: number;
  readonly isParent: boolean;
  /** Of a sub-task: who started it, holds its locks and ends it; '' of any other. */
  readonly supervisorTaskId: string;
  /** Lock type of what it writes. */
  readonly lockType: LockType;
}

/** From a stored payload; a payload that can't be read gives a task without rights (priority 0). */
export function taskTraits(payload: string): TaskTraits {
  let json: Json;
  try {
    json = objectOr(JSON.parse(payload));
  } catch {
    json = {};
  }
  const context = objectOr(json['context']);
  const spec = objectOr(json['spec']);
  const tuning = objectOr(spec['tuningConfig']);
  const { type } = json;
  const isSub = subTaskTypes.some((name) => name === type);
  const isBatch = isSub || type === 'index' || type === 'index_parallel';
  const supervisor = json['supervisorTaskId'];
  const subTasks = tuning['maxNumConcurrentSubTasks'];
  const given = context['priority'];
  return {
    priority: typeof given === 'number' ? given : isBatch ? batchPriority : 0,
    isParent: json['type'] === 'index_parallel' && typeof subTasks === 'number' && subTasks > 1,
    supervisorTaskId: isSub && typeof supervisor === 'string' ? supervisor : '',
    lockType: lockTypeOf(context, objectOr(spec['ioConfig'])['appendToExisting'] === true),
  };
}

function lockTypeOf(context: Json, isAppending: boolean): LockType {
  if (context['useConcurrentLocks'] === true) return isAppending ? 'APPEND' : 'REPLACE';
  const given = context['taskLockType'];
  if (given === 'SHARED' || given === 'APPEND' || given === 'REPLACE' || given === 'EXCLUSIVE') return given;
  return context['useSharedLock'] === true && isAppending ? 'SHARED' : 'EXCLUSIVE';
}

/** Eight letters a … p from hex, as Druid's ids have them. */
export function idSuffix(hex: string): string {
  return hex.slice(0, 8).replaceAll(/./g, (c) => String.fromCharCode(97 + Number.parseInt(c, 16)));
}
