/**
 * A task's own process: `peon <config.json>`. Fetches its task, runs it, tells the overlord how it ended. Speaks only
 * gRPC to the overlord; its sign of life is a beat every few seconds. SIGTERM: stops before the publish (never inside)
 * and reports FAILED. Ends with code 0 when the overlord has heard the end, 1 when it has not.
 */
import fs from 'node:fs';
import v8 from 'node:v8';
import { asCoded, CodedError } from '../../proto/errors.js';
import { systemClock } from '../../runtime/clock.js';
import { createCrashPoints } from '../../runtime/crash-points.js';
import { pause } from '../../runtime/deadline.js';
import { createGrpcClient } from '../../runtime/grpc.js';
import { createLog, jsonSink, type LogLevel } from '../../runtime/log.js';
import type { Clock, HitCrashPoint, Log } from '../../runtime/types.js';
import { peonFiles, readJsonFile, writeWhole, type PeonConfig, type PeonEnd } from '../peon-config.js';
import { LocalStorage } from '../../segment/store/local-storage.js';
import { runBatchTask } from './batch-task.js';
import { runKillTask } from './kill-task.js';
import { OverlordClient } from './overlord-client.js';
import { isSubTaskType, runSubTask } from './sub-task.js';

interface Peon {
  readonly config: PeonConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly hit: HitCrashPoint;
  readonly overlord: OverlordClient;
  readonly stop: AbortController;
  phase: string;
  reportJson: string;
}

function open(configFile: string): Peon {
  const config = readJsonFile<PeonConfig>(configFile);
  if (config === undefined) throw new CodedError('InvalidInput', `file[${configFile}] is not there`);
  writeWhole(peonFiles.pid(config.folder), String(process.pid));
  const clock = systemClock();
  const sink = jsonSink((line) => fs.writeSync(1, line));
  const log = createLog({
    clock,
    sink,
    level: config.logLevel as LogLevel,
    fields: { taskId: config.taskId },
  });
  const hit = createCrashPoints({ plans: process.env['CRASH_AT'], armed: config.unsafeFaults, log });
  const overlord = new OverlordClient({
    taskId: config.taskId,
    incarnation: config.incarnation,
    overlordFile: config.overlordFile,
    connect: (address) => createGrpcClient({ address, token: config.token, clock }),
    clock,
    log,
    patienceMs: config.overlordPatienceMs,
  });
  return {
    config,
    clock,
    log,
    hit,
    overlord,
    stop: new AbortController(),
    phase: 'STARTING',
    reportJson: '',
  };
}

/** Ends when the task has ended; stops the task when the overlord says so or is gone for too long. */
async function beatUntil(peon: Peon, over: AbortSignal): Promise<void> {
  const { overlord, clock, config, stop, log } = peon;
  while (!over.aborted) {
    try {
      const { phase, reportJson } = peon;
      const result = await overlord.beat({ pid: process.pid, phase, reportJson });
      if (result.stop === true) {
        stop.abort(new CodedError('Canceled', `The overlord stopped the task: ${result.reason ?? ''}`));
      }
    } catch (thrown) {
      log.debug('a beat was not answered', { reason: asCoded(thrown).message });
      if (overlord.silentMs() > config.overlordPatienceMs) {
        const seconds = Math.round(overlord.silentMs() / 1000);
        stop.abort(new CodedError('Unavailable', `No overlord was reached for ${seconds} s`));
      }
    }
    await pause(clock, config.beatMs, over);
  }
}

async function runTask(peon: Peon): Promise<PeonEnd & { readonly reportJson: string }> {
  const { overlord, log, clock, stop, config } = peon;
  const json = JSON.parse(await overlord.task()) as Record<string, unknown>;
  const hit = crashPointsOf(peon, json);
  log.info('task starts', { type: String(json['type']), pid: process.pid });
  if (json['type'] === 'noop') {
    peon.phase = 'READING';
    const runTime = json['runTime'];
    await pause(clock, typeof runTime === 'number' ? runTime : 2_500, stop.signal);
    stop.signal.throwIfAborted();
    return { status: 'SUCCESS', errorMessage: '', reportJson: '' };
  }
  if (json['type'] === 'kill') {
    const { root, zip } = config.deepStorage;
    const store = new LocalStorage({ root, zip, hit });
    const { taskId } = config;
    const reportJson = await runKillTask(json, { taskId, overlord, store, clock, log, signal: stop.signal });
    return { status: 'SUCCESS', errorMessage: '', reportJson };
  }
  const progress = (phase: string, live: string): void => {
    peon.phase = phase;
    peon.reportJson = live;
  };
  const segmentThreadUrl = new URL('./segment-thread.js', import.meta.url);
  const deps = { config, overlord, clock, log, hit, signal: stop.signal, progress, segmentThreadUrl };
  const { taskId, folder } = config;
  const { reportJson, error } = isSubTaskType(json['type'])
    ? await runSubTask(json, { ...deps, taskId, workDir: peonFiles.work(folder) })
    : await runBatchTask(json, deps);
  if (error === undefined) return { status: 'SUCCESS', errorMessage: '', reportJson };
  return { status: 'FAILED', errorMessage: reasonOf(error, stop.signal).message, reportJson };
}

/**
 * With faults armed, a task's context may name crash points of its own (`crashAt`) for just this run of it; a sub-task
 * crashes in the first of its runs only.
 */
function crashPointsOf(peon: Peon, json: Record<string, unknown>): HitCrashPoint {
  const { config, log, hit } = peon;
  const plans = (json['context'] as Record<string, unknown> | undefined)?.['crashAt'];
  const isRepeated = Number(json['numAttempts'] ?? 0) > 0;
  if (!config.unsafeFaults || typeof plans !== 'string' || isRepeated) return hit;
  const own = createCrashPoints({ plans, armed: true, log });
  return (name) => {
    hit(name);
    own(name);
  };
}

/** What made the task stop says more than "canceled". */
function reasonOf(error: CodedError, signal: AbortSignal): CodedError {
  return signal.aborted && signal.reason instanceof CodedError ? signal.reason : error;
}

async function main(configFile: string): Promise<number> {
  const peon = open(configFile);
  const { config, clock, log, overlord, stop } = peon;
  const startedAt = clock.monotonic();
  process.on('SIGTERM', () => {
    log.warn('told to stop');
    stop.abort(new CodedError('Canceled', 'The task process was told to stop (SIGTERM) before it was done'));
  });
  process.on('SIGINT', () => undefined);
  const over = new AbortController();
  const beating = beatUntil(peon, over.signal);
  // Timers of the clock don't keep a process alive; work does, and so must the waiting between.
  const alive = clock.setTimer(2 ** 31, () => undefined, true);
  const end = await runTask(peon).catch((thrown: unknown) => {
    const error = reasonOf(asCoded(thrown), stop.signal);
    return { status: 'FAILED' as const, errorMessage: error.message, reportJson: peon.reportJson };
  });
  over.abort();
  await beating;
  const { status, errorMessage, reportJson } = end;
  if (status === 'FAILED') log.error('task failed', { reason: errorMessage });
  else log.info('task is done', { ms: Math.round(clock.monotonic() - startedAt) });
  writeWhole(peonFiles.end(config.folder), JSON.stringify({ status, errorMessage } satisfies PeonEnd));
  try {
    const durationMs = Math.max(1, Math.round(clock.monotonic() - startedAt));
    await overlord.done({ status, errorMessage, durationMs, reportJson });
    return 0;
  } catch (thrown) {
    log.error('the overlord was not told', { reason: asCoded(thrown).message });
    return 1;
  } finally {
    overlord.close();
    alive.cancel();
  }
}

// Several tasks share a machine: what was used once is cleared away sooner than it is by default, for little time.
v8.setFlagsFromString('--heap-growing-percent=30');
// At once: nothing that still hangs about may keep the slot.
process.exit(await main(process.argv[2] ?? ''));
