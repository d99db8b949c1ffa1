/** LIKE: `%` any text, `_` one code point, both across line ends; the whole text must match, case counts. */

const special = /[\\^$.*+?()[\]{}|/-]/g;

/** No escape character unless one is given; a trailing one is ignored. */
export function likeMatcher(pattern: string, escape: string | undefined): (value: string) => boolean {
  let source = '';
  let literal = false;
  for (const character of pattern) {
    if (literal) {
      source += character.replace(special, '\\$&');
      literal = false;
    } else if (character === escape) literal = true;
    else if (character === '%') source += '[^]*';
    else if (character === '_') source += '[^]';
    else source += character.replace(special, '\\$&');
  }
  const regex = new RegExp(`^${source.replaceAll(/(?:\[\^\]\*)+/g, '[^]*')}$`, 'u');
  return (value) => regex.test(value);
}
