/** Values of a row as the texts by which it is put into a partition. */
import type { InputRow } from '../formats/row-reader.js';
import type { IngestSpec } from '../spec/model.js';
import { scalarText } from '../values.js';

/** One text for every value: none for a missing field or an empty list; null in a list is the text `null`. */
export function rowStrings(row: InputRow, name: string): readonly string[] {
  const value = Object.hasOwn(row.fields, name) ? row.fields[name] : undefined;
  if (value === null || value === undefined) return [];
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return [row.doubleText(name) ?? scalarText(value)];
  return value.map((item: unknown, i) => row.doubleText(name, i) ?? scalarText(item));
}

/** The dimensions of a row that have values, in UTF-16 order of their names; values sorted, without duplicates. */
export function sortedDimensions(
  row: InputRow,
  spec: Pick<IngestSpec, 'dimensions' | 'discoverDimensions' | 'dimensionExclusions'>,
): (readonly [string, readonly string[]])[] {
  const names = new Set(spec.dimensions.map((dimension) => dimension.name));
  if (spec.discoverDimensions !== 'none') {
    for (const name in row.fields) if (!spec.dimensionExclusions.includes(name)) names.add(name);
  }
  const found: (readonly [string, readonly string[]])[] = [];
  for (const name of [...names].toSorted()) {
    const values = rowStrings(row, name);
    if (values.length === 1) found.push([name, values]);
    else if (values.length > 1) found.push([name, [...new Set(values)].toSorted()]);
  }
  return found;
}
