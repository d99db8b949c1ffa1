/**
 * DuckDB on the same rows, through its Node package. The package is no dependency of Grove: it is installed beside the
 * build, by the bench itself, from the package.json of this folder.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../launch.js';
import { columns } from './lineitem.js';

export interface Peer {
  readonly version: string;
  threads(count: number): Promise<void>;
  /** Milliseconds until the whole result is there, and its rows. */
  run(sql: string): Promise<{ readonly ms: number; rows(): Promise<unknown[][]> }>;
  close(): void;
}

/** The parts of the package that are used here. */
interface Connection {
  run(sql: string): Promise<{ getRows(): Promise<unknown[][]> }>;
  closeSync?(): void;
}
interface Package {
  readonly DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<Connection> }> };
}

const folder = path.join(root, 'dist/bench-peers');

/** The installed package, or why there is none. */
async function packageOf(): Promise<Package | string> {
  const own = path.join(root, 'integration/perf/bench/package.json');
  const installed = path.join(folder, 'package.json');
  try {
    if (!fs.existsSync(installed) || fs.readFileSync(installed, 'utf8') !== fs.readFileSync(own, 'utf8')) {
      fs.mkdirSync(folder, { recursive: true });
      const tool = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-package-lock'];
      fs.copyFileSync(own, installed);
      execFileSync('npm', tool, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 180_000 });
    }
    const entry = createRequire(installed).resolve('@duckdb/node-api');
    return (await import(pathToFileURL(entry).href)) as Package;
  } catch (error) {
    fs.rmSync(installed, { force: true });
    return `@duckdb/node-api can't be installed or loaded: ${error instanceof Error ? error.message : ''}`;
  }
}

/** DuckDB with the table `lineitem` in memory, sorted by ship date; or why it is not there. */
export async function startPeer(csv: string): Promise<Peer | string> {
  const found = await packageOf();
  if (typeof found === 'string') return found;
  const instance = await found.DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const numbers = ['l_extendedprice', 'l_discount', 'l_tax'];
  const types = columns.map((name) => {
    const type =
      name === 'l_shipdate'
        ? 'DATE'
        : name === 'l_quantity'
          ? 'BIGINT'
          : numbers.includes(name)
            ? 'DOUBLE'
            : 'VARCHAR';
    return `'${name}': '${type}'`;
  });
  await connection.run(
    `CREATE TABLE lineitem AS SELECT * FROM read_csv('${csv}', header = true, columns = {${types.join(', ')}}) ORDER BY l_shipdate`,
  );
  const [[version]] = (await (await connection.run('SELECT version()')).getRows()) as [[string]];
  return {
    version: String(version),
    async threads(count) {
      await connection.run(`SET threads = ${count}`);
    },
    async run(sql) {
      const from = performance.now();
      const result = await connection.run(sql);
      return { ms: performance.now() - from, rows: () => result.getRows() };
    },
    close: () => connection.closeSync?.(),
  };
}
