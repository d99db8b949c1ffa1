/** Datasources, intervals and segments as the data nodes serve them. */
import { dataSegmentToJson } from '../../segment/timeline/data-segment.js';
import { contains, formatInterval, overlaps, parseInterval } from '../../segment/timeline/interval.js';
import { formatInstant } from '../../segment/timeline/instant.js';
import { partitionNumOf } from '../../segment/timeline/shard-spec.js';
import {
  answerJson,
  emptyJson,
  intervalText,
  type RestAnswer,
  type RestCall,
  type RestRoute,
} from '../rest-router.js';
import { roleOf } from './nodes.js';
import { hostOf, loadedSegments, tierOf, type LoadedSegment } from './rest-cluster.js';
import { COORDINATOR, type RestDeps } from './rest-deps.js';

export function loadedRoutes(deps: RestDeps): RestRoute[] {
  const all = (): LoadedSegment[] => loadedSegments(deps.inventories());
  const of = (call: RestCall): LoadedSegment[] =>
    all().filter((one) => one.segment.dataSource === call.params['ds']);
  const base = `${COORDINATOR}/datasources`;
  const one = `${base}/{ds}`;
  /** Druid answers an unknown datasource with 204. */
  const known =
    (answer: (loaded: LoadedSegment[], call: RestCall) => RestAnswer) =>
    (call: RestCall): RestAnswer => {
      const loaded = of(call);
      return loaded.length === 0 ? emptyJson(204) : answer(loaded, call);
    };
  const within = (loaded: LoadedSegment[], call: RestCall): LoadedSegment[] => {
    const asked = parseInterval(intervalText(call.params['interval'] ?? ''), 'interval');
    return loaded.filter(({ segment }) => overlaps(asked, segment.interval));
  };
  return [
    { method: 'GET', path: base, handle: (call) => dataSources(all(), call) },
    {
      method: 'GET',
      path: one,
      handle: known((loaded, call) => answerJson(call.has('full') ? fullOf(loaded) : simpleOf(loaded))),
    },
    { method: 'GET', path: `${one}/intervals`, handle: known((loaded, call) => intervals(loaded, call)) },
    {
      method: 'GET',
      path: `${one}/intervals/{interval}`,
      handle: known((loaded, call) => {
        const inside = within(loaded, call);
        const detailed = call.has('simple') || call.has('full');
        return detailed ? intervals(inside, call) : answerJson(inside.map(({ id }) => id));
      }),
    },
    {
      method: 'GET',
      path: `${one}/intervals/{interval}/serverview`,
      handle: known((loaded, call) => answerJson(within(loaded, call).map(serverView))),
    },
    {
      method: 'GET',
      path: `${one}/segments`,
      handle: known((loaded, call) =>
        answerJson(
          call.has('full')
            ? loaded.map(({ segment }) => dataSegmentToJson(segment))
            : loaded.map(({ id }) => id),
        ),
      ),
    },
    {
      method: 'GET',
      path: `${one}/segments/{id}`,
      handle: known((loaded, call) => {
        const found = loaded.find(({ id }) => id === call.params['id']);
        return found === undefined ? emptyJson(204) : answerJson(withServers(found));
      }),
    },
    {
      method: 'GET',
      path: `${one}/tiers`,
      handle: (call) =>
        answerJson([...new Set(of(call).flatMap((loaded) => loaded.inventories.map(tierOf)))]),
    },
    {
      method: 'GET',
      path: `${one}/handoffComplete`,
      handle: (call) => handoffComplete(deps, of(call), call),
    },
    { method: 'GET', path: `${COORDINATOR}/intervals`, handle: () => answerJson(allIntervals(all())) },
    {
      method: 'GET',
      path: `${COORDINATOR}/intervals/{interval}`,
      handle: (call) => intervalOfAll(within(all(), call), call),
    },
  ];
}

function grouped(
  loaded: readonly LoadedSegment[],
  key: (one: LoadedSegment) => string,
): Map<string, LoadedSegment[]> {
  const groups = new Map<string, LoadedSegment[]>();
  for (const one of loaded) {
    const name = key(one);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [one]);
    else group.push(one);
  }
  return groups;
}
const byDataSource = (loaded: readonly LoadedSegment[]) => grouped(loaded, (one) => one.segment.dataSource);
const byInterval = (loaded: readonly LoadedSegment[]) =>
  grouped(
    loaded.toSorted((a, b) => b.segment.interval.startMs - a.segment.interval.startMs),
    (one) => formatInterval(one.segment.interval),
  );
const sizeOf = (loaded: readonly LoadedSegment[]): number =>
  loaded.reduce((total, { segment }) => total + segment.size, 0);
const sizeAndCount = (loaded: readonly LoadedSegment[]) => ({ size: sizeOf(loaded), count: loaded.length });

function dataSources(loaded: readonly LoadedSegment[], call: RestCall): RestAnswer {
  const groups = [...byDataSource(loaded)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (call.has('full')) return answerJson(groups.map(([, group]) => fullOf(group)));
  if (call.has('simple')) {
    return answerJson(groups.map(([name, group]) => ({ name, properties: simpleOf(group) })));
  }
  return answerJson(groups.map(([name]) => name));
}

function fullOf(loaded: readonly LoadedSegment[]) {
  return {
    name: loaded[0]?.segment.dataSource ?? '',
    properties: {},
    segments: loaded.map(({ segment }) => dataSegmentToJson(segment)),
  };
}

function simpleOf(loaded: readonly LoadedSegment[]) {
  const tiers: Record<string, { size: number; replicatedSize: number; segmentCount: number }> = {};
  let startMs = Infinity;
  let endMs = -Infinity;
  let replicatedSize = 0;
  for (const { segment, inventories } of loaded) {
    startMs = Math.min(startMs, segment.interval.startMs);
    endMs = Math.max(endMs, segment.interval.endMs);
    replicatedSize += segment.size * inventories.length;
    for (const tier of new Set(inventories.map(tierOf))) {
      const entry = (tiers[tier] ??= { size: 0, replicatedSize: 0, segmentCount: 0 });
      entry.size += segment.size;
      entry.segmentCount += 1;
      entry.replicatedSize += segment.size * inventories.filter((one) => tierOf(one) === tier).length;
    }
  }
  return {
    tiers,
    segments: {
      maxTime: formatInstant(endMs),
      size: sizeOf(loaded),
      minTime: formatInstant(startMs),
      count: loaded.length,
      replicatedSize,
    },
  };
}

const withServers = ({ segment, inventories }: LoadedSegment) => ({
  metadata: dataSegmentToJson(segment),
  servers: inventories.map((one) => hostOf(one.info)),
});

/** Newest interval first. */
function intervals(loaded: readonly LoadedSegment[], call: RestCall): RestAnswer {
  const groups = [...byInterval(loaded)];
  if (call.has('simple')) {
    return answerJson(Object.fromEntries(groups.map(([name, group]) => [name, sizeAndCount(group)])));
  }
  if (call.has('full')) {
    return answerJson(
      Object.fromEntries(
        groups.map(([name, group]) => [
          name,
          Object.fromEntries(group.map((one) => [one.id, withServers(one)])),
        ]),
      ),
    );
  }
  return answerJson(groups.map(([name]) => name));
}

function serverView({ segment, inventories }: LoadedSegment) {
  return {
    segment: dataSegmentToJson(segment),
    servers: inventories.map((one) => ({
      name: hostOf(one.info),
      host: hostOf(one.info),
      hostAndTlsPort: null,
      maxSize: roleOf(one.info, one.role)?.capacity ?? 0,
      type: one.role,
      tier: tierOf(one),
      priority: 0,
    })),
  };
}

/** Does a data node serve this very partition, or a newer version of it? */
function handoffComplete(deps: RestDeps, loaded: readonly LoadedSegment[], call: RestCall): RestAnswer {
  const asked = parseInterval(intervalText(call.query('interval') ?? ''), 'interval');
  const partition = Number(call.query('partitionNumber') ?? 0);
  const version = call.query('version') ?? '';
  return answerJson(
    loaded.some(
      ({ segment }) =>
        contains(segment.interval, asked) &&
        segment.version >= version &&
        (segment.version > version || partitionNumOf(segment.shardSpec) === partition),
    ),
  );
}

function allIntervals(loaded: readonly LoadedSegment[]) {
  return Object.fromEntries(
    [...byInterval(loaded)].map(([name, group]) => [
      name,
      Object.fromEntries([...byDataSource(group)].map(([ds, inside]) => [ds, sizeAndCount(inside)])),
    ]),
  );
}

function intervalOfAll(loaded: readonly LoadedSegment[], call: RestCall): RestAnswer {
  if (call.has('full')) return answerJson(allIntervals(loaded));
  if (!call.has('simple')) return answerJson(sizeAndCount(loaded));
  return answerJson(
    Object.fromEntries([...byInterval(loaded)].map(([name, group]) => [name, sizeAndCount(group)])),
  );
}
