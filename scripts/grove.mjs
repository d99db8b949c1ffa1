#!/usr/bin/env node
// The `grove` command: builds what is stale (in a checkout), then hands over to the bundled program in this process.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const program = path.join(root, 'dist/bin/main.js');

if (!fs.existsSync(path.join(root, 'node_modules/typescript')) && !fs.existsSync(program)) {
  process.stderr.write('grove: the packages are missing: run npm ci first\n');
  process.exit(1);
}
if (fs.existsSync(path.join(root, 'tsconfig.json')) && process.env.GROVE_NO_BUILD === undefined) {
  const { buildStale, isStale } = await import('./build.mjs');
  if (isStale()) {
    process.stderr.write('building…\n');
    await buildStale();
  }
}
const { main } = await import(pathToFileURL(program).href);
await main(process.argv.slice(2));
