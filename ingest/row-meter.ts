/** Moving averages of row counters, weighted as Unix load averages are: in steps of five seconds. */
import { noRows, type MovingAverages, type RowCounts } from './report.js';

const STEP_MS = 5_000;
const windows = { '1m': 1, '5m': 5, '15m': 15 } as const;
const counters = [
  'processed',
  'processedBytes',
  'processedWithError',
  'thrownAway',
  'unparseable',
] as const satisfies readonly (keyof RowCounts)[];

type Rates = { -readonly [K in keyof RowCounts]: number };

export class RowMeter {
  readonly #rates: Readonly<Record<keyof typeof windows, Rates>> = {
    '1m': { ...noRows },
    '5m': { ...noRows },
    '15m': { ...noRows },
  };
  #countedRows: RowCounts = noRows;
  #stepAtMs: number;
  #isFirst = true;

  constructor(nowMs: number) {
    this.#stepAtMs = nowMs;
  }

  /** `total`: counted since the beginning; `nowMs`: monotonic. */
  update(total: RowCounts, nowMs: number): void {
    const steps = Math.floor((nowMs - this.#stepAtMs) / STEP_MS);
    if (steps <= 0) return;
    const seconds = (steps * STEP_MS) / 1000;
    for (const [name, minutes] of Object.entries(windows)) {
      const rates = this.#rates[name as keyof typeof windows];
      // Several steps at once: the rows came evenly, as far as is known.
      const kept = Math.exp((-steps * STEP_MS) / (minutes * 60_000));
      for (const counter of counters) {
        const rate = (total[counter] - this.#countedRows[counter]) / seconds;
        rates[counter] = this.#isFirst ? rate : rates[counter] * kept + rate * (1 - kept);
      }
    }
    this.#isFirst = false;
    this.#countedRows = total;
    this.#stepAtMs += steps * STEP_MS;
  }

  averages(): MovingAverages {
    return this.#rates;
  }
}
