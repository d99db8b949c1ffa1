/** One thread that damages and judges; the main thread watches that it keeps going. */
import { parentPort, workerData } from 'node:worker_threads';
import { damaged } from './mutation.js';
import { Judge, type Reading } from './judge.js';
import { fixtureFolder, recordedSpecimens, writtenSpecimens, type Specimen } from './specimens.js';
import type { FuzzOrder, FuzzReport } from './fuzz.js';

const writtenRows = 60;
const recordedBytesMax = 80_000;

interface Subject {
  readonly specimen: Specimen;
  /** As each judge reads it undamaged. */
  readonly whole: readonly Reading[];
}

/** One reads files from memory, one through windows. */
const judges: readonly Judge[] = [new Judge(false), new Judge(true)];

async function subjects(): Promise<Subject[]> {
  const fixtures = fixtureFolder();
  const recorded = 'folder' in fixtures ? await recordedSpecimens(fixtures.folder, recordedBytesMax) : [];
  return [...writtenSpecimens(writtenRows), ...recorded].map((specimen) => {
    const whole = judges.map((judge) => {
      // Twice: the first reading also fills what stays for good.
      judge.read(specimen.directory);
      const reading = judge.read(specimen.directory);
      const { refused, errors, problems } = reading;
      const [cause] = [refused, ...errors, ...problems].filter((one) => one !== undefined);
      if (cause !== undefined) throw new Error(`specimen[${specimen.name}] is not whole`, { cause });
      return reading;
    });
    return { specimen, whole };
  });
}

async function run(order: FuzzOrder): Promise<FuzzReport> {
  const progress = new Int32Array(order.progress);
  const all = await subjects();
  // Those of many rows take long: they get a tenth of the turns.
  const small = all.filter((one) => one.specimen.name.startsWith('big-') === false);
  const outcomes: Record<string, number> = {};
  const faults: string[] = [];
  for (let n = order.from; n < order.from + order.mutations; n++) {
    const round = Math.floor(n / 9);
    const pool = round % 40 === 39 ? all : small;
    const { specimen, whole } = pool[round % pool.length] as Subject;
    const damage = damaged(specimen.directory, order.seed, n);
    const turn = round % judges.length;
    const verdict = (judges[turn] as Judge).judge(specimen, whole[turn] as Reading, damage);
    outcomes[verdict.outcome] = (outcomes[verdict.outcome] ?? 0) + 1;
    for (const fault of verdict.faults.slice(0, 3)) {
      faults.push(
        `${specimen.name}, mutation ${n}: ${damage.deed} at ${damage.place}, ${damage.file} offset ${damage.offset} (${damage.touched.join(' ')}): ${fault}`,
      );
    }
    Atomics.store(progress, 0, n + 1);
  }
  return { specimens: all.length, mutations: order.mutations, outcomes, faults };
}

const report = await run(workerData as FuzzOrder);
parentPort?.postMessage(report);
