/** Texts computed for every wanted row, as a string column. */
import { BATCH_ROWS, type StringColumnView } from '../../../segment/read/view.js';
import type { Environment } from '../environment.js';
import { wantedTest } from './computed-views.js';
import { StringRows } from './string-views.js';

export interface TextSource {
  /** Points at the block of rows that starts at `start`. */
  open(start: number): void;
  /** One text, or several. */
  at(row: number): string | null | readonly (string | null)[];
}

export function textRows(environment: Environment, source: TextSource, isMulti: boolean): StringColumnView {
  const { segment, check } = environment;
  const isWanted = wantedTest(environment);
  const rows = new StringRows(segment.rowCount, isMulti);
  for (let start = 0; start < segment.rowCount; start += BATCH_ROWS) {
    check();
    source.open(start);
    const count = Math.min(BATCH_ROWS, segment.rowCount - start);
    for (let row = 0; row < count; row++) {
      const texts = isWanted(start + row) ? source.at(row) : null;
      if (texts === null || typeof texts === 'string') rows.add(texts);
      else rows.addAll(texts);
    }
  }
  return rows.column(environment);
}
