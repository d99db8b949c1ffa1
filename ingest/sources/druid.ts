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
import { identifierOf, parseDataSegmentText, type DataSegment } from '../../segment/timeline/data-segment.js';
import { formatInterval, parseInterval } from '../../segment/timeline/interval.js';
import { Timeline } from '../../segment/timeline/timeline.js';
import type { Wanted } from '../formats/format.js';
import type { InputRow } from '../formats/row-reader.js';
import type { JsonKeys } from '../spec/keys.js';
import { rowTest } from '../transform/row-filter.js';
import type { InputEntity } from './input-entity.js';
import { SegmentScanner } from './segment-scanner.js';
import type { InputSource, SourceDeps, SourceKind } from './source.js';

interface DruidSpec {
  readonly dataSource: string;
  readonly interval: IntervalMs;
  readonly filter: Filter | undefined;
  readonly filterJson: unknown;
  /** Columns to read; undefined: all. */
  readonly columns: readonly string[] | undefined;
}

export const druidSource: SourceKind = {
  type: 'druid',
  parse(keys: JsonKeys): InputSource {
    const dataSource = keys.text('dataSource');
    if (keys.has('segments')) {
      throw keys.unsupported('segments', 'give an interval; lists of segments are for sub-tasks of Druid');
    }
    const interval = parseInterval(keys.text('interval'), keys.at('interval'));
    const filterJson = keys.raw('filter');
    const filter = filterJson === undefined ? undefined : parseFilter(filterJson, keys.at('filter'));
    if (filter !== undefined) rowTest(filter, new Set());
    const dimensions = keys.texts('dimensions');
    const metrics = keys.texts('metrics');
    const columns =
      dimensions === undefined && metrics === undefined
        ? undefined
        : [...(dimensions ?? []), ...(metrics ?? [])];
    keys.leftovers();
    const spec: DruidSpec = { dataSource, interval, filter, filterJson, columns };
    return { type: 'druid', readsSegments: true, open: (deps) => openSegments(spec, deps) };
  },
};

async function openSegments(spec: DruidSpec, deps: SourceDeps): Promise<InputEntity[]> {
  const { segments: lookup } = deps;
  if (lookup === undefined) {
    throw new CodedError('Unsupported', 'Input source[druid] needs an overlord to ask for segments');
  }
  const payloads = await lookup.usedSegments(spec.dataSource, [formatInterval(spec.interval)]);
  const timeline = new Timeline<DataSegment>();
  for (const payload of payloads) timeline.add(parseDataSegmentText(payload));
  const scanner = new SegmentScanner();
  const found: InputEntity[] = [];
  for (const chunk of timeline.lookup(spec.interval)) {
    for (const segment of chunk.segments) {
      if (segment.shardSpec.type === 'tombstone') continue;
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
      interval: formatInterval(interval),
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
  const test = spec.filter === undefined ? undefined : rowTest(spec.filter, filterColumns);
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
