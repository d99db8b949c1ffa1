/**
 * `npm run test:sim`: the whole cluster on virtual time, one story a seed. `-- --seeds N` (default 200) runs the seeds 1
 * to N and the ones that failed before, shared out over the cores; `-- --seed N` one of them with its story, `--log`
 * with its log, `--twice` compares two runs of each. The last line is `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../runtime/clock.js';
import { createLog, prettySink } from '../../runtime/log.js';
import { answerFilesAtOnce } from './files.js';
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
  const result = await runScenario(seed, log);
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

/** The same in a process of its own, its output handed on. */
function runElsewhere(seeds: readonly number[]): Promise<number> {
  const args = [
    fileURLToPath(import.meta.url),
    '--list',
    seeds.join(','),
    ...(has('twice') ? ['--twice'] : []),
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += String(chunk)));
  return new Promise((resolve) => {
    child.once('exit', () => {
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

async function main(): Promise<number> {
  const from = performance.now();
  const one = option('seed');
  const list = option('list');
  const count = Number(option('seeds') ?? '200');
  const seeds =
    one !== undefined
      ? [Number(one)]
      : list !== undefined
        ? list.split(',').map(Number)
        : [...new Set([...failedBefore, ...Array.from({ length: count }, (_, i) => i + 1)])];
  const shares = list !== undefined || seeds.length < 4 ? 1 : os.availableParallelism();
  const parts = Array.from({ length: shares }, (_, i) => seeds.filter((_seed, at) => at % shares === i));
  const passed = shares === 1 ? [await runAll(seeds)] : await Promise.all(parts.map(runElsewhere));
  const sum = passed.reduce((all, some) => all + some, 0);
  if (list === undefined) {
    console.log(`${seeds.length} seeds in ${((performance.now() - from) / 1000).toFixed(1)} s`);
  }
  console.log(`${sum} passed, ${seeds.length - sum} failed`);
  return sum === seeds.length ? 0 : 1;
}

process.exit(await main());
