/**
 * Which parts of a filter over joins are asked of the left side alone, and which of the joined rows, as Druid splits
 * them. What is asked of the left side is not asked again: of right and full joins the right rows that meet none of
 * the rows left are answered, whatever the filter says of columns they do not have. A condition on a right column that
 * is joined by is asked of what it is joined with instead: left rows that meet nothing pass it. Pure.
 */
import type { ExpressionContext } from '../../expression/expression.js';
import { columnsOf } from '../../expression/ast.js';
import { parseExpression } from '../../expression/parser.js';
import { both, filterColumns, renamedColumn } from '../../native/filter-columns.js';
import type { Filter, VirtualColumn } from '../../native/model.js';
import { normalClauses } from '../../native/normal-filter.js';
import type { JoinType } from '../../native/source.js';
import { columnsRead } from '../../native/transforms.js';
import { nullOutput } from '../../results/output.js';
import { havingTest } from '../../results/row-filter.js';

/** One of several joins, that of the innermost left side first. */
export interface JoinClause {
  readonly prefix: string;
  readonly joinType: JoinType;
  /** What each right column (without the prefix) is to equal; expressions of columns to its left. */
  readonly equalities: readonly { readonly leftText: string; readonly rightColumn: string }[];
}

export interface JoinFilterOptions {
  readonly pushesDown: boolean;
  readonly rewrites: boolean;
  /** The first of inner joins asks the left side for the values of the right one before it joins. */
  readonly asksLeft: boolean;
  /** No column of a right side with that prefix is asked for. */
  readonly isUnused: (prefix: string) => boolean;
}

export interface SplitFilter {
  readonly left: Filter | undefined;
  readonly after: Filter | undefined;
  /** Columns that `left` reads beside those of the left side and its own virtual ones. */
  readonly leftColumns: readonly VirtualColumn[];
}

export function isRightColumn(clauses: readonly JoinClause[], column: string): boolean {
  return clauses.some(({ prefix }) => column.startsWith(prefix) && column !== prefix);
}

/** Virtual columns that read some column of a right side; the others are computed before joining. */
export function readsRight(clauses: readonly JoinClause[], column: VirtualColumn): boolean {
  return [...columnsRead(column)].some((name) => isRightColumn(clauses, name));
}

/** `leftFilter`: of the data source; `filter`: all that is asked, it among it. */
export function splitJoinFilter(
  clauses: readonly JoinClause[],
  virtualColumns: readonly VirtualColumn[],
  { leftFilter, filter }: { readonly leftFilter: Filter | undefined; readonly filter: Filter | undefined },
  { pushesDown, rewrites }: Pick<JoinFilterOptions, 'pushesDown' | 'rewrites'>,
  lookups: ExpressionContext = {},
): SplitFilter {
  const parts = filter === undefined || !pushesDown ? undefined : normalClauses(filter);
  if (parts === undefined) return { left: leftFilter, after: filter, leftColumns: [] };
  const late = new Set(
    virtualColumns.filter((column) => readsRight(clauses, column)).map(({ name }) => name),
  );
  const isLate = (column: string): boolean => late.has(column) || isRightColumn(clauses, column);
  const moving = new Moving(clauses);
  const left: (Filter | undefined)[] = [leftFilter];
  const after: Filter[] = [];
  for (const part of parts) {
    const columns = filterColumns(part);
    const matchesNull = columns === undefined || passesNull(part, lookups);
    if (columns !== undefined && ![...columns].some(isLate)) (matchesNull ? after : left).push(part);
    else {
      const moved = matchesNull || !rewrites ? undefined : moving.moved(part);
      if (moved === undefined) after.push(part);
      else left.push(moved);
    }
  }
  return { left: both(left), after: both(after), leftColumns: moving.columns() };
}

/** Whether the filter holds where every column is null. */
function passesNull(filter: Filter, lookups: ExpressionContext): boolean {
  return havingTest({ type: 'filter', filter: overScalars(filter) }, nullOutput, lookups)(0);
}

/** With conditions on arrays as what they are of null. */
function overScalars(filter: Filter): Filter {
  switch (filter.type) {
    case 'and':
    case 'or':
      return { type: filter.type, fields: filter.fields.map(overScalars) };
    case 'not':
    case 'istrue':
    case 'isfalse':
      return { type: filter.type, field: overScalars(filter.field) };
    case 'arrayContainsElement':
      return filter.element === null
        ? { type: 'null', column: filter.column }
        : { type: 'selector', dimension: filter.column, value: '' };
    case 'arrayRange':
      return { type: 'selector', dimension: filter.column, value: '' };
    default:
      return filter;
  }
}

/** Conditions on right columns that are joined by, asked of what they equal. */
class Moving {
  readonly #clauses: readonly JoinClause[];
  readonly #equal = new Map<string, Set<string>>();
  /** Columns for what is no column, by expression. */
  readonly #made = new Map<string, VirtualColumn>();

  constructor(clauses: readonly JoinClause[]) {
    this.#clauses = clauses;
    for (const { prefix, equalities } of clauses) {
      for (const { leftText, rightColumn } of equalities) {
        const known = this.#equal.get(prefix + rightColumn);
        if (known === undefined) this.#equal.set(prefix + rightColumn, new Set([leftText]));
        else known.add(leftText);
      }
    }
  }

  columns(): readonly VirtualColumn[] {
    return [...this.#made.values()];
  }

  /** Undefined: it has to be asked of the joined rows. */
  moved(filter: Filter): Filter | undefined {
    if (filter.type !== 'or') return this.#movedSingle(filter);
    const fields: Filter[] = [];
    for (const field of filter.fields) {
      const columns = filterColumns(field);
      const isLeft =
        columns !== undefined && ![...columns].some((column) => isRightColumn(this.#clauses, column));
      const moved = isLeft ? field : this.#movedSingle(field);
      if (moved === undefined) return undefined;
      fields.push(moved);
    }
    return { type: 'or', fields };
  }

  #movedSingle(filter: Filter): Filter | undefined {
    const [column, ...others] = filterColumns(filter) ?? [];
    if (column === undefined || others.length > 0 || !canRename(filter)) return undefined;
    const sources = this.#leftOf(column);
    if (sources.length === 0) return undefined;
    return both(sources.map((source) => renamedColumn(filter, source)));
  }

  /** Names of left columns that equal the right one. */
  #leftOf(column: string): readonly string[] {
    const names: string[] = [];
    for (const text of this.#equal.get(column) ?? []) {
      const node = parseExpression(text);
      if (node.kind === 'identifier') {
        names.push(...(isRightColumn(this.#clauses, node.name) ? this.#leftOf(node.name) : [node.name]));
      } else if (![...columnsOf(node)].some((name) => isRightColumn(this.#clauses, name))) {
        names.push(this.#columnFor(text));
      }
    }
    return [...new Set(names)];
  }

  #columnFor(text: string): string {
    const known = this.#made.get(text);
    if (known !== undefined) return known.name;
    const name = `JOIN-FILTER-PUSHDOWN-VIRTUAL-COLUMN-${this.#made.size}`;
    this.#made.set(text, { type: 'expression', name, expression: text, outputType: 'STRING' });
    return name;
  }
}

/** Those that Druid asks of another column. */
function canRename(filter: Filter): boolean {
  switch (filter.type) {
    case 'and':
    case 'or':
      return filter.fields.every(canRename);
    case 'not':
    case 'istrue':
    case 'isfalse':
      return canRename(filter.field);
    case 'selector':
      return filter.extractionFn === undefined;
    case 'expression':
    case 'columnComparison':
    case 'packed':
      return false;
    default:
      return true;
  }
}
