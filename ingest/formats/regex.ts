/**
 * regex: the groups of a pattern that matches the whole line, in the order of `columns` (`column_1`, … without them).
 * A line the pattern does not match can't be read.
 */
import { CodedError } from '../../proto/errors.js';
import { compilePattern, type JavaPattern, type RegexMatch } from '../../query/regex/pattern.js';
import type { JsonKeys } from '../spec/keys.js';
import { LIST_DELIMITER, cellReader, checkColumns } from './delimited.js';
import type { FormatKind, LineFormat, LineReader } from './format.js';
import { PlainRow, type InputRow } from './row-reader.js';

export const regexFormat: FormatKind = {
  type: 'regex',
  parse(keys: JsonKeys): LineFormat {
    const columns = checkColumns(keys);
    const listDelimiter = keys.text('listDelimiter', LIST_DELIMITER);
    const pattern = javaPattern(keys);
    keys.leftovers();
    return { type: 'regex', by: 'line', open: () => new RegexReader(pattern, columns, listDelimiter) };
  },
};

function javaPattern(keys: JsonKeys): JavaPattern {
  const field = keys.at('pattern');
  try {
    return compilePattern(keys.text('pattern'));
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown;
    throw new CodedError('InvalidInput', `${field}: ${thrown.message}`, { field }, thrown);
  }
}

class RegexReader implements LineReader {
  readonly #pattern: JavaPattern;
  readonly #columns: readonly string[] | undefined;
  readonly #value: (cell: string | null) => unknown;

  constructor(pattern: JavaPattern, columns: readonly string[] | undefined, listDelimiter: string) {
    this.#pattern = pattern;
    this.#columns = columns;
    this.#value = cellReader(listDelimiter, false);
  }

  read(line: string): InputRow | string {
    let match: RegexMatch | undefined;
    try {
      match = this.#pattern.matchWhole(line);
    } catch (thrown) {
      // Matching has a budget of steps: a line may be too much for a pattern.
      if (thrown instanceof CodedError) return thrown.message;
      throw thrown;
    }
    if (match === undefined) return 'a line does not match the pattern';
    const fields = Object.create(null) as Record<string, unknown>;
    const groups = this.#pattern.groupCount;
    const count = Math.min(groups, this.#columns?.length ?? groups);
    for (let i = 0; i < count; i++) {
      fields[this.#columns?.[i] ?? `column_${i + 1}`] = this.#value(match.group(i + 1));
    }
    return new PlainRow(fields);
  }
}
