/** What the overlord's REST routes stand on. */
import type { Node } from '../../runtime/types.js';
import type { MetadataClient } from '../metadata-client.js';
import type { TaskLogs } from '../task-logs.js';
import type { Term } from './term.js';
import type { WorkerReports } from './worker-reports.js';

export const OVERLORD = '/druid/indexer/v1';

export interface RestDeps {
  readonly node: Node;
  readonly metadata: MetadataClient;
  readonly taskLogs: TaskLogs;
  /** Throws Unavailable while not leading. */
  readonly term: () => Term;
  readonly isLeader: () => boolean;
  readonly reports: WorkerReports;
  readonly submit: (taskJson: string) => Promise<string>;
}
