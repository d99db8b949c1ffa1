/** A merged timeBoundary as Druid's JSON. */
import type { Frame } from '../frame.js';
import type { JsonSink } from '../json/write.js';
import type { TimeBoundaryQuery } from '../native/model.js';
import { type RenderHints, type Steps, stamper } from './buckets.js';
import { frameOutput } from './output.js';

/** `merged`: minTime and maxTime (LONG, ms); the extremes of all its rows are answered, [] when there is none. */
// eslint-disable-next-line require-yield -- one row; the other renderers have reason to yield
export function* renderTimeBoundary(
  query: TimeBoundaryQuery,
  merged: Frame,
  sink: JsonSink,
  { segmentStartMs }: RenderHints,
): Steps {
  const times = boundaryTimes(query, merged);
  const stamp = stamper(query);
  const at = times.at(-1)?.[1];
  const members = times.map(([name, ms]) => `"${name}":${stamp(ms)}`);
  const result = `"result":{${members.join(',')}}`;
  sink.raw(at === undefined ? '[]' : `[{"timestamp":${stamp(segmentStartMs ?? at)},${result}}]`);
}

/** The bounds that were asked for and are there, as they are answered; the last one dates the answer. */
export function boundaryTimes(
  query: TimeBoundaryQuery,
  merged: Frame,
): readonly (readonly [string, number])[] {
  const minMs = extreme(merged, 'minTime', Math.min);
  const maxMs = extreme(merged, 'maxTime', Math.max);
  const times: (readonly [string, number])[] = [];
  if (maxMs !== undefined && query.bound !== 'minTime') times.push(['maxTime', maxMs]);
  if (minMs !== undefined && query.bound !== 'maxTime') times.push(['minTime', minMs]);
  return times;
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
