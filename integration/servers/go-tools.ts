/** Programs written in Go that tests use: named by a variable, in PATH or the cache folder, else built into it. */
import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../runtime/nats-obtain.js';
import { runCommand } from '../../runtime/place.js';
import { skipBecause } from '../skips.js';
import { clock } from './nats.js';

/** Building may take this long; hooks that ask for a program need more time than this. */
export const goBuildMs = 420_000;

export interface GoTool {
  /** Of the binary. */
  readonly name: string;
  /** Environment variable with the path of one that is there. */
  readonly variable: string;
  /** `path@version`, checked by Go's checksum database. */
  readonly module: string;
}

/** Its path. Skips the running test or suite with the reason when it can't be had. */
export async function goTool(
  context: Parameters<typeof skipBecause>[0],
  { name, variable, module }: GoTool,
): Promise<string> {
  const named = process.env[variable];
  if (named !== undefined) return named;
  const folder = cacheFolder(process.env);
  const cached = path.join(folder, name);
  const places = (process.env['PATH'] ?? '').split(path.delimiter).map((at) => path.join(at, name));
  const found = [...places, cached].find((file) => fs.existsSync(file));
  if (found !== undefined) return found;
  fs.mkdirSync(folder, { recursive: true });
  const built = await runCommand(clock, 'go', ['install', module], {
    timeLimitMs: goBuildMs,
    env: { GOBIN: folder },
  });
  if (built.code === 0 && fs.existsSync(cached)) return cached;
  return skipBecause(
    context,
    `${name} is not here and could not be built with Go (exit code ${built.code}); ${variable} may name one`,
  );
}
