/** Date-time patterns as Joda-Time reads them: `yyyy-MM-dd HH:mm:ss`, `dd/MMM/yyyy:HH:mm:ss Z`, … */
import { invalidInput } from '../../proto/errors.js';
import { parsePattern } from '../../query/granularity/pattern.js';
import { parseByPattern } from '../../query/granularity/pattern-parse.js';
import { utcZone } from '../../query/granularity/zone.js';

/** Epoch milliseconds, or undefined when the text does not fit the pattern. */
export type PatternParser = (text: string) => number | undefined;

/**
 * Compiles a pattern. `nowYear` is the year around which two-digit years turn (−50 … +49). Throws InvalidInput that
 * names `field` for letters Joda does not know and for an empty pattern.
 */
export function compilePattern(pattern: string, nowYear: number, field: string): PatternParser {
  const tokens = parsePattern(pattern);
  if (tokens === undefined) throw invalidInput(`${field}: no time format[${pattern}]`, field);
  if (tokens.length === 0) throw invalidInput(`${field}: empty time format`, field);
  return (text) => parseByPattern(tokens, text, utcZone, false, nowYear);
}
