/** What happens to input: times, flattening, numbers in texts; and the ids of segments. */
import { checkFormat } from '../../ingest/formats/format-kinds.js';
import type { LineReader } from '../../ingest/formats/format.js';
import type { InputRow } from '../../ingest/formats/row-reader.js';
import { rowStrings } from '../../ingest/partition/row-strings.js';
import { JsonKeys } from '../../ingest/spec/keys.js';
import { timestampParser } from '../../ingest/timestamps/timestamp-parser.js';
import { ValueError, dimensionDouble, dimensionLong, metricNumber } from '../../ingest/values.js';
import { invalidInput } from '../../proto/errors.js';
import { parseDouble, parseLong } from '../../query/engine/numbers.js';
import { castTo } from '../../query/expression/cast.js';
import { asString, isTrue, string, type Value } from '../../query/expression/value.js';
import { doubleText, floatText } from '../../query/json/java-number.js';
import { parseInstant } from '../../segment/timeline/instant.js';
import { formatInterval, parseInterval } from '../../segment/timeline/interval.js';
import { formatSegmentId, parseSegmentIds } from '../../segment/timeline/segment-id.js';
import { decodeDouble, decodeLong, readJson, sameData, show } from './typed-value.js';
import { attempt, judge, type Vector, type VectorKind, type Verdict } from './vector.js';

const NOW_YEAR = 2026;

function timestampSpec(vector: Vector): Verdict {
  return judgeTime(vector, vector['input']);
}

function extractTimestamp(vector: Vector): Verdict {
  return judgeTime(vector, (vector['row'] as { readonly t?: unknown }).t);
}

function judgeTime(vector: Vector, input: unknown): Verdict {
  const outcome = attempt(() => timeOf(vector, javaValue(input)));
  return judge(vector, outcome, (time) => {
    const wanted = vector['millis'] === null ? null : decodeDouble(vector['millis']);
    return time === wanted ? undefined : `got ${time}, wanted ${wanted}`;
  });
}

function timeOf(vector: Vector, value: unknown): number | null {
  const { format, missingValue } = vector;
  if (value === null || value === undefined) {
    return typeof missingValue === 'string' ? (parseInstant(missingValue) ?? null) : null;
  }
  const parse = timestampParser(typeof format === 'string' ? format : 'auto', NOW_YEAR, 'format');
  const time = parse(value);
  if (time === undefined) throw invalidInput('no time', 'timestamp');
  return time;
}

/** `{"long": "…"}` and its like are JSON numbers of that Java type. */
function javaValue(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  const { long, int, double, float } = json as Readonly<Record<string, string | undefined>>;
  const whole = long ?? int;
  if (whole !== undefined) return Number.isSafeInteger(Number(whole)) ? Number(whole) : BigInt(whole);
  if (float !== undefined) return Math.fround(Number(float));
  return double === undefined ? json : Number(double);
}

function jsonReader(flattenSpec: unknown): LineReader {
  const json = flattenSpec === undefined ? { type: 'json' } : { type: 'json', flattenSpec };
  const format = checkFormat(new JsonKeys(json, 'inputFormat'));
  if (format.by !== 'line') throw invalidInput('no line format', 'type');
  return format.open({ names: new Set(), others: true });
}

function rowOf(reader: LineReader, line: string): InputRow {
  const row = reader.read(line);
  if (row === undefined || typeof row === 'string') throw invalidInput(String(row), 'doc');
  return row;
}

interface FlattenJson {
  readonly useFieldDiscovery?: boolean | null;
  readonly fields?: readonly (string | { readonly name: string })[] | null;
}

function flatten(vector: Vector): Verdict {
  const spec = vector['flattenSpec'] as FlattenJson;
  const outcome = attempt(() => listed(rowOf(jsonReader(spec), String(vector['doc'])), spec));
  return judge(vector, outcome, (row) => {
    const wanted = plain(vector['row']);
    return sameData(row, wanted, 0) ? undefined : `got ${show(row)}, wanted ${show(wanted)}`;
  });
}

/** The fields of the spec, and those Druid would discover: scalars that are not null and lists of scalars. */
function listed(row: InputRow, spec: FlattenJson): Record<string, unknown> {
  const named = new Set((spec.fields ?? []).map((field) => (typeof field === 'string' ? field : field.name)));
  const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null;
  const isFound = (value: unknown): boolean =>
    value !== null && (isScalar(value) || (Array.isArray(value) && value.every(isScalar)));
  const kept = Object.entries(row.fields).filter(
    ([name, value]) => named.has(name) || (spec.useFieldDiscovery !== false && isFound(value)),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, bigText(value)]));
}

/** Longs beyond 2^53 as text, on both sides. */
function bigText(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(bigText);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bigText(item)]));
}

/** `{"long"}`, `{"double"}` and `{"json"}` of the vectors. */
function plain(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(plain);
  const { long, double, json: text } = json as Readonly<Record<string, unknown>>;
  if (typeof long === 'string') return long;
  if (typeof double === 'string') return Number(double);
  if (typeof text === 'string')
    return bigText(rowOf(jsonReader(undefined), `{"value":${text}}`).fields['value']);
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, plain(item)]));
}

/** One text through the number parsers that Grove has. */
function parseNumber(vector: Vector): Verdict {
  const text = vector['input'] as string | null;
  const typed = string(text);
  const read = (parse: (given: string) => unknown): unknown => (text === null ? null : (parse(text) ?? null));
  const parsers: Readonly<Record<string, () => unknown>> = {
    exprCastLong: () => castTo(typed, 'LONG').value,
    exprCastDouble: () => castTo(typed, 'DOUBLE').value,
    exprBoolean: () => isTrue(typed),
    columnToLong: () => read(parseLong),
    columnToDouble: () => read(parseDouble),
    columnToLongStrict: () => strict(dimensionLong(text, 'x')),
    columnToDoubleStrict: () => strict(dimensionDouble(text, 'x')),
    rowMetric: () => strict(metricNumber(text, 'x')),
  };
  const wrong = Object.entries(parsers).flatMap(([name, parse]) => {
    const verdict = oneNumber(parse, vector[name]);
    return verdict === undefined ? [] : [`${name}: ${verdict}`];
  });
  return wrong.length === 0 ? undefined : wrong.join('; ');
}

/** A value of JSON through the conversions of columns and rows. Numbers keep what they were written as. */
function convertJson(vector: Vector): Verdict {
  const value = readJson(String(vector['json']));
  const row = new ExactRow(value);
  const single = (convert: (given: unknown, name: string) => unknown): unknown => strict(convert(value, 'x'));
  const texts: Readonly<Record<string, () => unknown>> = {
    columnToString: () => javaText(value),
    rowDimension: () => rowStrings(row, 'x'),
  };
  const numbers: Readonly<Record<string, () => unknown>> = {
    columnToLong: () => single(dimensionLong),
    columnToDouble: () => single(dimensionDouble),
    columnToFloat: () => {
      const number = single(dimensionDouble);
      return typeof number === 'number' ? Number(floatText(Math.fround(number))) : number;
    },
    rowMetric: () => single(metricNumber),
  };
  const wrong = [
    ...Object.entries(texts).map(([name, convert]) => [name, oneText(convert, vector[name])] as const),
    ...Object.entries(numbers).map(([name, convert]) => [name, oneNumber(convert, vector[name])] as const),
  ].flatMap(([name, verdict]) => (verdict === undefined ? [] : [`${name}: ${verdict}`]));
  return wrong.length === 0 ? undefined : wrong.join('; ');
}

function oneText(convert: () => unknown, wanted: unknown): Verdict {
  if (wanted === undefined) return undefined;
  const isError = typeof wanted === 'object' && wanted !== null && 'error' in wanted;
  return judge(isError ? { error: {} } : {}, attempt(convert), (got) =>
    sameData(got, wanted, 0) ? undefined : `got ${show(got)}, wanted ${show(wanted)}`,
  );
}

/** The row `{"x": value}`, every integer a bigint. */
class ExactRow implements InputRow {
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    this.fields = { x: value };
  }

  doubleText(name: string, item?: number): string | undefined {
    const value = this.fields[name];
    const single: unknown = item === undefined ? value : (value as readonly unknown[])[item];
    return typeof single === 'number' ? doubleText(single) : undefined;
  }
}

/** Of a value read exactly, as Java prints it. */
const javaText = (value: unknown): string | null =>
  asString({ type: 'ARRAY<COMPLEX<json>>', value: [value] as Value['value'] });

function objectToString(vector: Vector): Verdict {
  // Doubles such as 1.0 are told from integers by the text of the line.
  const exact = readJson(vector.line ?? JSON.stringify(vector)) as Readonly<Record<string, unknown>>;
  const value = typedOrPlain(exact['value']);
  const text = javaText(value);
  for (const name of ['string', 'evals']) {
    const wanted = vector[name];
    if (wanted !== undefined && text !== wanted) return `${name}: got ${text}, wanted ${show(wanted)}`;
  }
  return undefined;
}

/** `{"long": …}`, `{"double": …}` and `{"json": …}` as what they stand for. */
function typedOrPlain(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(typedOrPlain);
  const entries = Object.entries(json);
  const [key, inner] = entries[0] ?? [];
  if (entries.length === 1 && typeof inner === 'string') {
    if (key === 'long' || key === 'big') return BigInt(inner);
    if (key === 'double') return Number(inner);
    if (key === 'json') return readJson(inner);
  }
  return Object.fromEntries(entries.map(([name, item]) => [name, typedOrPlain(item)]));
}

function strict(value: unknown): unknown {
  if (value instanceof ValueError) throw invalidInput(value.reason, 'x');
  return value;
}

function oneNumber(parse: () => unknown, wanted: unknown): Verdict {
  const isError = typeof wanted === 'object' && wanted !== null && 'error' in wanted;
  return judge(isError ? { error: {} } : {}, attempt(parse), (got) => {
    const isPlain = got === null || wanted === null || typeof got === 'boolean';
    const isSame = isPlain
      ? got === wanted
      : typeof got === 'bigint' && typeof wanted === 'object'
        ? got === decodeLong(wanted)
        : Object.is(Number(got), decodeDouble(wanted));
    return isSame ? undefined : `got ${show(got)}, wanted ${show(wanted)}`;
  });
}

export function segmentId(vector: Vector): Verdict {
  const dataSource = String(vector['dataSource']);
  const id = String(vector['id'] ?? vector['parse']);
  const outcome = attempt(() => parseSegmentIds(dataSource, id));
  return judge(vector, outcome, (found) => {
    const { interval } = vector;
    if (typeof interval === 'string') {
      const partition = Number(vector['partitionNum']);
      const version = String(vector['version']);
      const written = formatSegmentId({ dataSource, interval: parseInterval(interval), version, partition });
      if (written !== id) return `written as ${written}`;
    }
    const got = found.map(
      (each) => `${formatInterval(each.interval)} version=${each.version} partition=${each.partition}`,
    );
    const given = vector['parsings'];
    // A text that begins like no segment id at all fails in Druid and has no reading here.
    const texts = Array.isArray(given) ? (given as readonly string[]) : [];
    const wanted = texts.map((text) => text.replace(/ -> .*$/, ''));
    return sameData(got.toSorted(), wanted.toSorted(), 0)
      ? undefined
      : `got ${show(got)}, wanted ${show(wanted)}`;
  });
}

export const ingestVectors: Readonly<Record<string, VectorKind | undefined>> = {
  timestampSpec,
  extractTimestamp,
  flatten,
  parseNumber,
  convertJson,
  objectToString,
};
