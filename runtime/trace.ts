/**
 * W3C trace context (`traceparent`). A trace id is made at a door and never re-made; each step gets its own span id.
 */
import type { Random } from './types.js';

export interface TraceParent {
  /** 32 hex characters, not all zero. */
  readonly traceId: string;
  /** 16 hex characters, not all zero. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Undefined when the text isn't a valid traceparent. */
export function parseTrace(text: string): TraceParent | undefined {
  const match = SHAPE.exec(text.trim());
  if (match === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 };
}

export function formatTrace(trace: TraceParent): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`;
}

/** A new trace, for doors only. */
export function makeTrace(random: Random): string {
  return formatTrace({ traceId: liveHex(random, 16), spanId: liveHex(random, 8), sampled: true });
}

/** The same trace with a new span id; a new trace when `text` is none. */
export function childTrace(text: string, random: Random): string {
  const parent = parseTrace(text);
  if (parent === undefined) return makeTrace(random);
  return formatTrace({ ...parent, spanId: liveHex(random, 8) });
}

/** The trace id, for logs; '' when there is none. */
export function traceIdOf(text: string): string {
  return parseTrace(text)?.traceId ?? '';
}

function liveHex(random: Random, bytes: number): string {
  const text = random.hex(bytes);
  return /^0+$/.test(text) ? `${'0'.repeat(bytes * 2 - 1)}1` : text;
}
