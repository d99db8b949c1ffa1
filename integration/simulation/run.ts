/**
 * `npm run test:sim`: the whole cluster on virtual time, one story a seed. `-- --seeds N` (default 200) runs the seeds 1
 * to N and the ones that failed before, shared out over the cores; with `--from F` the N from F on; `-- --seed N` one of them with its story, `--log`
 * with its log, `--twice` compares two runs of each. `-- --planted` plants one bug after another (or `--plant NAMES`) and
 * passes when each is caught. The last line is `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../runtime/clock.js';
import { endProcess } from '../../runtime/ending.js';
import { createLog, prettySink } from '../../runtime/log.js';
import { answerFilesAtOnce } from './files.js';
import { plants, type Plant } from './planted.js';
import { failedBefore } from './regressions.js';
import { runScenario, type ScenarioResult } from './scenario.js';

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}
const has = (name: string): boolean => process.argv.includes(`--${name}`);

function tell(result: ScenarioResult, failures: readonly string[]): void {
  const { seed, hash, story, answers, refusals, tasks, published, virtualMs } = result;
  console.log(
    `seed ${seed}: trace ${hash}, ${virtualMs} ms, ${tasks} tasks, ${published} published, ` +
      `${answers} answers, ${refusals} refusals`,
  );
  for (const line of story) console.log(`    ${line}`);
  for (const line of failures) console.log(`  FAILED ${line}`);
}

async function runSeed(seed: number, always: boolean): Promise<boolean> {
  const sink = prettySink((line) => process.stdout.write(line));
  const log = has('log') ? createLog({ clock: systemClock(), level: 'info', sink }) : undefined;
  const result = await runScenario(seed, { log });
  const failures = [...result.failures];
  if (has('twice')) {
    const { hash } = await runScenario(seed);
    if (hash !== result.hash) failures.push(`two runs differ: ${result.hash} and ${hash}`);
  }
  if (always || failures.length > 0) tell(result, failures);
  return failures.length === 0;
}

/** Runs the seeds one after another; how many passed. */
async function runAll(seeds: readonly number[]): Promise<number> {
  answerFilesAtOnce();
  let passed = 0;
  for (const seed of seeds) if (await runSeed(seed, seeds.length === 1)) passed += 1;
  return passed;
}

/** One planted bug: passed when a seed's failures tell of it. */
async function isCaught(plant: Plant): Promise<boolean> {
  for (const seed of option('seed') === undefined ? plant.seeds : [Number(option('seed'))]) {
    const { failures } = await runScenario(seed, { plant });
    const telling = failures.find((text) => plant.caught.test(text));
    if (telling === undefined) continue;
    console.log(`${plant.name}: ${plant.invariant}\n  caught by seed ${seed}: ${telling}`);
    return true;
  }
  console.log(`${plant.name}: ${plant.invariant}\n  FAILED: no seed caught it`);
  return false;
}

async function catchAll(names: readonly string[]): Promise<number> {
  answerFilesAtOnce();
  let passed = 0;
  for (const plant of plants.filter((one) => names.includes(one.name)))
    if (await isCaught(plant)) passed += 1;
  return passed;
}

/** The same in a process of its own, its output handed on. */
function runElsewhere(flag: string, list: readonly (string | number)[]): Promise<number> {
  const args = [fileURLToPath(import.meta.url), flag, list.join(','), ...(has('twice') ? ['--twice'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += String(chunk)));
  return new Promise((resolve) => {
    // All it wrote has been read.
    child.once('close', () => {
      const lines = text.trimEnd().split('\n');
      const passed = /^(\d+) passed/.exec(lines.at(-1) ?? '');
      console.log(
        lines
          .slice(0, passed === null ? undefined : -1)
          .join('\n')
          .trim(),
      );
      resolve(Number(passed?.[1] ?? 0));
    });
  });
}

/** Shares work out over the cores; how much of it passed. */
async function share(
  flag: string,
  all: readonly (string | number)[],
  here: () => Promise<number>,
): Promise<number> {
  const shares = has(flag) || all.length < 4 ? 1 : os.availableParallelism();
  if (shares === 1) return here();
  const parts = Array.from({ length: shares }, (_, i) => all.filter((_one, at) => at % shares === i));
  const passed = await Promise.all(parts.map((part) => runElsewhere(`--${flag}`, part)));
  return passed.reduce((sum, some) => sum + some, 0);
}

async function main(): Promise<number> {
  const from = performance.now();
  const isPlanting = has('planted') || has('plant');
  const names = option('plant')?.split(',') ?? plants.map((one) => one.name);
  const list = option('list') ?? option('seed');
  const count = Number(option('seeds') ?? '200');
  const first = Number(option('from') ?? '1');
  const seeds =
    list !== undefined
      ? list.split(',').map(Number)
      : [
          ...new Set([
            ...(first === 1 ? failedBefore : []),
            ...Array.from({ length: count }, (_, i) => first + i),
          ]),
        ];
  const all = isPlanting ? names : seeds;
  const passed = isPlanting
    ? await share('plant', names, () => catchAll(names))
    : await share('list', seeds, () => runAll(seeds));
  if (!has('list') && !has('plant')) {
    const what = isPlanting ? 'planted bugs' : 'seeds';
    console.log(`${all.length} ${what} in ${((performance.now() - from) / 1000).toFixed(1)} s`);
  }
  console.log(`${passed} passed, ${all.length - passed} failed`);
  return passed === all.length ? 0 : 1;
}

await endProcess(await main());
