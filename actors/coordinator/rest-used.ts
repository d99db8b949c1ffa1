/** Marking segments used and unused: whole datasources, intervals, single segments. */
import { CodedError } from '../../proto/errors.js';
import type { MarkInput } from '../../proto/metadata.js';
import { formatInstant } from '../../segment/timeline/instant.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { tryParseInterval } from '../../segment/timeline/interval.js';
import { parseSegmentIds } from '../../segment/timeline/segment-id.js';
import {
  answerError,
  answerJson,
  bareText,
  emptyJson,
  intervalText,
  type RestAnswer,
  type RestCall,
  type RestRoute,
} from '../rest-router.js';
import { COORDINATOR, type RestDeps } from './rest-deps.js';
import { mustLead, transactAsLeader } from './rest-write.js';

/** Ids of one transaction. */
const idsMax = 1_000;

const badFilter =
  "Invalid request payload. Specify either 'interval' or 'segmentIds', but not both. " +
  "Optionally, include 'versions' only when 'interval' is provided.";

export function usedRoutes(deps: RestDeps): RestRoute[] {
  const one = `${COORDINATOR}/datasources/{ds}`;
  return [
    { method: 'POST', path: one, handle: (call) => markAll(deps, call, true) },
    { method: 'DELETE', path: one, handle: (call) => markAll(deps, call, false) },
    { method: 'POST', path: `${one}/markUsed`, handle: (call) => markSome(deps, call, true) },
    { method: 'POST', path: `${one}/markUnused`, handle: (call) => markSome(deps, call, false) },
    { method: 'POST', path: `${one}/segments/{id}`, handle: (call) => markOne(deps, call, true) },
    { method: 'DELETE', path: `${one}/segments/{id}`, handle: (call) => markOne(deps, call, false) },
    { method: 'DELETE', path: `${one}/intervals/{interval}`, handle: (call) => killInterval(deps, call) },
  ];
}

const dataSourceOf = (call: RestCall): string => call.params['ds'] ?? '';

async function mark(deps: RestDeps, used: boolean, input: Omit<MarkInput, 'nowDate'>): Promise<number> {
  const nowDate = formatInstant(deps.node.clock.now());
  const name = used ? 'markSegmentsUsed' : 'markSegmentsUnused';
  const { changed } = await transactAsLeader(deps, name, { ...input, nowDate });
  if (changed > 0) deps.changed();
  return changed;
}

const changedAnswer = (changed: number): RestAnswer =>
  answerJson({ numChangedSegments: changed, segmentStateChanged: changed > 0 });

async function markAll(deps: RestDeps, call: RestCall, used: boolean): Promise<RestAnswer> {
  return changedAnswer(await mark(deps, used, { dataSource: dataSourceOf(call) }));
}

async function markOne(deps: RestDeps, call: RestCall, used: boolean): Promise<RestAnswer> {
  const dataSource = dataSourceOf(call);
  const id = call.params['id'] ?? '';
  if (parseSegmentIds(dataSource, id).length === 0) {
    return {
      status: 400,
      text: `Could not parse Segment ID[${id}] for DataSource[${dataSource}]`,
      type: 'text/plain',
    };
  }
  const changed = await mark(deps, used, { dataSource, segmentIds: [id] });
  return answerJson({ segmentStateChanged: changed > 0 });
}

async function markSome(deps: RestDeps, call: RestCall, used: boolean): Promise<RestAnswer> {
  const dataSource = dataSourceOf(call);
  const body = call.json();
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return bareText(badFilter, 400);
  const { interval = null, segmentIds = null, versions = null } = body as Record<string, unknown>;
  if ((interval === null) === (segmentIds === null)) return bareText(badFilter, 400);
  if (interval !== null) {
    const asked = typeof interval === 'string' ? tryParseInterval(interval) : undefined;
    if (asked === undefined)
      return answerError(
        `Invalid interval[${typeof interval === 'string' ? interval : JSON.stringify(interval)}]: it is no ISO interval`,
      );
    if (versions !== null && !isTexts(versions)) return answerError('versions must be a list of texts');
    return changedAnswer(
      await mark(deps, used, {
        dataSource,
        interval: { start: formatInstant(asked.startMs), end: formatInstant(asked.endMs) },
        ...(versions === null ? {} : { versions }),
      }),
    );
  }
  if (!isTexts(segmentIds) || segmentIds.length === 0 || versions !== null) return bareText(badFilter, 400);
  // What is no id of this datasource can't be one of its segments.
  const ids = segmentIds.filter((id) => parseSegmentIds(dataSource, id).length > 0);
  let changed = 0;
  for (let at = 0; at < ids.length; at += idsMax) {
    changed += await mark(deps, used, { dataSource, segmentIds: ids.slice(at, at + idsMax) });
  }
  return changedAnswer(changed);
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Deletes what is unused in the interval, by a task. */
async function killInterval(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  mustLead(deps);
  const text = intervalText(call.params['interval'] ?? '');
  const interval = tryParseInterval(text);
  if (interval === undefined) return answerError(`Invalid interval[${text}]: it is no ISO interval`);
  if (deps.submitTask === undefined) {
    throw new CodedError(
      'Unsupported',
      'Kill tasks can not be started from here: submit a task of type[kill]',
    );
  }
  const dataSource = dataSourceOf(call);
  const id = killTaskId(deps, dataSource, interval);
  await deps.submitTask(JSON.stringify({ type: 'kill', id, dataSource, interval: text }));
  return emptyJson(200);
}

/** As Druid names them: eight letters a–p, the interval, now. */
function killTaskId({ node }: RestDeps, dataSource: string, interval: IntervalMs): string {
  const letters = node.random
    .hex(4)
    .replaceAll(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 16)));
  const times = [interval.startMs, interval.endMs, node.clock.now()].map((ms) => formatInstant(ms));
  return `api-issued_kill_${dataSource}_${letters}_${times.join('_')}`;
}
