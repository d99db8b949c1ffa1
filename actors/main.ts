/** The `grove` program: argv → a client command, or roles → supervision tree. */
import fs from 'node:fs';
import { notesOf } from '../config/druid-notes.js';
import {
  readFlags,
  resolveSettings,
  settings as settingsTable,
  flagOf,
  type Settings,
} from '../config/settings.js';
import { CodedError } from '../proto/errors.js';
import { systemClock } from '../runtime/clock.js';
import { processRegistry } from '../runtime/data-folder.js';
import { pause } from '../runtime/deadline.js';
import { endProcess } from '../runtime/ending.js';
import { runCommand, type CommandIo } from './cli/commands.js';
import { makeEphemeralFolder } from './start/ephemeral.js';
import { createScreen, type Screen } from './start/screen.js';
import { startGrove } from './start-grove.js';

const out = (text: string): void => void process.stdout.write(text);
const err = (text: string): void => void process.stderr.write(text);

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function commandIo(): CommandIo {
  const clock = systemClock();
  return { out, err, stdin: readStdin, sleep: (ms) => pause(clock, ms), environment: process.env };
}

function readSettings(argv: readonly string[]): Settings {
  const { given, rest } = readFlags(argv);
  const [extra] = rest;
  if (extra !== undefined)
    throw new CodedError('InvalidInput', `Unknown argument[${extra}] of grove start`, { field: extra });
  const config = given.get('config') ?? process.env['GROVE_CONFIG'];
  let file: unknown;
  if (typeof config === 'string' && config !== '') {
    try {
      file = JSON.parse(fs.readFileSync(config, 'utf8'));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CodedError(
        'InvalidInput',
        `Can't read configuration file[${config}]: ${reason}`,
        { field: 'config' },
        error,
      );
    }
  }
  const settings = resolveSettings({
    flags: given,
    environment: process.env,
    ...(file === undefined ? {} : { file }),
  });
  for (const { property, reason } of notesOf(file))
    err(`grove: property[${property}] changes nothing: ${reason}\n`);
  return settings;
}

/** An ephemeral start gets a folder of its own, which goes when the process ends, however it ends. */
function settle(settings: Settings): Settings {
  if (!settings.ephemeral) return settings;
  const dataDir = makeEphemeralFolder();
  process.once('exit', () => fs.rmSync(dataDir, { recursive: true, force: true }));
  return { ...settings, dataDir, sample: false };
}

/** The second signal takes no time, but the servers we started have process groups of their own and must not stay. */
function endAtOnce(dataDir: string): never {
  for (const server of processRegistry(dataDir).living()) process.kill(server.pid, 'SIGTERM');
  process.exit(130);
}

/** Resolves at the first signal that asks us to stop; a second one ends the process at once. */
function stopWanted(dataDir: string): Promise<'stop'> {
  return new Promise((done) => {
    let isAsked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (isAsked) endAtOnce(dataDir);
        isAsked = true;
        done('stop');
      });
    }
  });
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

async function start(argv: readonly string[], screen: Screen): Promise<number> {
  const given = readSettings(argv);
  if (!loopback.has(given.host) && !given.insecure) {
    throw new CodedError(
      'InvalidInput',
      `host[${given.host}] is not loopback and there is no authentication; --insecure binds to it all the same`,
      { field: '--host' },
    );
  }
  // Before anything is started: a Ctrl-C while the servers come up must not leave them behind.
  const settings = settle(given);
  const wanted = stopWanted(settings.dataDir);
  const starting = startGrove(settings, screen);
  const early = await Promise.race([starting, wanted]);
  if (early === 'stop') screen.stopping();
  const running = await starting;
  const failure = await Promise.race([wanted, running.failed]);
  if (early !== 'stop') screen.stopping();
  await running.stop();
  screen.stopped();
  if (failure === 'stop') return 0;
  err(`grove: ${failure.message}\n`);
  return 1;
}

function settingsHelp(): string {
  const lines = Object.entries(settingsTable).map(([name, setting]) => {
    const fallback = Array.isArray(setting.fallback) ? setting.fallback.join(',') : String(setting.fallback);
    return `  ${flagOf(name).padEnd(26)} ${setting.about}${fallback === '' ? '' : ` (${fallback})`}`;
  });
  return `grove start: runs Grove. Settings, as flags, GROVE_* variables or in a --config file:\n\n${lines.join('\n')}\n`;
}

async function run(argv: readonly string[]): Promise<number> {
  const [command = 'help', ...rest] = argv;
  if (command !== 'start') {
    return await runCommand(command, rest, commandIo());
  }
  if (rest.includes('--help')) {
    out(settingsHelp());
    return 0;
  }
  try {
    return await start(rest, createScreen(out));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    err(`grove: ${error.message}\n`);
    return error.code === 'InvalidInput' ? 2 : 1;
  }
}

/** Runs the program and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // Whoever reads what we print may leave at any time (`| head`): that must not end a server.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  await endProcess(await run(argv));
}
