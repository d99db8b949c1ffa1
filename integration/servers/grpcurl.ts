/**
 * The real grpcurl: GRPCURL, PATH, the cache, else built with Go into the cache.
 */
import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../runtime/nats-obtain.js';
import { runCommand } from '../../runtime/place.js';
import { skipBecause } from '../skips.js';
import { clock } from './nats.js';

const BUILD_MS = 420_000;

export async function grpcurlBinary(context: Parameters<typeof skipBecause>[0]): Promise<string> {
  const named = process.env['GRPCURL'];
  if (named !== undefined) return named;
  const folder = cacheFolder(process.env);
  const cached = path.join(folder, 'grpcurl');
  const places = (process.env['PATH'] ?? '').split(path.delimiter).map((at) => path.join(at, 'grpcurl'));
  const found = [...places, cached].find((file) => fs.existsSync(file));
  if (found !== undefined) return found;
  fs.mkdirSync(folder, { recursive: true });
  const built = await runCommand(
    clock,
    'go',
    ['install', 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3'],
    {
      timeLimitMs: BUILD_MS,
      env: { GOBIN: folder },
    },
  );
  if (built.code !== 0) {
    return skipBecause(
      context,
      `grpcurl is not here and could not be built with Go (exit code ${built.code})`,
    );
  }
  return cached;
}
