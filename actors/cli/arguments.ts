/** Words of a client command: positionals and `--name value` options; unknown options are refused by name. */
import { invalidInput } from '../../proto/errors.js';

export interface Arguments {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

export function readArguments(
  argv: readonly string[],
  valued: readonly string[],
  bare: readonly string[] = [],
): Arguments {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (!word.startsWith('--') || word === '--') {
      words.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    if (bare.includes(name)) options.set(name, 'true');
    else if (!valued.includes(name)) throw invalidInput(`Unknown option[--${name}]`, name);
    else if (equals >= 0) options.set(name, word.slice(equals + 1));
    else {
      i++;
      if (i >= argv.length) throw invalidInput(`Option[--${name}] needs a value`, name);
      options.set(name, argv[i] ?? '');
    }
  }
  return { words, options };
}
