#!/usr/bin/env node
// Writes package-lock.json anew, complete for all platforms and without download addresses. npm's own
// omit-lockfile-registry-resolved leaves out the entries of other platforms' optional packages when it writes the
// file, so the file is written with addresses first and they are taken out after.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './build.mjs';

const at = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-lock-'));
fs.copyFileSync(path.join(root, 'package.json'), path.join(at, 'package.json'));
const args = [
  'install',
  '--package-lock-only',
  '--omit-lockfile-registry-resolved=false',
  '--no-audit',
  '--no-fund',
];
const done = spawnSync('npm', args, { cwd: at, stdio: 'inherit' });
if (done.status !== 0) process.exit(1);
const text = fs.readFileSync(path.join(at, 'package-lock.json'), 'utf8');
fs.writeFileSync(path.join(root, 'package-lock.json'), text.replace(/^ *"resolved": "https?:.*\n/gm, ''));
fs.rmSync(at, { recursive: true });
