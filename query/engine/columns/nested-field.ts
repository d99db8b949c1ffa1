/** A path into a json column as a column: the stored field where there is one, else read from the documents. */
import { exactJsonText } from '../../../segment/format/json.js';
import { NestedColumn } from '../../../segment/read/nested.js';
import { pathSteps } from '../../../segment/read/nested-rebuild.js';
import type { ColumnView } from '../../../segment/read/view.js';
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

export function nestedFieldColumn(environment: Environment, field: NestedField): ColumnView | undefined {
  const column = environment.segment.column(field.columnName);
  const type = field.expectedType?.toUpperCase() ?? 'STRING';
  const isStructured = type.startsWith('COMPLEX') || type.startsWith('ARRAY');
  if (column === undefined) return undefined;
  if (column instanceof NestedColumn && !isFromDocuments(field) && !isStructured) {
    const stored = storedField(column, field.path);
    const isNumber = type === 'LONG' || type === 'DOUBLE' || type === 'FLOAT';
    // Texts where numbers are expected are read as such, document by document.
    if (stored !== undefined && stored.kind !== 'complex' && !(isNumber && stored.kind === 'string'))
      return stored;
    // An element of an array is no field of its own; any other path that is not stored is null.
    if (stored === undefined && field.path.length > 0 && typeof field.path.at(-1) !== 'number')
      return undefined;
  } else if (!(column instanceof NestedColumn) && column.kind !== 'complex') {
    return field.path.length === 0 ? column : undefined;
  }
  return fromDocuments(environment, column, field.path, type);
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
