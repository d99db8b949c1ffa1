/** Datasources and segments as the store holds them. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import type { Interval, SegmentRow } from '../../proto/metadata.js';
import { dataSegmentToJson, parseDataSegmentText } from '../../segment/timeline/data-segment.js';
import { formatInstant } from '../../segment/timeline/instant.js';
import { overlaps, parseInterval } from '../../segment/timeline/interval.js';
import { pagesOf } from '../metadata-client.js';
import {
  answerJson,
  answerError,
  emptyJson,
  intervalText,
  type RestAnswer,
  type RestCall,
  type RestRoute,
} from '../rest-router.js';
import type { StoredSegment } from './metadata-view.js';
import { nodeOf } from './nodes.js';
import { wantedPerTier } from './plan.js';
import { COORDINATOR, type RestDeps } from './rest-deps.js';
import { standingNow } from './rest-status.js';

const readMs = 10_000;

export function metadataRoutes(deps: RestDeps): RestRoute[] {
  const base = `${COORDINATOR}/metadata`;
  const one = `${base}/datasources/{ds}`;
  return [
    { method: 'GET', path: `${base}/datasources`, handle: (call) => dataSources(deps, call) },
    {
      method: 'GET',
      path: one,
      handle: async (call) => {
        const segments = await usedOf(deps, call);
        return segments.length === 0 ? emptyJson(404) : answerJson(dataSourceJson(segments));
      },
    },
    {
      method: 'GET',
      path: `${one}/segments`,
      handle: async (call) => {
        const segments = await usedOf(deps, call);
        return segments.length === 0 ? emptyJson(404) : segmentsAnswer(segments, call);
      },
    },
    { method: 'POST', path: `${one}/segments`, handle: (call) => byIntervals(deps, call) },
    {
      method: 'GET',
      path: `${one}/segments/{id}`,
      handle: async (call) => {
        const found = (await usedOf(deps, call)).find((segment) => segment.id === call.params['id']);
        return found === undefined ? emptyJson(404) : answerJson(dataSegmentToJson(found.segment));
      },
    },
    { method: 'GET', path: `${one}/unusedSegments`, handle: (call) => unused(deps, call) },
    { method: 'GET', path: `${base}/segments`, handle: (call) => allSegments(deps, call) },
    { method: 'POST', path: `${base}/bootstrapSegments`, handle: () => answerJson([]) },
  ];
}

async function usedNow(deps: RestDeps): Promise<readonly StoredSegment[]> {
  const { used } = await deps.readNow(deps.node.deadline(readMs));
  return used;
}
async function usedOf(deps: RestDeps, call: RestCall): Promise<readonly StoredSegment[]> {
  const used = await usedNow(deps);
  return used.filter(({ segment }) => segment.dataSource === call.params['ds']);
}

function dataSourceJson(segments: readonly StoredSegment[]) {
  const created = segments.reduce(
    (first, one) => (one.createdDate < first ? one.createdDate : first),
    '9999',
  );
  return {
    name: segments[0]?.segment.dataSource ?? '',
    properties: { created },
    segments: segments.map(({ segment }) => dataSegmentToJson(segment)),
  };
}

const segmentsAnswer = (segments: readonly StoredSegment[], call: RestCall): RestAnswer =>
  answerJson(
    call.has('full')
      ? segments.map(({ segment }) => dataSegmentToJson(segment))
      : segments.map(({ id }) => id),
  );

async function dataSources(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const includeUnused = call.has('includeUnused') || call.has('includeDisabled');
  if (call.has('full') && !includeUnused) {
    const groups = new Map<string, StoredSegment[]>();
    for (const one of await usedNow(deps)) {
      const group = groups.get(one.segment.dataSource) ?? [];
      group.push(one);
      groups.set(one.segment.dataSource, group);
    }
    return answerJson([...groups.values()].map(dataSourceJson));
  }
  const deadline = deps.node.deadline(readMs);
  const { dataSources: names } = await deps.metadata.read('listDataSources', { includeUnused }, { deadline });
  return answerJson(names);
}

async function byIntervals(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const given = call.json();
  if (!Array.isArray(given) || !given.every((item) => typeof item === 'string')) {
    throw invalidInput('The body must be a list of intervals', 'body');
  }
  const asked = given.map((text, i) => parseInterval(text, `body[${i}]`));
  const segments = await usedOf(deps, call);
  return segmentsAnswer(
    segments.filter(({ segment }) => asked.some((interval) => overlaps(interval, segment.interval))),
    call,
  );
}

async function allSegments(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const names = call.queryAll('datasources');
  const isAsked = (name: string): boolean => names.length === 0 || names.includes(name);
  const withStatus = call.has('includeOvershadowedStatus');
  if (call.has('includeRealtimeSegments') && !withStatus) {
    return answerError('includeRealtimeSegments can only be used with includeOvershadowedStatus');
  }
  if (!withStatus) {
    const used = await usedNow(deps);
    return answerJson(
      used
        .filter(({ segment }) => isAsked(segment.dataSource))
        .map(({ segment }) => dataSegmentToJson(segment)),
    );
  }
  const { snapshot, standing } = await standingNow(deps);
  const byId = new Map(standing.segments.map((segment) => [segment.id, segment]));
  const nodes = deps.inventories().map(nodeOf);
  const rows: unknown[] = [];
  for (const { id, segment } of snapshot.used) {
    const judged = byId.get(id);
    if (judged === undefined || !isAsked(segment.dataSource)) continue;
    let replicationFactor = 0;
    for (const count of wantedPerTier(judged.verdict, nodes).values()) replicationFactor += count;
    rows.push({
      overshadowed: judged.overshadowed !== 'no',
      replicationFactor,
      numRows: null,
      realtime: false,
      ...dataSegmentToJson(segment),
    });
  }
  return answerJson(rows);
}

interface UnusedQuestion {
  readonly interval: Interval | undefined;
  readonly limit: number;
  readonly newestFirst: boolean;
  readonly lastId: string | undefined;
}

async function unused(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const question = unusedQuestion(call);
  const rows: SegmentRow[] = [];
  const pages = pagesOf((after) =>
    deps.metadata.read(
      'readUnusedSegments',
      {
        dataSource: call.params['ds'] ?? '',
        after,
        newestFirst: question.newestFirst,
        ...(question.interval === undefined ? {} : { interval: question.interval }),
      },
      { deadline: deps.node.deadline(readMs) },
    ),
  );
  for await (const page of pages) {
    rows.push(...page.segments);
    if (question.lastId === undefined && rows.length >= question.limit) break;
  }
  const { lastId, newestFirst } = question;
  const behind =
    lastId === undefined ? rows : rows.filter((row) => (newestFirst ? row.id < lastId : row.id > lastId));
  return answerJson(behind.slice(0, question.limit).map(unusedJson));
}

function unusedQuestion(call: RestCall): UnusedQuestion {
  const limitText = call.query('limit');
  const limit = limitText === undefined ? Infinity : Number(limitText);
  if (!(limit > 0))
    throw new CodedError('InvalidInput', `Invalid limit[${limitText}] specified. Limit must be > 0.`);
  const order = call.query('sortOrder');
  if (order !== undefined && !/^(asc|desc)$/i.test(order)) {
    throw new CodedError(
      'InvalidInput',
      `Unexpected value[${order}] for SortOrder. Possible values are: [ASC, DESC]`,
    );
  }
  const given = call.query('interval');
  const asked = given === undefined ? undefined : parseInterval(intervalText(given), 'interval');
  return {
    interval:
      asked === undefined
        ? undefined
        : { start: formatInstant(asked.startMs), end: formatInstant(asked.endMs) },
    limit,
    newestFirst: order !== undefined && /^desc$/i.test(order),
    lastId: call.query('lastSegmentId'),
  };
}

function unusedJson(row: SegmentRow) {
  return {
    dataSegment: dataSegmentToJson(parseDataSegmentText(row.payload)),
    createdDate: row.createdDate,
    usedStatusLastUpdatedDate: row.usedStatusLastUpdated,
    used: false,
    schemaFingerprint: null,
    numRows: null,
    upgradedFromSegmentId: null,
  };
}
