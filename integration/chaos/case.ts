/** What a chaos case is, and what it is handed. */
import { config } from 'chai';
import type { NatsBinary } from '../../runtime/nats-server.js';
import { Cluster, type ClusterPlan } from '../cluster/cluster.js';
import { Oracle } from '../cluster/oracle.js';

export interface ChaosRun {
  readonly cluster: Cluster;
  readonly oracle: Oracle;
  /** Keeps a measured time for the summary. */
  readonly measure: (name: string, ms: number) => void;
  /** A line for whoever watches. */
  readonly note: (text: string) => void;
}
export interface ChaosCase {
  readonly name: string;
  /** What must hold, in one sentence. */
  readonly about: string;
  readonly plan: ClusterPlan;
  /** Runs with `npm test`, too. */
  readonly quick?: boolean;
  readonly run: (run: ChaosRun) => Promise<void>;
}

// What was wrong must be readable in the error.
config.truncateThreshold = 0;

/** Of all cases, by name. */
export const measures = new Map<string, number[]>();

/** Starts the case's cluster, runs it, ends it. On failure the error carries the end of every process's log. */
export async function runCase(
  binary: NatsBinary,
  one: ChaosCase,
  note: (text: string) => void = () => undefined,
): Promise<void> {
  const cluster = await Cluster.start(binary, one.plan);
  try {
    await one.run({
      cluster,
      oracle: new Oracle(cluster),
      measure: (name, ms) => {
        measures.set(name, [...(measures.get(name) ?? []), ms]);
        note(`${name}: ${ms.toFixed(0)} ms`);
      },
      note,
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n${logTails(cluster)}`, { cause: error });
  } finally {
    await cluster.stop();
  }
}

const tailLines = 12;

function logTails(cluster: Cluster): string {
  return cluster
    .all()
    .map((one) => {
      const lines = one
        .log()
        .trim()
        .split('\n')
        .slice(-tailLines)
        .map((line) => line.slice(0, 300))
        .join('\n');
      return `--- ${one.name}${one.isRunning ? '' : ' (not running)'}\n${lines}`;
    })
    .join('\n');
}

/** One line a measure: name, runs, min, median, max in ms. */
export function measureLines(): string[] {
  return [...measures].map(([name, values]) => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(0);
    return `${name}: min ${at(0)} median ${at(0.5)} max ${at(1)} ms (${sorted.length} runs)`;
  });
}
