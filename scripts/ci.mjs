#!/usr/bin/env node
// Runs `npm test`, then (when a folder with recorded Druid answers lies beside the checkout) the recorded cases in
// one process and against a fresh Grove, which fail only below the floors kept in integration/floors.json, then the
// long tests while time is left.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './build.mjs';
import { endProcess } from './ending.mjs';

const minutesMax = 55;
const startedAt = performance.now();
const minutesLeft = () => minutesMax - (performance.now() - startedAt) / 60_000;
const recordings = path.resolve(root, process.env.GROVE_RECORDINGS ?? '../shared');
const floorsFile = path.join(root, 'integration/floors.json');
const portBase = 18_888;

/**
 * Runs one program to its end and answers its exit code and all it wrote. What is not echoed goes through a file: a
 * program that ends by process.exit loses what a full pipe has not yet taken.
 */
function run(command, args, { echo = true, env = {}, minutes = minutesLeft() } = {}) {
  return new Promise((done) => {
    const folder = echo ? undefined : fs.mkdtempSync(path.join(os.tmpdir(), 'grove-ci-'));
    const file = folder && path.join(folder, 'out.txt');
    const sink = file === undefined ? 'pipe' : fs.openSync(file, 'w');
    // A group of its own: at the limit its children go with it.
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', sink, sink],
      detached: true,
    });
    let out = '';
    const take = (chunk) => {
      out += chunk;
      process.stdout.write(chunk);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    const finish = (code) => {
      if (file !== undefined && fs.existsSync(file)) {
        out = fs.readFileSync(file, 'utf8');
        fs.closeSync(sink);
        fs.rmSync(folder, { recursive: true });
      }
      done({ code, out });
    };
    const timer = setTimeout(
      () => {
        console.log(`${command} ${args.join(' ')} took longer than ${minutes.toFixed(0)} minutes: stopped`);
        process.kill(-child.pid, 'SIGKILL');
        // Somebody else may still hold its output.
        setTimeout(() => finish(1), 5_000);
      },
      Math.max(1, minutes) * 60_000,
    );
    child.on('close', (code) => {
      clearTimeout(timer);
      finish(code);
    });
  });
}

function counts(out) {
  const all = [...out.matchAll(/^(\d+) passed, (\d+) failed$/gm)];
  const last = all.at(-1);
  return last ? { passed: Number(last[1]), failed: Number(last[2]) } : undefined;
}

async function healthy(url) {
  for (let i = 0; i < 240; i++) {
    try {
      const answer = await fetch(`${url}/status/health`);
      if (answer.ok && (await answer.text()) === 'true') return true;
    } catch {
      // not there yet
    }
    await new Promise((r) => setTimeout(r, 250));
  }
  return false;
}

/** One recorded suite against a fresh Grove; answers whether the floor holds. */
async function recorded(name, script, args) {
  const url = `http://localhost:${portBase}`;
  const grove = spawn(
    process.execPath,
    ['scripts/grove.mjs', 'start', '--ephemeral', '--port-base', String(portBase)],
    {
      cwd: root,
      env: { ...process.env, GROVE_INPUT_DIRS: path.join(recordings, 'golden/datasets') },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const gone = new Promise((done) => grove.on('close', done));
  try {
    if (!(await healthy(url))) return { name, passed: 0, failed: 1, floor: 0, ok: false };
    const { out } = await run(process.execPath, [script, '--url', url, ...args], {
      echo: false,
      minutes: Math.min(15, minutesLeft()),
    });
    const found = counts(out) ?? { passed: 0, failed: 0 };
    const floor = floorOf(name);
    console.log(
      out
        .split('\n')
        .filter((line) => /^(ingested|INGEST FAILED|weight|\S+: \d+ passed)/.test(line))
        .join('\n'),
    );
    return { name, ...found, floor, ok: found.passed >= floor };
  } finally {
    grove.kill('SIGTERM');
    await Promise.race([gone, new Promise((r) => setTimeout(r, 20_000))]);
    grove.kill('SIGKILL');
  }
}

const test = await run('npm', ['test']);
const total = counts(test.out) ?? { passed: 0, failed: 1 };
const skipsOf = (out) => out.match(/^skipped: .*$/gm)?.at(-1) ?? 'skipped: 0 (none)';
const skipLines = [skipsOf(test.out)];
let { passed, failed } = total;
if (test.code !== 0 && failed === 0) failed++;
// Tests of the embedded store, the bus and gRPC may not be skipped.
if (/sqlite|nats-server|\bgrpc\b/i.test(skipLines[0])) failed++;

const floorOf = (name) => JSON.parse(fs.readFileSync(floorsFile, 'utf8'))[name] ?? 0;

function judge({ name, passed: good, failed: bad, floor, ok }) {
  console.log(`${name}: ${good} of ${good + bad} recorded cases pass (floor ${floor})`);
  if (ok) passed++;
  else failed++;
}

/** Recorded inputs and outputs of single functions, without a server. */
async function vectors() {
  const folders = ['functions', 'hashes'].map((name) => path.join(recordings, 'fixtures', name));
  const { out } = await run(process.execPath, ['dist/integration/vectors/run.js', ...folders], {
    echo: false,
  });
  const found = counts(out) ?? { passed: 0, failed: 0 };
  const floor = floorOf('vectors');
  return { name: 'vectors', ...found, floor, ok: found.passed >= floor };
}

if (fs.existsSync(path.join(recordings, 'fixtures/functions')) && minutesLeft() > 5) judge(await vectors());
/** The recorded native queries over the same rows in several shapes: in one process, and on real historicals. */
async function shapes() {
  const { out } = await run(
    process.execPath,
    ['dist/integration/shapes/run.js', path.join(recordings, 'golden')],
    { echo: false, minutes: Math.min(10, minutesLeft()) },
  );
  console.log(out.match(/^(NOT LOADED|left out).*$/gm)?.join('\n') ?? 'all data sets loaded');
  return ['growing', 'one', 'many', 'nodes', 'historicals'].map((shape) => {
    const found = out.match(new RegExp(`^shape ${shape}: (\\d+) passed, (\\d+) failed`, 'm'));
    const [good, bad] = found === null ? [0, 1] : found.slice(1).map(Number);
    const name = `shapes-${shape}`;
    const floor = floorOf(name);
    return { name, passed: good, failed: bad, floor, ok: good >= floor };
  });
}

if (fs.existsSync(path.join(recordings, 'golden/queries')) && minutesLeft() > 5)
  for (const shape of await shapes()) judge(shape);
const suites = [
  ['golden', path.join(recordings, 'golden/run.mjs'), ['--ingest']],
  ['golden-rest', path.join(recordings, 'golden-rest/run.mjs'), []],
];
for (const [name, script, args] of suites) {
  if (fs.existsSync(script) && minutesLeft() > 5) judge(await recorded(name, script, args));
}
if (failed === 0 && minutesLeft() > 15) {
  // A test that has begun may need some minutes to its end.
  const wanted = Math.floor(minutesLeft() - 6);
  const long = await run('npm', ['run', 'test:long', '--', '--minutes', String(wanted)]);
  const found = counts(long.out);
  if (found) {
    passed += found.passed;
    failed += found.failed;
    skipLines.push(skipsOf(long.out));
  } else failed++;
}
const skips = skipLines.map((line) => /^skipped: (\d+) \((.*)\)$/.exec(line) ?? [line, '0', 'none']);
const skipReasons = skips.map(([, , reasons]) => reasons).filter((reasons) => reasons !== 'none');
const skipCount = skips.reduce((sum, [, count]) => sum + Number(count), 0);
console.log(`skipped: ${skipCount} (${skipReasons.length === 0 ? 'none' : skipReasons.join('; ')})`);
console.log(`${passed} passed, ${failed} failed`);
await endProcess(failed > 0 ? 1 : 0);
