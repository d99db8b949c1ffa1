/** Every operation by its name, each a function `(tx, input) → output` that awaits nothing but `tx`. */
import type { MetadataOps, OpInput, OpOutput } from '../../../proto/metadata.js';
import type { Tx } from '../store.js';
import { allocateSegment, deletePendingSegments } from './allocation.js';
import { bumpEpoch, readClusterId, readEpoch } from './cluster.js';
import { readAudit, readConfig, readRules, setConfig, setRules } from './config.js';
import { applyLocks, deleteLocks, listLocks } from './locks.js';
import { publishSegments } from './publish.js';
import {
  deleteUnusedSegments,
  filterQueryable,
  listDataSources,
  markQueryable,
  markSegmentsUnused,
  markSegmentsUsed,
  readNewestVersion,
  readQueryable,
  readSegments,
  readSegmentsRevision,
  readUnusedSegments,
  readUsedSegments,
} from './segments.js';
import {
  assignTask,
  bindTaskRun,
  finishTask,
  insertTask,
  listTasks,
  readTask,
  readTaskPayload,
  readTasks,
  unassignTask,
  updateTaskStatus,
} from './tasks.js';

type Operations = {
  readonly [Name in keyof MetadataOps]: (tx: Tx, input: OpInput<Name>) => Promise<OpOutput<Name>>;
};

export const operations: Operations = {
  readClusterId,
  readEpoch,
  bumpEpoch,
  readUsedSegments,
  readUnusedSegments,
  readSegments,
  readSegmentsRevision,
  listDataSources,
  readQueryable,
  readNewestVersion,
  filterQueryable,
  markQueryable,
  markSegmentsUsed,
  markSegmentsUnused,
  deleteUnusedSegments,
  publishSegments,
  allocateSegment,
  deletePendingSegments,
  readTask,
  readTaskPayload,
  readTasks,
  listTasks,
  insertTask,
  assignTask,
  unassignTask,
  bindTaskRun,
  updateTaskStatus,
  finishTask,
  listLocks,
  applyLocks,
  deleteLocks,
  readRules,
  setRules,
  readConfig,
  setConfig,
  readAudit,
};
