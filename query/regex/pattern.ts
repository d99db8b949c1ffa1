/** Regular expressions as java.util.regex understands them, matched within a budget of steps. */
import { invalidInput } from '../../proto/errors.js';
import { Matcher } from './matcher.js';
import { parsePattern } from './parser.js';
import { compileProgram, type Program } from './program.js';

/** Longer results of replacing are not built. */
const longestText = 16_000_000;

export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  /** 0 = the whole match; null when the group has not matched. Throws InvalidInput for groups the pattern doesn't have. */
  group(index: number): string | null;
}

/** Throws InvalidInput (field "pattern") for what is no pattern. */
export function compilePattern(source: string): JavaPattern {
  return new JavaPattern(source);
}

export class JavaPattern {
  readonly groupCount: number;
  readonly names: ReadonlyMap<string, number>;
  readonly source: string;
  readonly #program: Program;
  readonly #splitsPairs: boolean;

  /** Throws InvalidInput (field "pattern"). `insensitive` as (?i) in front. */
  constructor(pattern: string, insensitive = false) {
    const parsed = parsePattern(pattern, insensitive);
    this.groupCount = parsed.groupCount;
    this.names = parsed.groupNames;
    this.source = pattern;
    this.#splitsPairs = parsed.splitsPairs;
    this.#program = compileProgram(parsed.root, parsed.groupCount);
  }

  /** Matches one behind the other. Throws LimitExceeded when matching takes too long. */
  *findAll(text: string): Generator<RegexMatch> {
    const matcher = new Matcher(this.#program, text);
    let from = 0;
    let lastEnd = 0;
    while (from <= text.length) {
      const registers = matcher.search(from, lastEnd, this.#splitsPairs);
      if (registers === undefined) return;
      const match = this.#match(text, registers);
      yield match;
      lastEnd = match.end;
      from = match.end === match.start ? match.end + 1 : match.end;
    }
  }

  /** The first match at or behind `from`. */
  find(text: string, from = 0): RegexMatch | undefined {
    const registers = new Matcher(this.#program, text).search(from, from, this.#splitsPairs);
    return registers === undefined ? undefined : this.#match(text, registers);
  }

  /** True when it matches somewhere. */
  test(text: string): boolean {
    return new Matcher(this.#program, text).search(0, 0, this.#splitsPairs) !== undefined;
  }

  /** True when it matches the whole text. */
  matches(text: string): boolean {
    return new Matcher(this.#program, text).whole() !== undefined;
  }

  /** The match of the whole text. */
  matchWhole(text: string): RegexMatch | undefined {
    const registers = new Matcher(this.#program, text).whole();
    return registers === undefined ? undefined : this.#match(text, registers);
  }

  #match(text: string, registers: readonly number[]): RegexMatch {
    const group = (index: number): string | null => {
      if (!Number.isInteger(index) || index < 0 || index > this.groupCount)
        throw invalidInput(`No group ${index}`, 'pattern');
      const start = registers[2 * index] ?? -1;
      const end = registers[2 * index + 1] ?? -1;
      return start < 0 || end < 0 ? null : text.slice(start, end);
    };
    return { start: registers[0] ?? 0, end: registers[1] ?? 0, group };
  }

  /** `$1`, `${name}`, `\` in front of a character that stands for itself. Throws InvalidInput for a bad replacement. */
  replaceAll(text: string, replacement: string): string {
    return this.#replace(text, replacement, false);
  }

  replaceFirst(text: string, replacement: string): string {
    return this.#replace(text, replacement, true);
  }

  #replace(text: string, replacement: string, first: boolean): string {
    let result = '';
    let at = 0;
    // A bad replacement is an error only where something is replaced.
    let parts: readonly (string | number)[] | undefined;
    for (const match of this.findAll(text)) {
      parts ??= this.#replacementParts(replacement);
      const put = parts.map((part) => (typeof part === 'string' ? part : (match.group(part) ?? '')));
      result += text.slice(at, match.start) + put.join('');
      at = match.end;
      if (result.length > longestText)
        throw invalidInput(`a text of more than ${longestText} characters is not built`, 'replacement');
      if (first) break;
    }
    return result + text.slice(at);
  }

  #replacementParts(replacement: string): (string | number)[] {
    const parts: (string | number)[] = [];
    for (let at = 0; at < replacement.length;) {
      const sign = replacement.charAt(at);
      if (sign === '\\') {
        if (at + 1 === replacement.length)
          throw invalidInput('character to be escaped is missing', 'replacement');
        parts.push(replacement.charAt(at + 1));
        at += 2;
      } else if (sign === '$') {
        const { group, end } = this.#groupAt(replacement, at + 1);
        parts.push(group);
        at = end;
      } else {
        parts.push(sign);
        at++;
      }
    }
    return parts;
  }

  /** The group named behind a "$". */
  #groupAt(replacement: string, at: number): { group: number; end: number } {
    const named = /^\{([A-Za-z0-9]+)\}/.exec(replacement.slice(at));
    if (named !== null) {
      const name = named[1] ?? '';
      const group = this.names.get(name);
      if (group === undefined) throw invalidInput(`No group with name {${name}}`, 'replacement');
      return { group, end: at + named[0].length };
    }
    if (!/^[0-9]$/.test(replacement.charAt(at))) throw invalidInput('Illegal group reference', 'replacement');
    let group = Number(replacement.charAt(at));
    if (group > this.groupCount) throw invalidInput(`No group ${group}`, 'replacement');
    let end = at + 1;
    for (; /^[0-9]$/.test(replacement.charAt(end)); end++) {
      const longer = group * 10 + Number(replacement.charAt(end));
      if (longer > this.groupCount) break;
      group = longer;
    }
    return { group, end };
  }

  /** Java's `split`: no empty text in front for an empty match at the start, none at the end. */
  split(text: string): string[] {
    const parts: string[] = [];
    let at = 0;
    for (const { start, end } of this.findAll(text)) {
      if (start === 0 && end === 0) continue;
      parts.push(text.slice(at, start));
      at = end;
    }
    if (parts.length === 0) return [text];
    parts.push(text.slice(at));
    while (parts.length > 0 && parts[parts.length - 1] === '') parts.pop();
    return parts;
  }
}
