/**
 * druid: the rows of segments that are already stored, for reindexing. Of all used segments those that are visible
 * count, each for the stretch of time in which it is; time arrives as `__time` in milliseconds.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../../proto/errors.js';
import { parseFilter } from '../../query/native/filters.js';
import type { Filter } from '../../query/native/model.js';
import type { IntervalMs } from '../../segment/read/view.js';
import {
  identifierOf,
  isTombstone,
  parseDataSegmentText,
  type DataSegment,
} from '../../segment/timeline/data-segment.js';
import { condense, formatInterval, parseInterval } from '../../segment/timeline/interval.js';
import { Timeline } from '../../segment/timeline/timeline.js';
import type { Wanted } from '../formats/format.js';
import type { InputRow } from '../formats/row-reader.js';
import type { JsonKeys } from '../spec/keys.js';
import { askingFor } from '../transform/lookup-asking.js';
import { rowTest } from '../transform/row-filter.js';
import type { InputEntity } from './input-entity.js';
import { SegmentScanner } from './segment-scanner.js';
import type { InputSource, SourceDeps, SourceKind } from './source.js';

/** Whatever is visible in an interval, or just these segments, each for these intervals (the input of a sub-task). */
type Chosen =
  | { readonly interval: IntervalMs }
  | { readonly segments: readonly { readonly id: string; readonly intervals: readonly IntervalMs[] }[] };

interface DruidSpec {
  readonly dataSource: string;
  readonly chosen: Chosen;
  readonly filter: Filter | undefined;
  readonly filterJson: unknown;
  /** Columns to read; undefined: all. */
  readonly columns: readonly string[] | undefined;
}

export const druidSource: SourceKind = {
  type: 'druid',
  parse(keys: JsonKeys): InputSource {
    const dataSource = keys.text('dataSource');
    const chosen = keys.has('segments')
      ? checkSegments(keys)
      : { interval: parseInterval(keys.text('interval'), keys.at('interval')) };
    const filterJson = keys.raw('filter');
    const filter = filterJson === undefined ? undefined : parseFilter(filterJson, keys.at('filter'));
    if (filter !== undefined) checkFilter(filter, keys);
    const dimensions = keys.texts('dimensions');
    const metrics = keys.texts('metrics');
    const columns =
      dimensions === undefined && metrics === undefined
        ? undefined
        : [...(dimensions ?? []), ...(metrics ?? [])];
    keys.leftovers();
    const spec: DruidSpec = { dataSource, chosen, filter, filterJson, columns };
    return { type: 'druid', readsSegments: true, open: (deps) => openSegments(spec, deps) };
  },
};

/** What a lookup makes of a value can be asked in the transformSpec's filter. */
function checkFilter(filter: Filter, keys: JsonKeys): void {
  const lookups = new Set<string>();
  rowTest(filter, new Set(), askingFor(lookups));
  if (lookups.size > 0) throw keys.unsupported('filter', 'lookups by name are for the transformSpec only');
}

/** Druid's list for sub-tasks: `[{ segmentId, intervals }]`. */
function checkSegments(keys: JsonKeys): Chosen {
  if (keys.has('interval')) throw keys.wrong('segments', 'and interval exclude each other');
  const list = keys.list('segments') ?? [];
  const segments = list.map((item, i) => {
    const one = keys.item(item, `${keys.at('segments')}[${i}]`);
    const intervals = (one.texts('intervals') ?? []).map((text) => parseInterval(text, one.at('intervals')));
    return { id: one.text('segmentId'), intervals };
  });
  return { segments };
}

async function openSegments(spec: DruidSpec, deps: SourceDeps): Promise<InputEntity[]> {
  const { segments: lookup } = deps;
  if (lookup === undefined) {
    throw new CodedError('Unsupported', 'Input source[druid] needs an overlord to ask for segments');
  }
  const scanner = new SegmentScanner();
  const { chosen, dataSource } = spec;
  const windows = 'interval' in chosen ? [chosen.interval] : chosen.segments.flatMap((one) => one.intervals);
  const payloads = await lookup.usedSegments(dataSource, condense(windows).map(formatInterval));
  const used = payloads.map((payload) => parseDataSegmentText(payload));
  if ('segments' in chosen) {
    const byId = new Map(used.map((segment) => [identifierOf(segment), segment]));
    return chosen.segments.flatMap(({ id, intervals }) => {
      const segment = byId.get(id);
      if (segment === undefined) throw new CodedError('Conflict', `Segment[${id}] is not used any more`);
      return intervals.map((interval) => entityOf(segment, interval, spec, scanner, deps));
    });
  }
  const timeline = new Timeline<DataSegment>();
  for (const segment of used) timeline.add(segment);
  const found: InputEntity[] = [];
  for (const chunk of timeline.lookup(chosen.interval)) {
    for (const segment of chunk.segments) {
      if (isTombstone(segment)) continue;
      found.push(entityOf(segment, chunk.interval, spec, scanner, deps));
    }
  }
  if (found.length === 0) {
    const message = `spec.ioConfig.inputSource.interval: no used segments of dataSource[${spec.dataSource}] in it`;
    throw new CodedError('InvalidInput', message, { field: 'spec.ioConfig.inputSource.interval' });
  }
  return found;
}

function entityOf(
  segment: DataSegment,
  interval: IntervalMs,
  spec: DruidSpec,
  scanner: SegmentScanner,
  deps: SourceDeps,
): InputEntity {
  const id = identifierOf(segment);
  const { filterJson: filter, columns } = spec;
  return {
    name: id,
    sizeBytes: segment.size,
    alone: {
      type: 'druid',
      dataSource: spec.dataSource,
      segments: [{ segmentId: id, intervals: [formatInterval(interval)] }],
      ...(filter !== undefined && { filter }),
      ...(columns !== undefined && { dimensions: columns }),
    },
    open: () => {
      throw new CodedError('Bug', 'Segments are read by rows');
    },
    rows: (wanted, signal) => readSegment({ segment, interval, spec, scanner, deps, wanted, signal }),
  };
}

interface Reading {
  readonly segment: DataSegment;
  readonly interval: IntervalMs;
  readonly spec: DruidSpec;
  readonly scanner: SegmentScanner;
  readonly deps: SourceDeps;
  readonly wanted: Wanted;
  readonly signal: AbortSignal;
}

async function* readSegment(reading: Reading): AsyncGenerator<readonly InputRow[]> {
  const { segment, interval, spec, scanner, deps, wanted, signal } = reading;
  const filterColumns = new Set<string>();
  const test = spec.filter === undefined ? undefined : rowTest(spec.filter, filterColumns, {});
  const names = wanted.others ? undefined : [...wanted.names, ...filterColumns];
  const columns =
    names === undefined || spec.columns === undefined
      ? (names ?? spec.columns)
      : names.filter((name) => spec.columns?.includes(name) === true || filterColumns.has(name));
  const dir = join(deps.workDir, 'input-segment');
  await rm(dir, { recursive: true, force: true });
  await deps.segments?.fetch(segment, dir, signal);
  try {
    for (const rows of scanner.scan(dir, interval, columns)) {
      if (signal.aborted) throw new CodedError('Canceled', 'Stopped while reading');
      yield test === undefined ? rows : rows.filter((row) => test(row, row.timeMs) === true);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
