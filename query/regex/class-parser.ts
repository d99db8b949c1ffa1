/** Escapes, properties and classes in brackets. */
import {
  block,
  type CharSet,
  digit,
  type Folding,
  horizontalSpace,
  intersection,
  isName,
  keyedProperty,
  namedProperty,
  negate,
  range,
  single,
  space,
  union,
  unicodeDigit,
  unicodePosixName,
  unicodeSpace,
  unicodeWord,
  verticalSpace,
  word,
} from './characters.js';
import type { Cursor } from './cursor.js';

export interface ClassFlags extends Folding {
  /** (?U) */
  readonly unicodeClasses: boolean;
}

const code = (text: string): number => text.charCodeAt(0);
const MAX_POINT = 0x10ffff;
const maxDepth = 100;

function hex(point: number): number {
  const value = point < 128 ? Number.parseInt(String.fromCharCode(point), 16) : Number.NaN;
  return Number.isNaN(value) ? -1 : value;
}

const isOctal = (point: number): boolean => point >= 48 && point <= 55;

function octalEscape(cursor: Cursor): number {
  const first = cursor.read();
  if (!isOctal(first)) throw cursor.error('Illegal octal escape sequence');
  const second = cursor.read();
  if (!isOctal(second)) {
    cursor.unread();
    return first - 48;
  }
  const third = cursor.read();
  if (isOctal(third) && first <= 51) return (first - 48) * 64 + (second - 48) * 8 + third - 48;
  cursor.unread();
  return (first - 48) * 8 + second - 48;
}

function hexEscape(cursor: Cursor): number {
  const first = cursor.read();
  if (hex(first) >= 0) {
    const second = hex(cursor.read());
    if (second >= 0) return hex(first) * 16 + second;
  } else if (first === code('{') && hex(cursor.peek()) >= 0) {
    let value = 0;
    let next = cursor.read();
    for (; hex(next) >= 0; next = cursor.read()) {
      value = value * 16 + hex(next);
      if (value > MAX_POINT) throw cursor.error('Hexadecimal codepoint is too big');
    }
    if (next !== code('}')) throw cursor.error('Unclosed hexadecimal escape sequence');
    return value;
  }
  throw cursor.error('Illegal hexadecimal escape sequence');
}

function unit(cursor: Cursor): number {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const next = hex(cursor.read());
    if (next < 0) throw cursor.error('Illegal Unicode escape sequence');
    value = value * 16 + next;
  }
  return value;
}

/** Two escapes of the halves of a pair are one character. */
function unicodeEscape(cursor: Cursor): number {
  const first = unit(cursor);
  if (first < 0xd800 || first > 0xdbff) return first;
  const { at } = cursor;
  if (cursor.read() === code('\\') && cursor.read() === code('u')) {
    const second = unit(cursor);
    if (second >= 0xdc00 && second <= 0xdfff) return (first - 0xd800) * 0x400 + (second - 0xdc00) + 0x10000;
  }
  cursor.at = at;
  return first;
}

const plainEscapes: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 };

/** Behind a backslash: a character, or undefined for what stands for no single one (the cursor is then behind the letter). */
export function characterEscape(cursor: Cursor, letter: number): number | undefined {
  const name = String.fromCodePoint(letter);
  if (Object.hasOwn(plainEscapes, name)) return plainEscapes[name];
  switch (name) {
    case '0':
      return octalEscape(cursor);
    case 'c':
      if (cursor.at >= cursor.length) throw cursor.error('Illegal control escape sequence');
      return cursor.read() ^ 64;
    case 'u':
      return unicodeEscape(cursor);
    case 'x':
      return hexEscape(cursor);
    case 'N':
      return namedCharacter(cursor);
    default:
      if (letter === 0 && cursor.at > cursor.length) throw cursor.error('Unexpected end of the pattern');
      return /[A-Za-z1-9]/.test(name) ? undefined : letter;
  }
}

/** Letters and digits of ASCII by their Unicode names; there is no table of all names here. */
function namedCharacter(cursor: Cursor): number {
  if (cursor.read() !== code('{')) throw cursor.error('Illegal character name escape sequence');
  let name = '';
  for (let next = cursor.read(); next !== code('}'); next = cursor.read()) {
    if (cursor.at > cursor.length) throw cursor.error('Unclosed character name escape sequence');
    name += String.fromCodePoint(next);
  }
  const letter = /^LATIN (SMALL|CAPITAL) LETTER ([A-Z])$/i.exec(name.trim());
  if (letter !== null) {
    const text = (letter[2] ?? '').toUpperCase();
    return code((letter[1] ?? '').toUpperCase() === 'SMALL' ? text.toLowerCase() : text);
  }
  const digits = ['ZERO', 'ONE', 'TWO', 'THREE', 'FOUR', 'FIVE', 'SIX', 'SEVEN', 'EIGHT', 'NINE'];
  const place = digits.findIndex((each) => name.trim().toUpperCase() === `DIGIT ${each}`);
  if (place >= 0) return 48 + place;
  if (name.trim().toUpperCase() === 'SPACE') return 32;
  throw cursor.error(`Unknown character name [${name}]`);
}

/** `\d`, `\H`, …; undefined for letters that are no class. */
export function classEscape(letter: number, flags: ClassFlags): CharSet | undefined {
  const unicode = flags.unicodeClasses;
  switch (String.fromCodePoint(letter)) {
    case 'd':
      return unicode ? unicodeDigit : digit;
    case 'D':
      return negate(unicode ? unicodeDigit : digit);
    case 'w':
      return unicode ? unicodeWord : word;
    case 'W':
      return negate(unicode ? unicodeWord : word);
    case 's':
      return unicode ? unicodeSpace : space;
    case 'S':
      return negate(unicode ? unicodeSpace : space);
    case 'h':
      return horizontalSpace;
    case 'H':
      return negate(horizontalSpace);
    case 'v':
      return verticalSpace;
    case 'V':
      return negate(verticalSpace);
    default:
      return undefined;
  }
}

/** `\p…` and `\P…`; the cursor stands on the letter. */
export function property(cursor: Cursor, flags: ClassFlags): CharSet {
  const complement = cursor.raw(cursor.at) === code('P');
  let name = '';
  if (cursor.next() === code('{')) {
    cursor.next();
    for (let next = cursor.read(); next !== code('}'); next = cursor.read()) {
      if (cursor.at > cursor.length) throw cursor.error('Unclosed character family');
      name += String.fromCodePoint(next);
    }
    if (name === '') throw cursor.error('Empty character family');
  } else {
    if (cursor.at >= cursor.length) throw cursor.error('Unclosed character family');
    name = String.fromCodePoint(cursor.peek());
    cursor.read();
  }
  const found = propertyByName(name, flags);
  if (found === undefined) throw cursor.error(`Unknown character property name {${name}}`);
  // Properties count as sets that know of pairs when negated, even basic ones.
  return complement ? negate(found) : found;
}

function propertyByName(name: string, flags: ClassFlags): CharSet | undefined {
  const equals = name.indexOf('=');
  if (equals >= 0) return keyedProperty(name.slice(0, equals), name.slice(equals + 1), flags);
  if (name.startsWith('In')) return block(name.slice(2));
  if (name.startsWith('Is')) return isName(name.slice(2), flags);
  return (flags.unicodeClasses ? unicodePosixName(name, flags) : undefined) ?? namedProperty(name, flags);
}

/** A class in brackets; the cursor stands on "[" (or, inside an intersection, one before the class's first character). */
export function bracketClass(cursor: Cursor, flags: ClassFlags, consume = true, depth = 0): CharSet {
  if (depth > maxDepth) throw cursor.error(`classes nested deeper than ${maxDepth}`);
  let previous: CharSet | undefined;
  let current: CharSet | undefined;
  let negative = false;
  let next = cursor.next();
  if (next === code('^') && cursor.raw(cursor.at - 1) === code('[')) {
    next = cursor.next();
    negative = true;
  }
  for (;;) {
    if (next === code('[')) {
      current = bracketClass(cursor, flags, true, depth + 1);
      previous = previous === undefined ? current : union(previous, current);
      next = cursor.peek();
      continue;
    }
    if (next === code('&')) {
      if (cursor.next() === code('&')) {
        const right = intersected(cursor, flags, depth);
        if (right !== undefined) current = right;
        if (previous === undefined) {
          if (right === undefined) throw cursor.error('Bad class syntax');
          previous = right;
        } else if (current !== undefined) previous = intersection(previous, current);
        next = cursor.peek();
        continue;
      }
      cursor.unread();
    } else if (next === 0 && cursor.at >= cursor.length) {
      throw cursor.error('Unclosed character class');
    } else if (next === code(']') && previous !== undefined) {
      if (consume) cursor.next();
      return negative ? negate(previous) : previous;
    }
    current = classRange(cursor, flags);
    previous = previous === undefined ? current : union(previous, current);
    next = cursor.peek();
  }
}

/** What stands behind "&&", up to the next one or the end of the class. */
function intersected(cursor: Cursor, flags: ClassFlags, depth: number): CharSet | undefined {
  let right: CharSet | undefined;
  let next = cursor.next();
  while (next !== code(']') && next !== code('&')) {
    if (next === 0 && cursor.at >= cursor.length) throw cursor.error('Unclosed character class');
    let more: CharSet;
    if (next === code('[')) more = bracketClass(cursor, flags, true, depth + 1);
    else {
      cursor.unread();
      more = bracketClass(cursor, flags, false, depth + 1);
    }
    right = right === undefined ? more : union(right, more);
    next = cursor.peek();
  }
  return right;
}

function classCharacter(cursor: Cursor, flags: ClassFlags, inRange: boolean): number | CharSet {
  const letter = cursor.skip();
  // As an end of a range \v is the one character it was before it became a class.
  if (letter === code('v') && inRange) return 0x0b;
  const set = classEscape(letter, flags);
  if (set !== undefined) return set;
  const point = characterEscape(cursor, letter);
  if (point === undefined) throw cursor.error('Illegal/unsupported escape sequence');
  return point;
}

function classRange(cursor: Cursor, flags: ClassFlags): CharSet {
  let point = cursor.peek();
  if (point === code('\\')) {
    const letter = cursor.nextRaw();
    if (letter === code('p') || letter === code('P')) return property(cursor, flags);
    const inRange = cursor.raw(cursor.at + 1) === code('-');
    cursor.unread();
    const found = classCharacter(cursor, flags, inRange);
    if (typeof found !== 'number') return found;
    point = found;
  } else {
    cursor.next();
  }
  if (cursor.peek() !== code('-')) return single(point, flags);
  const end = cursor.raw(cursor.at + 1);
  if (end === code('[') || end === code(']')) return single(point, flags);
  cursor.next();
  let last = cursor.peek();
  if (last === code('\\')) {
    const found = classCharacter(cursor, flags, true);
    if (typeof found !== 'number') throw cursor.error('Illegal character range');
    last = found;
  } else {
    cursor.next();
  }
  if (last < point) throw cursor.error('Illegal character range');
  return range(point, last, flags);
}
