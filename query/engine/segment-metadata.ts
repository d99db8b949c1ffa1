/** segmentMetadata and dataSourceMetadata over one segment. */
import { BATCH_ROWS, type ColumnView, type StringColumnView } from '../../segment/read/view.js';
import { MIN_INSTANT_MS } from '../../segment/timeline/instant.js';
import type { Frame } from '../frame.js';
import type { DataSourceMetadataQuery, SegmentMetadataQuery } from '../native/model.js';
import {
  analysesFrame,
  type ColumnAnalysis,
  columnError,
  type Projections,
  type SegmentAnalysis,
} from '../segment-analysis.js';
import { comparatorOf } from '../sort/comparators.js';
import type { Environment } from './environment.js';

/**
 * Columns: maxTime LONG; null without rows. Only tables know of the times of their rows: of any other source it is the
 * least of all times.
 */
export function runDataSourceMetadata(
  { segment }: Environment,
  { source, filter }: DataSourceMetadataQuery,
): Frame {
  // A filter is that of the source: the query has none of its own.
  const isTable = (source === undefined || source.type === 'tables') && filter === undefined;
  const maxMs = isTable ? segment.timeRange()?.maxMs : MIN_INSTANT_MS;
  const values = BigInt64Array.of(BigInt(maxMs ?? 0));
  return {
    rows: 1,
    columns: [
      maxMs === undefined
        ? { name: 'maxTime', type: 'LONG', values, nulls: Uint8Array.of(1) }
        : { name: 'maxTime', type: 'LONG', values },
    ],
  };
}

export function runSegmentMetadata(environment: Environment, query: SegmentMetadataQuery): Frame {
  const { segment } = environment;
  const has = (type: SegmentMetadataQuery['analysisTypes'][number]): boolean =>
    query.analysisTypes.includes(type);
  const columns: Record<string, ColumnAnalysis> = {};
  let size = 0;
  for (const name of new Set(['__time', ...segment.dimensions, ...segment.metrics])) {
    const isIncluded = query.columns === undefined || query.columns.includes(name);
    // The size of a segment is that of all its columns.
    if (!isIncluded && !has('size')) continue;
    environment.check();
    const analysis = analyzeColumn(environment, name, query);
    if (analysis === undefined) continue;
    if (analysis.errorMessage === null) size += analysis.size;
    if (isIncluded) columns[name] = analysis;
  }
  const stored = storedMetadata(segment.metadataText);
  const analysis: SegmentAnalysis = {
    id: segment.id,
    interval: segment.interval,
    intervals: has('interval') ? [segment.interval] : null,
    columns,
    size,
    numRows: segment.rowCount,
    aggregators: has('aggregators') ? aggregatorsByName(stored['aggregators']) : null,
    timestampSpec: has('timestampSpec') ? (stored['timestampSpec'] ?? null) : null,
    queryGranularity: has('queryGranularity') ? (stored['queryGranularity'] ?? null) : null,
    rollup: has('rollup') && typeof stored['rollup'] === 'boolean' ? stored['rollup'] : null,
    ...(has('projections') ? { projections: projectionsByName(stored['projections']) } : {}),
  };
  return analysesFrame([analysis]);
}

function storedMetadata(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  const json: unknown = JSON.parse(text);
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
}

function aggregatorsByName(json: unknown): Readonly<Record<string, unknown>> | null {
  if (!Array.isArray(json)) return null;
  const found: Record<string, unknown> = {};
  for (const each of json as readonly unknown[]) {
    if (typeof each === 'object' && each !== null && 'name' in each && typeof each.name === 'string')
      found[each.name] = each;
  }
  return found;
}

function projectionsByName(json: unknown): Projections | null {
  if (!Array.isArray(json)) return null;
  const isNamed = (each: unknown): each is Projections[string] & { schema: { name: string } } => {
    const one = each as { readonly schema?: { readonly name?: unknown }; readonly numRows?: unknown } | null;
    return typeof one?.schema?.name === 'string' && typeof one.numRows === 'number';
  };
  return Object.fromEntries(json.filter(isNamed).map((each) => [each.schema.name, each]));
}

/** Bytes Druid takes a value for: a time as ten digits of text, a float as eight. */
const timeBytes = 10;
const numberBytes = 8;

function analyzeColumn(
  environment: Environment,
  name: string,
  query: SegmentMetadataQuery,
): ColumnAnalysis | undefined {
  const column = environment.segment.column(name);
  if (column === undefined) return undefined;
  const isSized = query.analysisTypes.includes('size');
  const rows = environment.segment.rowCount;
  switch (column.kind) {
    case 'string':
      return analyzeText(environment, column, query);
    case 'complex':
      return analyzeComplex(column);
    default: {
      const type = column.kind.toUpperCase();
      const bytes = name === '__time' ? timeBytes : numberBytes;
      return { ...plainColumn(type), hasNulls: column.hasNulls, size: isSized ? rows * bytes : 0 };
    }
  }
}

function plainColumn(type: string): ColumnAnalysis {
  return { ...columnError(''), type, typeSignature: type, size: 0, errorMessage: null };
}

function analyzeText(
  environment: Environment,
  column: StringColumnView,
  query: SegmentMetadataQuery,
): ColumnAnalysis {
  const has = (type: SegmentMetadataQuery['analysisTypes'][number]): boolean =>
    query.analysisTypes.includes(type);
  // Of texts mixed with numbers Druid has no dictionary to tell of.
  const isMixed = 'json' in column;
  const ends = has('minmax') && !isMixed ? dictionaryEnds(column) : undefined;
  return {
    ...plainColumn('STRING'),
    hasMultipleValues: column.hasMultipleValues,
    hasNulls: column.hasNulls,
    size: has('size') ? textBytes(environment, column) : 0,
    cardinality: has('cardinality') && !isMixed ? column.cardinality - unusedIds(column) : 0,
    minValue: ends?.least ?? null,
    maxValue: ends?.greatest ?? null,
  };
}

const inOrder = comparatorOf('lexicographic');

/**
 * A dictionary in order of appearance keeps a place for null whether it comes or not. Stored columns that found their
 * own type do so too, and there Druid counts it.
 */
function unusedIds(column: StringColumnView): number {
  if (column.dictionarySorted || column.hasNulls || column.cardinality === 0) return 0;
  return column.value(0) === null ? 1 : 0;
}

/** Null, where rows hold it, comes before all texts. Undefined: no values. */
function dictionaryEnds(
  column: StringColumnView,
): { readonly least: string | null; readonly greatest: string | null } | undefined {
  const { cardinality } = column;
  const first = unusedIds(column);
  if (cardinality === first) return undefined;
  if (column.dictionarySorted) return { least: column.value(0), greatest: column.value(cardinality - 1) };
  let least = column.value(first);
  let greatest = least;
  for (let id = first + 1; id < cardinality; id++) {
    const value = column.value(id);
    if (inOrder(value, least) < 0) least = value;
    if (inOrder(value, greatest) > 0) greatest = value;
  }
  return { least, greatest };
}

/** UTF-8 bytes of the values of all rows, each value once a row. */
function textBytes(environment: Environment, column: StringColumnView): number {
  const { kernels, scratch, segment } = environment;
  const lengths = Float64Array.from({ length: column.cardinality }, (_, id) =>
    Buffer.byteLength(column.value(id) ?? '', 'utf8'),
  );
  const out = scratch.take(BATCH_ROWS * 4);
  let total = 0;
  for (let start = 0; start < segment.rowCount; start += BATCH_ROWS) {
    environment.check();
    const rows = Math.min(BATCH_ROWS, segment.rowCount - start);
    if (!column.hasMultipleValues) {
      kernels.idsWiden(column.batch(start), column.idWidth, rows, out);
      for (const id of scratch.arena.u32(out, rows)) total += lengths[id] ?? 0;
      continue;
    }
    const block = column.multiBatch(start);
    const ends = scratch.arena.u32(block.offsets, rows + 1);
    const ids = scratch.arena.u32(block.ids, ends[rows] ?? 0);
    for (let row = 0; row < rows; row++) {
      for (const id of new Set(ids.subarray(ends[row] ?? 0, ends[row + 1] ?? 0))) total += lengths[id] ?? 0;
    }
  }
  scratch.give(out);
  return total;
}

/** Without a size: Druid knows one only of types whose makers tell it. Nulls can't be ruled out without reading. */
function analyzeComplex(column: Extract<ColumnView, { kind: 'complex' }>): ColumnAnalysis {
  const isArray = column.typeName.startsWith('ARRAY<');
  const typeSignature = isArray ? column.typeName : `COMPLEX<${column.typeName}>`;
  return {
    ...plainColumn(isArray ? 'ARRAY' : column.typeName),
    typeSignature,
    hasNulls: column.hasNulls ?? true,
  };
}
