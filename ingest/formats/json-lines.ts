/** JSON, one object a line. */
import { doubleText } from '../../query/json/java-number.js';
import { parseJson } from '../../query/json/parse.js';
import type { InputRow, RowReader } from './row-reader.js';

export class JsonLineReader implements RowReader {
  read(line: string): InputRow | string | undefined {
    if (line === '' || line.trim() === '') return undefined;
    let value: unknown;
    try {
      // Longs of 16 digits and more must not go through a double.
      value = hasLongRun(line) ? parseJson(line) : (JSON.parse(line) as unknown);
    } catch {
      return 'a line is not valid JSON';
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return 'a line is not a JSON object';
    }
    return new JsonRow(value as Record<string, unknown>, line);
  }
}

/** A number token whose value may be whole although it is written like a double, or a string (skipped). */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)/g;
const mayHoldWholeDoubles = /[:,[]\s*-?\d+(?:\.0|[eE]|\.\d+[eE])/;

const RUN = 16;

/** Is there a run of 16 digits? Looks at every 16th character only, as long as that is no digit. */
export function hasLongRun(line: string): boolean {
  let at = RUN - 1;
  while (at < line.length) {
    let back = 0;
    while (back < RUN && isDigit(line.charCodeAt(at - back))) back++;
    if (back === RUN) return true;
    at += RUN - back;
  }
  return false;
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

class JsonRow implements InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly #line: string;
  #texts: Readonly<Record<string, unknown>> | undefined;

  constructor(fields: Readonly<Record<string, unknown>>, line: string) {
    this.fields = fields;
    this.#line = line;
  }

  /**
   * JSON.parse makes 3 of 3.0. The rare row where that matters is read a second time with such numbers put in quotes;
   * what is a number in `fields` and a text here was one of them.
   */
  doubleText(name: string, item?: number): string | undefined {
    if (this.#texts === undefined) {
      if (!mayHoldWholeDoubles.test(this.#line)) return undefined;
      const quoted = this.#line.replace(tokens, (token) =>
        token.startsWith('"') ? token : `"${doubleText(Number(token))}"`,
      );
      this.#texts = JSON.parse(quoted) as Readonly<Record<string, unknown>>;
    }
    const value = this.#texts[name];
    const single: unknown = item !== undefined && Array.isArray(value) ? value[item] : value;
    return typeof single === 'string' ? single : undefined;
  }
}
