/** Whether rows are sorted as the segment's metadata says: readers skip sorting and search by it. */
import type { Arena } from './kernels/arena.js';
import { jsonReader } from './read/plain-values.js';
import type { SegmentView } from './read/view.js';
import type { JsonValue } from './write/source.js';

interface Claim {
  readonly name: string;
  readonly sign: 1 | -1;
  readonly read: (row: number) => JsonValue;
}

/** The first row that breaks what is claimed; undefined when none does. */
export function brokenOrder(view: SegmentView, arena: Arena): string | undefined {
  const claims = claimsOf(view, arena);
  let before: JsonValue[] | undefined;
  for (let row = 0; row < view.rowCount; row++) {
    const values = claims.map((claim) => claim.read(row));
    for (const [i, { name, sign }] of claims.entries()) {
      if (before === undefined) break;
      const order = compare(before[i] as JsonValue, values[i] as JsonValue) * sign;
      if (order > 0) return `row[${row}] is not in the order that the metadata claims for column[${name}]`;
      if (order < 0) break;
    }
    before = values;
  }
  return undefined;
}

/** As far as there is one order: rows of several values, documents and sketches have none of their own. */
function claimsOf(view: SegmentView, arena: Arena): Claim[] {
  const found: Claim[] = [];
  const { ordering } = (JSON.parse(view.metadataText ?? '{}') ?? {}) as { readonly ordering?: unknown };
  if (!Array.isArray(ordering)) return found;
  for (const one of ordering as readonly { columnName?: unknown; order?: unknown }[]) {
    const name = one?.columnName;
    if (typeof name !== 'string') return found;
    const column = view.column(name);
    if (column === undefined) continue;
    if (column.kind === 'complex' || 'json' in column) return found;
    if (column.kind === 'string' && column.hasMultipleValues) return found;
    const read = jsonReader(column, arena, view.rowCount);
    found.push({ name, sign: one.order === 'descending' ? -1 : 1, read });
  }
  return found;
}

/** Null first; NaN is the largest, and -0 less than 0, as Java compares. */
function compare(a: JsonValue, b: JsonValue): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  if (a < b) return -1;
  if (a > b) return 1;
  if (typeof a !== 'number' || typeof b !== 'number' || Object.is(a, b)) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return Object.is(a, -0) ? -1 : 1;
}
