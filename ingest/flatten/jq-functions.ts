/** The functions that jq expressions may call. */
import { invalidInput } from '../../proto/errors.js';
import { compilePattern } from '../../query/regex/pattern.js';
import { doubleText } from '../../query/json/java-number.js';

export type JqCall = (input: unknown) => Iterable<unknown>;

const LONG_LIMIT = 2 ** 63;

/** Throws InvalidInput for a name that is not known with this number of arguments. */
export function jqFunction(name: string, args: readonly JqCall[]): JqCall {
  const [a, b] = args;
  if (a === undefined) {
    if (name === 'empty') return () => [];
    if (name === 'recurse') return below;
    const simple = simpleFunctions.get(name);
    if (simple !== undefined) return (input) => [simple(input)];
  } else if (b === undefined) {
    const made = oneArgument(name, a);
    if (made !== undefined) return made;
  } else if (args.length === 2 && (name === 'sub' || name === 'gsub')) {
    return (input) => {
      const to = text(first(b, input));
      return [replaced(text(input), text(first(a, input)), to, name === 'gsub')];
    };
  }
  throw invalidInput(`jq: function[${name}/${args.length}] is not known; Grove reads a subset of jq`, 'expr');
}

/** Patterns are Java's; the replacement is plain text. */
function replaced(input: string, pattern: string, to: string, isGlobal: boolean): string {
  let out = '';
  let at = 0;
  for (const match of compilePattern(pattern).findAll(input)) {
    out += input.slice(at, match.start) + to;
    at = match.end;
    if (!isGlobal) break;
  }
  return out + input.slice(at);
}

function* below(input: unknown): Generator<unknown> {
  yield input;
  if (typeof input === 'object' && input !== null) {
    for (const inner of Object.values(input)) yield* below(inner);
  }
}

function first(run: JqCall, input: unknown): unknown {
  for (const value of run(input)) return value;
  return null;
}

const isTrue = (value: unknown): boolean => value !== null && value !== false;

function oneArgument(name: string, run: JqCall): JqCall | undefined {
  const by = (input: unknown): unknown => first(run, input);
  switch (name) {
    case 'select':
      return (input) => (isTrue(by(input)) ? [input] : []);
    case 'map':
      return (input) => [values(input).flatMap((item) => [...run(item)])];
    case 'first':
      return (input) => {
        for (const value of run(input)) return [value];
        return [];
      };
    case 'last':
      return (input) => [...run(input)].slice(-1);
    case 'has':
      return (input) => {
        const key = by(input);
        if (Array.isArray(input)) return [typeof key === 'number' && key >= 0 && key < input.length];
        return [Object.hasOwn(object(input), text(key))];
      };
    case 'join':
      return (input) => [
        list(input)
          .map((item) => (item === null ? '' : jqText(item)))
          .join(text(by(input))),
      ];
    case 'split':
      return (input) => [text(input).split(text(by(input)))];
    case 'startswith':
      return (input) => [text(input).startsWith(text(by(input)))];
    case 'endswith':
      return (input) => [text(input).endsWith(text(by(input)))];
    case 'ltrimstr':
      return (input) => [trimmed(input, by(input), true)];
    case 'rtrimstr':
      return (input) => [trimmed(input, by(input), false)];
    case 'contains':
      return (input) => [holds(input, by(input))];
    case 'test':
      return (input) => [compilePattern(text(by(input))).test(text(input))];
    case 'sort_by':
      return (input) => [list(input).toSorted((x, y) => compareValues(by(x), by(y)))];
    case 'min_by':
      return (input) => [list(input).toSorted((x, y) => compareValues(by(x), by(y)))[0] ?? null];
    case 'max_by':
      return (input) => [
        list(input)
          .toSorted((x, y) => compareValues(by(x), by(y)))
          .at(-1) ?? null,
      ];
    case 'unique_by':
      return (input) => [unique(list(input), by)];
    case 'any':
      return (input) => [values(input).some((item) => isTrue(by(item)))];
    case 'all':
      return (input) => [values(input).every((item) => isTrue(by(item)))];
    case 'range':
      return (input) => Array.from({ length: Math.min(Number(by(input)), 100_000) }, (_, i) => i);
    case 'index':
      return (input) => {
        const at = text(input).indexOf(text(by(input)));
        return [at < 0 ? null : at];
      };
    default:
      return undefined;
  }
}

const simpleFunctions: ReadonlyMap<string, (input: unknown) => unknown> = new Map<
  string,
  (input: unknown) => unknown
>([
  ['not', (input) => !isTrue(input)],
  ['length', length],
  ['utf8bytelength', (input) => Buffer.byteLength(text(input))],
  ['keys', (input) => (Array.isArray(input) ? [...input.keys()] : Object.keys(object(input)).toSorted())],
  ['keys_unsorted', (input) => (Array.isArray(input) ? [...input.keys()] : Object.keys(object(input)))],
  ['values', (input) => input],
  ['add', (input) => values(input).reduce(plus, null)],
  ['min', (input) => list(input).toSorted(compareValues)[0] ?? null],
  ['max', (input) => list(input).toSorted(compareValues).at(-1) ?? null],
  ['sort', (input) => list(input).toSorted(compareValues)],
  ['unique', (input) => unique(list(input), (item) => item)],
  ['reverse', (input) => (input === null ? [] : list(input).toReversed())],
  ['flatten', (input) => list(input).flat(Infinity)],
  ['first', (input) => list(input)[0] ?? null],
  ['last', (input) => list(input).at(-1) ?? null],
  ['any', (input) => list(input).some(isTrue)],
  ['all', (input) => list(input).every(isTrue)],
  ['type', typeName],
  ['tostring', jqText],
  ['tonumber', toNumber],
  ['tojson', jqJson],
  ['fromjson', (input) => JSON.parse(text(input)) as unknown],
  ['ascii_downcase', (input) => text(input).replace(/[A-Z]/g, (char) => char.toLowerCase())],
  ['ascii_upcase', (input) => text(input).replace(/[a-z]/g, (char) => char.toUpperCase())],
  ['explode', (input) => Array.from(text(input), (char) => char.codePointAt(0))],
  ['implode', (input) => String.fromCodePoint(...list(input).map(Number))],
  ['floor', (input) => Math.floor(number(input))],
  ['ceil', (input) => Math.ceil(number(input))],
  ['round', (input) => Math.round(number(input))],
  ['sqrt', (input) => Math.sqrt(number(input))],
  ['abs', (input) => Math.abs(number(input))],
  ['to_entries', (input) => Object.entries(object(input)).map(([key, value]) => ({ key, value }))],
  ['from_entries', (input) => fromEntries(list(input))],
  ['trim', (input) => text(input).trim()],
  ['@text', jqText],
  ['@json', jqJson],
  ['@base64', (input) => Buffer.from(jqText(input)).toString('base64')],
  ['@uri', (input) => encodeURIComponent(jqText(input))],
]);

function plus(total: unknown, item: unknown): unknown {
  if (total === null) return item;
  if (item === null) return total;
  if (typeof total === 'string' && typeof item === 'string') return total + item;
  if (Array.isArray(total) && Array.isArray(item)) return [...(total as unknown[]), ...(item as unknown[])];
  if (typeof total === 'object' && typeof item === 'object') return { ...total, ...item };
  return number(total) + number(item);
}

function length(input: unknown): unknown {
  if (input === null) return 0;
  if (typeof input === 'string') return Array.from(input).length;
  if (typeof input === 'object') return Object.keys(input).length;
  return Math.abs(number(input));
}

function trimmed(input: unknown, part: unknown, isLeft: boolean): unknown {
  if (typeof input !== 'string' || typeof part !== 'string' || part === '') return input;
  if (isLeft) return input.startsWith(part) ? input.slice(part.length) : input;
  return input.endsWith(part) ? input.slice(0, -part.length) : input;
}

function holds(whole: unknown, part: unknown): boolean {
  if (typeof whole === 'string' && typeof part === 'string') return whole.includes(part);
  if (Array.isArray(whole) && Array.isArray(part)) {
    return part.every((item) => whole.some((other) => holds(other, item)));
  }
  if (typeName(whole) === 'object' && typeName(part) === 'object') {
    const outer = object(whole);
    return Object.entries(object(part)).every(
      ([key, value]) => Object.hasOwn(outer, key) && holds(outer[key], value),
    );
  }
  return compareValues(whole, part) === 0;
}

function unique(items: readonly unknown[], by: (item: unknown) => unknown): unknown[] {
  const sorted = items.toSorted((x, y) => compareValues(by(x), by(y)));
  return sorted.filter((item, i) => i === 0 || compareValues(by(sorted[i - 1]), by(item)) !== 0);
}

function fromEntries(entries: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(
    entries.map((entry) => {
      const each = object(entry);
      const name = each['key'] ?? each['k'] ?? each['name'] ?? each['Name'] ?? null;
      return [jqText(name), each['value'] ?? each['v'] ?? null];
    }),
  );
}

function toNumber(input: unknown): unknown {
  if (typeof input === 'number' || typeof input === 'bigint') return input;
  const value = Number(text(input).trim() === '' ? Number.NaN : text(input));
  if (Number.isNaN(value)) throw invalidInput('jq: a text is no number', 'expr');
  return value;
}

function misfit(input: unknown, wanted: string): Error {
  return invalidInput(`jq: a ${typeName(input)} is no ${wanted}`, 'expr');
}

function list(input: unknown): readonly unknown[] {
  if (!Array.isArray(input)) throw misfit(input, 'list');
  return input;
}

function values(input: unknown): readonly unknown[] {
  if (typeof input !== 'object' || input === null) throw misfit(input, 'list or object');
  return Object.values(input);
}

function object(input: unknown): Readonly<Record<string, unknown>> {
  if (typeName(input) !== 'object') throw misfit(input, 'object');
  return input as Readonly<Record<string, unknown>>;
}

function text(input: unknown): string {
  if (typeof input !== 'string') throw misfit(input, 'text');
  return input;
}

function number(input: unknown): number {
  if (typeof input === 'bigint') return Number(input);
  if (typeof input !== 'number') throw misfit(input, 'number');
  return input;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

/** Texts as they are, everything else as JSON. */
export function jqText(value: unknown): string {
  return typeof value === 'string' ? value : jqJson(value);
}

function jqJson(value: unknown): string {
  switch (typeof value) {
    case 'bigint':
      return String(value);
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < LONG_LIMIT ? String(value) : doubleText(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(jqJson).join(',')}]`;
      return `{${Object.entries(value)
        .map(([key, item]) => `${JSON.stringify(key)}:${jqJson(item)}`)
        .join(',')}}`;
    default:
      return JSON.stringify(value);
  }
}

const ranks = ['null', 'false', 'true', 'number', 'string', 'array', 'object'];

function rank(value: unknown): number {
  return ranks.indexOf(typeof value === 'boolean' ? String(value) : typeName(value));
}

/** jq's order: null, false, true, numbers, texts, lists, objects. */
export function compareValues(a: unknown, b: unknown): number {
  const kinds = rank(a) - rank(b);
  if (kinds !== 0) return kinds;
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b);
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const [x, y] = [Object.keys(a).toSorted(), Object.keys(b).toSorted()];
    const names = compareLists(x, y);
    if (names !== 0) return names;
    const [left, right] = [object(a), object(b)];
    return compareLists(
      x.map((key) => left[key]),
      y.map((key) => right[key]),
    );
  }
  const [x, y] = [a as string | number | bigint, b as string | number | bigint];
  return x < y ? -1 : x > y ? 1 : 0;
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareValues(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
