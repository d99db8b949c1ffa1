/**
 * Time zones: offsets and local-to-UTC rules as Joda-Time has them, on top of the tz data that Node carries.
 * Intl is asked once per window of about twelve days; after that an offset is a map lookup.
 */
import { localMsOf, MS_PER_DAY } from './calendar.js';
import { civilFromDays } from '../../segment/timeline/instant.js';

const DAY = BigInt(MS_PER_DAY);
const WINDOW_MS = 2 ** 30;
/** The widest offset difference between two sides of a transition that zones have had, with room. */
const LOOK_BACK_MS = 27 * 3_600_000;
const MAX_DATE_MS = 8.64e15;

interface OffsetWindow {
  /** First instant with `after`; +Infinity when the whole window has `before`. */
  readonly transitionMs: number;
  readonly before: number;
  readonly after: number;
}

export class Zone {
  readonly id: string;
  /** Milliseconds east of UTC when it never changes. */
  readonly fixedOffsetMs: number | undefined;
  readonly #formatter: Intl.DateTimeFormat | undefined;
  readonly #windows = new Map<number, OffsetWindow>();

  constructor(id: string, fixedOffsetMs: number | undefined, formatter: Intl.DateTimeFormat | undefined) {
    this.id = id;
    this.fixedOffsetMs = fixedOffsetMs;
    this.#formatter = formatter;
  }

  /** Milliseconds east of UTC at an instant. */
  offsetAt(ms: number): number {
    if (this.fixedOffsetMs !== undefined) return this.fixedOffsetMs;
    const window = this.#windowAt(ms);
    return ms < window.transitionMs ? window.before : window.after;
  }

  toLocal(ms: number): number {
    return ms + this.offsetAt(ms);
  }

  /** Is there a transition t with after < t <= until? */
  transitionWithin(after: number, until: number): boolean {
    return this.#lastTransition(after, until) !== undefined;
  }

  /**
   * Local → UTC for date arithmetic ("add a day"): in a gap the instant after it, in an overlap the earlier one.
   */
  fromLocalAdding(localMs: number): number {
    const first = this.offsetAt(localMs);
    const adjusted = localMs - first;
    const second = this.offsetAt(adjusted);
    if (first !== second) {
      if (first < second && this.transitionWithin(localMs - second, adjusted)) return adjusted;
    } else if (first >= 0) {
      const transition = this.#lastTransition(adjusted - LOOK_BACK_MS, adjusted);
      if (transition !== undefined) {
        const before = this.offsetAt(transition - 1);
        if (adjusted - (transition - 1) <= before - first) return localMs - before;
      }
    }
    return localMs - second;
  }

  /** Local → UTC for rounding: keeps the offset of the instant it came from where that is possible. */
  fromLocalNear(localMs: number, originalMs: number): number {
    const original = this.offsetAt(originalMs);
    const ms = localMs - original;
    if (this.offsetAt(ms) === original) return ms;
    const first = this.offsetAt(localMs);
    const second = this.offsetAt(localMs - first);
    if (first !== second && first < 0) {
      const low = Math.min(localMs - first, localMs - second);
      const high = Math.max(localMs - first, localMs - second);
      if (this.transitionWithin(low, high)) return localMs - first;
    }
    return localMs - second;
  }

  #lastTransition(after: number, until: number): number | undefined {
    if (this.fixedOffsetMs !== undefined) return undefined;
    const lowest = Math.floor(after / WINDOW_MS);
    for (let index = Math.floor(until / WINDOW_MS); index >= lowest; index--) {
      const { transitionMs } = this.#windowAt(index * WINDOW_MS);
      if (transitionMs > after && transitionMs <= until) return transitionMs;
    }
    return undefined;
  }

  #windowAt(ms: number): OffsetWindow {
    const index = Math.floor(ms / WINDOW_MS);
    let window = this.#windows.get(index);
    if (window === undefined) {
      window = this.#measure(index * WINDOW_MS);
      this.#windows.set(index, window);
    }
    return window;
  }

  #measure(startMs: number): OffsetWindow {
    const before = this.#ask(startMs);
    const after = this.#ask(startMs + WINDOW_MS);
    if (before === after) return { transitionMs: Infinity, before, after };
    let low = startMs;
    let high = startMs + WINDOW_MS;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#ask(middle) === before) low = middle;
      else high = middle;
    }
    return { transitionMs: high, before, after };
  }

  #ask(ms: number): number {
    if (this.#formatter === undefined) return 0;
    const at = Math.max(-MAX_DATE_MS, Math.min(MAX_DATE_MS, ms));
    const field: Record<string, string> = {};
    for (const part of this.#formatter.formatToParts(at)) field[part.type] = part.value;
    const given = Number(field['year']);
    const year = field['era'] === 'BC' ? 1 - given : given;
    const seconds = Number(field['hour']) * 3600 + Number(field['minute']) * 60 + Number(field['second']);
    const local = localMsOf(year, Number(field['month']), Number(field['day'])) + seconds * 1000;
    return local - Math.floor(at / 1000) * 1000;
  }
}

export const utcZone = new Zone('UTC', 0, undefined);

/** Three-letter names that Java still knows and the tz data doesn't. */
const legacyNames: Readonly<Record<string, string>> = {
  ACT: 'Australia/Darwin',
  AET: 'Australia/Sydney',
  AGT: 'America/Argentina/Buenos_Aires',
  ART: 'Africa/Cairo',
  AST: 'America/Anchorage',
  BET: 'America/Sao_Paulo',
  BST: 'Asia/Dhaka',
  CAT: 'Africa/Harare',
  CNT: 'America/St_Johns',
  CST: 'America/Chicago',
  CTT: 'Asia/Shanghai',
  EAT: 'Africa/Addis_Ababa',
  ECT: 'CET',
  IET: 'America/Indiana/Indianapolis',
  IST: 'Asia/Kolkata',
  JST: 'Asia/Tokyo',
  MIT: 'Pacific/Apia',
  NET: 'Asia/Yerevan',
  NST: 'Pacific/Auckland',
  PLT: 'Asia/Karachi',
  PNT: 'America/Phoenix',
  PRT: 'America/Puerto_Rico',
  PST: 'America/Los_Angeles',
  SST: 'Pacific/Guadalcanal',
  VST: 'Asia/Ho_Chi_Minh',
};

/** Names of the tz data that are fixed offsets, whatever newer data links them to. */
const fixedNames: Readonly<Record<string, number>> = { EST: -5, MST: -7, HST: -10 };

/** Names of UTC and what Joda-Time calls them. */
const utcNames: Readonly<Record<string, string>> = {
  GMT: 'Etc/GMT',
  GMT0: 'Etc/GMT',
  Greenwich: 'Etc/GMT',
  UCT: 'Etc/UTC',
  Universal: 'Etc/UTC',
  Zulu: 'Etc/UTC',
};

/** Newer tz data makes links of these; Joda-Time keeps them. */
const keptNames: ReadonlySet<string> = new Set([
  'CET',
  'CST6CDT',
  'EET',
  'EST5EDT',
  'MET',
  'MST7MDT',
  'PST8PDT',
  'WET',
]);

/** Node still resolves to these older names; Joda-Time has the newer ones. */
const renamed: Readonly<Record<string, string>> = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Catamarca': 'America/Argentina/Catamarca',
  'America/Coral_Harbour': 'America/Atikokan',
  'America/Cordoba': 'America/Argentina/Cordoba',
  'America/Godthab': 'America/Nuuk',
  'America/Indianapolis': 'America/Indiana/Indianapolis',
  'America/Jujuy': 'America/Argentina/Jujuy',
  'America/Louisville': 'America/Kentucky/Louisville',
  'America/Mendoza': 'America/Argentina/Mendoza',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
};

const cache = new Map<string, Zone>();
const MAX_CACHED_ZONES = 1024;

/** The zone of a name or an offset such as "+05:30"; undefined when there is none. Names are case-sensitive. */
export function findZone(name: string): Zone | undefined {
  const cached = cache.get(name);
  if (cached !== undefined) return cached;
  const zone = makeZone(name);
  if (zone !== undefined && cache.size < MAX_CACHED_ZONES) cache.set(name, zone);
  return zone;
}

/** As Druid reads zones in granularities and expressions: an unknown name means UTC. */
export function zoneOrUtc(name: string): Zone {
  return findZone(name) ?? utcZone;
}

function makeZone(name: string): Zone | undefined {
  if (name === 'UTC') return utcZone;
  const utc = Object.hasOwn(utcNames, name) ? utcNames[name] : undefined;
  if (utc !== undefined) return new Zone(utc, 0, undefined);
  const hours = Object.hasOwn(fixedNames, name) ? fixedNames[name] : undefined;
  if (hours !== undefined) return new Zone(name, hours * 3_600_000, undefined);
  const offset = parseOffset(
    name.startsWith('GMT') ? name.slice(3).replace(/^([+-])(\d)(?!\d)/, '$10$2') : name,
  );
  if (offset !== undefined) return offset === 0 ? utcZone : new Zone(formatOffset(offset), offset, undefined);
  const legacy = Object.hasOwn(legacyNames, name) ? legacyNames[name] : undefined;
  return namedZone(legacy ?? name);
}

function namedZone(name: string): Zone | undefined {
  if (!looksLikeTzName(name)) return undefined;
  if (name.startsWith('Etc/')) {
    const offset = etcOffset(name);
    return offset === undefined ? undefined : new Zone(name, offset, undefined);
  }
  let formatter: Intl.DateTimeFormat;
  try {
    formatter = formatterOf(name);
  } catch {
    return undefined;
  }
  const resolved = formatter.resolvedOptions().timeZone;
  if (keptNames.has(name)) return new Zone(name, undefined, formatter);
  return new Zone(
    Object.hasOwn(renamed, resolved) ? (renamed[resolved] ?? resolved) : resolved,
    undefined,
    formatter,
  );
}

/** "+hh", "+hhmm", "+hh:mm", "+hh:mm:ss", "+hh:mm:ss.SSS" in milliseconds. */
function parseOffset(text: string): number | undefined {
  const match = /^([+-])(\d\d)(?::?([0-5]\d)(?::?([0-5]\d)(?:[.,]?(\d{1,3}))?)?)?$/.exec(text);
  if (match === null) return undefined;
  const hours = Number(match[2]);
  if (hours > 23) return undefined;
  const seconds = hours * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  const ms = seconds * 1000 + Number((match[5] ?? '').padEnd(3, '0'));
  return match[1] === '-' ? -ms : ms;
}

function etcOffset(name: string): number | undefined {
  const match = /^Etc\/GMT([+-])(\d{1,2})$/.exec(name);
  if (match === null) return /^Etc\/(?:UTC|UCT|GMT0?|Greenwich|Universal|Zulu)$/.test(name) ? 0 : undefined;
  const hours = Number(match[2]);
  if (hours > (match[1] === '+' ? 12 : 14)) return undefined;
  return match[1] === '+' ? 0 - hours * 3_600_000 : hours * 3_600_000;
}

/** Intl ignores case, Java doesn't: a part of a name starts with a capital and is not shouted. */
function looksLikeTzName(name: string): boolean {
  if (/^[A-Z]{2,4}(?:\d[A-Z]{3})?$/.test(name) || name === 'NZ-CHAT' || name === 'W-SU' || name === 'GB-Eire')
    return true;
  return /^(?:US|[A-Z][A-Za-z]*[a-z])(?:[/_-](?:of|au|es|UTC|UCT|GMT0?|GMT[+-]\d{1,2}|ACT|NSW|LHI|[A-Z][A-Za-z]*[a-z]))*$/.test(
    name,
  );
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
}

const pairs = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));
/** Of a whole number below 100. */
const two = (value: number): string => pairs[value] ?? '';

/** The end of Druid's eternity is one millisecond before 2^62, which a double can't hold. */
const ETERNITY_END = 2n ** 62n - 1n;

/** ISO text with milliseconds and the zone's offset ("Z" for zero), as Joda-Time prints it. */
export function formatInstant(ms: number, zone: Zone): string {
  const offset = zone.offsetAt(ms);
  const local = ms + offset;
  let days = Math.floor(local / MS_PER_DAY);
  let rest = local - days * MS_PER_DAY;
  if (!Number.isSafeInteger(local)) {
    // Too large for exact steps in doubles.
    const exact = BigInt(ms) > ETERNITY_END ? ETERNITY_END : BigInt(ms) + BigInt(offset);
    const restExact = BigInt.asIntN(64, ((exact % DAY) + DAY) % DAY);
    rest = Number(restExact);
    days = Number((exact - restExact) / DAY);
  }
  const { year, month, day } = civilFromDays(days);
  const years = year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0');
  const date = `${years}-${two(month)}-${two(day)}T`;
  if (rest === 0) return `${date}00:00:00.000${formatOffset(offset)}`;
  const clock = `${two(Math.floor(rest / 3_600_000))}:${two(Math.floor(rest / 60_000) % 60)}:${two(Math.floor(rest / 1000) % 60)}`;
  return `${date}${clock}.${String(rest % 1000).padStart(3, '0')}${formatOffset(offset)}`;
}

export function formatOffset(offset: number): string {
  if (offset === 0) return 'Z';
  const size = Math.abs(offset);
  const text = `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 3_600_000))}:${two(Math.floor(size / 60_000) % 60)}`;
  const seconds = Math.floor(size / 1000) % 60;
  if (size % 1000 !== 0) return `${text}:${two(seconds)}.${String(size % 1000).padStart(3, '0')}`;
  return seconds === 0 ? text : `${text}:${two(seconds)}`;
}
