/** Data sources from Druid's JSON. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import { jsonText } from '../json/write.js';
import { parseOptionalFilter, parseFilter } from './filters.js';
import { parseInline } from './inline.js';
import {
  describe,
  isMissing,
  type JsonObject,
  objectAt,
  optionalText,
  requiredArray,
  requiredText,
  unsupported,
} from './json-fields.js';
import type { NativeQuery } from './model.js';
import type { JoinType, Source } from './source.js';
import { parseVirtualColumn } from './transforms.js';

/** Parses a query inside a data source; what it throws names fields of that query. */
export type ParseQuery = (json: unknown) => NativeQuery;

/** Data sources inside each other. */
const depthMax = 40;

export function parseDataSource(json: unknown, field: string, parseQuery: ParseQuery, depth = 1): Source {
  if (isMissing(json)) throw invalidInput(`${field}: dataSource can't be null`, field);
  if (depth > depthMax) throw invalidInput(`${field}: data sources nested deeper than ${depthMax}`, field);
  if (typeof json === 'string') return { type: 'tables', names: [json] };
  if (typeof json === 'number' || typeof json === 'boolean') {
    throw new CodedError(
      'InvalidInput',
      `${field} must be an object or a table's name, got ${describe(json)}`,
      {
        field,
        errorClass: 'com.fasterxml.jackson.databind.exc.MismatchedInputException',
      },
    );
  }
  const object = objectAt(json, field);
  const inner = (name: string): Source =>
    parseDataSource(object[name], `${field}.${name}`, parseQuery, depth + 1);
  switch (object['type']) {
    case 'union':
      return union(object, field, parseQuery, depth);
    case 'inline':
      return { type: 'inline', ...parseInline(object, field) };
    case 'query': {
      const query = object['query'];
      if (isMissing(query)) throw invalidInput(`${field}.query: 'query' must be nonnull`, `${field}.query`);
      return { type: 'query', query: parseQuery(query), json: jsonText(query) };
    }
    case 'lookup':
      return { type: 'lookup', lookup: requiredText(object, 'lookup', field) };
    case 'join':
      return join(object, field, inner('left'), inner('right'));
    case 'unnest':
      return {
        type: 'unnest',
        base: inner('base'),
        column: parseVirtualColumn(object['virtualColumn'], `${field}.virtualColumn`),
        filter: parseOptionalFilter(object['unnestFilter'], `${field}.unnestFilter`),
      };
    case 'filter':
      return {
        type: 'filter',
        base: inner('base'),
        filter: parseFilter(object['filter'], `${field}.filter`),
      };
    case 'restrict':
      throw unsupported(field, `${field}: data source type[restrict] is not supported`);
    default:
      // An unknown type that has a name is a table to Druid.
      return { type: 'tables', names: [requiredText(object, 'name', field)] };
  }
}

function union(object: JsonObject, field: string, parseQuery: ParseQuery, depth: number): Source {
  const names = requiredArray(object, 'dataSources', field).flatMap((each, i) => {
    const at = `${field}.dataSources[${i}]`;
    const member = parseDataSource(each, at, parseQuery, depth + 1);
    if (member.type !== 'tables' || (typeof each === 'object' && (each as JsonObject)['type'] === 'union')) {
      throw unsupported(at, `${at}: a union takes tables only`);
    }
    return member.names;
  });
  if (names.length === 0)
    throw invalidInput(`${field}.dataSources: at least one data source is needed`, `${field}.dataSources`);
  return { type: 'tables', names };
}

const joinTypes: readonly JoinType[] = ['INNER', 'LEFT', 'RIGHT', 'FULL'];

function join(object: JsonObject, field: string, left: Source, right: Source): Source {
  const rightPrefix = optionalText(object, 'rightPrefix', field) ?? '';
  const prefixField = `${field}.rightPrefix`;
  if (rightPrefix === '')
    throw invalidInput(`${prefixField}: Join clause cannot have null or empty prefix`, prefixField);
  if ('__time'.startsWith(rightPrefix)) {
    throw invalidInput(
      `${prefixField}: Join clause cannot have prefix[${rightPrefix}], since it would shadow __time`,
      prefixField,
    );
  }
  const given = requiredText(object, 'joinType', field);
  const joinType = joinTypes.find((type) => type === given.toUpperCase());
  if (joinType === undefined)
    throw invalidInput(`${field}.joinType: unknown join type[${given}]`, `${field}.joinType`);
  const leftFilter = parseOptionalFilter(object['leftFilter'], `${field}.leftFilter`);
  if (leftFilter !== undefined && !isDirect(left)) {
    throw invalidInput(
      `${field}.leftFilter: left filter is only supported if left data source is direct table access`,
      `${field}.leftFilter`,
    );
  }
  const condition = requiredText(object, 'condition', field);
  if (right.type !== 'inline' && right.type !== 'query' && right.type !== 'lookup')
    throw notJoinable(sourceText(right));
  return { type: 'join', left, right, rightPrefix, condition, joinType, leftFilter };
}

/** Rows that are read as they are; a union is none of these. */
function isDirect(source: Source): boolean {
  if (source.type === 'tables') return source.names.length === 1;
  return source.type === 'inline' || source.type === 'lookup';
}

/** In Druid's words: found out when the query runs, so it is a failure of the query. */
export function notJoinable(what: string): CodedError {
  return new CodedError('QueryFailed', `dataSource is not joinable: ${what}`, {
    errorClass: 'org.apache.druid.java.util.common.ISE',
  });
}

/** A few words that name a data source in an error. */
export function sourceText(source: Source): string {
  switch (source.type) {
    case 'tables':
      return `tables[${source.names.join(', ')}]`;
    case 'inline':
      return `inline[${source.frame.columns.map(({ name }) => name).join(', ')}]`;
    case 'lookup':
      return `LookupDataSource{lookupName='${source.lookup}'}`;
    default:
      return source.type;
  }
}
