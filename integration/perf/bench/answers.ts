/** Both engines' answers as rows of plain values, and whether they say the same. */
import type { BenchQuery } from './queries.js';

type Value = string | number | null;

/** Numbers agree when they differ by less than this part of the larger one. */
const tolerance = 1e-9;

/** Rows of a native answer: a bucket's time (when the SQL has one) or the dimensions, then the aggregates. */
export function nativeRows(query: BenchQuery, answer: unknown): Value[][] {
  const aggregates = (query.native['aggregations'] as { name: string }[]).map(({ name }) => name);
  const values = (from: Record<string, Value>, names: readonly string[]): Value[] =>
    names.map((name) => from[name] ?? null);
  switch (query.native['queryType']) {
    case 'timeseries':
      return (answer as { timestamp: string; result: Record<string, Value> }[])
        .filter(({ result }) => query.keys === 0 || result['rows'] !== 0)
        .map(({ timestamp, result }) => [
          ...(query.keys === 0 ? [] : [timestamp.slice(0, 10)]),
          ...values(result, aggregates),
        ]);
    case 'topN': {
      const [bucket] = answer as { result: Record<string, Value>[] }[];
      const dimension = String(query.native['dimension']);
      return (bucket?.result ?? []).map((row) => values(row, [dimension, ...aggregates]));
    }
    default: {
      const dimensions = query.native['dimensions'] as string[];
      return (answer as { event: Record<string, Value> }[]).map(({ event }) =>
        values(event, [...dimensions, ...aggregates]),
      );
    }
  }
}

export function sqlRows(rows: readonly (readonly unknown[])[]): Value[][] {
  return rows.map((row) =>
    row.map((value) => {
      if (typeof value === 'string') return value.replace(/ 00:00:00$/, '');
      if (value === null || typeof value === 'number') return value;
      if (typeof value === 'bigint') return Number(value);
      const text = (value as { toString(): string }).toString();
      return /^-?\d+$/.test(text) ? Number(text) : text.slice(0, 10);
    }),
  );
}

/** What differs first; undefined when nothing does. */
export function difference(
  query: BenchQuery,
  grove: readonly Value[][],
  other: readonly Value[][],
): string | undefined {
  if (grove.length !== other.length) return `${grove.length} rows against ${other.length}`;
  // The last of the best may have equals that are not among them.
  const last = query.isTop === true ? grove.at(-1)?.[1] : undefined;
  const keyOf = (row: readonly Value[]): string => JSON.stringify(row.slice(0, query.keys));
  const known = new Map(other.map((row) => [keyOf(row), row]));
  for (const row of grove) {
    const match = known.get(keyOf(row));
    if (match === undefined && last !== undefined && row[1] === last) continue;
    if (match === undefined) return `row ${keyOf(row)} is only in one answer`;
    // The same row twice leaves another one out.
    known.delete(keyOf(row));
    for (let i = query.keys; i < row.length; i++) {
      if (!isSame(row[i] ?? null, match[i] ?? null))
        return `row ${keyOf(row)} has ${String(row[i])} against ${String(match[i])}`;
    }
  }
  return undefined;
}

function isSame(a: Value, b: Value): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}
