/**
 * Segment ids as text: `dataSource_start_end_version`, and `_partition` when that is not 0. Data source and version
 * may hold underscores, so a text can only be read when the data source is known, and even then up to two ways.
 */
import { CodedError, invalidInput } from '../../proto/errors.js';
import type { IntervalMs } from '../read/view.js';
import { formatInstant, parseInstant } from './instant.js';

export interface SegmentId {
  readonly dataSource: string;
  readonly interval: IntervalMs;
  readonly version: string;
  readonly partition: number;
}

export function formatSegmentId(id: SegmentId): string {
  const base = `${id.dataSource}_${formatInstant(id.interval.startMs)}_${formatInstant(id.interval.endMs)}_${id.version}`;
  return id.partition === 0 ? base : `${base}_${id.partition}`;
}

/** Full ISO date-times with a time part only: a bare date is no part of a segment id. */
const fullInstant = /^-?\d{4,9}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Every way to read `text` as an id of `dataSource`; the reading with a partition comes first. */
export function parseSegmentIds(dataSource: string, text: string): SegmentId[] {
  if (!text.startsWith(`${dataSource}_`)) return [];
  const parts = text.slice(dataSource.length + 1).split('_');
  const [startText = '', endText = ''] = parts;
  if (parts.length < 3 || !fullInstant.test(startText) || !fullInstant.test(endText)) return [];
  const startMs = parseInstant(startText);
  const endMs = parseInstant(endText);
  if (startMs === undefined || endMs === undefined || startMs >= endMs) return [];
  const interval = { startMs, endMs };
  const readings: SegmentId[] = [];
  const last = parts.at(-1) ?? '';
  if (parts.length > 3 && /^\d{1,10}$/.test(last)) {
    const partition = Number(last);
    if (partition > 0 && partition <= 0x7fffffff) {
      readings.push({ dataSource, interval, version: parts.slice(2, -1).join('_'), partition });
    }
  }
  readings.push({ dataSource, interval, version: parts.slice(2).join('_'), partition: 0 });
  return readings;
}

/** The reading with a partition if there is one. Throws InvalidInput. */
export function parseSegmentId(dataSource: string, text: string): SegmentId {
  const [first] = parseSegmentIds(dataSource, text);
  if (first === undefined) {
    throw invalidInput(`Not a segment id of dataSource[${dataSource}]: id[${text.slice(0, 200)}]`, 'id');
  }
  return first;
}

/**
 * Druid's rules for names that become parts of ids and paths: not empty, no slash, no leading dot, no white space
 * but plain blanks inside, no control characters, at most 255 bytes. Throws InvalidInput naming `field`.
 */
export function checkIdName(name: unknown, field: string): string {
  if (typeof name !== 'string' || name === '' || name.trim() === '') {
    throw invalidInput(`${field} must not be null or empty`, field);
  }
  const problem = idNameProblem(name);
  if (problem !== undefined) throw new CodedError('InvalidInput', `${field} ${problem}`, { field });
  return name;
}

function idNameProblem(name: string): string | undefined {
  if (name.startsWith('.')) return "must not start with '.'";
  if (name.includes('/')) return "must not contain '/'";
  if (name.includes('\\')) return "must not contain '\\'";
  if (hasControlCharacter(name)) return 'must not contain control characters';
  if (name !== name.trim()) return 'must not begin or end with white space';
  if (/[^\S ]/.test(name)) return 'must not contain white space other than blanks';
  if (/\p{Surrogate}/u.test(name)) return 'must be well-formed Unicode';
  if (Buffer.byteLength(name) > 255) return 'must not be longer than 255 bytes';
  return undefined;
}

function hasControlCharacter(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return true;
  }
  return false;
}
