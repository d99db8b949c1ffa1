/** Random schemas and rows, and segments of them: two tables, of which some segments lack some columns. */
import type { Arena } from '../../../segment/kernels/arena.js';
import { HyperUnique } from '../../../segment/format/hyper-unique-sketch.js';
import type { SegmentView } from '../../../segment/read/view.js';
import { isArray, type Cell, type Kinds, type Row } from '../naive.js';
import type { Chance } from '../random-queries.js';
import { testSegment, type TestColumn } from '../test-segment.js';
import { answerTable } from './answer-table.js';
import type { ArrayType } from './asked-filter.js';
import type { Table, World } from './table.js';

type Kind = Kinds[string];

const dayMs = 86_400_000;
export const startMs = Date.UTC(2024, 0, 1);
export const interval = { startMs, endMs: startMs + 4 * dayMs };
export const texts = ['', 'a', 'b', 'red', '10', '9', '1.5', '-3', '\u{1F600}', '\uE000'];
const longs = [0n, 1n, -5n, 10n, 9007199254740993n, 9223372036854775807n, -9223372036854775808n];
const doubles = [0, 1.5, -3, 10, 1e9, 2.25, -0.5];
const odd = [Number.NaN, Infinity, -Infinity, 1.5];
const inexact = [0.1, 1e17, -1e17, 1 / 3, -7.7];

/** Columns that only aggregators read: NaN and infinities; sums that depend on the order of the rows; sketches. */
export const metrics: Kinds = { wild: 'double', fuzzy: 'double', seen: 'sketch' };

export interface RandomWorld extends World {
  readonly kinds: Kinds;
  readonly segments: readonly RandomSegment[];
}

export interface RandomSegment {
  readonly table: string;
  readonly view: SegmentView;
  /** What the view shows. */
  readonly shown: Table;
}

export function randomWorld(chance: Chance, arena: Arena): RandomWorld {
  const kinds: Record<string, Kind> = { __time: 'long', ...metrics };
  const count = 2 + chance.below(5);
  for (let i = 0; i < count; i++)
    kinds[`c${i}`] = chance.pick(['long', 'double', 'float', 'string', 'string', 'strings']);
  if (chance.next() < 0.4) kinds['list'] = chance.pick(['longArray', 'doubleArray', 'stringArray'] as const);
  const tables = new Map<string, Table>();
  const segments: RandomSegment[] = [];
  // Times differ over both tables, so that first and last are one.
  let hour = 0;
  for (const table of ['t', 'u']) {
    const timeSorted = chance.next() < 0.6;
    const rows = randomRows(chance, kinds, chance.pick([0, 1, 3, 20, 60]), hour);
    hour += rows.length;
    const parts = 1 + chance.below(table === 't' ? 4 : 2);
    const all: Row[][] = [];
    const own: Record<string, Kind> = {};
    for (let part = 0; part < parts; part++) {
      // Some get nothing.
      const given = rows.filter((__, i) => i % parts === part);
      if (!timeSorted) given.reverse();
      const lacking = Object.keys(kinds).filter((name) => name !== '__time' && chance.next() < 0.07);
      const rest = given.map((row) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => !lacking.includes(name))),
      );
      all.push(rest);
      const there = Object.keys(kinds).filter((name) => !lacking.includes(name));
      for (const name of there) own[name] = kinds[name] ?? 'string';
      const view = segmentOf(arena, rest, there, kinds, {
        id: `${table}${part}`,
        timeSorted,
        dictionarySorted: chance.next() < 0.5,
        hasBitmaps: chance.next() < 0.5,
        isNarrow: part % 2 === 0,
      });
      const seen = Object.fromEntries(there.map((name) => [name, kinds[name] ?? 'string'] as const));
      const shown = { kinds: seen, rows: rest, parts: rest.length === 0 ? [] : [rest] };
      segments.push({ table, view, shown });
    }
    tables.set(table, { kinds: own, rows: all.flat(), parts: all.filter((part) => part.length > 0) });
  }
  const world: RandomWorld = { kinds, tables, segments, answerOf: (query) => answerTable(query, world) };
  return world;
}

function segmentOf(
  arena: Arena,
  rows: readonly Row[],
  names: readonly string[],
  kinds: Kinds,
  promises: {
    readonly id: string;
    readonly timeSorted: boolean;
    readonly dictionarySorted: boolean;
    readonly hasBitmaps: boolean;
    readonly isNarrow: boolean;
  },
): SegmentView {
  const columns: Record<string, TestColumn> = {};
  for (const name of names) {
    const kind = kinds[name];
    if (kind === 'sketch') {
      columns[name] = {
        kind: 'complex',
        typeName: 'hyperUnique',
        values: rows.map((row) => sketchOf(row[name])),
      };
    } else if (isArray(kind)) {
      const values = rows.map((row) => arrayBytes(row[name] ?? null));
      columns[name] = { kind: 'complex', typeName: arrayTypeOf(kind), values };
    } else columns[name] = { kind, values: rows.map((row) => row[name]) } as TestColumn;
  }
  return testSegment(arena, { ...promises, interval, columns, metrics: Object.keys(metrics) });
}

/** As arrays are stored: their JSON. */
function arrayBytes(cell: Cell): Uint8Array | null {
  if (!Array.isArray(cell)) return null;
  const texts = (cell as readonly Cell[]).map((each) =>
    typeof each === 'bigint' ? String(each) : JSON.stringify(each),
  );
  return Buffer.from(`[${texts.join(',')}]`);
}

export function arrayTypeOf(kind: Kind | undefined): ArrayType {
  if (kind === 'longArray') return 'ARRAY<LONG>';
  return kind === 'doubleArray' ? 'ARRAY<DOUBLE>' : 'ARRAY<STRING>';
}

/** Few short ones, so that they meet. */
export function randomArray(chance: Chance, kind: Kind | undefined): (bigint | number | string | null)[] {
  const of = {
    longArray: [1n, 2n, -5n],
    doubleArray: [1.5, 2, -3],
    stringArray: ['a', 'b', '', '10'],
  } as const;
  const values = of[kind as keyof typeof of];
  return Array.from({ length: chance.below(3) }, () =>
    chance.maybe<bigint | number | string>(chance.pick<bigint | number | string>(values)),
  );
}

function sketchOf(cell: Cell | undefined): Uint8Array {
  const sketch = new HyperUnique();
  for (const text of (cell ?? []) as readonly string[]) sketch.addText(text);
  return sketch.toBytes();
}

function randomRows(chance: Chance, kinds: Kinds, count: number, hour: number): Row[] {
  const rows = Array.from({ length: count }, (_, i) => {
    const around = hour + i >= 96 ? 2_000_000 : 0;
    const ms = startMs + ((hour + i) % 96) * 3_600_000 + around + chance.below(1_000_000);
    const row: Record<string, Cell> = { __time: BigInt(ms) };
    for (const [name, kind] of Object.entries(kinds))
      if (name !== '__time') row[name] = randomCell(chance, name, kind);
    return row;
  });
  return rows.sort((a, b) => Number(a['__time']) - Number(b['__time']));
}

function randomCell(chance: Chance, name: string, kind: Kind): Cell {
  if (name === 'wild') return chance.pick(odd);
  if (name === 'fuzzy') return chance.maybe(chance.pick(inexact));
  switch (kind) {
    case 'long':
      return chance.maybe(chance.pick(longs));
    case 'double':
      return chance.maybe(chance.pick(doubles));
    case 'float':
      return chance.maybe(Math.fround(chance.pick(doubles)));
    case 'string':
      return chance.maybe(chance.pick(texts));
    case 'strings':
      return Array.from({ length: chance.below(4) }, () => chance.maybe(chance.pick(texts)));
    case 'longArray':
    case 'doubleArray':
    case 'stringArray':
      return chance.maybe(randomArray(chance, kind));
    case 'sketch':
      return Array.from({ length: chance.below(4) }, () => `u${chance.below(40)}`);
  }
}
