/** Functions on text. Positions and lengths count UTF-16 units. */
import { likeMatcher } from '../../engine/like.js';
import { asciiDigits } from '../../sort/decimal.js';
import { argument, type ExprFunction, validationError } from '../function.js';
import { checkedText, evaluationError, joinedText } from '../operators.js';
import { asLong, asString, bool, long, nullValue, string, type Value } from '../value.js';
import { humanReadable } from './human-readable.js';

const MANY = Infinity;
const MAX_INT = 0x7fffffffn;
/** Longer texts are not built: a short query must not fill the memory. */
const longestText = 16_000_000;

const text = (args: readonly Value[], index: number): string | null => asString(argument(args, index));

/** One text in, something out; null stays null. */
function onText(name: string, apply: (x: string) => Value): ExprFunction {
  return {
    name,
    arity: [1, 1],
    apply: (args) => {
      const x = text(args, 0);
      return x === null ? nullValue : apply(x);
    },
  };
}

/** Java's `(int)` of a number argument; null when it is none. */
function int(value: Value): number | null {
  const x = asLong(value);
  return x === null ? null : Number(x > MAX_INT ? MAX_INT : x < -MAX_INT - 1n ? -MAX_INT - 1n : x);
}

function reverse(args: readonly Value[]): Value {
  const value = argument(args, 0);
  if (value.type !== 'STRING') throw evaluationError('Function[reverse] needs a STRING argument');
  const x = asString(value);
  return x === null ? nullValue : string(reversedText(x));
}

/** By code point, as Java's StringBuilder does: pairs stay pairs. */
function reversedText(x: string): string {
  return Array.from(x).reverse().join('');
}

/** Cuts off UTF-16 units of a set (a space when none is given; a literal null cuts nothing). */
function trim(name: string, left: boolean, right: boolean): ExprFunction {
  const prepare = (constants: readonly (Value | undefined)[]): ((args: readonly Value[]) => Value) => {
    const cutsNothing = constants[1]?.value === null;
    return (args) => {
      const x = text(args, 0);
      const set = args[1] === undefined ? ' ' : cutsNothing ? '' : asString(args[1]);
      if (x === null || set === null) return nullValue;
      let start = 0;
      let end = x.length;
      while (left && start < end && set.includes(x.charAt(start))) start++;
      while (right && end > start && set.includes(x.charAt(end - 1))) end--;
      // Where nothing is cut the value stays what it was, even a number.
      return start === 0 && end === x.length ? argument(args, 0) : string(x.slice(start, end));
    };
  };
  return { name, arity: [1, 2], prepare };
}

function parseLong(args: readonly Value[]): Value {
  const x = text(args, 0);
  const radix = args[1] === undefined ? 10 : int(args[1]);
  if (x === null || radix === null) return long(null);
  const digits = asciiDigits(radix === 16 ? x.replace(/^0[xX]/, '') : x);
  return long(readRadix(digits, radix) ?? null);
}

/** Java's `Long.parseLong` with a radix of 2 to 36. */
function readRadix(textGiven: string, radix: number): bigint | undefined {
  const match = /^([+-]?)([0-9a-zA-Z]+)$/.exec(textGiven);
  if (match === null || radix < 2 || radix > 36) return undefined;
  let value = 0n;
  for (const digit of match[2] ?? '') {
    const one = Number.parseInt(digit, 36);
    if (one >= radix) return undefined;
    value = value * BigInt(radix) + BigInt(one);
  }
  if (match[1] === '-') value = -value;
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function concat(args: readonly Value[]): Value {
  if (args.length === 0) return nullValue;
  let result = '';
  for (const arg of args) {
    const x = asString(arg);
    if (x === null) return nullValue;
    result += x;
  }
  return string(checkedText(result));
}

/** left, right, repeat: a text and a whole number of 32 bits. */
function withCount(name: string, apply: (x: string, count: number) => string | null): ExprFunction {
  return {
    name,
    arity: [2, 2],
    apply: (args) => {
      const x = text(args, 0);
      const given = argument(args, 1);
      if (x === null || given.value === null) return nullValue;
      const count = asLong(given);
      if (count === null) return nullValue;
      const result = apply(x, count > MAX_INT || count < -MAX_INT - 1n ? -1 : Number(count));
      return string(result === null ? null : checkedText(result));
    },
  };
}

function positive(name: string, count: number): number {
  if (count < 0) throw evaluationError(`Function[${name}] needs a positive integer as the second argument`);
  return count;
}

function repeat(x: string, count: number): string | null {
  if (count < 1) return null;
  if (x.length * count > longestText)
    throw evaluationError(`a text of more than ${longestText} characters is not built`);
  return x.repeat(count);
}

function substring(args: readonly Value[]): Value {
  const x = text(args, 0);
  if (x === null) return nullValue;
  const index = int(argument(args, 1)) ?? 0;
  const length = int(argument(args, 2)) ?? 0;
  if (index < 0) throw evaluationError(`Function[substring] index[${index}] is negative`);
  if (index >= x.length) return nullValue;
  return string(length < 0 ? x.slice(index) : x.slice(index, index + length));
}

function pad(name: string, build: (x: string, fill: string) => string): ExprFunction {
  const apply = (args: readonly Value[]): Value => {
    const x = text(args, 0);
    const length = int(argument(args, 1)) ?? 0;
    const fill = text(args, 2);
    if (x === null || fill === null) return nullValue;
    if (argument(args, 1).value === null || length === 0) return nullValue;
    if (length < 0) return string('');
    if (length > longestText)
      throw evaluationError(`a text of more than ${longestText} characters is not built`);
    if (x.length >= length) return string(x.slice(0, length));
    if (fill === '') return string(x);
    return string(
      build(x, fill.repeat(Math.ceil((length - x.length) / fill.length)).slice(0, length - x.length)),
    );
  };
  return { name, arity: [3, 3], apply };
}

function strpos(args: readonly Value[]): Value {
  const x = text(args, 0);
  const needle = text(args, 1);
  if (x === null || needle === null) return nullValue;
  const from = args[2] === undefined ? 0 : (int(args[2]) ?? 0);
  if (needle === '') return long(BigInt(Math.max(0, Math.min(from, x.length))));
  return long(BigInt(x.indexOf(needle, from)));
}

function replace(args: readonly Value[]): Value {
  const x = text(args, 0);
  if (x === null) return nullValue;
  const search = text(args, 1);
  const by = text(args, 2);
  if (search === null || by === null)
    throw evaluationError('Function[replace] needs a text to search and one to put');
  // An empty search is found before every unit and at the end.
  const parts = search === '' ? ['', ...x.split(''), ''] : x.split(search);
  return string(joinedText(parts, by));
}

function like(constants: readonly (Value | undefined)[]): (args: readonly Value[]) => Value {
  const pattern = constants[1];
  if (pattern === undefined) throw validationError('Function[like] pattern must be a literal');
  const escape = constants.length < 3 ? nullValue : constants[2];
  if (escape === undefined) throw validationError('Function[like] escape must be a literal');
  const escapeText = asString(escape);
  if (escapeText !== null && escapeText.length !== 1) {
    throw validationError('Function[like] escape must be null or a single character');
  }
  const patternText = asString(pattern);
  const matches = patternText === null ? undefined : likeMatcher(patternText, escapeText ?? undefined);
  return (args) => {
    const x = text(args, 0);
    return x === null || matches === undefined ? long(null) : bool(matches(x));
  };
}

function contains(name: string, fold: (x: string) => string): ExprFunction {
  const prepare = (constants: readonly (Value | undefined)[]): ((args: readonly Value[]) => Value) => {
    const literal = constants[1];
    if (literal?.type !== 'STRING' || typeof literal.value !== 'string') {
      throw validationError(`Function[${name}] substring must be a string literal`);
    }
    const needle = fold(literal.value);
    return (args) => {
      const x = text(args, 0);
      return x === null ? long(null) : bool(fold(x).includes(needle));
    };
  };
  return { name, arity: [2, 2], prepare };
}

function readable(name: string, base: 1000 | 1024, suffix: string): ExprFunction {
  const apply = (args: readonly Value[]): Value => {
    const value = argument(args, 0);
    const digits = args[1];
    if (digits !== undefined && (digits.type !== 'LONG' || digits.value === null)) {
      throw evaluationError(`Function[${name}] needs a LONG as its second argument`);
    }
    const precision = digits === undefined ? 2 : Number(digits.value);
    if (precision < 0 || precision > 3) {
      throw evaluationError(`Function[${name}] given precision[${precision}] must be in the range of [0,3]`);
    }
    if (value.value === null) return nullValue;
    if (value.type !== 'LONG' && value.type !== 'DOUBLE') {
      if (value.type === 'STRING' && asLong(value) === null) return nullValue;
      throw evaluationError(
        `Function[${name}] needs a number as its first argument instead of ${value.type}`,
      );
    }
    return string(humanReadable(asLong(value) ?? 0n, base, precision, suffix));
  };
  return { name, arity: [1, 2], apply };
}

export const stringFunctions: readonly ExprFunction[] = [
  onText('lower', (x) => string(x.toLowerCase())),
  onText('upper', (x) => string(x.toUpperCase())),
  onText('strlen', (x) => long(BigInt(x.length))),
  { name: 'reverse', arity: [1, 1], apply: reverse },
  trim('trim', true, true),
  trim('ltrim', true, false),
  trim('rtrim', false, true),
  { name: 'parse_long', arity: [1, 2], apply: parseLong },
  { name: 'concat', arity: [0, MANY], apply: concat },
  withCount('left', (x, count) => x.slice(0, positive('left', count))),
  withCount('right', (x, count) => x.slice(Math.max(0, x.length - positive('right', count)))),
  withCount('repeat', repeat),
  { name: 'substring', arity: [3, 3], apply: substring },
  pad('lpad', (x, fill) => fill + x),
  pad('rpad', (x, fill) => x + fill),
  { name: 'strpos', arity: [2, 3], apply: strpos },
  { name: 'replace', arity: [3, 3], apply: replace },
  { name: 'like', arity: [2, 3], prepare: like },
  contains('contains_string', (x) => x),
  contains('icontains_string', (x) => x.toLowerCase()),
  readable('human_readable_binary_byte_format', 1024, 'B'),
  readable('human_readable_decimal_byte_format', 1000, 'B'),
  readable('human_readable_decimal_format', 1000, ''),
];
