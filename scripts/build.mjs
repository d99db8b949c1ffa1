#!/usr/bin/env node
// Builds what is stale: kernels.wasm (AssemblyScript), generated protocol code, TypeScript, and the bundles that
// start fast. With nothing changed it only compares file stamps. `--no-bundle` stops after TypeScript.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
export const sourceFolders = [
  'proto',
  'config',
  'runtime',
  'segment',
  'query',
  'ingest',
  'actors',
  'integration',
];
const buildInputs = ['package.json', 'package-lock.json', 'tsconfig.json', 'scripts/build.mjs'];

/** Every file below a folder that a build depends on, sorted. */
export function sourceFiles(folder, keep = () => true) {
  const found = [];
  const walk = (at) => {
    for (const entry of fs.readdirSync(at, { withFileTypes: true })) {
      const full = path.join(at, entry.name);
      if (entry.isDirectory()) walk(full);
      else if (keep(full)) found.push(full);
    }
  };
  if (fs.existsSync(path.join(root, folder))) walk(path.join(root, folder));
  return found.toSorted((a, b) => (a < b ? -1 : 1));
}

function stampOf(files) {
  const hash = createHash('sha256').update(process.version);
  for (const file of files) {
    const { size, mtimeMs } = fs.statSync(file);
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function readIfThere(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
}

function run(bin, args) {
  const done = spawnSync(process.execPath, [path.join(root, 'node_modules', bin), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (done.status !== 0) throw new Error(`${bin} failed`);
}

function kernelSources() {
  return ['segment', 'query', 'ingest'].flatMap((folder) =>
    sourceFiles(`${folder}/kernels/assembly`, (f) => f.endsWith('.ts') && !f.endsWith('.d.ts')),
  );
}

/** One module from all kernel folders; rebuilt only when the text of its sources changes. */
function buildKernels() {
  const files = kernelSources();
  if (files.length === 0) return;
  const hash = createHash('sha256').update(readIfThere(path.join(root, 'scripts/build.mjs')));
  for (const file of files) hash.update(fs.readFileSync(file));
  const digest = hash.digest('hex');
  const stamp = path.join(dist, 'kernels.hash');
  const wasm = path.join(dist, 'kernels.wasm');
  if (readIfThere(stamp) === digest && fs.existsSync(wasm)) return;
  const entries = files.filter((f) => !path.basename(f).startsWith('_')).map((f) => path.relative(root, f));
  run('assemblyscript/bin/asc.js', [
    ...entries,
    '--outFile',
    path.relative(root, wasm),
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--enable',
    'simd',
    '--enable',
    'threads',
    '--enable',
    'bulk-memory',
    '--importMemory',
    '--sharedMemory',
    '--initialMemory',
    '16',
    '--maximumMemory',
    '65536',
  ]);
  fs.writeFileSync(stamp, digest);
}

function copyGenerated() {
  for (const file of sourceFiles('proto/gen')) {
    const target = path.join(dist, path.relative(root, file));
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.copyFileSync(file, target);
  }
}

/** Test files whose source is gone must not run on. */
function removeStale() {
  for (const folder of sourceFolders) {
    const out = path.join(dist, folder);
    if (!fs.existsSync(out)) continue;
    for (const file of fs.readdirSync(out, { recursive: true }).map(String)) {
      if (!file.endsWith('.js') || file.startsWith('gen')) continue;
      const source = path.join(root, folder, file.replace(/\.js$/, '.ts'));
      if (fs.existsSync(source)) continue;
      for (const ending of ['.js', '.js.map', '.d.ts']) {
        fs.rmSync(path.join(out, file.replace(/\.js$/, ending)), { force: true });
      }
      fs.rmSync(path.join(dist, `${folder}.tsbuildinfo`), { force: true });
    }
  }
}

/** Natives and packages that are imported on first use stay outside the bundles. */
const external = [
  'libsql',
  'lz4',
  'roaring',
  'mysql2',
  'mysql2/*',
  '@google-cloud/storage',
  // Drivers that knex names but Grove never loads.
  'mysql',
  'mariadb',
  'mariadb/*',
  'pg',
  'pg-*',
  'sqlite3',
  'better-sqlite3',
  'oracledb',
  'tedious',
  'mock-aws-s3',
  'aws-sdk',
  'nock',
];

async function bundle() {
  const entryPoints = {
    main: 'actors/main.ts',
    peon: 'actors/peon/main.ts',
    'engine-worker': 'query/engine/worker.ts',
    'metadata-thread': 'actors/metadata/thread.ts',
    'segment-thread': 'ingest/segment-thread.ts',
  };
  const present = Object.fromEntries(
    Object.entries(entryPoints).filter(([, file]) => fs.existsSync(path.join(root, file))),
  );
  if (Object.keys(present).length === 0) return;
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: present,
    outdir: 'dist/bin',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    splitting: false,
    sourcemap: true,
    minifySyntax: true,
    external,
    logLevel: 'warning',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url); const __filename = (await import('node:url')).fileURLToPath(import.meta.url); const __dirname = (await import('node:path')).dirname(__filename);",
    },
  });
}

const stampFileFor = (bundles) => path.join(dist, bundles ? 'build.stamp' : 'compile.stamp');

function currentStamp() {
  const inputs = [
    ...sourceFolders.flatMap((f) => sourceFiles(f)),
    ...buildInputs.map((f) => path.join(root, f)),
  ];
  return stampOf(inputs.filter((f) => fs.existsSync(f)));
}

export function isStale({ bundles = true } = {}) {
  return readIfThere(stampFileFor(bundles)) !== currentStamp();
}

/** @returns {Promise<boolean>} whether anything had to be built */
export async function buildStale({ bundles = true } = {}) {
  fs.mkdirSync(dist, { recursive: true });
  const stamp = currentStamp();
  const stampFile = stampFileFor(bundles);
  if (readIfThere(stampFile) === stamp) return false;
  buildKernels();
  copyGenerated();
  removeStale();
  run('typescript/bin/tsc', ['-b']);
  if (bundles) await bundle();
  fs.writeFileSync(stampFile, stamp);
  return true;
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  await buildStale({ bundles: !process.argv.includes('--no-bundle') });
}
