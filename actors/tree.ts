/**
 * Which actors a process runs: roles → one supervision tree, wired in plain sight. Started left to right: who serves
 * the record first, who asks for it later; stopped in reverse.
 */
import os from 'node:os';
import { druidProperties, type RoleName } from '../config/settings.js';
import type { BatchTask } from '../ingest/spec/model.js';
import { compileTask } from '../ingest/spec/task.js';
import { CodedError } from '../proto/errors.js';
import { createLeader } from '../runtime/leader.js';
import { isSameProcess, killTree, processStartTime, spawnProcess, spawnThread } from '../runtime/place.js';
import type { ChildSpec, LeaderCallbacks, LeaderHandle, SupervisorSpec } from '../runtime/types.js';
import { LocalStorage } from '../segment/store/local-storage.js';
import { createBroker, type BrokerDeps } from './broker/actor.js';
import { brokerSettings } from './broker/settings.js';
import type { Caches } from './caches.js';
import { coordinatorDefaults, createCoordinator } from './coordinator/actor.js';
import type { Engine } from './engine.js';
import { createGateway, type Gateway } from './gateway/actor.js';
import { createHistorical, historicalDefaults, type HistoricalDeps } from './historical/actor.js';
import { createSegmentOpener } from './historical/open-segment.js';
import { createLookups, lookupsDefaults, type LookupsMessage } from './lookups/actor.js';
import { LookupStore } from './lookups/store.js';
import { createMetadataClient, createEpochStore, type MetadataClient } from './metadata-client.js';
import { createMetadata, type MetadataMessage } from './metadata/actor.js';
import {
  createMiddleManager,
  middleManagerDefaults,
  type MiddleManagerMessage,
} from './middlemanager/actor.js';
import { createOverlord } from './overlord/actor.js';
import { overlordDefaults } from './overlord/term.js';
import type { GroveProcess } from './process.js';
import { createTaskSubmitter } from './task-client.js';
import { createLocalTaskLogs } from './task-logs.js';

/** As `/status` tells it. */
export const version = '0.1.0';
/** Bumping an epoch may wait for the store's writer that long. */
const epochMs = 5_000;
const busyTimeoutMs = 5_000;
const startOrder = ['metadata', 'coordinator', 'overlord', 'historical', 'middlemanager', 'broker'] as const;

export interface TreeDeps {
  readonly grove: GroveProcess;
  /** Present when a role of this process scans. */
  readonly engine: Engine | undefined;
  readonly caches: Caches;
  readonly metadataThreadUrl: URL;
  readonly peonPath: string;
}

export interface RoleTree {
  readonly tree: SupervisorSpec;
  readonly gateway: Gateway | undefined;
  readonly storage: LocalStorage;
}

interface Wiring extends TreeDeps {
  /** Registered lookups of this process. */
  readonly lookups: LookupStore;
  readonly metadata: MetadataClient;
  readonly storage: LocalStorage;
}

/** Each role's actor. A role that scans gets the engine; its absence is a mistake in {@link TreeDeps}. */
const roleSpecs: Readonly<Record<Exclude<RoleName, 'gateway'>, (wiring: Wiring) => ChildSpec<never>>> = {
  metadata: (wiring) => spec(metadataOwner(wiring)),
  coordinator: (wiring) => {
    const { node, settings } = wiring.grove;
    return spec(
      createCoordinator({
        node,
        metadata: wiring.metadata,
        lead: electionOf(wiring, 'coordinator'),
        submitTask: createTaskSubmitter(node),
        settings: {
          ...coordinatorDefaults,
          periodMs: settings.coordinatorPeriodMs,
          dropDelayMs: settings.dropDelayMs,
        },
      }),
    );
  },
  overlord: (wiring) => {
    const { node, paths } = wiring.grove;
    return spec(
      createOverlord({
        node,
        metadata: wiring.metadata,
        taskLogs: createLocalTaskLogs(paths.taskLogs),
        lead: electionOf(wiring, 'overlord'),
        checkTask: taskCheck(wiring),
        settings: overlordDefaults,
      }),
    );
  },
  historical: (wiring) => {
    const { node, settings, paths } = wiring.grove;
    const engine = engineOf(wiring, 'historical');
    return spec(
      createHistorical({
        node,
        pool: engine.pool,
        storage: wiring.storage,
        openSegment: createSegmentOpener({ kernels: engine.kernels, residency: engine.residency }),
        frames: engine.frames,
        groups: engine.groups,
        ...partialCaching(wiring),
        lookups: wiring.lookups.find,
        settings: {
          ...historicalDefaults,
          cacheDir: paths.segmentCache,
          capacityBytes: settings.segmentCacheBytesMax,
          tier: settings.tier,
          dropDelayMs: settings.dropDelayMs,
        },
      }),
    );
  },
  middlemanager: (wiring) => spec(middleManager(wiring)),
  broker: (wiring) => {
    const { node, settings } = wiring.grove;
    const engine = engineOf(wiring, 'broker');
    return spec(
      createBroker({
        node,
        pool: engine.pool,
        frames: engine.frames,
        groups: engine.groups,
        ...brokerCaching(wiring),
        lookups: wiring.lookups.find,
        settings: brokerSettings(settings),
      }),
    );
  },
};

/** Children of one supervisor take messages of different types; each is only ever sent its own. */
function spec<M>(child: ChildSpec<M>): ChildSpec<never> {
  return child as unknown as ChildSpec<never>;
}

function engineOf(wiring: Wiring, role: RoleName): Engine {
  if (wiring.engine === undefined) throw new CodedError('Bug', `role[${role}] was started without an engine`);
  return wiring.engine;
}

function partialCaching({ caches, grove }: Wiring): Pick<HistoricalDeps, 'caching'> {
  const { partials, uncacheable } = caches;
  const { historicalUseCache: use, historicalPopulateCache: populate } = grove.settings;
  return partials === undefined
    ? {}
    : { caching: { partials, use, populate, uncacheable: uncacheable.historical } };
}

function brokerCaching({ caches, grove }: Wiring): Pick<BrokerDeps, 'results' | 'partials'> {
  const { results: store, brokerPartials } = caches;
  const { brokerUseCache, brokerPopulateCache, brokerCacheLookupsMax: lookupsMax } = grove.settings;
  const { brokerUseResultCache, brokerPopulateResultCache, brokerResultBytesMax } = grove.settings;
  const uncacheable = caches.uncacheable.broker;
  const partials: BrokerDeps['partials'] =
    brokerPartials === undefined
      ? undefined
      : {
          partials: brokerPartials,
          use: brokerUseCache,
          populate: brokerPopulateCache,
          uncacheable,
          lookupsMax,
        };
  const results: BrokerDeps['results'] =
    store === undefined
      ? undefined
      : {
          store,
          use: brokerUseResultCache,
          populate: brokerPopulateResultCache,
          entryBytesMax: brokerResultBytesMax,
          uncacheable,
        };
  return {
    ...(partials === undefined ? {} : { partials }),
    ...(results === undefined ? {} : { results }),
  };
}

function electionOf(wiring: Wiring, role: string): (callbacks: LeaderCallbacks) => LeaderHandle {
  const { node, previousIncarnation } = wiring.grove;
  const { bus, clock, random, log, name, incarnation } = node;
  return (callbacks) =>
    createLeader({
      role,
      bus,
      clock,
      random,
      log,
      epochs: createEpochStore(wiring.metadata, () => node.deadline(epochMs)),
      holder: { node: name, incarnation },
      callbacks,
      ...(previousIncarnation === undefined ? {} : { takeOverFrom: [previousIncarnation] }),
      // The data folder's lock proves that no other process carries this node's name.
      takeOverSameNode: true,
    });
}

/** Where tasks run in this very process, its allow list is known when they are submitted. */
function taskCheck({ grove }: Wiring): (json: unknown) => BatchTask {
  const { settings, paths } = grove;
  if (!settings.roles.includes('middlemanager')) return compileTask;
  return (json) => {
    const task = compileTask(json);
    task.spec.inputSource.check?.([paths.input, ...settings.inputDirs]);
    return task;
  };
}

function metadataOwner(wiring: Wiring): ChildSpec<MetadataMessage> {
  const { grove, metadataThreadUrl } = wiring;
  return createMetadata({
    node: grove.node,
    store: { kind: 'sqlite', file: grove.paths.metadata, busyTimeoutMs },
    startThread: (workerData) => spawnThread({ url: metadataThreadUrl, workerData, name: 'metadata' }),
    onClusterId: (id) => grove.setClusterId(id),
  });
}

const lookupUsers: ReadonlySet<RoleName> = new Set<RoleName>(['historical', 'broker']);

function lookups(wiring: Wiring): ChildSpec<LookupsMessage> {
  const { node, settings, paths } = wiring.grove;
  return createLookups({
    node,
    pool: engineOf(wiring, 'broker').pool,
    store: wiring.lookups,
    settings: {
      ...lookupsDefaults,
      tier: settings.lookupTier,
      snapshotFile: paths.lookups,
      inputDirs: [paths.input, ...settings.inputDirs],
      httpAllow: settings.inputHosts,
      workDir: paths.tasks,
    },
  });
}

function middleManager(wiring: Wiring): ChildSpec<MiddleManagerMessage> {
  const { node, settings, paths, token } = wiring.grove;
  return createMiddleManager({
    node,
    processes: {
      spawn: spawnProcess,
      startTimeOf: processStartTime,
      isSame: isSameProcess,
      kill: (identity, signal) => killTree(identity, signal),
    },
    taskLogs: createLocalTaskLogs(paths.taskLogs),
    settings: {
      ...middleManagerDefaults,
      slots: settings.workerSlots === 0 ? Math.max(4, os.availableParallelism()) : settings.workerSlots,
      tasksDir: paths.tasks,
      peonEntry: wiring.peonPath,
      token,
      deepStorage: { type: 'local', root: paths.deepStorage, zip: false },
      inputDirs: [paths.input, ...settings.inputDirs],
      inputHosts: settings.inputHosts,
      lookupTier: settings.lookupTier,
      unsafeFaults: settings.unsafeFaults,
      logLevel: settings.logLevel,
    },
  });
}

export function roleTree(deps: TreeDeps): RoleTree {
  const { grove } = deps;
  const { settings, paths, node } = grove;
  const wiring: Wiring = {
    ...deps,
    lookups: new LookupStore(),
    metadata: createMetadataClient({ node }),
    storage: new LocalStorage({ root: paths.deepStorage, hit: node.hit }),
  };
  const wanted = startOrder.filter((role) => settings.roles.includes(role));
  const children = wanted.map((role) => roleSpecs[role](wiring));
  // Before those who answer queries with them.
  if (wanted.some((role) => lookupUsers.has(role))) children.unshift(spec(lookups(wiring)));
  let gateway: Gateway | undefined;
  if (settings.roles.includes('gateway')) {
    gateway = createGateway({ node, version, properties: () => druidProperties(settings) });
    children.push(gateway.child);
  }
  return { tree: { name: 'grove', strategy: 'one_for_one', children }, gateway, storage: wiring.storage };
}
