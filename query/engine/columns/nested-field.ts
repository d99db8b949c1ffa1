/** A path into a json column as a column: the stored field where there is one, else read from the documents. */
import { exactJsonText } from '../../../segment/format/json.js';
import { NestedColumn } from '../../../segment/read/nested.js';
import { MixedDoubleColumn } from '../../../segment/read/nested-values.js';
import { pathSteps } from '../../../segment/read/nested-rebuild.js';
import type { ColumnView, NumericColumnView } from '../../../segment/read/view.js';
import { findJson } from '../../expression/json-path.js';
import { asDouble, asLong, asString, bestEffort, type Json, type Value } from '../../expression/value.js';
import type { VirtualColumn } from '../../native/transform-model.js';
import type { Environment } from '../environment.js';
import { cellReader } from './cells.js';
import { ComputedBytes, ComputedNumbers } from './computed-views.js';
import { textRows } from './text-rows.js';

type NestedField = Extract<VirtualColumn, { type: 'nested-field' }>;

/** As rows are printed: what the documents hold or, of a stored field, as it is stored, whatever type is expected. */
export function printedField(environment: Environment, field: NestedField): ColumnView | undefined {
  const { expectedType, ...plain } = field;
  const column = environment.segment.column(field.columnName);
  if (column?.kind !== 'complex' || field.path.length === 0) return nestedFieldColumn(environment, field);
  const stored = column instanceof NestedColumn ? storedField(column, field.path) : undefined;
  const isElement = stored === undefined && typeof field.path.at(-1) === 'number';
  // Rows that still come in have documents only.
  const isGrowing = !(column instanceof NestedColumn) && column.typeName === 'json';
  if (isFromDocuments(field) || isElement || isGrowing || stored?.kind === 'complex')
    return fromDocuments(environment, column, field.path, 'COMPLEX<json>');
  const type = expectedType?.toUpperCase();
  const isNumber = type === 'LONG' || type === 'DOUBLE' || type === 'FLOAT';
  return nestedFieldColumn(
    environment,
    isNumber && stored !== undefined ? { ...plain, expectedType: undefined } : field,
  );
}

/** Elements counted from the end are nothing that is stored. */
function isFromDocuments({ processFromRaw, path }: NestedField): boolean {
  return processFromRaw || path.some((step) => typeof step === 'number' && step < 0);
}

/**
 * The values as aggregators, groups and filters without an index read them. Numbers are read out of what is stored;
 * arrays and documents that are expected change nothing in it.
 */
export function nestedFieldColumn(environment: Environment, field: NestedField): ColumnView | undefined {
  const column = environment.segment.column(field.columnName);
  if (column === undefined) return undefined;
  const expected = field.expectedType?.toUpperCase() ?? 'STRING';
  const number = numberKind(expected);
  const isDocument = column instanceof NestedColumn || column.kind === 'complex';
  if (field.processFromRaw && isDocument)
    return fromDocuments(environment, column, field.path, 'COMPLEX<json>');
  if (column instanceof NestedColumn && !isFromDocuments(field)) {
    const stored = storedField(column, field.path);
    if (stored !== undefined && stored.kind !== 'complex') return readAs(environment, stored, number);
    if (stored !== undefined && isStructured(expected)) return stored;
    // An element of an array is no field of its own; any other path that is not stored is null.
    if (stored === undefined && typeof field.path.at(-1) !== 'number') return undefined;
  } else if (!isDocument) {
    return field.path.length === 0 ? readAs(environment, column, number) : undefined;
  } else if (field.path.length === 0 && isStructured(expected)) {
    return column;
  }
  const isGrowing =
    !(column instanceof NestedColumn) && column.kind === 'complex' && column.typeName === 'json';
  const type = isStructured(expected) && !isGrowing ? 'STRING' : expected;
  return fromDocuments(environment, column, field.path, type);
}

/**
 * The column whose index answers filters on the field: what is stored, whatever type is expected of it, unless numbers
 * are expected of texts. Undefined: there is none.
 */
export function indexedField(environment: Environment, field: NestedField): ColumnView | undefined {
  const isNumber = numberKind(field.expectedType?.toUpperCase()) !== undefined;
  const stored = storedPart(environment, field);
  const isField = environment.segment.column(field.columnName) instanceof NestedColumn;
  const areNumbers = isNumeric(stored) && (isField || stored.hasValueIndex === true);
  return isNumber && !areNumbers ? undefined : stored;
}

/**
 * Numbers that are stored, as aggregators read them: not cast to the type that is expected, unless longs stand beside
 * doubles. Undefined: there are none.
 */
export function storedNumbers(environment: Environment, field: NestedField): ColumnView | undefined {
  const stored = isFromDocuments(field) ? undefined : storedPart(environment, field);
  return isNumeric(stored) && !(stored instanceof MixedDoubleColumn) ? stored : undefined;
}

/** What the path names is stored by itself. */
function storedPart({ segment }: Environment, { columnName, path }: NestedField): ColumnView | undefined {
  const column = segment.column(columnName);
  if (column instanceof NestedColumn) return storedField(column, path);
  return path.length === 0 ? column : undefined;
}

function isNumeric(column: ColumnView | undefined): column is NumericColumnView {
  return column !== undefined && column.kind !== 'string' && column.kind !== 'complex';
}

function isStructured(type: string): boolean {
  return type.startsWith('COMPLEX') || type.startsWith('ARRAY');
}

type NumberKind = 'long' | 'double' | 'float';
const numberKinds: Readonly<Record<string, NumberKind>> = { LONG: 'long', DOUBLE: 'double', FLOAT: 'float' };

function numberKind(type: string | undefined): NumberKind | undefined {
  return type !== undefined && Object.hasOwn(numberKinds, type) ? numberKinds[type] : undefined;
}

/** As numbers of a kind; text that reads as none is null. */
function readAs(environment: Environment, column: ColumnView, kind: NumberKind | undefined): ColumnView {
  if (kind === undefined || column.kind === kind) return column;
  const reader = cellReader(environment, column);
  const read = kind === 'long' ? asLong : asDouble;
  return new ComputedNumbers(environment, kind, {
    open: (start) => reader.open(start),
    at: (row) => read(reader.at(row)),
  });
}

function storedField(column: NestedColumn, path: NestedField['path']): ColumnView | undefined {
  const found = column.fields.find((field) => {
    const steps = pathSteps(field.path);
    return steps?.length === path.length && steps.every((step, i) => step === path[i]);
  });
  return found === undefined ? undefined : column.field(found.path);
}

function fromDocuments(
  environment: Environment,
  column: ColumnView,
  path: NestedField['path'],
  type: string,
): ColumnView {
  const reader = cellReader(environment, column);
  const open = (start: number): void => reader.open(start);
  const found = (row: number): Json => findJson(reader.at(row).value as Json, path);
  if (type.startsWith('COMPLEX') || type.startsWith('ARRAY')) {
    const typeName = type.startsWith('ARRAY') ? type : 'json';
    const at = (row: number): Uint8Array | null => {
      const json = found(row);
      if (json === null || (typeName !== 'json' && !Array.isArray(json))) return null;
      return Buffer.from(exactJsonText(json), 'utf8');
    };
    return new ComputedBytes(typeName, { open, at });
  }
  /** Objects and arrays are no scalars. */
  const scalar = (row: number): Value => {
    const json = found(row);
    return typeof json === 'object' ? { type: 'STRING', value: null } : bestEffort(json);
  };
  if (type === 'LONG')
    return new ComputedNumbers(environment, 'long', { open, at: (row) => asLong(scalar(row)) });
  if (type === 'DOUBLE' || type === 'FLOAT') {
    const kind = type === 'DOUBLE' ? 'double' : 'float';
    return new ComputedNumbers(environment, kind, { open, at: (row) => asDouble(scalar(row)) });
  }
  return textRows(environment, { open, at: (row) => asString(scalar(row)) }, false);
}
