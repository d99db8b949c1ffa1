/** Documents that a query makes, as texts; stored ones have none. */
import type { ComplexColumnView, StringColumnView } from '../../../segment/read/view.js';
import { opaqueTexts } from '../aggregators/scalar-reader.js';
import type { Environment } from '../environment.js';
import { cellReader } from './cells.js';
import { DerivedSegment } from './derived-segment.js';
import { textRows } from './text-rows.js';

/** Java's texts of parts of documents as they are, and of what an expression makes. Undefined: a column that has no text. */
export function documentTexts(
  environment: Environment,
  name: string,
  column: ComplexColumnView,
): StringColumnView | undefined {
  const { segment } = environment;
  if (column.typeName !== 'json' || environment.byVector === true) return undefined;
  if (!(segment instanceof DerivedSegment)) return undefined;
  const isCalculated = segment.isCalculated(name);
  return isCalculated || segment.isRawField(name)
    ? objectTexts(environment, column, isCalculated)
    : undefined;
}

/** `isPlain`: of lists and maps as such, not of the object that stands for a document. */
export function objectTexts(
  environment: Environment,
  column: ComplexColumnView,
  isPlain: boolean,
): StringColumnView {
  return textRows(environment, opaqueTexts(cellReader(environment, column), isPlain), false);
}
