/**
 * Structured logs: one record per line, to a sink that is handed in. Fields must never hold row data or secrets.
 */
import type { Writable } from 'node:stream';
import type { Clock, Log, LogFields } from './types.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface LogRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}
export type LogSink = (record: LogRecord) => void;

export interface LogOptions {
  readonly clock: Clock;
  readonly sink: LogSink;
  /** Records below it are not made. Default info. */
  readonly level?: LogLevel;
  readonly fields?: LogFields;
}

export function createLog(options: LogOptions): Log {
  const { clock, sink, level = 'info', fields = {} } = options;
  const least = RANK[level];
  const at =
    (recordLevel: LogLevel) =>
    (message: string, more?: LogFields): void => {
      if (RANK[recordLevel] < least) return;
      const all = more === undefined ? fields : { ...fields, ...more };
      sink({ at: clock.now(), level: recordLevel, message, fields: all });
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (more) => createLog({ clock, sink, level, fields: { ...fields, ...more } }),
  };
}

/** One JSON object per line: `at` (ISO), `level`, `message`, then the fields. */
export function jsonSink(write: (line: string) => void): LogSink {
  return (record) => {
    const { at, level, message, fields } = record;
    write(`${JSON.stringify({ at: new Date(at).toISOString(), level, message, ...fields })}\n`);
  };
}

/** For people: `12:34:56.789 WARN  message key=value`. Colours only when asked for. */
export function prettySink(write: (line: string) => void, colours = false): LogSink {
  const paint: Readonly<Record<LogLevel, string>> = {
    debug: '\u001b[2m',
    info: '',
    warn: '\u001b[33m',
    error: '\u001b[31m',
  };
  return (record) => {
    const time = new Date(record.at).toISOString().slice(11, 23);
    const pairs = Object.entries(record.fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${fieldText(value)}`)
      .join(' ');
    const text = `${time} ${record.level.toUpperCase().padEnd(5)} ${record.message}${pairs === '' ? '' : ` ${pairs}`}`;
    const colour = paint[record.level];
    write(colours && colour !== '' ? `${colour}${text}\u001b[0m\n` : `${text}\n`);
  };
}

function fieldText(value: string | number | boolean | undefined): string {
  const text = String(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

/** Lines that wait for a slow disk; more are dropped, and counted in the next line that gets through. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Writes lines to a stream and forgets failures: a closed pipe or a full disk must not take the process with it, and
 * one that doesn't drain must not take its memory.
 */
export function streamWriter(stream: Writable): (line: string) => void {
  let dropped = 0;
  stream.on('error', () => undefined);
  return (line) => {
    if (!stream.writable || stream.writableLength > WAITING_BYTES_MAX) {
      dropped += 1;
      return;
    }
    if (dropped > 0)
      stream.write(`${JSON.stringify({ level: 'warn', message: 'log lines were dropped', dropped })}\n`);
    dropped = 0;
    stream.write(line);
  };
}

/** A log that says nothing. */
export function silentLog(): Log {
  const nothing = (): void => undefined;
  const log: Log = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
    with: () => log,
  };
  return log;
}

/** `message` and stack of anything thrown, as fields. */
export function errorFields(thrown: unknown): LogFields {
  if (!(thrown instanceof Error)) return { error: String(thrown) };
  return { error: `${thrown.name}: ${thrown.message}`, stack: thrown.stack };
}
