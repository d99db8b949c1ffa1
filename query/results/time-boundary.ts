/** A merged timeBoundary as Druid's JSON. */
import type { Frame } from '../frame.js';
import type { JsonSink } from '../json/write.js';
import type { TimeBoundaryQuery } from '../native/model.js';
import { type Steps, stamper } from './buckets.js';
import { frameOutput } from './output.js';

/** `merged`: minTime and maxTime (LONG, ms); the extremes of all its rows are answered, [] when there is none. */
// eslint-disable-next-line require-yield -- one row; the other renderers have reason to yield
export function* renderTimeBoundary(query: TimeBoundaryQuery, merged: Frame, sink: JsonSink): Steps {
  const minMs = extreme(merged, 'minTime', Math.min);
  const maxMs = extreme(merged, 'maxTime', Math.max);
  const stamp = stamper(query);
  const members: string[] = [];
  if (maxMs !== undefined && query.bound !== 'minTime') members.push(`"maxTime":${stamp(maxMs)}`);
  if (minMs !== undefined && query.bound !== 'maxTime') members.push(`"minTime":${stamp(minMs)}`);
  const at = query.bound === 'maxTime' ? maxMs : minMs;
  sink.raw(at === undefined ? '[]' : `[{"timestamp":${stamp(at)},"result":{${members.join(',')}}}]`);
}

function extreme(frame: Frame, name: string, choose: (a: number, b: number) => number): number | undefined {
  const output = frameOutput(frame, name);
  let found: number | undefined;
  for (let row = 0; row < frame.rows; row++) {
    const cell = output.at(row);
    if (cell === null) continue;
    found = found === undefined ? Number(cell) : choose(found, Number(cell));
  }
  return found;
}
