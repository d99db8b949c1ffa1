/**
 * Data sources as lists of rows, made one row at a time. A row that lacks a column (its segment does) has no property of
 * that name; `kinds` names every column that some row has.
 */
import { isArray, naiveExpression, naiveFilter, type Cell, type Kinds, type Row } from '../naive.js';
import type { Filter } from '../../native/model.js';
import type { AskedQuery, AskedSource, AskedVirtual } from './asked.js';

export interface Table {
  readonly kinds: Kinds;
  readonly rows: readonly Row[];
  /** The same rows, a list for each segment that has any: right and full joins see one at a time. */
  readonly parts?: readonly (readonly Row[])[];
}

export interface World {
  readonly tables: ReadonlyMap<string, Table>;
  /** The rows that a query answers, as a table. */
  answerOf(query: AskedQuery): Table;
}

const columnKinds = { STRING: 'string', LONG: 'long', DOUBLE: 'double' } as const;

/** `isInTime`: the row is in the query's interval. */
export function tableOf(source: AskedSource, world: World, isInTime: (row: Row) => boolean): Table {
  if (typeof source === 'string') return named(source, world);
  switch (source.type) {
    case 'union': {
      const all = source.dataSources.map((name) => named(name, world));
      return {
        kinds: Object.assign({}, ...all.map(({ kinds }) => kinds)) as Kinds,
        rows: all.flatMap(({ rows }) => rows),
        parts: all.flatMap(partsOf),
      };
    }
    case 'inline': {
      const { columnNames, columnTypes } = source;
      return {
        kinds: Object.fromEntries(
          columnNames.map((name, i) => [name, columnKinds[columnTypes[i] ?? 'STRING']]),
        ),
        rows: source.rows.map((cells) =>
          Object.fromEntries(
            columnNames.map((name, i) => [name, ofType(cells[i] ?? null, columnTypes[i] ?? 'STRING')]),
          ),
        ),
      };
    }
    case 'query':
      return world.answerOf(source.query);
    case 'join':
      return joinOf(source, world, isInTime);
    case 'unnest': {
      const { kinds, rows } = tableOf(source.base, world, isInTime);
      const { name } = source.virtualColumn;
      const made = rows.flatMap((row) =>
        unnested(row[source.column], kinds[source.column]).map((element): Row => ({
          ...row,
          [name]: element,
        })),
      );
      return keep(
        { kinds: { ...kinds, [name]: elementKind(kinds[source.column]) }, rows: made },
        source.unnestFilter,
      );
    }
    case 'filter':
      return keep(tableOf(source.base, world, isInTime), source.filter);
  }
}

/** Rows of a segment that lacks the column have nothing to be unnested, nor have arrays that are null or empty. */
function unnested(cell: Cell | undefined, kind: Kinds[string] | undefined): readonly Cell[] {
  if (cell === undefined) return [];
  if (!isArray(kind)) return elements(cell);
  if (!Array.isArray(cell)) return [];
  // Texts are asked for: of those, an only null is none at all.
  const isNone = cell.length === 1 && cell[0] === null && kind === 'stringArray';
  return isNone ? [] : (cell as readonly Cell[]);
}

export function elementKind(kind: Kinds[string] | undefined): 'long' | 'double' | 'string' {
  if (kind === 'longArray') return 'long';
  return kind === 'doubleArray' ? 'double' : 'string';
}

function ofType(cell: string | number | bigint | null, type: 'STRING' | 'LONG' | 'DOUBLE'): Cell {
  if (cell === null || type === 'STRING') return cell;
  return type === 'LONG' ? BigInt(cell) : Number(cell);
}

function named(name: string, world: World): Table {
  const table = world.tables.get(name);
  if (table === undefined) throw new Error(`there is no table ${name}`);
  return table;
}

/** An empty list of texts stands for one null. */
export function elements(cell: Cell | undefined): readonly (bigint | number | string | null)[] {
  if (cell === undefined) return [null];
  if (!Array.isArray(cell)) return [cell as bigint | number | string | null];
  return cell.length === 0 ? [null] : (cell as readonly (string | null)[]);
}

const partsOf = ({ rows, parts }: Table): readonly (readonly Row[])[] => parts ?? [rows];

export function keep(table: Table, filter: Filter | undefined): Table {
  return filter === undefined
    ? table
    : keepRows(table, (row) => naiveFilter(filter, row, table.kinds) === 'true');
}

export function keepRows(table: Table, isKept: (row: Row) => boolean): Table {
  const parts = partsOf(table).map((rows) => rows.filter(isKept));
  return { kinds: table.kinds, rows: parts.flat(), parts };
}

/**
 * Right rows that no row of a segment met are there for each segment, as in Druid. Rows outside of the interval meet
 * nothing.
 */
function joinOf(
  source: Extract<AskedSource, { type: 'join' }>,
  world: World,
  isInTime: (row: Row) => boolean,
): Table {
  const left = tableOf(source.left, world, isInTime);
  const right = tableOf(source.right, world, () => true);
  const { rightPrefix, joinType, on } = source;
  const rightKinds = Object.fromEntries(
    Object.entries(right.kinds).map(([name, kind]) => [rightPrefix + name, kind]),
  );
  const beside = (row: Row | undefined): Row =>
    Object.fromEntries(Object.keys(right.kinds).map((name) => [rightPrefix + name, row?.[name] ?? null]));
  const isMet = (row: Row, other: Row): boolean =>
    on.every(([own, its]) => {
      const a = row[own] ?? null;
      const b = other[its] ?? null;
      return a !== null && b !== null && a === b;
    });
  // A segment has the columns that its rows have.
  const nothingOf = (rows: readonly Row[]): Row =>
    Object.fromEntries(Object.keys(rows[0] ?? left.kinds).map((name) => [name, null]));
  const parts = partsOf(left).map((rows): Row[] => {
    const inside = rows.filter(isInTime);
    const pairs = inside.flatMap((row) => {
      const found = right.rows.filter((other) => isMet(row, other));
      if (found.length > 0) return found.map((other): Row => ({ ...row, ...beside(other) }));
      return joinType === 'LEFT' || joinType === 'FULL' ? [{ ...row, ...beside(undefined) }] : [];
    });
    if (joinType === 'INNER' || joinType === 'LEFT') return pairs;
    const unmet = right.rows.filter((other) => !inside.some((row) => isMet(row, other)));
    const nothing = nothingOf(rows);
    return [...pairs, ...unmet.map((other): Row => ({ ...nothing, ...beside(other) }))];
  });
  return { kinds: { ...left.kinds, ...rightKinds }, rows: parts.flat(), parts };
}

/** The table with its virtual columns as columns. */
export function withVirtual(table: Table, columns: readonly AskedVirtual[]): Table {
  const { kinds } = table;
  const added: Record<string, Kinds[string]> = {};
  for (const column of columns)
    added[column.name] = column.type === 'expression' ? columnKinds[column.outputType] : 'strings';
  const wider = (row: Row): Row => {
    const all: Record<string, Cell> = { ...row };
    for (const column of columns) all[column.name] = virtualCell(column, row);
    return all;
  };
  return { kinds: { ...kinds, ...added }, rows: table.rows.map(wider) };
}

function virtualCell(column: AskedVirtual, row: Row): Cell {
  if (column.type === 'mv-filtered') {
    return elements(row[column.delegate]).filter(
      (value) => (value !== null && column.values.includes(String(value))) === column.isAllowList,
    ) as (string | null)[];
  }
  return naiveExpression(column.expression, row).value as Cell;
}
