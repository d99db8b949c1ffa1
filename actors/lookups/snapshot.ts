/** What was registered when this process ran last: a restart does not wait for a coordinator. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { HeldLookup } from './store.js';

/** A file that is not there or can't be read is as an empty one: the coordinator knows better. */
export async function readSnapshot(file: string): Promise<readonly HeldLookup[]> {
  try {
    const json: unknown = JSON.parse(await readFile(file, 'utf8'));
    return Array.isArray(json) ? json.filter(isHeld) : [];
  } catch {
    return [];
  }
}

function isHeld(json: unknown): json is HeldLookup {
  if (typeof json !== 'object' || json === null) return false;
  const keys = ['name', 'version', 'digest', 'type', 'factoryJson'];
  return keys.every((key) => typeof (json as Record<string, unknown>)[key] === 'string');
}

/** Durable before it is visible. */
export async function writeSnapshot(file: string, lookups: readonly HeldLookup[]): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.writing`;
  const handle = await open(temporary, 'w');
  try {
    const kept = lookups.map(({ name, version, digest, type, factoryJson }) => ({
      name,
      version,
      digest,
      type,
      factoryJson,
    }));
    await handle.writeFile(JSON.stringify(kept));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
