/** Date patterns in Joda-Time's letters: printing instants. */
import { civilOf, localMsOf, millisOfDay, MS_PER_DAY } from './calendar.js';
import { daysFromCivil } from '../../segment/timeline/instant.js';
import { zoneName } from './zone-names.js';
import { formatOffset, type Zone } from './zone.js';

export type PatternToken = { readonly letter: string; readonly count: number } | { readonly literal: string };

const letters = 'GCYxweEyDMdaKhHkmsSzZ';

/** Undefined when the pattern is empty or has a letter that means nothing. An open quote runs to the end. */
export function parsePattern(pattern: string): readonly PatternToken[] | undefined {
  if (pattern === '') return undefined;
  const tokens: PatternToken[] = [];
  let at = 0;
  while (at < pattern.length) {
    const char = pattern.charAt(at);
    if (/[A-Za-z]/.test(char)) {
      let end = at + 1;
      while (pattern.charAt(end) === char) end++;
      if (!letters.includes(char)) return undefined;
      tokens.push({ letter: char, count: end - at });
      at = end;
    } else {
      const { text, end } = readLiteral(pattern, at);
      tokens.push({ literal: text });
      at = end;
    }
  }
  return tokens;
}

/** Text up to the next letter; quoted text as it is, two quotes are one. */
function readLiteral(pattern: string, from: number): { text: string; end: number } {
  let text = '';
  let quoted = false;
  let at = from;
  for (; at < pattern.length; at++) {
    const char = pattern.charAt(at);
    if (char === "'") {
      if (pattern.charAt(at + 1) === "'") {
        text += "'";
        at++;
      } else {
        quoted = !quoted;
      }
    } else if (!quoted && /[A-Za-z]/.test(char)) {
      break;
    } else {
      text += char;
    }
  }
  return { text, end: at };
}

export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
export const weekdayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** 0 = Monday. */
export function weekdayOf(days: number): number {
  return (((days + 3) % 7) + 7) % 7;
}

/** ISO year of the week and the week's number. */
export function weekOf(days: number): { readonly year: number; readonly week: number } {
  const { year } = civilOf(days * MS_PER_DAY);
  for (const candidate of [year + 1, year, year - 1]) {
    const fourth = daysFromCivil(candidate, 1, 4);
    const monday = fourth - weekdayOf(fourth);
    if (days >= monday) return { year: candidate, week: Math.floor((days - monday) / 7) + 1 };
  }
  return { year, week: 1 };
}

function padded(value: number, width: number): string {
  return value < 0 ? `-${String(-value).padStart(width, '0')}` : String(value).padStart(width, '0');
}

function twoDigits(value: number): string {
  return String(Math.abs(value) % 100).padStart(2, '0');
}

/** The instant in the zone, by the pattern's letters; English names. */
export function formatPattern(tokens: readonly PatternToken[], ms: number, zone: Zone): string {
  const local = zone.toLocal(ms);
  return tokens
    .map((token) => ('literal' in token ? token.literal : field(token.letter, token.count, local, ms, zone)))
    .join('');
}

function field(letter: string, count: number, local: number, ms: number, zone: Zone): string {
  if (letter === 'Z' || letter === 'z') return zoneField(letter, count, ms, zone);
  if ('aKhHkmsS'.includes(letter)) return timeField(letter, count, local);
  const days = Math.floor(local / MS_PER_DAY);
  const { year, month, day } = civilOf(local);
  // Years before 1 are counted backwards in their era: year 0 is 1 BC.
  const ofEra = year <= 0 ? 1 - year : year;
  switch (letter) {
    case 'G':
      return year > 0 ? 'AD' : 'BC';
    case 'C':
      return padded(Math.floor(ofEra / 100), count);
    case 'Y':
      return count === 2 ? twoDigits(year) : padded(ofEra, count);
    case 'y':
      return count === 2 ? twoDigits(year) : padded(year, count);
    case 'x': {
      const weekYear = weekOf(days).year;
      return count === 2 ? twoDigits(weekYear) : padded(weekYear, count);
    }
    case 'w':
      return padded(weekOf(days).week, count);
    case 'e':
      return padded(weekdayOf(days) + 1, count);
    case 'E':
      return named(weekdayNames[weekdayOf(days)] ?? '', count);
    case 'D':
      return padded(Math.floor((local - localMsOf(year, 1, 1)) / MS_PER_DAY) + 1, count);
    case 'M':
      return count < 3 ? padded(month, count) : named(monthNames[month - 1] ?? '', count);
    default:
      return padded(day, count);
  }
}

function named(name: string, count: number): string {
  return count < 4 ? name.slice(0, 3) : name;
}

function timeField(letter: string, count: number, local: number): string {
  const rest = millisOfDay(local);
  const hour = Math.floor(rest / 3_600_000);
  switch (letter) {
    case 'a':
      return hour < 12 ? 'AM' : 'PM';
    case 'K':
      return padded(hour % 12, count);
    case 'h':
      return padded(hour % 12 === 0 ? 12 : hour % 12, count);
    case 'H':
      return padded(hour, count);
    case 'k':
      return padded(hour === 0 ? 24 : hour, count);
    case 'm':
      return padded(Math.floor(rest / 60_000) % 60, count);
    case 's':
      return padded(Math.floor(rest / 1000) % 60, count);
    default:
      return String(rest % 1000)
        .padStart(3, '0')
        .padEnd(count, '0')
        .slice(0, count);
  }
}

function zoneField(letter: string, count: number, ms: number, zone: Zone): string {
  const offset = zone.offsetAt(ms);
  if (letter === 'Z' && count >= 3) return zone.id;
  if (letter === 'Z') {
    const minutes = Math.trunc(offset / 60_000) * 60_000;
    const text = minutes === 0 ? '+00:00' : formatOffset(minutes);
    return count === 1 ? text.replace(':', '') : text;
  }
  return zoneName(zone, ms, count >= 4);
}
