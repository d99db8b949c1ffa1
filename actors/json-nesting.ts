/** JSON that people send is parsed, checked and written again by recursion: too deep a body must end as a 400. */
import { invalidInput } from '../proto/errors.js';

/** As deep as Grove takes queries, too. */
const depthMax = 500;
const quote = 0x22;
const backslash = 0x5c;

/** Throws InvalidInput naming `field` when arrays and objects stand in each other deeper than 500 levels. */
export function checkNesting(text: string, field: string): void {
  let depth = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (isString) {
      if (char === backslash) i++;
      else if (char === quote) isString = false;
    } else if (char === quote) {
      isString = true;
    } else if (char === 0x5b || char === 0x7b) {
      depth++;
      if (depth > depthMax)
        throw invalidInput(`The ${field} is nested deeper than ${depthMax} levels`, field);
    } else if (char === 0x5d || char === 0x7d) {
      depth--;
    }
  }
}
