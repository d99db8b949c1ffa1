/**
 * How late the event loop is: a blocked loop delays every heartbeat and lease of the process, so it is a metric.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricsRegistry } from './metrics.js';
import type { Clock, Timer } from './types.js';

const RESOLUTION_MS = 20;
/** Figures cover the current and the previous window. */
const WINDOW_MS = 10_000;
const NANOS_PER_MS = 1e6;

/** The part of a perf_hooks histogram that is used; nanoseconds between two ticks that should be 20 ms apart. */
export interface DelaySource {
  readonly max: number;
  percentile(percent: number): number;
  reset(): void;
}

export interface EventLoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
export interface EventLoopMonitor {
  /** Delays beyond the tick itself, over the last 10 to 20 s. */
  read(): EventLoopDelay;
  stop(): void;
}

/** Adds the gauges `grove_event_loop_delay_{p50,p99,max}_ms`. */
export function watchEventLoop(options: {
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
  /** Default: the process's own event loop. */
  readonly source?: DelaySource;
}): EventLoopMonitor {
  const { clock, metrics } = options;
  const { source, disable } = options.source
    ? { source: options.source, disable: () => undefined }
    : startMonitor();
  let previous: EventLoopDelay = { p50Ms: 0, p99Ms: 0, maxMs: 0 };
  let timer: Timer;
  const current = (): EventLoopDelay => ({
    p50Ms: lateMs(source.percentile(50)),
    p99Ms: lateMs(source.percentile(99)),
    maxMs: lateMs(source.max),
  });
  const rotate = (): void => {
    previous = current();
    source.reset();
    timer = clock.setTimer(WINDOW_MS, rotate);
  };
  timer = clock.setTimer(WINDOW_MS, rotate);
  const read = (): EventLoopDelay => {
    const now = current();
    return {
      p50Ms: Math.max(previous.p50Ms, now.p50Ms),
      p99Ms: Math.max(previous.p99Ms, now.p99Ms),
      maxMs: Math.max(previous.maxMs, now.maxMs),
    };
  };
  const gauge = (name: string, value: (delay: EventLoopDelay) => number): void =>
    metrics.collect(name, 'gauge', () => [{ value: value(read()) }]);
  gauge('grove_event_loop_delay_p50_ms', (delay) => delay.p50Ms);
  gauge('grove_event_loop_delay_p99_ms', (delay) => delay.p99Ms);
  gauge('grove_event_loop_delay_max_ms', (delay) => delay.maxMs);
  return {
    read,
    stop: () => {
      timer.cancel();
      disable();
    },
  };
}

function startMonitor(): { readonly source: DelaySource; readonly disable: () => void } {
  const source = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  source.enable();
  return { source, disable: () => void source.disable() };
}

function lateMs(nanos: number): number {
  return Math.max(0, Math.round((nanos / NANOS_PER_MS - RESOLUTION_MS) * 100) / 100);
}
