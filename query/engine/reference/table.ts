/**
 * Data sources as lists of rows, made one row at a time. A row that lacks a column (its segment does) has no property of
 * that name; `kinds` names every column that some row has.
 */
import { naiveExpression, naiveFilter, type Cell, type Kinds, type Row } from '../naive.js';
import type { Filter } from '../../native/model.js';
import type { AskedQuery, AskedSource, AskedVirtual } from './asked.js';

export interface Table {
  readonly kinds: Kinds;
  readonly rows: readonly Row[];
}

export interface World {
  readonly tables: ReadonlyMap<string, Table>;
  /** The rows that a query answers, as a table. */
  answerOf(query: AskedQuery): Table;
}

const columnKinds = { STRING: 'string', LONG: 'long', DOUBLE: 'double' } as const;

export function tableOf(source: AskedSource, world: World): Table {
  if (typeof source === 'string') return named(source, world);
  switch (source.type) {
    case 'union': {
      const all = source.dataSources.map((name) => named(name, world));
      return {
        kinds: Object.assign({}, ...all.map(({ kinds }) => kinds)) as Kinds,
        rows: all.flatMap(({ rows }) => rows),
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
      return joinOf(source, world);
    case 'unnest': {
      const { kinds, rows } = tableOf(source.base, world);
      const { name } = source.virtualColumn;
      // Rows of a segment that lacks the column have nothing to be unnested.
      const made = rows.flatMap((row) =>
        (Object.hasOwn(row, source.column) ? elements(row[source.column]) : []).map((element): Row => ({
          ...row,
          [name]: element,
        })),
      );
      return keep({ kinds: { ...kinds, [name]: 'string' }, rows: made }, source.unnestFilter);
    }
    case 'filter':
      return keep(tableOf(source.base, world), source.filter);
  }
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

export function keep({ kinds, rows }: Table, filter: Filter | undefined): Table {
  if (filter === undefined) return { kinds, rows };
  return { kinds, rows: rows.filter((row) => naiveFilter(filter, row, kinds) === 'true') };
}

function joinOf(source: Extract<AskedSource, { type: 'join' }>, world: World): Table {
  const left = tableOf(source.left, world);
  const right = tableOf(source.right, world);
  const { rightPrefix, joinType, on } = source;
  const rightKinds = Object.fromEntries(
    Object.entries(right.kinds).map(([name, kind]) => [rightPrefix + name, kind]),
  );
  const beside = (row: Row | undefined): Row =>
    Object.fromEntries(Object.keys(right.kinds).map((name) => [rightPrefix + name, row?.[name] ?? null]));
  const rows = left.rows.flatMap((row) => {
    const found = right.rows.filter((other) =>
      on.every(([own, its]) => {
        const a = row[own] ?? null;
        const b = other[its] ?? null;
        return a !== null && b !== null && a === b;
      }),
    );
    if (found.length === 0) return joinType === 'LEFT' ? [{ ...row, ...beside(undefined) }] : [];
    return found.map((other) => ({ ...row, ...beside(other) }));
  });
  return { kinds: { ...left.kinds, ...rightKinds }, rows };
}

/** The table with its virtual columns as columns. */
export function withVirtual({ kinds, rows }: Table, columns: readonly AskedVirtual[]): Table {
  const added: Record<string, Kinds[string]> = {};
  for (const column of columns)
    added[column.name] = column.type === 'expression' ? columnKinds[column.outputType] : 'strings';
  return {
    kinds: { ...kinds, ...added },
    rows: rows.map((row) => {
      const all: Record<string, Cell> = { ...row };
      for (const column of columns) all[column.name] = virtualCell(column, row);
      return all;
    }),
  };
}

function virtualCell(column: AskedVirtual, row: Row): Cell {
  if (column.type === 'mv-filtered') {
    return elements(row[column.delegate]).filter(
      (value) => (value !== null && column.values.includes(String(value))) === column.isAllowList,
    ) as (string | null)[];
  }
  return naiveExpression(column.expression, row).value as Cell;
}
