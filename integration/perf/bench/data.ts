/** Lineitem-like rows, published as one segment in a data folder: made, or found there from an earlier run. */
import fs from 'node:fs';
import path from 'node:path';
import { launchGrove, temporaryFolder } from '../../launch.js';
import { lineitemTask, writeLineitem } from './lineitem.js';

/** Name of the datasource. */
export const lineitemData = 'lineitem';

export interface DataOptions {
  readonly scale: number;
  /** Kept for the next run; absent: a temporary one. */
  readonly dir: string | undefined;
}

export interface LineitemData {
  readonly csv: string;
  readonly dataDir: string;
  readonly rows: number;
  remove(): void;
}

/** The rows as a file and as a published segment; made unless they are there from an earlier run. */
export async function prepareLineitem(options: DataOptions): Promise<LineitemData> {
  const top = options.dir ?? temporaryFolder('grove-bench-');
  fs.mkdirSync(path.join(top, 'rows'), { recursive: true });
  const name = `lineitem-${options.scale}`;
  const csv = path.join(top, 'rows', `${name}.csv`);
  const dataDir = path.join(top, name);
  const done = path.join(top, `${name}.json`);
  const remove = (): void => {
    if (options.dir === undefined) fs.rmSync(top, { recursive: true, force: true });
  };
  if (fs.existsSync(done)) {
    const { rows } = JSON.parse(fs.readFileSync(done, 'utf8')) as { rows: number };
    return { csv, dataDir, rows, remove };
  }
  const rows = writeLineitem(csv, options.scale);
  const grove = await launchGrove({ dataDir, env: { GROVE_INPUT_DIRS: path.join(top, 'rows') } });
  try {
    const from = performance.now();
    const ended = await grove.ingest(lineitemTask(lineitemData, csv), 1_800_000);
    if (ended.statusCode !== 'SUCCESS') throw new Error(`the task failed: ${ended.errorMsg}`);
    const seconds = (performance.now() - from) / 1000;
    console.log(`ingested ${rows} rows in ${seconds.toFixed(1)} s: ${Math.round(rows / seconds)} rows/s`);
    await grove.rowsQueryable(lineitemData, rows);
  } finally {
    await grove.stop();
  }
  fs.writeFileSync(done, JSON.stringify({ rows }));
  return { csv, dataDir, rows, remove };
}
