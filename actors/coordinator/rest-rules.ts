/** Retention rules: read, set, and their history. */
import { asCoded } from '../../proto/errors.js';
import type { AuditRow } from '../../proto/metadata.js';
import { formatInstant } from '../../segment/timeline/instant.js';
import { parseInterval } from '../../segment/timeline/interval.js';
import { checkIdName } from '../../segment/timeline/segment-id.js';
import {
  answerError,
  answerJson,
  intervalText,
  type RestAnswer,
  type RestCall,
  type RestRoute,
} from '../rest-router.js';
import { COORDINATOR, type RestDeps } from './rest-deps.js';
import { transactAsLeader } from './rest-write.js';
import { CLUSTER_RULES, parseRules, ruleToJson, type Rule } from './rules.js';

const callMs = 10_000;

export function ruleRoutes(deps: RestDeps): RestRoute[] {
  const base = `${COORDINATOR}/rules`;
  return [
    {
      method: 'GET',
      path: base,
      handle: async () => {
        const { rules } = await deps.readNow(deps.node.deadline(callMs));
        const lists = new Map(rules.dataSources.map((name) => [name, rules.own(name)]));
        lists.set(CLUSTER_RULES, rules.cluster);
        return answerJson(Object.fromEntries([...lists].map(([name, list]) => [name, list.map(ruleToJson)])));
      },
    },
    {
      method: 'GET',
      path: `${base}/{ds}`,
      handle: async (call) => {
        const { rules } = await deps.readNow(deps.node.deadline(callMs));
        const name = call.params['ds'] ?? '';
        const own = rules.own(name);
        const list = call.has('full') && name !== CLUSTER_RULES ? [...own, ...rules.cluster] : own;
        return answerJson(list.map(ruleToJson));
      },
    },
    { method: 'POST', path: `${base}/{ds}`, handle: (call) => setRules(deps, call) },
    { method: 'GET', path: `${base}/history`, handle: (call) => history(deps, call, 'rules') },
    {
      method: 'GET',
      path: `${base}/{ds}/history`,
      handle: (call) => history(deps, call, 'rules', call.params['ds']),
    },
  ];
}

async function setRules(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  let rules: Rule[];
  let dataSource: string;
  try {
    dataSource = checkIdName(call.params['ds'], 'dataSource');
    rules = parseRules(call.json());
  } catch (error) {
    return answerError(asCoded(error).message);
  }
  await transactAsLeader(deps, 'setRules', {
    dataSource,
    payload: JSON.stringify(rules.map(ruleToJson)),
    audit: auditOf(deps, call),
  });
  deps.changed();
  return { status: 200 };
}

export function auditOf(deps: RestDeps, call: RestCall) {
  return {
    author: call.header('x-druid-author') ?? '',
    comment: call.header('x-druid-comment') ?? '',
    ip: call.header('x-forwarded-for') ?? '127.0.0.1',
    nowDate: formatInstant(deps.node.clock.now()),
  };
}

/** Newest first with `count`, oldest first without; a week back when neither is given, as Druid does. */
export async function history(
  deps: RestDeps,
  call: RestCall,
  type: string,
  key?: string,
): Promise<RestAnswer> {
  const countText = call.query('count');
  const count = countText === undefined ? undefined : Number(countText);
  if (count !== undefined && !(Number.isInteger(count) && count > 0)) {
    return answerError(`Limit must be greater than zero!`);
  }
  const given = call.query('interval');
  const asked = given === undefined ? undefined : parseInterval(intervalText(given), 'interval');
  const { entries } = await deps.metadata.read(
    'readAudit',
    {
      type,
      ...(key === undefined ? {} : { key }),
      ...(count === undefined ? {} : { count }),
      ...(asked === undefined
        ? {}
        : { interval: { start: formatInstant(asked.startMs), end: formatInstant(asked.endMs) } }),
    },
    { deadline: deps.node.deadline(callMs) },
  );
  return answerJson(entries.map(auditJson));
}

const auditJson = (row: AuditRow) => ({
  key: row.key,
  type: row.type,
  auditInfo: { author: row.author, identity: 'allowAll', comment: row.comment, ip: row.ip },
  request: null,
  payload: row.payload,
  auditTime: row.auditTime,
});
