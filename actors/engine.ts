/**
 * The process's scan engine: one arena, one table of resident columns, one pool of worker threads, made once and
 * handed to the roles that scan, merge or encode.
 */
import os from 'node:os';
import type { Settings } from '../config/settings.js';
import { createPool } from '../query/engine/pool.js';
import type { Pool } from '../query/engine/pool-api.js';
import { compileKernels, instantiateKernels, type Kernels } from '../segment/kernels/load.js';
import { kernelCompressor } from '../query/engine/block-compressor.js';
import { createFrameCarrier, type FrameCarrier } from './frame-by-reference.js';
import { GroupMemory } from './group-memory.js';
import type { Clock, Log, Metrics, Random } from '../runtime/types.js';
import { createArena } from '../segment/kernels/arena.js';
import { createResidency, type Residency } from '../segment/read/residency.js';

export interface Engine {
  readonly pool: Pool;
  readonly frames: FrameCarrier;
  readonly groups: GroupMemory;
  /** For whoever opens segments: the table of resident columns and this thread's kernels. */
  readonly residency: Residency;
  readonly kernels: Kernels;
  close(): Promise<void>;
}

export interface EngineDeps {
  readonly settings: Settings;
  readonly workerUrl: URL;
  readonly kernelsPath: string;
  /** Groups on disk; of this process alone. */
  readonly spillDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Share of the arena for columns as they are on disk; decoded columns and scans take the rest. */
const coldShare = 0.5;

export function createEngine(deps: EngineDeps): Engine {
  const { settings, clock, log } = deps;
  const arena = createArena({ maximumBytes: settings.arenaBytesMax });
  const residency = createResidency({
    arena,
    coldBytesMax: Math.floor(settings.arenaBytesMax * coldShare),
    hotBytesMax: Math.min(settings.hotBytesMax, Math.floor(settings.arenaBytesMax / 4)),
  });
  const kernelsModule = compileKernels(deps.kernelsPath);
  const kernels = instantiateKernels(kernelsModule, arena);
  const pool = createPool({
    workerUrl: deps.workerUrl,
    threads: settings.workerThreads === 0 ? os.availableParallelism() : settings.workerThreads,
    kernelsModule,
    arenaHandle: arena.handle,
    residencyHandle: residency.handle,
    clock,
    log,
  });
  const groups = new GroupMemory({
    pool,
    settings: {
      dir: deps.spillDir,
      bytesMax: settings.groupByBytesMax,
      diskBytesMax: settings.groupByDiskBytesMax,
    },
    fileName: () => `${deps.random.hex(8)}.run`,
    metrics: deps.metrics,
    log,
  });
  return {
    pool,
    groups,
    frames: createFrameCarrier(kernelCompressor(kernels)),
    residency,
    kernels,
    close: () => pool.close(),
  };
}
