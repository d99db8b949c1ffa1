/** Every chaos case, in the order they run. */
import type { ChaosCase } from './case.js';
import { brokerKilled } from './broker-killed.js';
import { doubledMessages } from './doubled-messages.js';
import { historicalCrashKeeping, historicalCrashPulling } from './historical-crash.js';
import { leaderCutOff } from './leader-cut-off.js';
import { leaderFailover } from './leader-failover.js';
import { metadataKilled } from './metadata-killed.js';
import { middlemanagerKilled } from './middlemanager-killed.js';
import { natsBlink } from './nats-blink.js';
import { natsDataDeleted } from './nats-data-deleted.js';
import { natsCorrupted } from './nats-corrupted.js';
import { natsDown, natsDownLong } from './nats-down.js';
import { natsKilledOften } from './nats-killed-often.js';
import { oldBackup } from './old-backup.js';
import { onlyHolder } from './only-holder.js';
import { overlordBeforeCommit, overlordAfterCommit } from './overlord-publish.js';
import { pausedLeader } from './paused-leader.js';
import { peonCrash } from './peon-crash.js';
import { queuedTask } from './queued-task.js';
import { secondReplica } from './second-replica.js';
import { slowHistorical, stalledHistorical } from './slow-historical.js';
import { smoke } from './smoke.js';
import { threeHistoricals } from './three-historicals.js';

export const chaosCases: readonly ChaosCase[] = [
  smoke,
  onlyHolder,
  secondReplica,
  threeHistoricals,
  leaderFailover,
  peonCrash,
  overlordBeforeCommit,
  overlordAfterCommit,
  natsDown,
  natsDownLong,
  natsKilledOften,
  natsBlink,
  pausedLeader,
  metadataKilled,
  middlemanagerKilled,
  natsDataDeleted,
  natsCorrupted,
  queuedTask,
  leaderCutOff,
  oldBackup,
  doubledMessages,
  historicalCrashPulling,
  historicalCrashKeeping,
  slowHistorical,
  stalledHistorical,
  brokerKilled,
];
