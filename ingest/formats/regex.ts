/**
 * regex: the groups of a pattern that matches the whole line, in the order of `columns` (`column_1`, … without them).
 * A line the pattern does not match can't be read.
 */
import { CodedError } from '../../proto/errors.js';
import type { JsonKeys } from '../spec/keys.js';
import { LIST_DELIMITER, cellReader, checkColumns } from './delimited.js';
import type { FormatKind, LineFormat, LineReader } from './format.js';
import { PlainRow, type InputRow } from './row-reader.js';

export const regexFormat: FormatKind = {
  type: 'regex',
  parse(keys: JsonKeys): LineFormat {
    const columns = checkColumns(keys);
    const listDelimiter = keys.text('listDelimiter', LIST_DELIMITER);
    const pattern = wholeLine(keys.text('pattern'), keys);
    keys.leftovers();
    return { type: 'regex', by: 'line', open: () => new RegexReader(pattern, columns, listDelimiter) };
  },
};

/** Java's syntax where JavaScript has it too: inline flags, possessive quantifiers and atomic groups are refused. */
function wholeLine(text: string, keys: JsonKeys): RegExp {
  try {
    return new RegExp(`^(?:${text})$`, 'u');
  } catch {
    throw new CodedError('InvalidInput', `${keys.at('pattern')} is no regular expression that can be read`, {
      field: keys.at('pattern'),
    });
  }
}

class RegexReader implements LineReader {
  readonly #pattern: RegExp;
  readonly #columns: readonly string[] | undefined;
  readonly #value: (cell: string | null) => unknown;

  constructor(pattern: RegExp, columns: readonly string[] | undefined, listDelimiter: string) {
    this.#pattern = pattern;
    this.#columns = columns;
    this.#value = cellReader(listDelimiter, false);
  }

  read(line: string): InputRow | string {
    const groups = this.#pattern.exec(line);
    if (groups === null) return 'a line does not match the pattern';
    const fields = Object.create(null) as Record<string, unknown>;
    const count = this.#columns?.length ?? groups.length - 1;
    for (let i = 0; i < count && i + 1 < groups.length; i++) {
      fields[this.#columns?.[i] ?? `column_${i + 1}`] = this.#value(groups[i + 1] ?? null);
    }
    return new PlainRow(fields);
  }
}
