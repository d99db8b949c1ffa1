/** The bench's tables and means. */
import type { BenchQuery } from './queries.js';

/** Milliseconds of each round. */
export interface Measured {
  readonly query: BenchQuery;
  /** In the data node. */
  readonly grove: number[];
  /** Until the answer's last byte is there, through HTTP at the broker. */
  readonly http: number[];
  /** Empty without DuckDB. */
  readonly duckdb: number[];
}

export interface Section {
  readonly threads: number;
  readonly isHot: boolean;
  readonly rows: number;
  readonly measured: readonly Measured[];
}

export const least = (times: readonly number[]): number => Math.min(...times);
export function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function ratios({ query, grove, duckdb }: Measured): { duckdb: number; druid: number } {
  const ratio = least(grove) / least(duckdb);
  return { duckdb: ratio, druid: (ratio * query.duckdbMs) / query.druidMs };
}

/** Of the ratios of the shortest times. */
export function geomean({ measured }: Section): { readonly duckdb: number; readonly druid: number } {
  const counted = measured.filter(({ query, duckdb }) => query.isAside !== true && duckdb.length > 0);
  const mean = (values: readonly number[]): number =>
    Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
  const all = counted.map(ratios);
  return { duckdb: mean(all.map((one) => one.duckdb)), druid: mean(all.map((one) => one.druid)) };
}

const headings = [
  'grove',
  'median',
  'HTTP',
  'adds',
  'median',
  'DuckDB',
  'median',
  'g/duck',
  'g/druid*',
  'M rows/s/core',
];

/** Times are milliseconds, the least of all rounds unless said otherwise. */
export function printSection(section: Section): void {
  const { threads, isHot, rows, measured } = section;
  const rounds = measured[0]?.grove.length ?? 0;
  console.log(
    `\n${isHot ? 'hot' : 'cold'}, ${threads} thread${threads === 1 ? '' : 's'}, min of ${rounds} rounds`,
  );
  console.log(`${'query'.padEnd(38)}${headings.map((text) => text.padStart(9)).join('')}`);
  for (const one of measured) {
    const { query, grove, http, duckdb } = one;
    const own = least(grove);
    const adds = http.map((ms, round) => ms - (grove[round] ?? 0));
    const times = [own, median(grove), least(http), least(adds), median(adds)]
      .map((ms) => ms.toFixed(2).padStart(9))
      .join('');
    const rate = (rows / own / 1000 / threads).toFixed(0).padStart(9);
    if (duckdb.length === 0) {
      console.log(`${query.name.padEnd(38)}${times}${rate}`);
      continue;
    }
    const theirs = [least(duckdb), median(duckdb)].map((ms) => ms.toFixed(2).padStart(9)).join('');
    const both = ratios(one);
    const ratio = [both.duckdb, both.druid].map((x) => x.toFixed(2).padStart(9)).join('');
    console.log(`${query.name.padEnd(38)}${times}${theirs}${ratio}${rate}`);
  }
  const means = geomean(section);
  if (!Number.isNaN(means.duckdb)) {
    console.log(
      `geometric means without count(*): grove/duckdb ${means.duckdb.toFixed(2)}, grove/druid* ${means.druid.toFixed(2)}`,
    );
    console.log('* derived: the ratio here times the measured ratio of DuckDB to Druid on one thread');
  }
}
