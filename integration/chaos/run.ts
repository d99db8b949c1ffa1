/**
 * `npm run chaos`: every case against real processes. `-- --case NAME` one of them (a part of the name will do),
 * `--runs N` each so often, `--measure` the ones whose times are worth knowing five times each, `--list` their names.
 * Ends with the measured times and `N passed, N failed`.
 */
import { systemClock } from '../../runtime/clock.js';
import { findNatsServer } from '../../runtime/nats-server.js';
import { measureLines, runCase } from './case.js';
import { chaosCases } from './cases.js';

const caseMs = 60_000;
/** Detection, fail-over and recovery. */
const measured: ReadonlySet<string> = new Set([
  'only-holder-killed',
  'second-replica-hides-kill',
  'leader-killed',
  'nats-restarted',
  'paused-leader',
  'leader-cut-off-from-nats',
  'metadata-owner-killed',
  'middlemanager-killed',
  'broker-killed',
]);

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

async function main(): Promise<number> {
  const wanted = option('case') ?? '';
  const isMeasuring = process.argv.includes('--measure');
  const runs = Number(option('runs') ?? (isMeasuring ? '5' : '1'));
  const cases = chaosCases.filter(
    (one) => one.name.includes(wanted) && (!isMeasuring || measured.has(one.name)),
  );
  if (process.argv.includes('--list')) {
    for (const one of cases) console.log(`${one.name}: ${one.about}`);
    return 0;
  }
  const clock = systemClock();
  const binary = await findNatsServer({ env: process.env, clock, progress: (line) => console.log(line) });
  let passed = 0;
  let failed = 0;
  for (let round = 0; round < runs; round++) {
    for (const one of cases) {
      const from = performance.now();
      const seconds = (): string => ((performance.now() - from) / 1000).toFixed(1);
      console.log(`${one.name}: ${one.about}`);
      try {
        await runCase(binary, one, (text) => console.log(`    ${text}`));
        const isLate = performance.now() - from > caseMs;
        if (isLate) throw new Error(`took longer than ${caseMs / 1000} s`);
        passed += 1;
        console.log(`  passed in ${seconds()} s`);
      } catch (error) {
        failed += 1;
        console.log(
          `  FAILED after ${seconds()} s: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }
  console.log('\nmeasured times:');
  for (const line of measureLines()) console.log(`  ${line}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

process.exit(await main());
