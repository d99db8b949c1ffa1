/**
 * The data folder belongs to one process at a time, and remembers which processes it started: a start after a crash
 * finds the lock stale and the orphans by name.
 */
import fs from 'node:fs';
import path from 'node:path';
import { CodedError } from '../proto/errors.js';
import { isSameProcess, ownIdentity, processStartTime, type ProcessIdentity } from './place.js';

interface LockRecord extends ProcessIdentity {
  readonly incarnation: string;
}

export interface DataFolderLock {
  readonly dir: string;
  readonly incarnation: string;
  /** Who held the folder before and left without releasing it; its leases may be taken over at once. */
  readonly previousIncarnation: string | undefined;
  release(): void;
}

/**
 * Makes the folder when absent and takes its lock.
 * @throws CodedError Conflict naming the owner's pid while that process lives.
 */
export function lockDataFolder(dir: string, incarnation: string): DataFolderLock {
  fs.mkdirSync(dir, { recursive: true });
  const file = path.join(dir, 'grove.lock');
  const mine: LockRecord = { ...ownIdentity(), incarnation };
  const previous = acquire(dir, file, mine);
  removeDrafts(dir);
  return {
    dir,
    incarnation,
    previousIncarnation: previous?.incarnation,
    release: () => {
      if (readLock(file)?.incarnation === incarnation) fs.rmSync(file, { force: true });
    },
  };
}

function acquire(dir: string, file: string, mine: LockRecord): LockRecord | undefined {
  if (createWhole(file, mine)) return undefined;
  // The lock is there. Whoever replaces a stale one does so alone, else two starters could both replace it.
  const guard = `${file}.takeover`;
  if (!createWhole(guard, mine)) {
    refuseIfAlive(dir, readLock(guard));
    fs.rmSync(guard, { force: true });
    if (!createWhole(guard, mine)) refuseIfAlive(dir, readLock(guard));
  }
  try {
    const held = readLock(file);
    refuseIfAlive(dir, held);
    writeWhole(file, mine);
    return held;
  } finally {
    fs.rmSync(guard, { force: true });
  }
}

/** What processes killed in the middle of `createWhole` have left. */
function removeDrafts(dir: string): void {
  for (const name of fs.readdirSync(dir)) {
    const pid = /^grove\.lock(?:\.takeover)?\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && processStartTime(Number(pid)) === '')
      fs.rmSync(path.join(dir, name), { force: true });
  }
}

function refuseIfAlive(dir: string, held: LockRecord | undefined): void {
  if (held === undefined || !isSameProcess(held)) return;
  throw new CodedError(
    'Conflict',
    `data folder[${dir}] is in use by process[${held.pid}]: stop that process, or choose another folder`,
    { pid: held.pid },
  );
}

/** Who holds the folder's lock: a living process, one that died with it, or nobody (yet). */
export function folderOwner(dir: string): 'alive' | 'dead' | 'none' {
  const held = readLock(path.join(dir, 'grove.lock'));
  if (held === undefined) return 'none';
  return isSameProcess(held) ? 'alive' : 'dead';
}

function readLock(file: string): LockRecord | undefined {
  const record = readRecord(file);
  return record === undefined
    ? undefined
    : {
        pid: Number(record['pid'] ?? 0),
        startTime: textOf(record, 'startTime'),
        incarnation: textOf(record, 'incarnation'),
      };
}

/** Undefined when absent or unreadable: such a file proves nothing about a living process. */
function readRecord(file: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(record: Record<string, unknown>, key: string): string {
  const value = record[key];
  return typeof value === 'string' ? value : '';
}

/** Makes the file with its whole content at once; false when it exists. */
function createWhole(file: string, content: object): boolean {
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, JSON.stringify(content), { mode: 0o600 });
  try {
    fs.linkSync(draft, file);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

function writeWhole(file: string, content: object): void {
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, JSON.stringify(content), { mode: 0o600 });
  fs.renameSync(draft, file);
}

// ---- processes started from this folder

export interface RegisteredProcess extends ProcessIdentity {
  /** File name below run/, e.g. "nats-server" or "peon-<task>". */
  readonly name: string;
  /** Must be part of the living process's command line, else the entry is stale. */
  readonly commandLinePart: string;
  /** What an adopter needs to know: addresses, ports, the task. */
  readonly details: Readonly<Record<string, string>>;
}
export interface ProcessRegistry {
  record(entry: RegisteredProcess): void;
  forget(name: string): void;
  /** The registered processes that are alive and still the same; entries of dead ones are removed. */
  living(): readonly RegisteredProcess[];
  find(name: string): RegisteredProcess | undefined;
}

export function processRegistry(dir: string): ProcessRegistry {
  const folder = path.join(dir, 'run');
  fs.mkdirSync(folder, { recursive: true });
  const fileOf = (name: string): string => {
    if (!/^[A-Za-z0-9_.-]{1,200}$/.test(name) || name.startsWith('.')) {
      throw new CodedError('InvalidInput', `name[${name}] can't be a pid file's name`, { field: 'name' });
    }
    return path.join(folder, `${name}.json`);
  };
  const living = (): RegisteredProcess[] => {
    const found: RegisteredProcess[] = [];
    for (const file of fs
      .readdirSync(folder)
      .filter((f) => f.endsWith('.json'))
      .sort()) {
      const entry = readEntry(path.join(folder, file), file.slice(0, -'.json'.length));
      if (entry !== undefined && isSameProcess(entry, entry.commandLinePart)) found.push(entry);
      else fs.rmSync(path.join(folder, file), { force: true });
    }
    return found;
  };
  return {
    record: (entry) => writeWhole(fileOf(entry.name), entry),
    forget: (name) => fs.rmSync(fileOf(name), { force: true }),
    living,
    find: (name) => living().find((entry) => entry.name === name),
  };
}

function readEntry(file: string, name: string): RegisteredProcess | undefined {
  const record = readRecord(file);
  if (record === undefined) return undefined;
  const details: Record<string, string> = {};
  for (const [key, value] of Object.entries((record['details'] ?? {}) as object))
    details[key] = String(value);
  return {
    name,
    pid: Number(record['pid'] ?? 0),
    startTime: textOf(record, 'startTime'),
    commandLinePart: textOf(record, 'commandLinePart'),
    details,
  };
}
