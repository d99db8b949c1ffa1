/**
 * Damages segments by the thousand. `npm run fuzz -- --mutations 10000 --seed 1 --from 0`: a fault's line names the
 * mutation's number; `--from NUMBER --mutations 1` does it again.
 */
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

export interface FuzzOrder {
  readonly mutations: number;
  readonly from: number;
  readonly seed: number;
  /** One number: the mutation that is being tried. */
  readonly progress: SharedArrayBuffer;
}

export interface FuzzReport {
  readonly specimens: number;
  readonly mutations: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** A mutation that takes longer than this does not end. */
const patienceMs = 60_000;

/** Runs on a thread of its own, so that a loop without end is noticed and named. */
export function fuzz(options: Omit<FuzzOrder, 'progress'>): Promise<FuzzReport> {
  const progress = new SharedArrayBuffer(4);
  const words = new Int32Array(progress);
  words[0] = options.from;
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./fuzz-worker.js', import.meta.url), {
      workerData: { ...options, progress } satisfies FuzzOrder,
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    let seen = -1;
    const watch = setInterval(() => {
      const at = Atomics.load(words, 0);
      if (at === seen) {
        finish();
        void worker.terminate();
        reject(new Error(`mutation ${at} of seed ${options.seed} does not end`));
      }
      seen = at;
    }, patienceMs);
    const finish = (): void => clearInterval(watch);
    worker.on('message', (report: FuzzReport) => {
      finish();
      resolve(report);
    });
    worker.on('error', (error) => {
      finish();
      reject(new Error(`mutation ${words[0]} of seed ${options.seed}: ${error.message}`, { cause: error }));
    });
  });
}

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const report = await fuzz({
    mutations: option('mutations', 10_000),
    from: option('from', 0),
    seed: option('seed', 1),
  });
  for (const fault of report.faults.slice(0, 40)) console.log(fault);
  console.log(
    `${report.mutations} mutations of ${report.specimens} segments: ${JSON.stringify(report.outcomes)}, faults ${report.faults.length}`,
  );
  process.exitCode = report.faults.length > 0 ? 1 : 0;
}
