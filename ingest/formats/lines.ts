/** lines: every line is a row with one field, `line`. */
import type { FormatKind } from './format.js';
import { PlainRow } from './row-reader.js';

export const linesFormat: FormatKind = {
  type: 'lines',
  parse(keys) {
    keys.leftovers();
    return { type: 'lines', by: 'line', open: () => ({ read: (line) => new PlainRow({ line }) }) };
  },
};
