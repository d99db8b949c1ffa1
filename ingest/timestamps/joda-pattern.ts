/** Date-time patterns as Joda-Time reads them: `yyyy-MM-dd HH:mm:ss`, `dd/MMM/yyyy:HH:mm:ss Z`, … */
import { invalidInput } from '../../proto/errors.js';
import { findZone, utcZone, type Zone } from '../../query/granularity/zone.js';
import {
  DAY_MS,
  daysFromCivil,
  daysInMonth,
  firstWeekStart,
  isLeapYear,
} from '../../segment/timeline/instant.js';

/** Epoch milliseconds, or undefined when the text does not fit the pattern. */
export type PatternParser = (text: string) => number | undefined;

/** What the parts of a text have said; the rest keeps Joda's defaults. */
interface Fields {
  era?: number;
  century?: number;
  year?: number;
  weekYear?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  week?: number;
  dayOfWeek?: number;
  hour?: number;
  hourOfHalfDay?: number;
  isPm?: boolean;
  minute?: number;
  second?: number;
  milli?: number;
  offsetMs?: number;
  zone?: Zone;
}

/** Reads one part at `at`; answers where it ended, or -1. */
type Part = (text: string, at: number, fields: Fields) => number;

/**
 * Compiles a pattern. `nowYear` is the year around which two-digit years turn (−50 … +49). Throws InvalidInput that
 * names `field` for letters Joda does not know and for an empty pattern.
 */
export function compilePattern(pattern: string, nowYear: number, field: string): PatternParser {
  const tokens = tokenize(pattern, field);
  if (tokens.length === 0) throw invalidInput(`${field}: empty time format`, field);
  const parts = tokens.map((token, i) => partOf(token, tokens[i + 1], nowYear, pattern, field));
  return (text) => {
    const fields: Fields = {};
    let at = 0;
    for (const part of parts) {
      at = part(text, at, fields);
      if (at < 0) return undefined;
    }
    return at === text.length ? resolve(fields) : undefined;
  };
}

interface Token {
  /** A pattern letter, or empty for literal text. */
  readonly letter: string;
  readonly length: number;
  readonly literal: string;
}

function tokenize(pattern: string, field: string): Token[] {
  const tokens: Token[] = [];
  const scan = /([A-Za-z])\1*|'((?:[^']|'')*)'|([^A-Za-z']+)/y;
  while (scan.lastIndex < pattern.length) {
    const match = scan.exec(pattern);
    if (match === null) throw invalidInput(`${field}: unfinished quote in time format[${pattern}]`, field);
    const [whole, letter, quoted, plain] = match;
    if (letter !== undefined) tokens.push({ letter, length: whole.length, literal: '' });
    else {
      const literal = plain ?? (whole === "''" ? "'" : (quoted ?? '').replaceAll("''", "'"));
      tokens.push({ letter: '', length: 0, literal });
    }
  }
  return tokens;
}

const months = 'january february march april may june july august september october november december';
const weekDays = 'monday tuesday wednesday thursday friday saturday sunday';

function partOf(
  token: Token,
  next: Token | undefined,
  nowYear: number,
  pattern: string,
  field: string,
): Part {
  const { letter, length } = token;
  const named: Partial<Record<string, keyof Fields>> = {
    d: 'day',
    D: 'dayOfYear',
    w: 'week',
    e: 'dayOfWeek',
    H: 'hour',
    m: 'minute',
    s: 'second',
  };
  const digits: Partial<Record<string, number>> = { D: 3, e: 1 };
  switch (letter) {
    case '':
      return literalPart(token.literal);
    case 'y':
    case 'Y':
    case 'x':
      return yearPart(letter === 'x' ? 'weekYear' : 'year', length, isNumeric(next), nowYear);
    case 'C':
      return numberPart(Math.max(length, 9), true, (f, v) => void (f.century = v));
    case 'M':
      return length >= 3
        ? namePart(months, 3, (f, v) => void (f.month = v))
        : numberPart(2, false, (f, v) => void (f.month = v));
    case 'E':
      return namePart(weekDays, 3, (f, v) => void (f.dayOfWeek = v));
    case 'K':
      return numberPart(2, false, (f, v) => void (f.hourOfHalfDay = v));
    case 'h':
      return numberPart(2, false, (f, v) => void (f.hourOfHalfDay = v === 12 ? 0 : v === 0 ? 99 : v));
    case 'k':
      return numberPart(2, false, (f, v) => void (f.hour = v === 24 ? 0 : v === 0 ? 99 : v));
    case 'S':
      return fractionPart(length);
    case 'a':
      return wordPart([
        ['am', (f) => void (f.isPm = false)],
        ['pm', (f) => void (f.isPm = true)],
      ]);
    case 'G':
      return wordPart([
        ['bce', (f) => void (f.era = 0)],
        ['bc', (f) => void (f.era = 0)],
        ['ce', (f) => void (f.era = 1)],
        ['ad', (f) => void (f.era = 1)],
      ]);
    case 'z':
      return zoneNamePart;
    case 'Z':
      return length >= 3 ? zoneIdPart : offsetPart;
    default: {
      const key = named[letter];
      if (key === undefined) {
        throw invalidInput(`${field}: unknown letter[${letter}] in time format[${pattern}]`, field);
      }
      return numberPart(digits[letter] ?? 2, false, (f, v) => void Object.assign(f, { [key]: v }));
    }
  }
}

function isNumeric(token: Token | undefined): boolean {
  if (token === undefined || token.letter === '') return false;
  return 'cCxyYdhHmsSeDFwWkK'.includes(token.letter) || (token.letter === 'M' && token.length <= 2);
}

function literalPart(literal: string): Part {
  const lower = literal.toLowerCase();
  return (text, at) =>
    text.slice(at, at + literal.length).toLowerCase() === lower ? at + literal.length : -1;
}

function digitsEnd(text: string, from: number, countMax: number): number {
  let at = from;
  while (at < text.length && at - from < countMax && text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57)
    at++;
  return at;
}

/** A sign only where Joda takes one: in front of years and centuries. */
function numberPart(countMax: number, isSigned: boolean, set: (fields: Fields, value: number) => void): Part {
  return (text, at, fields) => {
    const hasSign = isSigned && /[+-]/.test(text.charAt(at));
    const from = hasSign ? at + 1 : at;
    const end = digitsEnd(text, from, countMax);
    if (end === from) return -1;
    set(fields, Number(text.slice(at, end)));
    return end;
  };
}

function yearPart(key: 'year' | 'weekYear', length: number, isTight: boolean, nowYear: number): Part {
  const set = (fields: Fields, value: number): void => void (fields[key] = value);
  if (length !== 2) return numberPart(isTight ? length : 9, true, set);
  return (text, at, fields) => {
    const end = digitsEnd(text, at, isTight ? 2 : 9);
    if (end - at !== 2) return isTight ? -1 : numberPart(9, true, set)(text, at, fields);
    const short = Number(text.slice(at, end));
    const low = nowYear - 50;
    set(fields, low + ((((short - low) % 100) + 100) % 100));
    return end;
  };
}

function namePart(list: string, shortLength: number, set: (fields: Fields, value: number) => void): Part {
  const names = list.split(' ');
  return (text, at, fields) => {
    const rest = text.slice(at, at + 10).toLowerCase();
    const index = names.findIndex((name) => rest.startsWith(name.slice(0, shortLength)));
    const name = names[index];
    if (name === undefined) return -1;
    set(fields, index + 1);
    return at + (rest.startsWith(name) ? name.length : shortLength);
  };
}

function wordPart(words: readonly (readonly [string, (fields: Fields) => void])[]): Part {
  return (text, at, fields) => {
    for (const [word, set] of words) {
      if (text.slice(at, at + word.length).toLowerCase() !== word) continue;
      set(fields);
      return at + word.length;
    }
    return -1;
  };
}

function fractionPart(length: number): Part {
  return (text, at, fields) => {
    const end = digitsEnd(text, at, length);
    if (end === at) return -1;
    fields.milli = Number(text.slice(at, Math.min(end, at + 3)).padEnd(3, '0'));
    return end;
  };
}

const offsetText = /[Zz]|[+-]\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]?\d{1,3})?)?)?/y;

const offsetPart: Part = (text, at, fields) => {
  offsetText.lastIndex = at;
  const match = offsetText.exec(text);
  if (match === null) return -1;
  const digits = match[0].slice(1).replace(/[:.,]/g, '');
  const hours = Number(digits.slice(0, 2) || 0);
  const minutes = Number(digits.slice(2, 4) || 0);
  const seconds = Number(digits.slice(4, 6) || 0);
  if (hours > 23 || minutes > 59 || seconds > 59) return -1;
  const size = (hours * 3600 + minutes * 60 + seconds) * 1000;
  fields.offsetMs = match[0].startsWith('-') ? -size : size;
  return at + match[0].length;
};

const zoneNames: Readonly<Record<string, string>> = {
  UT: 'UTC',
  UTC: 'UTC',
  GMT: 'UTC',
  EST: 'America/New_York',
  EDT: 'America/New_York',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
};

const zoneNamePart: Part = (text, at, fields) => {
  for (const length of [3, 2]) {
    const id = zoneNames[text.slice(at, at + length)];
    const zone = id === undefined ? undefined : findZone(id);
    if (zone === undefined) continue;
    fields.zone = zone;
    return at + length;
  }
  return -1;
};

const zoneIdText = /[A-Za-z0-9_+\-/:]+/y;

const zoneIdPart: Part = (text, at, fields) => {
  zoneIdText.lastIndex = at;
  const match = zoneIdText.exec(text);
  const zone = match === null ? undefined : findZone(match[0]);
  if (match === null || zone === undefined) return -1;
  fields.zone = zone;
  return at + match[0].length;
};

function resolve(fields: Fields): number | undefined {
  const days = daysOf(fields);
  const inDay = timeOf(fields);
  if (days === undefined || inDay === undefined) return undefined;
  const local = days * DAY_MS + inDay;
  if (fields.offsetMs !== undefined) return local - fields.offsetMs;
  const zone = fields.zone ?? utcZone;
  // Of two instants with this local time the earlier offset counts; in a gap there is none.
  const offsets = [zone.offsetAt(local - DAY_MS), zone.offsetAt(local + DAY_MS), zone.offsetAt(local)];
  for (const offset of offsets) if (zone.offsetAt(local - offset) === offset) return local - offset;
  return undefined;
}

function daysOf(fields: Fields): number | undefined {
  const year = yearOf(fields);
  if (fields.week !== undefined || fields.weekYear !== undefined) return weekDaysOf(fields, year);
  if (fields.dayOfYear !== undefined) {
    const isInside = fields.dayOfYear >= 1 && fields.dayOfYear <= (isLeapYear(year) ? 366 : 365);
    return isInside ? daysFromCivil(year, 1, 1) + fields.dayOfYear - 1 : undefined;
  }
  const { month = 1, day } = fields;
  if (month < 1 || month > 12) return undefined;
  if (day !== undefined && (day < 1 || day > daysInMonth(year, month))) return undefined;
  const days = daysFromCivil(year, month, day ?? 1);
  // A day of the week beside a full date is read but decides nothing that the date has not said already.
  return fields.dayOfWeek !== undefined && day === undefined ? inWeek(days, fields.dayOfWeek) : days;
}

function yearOf(fields: Fields): number {
  const { century, era } = fields;
  let { year } = fields;
  if (year === undefined && century !== undefined) year = century * 100;
  if (year === undefined) {
    // Joda takes 2000 when only parts of a year are given, so that 29 February can be read.
    const isDatePart =
      fields.month !== undefined || fields.day !== undefined || fields.dayOfYear !== undefined;
    return isDatePart ? 2000 : 1970;
  }
  return era === 0 ? 1 - year : year;
}

function weekDaysOf(fields: Fields, year: number): number | undefined {
  const weekYear = fields.weekYear ?? year;
  const { week = 1, dayOfWeek = 1 } = fields;
  const first = firstWeekStart(weekYear);
  if (week < 1 || week > (firstWeekStart(weekYear + 1) - first) / 7) return undefined;
  return dayOfWeek < 1 || dayOfWeek > 7 ? undefined : first + (week - 1) * 7 + dayOfWeek - 1;
}

function inWeek(days: number, dayOfWeek: number): number | undefined {
  if (dayOfWeek < 1 || dayOfWeek > 7) return undefined;
  return days - ((((days + 3) % 7) + 7) % 7) + dayOfWeek - 1;
}

function timeOf(fields: Fields): number | undefined {
  const { minute = 0, second = 0, milli = 0, hourOfHalfDay, isPm = false } = fields;
  if (hourOfHalfDay !== undefined && hourOfHalfDay > 11) return undefined;
  const hour = fields.hour ?? (hourOfHalfDay ?? 0) + (isPm ? 12 : 0);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return hour * 3_600_000 + minute * 60_000 + second * 1000 + milli;
}
