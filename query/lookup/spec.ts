/**
 * What a lookup is made of: Druid's `lookupExtractorFactory`. A map stands in the JSON itself; a namespace names a file
 * that is read again from time to time.
 */
import { invalidInput } from '../../proto/errors.js';
import { parsePeriod, plainMillis } from '../granularity/period.js';
import {
  isMissing,
  type JsonObject,
  objectAt,
  optionalArray,
  optionalBoolean,
  optionalInteger,
  optionalText,
  requiredText,
  scalarText,
  typeOf,
  unsupported,
} from '../native/json-fields.js';

/** How the lines of a file tell keys and values. */
export type LineForm =
  | {
      readonly format: 'csv' | 'tsv';
      /** Undefined: from the header line. */
      readonly columns: readonly string[] | undefined;
      /** Undefined: the first column. */
      readonly keyColumn: string | undefined;
      /** Undefined: the second column. */
      readonly valueColumn: string | undefined;
      readonly skipHeaderRows: number;
      readonly delimiter: string;
    }
  | { readonly format: 'customJson'; readonly keyFieldName: string; readonly valueFieldName: string }
  /** Every field of every line is a key. */
  | { readonly format: 'simpleJson' };

export type LookupSpec =
  | { readonly type: 'map'; readonly isOneToOne: boolean; readonly map: JsonObject }
  | {
      readonly type: 'cachedNamespace';
      readonly isOneToOne: boolean;
      /** One file, or the newest of those below `uri` whose names match `fileRegex`. */
      readonly uri: string;
      readonly fileRegex: string | undefined;
      /** 0 = read once. */
      readonly pollMs: number;
      readonly lines: LineForm;
    };

const schemes: ReadonlySet<string> = new Set(['file:', 'http:', 'https:']);

/** Throws InvalidInput or Unsupported (a type that is Druid's, but not built here), naming the field. */
export function parseLookupSpec(json: unknown, field: string): LookupSpec {
  const object = objectAt(json, field);
  const type = typeOf(object, 'lookup', field);
  switch (type) {
    case 'map': {
      const map = objectAt(object['map'], `${field}.map`);
      for (const [key, value] of Object.entries(map))
        if (value !== null) scalarText(value, `${field}.map.${key}`);
      return { type, map, isOneToOne: optionalBoolean(object, 'isOneToOne', field, false) };
    }
    case 'cachedNamespace':
      return {
        type,
        isOneToOne: optionalBoolean(object, 'injective', field, false),
        ...parseNamespace(object['extractionNamespace'], `${field}.extractionNamespace`),
      };
    default:
      throw unsupported(`${field}.type`, `${field}.type: lookups of type[${type}] are not supported`);
  }
}

type Namespace = Omit<Extract<LookupSpec, { type: 'cachedNamespace' }>, 'type' | 'isOneToOne'>;

function parseNamespace(json: unknown, field: string): Namespace {
  const object = objectAt(json, field);
  const type = typeOf(object, 'lookup namespace', field);
  if (type !== 'uri')
    throw unsupported(`${field}.type`, `${field}.type: namespaces of type[${type}] are not supported`);
  const uri = optionalText(object, 'uri', field);
  const prefix = optionalText(object, 'uriPrefix', field);
  if ((uri === undefined) === (prefix === undefined))
    throw invalidInput(`${field}.uri: Either uri or uriPrefix required`, `${field}.uri`);
  const fileRegex = optionalText(object, 'fileRegex', field);
  if (fileRegex !== undefined && prefix === undefined) {
    throw invalidInput(
      `${field}.fileRegex: Cannot define both uri and fileRegex [${fileRegex}]`,
      `${field}.fileRegex`,
    );
  }
  return {
    uri: checkUri(uri ?? prefix ?? '', prefix !== undefined, field),
    fileRegex: prefix === undefined ? undefined : (fileRegex ?? '.*'),
    pollMs: pollMs(object['pollPeriod'], `${field}.pollPeriod`),
    lines: parseLineForm(object['namespaceParseSpec'], `${field}.namespaceParseSpec`),
  };
}

function checkUri(text: string, isPrefix: boolean, field: string): string {
  const at = `${field}.${isPrefix ? 'uriPrefix' : 'uri'}`;
  if (!URL.canParse(text)) throw invalidInput(`${at}: [${text}] is no URI`, at);
  const { protocol } = new URL(text);
  const known = isPrefix ? protocol === 'file:' : schemes.has(protocol);
  if (!known) throw unsupported(at, `${at}: URIs of scheme[${protocol.slice(0, -1)}] are not supported`);
  return text;
}

/** Milliseconds, or an ISO period. */
function pollMs(json: unknown, field: string): number {
  if (isMissing(json)) return 0;
  const period = typeof json === 'string' ? parsePeriod(json) : undefined;
  const ms = period === undefined ? Number(json) : plainMillis(period);
  if (!Number.isSafeInteger(ms) || ms < 0 || typeof json === 'object')
    throw invalidInput(`${field} must be milliseconds or a period`, field);
  return ms;
}

function parseLineForm(json: unknown, field: string): LineForm {
  const object = objectAt(json, field);
  const format = requiredText(object, 'format', field);
  switch (format) {
    case 'csv':
    case 'tsv':
      return delimited(object, format, field);
    case 'customJson':
      return {
        format,
        keyFieldName: requiredText(object, 'keyFieldName', field),
        valueFieldName: requiredText(object, 'valueFieldName', field),
      };
    case 'simpleJson':
      return { format };
    default:
      throw unsupported(`${field}.format`, `${field}.format[${format}] is not supported`);
  }
}

function delimited(object: JsonObject, format: 'csv' | 'tsv', field: string): LineForm {
  const columns = isMissing(object['columns'])
    ? undefined
    : optionalArray(object, 'columns', field).map((each, i) => scalarText(each, `${field}.columns[${i}]`));
  const hasHeader = optionalBoolean(object, 'hasHeaderRow', field, false);
  if (columns === undefined && !hasHeader)
    throw invalidInput(`${field}.columns: columns or hasHeaderRow must be given`, `${field}.columns`);
  if (columns !== undefined && columns.length < 2)
    throw invalidInput(`${field}.columns: Must specify more than one column`, `${field}.columns`);
  const column = (name: string): string | undefined => {
    const given = optionalText(object, name, field);
    if (given !== undefined && columns?.includes(given) === false)
      throw invalidInput(`${field}.${name}: [${given}] is none of the columns`, `${field}.${name}`);
    return given;
  };
  const keyColumn = column('keyColumn');
  const valueColumn = column('valueColumn');
  if ((keyColumn === undefined) !== (valueColumn === undefined)) {
    throw invalidInput(
      `${field}.keyColumn: Must specify both keyColumn and valueColumn or neither keyColumn nor valueColumn`,
      `${field}.keyColumn`,
    );
  }
  const delimiter = format === 'csv' ? ',' : (optionalText(object, 'delimiter', field) ?? '\t');
  if (delimiter === '') throw invalidInput(`${field}.delimiter must not be empty`, `${field}.delimiter`);
  return {
    format,
    // The header names the columns; names given beside it count.
    columns,
    keyColumn,
    valueColumn,
    skipHeaderRows:
      (optionalInteger(object, 'skipHeaderRows', field) ?? 0) + (hasHeader && columns !== undefined ? 1 : 0),
    delimiter,
  };
}
