/**
 * Processes and threads: started, recognised, stopped. A pid alone proves nothing (numbers are reused), so a process
 * is always named by its pid and the moment it started.
 */
import { execFileSync, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import fs from 'node:fs';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { CodedError } from '../proto/errors.js';
import { pause } from './deadline.js';
import type { Clock } from './types.js';

const POLL_MS = 10;
const OUTPUT_BYTES_MAX = 1 << 20;

/** A process of this machine, for as long as the machine has not been started again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for the same process only. '' when the system could not tell. */
  readonly startTime: string;
}
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}
export interface ProcessHandle extends ProcessIdentity {
  /** Resolves when the process has ended; also for one that could never be started (code 127). */
  readonly exited: Promise<ProcessExit>;
  /** To the process, or to its whole group when it leads one. */
  kill(signal: NodeJS.Signals): void;
  /** This process may end before that one. */
  unref(): void;
}
export interface ProcessSpec {
  /** JavaScript file run by this very Node, or `command`. */
  readonly entry?: string;
  readonly command?: string;
  readonly args: readonly string[];
  /** Flags for Node itself, before `entry`. */
  readonly nodeArgs?: readonly string[];
  readonly cwd?: string;
  /** Replaces the environment; default this process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** In a process group of its own: a Ctrl-C in the terminal doesn't reach it, and it may outlive this process. */
  readonly detached?: boolean;
  /** Both outputs are appended here; without it they are thrown away. */
  readonly logFile?: string;
}

/** @throws CodedError Unavailable when the program can't be started. */
export function spawnProcess(spec: ProcessSpec): ProcessHandle {
  const command = spec.command ?? process.execPath;
  const args = spec.entry === undefined ? spec.args : [...(spec.nodeArgs ?? []), spec.entry, ...spec.args];
  const log = spec.logFile === undefined ? undefined : fs.openSync(spec.logFile, 'a', 0o600);
  const output = log ?? 'ignore';
  const stdio: StdioOptions = ['ignore', output, output];
  const detached = spec.detached ?? false;
  try {
    const child = spawn(command, args, {
      stdio,
      detached,
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      ...(spec.env === undefined ? {} : { env: spec.env }),
    });
    const exited = whenExited(child);
    if (child.pid === undefined) {
      throw new CodedError('Unavailable', `program[${command}] could not be started`);
    }
    const { pid } = child;
    return {
      pid,
      startTime: processStartTime(pid),
      exited,
      kill: (signal) => signalProcess(pid, signal, detached),
      unref: () => child.unref(),
    };
  } finally {
    if (log !== undefined) fs.closeSync(log);
  }
}

function whenExited(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: 127, signal: null }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

function signalProcess(pid: number, signal: NodeJS.Signals, group: boolean): void {
  try {
    process.kill(group ? -pid : pid, signal);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}

/** '' when there is no such process. */
export function processStartTime(pid: number): string {
  const stat = statFields(pid);
  if (stat !== undefined) return stat.state === 'Z' ? '' : `${bootId()}:${stat.startTicks}`;
  if (fs.existsSync('/proc/self/stat')) return '';
  return ps(pid, 'lstart');
}

interface StatFields {
  readonly state: string;
  readonly parent: number;
  readonly startTicks: string;
}

function statFields(pid: number): StatFields | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets and may itself hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields.length < 20
    ? undefined
    : { state: fields[0] ?? '', parent: Number(fields[1]), startTicks: fields[19] ?? '' };
}

function bootId(): string {
  return readIfThere('/proc/sys/kernel/random/boot_id').trim().slice(0, 8);
}

function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function ps(pid: number, column: string): string {
  try {
    return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 5_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

/** Program and arguments with spaces between; '' when there is no such process. */
export function commandLine(pid: number): string {
  const text = readIfThere(`/proc/${pid}/cmdline`);
  if (text !== '') return text.replaceAll('\0', ' ').trim();
  return fs.existsSync('/proc/self/stat') ? '' : ps(pid, 'command');
}

/** Is it alive, the same one, and does its command line hold `commandLinePart`? */
export function isSameProcess(identity: ProcessIdentity, commandLinePart = ''): boolean {
  if (identity.startTime === '' || processStartTime(identity.pid) !== identity.startTime) return false;
  return commandLine(identity.pid).includes(commandLinePart);
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTime: processStartTime(process.pid) };
}

/** All processes below `pid`, children first. Empty where the system has no /proc. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  const names = fs.existsSync('/proc/self/stat') ? fs.readdirSync('/proc') : [];
  for (const name of names.filter((n) => /^\d+$/.test(n))) {
    const parent = statFields(Number(name))?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (at: number): number[] =>
    (children.get(at) ?? []).flatMap((child) => [...below(child), child]);
  return below(pid);
}

/** Kills the process and everything below it, if it is still the same one. */
export function killTree(identity: ProcessIdentity, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (!isSameProcess(identity)) return;
  for (const pid of [...descendants(identity.pid), identity.pid]) signalProcess(pid, signal, false);
}

/**
 * SIGTERM, and SIGKILL after the grace; resolves when the process is gone.
 * @returns false when it had to be killed.
 */
export async function stopProcess(
  clock: Clock,
  identity: ProcessIdentity,
  graceMs: number,
): Promise<boolean> {
  if (!isSameProcess(identity)) return true;
  signalProcess(identity.pid, 'SIGTERM', false);
  const until = clock.monotonic() + graceMs;
  while (clock.monotonic() < until) {
    await pause(clock, POLL_MS);
    if (!isSameProcess(identity)) return true;
  }
  killTree(identity);
  while (isSameProcess(identity)) await pause(clock, POLL_MS);
  return false;
}

export interface CommandResult {
  /** 127 when the program does not exist, 124 when its time was over. */
  readonly code: number;
  /** Both outputs, the first MiB. */
  readonly output: string;
}

/** Runs a short program to its end; killed (with its group) when the time is over. */
export function runCommand(
  clock: Clock,
  command: string,
  args: readonly string[],
  options: {
    readonly timeLimitMs: number;
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string | undefined>>;
  },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      if (output.length < OUTPUT_BYTES_MAX) output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    let late = false;
    const timer = clock.setTimer(options.timeLimitMs, () => {
      late = true;
      if (child.pid !== undefined) signalProcess(child.pid, 'SIGKILL', true);
    });
    child.once('error', (error) => {
      timer.cancel();
      resolve({ code: 127, output: error.message });
    });
    child.once('close', (code) => {
      timer.cancel();
      resolve({ code: late ? 124 : (code ?? 1), output });
    });
  });
}

/** A worker thread of the compiled module at `url`. */
export function spawnThread(spec: {
  readonly url: URL;
  readonly workerData: unknown;
  readonly name?: string;
  readonly transferList?: NonNullable<WorkerOptions['transferList']>;
}): Worker {
  return new Worker(spec.url, {
    workerData: spec.workerData,
    ...(spec.name === undefined ? {} : { name: spec.name }),
    ...(spec.transferList === undefined ? {} : { transferList: spec.transferList }),
  });
}
