/** json: one object a line. What follows the first value of a line is ignored, as Druid ignores it. */
import { CodedError } from '../../proto/errors.js';
import { doubleText } from '../../query/json/java-number.js';
import { parseJson } from '../../query/json/parse.js';
import { flattener, type Flattener } from '../flatten/flatten.js';
import type { RowCells } from '../index/row-cells.js';
import type { JsonKeys } from '../spec/keys.js';
import { checkFlatten } from '../spec/flatten.js';
import type { FormatKind, LineFormat, LineReader } from './format.js';
import { JsonScanner } from './json-scanner.js';
import { looseJson, type JsonFeatures } from './loose-json.js';
import type { InputRow } from './row-reader.js';

export const jsonFormat: FormatKind = {
  type: 'json',
  parse(keys: JsonKeys): LineFormat {
    const flatten = checkFlatten(keys, 'json');
    const features = checkFeatures(keys);
    if (keys.flag('assumeNewlineDelimited', false) && keys.flag('useJsonNodeReader', false)) {
      throw keys.wrong('useJsonNodeReader', 'and assumeNewlineDelimited exclude each other');
    }
    keys.flag('keepNullColumns', true);
    keys.leftovers();
    let scanner: JsonScanner | undefined;
    return {
      type: 'json',
      by: 'line',
      open(wanted) {
        if (flatten !== undefined) return new JsonLineReader(flattener(flatten, wanted), features);
        const reader = new JsonLineReader(undefined, features);
        const { cells } = wanted;
        if (features !== undefined || cells === undefined) return reader;
        // Files are read one after another: what was learned of one helps with the next.
        if (scanner?.plan !== cells) scanner = new JsonScanner(cells);
        return new ScanningReader(reader, scanner);
      },
    };
  },
};

/** Jackson's. */
const featureNames: ReadonlySet<string> = new Set([
  'ALLOW_BACKSLASH_ESCAPING_ANY_CHARACTER',
  'ALLOW_COMMENTS',
  'ALLOW_LEADING_DECIMAL_POINT_FOR_NUMBERS',
  'ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS',
  'ALLOW_MISSING_VALUES',
  'ALLOW_NON_NUMERIC_NUMBERS',
  'ALLOW_NUMERIC_LEADING_ZEROS',
  'ALLOW_SINGLE_QUOTES',
  'ALLOW_TRAILING_COMMA',
  'ALLOW_TRAILING_DECIMAL_POINT_FOR_NUMBERS',
  'ALLOW_UNQUOTED_CONTROL_CHARS',
  'ALLOW_UNQUOTED_FIELD_NAMES',
  'ALLOW_YAML_COMMENTS',
  'AUTO_CLOSE_SOURCE',
  'IGNORE_UNDEFINED',
  'INCLUDE_SOURCE_IN_LOCATION',
  'STRICT_DUPLICATE_DETECTION',
  'USE_FAST_BIG_NUMBER_PARSER',
  'USE_FAST_DOUBLE_PARSER',
]);

/** Jackson's parser switches that can be had; the others are refused by name when they are on. */
function checkFeatures(keys: JsonKeys): JsonFeatures | undefined {
  const given = keys.optionalObject('featureSpec');
  if (given === undefined) return undefined;
  const features: JsonFeatures = {
    comments: given.flag('ALLOW_COMMENTS', false),
    yamlComments: given.flag('ALLOW_YAML_COMMENTS', false),
    singleQuotes: given.flag('ALLOW_SINGLE_QUOTES', false),
    unquotedNames: given.flag('ALLOW_UNQUOTED_FIELD_NAMES', false),
    controlCharacters: given.flag('ALLOW_UNQUOTED_CONTROL_CHARS', false),
    anyEscape: given.flag('ALLOW_BACKSLASH_ESCAPING_ANY_CHARACTER', false),
    leadingZeros: given.flag('ALLOW_NUMERIC_LEADING_ZEROS', false),
    nonNumbers: given.flag('ALLOW_NON_NUMERIC_NUMBERS', false),
    trailingComma: given.flag('ALLOW_TRAILING_COMMA', false),
    missingValues: given.flag('ALLOW_MISSING_VALUES', false),
  };
  given.refuse(
    'this parser feature is not supported',
    'STRICT_DUPLICATE_DETECTION',
    'ALLOW_LEADING_DECIMAL_POINT_FOR_NUMBERS',
    'ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS',
    'ALLOW_TRAILING_DECIMAL_POINT_FOR_NUMBERS',
  );
  for (const name of Object.keys(given.json)) {
    if (!featureNames.has(name)) throw given.wrong(name, 'is no feature of the parser');
  }
  return Object.values(features).some(Boolean) ? features : undefined;
}

export class JsonLineReader implements LineReader {
  readonly #flattener: Flattener | undefined;
  readonly #features: JsonFeatures | undefined;

  constructor(flattener?: Flattener, features?: JsonFeatures) {
    this.#flattener = flattener;
    this.#features = features;
  }

  read(line: string): InputRow | string | undefined {
    let value: unknown;
    try {
      value = this.#parse(line);
    } catch {
      return 'a line is not valid JSON';
    }
    // Druid takes other values for rows without fields: they fail for want of a time.
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    const root = isObject ? (value as Record<string, unknown>) : {};
    if (this.#flattener === undefined) return new JsonRow(root, line);
    try {
      return new FlatRow(this.#flattener.flatten(root), line, this.#flattener);
    } catch (thrown) {
      if (thrown instanceof CodedError) return thrown.message;
      throw thrown;
    }
  }

  #parse(line: string): unknown {
    if (this.#features !== undefined) return cleaned(looseJson(line, this.#features));
    // Longs of 16 digits and more must not go through a double.
    if (hasLongRun(line)) return cleaned(parseFirst(line));
    try {
      const value = JSON.parse(line) as unknown;
      return line.includes('\\u') ? cleaned(value) : value;
    } catch {
      return cleaned(parseFirst(line));
    }
  }
}

/** Lines that can't be scanned are common in a file when so many in a row were; then it is tried again later. */
const MISSES_MAX = 16;
const REST_LINES = 1000;

class ScanningReader implements LineReader {
  readonly #reader: JsonLineReader;
  readonly #scanner: JsonScanner;
  #misses = 0;
  #resting = 0;

  constructor(reader: JsonLineReader, scanner: JsonScanner) {
    this.#reader = reader;
    this.#scanner = scanner;
  }

  read(line: string): InputRow | string | undefined {
    return this.#reader.read(line);
  }

  scan(bytes: Buffer, start: number, end: number): RowCells | undefined {
    if (this.#resting > 0) {
      this.#resting--;
      return undefined;
    }
    if (this.#scanner.scan(bytes, start, end)) {
      this.#misses = 0;
      return this.#scanner.cells;
    }
    if (++this.#misses >= MISSES_MAX) {
      this.#misses = 0;
      this.#resting = REST_LINES;
    }
    return undefined;
  }
}

function parseFirst(line: string): unknown {
  return parseJson(line, { maxDepth: DEPTH_MAX, firstValueOnly: true });
}

const DEPTH_MAX = 500;
const loneSurrogates = /\p{Surrogate}/gu;
const LONG_MAX = 2n ** 63n - 1n;

/** Java's view of what was read: integers beyond 64 bits are doubles, lone surrogates question marks. */
function cleaned(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return value > LONG_MAX || value < -LONG_MAX - 1n ? Number(value) : value;
    case 'string':
      return value.replace(loneSurrogates, '?');
    case 'object': {
      if (value === null) return null;
      if (Array.isArray(value)) return value.map(cleaned);
      const object = value as Record<string, unknown>;
      for (const [name, inner] of Object.entries(object)) {
        if (typeof inner === 'number' || typeof inner === 'boolean' || inner === null) continue;
        const clean = cleaned(inner);
        if (clean !== inner) object[name] = clean;
      }
      return object;
    }
    default:
      return value;
  }
}

/** A number token whose value may be whole although it is written like a double, or a string (skipped). */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)/g;
const mayHoldWholeDoubles = /[:,[]\s*-?\d+(?:\.0+(?!\d)|[eE]|\.\d+[eE])/;

const RUN = 16;

/** Is there a run of 16 digits? Looks at every 16th character only, as long as that is no digit. */
export function hasLongRun(line: string): boolean {
  let at = RUN - 1;
  while (at < line.length) {
    let back = 0;
    while (back < RUN && isDigit(line.charCodeAt(at - back))) back++;
    if (back === RUN) return true;
    at += RUN - back;
  }
  return false;
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

/** The line with numbers that are written like doubles put in quotes, as Java prints them; undefined without any. */
function quotedDoubles(line: string): Record<string, unknown> | undefined {
  if (!mayHoldWholeDoubles.test(line)) return undefined;
  const quoted = line.replace(tokens, (token) =>
    token.startsWith('"') ? token : `"${doubleText(Number(token))}"`,
  );
  try {
    const value = parseFirst(quoted);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The line read with all longs as bigint; undefined when no number is written like a double and may be whole. */
function exactRoot(line: string): Record<string, unknown> | undefined {
  if (!mayHoldWholeDoubles.test(line)) return undefined;
  try {
    const limits = { maxDepth: DEPTH_MAX, firstValueOnly: true, allLongs: true };
    return cleaned(parseJson(line, limits)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function fieldOf(fields: Readonly<Record<string, unknown>> | undefined, name: string): unknown {
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function textAt(value: unknown, item: number | undefined): string | undefined {
  const single: unknown = item !== undefined && Array.isArray(value) ? value[item] : value;
  return typeof single === 'string' ? single : undefined;
}

class JsonRow implements InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly #line: string;
  #texts: Readonly<Record<string, unknown>> | undefined;
  #exact: Readonly<Record<string, unknown>> | undefined;

  constructor(fields: Readonly<Record<string, unknown>>, line: string) {
    this.fields = fields;
    this.#line = line;
  }

  /**
   * JSON.parse makes 3 of 3.0. The rare row where that matters is read a second time with such numbers put in quotes;
   * what is a number in `fields` and a text here was one of them.
   */
  doubleText(name: string, item?: number): string | undefined {
    this.#texts ??= quotedDoubles(this.#line) ?? {};
    return textAt(this.#texts[name], item);
  }

  exact(name: string): unknown {
    this.#exact ??= exactRoot(this.#line) ?? {};
    return fieldOf(this.#exact, name);
  }
}

/** As JsonRow, but fields may have been found by a path. */
class FlatRow implements InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly #line: string;
  readonly #flattener: Flattener;
  #texts: Readonly<Record<string, unknown>> | undefined;
  #exact: Readonly<Record<string, unknown>> | undefined;

  constructor(fields: Readonly<Record<string, unknown>>, line: string, flattener: Flattener) {
    this.fields = fields;
    this.#line = line;
    this.#flattener = flattener;
  }

  doubleText(name: string, item?: number): string | undefined {
    const value = this.fields[name];
    if (item === undefined && typeof value === 'number' && this.#flattener.givesDouble(name)) {
      return doubleText(value);
    }
    this.#texts ??= this.#quoted();
    return textAt(this.#texts[name], item);
  }

  exact(name: string): unknown {
    if (this.#exact === undefined) {
      const root = exactRoot(this.#line);
      try {
        this.#exact = root === undefined ? {} : this.#flattener.flatten(root);
      } catch {
        // As above: what calculates takes no bigint.
        this.#exact = {};
      }
    }
    return fieldOf(this.#exact, name);
  }

  #quoted(): Readonly<Record<string, unknown>> {
    const root = quotedDoubles(this.#line);
    if (root === undefined) return {};
    try {
      return this.#flattener.flatten(root);
    } catch {
      // An expression that calculates can't work with the numbers quoted.
      return {};
    }
  }
}
