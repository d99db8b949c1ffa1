/** Date patterns in Joda-Time's letters: reading text. */
import { civilOf, MS_PER_DAY } from './calendar.js';
import { daysFromCivil, daysInMonth, isLeapYear } from '../../segment/timeline/instant.js';
import { monthNames, type PatternToken, weekdayNames, weekdayOf, weekOf } from './pattern.js';
import { findZone, type Zone } from './zone.js';

type Fields = Record<string, number>;

interface State {
  readonly text: string;
  at: number;
  readonly fields: Fields;
  offsetMs: number | undefined;
  zone: Zone | undefined;
  readonly pivotYear: number;
}

const defaultPivotYear = 2000;

/** Most digits a number field takes when nothing but its letter says so. */
const mostDigits: Readonly<Record<string, number>> = { D: 3, e: 1 };

/** Zone names that `z` reads. */
const shortNames: Readonly<Record<string, string>> = {
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

/**
 * The instant of a text that follows the pattern as a whole, in `zone` unless the text names another; undefined when it
 * does not, or when its local time falls into a gap. Missing fields are those of 1970-01-01T00:00 (of 2000 when a month
 * or day is there). With `lenient` fields beyond their range carry over. Years of
 * two digits lie from 50 before to 49 after `pivotYear`.
 */
export function parseByPattern(
  tokens: readonly PatternToken[],
  text: string,
  zone: Zone,
  lenient = false,
  pivotYear = defaultPivotYear,
): number | undefined {
  const state: State = { text, at: 0, fields: {}, offsetMs: undefined, zone: undefined, pivotYear };
  for (const [i, token] of tokens.entries()) {
    const done =
      'literal' in token
        ? readLiteral(state, token.literal)
        : readField(state, token.letter, token.count, isNumeric(tokens[i + 1]));
    if (!done) return undefined;
  }
  if (state.at !== text.length) return undefined;
  const local = lenient ? carriedLocal(state.fields) : localOf(state.fields);
  if (local === undefined) return undefined;
  if (state.offsetMs !== undefined) return local - state.offsetMs;
  return fromLocal(local, state.zone ?? zone);
}

/** The earlier of two instants in an overlap, nothing in a gap. */
function fromLocal(local: number, zone: Zone): number | undefined {
  const ms = zone.fromLocalAdding(local);
  return zone.toLocal(ms) === local ? ms : undefined;
}

function isNumeric(token: PatternToken | undefined): boolean {
  if (token === undefined || 'literal' in token) return false;
  return token.letter === 'M' ? token.count <= 2 : 'CYxwyeDdhHkKmsS'.includes(token.letter);
}

function readLiteral(state: State, literal: string): boolean {
  const found = state.text.slice(state.at, state.at + literal.length);
  if (found.toLowerCase() !== literal.toLowerCase()) return false;
  state.at += literal.length;
  return true;
}

function readField(state: State, letter: string, count: number, numberFollows: boolean): boolean {
  switch (letter) {
    case 'C':
      return readNumber(state, 'C', count, false);
    case 'G':
      return readName(state, 'G', [
        ['BC', 'BCE'],
        ['AD', 'CE'],
      ]);
    case 'M':
      return count < 3
        ? readNumber(state, 'M', 2, false)
        : readName(
            state,
            'M',
            monthNames.map((name) => [name, name.slice(0, 3)]),
          );
    case 'E':
      return readName(
        state,
        'e',
        weekdayNames.map((name) => [name, name.slice(0, 3)]),
      );
    case 'a':
      return readName(state, 'a', [['AM'], ['PM']]);
    case 'S':
      return readFraction(state, count);
    case 'Z':
      return count < 3 ? readOffset(state) : readZone(state, /[A-Za-z][A-Za-z0-9_+\-/:]*/y, (name) => name);
    case 'z':
      return readZone(state, /[A-Za-z]+/y, (name) =>
        Object.hasOwn(shortNames, name) ? shortNames[name] : undefined,
      );
    case 'y':
    case 'x':
    case 'Y':
      if (count === 2) return readTwoDigitYear(state, letter === 'x' ? 'x' : 'y', !numberFollows);
      return readNumber(state, letter, numberFollows ? count : 9, letter !== 'Y');
    default:
      return readNumber(state, letter, mostDigits[letter] ?? 2, false);
  }
}

function put(state: State, name: string, value: number): boolean {
  state.fields[name] = value;
  return true;
}

const digitPatterns = new Map<string, RegExp>();

/** Up to `most` digits, perhaps behind a sign. */
function digits(most: number, signed: boolean): RegExp {
  const text = `${signed ? '[+-]?' : ''}\\d{1,${most}}`;
  let pattern = digitPatterns.get(text);
  if (pattern === undefined) digitPatterns.set(text, (pattern = new RegExp(text, 'y')));
  return pattern;
}

function readNumber(state: State, name: string, most: number, signed: boolean): boolean {
  const pattern = digits(most, signed);
  pattern.lastIndex = state.at;
  const found = pattern.exec(state.text)?.[0];
  if (found === undefined) return false;
  state.at += found.length;
  return put(state, name, Number(found));
}

/** Two digits mean a year around the pivot; with room for it any other number of digits is the year itself. */
function readTwoDigitYear(state: State, name: string, lenient: boolean): boolean {
  const pattern = lenient ? /[+-]?\d{1,9}/y : /\d{2}/y;
  pattern.lastIndex = state.at;
  const found = pattern.exec(state.text)?.[0];
  if (found === undefined) return false;
  state.at += found.length;
  if (!/^\d{2}$/.test(found)) return put(state, name, Number(found));
  const lowest = state.pivotYear - 50;
  return put(state, name, lowest + ((((Number(found) - lowest) % 100) + 100) % 100));
}

function readFraction(state: State, most: number): boolean {
  const pattern = digits(most, false);
  pattern.lastIndex = state.at;
  const found = pattern.exec(state.text)?.[0];
  if (found === undefined) return false;
  state.at += found.length;
  return put(state, 'S', Number(found.slice(0, 3).padEnd(3, '0')));
}

/** The longest name that stands here, case ignored; its position in the list is the value (1-based for M and e). */
function readName(state: State, name: string, choices: readonly (readonly string[])[]): boolean {
  let best = '';
  let value = -1;
  for (const [i, spellings] of choices.entries()) {
    for (const spelling of spellings) {
      const found = state.text.slice(state.at, state.at + spelling.length);
      if (spelling.length > best.length && found.toLowerCase() === spelling.toLowerCase()) {
        best = spelling;
        value = i;
      }
    }
  }
  if (value < 0) return false;
  state.at += best.length;
  return put(state, name, name === 'M' || name === 'e' ? value + 1 : value);
}

function readOffset(state: State): boolean {
  const pattern = /Z|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?/iy;
  pattern.lastIndex = state.at;
  const match = pattern.exec(state.text);
  if (match === null) return false;
  state.at += match[0].length;
  const seconds = Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  state.offsetMs = match[1] === '-' ? -seconds * 1000 : seconds * 1000;
  return Number(match[2] ?? 0) < 24 && Number(match[3] ?? 0) < 60;
}

function readZone(state: State, pattern: RegExp, toId: (name: string) => string | undefined): boolean {
  pattern.lastIndex = state.at;
  const found = pattern.exec(state.text)?.[0];
  const id = found === undefined ? undefined : toId(found);
  const zone = id === undefined ? undefined : findZone(id);
  if (found === undefined || zone === undefined) return false;
  state.at += found.length;
  state.zone = zone;
  state.offsetMs = undefined;
  return true;
}

function localOf(fields: Fields): number | undefined {
  const days = daysOf(fields);
  const time = timeOf(fields);
  return days === undefined || time === undefined ? undefined : days * MS_PER_DAY + time;
}

/** As Java's own calendar reads: the 13th month is the next year's first one. */
function carriedLocal(fields: Fields): number | undefined {
  const { x, w, e, D, M = 1, d = 1, H, m = 0, s = 0, S = 0 } = fields;
  const given = fields['y'] ?? fields['Y'];
  if (x !== undefined || w !== undefined || e !== undefined || D !== undefined) return localOf(fields);
  const year = (given ?? 1970) + Math.floor((M - 1) / 12);
  const month = ((((M - 1) % 12) + 12) % 12) + 1;
  const days = daysFromCivil(year, month, 1) + d - 1;
  const hours = H ?? (timeOf({ ...fields, m: 0, s: 0, S: 0 }) ?? 0) / 3_600_000;
  return days * MS_PER_DAY + hours * 3_600_000 + m * 60_000 + s * 1000 + S;
}

function daysOf(fields: Fields): number | undefined {
  const { x, w, e, D, M, d, C } = fields;
  const ofEra = fields['Y'] ?? (C === undefined ? undefined : C * 100);
  const given = fields['y'] ?? (ofEra === undefined ? undefined : yearOfEra(ofEra, fields['G']));
  // A day of the year counts in the year that the week-year begins in.
  if (x !== undefined && w === undefined && D !== undefined) {
    const first = weekDays(x, 1, 1);
    return first === undefined ? undefined : dayOfYear(civilOf(first * MS_PER_DAY).year, D);
  }
  if (x !== undefined || w !== undefined) return weekDays(x ?? given, w, e);
  const isDated = M !== undefined || d !== undefined || D !== undefined || e !== undefined;
  const year = given ?? (isDated ? 2000 : 1970);
  if (D !== undefined) return dayOfYear(year, D);
  const month = M ?? 1;
  const day = d ?? 1;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (e === undefined) return daysFromCivil(year, month, day);
  if (e < 1 || e > 7) return undefined;
  // A weekday is applied last: it moves the day within its week, even beside a whole date. All is applied twice, so that
  // a day that left its year comes back to it.
  const onWeekday = (days: number): number => days - weekdayOf(days) + e - 1;
  const first = civilOf(onWeekday(daysFromCivil(year, month, day)) * MS_PER_DAY);
  const again = M ?? first.month;
  return onWeekday(daysFromCivil(year, again, d ?? Math.min(first.day, daysInMonth(year, again))));
}

function dayOfYear(year: number, day: number): number | undefined {
  return day < 1 || day > (isLeapYear(year) ? 366 : 365) ? undefined : daysFromCivil(year, 1, 1) + day - 1;
}

function yearOfEra(year: number, era: number | undefined): number | undefined {
  if (year < 1) return undefined;
  return era === 0 ? 1 - year : year;
}

function weekDays(
  year: number | undefined,
  week: number | undefined,
  weekday: number | undefined,
): number | undefined {
  const start = year ?? 2000;
  const fourth = daysFromCivil(start, 1, 4);
  const number = week ?? 1;
  const day = weekday ?? 1;
  if (number < 1 || number > 53 || day < 1 || day > 7) return undefined;
  const days = fourth - weekdayOf(fourth) + (number - 1) * 7 + day - 1;
  return weekOf(days).year === start ? days : undefined;
}

function timeOf(fields: Fields): number | undefined {
  const { H, k, K, h, a, m = 0, s = 0, S = 0 } = fields;
  const within = (value: number | undefined, low: number, high: number): boolean =>
    value === undefined || (value >= low && value <= high);
  if (!within(H, 0, 23) || !within(k, 1, 24) || !within(K, 0, 11) || !within(h, 1, 12)) return undefined;
  if (!within(m, 0, 59) || !within(s, 0, 59)) return undefined;
  const half = K ?? (h === undefined ? undefined : h % 12);
  const hour = H ?? (k === undefined ? undefined : k % 24) ?? (half ?? 0) + (a ?? 0) * 12;
  return hour * 3_600_000 + m * 60_000 + s * 1000 + S;
}
