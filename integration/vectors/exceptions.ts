/** Vectors where Grove differs from Druid on purpose: id → reason, kept in exceptions.json. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

interface Exception {
  readonly id: string;
  readonly reason: string;
}

function load(): readonly Exception[] {
  // Beside the sources, not the compiled code.
  const here = path.dirname(fileURLToPath(import.meta.url));
  const file = path.join(here.replace(`${path.sep}dist${path.sep}`, path.sep), 'exceptions.json');
  return JSON.parse(fs.readFileSync(file, 'utf8')) as readonly Exception[];
}

export const exceptions: ReadonlyMap<string, string> = new Map(load().map(({ id, reason }) => [id, reason]));
