/** Clusters the cases run on; as small as each allows, because every process costs a start. */
import type { ClusterPlan, ProcessPlan } from '../cluster/cluster.js';

const leader = (name: string): ProcessPlan => ({ name, roles: ['coordinator', 'overlord'] });
export const metadata: ProcessPlan = { name: 'meta', roles: ['metadata'] };
const gateway: ProcessPlan = { name: 'gateway', roles: ['gateway'] };
const broker: ProcessPlan = { name: 'broker', roles: ['broker'] };
export const historical = (name: string): ProcessPlan => ({ name, roles: ['historical'] });
export const worker: ProcessPlan = {
  name: 'mm',
  roles: ['middlemanager'],
  settings: { unsafeFaults: true, workerSlots: 2 },
};

/** Every role on its own, leaders and data nodes twice. */
export const fullPlan: ClusterPlan = {
  processes: [
    metadata,
    leader('lead1'),
    leader('lead2'),
    historical('h1'),
    historical('h2'),
    broker,
    gateway,
    worker,
  ],
};

/** Data nodes and worker apart, everything else in one process. */
export const dataPlan: ClusterPlan = {
  processes: [
    { name: 'core', roles: ['metadata', 'coordinator', 'overlord', 'broker', 'gateway'] },
    historical('h1'),
    historical('h2'),
    worker,
  ],
};

/** Two leaders and a metadata owner apart; what serves data in one process. */
export const leaderPlan: ClusterPlan = {
  processes: [
    metadata,
    leader('lead1'),
    leader('lead2'),
    { name: 'data', roles: ['historical', 'broker', 'gateway'] },
    worker,
  ],
};
