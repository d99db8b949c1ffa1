/** What a chaos case is, and what it is handed. */
import { config } from 'chai';
import type { NatsBinary } from '../../runtime/nats-server.js';
import { Cluster, type ClusterPlan } from '../cluster/cluster.js';
import { Oracle } from '../cluster/oracle.js';

export interface ChaosRun {
  readonly cluster: Cluster;
  readonly oracle: Oracle;
  /** How often a case that can repeat its fault in one cluster does so; 1 but when times are measured. */
  readonly rounds: number;
  /**
   * Keeps a measured time for the summary. With `mostMs` it must not be longer: so by `npm run chaos`, which wants a
   * machine of its own; among other tests it may take ten times as long, and half a minute in any case.
   */
  readonly measure: (name: string, ms: number, mostMs?: number) => void;
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
  /** It may take so long; most take less than a minute. */
  readonly secondsMax?: number;
  /** Its times belong into the table of detection, fail-over and recovery. `rounds`: it repeats its fault itself. */
  readonly measured?: 'runs' | 'rounds';
  readonly run: (run: ChaosRun) => Promise<void>;
}

// What was wrong must be readable in the error.
config.truncateThreshold = 0;

/** Of all cases run so far, in the order they came. */
const measures: { readonly chaosCase: string; readonly name: string; readonly ms: number[] }[] = [];

function keep(chaosCase: string, name: string, ms: number): void {
  const known = measures.find((one) => one.chaosCase === chaosCase && one.name === name);
  if (known === undefined) measures.push({ chaosCase, name, ms: [ms] });
  else known.ms.push(ms);
}

export interface CaseOptions {
  readonly note?: (text: string) => void;
  readonly rounds?: number;
  /** Times are held against their limits. */
  readonly isTimed?: boolean;
}

/** Starts the case's cluster, runs it, ends it. On failure the error carries the end of every process's log. */
export async function runCase(binary: NatsBinary, one: ChaosCase, options: CaseOptions = {}): Promise<void> {
  const { note = () => undefined, rounds = 1, isTimed = false } = options;
  const cluster = await Cluster.start(binary, one.plan);
  const oracle = new Oracle(cluster);
  try {
    await one.run({
      cluster,
      oracle,
      rounds,
      measure: (name, ms, mostMs = Infinity) => {
        keep(one.name, name, ms);
        note(`${name}: ${ms.toFixed(0)} ms`);
        const most = isTimed ? mostMs : Math.max(30_000, 10 * mostMs);
        if (ms > most) throw new Error(`${name}: ${ms.toFixed(0)} ms, more than ${most} ms`);
      },
      note,
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n${cluster.logTails()}`, { cause: error });
  } finally {
    oracle.isOver = true;
    await cluster.stop();
  }
}

export interface Figure {
  readonly chaosCase: string;
  readonly name: string;
  readonly runs: number;
  readonly minMs: number;
  readonly medianMs: number;
  readonly maxMs: number;
}

export function figures(): Figure[] {
  return measures.map(({ chaosCase, name, ms }) => {
    const sorted = ms.toSorted((a, b) => a - b);
    const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
    return { chaosCase, name, runs: sorted.length, minMs: at(0), medianMs: at(0.5), maxMs: at(1) };
  });
}

/** The figures as a table in Markdown, ms. */
export function figureTable(all: readonly Figure[]): string {
  const head = [
    ['case', 'what was measured', 'min ms', 'median ms', 'max ms', 'runs'],
    ['---', '---', '---:', '---:', '---:', '---:'],
  ];
  const rows = all.map((one) => [one.chaosCase, one.name, one.minMs, one.medianMs, one.maxMs, one.runs]);
  return [...head, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
