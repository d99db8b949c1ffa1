/**
 * DuckDB on the same rows: the Python wheel of the version that Druid was measured beside, in a process of its own,
 * or the Node package where there is no Python. Neither is a dependency of Grove: the bench installs them beside the
 * build.
 */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';
import { root } from '../../launch.js';
import { columns } from './lineitem.js';

export interface Peer {
  /** As it says itself, and how it is reached. */
  readonly version: string;
  /** Milliseconds until the whole result is there. */
  time(sql: string): Promise<number>;
  rows(sql: string): Promise<unknown[][]>;
  close(): void;
}

const folder = path.join(root, 'dist/bench-peers');
const here = path.join(root, 'integration/perf/bench');
const installMs = 180_000;

/** DuckDB with the table `lineitem` in memory, sorted by ship date; or why it is not there. */
export async function startPeer(csv: string): Promise<Peer | string> {
  const python = await pythonPeer().catch(reasonOf);
  const peer = typeof python === 'string' ? await nodePeer().catch(reasonOf) : python;
  if (typeof peer === 'string') return `Python: ${python as string}; Node: ${peer}`;
  const types = columns.map((name) => `'${name}': '${typeOf(name)}'`);
  await peer.time(
    `CREATE TABLE lineitem AS SELECT * FROM read_csv('${csv}', header = true, columns = {${types.join(', ')}}) ORDER BY l_shipdate`,
  );
  return peer;
}

function typeOf(column: string): string {
  if (column === 'l_shipdate') return 'DATE';
  if (column === 'l_quantity') return 'BIGINT';
  return ['l_extendedprice', 'l_discount', 'l_tax'].includes(column) ? 'DOUBLE' : 'VARCHAR';
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown';
}

// ---- Python

async function pythonPeer(): Promise<Peer> {
  const home = path.join(folder, 'python');
  const python = path.join(home, 'bin/python3');
  const ready = path.join(home, 'ready');
  if (!fs.existsSync(ready)) {
    const quiet = { stdio: 'pipe', timeout: installMs } as const;
    execFileSync('python3', ['-m', 'venv', home], quiet);
    execFileSync(
      python,
      ['-m', 'pip', 'install', '--quiet', '-r', path.join(here, 'requirements.txt')],
      quiet,
    );
    fs.writeFileSync(ready, '');
  }
  const child = spawn(python, [path.join(here, 'duckdb-peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the Python process ended');
    const answer = JSON.parse(value) as Record<string, unknown>;
    if (typeof answer['error'] === 'string') throw new Error(answer['error']);
    return answer;
  };
  const ask = (question: object): Promise<Record<string, unknown>> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    return next();
  };
  const { version } = await next();
  return {
    version: `${String(version)} (Python)`,
    time: async (sql) => (await ask({ sql }))['ms'] as number,
    rows: async (sql) => (await ask({ sql, rows: true }))['rows'] as unknown[][],
    close: () => void child.stdin.end(),
  };
}

// ---- Node

/** The parts of the package that are used here. */
interface Connection {
  run(sql: string): Promise<{ getRows(): Promise<unknown[][]> }>;
  closeSync?(): void;
}
interface Package {
  readonly DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<Connection> }> };
}

async function nodePeer(): Promise<Peer> {
  const own = path.join(here, 'package.json');
  const installed = path.join(folder, 'package.json');
  if (!fs.existsSync(installed) || fs.readFileSync(installed, 'utf8') !== fs.readFileSync(own, 'utf8')) {
    fs.mkdirSync(folder, { recursive: true });
    fs.copyFileSync(own, installed);
    const tool = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-package-lock'];
    try {
      execFileSync('npm', tool, { stdio: ['ignore', 'ignore', 'pipe'], timeout: installMs });
    } catch (error) {
      fs.rmSync(installed, { force: true });
      throw error;
    }
  }
  const entry = createRequire(installed).resolve('@duckdb/node-api');
  const found = (await import(pathToFileURL(entry).href)) as Package;
  const connection = await (await found.DuckDBInstance.create(':memory:')).connect();
  const rows = async (sql: string): Promise<unknown[][]> => (await connection.run(sql)).getRows();
  const [[version]] = (await rows('SELECT version()')) as [[string]];
  return {
    version: `${version} (Node)`,
    async time(sql) {
      const from = performance.now();
      await connection.run(sql);
      return performance.now() - from;
    },
    rows,
    close: () => connection.closeSync?.(),
  };
}
