/**
 * Large filters of a query in shared memory: threads hand them around by reference instead of copying every value, and
 * only those that scan read them. What an event loop needs of one, for choosing segments, stands beside it.
 */
import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { Aggregator, Filter, NativeQuery } from './model.js';
import type { Source } from './source.js';

export interface PackedFilter {
  readonly type: 'packed';
  /** As node:v8 writes it. */
  readonly bytes: SharedArrayBuffer;
  /** SHA-256 of it: equal filters have equal ones. */
  readonly digest: string;
  /** Short; every row that passes the filter passes this. */
  readonly outline: Filter;
}

/** Filters of fewer values and parts are quicker copied. */
const packedMin = 1000;

/** The query with its large filters packed, those of queries inside it too. */
export function packQuery<Query extends NativeQuery>(query: Query): Query {
  return withFilters(query, (filter) => (weight(filter) < packedMin ? filter : pack(filter)));
}

/** The query as it was. */
export function unpackQuery<Query extends NativeQuery>(query: Query): Query {
  return withFilters(query, (filter) => (filter.type === 'packed' ? unpack(filter) : filter));
}

function pack(filter: Filter): PackedFilter {
  const written = serialize(filter);
  const bytes = new SharedArrayBuffer(written.length);
  new Uint8Array(bytes).set(written);
  const digest = createHash('sha256').update(written).digest('base64');
  return { type: 'packed', bytes, digest, outline: outlineOf(filter) };
}

/** The last ones of this thread: a query comes in several tasks. */
const unpackedMax = 2;
const unpacked = new Map<string, Filter>();

function unpack({ bytes, digest }: PackedFilter): Filter {
  const found = unpacked.get(digest) ?? (deserialize(new Uint8Array(bytes.slice(0))) as Filter);
  unpacked.delete(digest);
  unpacked.set(digest, found);
  for (const oldest of unpacked.keys()) {
    if (unpacked.size <= unpackedMax) break;
    unpacked.delete(oldest);
  }
  return found;
}

/** Values and parts. */
function weight(filter: Filter): number {
  switch (filter.type) {
    case 'and':
    case 'or':
      return filter.fields.reduce((total, field) => total + weight(field), 1);
    case 'not':
    case 'istrue':
    case 'isfalse':
      return 1 + weight(filter.field);
    case 'in':
    case 'inType':
    case 'anyOf':
      return 1 + filter.values.length;
    case 'packed':
      return 0;
    default:
      return 'extractionFn' in filter && filter.extractionFn?.type === 'lookup'
        ? 1 + filter.extractionFn.entries.length
        : 1;
  }
}

const anything: Filter = { type: 'expression', expression: '1' };

function outlineOf(filter: Filter): Filter {
  if (weight(filter) < packedMin) return filter;
  switch (filter.type) {
    case 'and':
    case 'or': {
      const { type, fields } = filter;
      if (fields.length >= packedMin) return anything;
      const outline: Filter = { type, fields: fields.map(outlineOf) };
      // Many small parts are no outline either.
      return weight(outline) < packedMin ? outline : anything;
    }
    case 'in':
      return filter.extractionFn === undefined ? between(filter.dimension, filter.values) : anything;
    case 'inType':
    case 'anyOf': {
      const isText = filter.matchValueType === undefined || filter.matchValueType === 'STRING';
      return isText
        ? between(
            filter.column,
            filter.values.map((value) => value?.toString() ?? null),
          )
        : anything;
    }
    // What is more than the filter inside is less around it.
    default:
      return anything;
  }
}

/** From the first to the last in the order of texts. */
function between(dimension: string, values: readonly (string | null)[]): Filter {
  const isNull: Filter = { type: 'null', column: dimension };
  const texts = values.filter((value) => value !== null);
  if (texts.length === 0) return { type: 'and', fields: [isNull, anything] };
  const lower = texts.reduce((least, text) => (text < least ? text : least));
  const upper = texts.reduce((most, text) => (text > most ? text : most));
  const range: Filter = {
    type: 'bound',
    dimension,
    lower,
    upper,
    lowerStrict: false,
    upperStrict: false,
    ordering: 'lexicographic',
  };
  const all: Filter = texts.length === values.length ? range : { type: 'or', fields: [range, isNull] };
  return { type: 'and', fields: [all, anything] };
}

type Change = (filter: Filter) => Filter;

function withFilters<Query extends NativeQuery>(query: Query, change: Change): Query {
  const { filter, source } = query;
  const own = filter === undefined ? undefined : change(filter);
  const ofSource = source === undefined ? {} : { source: inSource(source, change) };
  const aggregations =
    'aggregations' in query && query.aggregations.some(({ type }) => type === 'filtered')
      ? { aggregations: query.aggregations.map((one) => inAggregator(one, change)) }
      : {};
  return { ...query, filter: own, ...ofSource, ...aggregations };
}

function inAggregator(aggregator: Aggregator, change: Change): Aggregator {
  if (aggregator.type !== 'filtered') return aggregator;
  const { filter, aggregator: inner } = aggregator;
  return { ...aggregator, filter: change(filter), aggregator: inAggregator(inner, change) };
}

function inSource(source: Source, change: Change): Source {
  const optional = (filter: Filter | undefined): Filter | undefined =>
    filter === undefined ? undefined : change(filter);
  switch (source.type) {
    case 'query':
      return { ...source, query: withFilters(source.query, change) };
    case 'join': {
      const { left, right, leftFilter } = source;
      return {
        ...source,
        left: inSource(left, change),
        right: inSource(right, change),
        leftFilter: optional(leftFilter),
      };
    }
    case 'unnest':
      return { ...source, base: inSource(source.base, change), filter: optional(source.filter) };
    case 'filter':
      return { ...source, base: inSource(source.base, change), filter: change(source.filter) };
    default:
      return source;
  }
}
