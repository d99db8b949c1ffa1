/**
 * An expression over a segment as a column: strings over one string column through its dictionary, numbers a block at a
 * time, other strings once for all wanted rows, arrays and JSON when a row is asked for.
 */
import { CodedError } from '../../../proto/errors.js';
import { exactJsonText } from '../../../segment/format/json.js';
import { hasJson } from '../../../segment/read/rows.js';
import type { ColumnView } from '../../../segment/read/view.js';
import { columnsOf, type Node, stringify } from '../../expression/ast.js';
import { castTo } from '../../expression/cast.js';
import { expression } from '../../expression/expression.js';
import { applyMultiValues, columnUses, mappedColumns } from '../../expression/multi-value.js';
import {
  array,
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
import { expressionType, isNumberAsText, isSurelyText, type TypeOf } from './expression-type.js';
import { ConstantColumn, mapStrings } from './string-views.js';
import { textRows } from './text-rows.js';
import { takesListsAsTexts } from './vector-expression.js';

/** An expression bound to a segment: its values row by row. */
export interface BoundExpression {
  open(start: number): void;
  at(row: number): Value;
  readonly type: ExprType | undefined;
  /** Strings with several values stand in scalar places: values are arrays of what each value gives. */
  readonly isMapped: boolean;
  /** Values are the column's own lists, or some of their entries: null is no value at all, not one that is null. */
  readonly isList: boolean;
  /** No row has a value that is printed otherwise than as a text. */
  readonly isSurelyText: boolean;
  readonly columns: readonly string[];
  readonly node: Node;
  /** The value when every column has this one. */
  one(value: Value): Value;
}

const noValues = array('STRING', [null]);

/** As Java prints a list, one value as it is. */
function listAsText(list: Value): Value {
  const texts = (elementsOf(list) ?? []) as readonly (string | null)[];
  const value = texts.length === 1 ? (texts[0] ?? null) : `[${texts.map(String).join(', ')}]`;
  return { type: 'STRING', value };
}

export function columnType(column: ColumnView | undefined): ExprType | undefined {
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

/** What is filtered of a string with several values is such a string, no array. */
function keepsSeveral(node: Node, several: ReadonlySet<string>): boolean {
  if (node.kind !== 'apply' || node.name.toLowerCase() !== 'filter') return false;
  const [list] = node.args;
  return list?.kind === 'identifier' && several.has(list.name);
}

/** A test of a whole row's values: whether there are any. */
function isNullTest(node: Node): boolean {
  return (
    node.kind === 'call' &&
    (node.name.toLowerCase() === 'isnull' || node.name.toLowerCase() === 'notnull') &&
    node.args[0]?.kind === 'identifier'
  );
}

/** A column is taken as a whole array or value by value: Druid plans no expression that does both, whatever it holds. */
function refuseBothUses(node: Node): void {
  const { arrays, scalars } = columnUses(node);
  const both = [...scalars].filter((name) => arrays.has(name));
  if (both.length === 0) return;
  throw new CodedError(
    'QueryFailed',
    `Invalid expression: ${stringify(node)}; [${both.join(', ')}] used as both scalar and array variables`,
  );
}

/**
 * Elements that are asked for as constants are cast to the array's type before any row is seen: 4.75 among longs is 4,
 * and a text that is no number is null.
 */
function withElementsCast(node: Node, typeOf: TypeOf): Node {
  switch (node.kind) {
    case 'literal':
    case 'identifier':
      return node;
    case 'unary':
      return { ...node, operand: withElementsCast(node.operand, typeOf) };
    case 'binary':
      return {
        ...node,
        left: withElementsCast(node.left, typeOf),
        right: withElementsCast(node.right, typeOf),
      };
    case 'apply':
      return { ...node, args: node.args.map((arg) => withElementsCast(arg, typeOf)) };
    case 'call': {
      const args = node.args.map((arg) => withElementsCast(arg, typeOf));
      const [list, wanted] = args;
      const listType = list === undefined ? undefined : expressionType(list, typeOf);
      if (
        node.name.toLowerCase() !== 'array_contains' ||
        wanted?.kind !== 'literal' ||
        listType === undefined
      )
        return { ...node, args };
      const type = isArrayType(listType) ? elementType(listType) : listType;
      const { value } = wanted;
      if (isComplex(type) || isArrayType(type) || isArrayType(value.type)) return { ...node, args };
      const cast: Node = { kind: 'literal', value: castTo(value, type) };
      return { ...node, args: [list ?? wanted, cast, ...args.slice(2)] };
    }
  }
}

/** `listsAre` on vectors: tests for null see a row's values as one object, filters may see one text. */
export function bindExpression(
  environment: Environment,
  text: string,
  listsAre: 'taken apart' | 'tested whole' | 'texts' = 'taken apart',
): BoundExpression {
  const plain = expression(text, environment.lookups);
  const columnTypeOf = (name: string): ExprType | undefined => columnType(environment.segment.column(name));
  const asked = withElementsCast(plain.node, columnTypeOf);
  refuseBothUses(plain.node);
  const isSame = stringify(asked) === stringify(plain.node);
  const { node, evaluate } = isSame ? plain : expression(asked, environment.lookups);
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
  const isWhole =
    (listsAre === 'tested whole' && isNullTest(node)) ||
    (listsAre === 'texts' && takesListsAsTexts(node, several, (name) => types.get(name)));
  const mapped = isWhole ? [] : mappedColumns(node, several);
  const single = (name: string): ExprType | undefined =>
    mapped.includes(name) || (listsAre === 'texts' && isWhole && several.has(name))
      ? 'STRING'
      : types.get(name);
  const isFiltered = keepsSeveral(node, several);
  const isText = isFiltered || (mapped.length > 0 && isNumberAsText(node, single));
  const type = isText ? 'STRING' : expressionType(node, single);
  let current = 0;
  // Mapped over, a row without values is one null.
  const read = (name: string): Value => {
    const found = readers.get(name)?.at(current) ?? nullValue;
    if (found.value !== null && listsAre === 'texts' && isWhole && several.has(name))
      return listAsText(found);
    return found.value === null && mapped.includes(name) ? noValues : found;
  };
  const overAll = mapped.length === 0 ? evaluate : expression(applyMultiValues(node, several)).evaluate;
  return {
    columns: names,
    node,
    isMapped: mapped.length > 0,
    isList: isFiltered || (node.kind === 'call' && node.name.toLowerCase() === 'mv_to_array'),
    isSurelyText: mapped.length > 0 || isText || isSurelyText(node, single),
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

const numberTypes = ['LONG', 'DOUBLE', 'FLOAT'] as const;
type NumberType = (typeof numberTypes)[number];

function numberType(type: string | undefined): NumberType | undefined {
  return numberTypes.find((each) => each === type);
}

/** Numbers stay what the expression makes of them, whatever type is declared; only FLOAT is never found out. */
function valueType(bound: BoundExpression, declared: string | undefined): string {
  const hint = declared?.toUpperCase();
  // A constant keeps the type it has.
  const constant = bound.columns.length === 0 ? bound.one(nullValue) : nullValue;
  if (constant.value !== null) return constant.type;
  const each = bound.isMapped ? elementType(bound.type ?? 'ARRAY<STRING>') : bound.type;
  const isArray = hint !== undefined && isArrayType(hint);
  if (numberType(each) !== undefined && !isArray) return hint === 'FLOAT' ? hint : (each ?? 'STRING');
  return hint ?? each ?? 'STRING';
}

/** `outputType`: a type of Druid's, or undefined to take what the expression gives. */
export function expressionColumn(
  environment: Environment,
  text: string,
  outputType: string | undefined,
): ColumnView | undefined {
  const bound = bindExpression(
    environment,
    text,
    environment.byVector === true ? 'tested whole' : 'taken apart',
  );
  const type = valueType(bound, outputType);
  if (type === 'STRING') return stringColumn(environment, bound);
  const number = numberType(type);
  return number === undefined ? bytesColumn(bound, type) : numberColumn(environment, bound, number);
}

/** As rows are printed: what is computed for every value of a row is an array, while as a column it is a number. */
export function printedExpression(
  environment: Environment,
  text: string,
  outputType: string | undefined,
): ColumnView | undefined {
  const bound = bindExpression(environment, text);
  if (bound.node.kind === 'identifier') {
    const stored = environment.segment.column(bound.node.name);
    if (stored?.kind === 'string' && hasJson(stored)) return stored;
  }
  const type = bound.isMapped ? valueType(bound, outputType) : undefined;
  const number = numberType(type);
  if (number !== undefined) return bytesColumn(bound, `ARRAY<${number}>`);
  // Values of several types are printed each as it is.
  if (!bound.isMapped && outputIsText(bound, outputType) && isUntyped(bound, outputType))
    return bytesColumn(bound, 'COMPLEX<json>', bound.type === 'STRING');
  // The dictionary knows nothing of rows without values.
  if (type === 'STRING' && textsOf(bound.one(nullValue)) !== null) return stringRows(environment, bound);
  return expressionColumn(environment, text, outputType);
}

function outputIsText(bound: BoundExpression, outputType: string | undefined): boolean {
  return valueType(bound, outputType) === 'STRING';
}

/** What stands in a document has a type of its own, as has what is no text where none is declared. */
function isUntyped({ node, isList, isSurelyText: isText }: BoundExpression, declared?: string): boolean {
  if (node.kind === 'call' && node.name.toLowerCase() === 'json_value' && node.args.length === 2) return true;
  return declared === undefined && !isText && !isList;
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
  return textRows(
    environment,
    {
      open: (start) => bound.open(start),
      at(row) {
        const value = bound.at(row);
        return value.value === null && bound.isList ? [] : textsOf(value);
      },
    },
    bound.isMapped,
  );
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

/**
 * Arrays and JSON as the texts of JSON they are stored as, under the type's name. `isLoose`: what should be a text, where
 * an array of one is its element.
 */
function bytesColumn(bound: BoundExpression, type: string, isLoose = false): ColumnView {
  const typeName = /^COMPLEX<(.*)>$/i.exec(type)?.[1]?.toLowerCase() ?? type;
  const shown = (value: Value['value']): unknown => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    return isLoose && Array.isArray(value) && value.length === 1 ? value[0] : value;
  };
  return new ComputedBytes(typeName, {
    open: (start) => bound.open(start),
    at(row) {
      const { value } = bound.at(row);
      if (value instanceof Uint8Array && typeName !== 'json') return value;
      const json = value === null ? null : shown(value);
      return json === null ? null : Buffer.from(exactJsonText(json), 'utf8');
    },
  });
}

/**
 * Druid's truth of a value as LONG 1, 0 or null; of several values any true one decides. Where none is true, one null
 * of an array makes it null, but what was computed value by value is null only when all are.
 */
function truthOf(value: Value, isMapped: boolean): 1n | 0n | null {
  const elements = elementsOf(value);
  if (elements === undefined) return value.value === null ? null : isTrue(value) ? 1n : 0n;
  const type = elementType(value.type);
  const all = elements.map((each) => truthOf({ type, value: each as Value['value'] }, isMapped));
  const isNull = (each: unknown): boolean => each === null;
  return all.includes(1n)
    ? 1n
    : (isMapped ? all.every(isNull) : all.length === 0 || all.some(isNull))
      ? null
      : 0n;
}

/** The truth of an expression as a column: LONG or, over one string column, text; 1, 0 or null. */
export function truthColumn(environment: Environment, text: string): ColumnView {
  const bound = bindExpression(environment, text, environment.byVector === true ? 'texts' : 'taken apart');
  const [name] = bound.columns;
  const column = name === undefined ? undefined : environment.segment.column(name);
  if (
    bound.columns.length === 1 &&
    column?.kind === 'string' &&
    column.hasMultipleValues === bound.isMapped
  ) {
    try {
      return mapStrings(environment, column, (value) => {
        const truth = truthOf(bound.one({ type: 'STRING', value }), false);
        return truth === null ? null : String(truth);
      });
    } catch {
      // Perhaps only entries that no wanted row has: rows decide.
    }
  }
  return new ComputedNumbers(environment, 'long', {
    open: (start) => bound.open(start),
    at: (row) => truthOf(bound.at(row), bound.isMapped),
  });
}
