/** Extraction functions: text (or null) to text or null. */
import { CodedError, invalidInput } from '../../../proto/errors.js';
import { bucketStart } from '../../granularity.js';
import { parseInstant } from '../../granularity/instant.js';
import { formatPattern, parsePattern, type PatternToken } from '../../granularity/pattern.js';
import { parseByPattern } from '../../granularity/pattern-parse.js';
import { formatInstant, utcZone, type Zone, zoneOrUtc } from '../../granularity/zone.js';
import { formatText } from '../../expression/functions/format.js';
import type { ExpressionContext } from '../../expression/expression.js';
import { lookupNotFound } from '../../expression/functions/lookup.js';
import { string } from '../../expression/value.js';
import { doubleText } from '../../json/java-number.js';
import type { ExtractionFn } from '../../native/model.js';
import { compilePattern } from '../../regex/pattern.js';
import { parseDouble } from '../numbers.js';
import { searchMatcher } from '../../native/search-spec.js';

/** `number`: the value itself where it is a number, as which times are milliseconds. Throws QueryFailed. */
export type Extract1 = (value: string | null, number?: bigint | number) => string | null;
type Of<T extends ExtractionFn['type']> = Extract<ExtractionFn, { type: T }>;

/** `lookups`: the registered ones that come with the query. Throws QueryFailed when a lookup is not among them. */
export function extraction(fn: ExtractionFn, lookups: ExpressionContext = {}): Extract1 {
  switch (fn.type) {
    case 'identity':
      return (value) => value;
    case 'upper': {
      const { locale } = fn;
      return (value) => value?.toLocaleUpperCase(locale ?? 'und') ?? null;
    }
    case 'lower': {
      const { locale } = fn;
      return (value) => value?.toLocaleLowerCase(locale ?? 'und') ?? null;
    }
    case 'strlen':
      return (value) => (value === null ? null : String(value.length));
    case 'substring':
      return substring(fn);
    case 'regex':
      return regex(fn);
    case 'partial': {
      const pattern = compilePattern(fn.expr);
      return (value) => (value !== null && pattern.find(value) !== undefined ? value : null);
    }
    case 'searchQuery': {
      const matches = searchMatcher(fn.query);
      return (value) => (value !== null && matches(value) ? value : null);
    }
    case 'timeFormat':
      return timeFormat(fn);
    case 'time':
      return time(fn);
    case 'stringFormat':
      return stringFormat(fn);
    case 'bucket':
      return bucket(fn);
    case 'lookup':
      return lookup(fn);
    case 'registeredLookup':
      return registeredLookup(fn, lookups);
    case 'cascade':
      return cascade(fn, lookups);
  }
}

function cascade({ extractionFns }: Of<'cascade'>, lookups: ExpressionContext): Extract1 {
  const all = extractionFns.map((fn) => extraction(fn, lookups));
  // Nothing to apply gives nothing: Druid's rule.
  if (all.length === 0) return () => null;
  const [first = (value) => value, ...others] = all;
  return (value, number) => others.reduce((current, apply) => apply(current), first(value, number));
}

/** Without `length`: to the end. Nothing left is null. */
function substring({ index, length }: Of<'substring'>): Extract1 {
  return (value) => {
    if (value === null || value.length <= index) return null;
    const part = value.slice(index, length === undefined ? undefined : index + length);
    return part === '' ? null : part;
  };
}

/** Text without a match stays as it is unless a replacement is asked for. Null reads as "". */
function regex(fn: Of<'regex'>): Extract1 {
  const pattern = compilePattern(fn.expr);
  return (value) => {
    const found = pattern.find(value ?? '');
    if (found !== undefined && (fn.index < 0 || fn.index > pattern.groupCount)) {
      throw new CodedError('QueryFailed', `No group ${fn.index}`);
    }
    if (found !== undefined) return found.group(fn.index);
    return fn.replaceMissingValue ? fn.replaceMissingValueWith : value;
  };
}

function stringFormat({ format, nullHandling }: Of<'stringFormat'>): Extract1 {
  return (value) => {
    if (value === null && nullHandling === 'returnNull') return null;
    const text = value ?? (nullHandling === 'emptyString' ? '' : null);
    const result = formatText(format, [string(text)]);
    if (result === undefined)
      throw new CodedError('QueryFailed', `format[${format}] does not take a text`, { field: 'format' });
    return result;
  };
}

/** Numbers to the lower end of their bucket; what is no number to null. */
function bucket({ size, offset }: Of<'bucket'>): Extract1 {
  return (value) => {
    const number = value === null ? undefined : parseDouble(value);
    if (number === undefined) return null;
    const low = Math.floor((number - offset) / size) * size + offset;
    return Number.isInteger(low) ? String(BigInt(low)) : doubleText(low);
  };
}

function lookup({ entries: pairs, retainMissingValue, replaceMissingValueWith }: Of<'lookup'>): Extract1 {
  const entries = new Map(pairs);
  return (value) => {
    const found = value === null ? undefined : entries.get(value);
    return found ?? (retainMissingValue ? value : replaceMissingValueWith);
  };
}

function registeredLookup(fn: Of<'registeredLookup'>, { lookup: find }: ExpressionContext): Extract1 {
  const table = find?.(fn.lookup);
  if (table === undefined) throw lookupNotFound(fn.lookup);
  return (value) => table.apply(value) ?? (fn.retainMissingValue ? value : fn.replaceMissingValueWith);
}

/** Without a format: ISO, or milliseconds. Texts are instants in ISO form; `asMillis`: or in milliseconds. */
function timeFormat(fn: Of<'timeFormat'>): Extract1 {
  const zone = fn.timeZone === undefined ? utcZone : zoneOrUtc(fn.timeZone);
  const tokens = fn.format === undefined ? undefined : patternOf(fn.format);
  const { granularity } = fn;
  const plain = fn.asMillis ? String : (ms: number) => formatInstant(ms, zone);
  const print = tokens === undefined ? plain : (ms: number) => formatLocalized(tokens, ms, zone, fn.locale);
  return (value, number) => {
    if (value === null) return null;
    if (typeof number === 'number') {
      throw new CodedError('QueryFailed', 'No instant converter found for type: java.lang.Double', {
        errorClass: 'java.lang.IllegalArgumentException',
      });
    }
    const isMillis = fn.asMillis && /^[+-]?\d{1,18}$/.test(value);
    const ms = number !== undefined ? Number(number) : isMillis ? Number(value) : parseInstant(value);
    if (ms === undefined) throw new CodedError('QueryFailed', `Invalid format: "${value}"`);
    return print(granularity === undefined ? ms : bucketStart(granularity, ms));
  };
}

function patternOf(format: string): readonly PatternToken[] {
  const tokens = parsePattern(format);
  if (tokens === undefined) throw invalidInput(`format[${format}] is no pattern of date and time`, 'format');
  return tokens;
}

const textFields: Readonly<Record<string, Intl.DateTimeFormatOptions>> = {
  E1: { weekday: 'short' },
  E4: { weekday: 'long' },
  M3: { month: 'short' },
  M4: { month: 'long' },
};

/** Names of months and weekdays in a language; everything else as without one. */
function formatLocalized(
  tokens: readonly PatternToken[],
  ms: number,
  zone: Zone,
  locale: string | undefined,
): string {
  if (locale === undefined || /^en\b/i.test(locale)) return formatPattern(tokens, ms, zone);
  const local = new Date(zone.toLocal(ms));
  return tokens
    .map((token) => {
      const field = 'literal' in token ? undefined : textField(token);
      if (field === undefined) return formatPattern([token], ms, zone);
      return nameOf(field, local, locale);
    })
    .join('');
}

/** As it stands in a date ("So.", not "So"); a language that only has numbers there has names alone. */
function nameOf(field: Intl.DateTimeFormatOptions, local: Date, locale: string): string {
  const inDate = new Intl.DateTimeFormat(locale, { ...field, day: 'numeric', timeZone: 'UTC' });
  const part = inDate.formatToParts(local).find(({ type }) => type === 'month' || type === 'weekday');
  if (part !== undefined && !/^\d+$/.test(part.value)) return part.value;
  return new Intl.DateTimeFormat(locale, { ...field, timeZone: 'UTC' }).format(local);
}

function textField({ letter, count }: Exclude<PatternToken, { literal: string }>) {
  if (letter === 'E') return textFields[count >= 4 ? 'E4' : 'E1'];
  return letter === 'M' && count >= 3 ? textFields[count >= 4 ? 'M4' : 'M3'] : undefined;
}

/** Text that can't be read is kept. Without `joda` a text may go on behind what the pattern reads. */
function time(fn: Of<'time'>): Extract1 {
  const from = patternOf(fn.timeFormat);
  const to = patternOf(fn.resultFormat);
  return (value) => {
    if (value === null) return null;
    const least = fn.joda ? value.length : 1;
    for (let length = value.length; length >= least && length > 0; length--) {
      const ms = parseByPattern(from, value.slice(0, length), utcZone, !fn.joda);
      if (ms !== undefined) return formatPattern(to, ms, utcZone);
    }
    return value;
  };
}
