/** Sets of characters by code point, and Java's names for them. */
import { unicodeBlock } from './unicode-blocks.js';

export interface CharSet {
  has(point: number): boolean;
  /** Made of characters below U+10000 that are named one by one: decides where Java begins a match. */
  readonly basic: boolean;
}

export function setOf(has: (point: number) => boolean, basic = false): CharSet {
  return { has, basic };
}

export function negate(set: CharSet): CharSet {
  return setOf((point) => !set.has(point));
}

export function union(a: CharSet, b: CharSet): CharSet {
  return setOf((point) => a.has(point) || b.has(point), a.basic && b.basic);
}

export function intersection(a: CharSet, b: CharSet): CharSet {
  return setOf((point) => a.has(point) && b.has(point), a.basic || b.basic);
}

export interface Folding {
  /** (?i) */
  readonly insensitive: boolean;
  /** (?u): beyond ASCII too. */
  readonly unicode: boolean;
}

const isAscii = (point: number): boolean => point < 128;
const asciiUpper = (point: number): number => (point >= 97 && point <= 122 ? point - 32 : point);
const asciiLower = (point: number): number => (point >= 65 && point <= 90 ? point + 32 : point);

/** Java's simple mappings: a character whose mapping is longer stays itself. */
function mapped(point: number, map: (text: string) => string): number {
  const text = map(String.fromCodePoint(point));
  const first = text.codePointAt(0) ?? point;
  return text.length === String.fromCodePoint(first).length ? first : point;
}
const upper = (point: number): number =>
  isAscii(point) ? asciiUpper(point) : mapped(point, (text) => text.toUpperCase());
const lower = (point: number): number =>
  isAscii(point) ? asciiLower(point) : mapped(point, (text) => text.toLowerCase());
const folded = (point: number): number => lower(upper(point));

export function single(point: number, { insensitive, unicode }: Folding): CharSet {
  const basic = point < 0x10000;
  if (insensitive && unicode) {
    const wanted = folded(point);
    return setOf((other) => other === point || folded(other) === wanted, basic);
  }
  if (insensitive && isAscii(point)) {
    const wanted = asciiLower(point);
    return setOf((other) => asciiLower(other) === wanted, basic);
  }
  return setOf((other) => other === point, basic);
}

export function range(from: number, to: number, { insensitive, unicode }: Folding): CharSet {
  const inside = (point: number): boolean => point >= from && point <= to;
  const basic = to < 0x10000;
  if (insensitive && unicode) {
    return setOf((point) => {
      if (inside(point)) return true;
      const up = upper(point);
      return inside(up) || inside(lower(up));
    }, false);
  }
  if (insensitive)
    return setOf(
      (point) =>
        inside(point) || (isAscii(point) && (inside(asciiUpper(point)) || inside(asciiLower(point)))),
      basic,
    );
  return setOf(inside, basic);
}

/** Text made comparable for a back-reference. */
export function textFolding({ insensitive, unicode }: Folding): (text: string) => string {
  if (!insensitive) return (text) => text;
  const fold = unicode ? folded : asciiLower;
  return (text) => Array.from(text, (each) => String.fromCodePoint(fold(each.codePointAt(0) ?? 0))).join('');
}

function ascii(pattern: RegExp): CharSet {
  const table = Array.from({ length: 128 }, (_, point) => pattern.test(String.fromCharCode(point)));
  return setOf((point) => table[point] === true, true);
}

function byRegex(pattern: RegExp): CharSet {
  const known = new Map<number, boolean>();
  return setOf((point) => {
    let found = known.get(point);
    if (found === undefined) {
      found = pattern.test(String.fromCodePoint(point));
      if (known.size < 100_000) known.set(point, found);
    }
    return found;
  });
}

export const digit = ascii(/[0-9]/);
export const word = ascii(/[a-zA-Z0-9_]/);
export const space = ascii(/[ \t\n\v\f\r]/);
export const unicodeDigit = byRegex(/\p{Nd}/u);
export const unicodeWord = byRegex(/[\p{Alphabetic}\p{Mn}\p{Me}\p{Mc}\p{Nd}\p{Pc}\u200c\u200d]/u);
export const unicodeSpace = byRegex(/\p{White_Space}/u);
const anyOf = (points: readonly number[]): CharSet => setOf((point) => points.includes(point), true);
export const horizontalSpace = anyOf([
  0x20, 0x09, 0xa0, 0x1680, 0x180e, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
  0x2009, 0x200a, 0x202f, 0x205f, 0x3000,
]);
export const verticalSpace = anyOf([0x0a, 0x0b, 0x0c, 0x0d, 0x85, 0x2028, 0x2029]);
export const everything = setOf(() => true);
export const noLineEnd = setOf(
  (point) => point !== 0x0a && point !== 0x0d && point !== 0x85 && (point | 1) !== 0x2029,
);
export const noLineFeed = setOf((point) => point !== 0x0a);
export const letterOrDigit = byRegex(/[\p{L}\p{Nd}]/u);
export const nonSpacingMark = byRegex(/\p{Mn}/u);

const posix: Readonly<Record<string, RegExp>> = {
  ASCII: /[^]/,
  Alnum: /[a-zA-Z0-9]/,
  Alpha: /[a-zA-Z]/,
  Blank: /[ \t]/,
  Cntrl: /\p{Cc}/u,
  Digit: /[0-9]/,
  Graph: /[!-~]/,
  Lower: /[a-z]/,
  Print: /[ -~]/,
  Punct: /[!-/:-@[-`{-~]/,
  Space: /[ \t\n\v\f\r]/,
  Upper: /[A-Z]/,
  XDigit: /[0-9a-fA-F]/,
};

/** With (?U) the POSIX names are Unicode's. */
const unicodePosix: Readonly<Record<string, RegExp>> = {
  ALPHA: /\p{Alphabetic}/u,
  LOWER: /\p{Lowercase}/u,
  UPPER: /\p{Uppercase}/u,
  SPACE: /\p{White_Space}/u,
  PUNCT: /\p{P}/u,
  XDIGIT: /[\p{Nd}\p{Hex_Digit}]/u,
  ALNUM: /[\p{Alphabetic}\p{Nd}]/u,
  CNTRL: /\p{Cc}/u,
  DIGIT: /\p{Nd}/u,
  BLANK: /[\p{Zs}\t]/u,
  GRAPH: /[^\p{White_Space}\p{Cc}\p{Cs}\p{Cn}]/u,
  PRINT: /[^\s\p{Cc}\p{Cs}\p{Cn}]|\p{Zs}/u,
};

const unicodeProperties: Readonly<Record<string, RegExp>> = {
  ALPHABETIC: /\p{Alphabetic}/u,
  ASSIGNED: /\P{Cn}/u,
  CONTROL: /\p{Cc}/u,
  HEXDIGIT: /[\p{Nd}\p{Hex_Digit}]/u,
  HEX_DIGIT: /[\p{Nd}\p{Hex_Digit}]/u,
  IDEOGRAPHIC: /\p{Ideographic}/u,
  JOINCONTROL: /[\u200c\u200d]/u,
  JOIN_CONTROL: /[\u200c\u200d]/u,
  LETTER: /\p{L}/u,
  LOWERCASE: /\p{Lowercase}/u,
  NONCHARACTERCODEPOINT: /\p{Noncharacter_Code_Point}/u,
  NONCHARACTER_CODE_POINT: /\p{Noncharacter_Code_Point}/u,
  TITLECASE: /\p{Lt}/u,
  PUNCTUATION: /\p{P}/u,
  UPPERCASE: /\p{Uppercase}/u,
  WHITESPACE: /\p{White_Space}/u,
  WHITE_SPACE: /\p{White_Space}/u,
  WORD: /[\p{Alphabetic}\p{Mn}\p{Me}\p{Mc}\p{Nd}\p{Pc}\u200c\u200d]/u,
};

const javaProperties: Readonly<Record<string, RegExp>> = {
  javaLowerCase: /\p{Lowercase}/u,
  javaUpperCase: /\p{Uppercase}/u,
  javaAlphabetic: /\p{Alphabetic}/u,
  javaIdeographic: /\p{Ideographic}/u,
  javaTitleCase: /\p{Lt}/u,
  javaDigit: /\p{Nd}/u,
  javaDefined: /\P{Cn}/u,
  javaLetter: /\p{L}/u,
  javaLetterOrDigit: /[\p{L}\p{Nd}]/u,
  javaJavaIdentifierStart: /[\p{L}\p{Nl}\p{Sc}\p{Pc}]/u,
  // eslint-disable-next-line no-control-regex -- Java ignores these characters in its names
  javaJavaIdentifierPart: /[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mc}\p{Mn}\p{Cf}\0-\x08\x0e-\x1b\x7f-\x9f]/u,
  javaUnicodeIdentifierStart: /\p{ID_Start}/u,
  javaUnicodeIdentifierPart: /\p{ID_Continue}/u,
  // eslint-disable-next-line no-control-regex -- Java ignores these characters in its names
  javaIdentifierIgnorable: /[\p{Cf}\0-\x08\x0e-\x1b\x7f-\x9f]/u,
  javaSpaceChar: /\p{Z}/u,
  // eslint-disable-next-line no-control-regex -- Java counts these characters as white space
  javaWhitespace: /[\t-\r\x1c-\x1f]|(?![\xa0\u2007\u202f])\p{Z}/u,
  javaISOControl: /\p{Cc}/u,
  javaMirrored: /\p{Bidi_Mirrored}/u,
};

const categories = new Set(
  'Cn Lu Ll Lt Lm Lo Mn Me Mc Nd Nl No Zs Zl Zp Cc Cf Co Cs Pd Ps Pe Pc Po Sm Sc Sk So Pi Pf L M N Z C P S'.split(
    ' ',
  ),
);
/** Upper and lower case are the same to these under (?i). */
const caseNames = new Set([
  'Lower',
  'Upper',
  'javaLowerCase',
  'javaUpperCase',
  'javaTitleCase',
  'Lu',
  'Ll',
  'Lt',
]);

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** `Lu`, `L`, `LC`, `LD`, `L1`, `all`, POSIX names, `javaLowerCase`, …; undefined when there is none of the name. */
export function namedProperty(name: string, folding: Folding): CharSet | undefined {
  if (folding.insensitive && caseNames.has(name)) {
    if (name === 'Lower' || name === 'Upper') return ascii(/[a-zA-Z]/);
    return byRegex(name.startsWith('java') ? /[\p{Lowercase}\p{Uppercase}\p{Lt}]/u : /[\p{Lu}\p{Ll}\p{Lt}]/u);
  }
  const classic = own(posix, name);
  if (classic !== undefined) return name === 'Cntrl' ? byAscii(classic) : ascii(classic);
  const java = own(javaProperties, name);
  if (java !== undefined) return byRegex(java);
  if (categories.has(name)) return byRegex(new RegExp(`\\p{${name}}`, 'u'));
  if (name === 'LC') return byRegex(/[\p{Lu}\p{Ll}\p{Lt}]/u);
  if (name === 'LD') return byRegex(/[\p{L}\p{Nd}]/u);
  if (name === 'L1') return setOf((point) => point <= 0xff);
  if (name === 'all') return everything;
  return undefined;
}

function byAscii(pattern: RegExp): CharSet {
  return ascii(new RegExp(pattern.source, 'u'));
}

export function unicodePosixName(name: string, folding: Folding): CharSet | undefined {
  const key = name.toUpperCase();
  const found = own(unicodePosix, key);
  if (found === undefined) return undefined;
  const cased = folding.insensitive && (key === 'LOWER' || key === 'UPPER');
  return byRegex(cased ? /[\p{Lowercase}\p{Uppercase}\p{Lt}]/u : found);
}

/** What may follow `Is`: a property, a category or a script. */
export function isName(name: string, folding: Folding): CharSet | undefined {
  const key = name.toUpperCase();
  const property = own(unicodeProperties, key) ?? own(unicodePosix, key);
  if (property !== undefined) {
    const cased = folding.insensitive && /^(?:LOWERCASE|UPPERCASE|TITLECASE|LOWER|UPPER)$/.test(key);
    return byRegex(cased ? /[\p{Lowercase}\p{Uppercase}\p{Lt}]/u : property);
  }
  return namedProperty(name, folding) ?? script(name);
}

export function script(name: string): CharSet | undefined {
  if (!/^[A-Za-z_]+$/.test(name)) return undefined;
  const proper = name.toLowerCase().replace(/(?:^|_)[a-z]/g, (start) => start.toUpperCase());
  try {
    return byRegex(new RegExp(`\\p{Script=${proper}}`, 'u'));
  } catch {
    return undefined;
  }
}

export function block(name: string): CharSet | undefined {
  const found = unicodeBlock(name);
  if (found === undefined) return undefined;
  const [from, to] = found;
  return setOf((point) => point >= from && point <= to);
}

/** `\p{name=value}` */
export function keyedProperty(name: string, value: string, folding: Folding): CharSet | undefined {
  switch (name.toLowerCase()) {
    case 'sc':
    case 'script':
      return script(value);
    case 'blk':
    case 'block':
      return block(value);
    case 'gc':
    case 'general_category':
      return namedProperty(value, folding);
    default:
      return undefined;
  }
}
