/**
 * Is an answer the recorded one? Numbers within a relative tolerance (1e-9 unless the case says more), integers that
 * are no safe doubles exactly, objects key by key; an error by its status, `error`, `errorCode` and `category`.
 */
import { parseJson } from '../../query/json/parse.js';
import type { Answer } from './cluster.js';
import { isObject, type Case } from './suite.js';

/** Undefined = the same; else where and how they differ. */
export type Difference = string | undefined;

const tight = 1e-9;

export function toleranceOf({ flags }: Case): number {
  const approximate = flags.find((flag) => flag.startsWith('approx:'));
  return approximate === undefined ? tight : Number(approximate.slice('approx:'.length));
}

export function compareAnswer(wanted: Case, answer: Answer): Difference {
  if (answer.status !== wanted.status)
    return `status ${answer.status} instead of ${wanted.status}: ${answer.text.slice(0, 200)}`;
  if (wanted.flags.includes('text')) return compareText(wanted, answer.text);
  let found: unknown;
  try {
    found = parseJson(answer.text);
  } catch {
    return `no JSON: ${answer.text.slice(0, 200)}`;
  }
  const { response } = wanted;
  const tolerance = toleranceOf(wanted);
  if (wanted.flags.includes('error')) {
    const told = ['error', 'errorCode', 'category'].filter((key) => isObject(response) && key in response);
    const pick = (value: unknown): unknown =>
      Object.fromEntries(told.map((key) => [key, isObject(value) ? value[key] : undefined]));
    return difference(pick(response), pick(found), tolerance);
  }
  const left = plain(wanted, response);
  const right = plain(wanted, found);
  if (!wanted.flags.includes('unordered')) return difference(left, right, tolerance);
  if (isScanAnswer(left) && isScanAnswer(right))
    return (
      difference(left.columns, right.columns, tolerance, '$.columns') ??
      sameRows(left.events, right.events, tolerance)
    );
  return Array.isArray(left) && Array.isArray(right)
    ? sameRows(left, right, tolerance)
    : difference(left, right, tolerance);
}

function compareText({ response }: Case, found: string): Difference {
  return response === found
    ? undefined
    : `${found.slice(0, 200)} instead of ${String(response).slice(0, 200)}`;
}

export interface ScanAnswer {
  readonly columns: readonly string[];
  readonly events: readonly unknown[];
}

export const isScanAnswer = (value: unknown): value is ScanAnswer =>
  isObject(value) && Array.isArray(value['events']) && Array.isArray(value['columns']);

/** Without what tells where rows lie: scans as one list of rows, segment metadata without ids. */
export function plain({ query }: Case, answer: unknown): unknown {
  if (!Array.isArray(answer)) return answer;
  const entries = answer as readonly unknown[];
  if (query?.['queryType'] === 'scan' && entries.every(isScanEntry)) return scanAnswer(entries);
  if (query?.['queryType'] === 'segmentMetadata')
    return entries.map((entry) => (isObject(entry) ? without(entry, 'id') : entry));
  return entries;
}

type ScanEntry = Readonly<Record<string, unknown>> & { readonly events: readonly unknown[] };

const isScanEntry = (value: unknown): value is ScanEntry => isObject(value) && Array.isArray(value['events']);

function scanAnswer(entries: readonly ScanEntry[]): ScanAnswer {
  const [first] = entries;
  const columns = first === undefined ? [] : (first['columns'] as readonly string[]);
  return { columns, events: entries.flatMap(({ events }) => events) };
}

export function without(
  object: Readonly<Record<string, unknown>>,
  ...names: readonly string[]
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

export function difference(wanted: unknown, found: unknown, tolerance: number, at = '$'): Difference {
  if (isNumber(wanted) && isNumber(found))
    return sameNumber(wanted, found, tolerance) ? undefined : told(wanted, found, at);
  if (Array.isArray(wanted) && Array.isArray(found)) {
    const long = Math.min(wanted.length, found.length);
    for (let i = 0; i < long; i++) {
      const inner = difference(wanted[i], found[i], tolerance, `${at}[${i}]`);
      if (inner !== undefined) return inner;
    }
    return wanted.length === found.length ? undefined : told(wanted.length, found.length, `${at}.length`);
  }
  if (isObject(wanted) && isObject(found)) {
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
      if (!Object.hasOwn(found, key)) return told(wanted[key], undefined, `${at}.${key}`);
      if (!Object.hasOwn(wanted, key)) return told(undefined, found[key], `${at}.${key}`);
      const inner = difference(wanted[key], found[key], tolerance, `${at}.${key}`);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  return wanted === found ? undefined : told(wanted, found, at);
}

const isNumber = (value: unknown): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

function sameNumber(a: number | bigint, b: number | bigint, tolerance: number): boolean {
  if (typeof a === 'bigint' && typeof b === 'bigint') return a === b;
  const x = Number(a);
  const y = Number(b);
  const apart = Math.abs(x - y);
  return (
    x === y || apart <= tolerance * Math.max(Math.abs(x), Math.abs(y)) || apart <= Math.max(tolerance, tight)
  );
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? `${inner}n` : inner,
  );
  return value === undefined ? 'nothing' : text.slice(0, 300);
};
const told = (wanted: unknown, found: unknown, at: string): string =>
  `${at}: ${shown(found)} instead of ${shown(wanted)}`;

/** The same rows in any order. */
export function sameRows(
  wanted: readonly unknown[],
  found: readonly unknown[],
  tolerance: number,
): Difference {
  if (wanted.length !== found.length) return told(wanted.length, found.length, '$.length');
  return allAmong(wanted, found, tolerance);
}

/** Each of `rows` (as often as it is there) is one of `all`. */
export function allAmong(rows: readonly unknown[], all: readonly unknown[], tolerance: number): Difference {
  const left = new Map<string, unknown[]>();
  for (const row of all) {
    const key = shownWhole(row);
    const same = left.get(key);
    if (same === undefined) left.set(key, [row]);
    else same.push(row);
  }
  const near: unknown[] = [];
  for (const row of rows) {
    const same = left.get(shownWhole(row));
    if (same === undefined || same.pop() === undefined) near.push(row);
  }
  const rest = [...left.values()].flat();
  for (const row of near) {
    const at = rest.findIndex((one) => difference(row, one, tolerance) === undefined);
    if (at < 0) return `no row like ${shown(row)}`;
    rest.splice(at, 1);
  }
  return undefined;
}

/** Equal values have equal texts, whatever the order of their keys. */
const shownWhole = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`;
    if (!isObject(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
