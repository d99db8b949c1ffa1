/** The column a dimension spec reads: what its steps make of the one it names. */
import { CodedError } from '../../../proto/errors.js';
import type {
  ColumnView,
  ComplexColumnView,
  SegmentView,
  StringColumnView,
} from '../../../segment/read/view.js';
import { asString } from '../../expression/value.js';
import { floatText } from '../../json/java-number.js';
import type { DimensionSpec, ValueStep } from '../../native/model.js';
import { compilePattern } from '../../regex/pattern.js';
import type { Environment } from '../environment.js';
import { cellReader, singleValues } from './cells.js';
import { extraction } from './extraction.js';
import { ConstantColumn, mapStrings, type ValueMap } from './string-views.js';
import { textRows } from './text-rows.js';

/** A column as it is made below gaps, null in them; undefined: steps are taken here. */
export type UnderGaps = { readonly column: ColumnView | undefined } | undefined;

interface GappedView extends SegmentView {
  underGaps?(name: string, make: (environment: Environment) => ColumnView | undefined): UnderGaps;
}

/**
 * Rows of a right side that meet nothing are null in columns of the left, and nothing is made of that null. Elements of
 * unnested lists stay as they are in any case.
 */
export function underGaps(
  segment: GappedView,
  name: string,
  make: (environment: Environment) => ColumnView | undefined,
): UnderGaps {
  return segment.underGaps?.(name, make);
}

export function dimensionColumn(
  environment: Environment,
  spec: Pick<DimensionSpec, 'dimension' | 'steps'>,
): ColumnView | undefined {
  const { dimension, steps } = spec;
  if (steps === undefined || steps.length === 0) return environment.segment.column(dimension);
  const under = underGaps(environment.segment, dimension, (below) => dimensionColumn(below, spec));
  if (under !== undefined) return under.column;
  const column = environment.segment.column(dimension);
  if (column?.kind === 'complex') {
    if (column.typeName === 'json' || column.isMixed === true) return singleTexts(environment, column, steps);
    if (!column.typeName.startsWith('ARRAY<')) return undefined;
    throw new CodedError(
      'QueryFailed',
      `Dimension selector is currently unsupported for [${column.typeName}]`,
      { errorClass: 'org.apache.druid.java.util.common.IAE' },
    );
  }
  return steppedColumn(environment, column, steps, true);
}

/** What is a text or a number alone; objects and lists are null, of which functions are asked among arrays alone. */
function singleTexts(
  environment: Environment,
  column: ComplexColumnView,
  steps: readonly ValueStep[],
): StringColumnView {
  const reader = singleValues(column);
  const map = valueMap(steps, environment.lookups);
  const isAsked = column.isMixed === true;
  const at = (row: number): string | null | [] => {
    const value = reader.at(row);
    if (value === null && !isAsked) return null;
    const text = map(value === null ? null : asString({ type: 'COMPLEX<json>', value }));
    return text === undefined ? [] : text;
  };
  return textRows(environment, { open: (start) => reader.open(start), at }, false);
}

export function steppedColumn(
  environment: Environment,
  column: ColumnView | undefined,
  steps: readonly ValueStep[],
  keepsEmpty = false,
): StringColumnView {
  const map = valueMap(steps, environment.lookups);
  if (column?.kind === 'string') return mapStrings(environment, column, map, keepsEmpty);
  // As text a document or a sketch is null.
  const isOpaque = column?.kind === 'complex' && !column.typeName.startsWith('ARRAY<');
  if (column === undefined || isOpaque)
    return mapStrings(environment, new ConstantColumn(environment, null), map);
  return fromCells(environment, column, map);
}

/** All steps in turn; undefined: the value is left out. */
export function valueMap(steps: readonly ValueStep[], lookups: Environment['lookups']): ValueMap {
  const maps = steps.map((step) => stepMap(step, lookups));
  return (value, number) => {
    let current: string | null | undefined = value;
    for (const [i, map] of maps.entries()) {
      if (current === undefined) return undefined;
      current = i === 0 ? map(current, number) : map(current);
    }
    return current;
  };
}

function stepMap(step: ValueStep, lookups: Environment['lookups']): ValueMap {
  switch (step.type) {
    case 'extraction':
      return extraction(step.fn, lookups);
    case 'listFiltered': {
      const values = new Set(step.values);
      return (value) => (values.has(value) === step.isWhitelist ? value : undefined);
    }
    case 'prefixFiltered':
      return (value) => (value?.startsWith(step.prefix) === true ? value : undefined);
    case 'regexFiltered': {
      // The whole value has to match.
      const pattern = compilePattern(step.pattern);
      return (value) => (value !== null && pattern.matches(value) ? value : undefined);
    }
  }
}

/** Numbers and others by their text; each distinct text is mapped once. */
function fromCells(environment: Environment, column: ColumnView, map: ValueMap): StringColumnView {
  const reader = cellReader(environment, column);
  const known = new Map<string | null, string | null | undefined>();
  const mapped = (text: string | null, number: unknown): string | null | undefined => {
    if (known.has(text)) return known.get(text);
    const isNumber = typeof number === 'bigint' || typeof number === 'number';
    const result = isNumber ? map(text, number) : map(text);
    if (known.size < 100_000) known.set(text, result);
    return result;
  };
  const at = (row: number): string | null | [] => {
    const value = reader.at(row);
    const isFloat = column.kind === 'float' && typeof value.value === 'number';
    const text = mapped(isFloat ? floatText(Number(value.value)) : asString(value), value.value);
    return text === undefined ? [] : text;
  };
  return textRows(environment, { open: (start) => reader.open(start), at }, false);
}
