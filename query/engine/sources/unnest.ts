/** Unnesting: a row for each element of a column's value, the element beside the row's other columns. */
import { CodedError } from '../../../proto/errors.js';
import {
  BATCH_ROWS,
  type ColumnView,
  type ComplexColumnView,
  type StringColumnView,
} from '../../../segment/read/view.js';
import { expression } from '../../expression/expression.js';
import { castTo } from '../../expression/cast.js';
import { elementType, isArrayType, isComplex, type Value } from '../../expression/value.js';
import { bytesColumn, cellColumn, type FrameCell } from '../../frame-build.js';
import { jsonText } from '../../json/write.js';
import type { VirtualColumn } from '../../native/model.js';
import { cellReader } from '../columns/cells.js';
import { DerivedSegment } from '../columns/derived-segment.js';
import type { Environment } from '../environment.js';
import { frameColumnView } from './frame-columns.js';
import { GatherView } from './gather-view.js';
import { RowReader } from './row-reader.js';

/** Rows that one segment may become. */
const rowsMax = 50_000_000;

/**
 * `rows` of the base, ascending. Null and empty arrays give no row; a null value that is no array gives one. A type
 * that is asked decides which it is: strings with several values as arrays give no row for none, and of an array as
 * strings an only null is none at all.
 */
export function unnested(environment: Environment, rows: Uint32Array, column: VirtualColumn): GatherView {
  const opaque = opaqueColumn(environment, column);
  if (opaque !== undefined) return objectsOf(environment, rows, column.name, opaque);
  const asked = column.type === 'expression' ? column.outputType?.toUpperCase() : undefined;
  const source: number[] = [];
  const elements: Value['value'][] = [];
  let seen: string | undefined;
  let hasDictionary = false;
  forEachList(environment, rows, column, (row, type, items, isText) => {
    hasDictionary = isText;
    const only = items.length === 1 ? items[0] : undefined;
    const nullIsNone = isText ? asked !== undefined && isArrayType(asked) : asked === 'STRING';
    if (nullIsNone && only === null) return;
    if (items.some((item) => item !== null)) seen = seen === undefined || seen === type ? type : 'STRING';
    for (const item of items) {
      source.push(row);
      elements.push(item);
    }
    if (elements.length > rowsMax)
      throw new CodedError('LimitExceeded', `unnesting makes more than ${rowsMax} rows of a segment`);
  });
  const type = asked === undefined ? (seen ?? 'STRING') : isArrayType(asked) ? elementType(asked) : asked;
  const made = (as: string) => (): ColumnView => {
    const view = elementColumn(environment, column.name, as, seen ?? type, elements);
    return hasDictionary && view.kind === 'string' ? withDictionary(view) : view;
  };
  return new GatherView(environment, {
    rows: Uint32Array.from(source),
    columns: new Map([[column.name, made(type)]]),
    // Rows show the elements as they are, whatever type is declared.
    printed: new Map([[column.name, made(seen ?? type)]]),
    asIs: column.name,
    inOrder: true,
  });
}

/** The column that is unnested when each of its values is one object, such as a sketch. */
function opaqueColumn(
  { segment, lookups }: Environment,
  column: VirtualColumn,
): ComplexColumnView | undefined {
  if (column.type !== 'expression') return undefined;
  const { node } = expression(column.expression, lookups);
  const stored = node.kind === 'identifier' ? segment.column(node.name) : undefined;
  if (stored?.kind !== 'complex' || stored.typeName === 'json' || stored.typeName.startsWith('ARRAY<'))
    return undefined;
  return stored;
}

/** A row for each object, whatever type is declared. */
function objectsOf(
  environment: Environment,
  rows: Uint32Array,
  name: string,
  column: ComplexColumnView,
): GatherView {
  const kept = rows.filter((row) => column.bytes(row) !== null);
  const objects: ComplexColumnView = {
    kind: 'complex',
    typeName: column.typeName,
    bytes: (row) => column.bytes(kept[row] ?? 0),
  };
  return new GatherView(environment, {
    rows: kept,
    columns: new Map([[name, () => objects]]),
    inOrder: true,
  });
}

/** Elements of a column of texts with a dictionary have one, too. */
function withDictionary(view: StringColumnView): StringColumnView {
  return Object.defineProperty(view, 'isRowWise', { value: false });
}

function elementColumn(
  environment: Environment,
  name: string,
  type: string,
  from: string,
  elements: readonly Value['value'][],
): ColumnView {
  const { scratch } = environment;
  if (type === 'STRING' || type === 'LONG' || type === 'DOUBLE' || type === 'FLOAT') {
    const target = type === 'FLOAT' ? 'DOUBLE' : type;
    const cells = elements.map(
      (value): FrameCell => castTo({ type: from, value }, target).value as FrameCell,
    );
    return frameColumnView(cellColumn(name, target, cells), elements.length, scratch);
  }
  const encoder = new TextEncoder();
  const bytes = elements.map((value) => (value === null ? null : encoder.encode(jsonText(value))));
  const complexType = /^COMPLEX<(.+)>$/i.exec(type)?.[1] ?? type;
  return frameColumnView(bytesColumn(name, complexType, bytes), elements.length, scratch);
}

type Visit = (row: number, type: string, items: readonly Value['value'][], isText: boolean) => void;

function forEachList(environment: Environment, rows: Uint32Array, column: VirtualColumn, visit: Visit): void {
  if (column.type !== 'expression') {
    const segment = new DerivedSegment(environment, [column]);
    forEachStored({ ...environment, segment }, rows, column.name, visit);
    return;
  }
  const { node, evaluate } = expression(column.expression, environment.lookups);
  if (node.kind === 'identifier') {
    forEachStored(environment, rows, node.name, visit);
    return;
  }
  const reader = new RowReader(environment);
  for (const row of rows) {
    reader.moveTo(row);
    const value = evaluate(reader.value);
    visitValue(row, value, false, visit);
  }
}

/**
 * A column as it is: strings with several values keep a row for an empty list, arrays do not. Texts of rows in memory
 * are single values, and null is none.
 */
function forEachStored(environment: Environment, rows: Uint32Array, name: string, visit: Visit): void {
  const view = environment.segment.column(name);
  const reader = cellReader(environment, view);
  const isText = view?.kind === 'string' && view.isRowWise !== true;
  let block = -1;
  for (const row of rows) {
    const start = row - (row % BATCH_ROWS);
    if (start !== block) {
      environment.check();
      reader.open(start);
      block = start;
    }
    visitValue(row, reader.at(row - start), isText, visit);
  }
}

function visitValue(row: number, { type, value }: Value, isText: boolean, visit: Visit): void {
  if (isArrayType(type)) {
    // Among arrays a mixed column holds single values too.
    const items: readonly Value['value'][] = Array.isArray(value) ? value : value === null ? [] : [value];
    visit(row, elementType(type), items.length === 0 && isText ? [null] : items, isText);
  } else if (Array.isArray(value)) {
    visit(row, isComplex(type) ? 'COMPLEX<json>' : type, value as readonly Value['value'][], isText);
  } else if (value !== null || isText) {
    visit(row, type, [value], isText);
  }
}
