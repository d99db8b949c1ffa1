/**
 * An expression over a segment as a column: strings over one string column through its dictionary, numbers a block at a
 * time, other strings once for all wanted rows, arrays and JSON when a row is asked for.
 */
import { CodedError } from '../../../proto/errors.js';
import { exactJsonText } from '../../../segment/format/json.js';
import type { ColumnView } from '../../../segment/read/view.js';
import { columnsOf } from '../../expression/ast.js';
import { expression } from '../../expression/expression.js';
import { applyMultiValues, mappedColumns } from '../../expression/multi-value.js';
import {
  asDouble,
  asLong,
  asString,
  elementsOf,
  elementType,
  type ExprType,
  isArrayType,
  isComplex,
  isTrue,
  nullValue,
  unwrapJson,
  type Value,
} from '../../expression/value.js';
import type { Environment } from '../environment.js';
import { cellReader, type CellReader } from './cells.js';
import { ComputedBytes, ComputedNumbers } from './computed-views.js';
import { expressionType } from './expression-type.js';
import { ConstantColumn, mapStrings } from './string-views.js';
import { textRows } from './text-rows.js';

/** An expression bound to a segment: its values row by row. */
export interface BoundExpression {
  open(start: number): void;
  at(row: number): Value;
  readonly type: ExprType | undefined;
  /** Strings with several values stand in scalar places: values are arrays of what each value gives. */
  readonly isMapped: boolean;
  readonly columns: readonly string[];
  /** The value when every column has this one. */
  one(value: Value): Value;
}

function columnType(column: ColumnView | undefined): ExprType | undefined {
  if (column === undefined) return undefined;
  switch (column.kind) {
    case 'string':
      return column.hasMultipleValues ? 'ARRAY<STRING>' : 'STRING';
    case 'long':
      return 'LONG';
    case 'double':
    case 'float':
      return 'DOUBLE';
    case 'complex':
      return column.typeName.startsWith('ARRAY<') ? column.typeName : `COMPLEX<${column.typeName}>`;
  }
}

export function bindExpression(environment: Environment, text: string): BoundExpression {
  const { node, evaluate } = expression(text, environment.lookups);
  const names = [...columnsOf(node)];
  const readers = new Map<string, CellReader>();
  const several = new Set<string>();
  const types = new Map<string, ExprType | undefined>();
  for (const name of names) {
    const column = environment.segment.column(name);
    readers.set(name, cellReader(environment, column));
    types.set(name, columnType(column));
    if (column?.kind === 'string' && column.hasMultipleValues) several.add(name);
  }
  const mapped = mappedColumns(node, several);
  const single = (name: string): ExprType | undefined => (mapped.includes(name) ? 'STRING' : types.get(name));
  const type = expressionType(node, single);
  let current = 0;
  const read = (name: string): Value => readers.get(name)?.at(current) ?? nullValue;
  const overAll = mapped.length === 0 ? evaluate : expression(applyMultiValues(node, several)).evaluate;
  return {
    columns: names,
    isMapped: mapped.length > 0,
    type: mapped.length > 0 && type !== undefined ? `ARRAY<${type}>` : type,
    open(start) {
      for (const reader of readers.values()) reader.open(start);
    },
    at(row) {
      current = row;
      return overAll(read);
    },
    one: (each) => evaluate(() => each),
  };
}

/** `outputType`: a type of Druid's, or undefined to take what the expression gives. */
export function expressionColumn(
  environment: Environment,
  text: string,
  outputType: string | undefined,
): ColumnView | undefined {
  const bound = bindExpression(environment, text);
  // A constant keeps the type it has, whatever is asked.
  const constant = bound.columns.length === 0 ? bound.one(nullValue) : nullValue;
  const given = constant.value === null ? outputType?.toUpperCase() : constant.type;
  const type = given ?? bound.type ?? 'STRING';
  if (type === 'STRING') return stringColumn(environment, bound);
  if ((type === 'LONG' || type === 'DOUBLE' || type === 'FLOAT') && !bound.isMapped) {
    return numberColumn(environment, bound, type);
  }
  if (isArrayType(type) && bound.isMapped && outputType === undefined)
    return stringColumn(environment, bound);
  const isScalar = type === 'LONG' || type === 'DOUBLE' || type === 'FLOAT';
  return bytesColumn(bound, isScalar ? `ARRAY<${type}>` : type);
}

function textsOf(value: Value): string | null | (string | null)[] {
  const plain = unwrapJson(value);
  const elements = elementsOf(plain);
  if (elements === undefined) {
    return isComplex(plain.type) && plain.value !== null ? exactJsonText(plain.value) : asString(plain);
  }
  const type = elementType(plain.type);
  return elements.map((each) => asString({ type, value: each as Value['value'] }));
}

function stringColumn(environment: Environment, bound: BoundExpression): ColumnView | undefined {
  return overDictionary(environment, bound) ?? stringRows(environment, bound);
}

/** Through the dictionary of the only column; undefined when there are several, or some entry has no single text. */
function overDictionary(environment: Environment, bound: BoundExpression): ColumnView | undefined {
  const { segment } = environment;
  const name = bound.columns[0];
  if (bound.columns.length > 1) return undefined;
  const column = name === undefined ? undefined : segment.column(name);
  if (name !== undefined && column !== undefined && column.kind !== 'string') return undefined;
  if (column?.kind === 'string' && column.hasMultipleValues !== bound.isMapped) return undefined;
  const textOf = (text: string | null): string | null => {
    const found = textsOf(bound.one({ type: 'STRING', value: text }));
    if (Array.isArray(found)) throw new CodedError('Bug', 'one value gave several');
    return found;
  };
  try {
    if (column === undefined) return new ConstantColumn(environment, textOf(null));
    return column.kind === 'string' ? mapStrings(environment, column, textOf, true) : undefined;
  } catch {
    // Perhaps only entries that no wanted row has: rows decide.
    return undefined;
  }
}

function stringRows(environment: Environment, bound: BoundExpression): ColumnView {
  const source = { open: (start: number) => bound.open(start), at: (row: number) => textsOf(bound.at(row)) };
  return textRows(environment, source, bound.isMapped);
}

function numberColumn(
  environment: Environment,
  bound: BoundExpression,
  type: 'LONG' | 'DOUBLE' | 'FLOAT',
): ColumnView {
  const convert = type === 'LONG' ? asLong : asDouble;
  const kind = type === 'LONG' ? 'long' : type === 'DOUBLE' ? 'double' : 'float';
  return new ComputedNumbers(environment, kind, {
    open: (start) => bound.open(start),
    at: (row) => convert(bound.at(row)),
  });
}

/** Arrays and JSON as the texts of JSON they are stored as, under the type's name. */
function bytesColumn(bound: BoundExpression, type: string): ColumnView {
  const typeName = /^COMPLEX<(.*)>$/i.exec(type)?.[1]?.toLowerCase() ?? type;
  return new ComputedBytes(typeName, {
    open: (start) => bound.open(start),
    at(row) {
      const { value } = bound.at(row);
      return value === null ? null : Buffer.from(exactJsonText(value), 'utf8');
    },
  });
}

/** Druid's truth of a value as LONG 1, 0 or null; of several values any true one decides. */
function truthOf(value: Value): 1n | 0n | null {
  const elements = elementsOf(value);
  if (elements === undefined) return value.value === null ? null : isTrue(value) ? 1n : 0n;
  const type = elementType(value.type);
  const all = elements.map((each) => truthOf({ type, value: each as Value['value'] }));
  return all.includes(1n) ? 1n : all.includes(null) || all.length === 0 ? null : 0n;
}

/** The truth of an expression as a column: LONG or, over one string column, text; 1, 0 or null. */
export function truthColumn(environment: Environment, text: string): ColumnView {
  const bound = bindExpression(environment, text);
  const [name] = bound.columns;
  const column = name === undefined ? undefined : environment.segment.column(name);
  if (
    bound.columns.length === 1 &&
    column?.kind === 'string' &&
    column.hasMultipleValues === bound.isMapped
  ) {
    try {
      return mapStrings(environment, column, (value) => {
        const truth = truthOf(bound.one({ type: 'STRING', value }));
        return truth === null ? null : String(truth);
      });
    } catch {
      // Perhaps only entries that no wanted row has: rows decide.
    }
  }
  return new ComputedNumbers(environment, 'long', {
    open: (start) => bound.open(start),
    at: (row) => truthOf(bound.at(row)),
  });
}
