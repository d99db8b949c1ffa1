/**
 * `npm run chaos`: every case against real processes. `-- --case NAME` some of them (a part of the name will do),
 * `--runs N` each so often, `--list` their names. `--measure` runs those that yield figures until each figure was taken
 * at least five times (`--runs`) and prints the table of detection, fail-over and recovery; `--json FILE` keeps it.
 * Times have limits here: on a busy machine some may be missed. The last line is `N passed, N failed`.
 */
import fs from 'node:fs';
import os from 'node:os';
import { systemClock } from '../../runtime/clock.js';
import { endProcess } from '../../runtime/ending.js';
import { findNatsServer, type NatsBinary } from '../../runtime/nats-server.js';
import { figures, figureTable, runCase, type ChaosCase } from './case.js';
import { chaosCases } from './cases.js';

const caseSeconds = 60;
const measuredRuns = 5;

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

/** Errors: what did not hold, or that it took too long. */
async function runOnce(binary: NatsBinary, one: ChaosCase, rounds: number): Promise<boolean> {
  const from = performance.now();
  const seconds = (): number => (performance.now() - from) / 1000;
  console.log(`${one.name}: ${one.about}`);
  try {
    const note = (text: string): void => console.log(`    ${text}`);
    await runCase(binary, one, { note, rounds, isTimed: true });
    const secondsMax = (one.secondsMax ?? caseSeconds) * rounds;
    if (seconds() > secondsMax) throw new Error(`took longer than ${secondsMax} s`);
    console.log(`  passed in ${seconds().toFixed(1)} s`);
    return true;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    console.log(`  FAILED after ${seconds().toFixed(1)} s: ${text}`);
    return false;
  }
}

function summary(startedAt: Date, failed: readonly string[]): void {
  const all = figures();
  const [one] = os.loadavg();
  console.log(`\n${figureTable(all)}\n`);
  console.log(`load average at the end: ${one?.toFixed(1)} on ${os.availableParallelism()} cores`);
  const file = option('json');
  if (file === undefined) return;
  const minutes = Math.round((Date.now() - startedAt.getTime()) / 6_000) / 10;
  const json = {
    startedAt: startedAt.toISOString(),
    minutes,
    loadAverage: os.loadavg(),
    failed,
    figures: all,
  };
  fs.writeFileSync(file, `${JSON.stringify(json, undefined, 1)}\n`);
}

async function main(): Promise<number> {
  const wanted = option('case') ?? '';
  const isMeasuring = process.argv.includes('--measure');
  const runs = Number(option('runs') ?? (isMeasuring ? measuredRuns : '1'));
  const cases = chaosCases.filter(
    (one) => one.name.includes(wanted) && (!isMeasuring || one.measured !== undefined),
  );
  if (process.argv.includes('--list')) {
    for (const one of cases) console.log(`${one.name}: ${one.about}`);
    return 0;
  }
  const startedAt = new Date();
  const clock = systemClock();
  const binary = await findNatsServer({ env: process.env, clock, progress: (line) => console.log(line) });
  let passed = 0;
  const failed: string[] = [];
  for (const one of cases) {
    // Where the cluster is whole again after each fault, all rounds are one run: most of a run is its start.
    const rounds = isMeasuring && one.measured === 'rounds' ? runs : 1;
    for (let run = 0; run < runs / rounds; run++) {
      if (await runOnce(binary, one, rounds)) passed += 1;
      else failed.push(one.name);
    }
  }
  summary(startedAt, failed);
  console.log(`${passed} passed, ${failed.length} failed`);
  return failed.length === 0 && passed > 0 ? 0 : 1;
}

await endProcess(await main());
