#!/usr/bin/env node
// `npm test`: builds, checks lint and format, runs unit tests, then integration tests against real servers.
//   --only unit|integration|lint|long   one part; `long` (soaks, all of chaos) runs only when asked for
//   --grep TEXT
//   --minutes N   tests that would begin later are skipped, with that reason
// The last lines are `skipped: N (reasons)` and `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import Mocha from 'mocha';
import { endProcess } from './ending.mjs';
import { buildStale, root, sourceFiles, sourceFolders } from './build.mjs';

const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const only = option('only');
const grep = option('grep');
const minutes = Number(option('minutes') ?? Infinity);
const endsAt = performance.now() + minutes * 60_000;
const wants = (part) => only === undefined || only === part;

let passed = 0;
let failed = 0;
const reasons = new Map();
const pending = [];
/** Titles of tests for which there was no time. */
const late = new Set();

function check(name, bin, args) {
  const done = spawnSync(process.execPath, [path.join(root, 'node_modules', bin), ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  if (done.status === 0) passed++;
  else {
    failed++;
    console.log(`${name} failed:\n${done.stdout}${done.stderr}`);
  }
}

function testFiles(folders, ending) {
  return folders
    .flatMap((f) => sourceFiles(f, (file) => file.endsWith(`${ending}.ts`)))
    .map((file) => path.join(root, 'dist', path.relative(root, file)).replace(/\.ts$/, '.js'))
    .filter((file) => fs.existsSync(file));
}

async function runMocha(files, timeout) {
  if (files.length === 0) return;
  const mocha = new Mocha({ timeout, reporter: process.env.CI ? 'dot' : 'spec', ...(grep ? { grep } : {}) });
  for (const file of files) mocha.addFile(file);
  mocha.rootHooks({
    beforeEach() {
      if (performance.now() < endsAt) return;
      late.add(this.currentTest.fullTitle());
      this.skip();
    },
  });
  await mocha.loadFilesAsync();
  await new Promise((done) => {
    const runner = mocha.run(done);
    runner.on('pass', () => passed++);
    runner.on('pending', (test) => pending.push(test.fullTitle()));
    runner.on('fail', (test, error) => {
      failed++;
      if (process.env.CI) console.log(`FAILED ${test.fullTitle()}: ${error.message}`);
    });
  });
}

await buildStale();
process.setSourceMapsEnabled(true);
if (wants('lint')) {
  check('lint', 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']);
  check('format', 'oxfmt/bin/oxfmt', ['--check']);
}
const unitFolders = sourceFolders.filter((f) => f !== 'integration');
if (wants('unit'))
  await runMocha(
    [...testFiles(unitFolders, '.test'), path.join(root, 'dist/integration/tidy.test.js')],
    120_000,
  );
if (wants('integration')) {
  const files = testFiles(['integration'], '.test').filter((f) => !f.endsWith('tidy.test.js'));
  await runMocha(files, 600_000);
}
if (only === 'long') await runMocha(testFiles(['integration'], '.long'), 3_600_000);

const { skipped } = await import(pathToFileURL(path.join(root, 'dist/integration/skips.js')).href);
const explained = new Set(skipped.map(({ test }) => test));
// A test that skipped itself without a word is named, so that no skip is silent.
const silent = pending
  .filter((title) => !explained.has(title))
  .map((title) => ({ reason: late.has(title) ? `no time left in ${minutes.toFixed(0)} minutes` : title }));
for (const { reason } of [...skipped, ...silent]) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
const list = [...reasons].map(([reason, n]) => (n > 1 ? `${reason} ×${n}` : reason)).join('; ');
console.log(`skipped: ${skipped.length + silent.length} (${list === '' ? 'none' : list})`);
console.log(`${passed} passed, ${failed} failed`);
await endProcess(failed > 0 ? 1 : 0);
