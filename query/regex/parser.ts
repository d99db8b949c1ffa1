/** Pattern text → tree, by the grammar of java.util.regex (Java 17). */
import * as place from './assertions.js';
import {
  everything,
  noLineEnd,
  noLineFeed,
  single,
  setOf,
  textFolding,
  verticalSpace,
  type CharSet,
} from './characters.js';
import { bracketClass, characterEscape, classEscape, type ClassFlags, property } from './class-parser.js';
import { Cursor, isDigit } from './cursor.js';
import type { Assertion, Mode, ParsedPattern, RegexNode } from './syntax.js';

interface Flags extends ClassFlags {
  insensitive: boolean;
  unicode: boolean;
  unicodeClasses: boolean;
  multiline: boolean;
  dotAll: boolean;
  unixLines: boolean;
  comments: boolean;
}

const code = (text: string): number => text.charCodeAt(0);
const maxDepth = 200;
const maxLength = 100_000;
/** As in Java: more rounds are no number. */
const mostRounds = 0x7fffffff;
const empty: RegexNode = { kind: 'sequence', parts: [] };
const assert = (holds: Assertion): RegexNode => ({ kind: 'assert', holds });

/** Throws InvalidInput (field "pattern") with the place. */
export function parsePattern(pattern: string, insensitive = false): ParsedPattern {
  return new PatternParser(pattern, insensitive).whole();
}

class PatternParser {
  readonly #cursor: Cursor;
  #flags: Flags;
  readonly #names = new Map<string, number>();
  #groups = 0;
  #depth = 0;
  #knowsPairs = false;

  constructor(pattern: string, insensitive: boolean) {
    this.#cursor = new Cursor(pattern);
    this.#flags = {
      insensitive,
      unicode: false,
      unicodeClasses: false,
      multiline: false,
      dotAll: false,
      unixLines: false,
      comments: false,
    };
  }

  whole(): ParsedPattern {
    const cursor = this.#cursor;
    if (cursor.length > maxLength) throw cursor.error(`more than ${maxLength} characters`);
    const root = this.#choice();
    if (cursor.at < cursor.length)
      throw cursor.error(cursor.peek() === code(')') ? "Unmatched closing ')'" : 'Unexpected character');
    return { root, groupCount: this.#groups, groupNames: this.#names, splitsPairs: !this.#knowsPairs };
  }

  #set(set: CharSet): RegexNode {
    if (!set.basic) this.#knowsPairs = true;
    return { kind: 'set', set };
  }

  #choice(): RegexNode {
    if (++this.#depth > maxDepth) throw this.#cursor.error(`nested deeper than ${maxDepth}`);
    const branches = [this.#sequence()];
    while (this.#cursor.peek() === code('|')) {
      this.#cursor.next();
      branches.push(this.#sequence());
    }
    this.#depth--;
    return branches.length === 1 ? (branches[0] ?? empty) : { kind: 'choice', branches };
  }

  #sequence(): RegexNode {
    const cursor = this.#cursor;
    const parts: RegexNode[] = [];
    for (;;) {
      const next = cursor.peek();
      if (next === code('|') || next === code(')')) break;
      if (next === 0 && cursor.at >= cursor.length) break;
      const atom = next === code('(') ? this.#group() : this.#atom(next);
      if (atom !== undefined) parts.push(this.#quantified(atom));
    }
    return parts.length === 1 ? (parts[0] ?? empty) : { kind: 'sequence', parts };
  }

  #atom(next: number): RegexNode {
    const cursor = this.#cursor;
    const flags = this.#flags;
    switch (String.fromCodePoint(next)) {
      case '[':
        return this.#set(bracketClass(cursor, flags));
      case '\\':
        return this.#escape();
      case '^':
        cursor.next();
        return assert(flags.multiline ? place.lineStart(flags.unixLines) : place.atStart);
      case '$':
        cursor.next();
        return assert((flags.multiline ? place.lineEnd : place.textEnd)(flags.unixLines));
      case '.':
        cursor.next();
        return this.#set(flags.dotAll ? everything : flags.unixLines ? noLineFeed : noLineEnd);
      case '?':
      case '*':
      case '+':
        cursor.next();
        throw cursor.error(`Dangling meta character '${String.fromCodePoint(next)}'`);
      case '{':
        // A second quantifier repeats nothing.
        return empty;
      default:
        cursor.next();
        return this.#set(single(next, flags));
    }
  }

  #escape(): RegexNode {
    const cursor = this.#cursor;
    const flags = this.#flags;
    const ahead = cursor.raw(cursor.at + 1);
    if (ahead === code('p') || ahead === code('P')) {
      cursor.nextRaw();
      return this.#set(property(cursor, flags));
    }
    const letter = cursor.skip();
    const set = classEscape(letter, flags);
    if (set !== undefined) return this.#set(set);
    const special = this.#specialEscape(letter);
    if (special !== undefined) return special;
    const point = characterEscape(cursor, letter);
    if (point === undefined) throw cursor.error('Illegal/unsupported escape sequence');
    return this.#set(single(point, flags));
  }

  #specialEscape(letter: number): RegexNode | undefined {
    const cursor = this.#cursor;
    const flags = this.#flags;
    if (letter >= code('1') && letter <= code('9')) return this.#reference(letter - code('0'));
    switch (String.fromCodePoint(letter)) {
      case 'A':
        return assert(place.atStart);
      case 'z':
        return assert(place.atEnd);
      case 'Z':
        return assert(place.textEnd(flags.unixLines));
      case 'G':
        return assert(place.atLastEnd);
      case 'B':
        return assert(place.wordBound(flags.unicodeClasses, false));
      case 'b':
        if (cursor.raw(cursor.at) !== code('{')) return assert(place.wordBound(flags.unicodeClasses, true));
        if (cursor.raw(cursor.at + 1) !== code('g') || cursor.raw(cursor.at + 2) !== code('}'))
          throw cursor.error('Illegal/unsupported escape sequence');
        cursor.at += 3;
        return assert(place.graphemeBound);
      case 'R':
        return {
          kind: 'choice',
          branches: [
            { kind: 'sequence', parts: [13, 10].map((each) => this.#set(setOf((p) => p === each, true))) },
            this.#set(verticalSpace),
          ],
        };
      case 'X':
        this.#knowsPairs = true;
        return { kind: 'grapheme' };
      case 'k':
        return this.#namedReference();
      default:
        return undefined;
    }
  }

  /** As many digits as make the number of a group that is open or closed already. */
  #reference(first: number): RegexNode {
    const cursor = this.#cursor;
    let index = first;
    for (let next = cursor.peek(); isDigit(next); next = cursor.peek()) {
      const longer = index * 10 + next - code('0');
      if (longer > this.#groups) break;
      index = longer;
      cursor.read();
    }
    return { kind: 'reference', index, fold: textFolding(this.#flags) };
  }

  #namedReference(): RegexNode {
    const cursor = this.#cursor;
    if (cursor.read() !== code('<'))
      throw cursor.error("\\k is not followed by '<' for named capturing group");
    const name = this.#groupName(cursor.read());
    const index = this.#names.get(name);
    if (index === undefined) throw cursor.error(`named capturing group <${name}> does not exist`);
    return { kind: 'reference', index, fold: textFolding(this.#flags) };
  }

  #groupName(first: number): string {
    const cursor = this.#cursor;
    let name = '';
    let next = first;
    for (; /^[A-Za-z0-9]$/.test(String.fromCodePoint(next)); next = cursor.read())
      name += String.fromCodePoint(next);
    if (!/^[A-Za-z]/.test(name))
      throw cursor.error('capturing group name does not start with a Latin letter');
    if (next !== code('>')) throw cursor.error("named capturing group is missing trailing '>'");
    return name;
  }

  /** Undefined for a group that only sets flags. */
  #group(): RegexNode | undefined {
    const cursor = this.#cursor;
    const saved = { ...this.#flags };
    let wrap = (body: RegexNode): RegexNode => body;
    if (cursor.next() === code('?')) {
      const kind = cursor.skip();
      const wrapper = this.#groupKind(kind);
      if (wrapper === undefined) return undefined;
      wrap = wrapper;
    } else {
      wrap = this.#capturing();
    }
    const body = this.#choice();
    cursor.accept(')', 'Unclosed group');
    this.#restore(saved);
    return wrap(body);
  }

  #capturing(name?: string): (body: RegexNode) => RegexNode {
    const index = ++this.#groups;
    if (name !== undefined) this.#names.set(name, index);
    return (body) => ({ kind: 'capture', index, body });
  }

  #groupKind(kind: number): ((body: RegexNode) => RegexNode) | undefined {
    const cursor = this.#cursor;
    switch (String.fromCodePoint(kind)) {
      case ':':
        return (body) => body;
      case '=':
      case '!':
        return (body) => ({ kind: 'look', behind: false, negative: kind === code('!'), body });
      case '>':
        return (body) => ({ kind: 'atomic', body });
      case '<': {
        const next = cursor.read();
        if (next !== code('=') && next !== code('!')) {
          const name = this.#groupName(next);
          if (this.#names.has(name)) throw cursor.error(`Named capturing group <${name}> is already defined`);
          return this.#capturing(name);
        }
        return (body) => ({ kind: 'look', behind: true, negative: next === code('!'), body });
      }
      case '$':
      case '@':
        throw cursor.error('Unknown group type');
      default:
        return this.#flagGroup();
    }
  }

  /** `(?i)` changes the flags up to the end of the group around it, `(?i:…)` inside. */
  #flagGroup(): ((body: RegexNode) => RegexNode) | undefined {
    const cursor = this.#cursor;
    cursor.unread();
    let on = true;
    for (let next = cursor.peek(); ; next = cursor.next()) {
      const name = next === 0 ? '' : String.fromCodePoint(next);
      if (name === '-' && on) on = false;
      else if (!this.#setFlag(name, on)) break;
    }
    const end = cursor.read();
    if (end === code(')')) return undefined;
    if (end !== code(':')) throw cursor.error('Unknown inline modifier');
    return (body) => body;
  }

  #setFlag(name: string, on: boolean): boolean {
    const flags = this.#flags;
    switch (name) {
      case 'i':
        flags.insensitive = on;
        return true;
      case 'm':
        flags.multiline = on;
        return true;
      case 's':
        flags.dotAll = on;
        return true;
      case 'd':
        flags.unixLines = on;
        return true;
      case 'u':
        flags.unicode = on;
        return true;
      case 'c':
        throw this.#cursor.error('canonical equivalence is not supported');
      case 'x':
        flags.comments = on;
        this.#cursor.comments = on;
        return true;
      case 'U':
        flags.unicodeClasses = on;
        flags.unicode = on;
        return true;
      default:
        return false;
    }
  }

  #restore(flags: Flags): void {
    this.#flags = flags;
    this.#cursor.comments = flags.comments;
  }

  #quantified(body: RegexNode): RegexNode {
    const cursor = this.#cursor;
    let min: number;
    let max = Infinity;
    switch (String.fromCodePoint(cursor.peek())) {
      case '?':
        min = 0;
        max = 1;
        break;
      case '*':
        min = 0;
        break;
      case '+':
        min = 1;
        break;
      case '{':
        [min, max] = this.#counts();
        break;
      default:
        return body;
    }
    const behind = cursor.next();
    let mode: Mode = 'greedy';
    if (behind === code('?') || behind === code('+')) {
      mode = behind === code('?') ? 'lazy' : 'possessive';
      cursor.next();
    }
    return { kind: 'repeat', body, min, max, mode };
  }

  /** `{n}`, `{n,}`, `{n,m}`; the cursor is left on the closing brace. */
  #counts(): [number, number] {
    const cursor = this.#cursor;
    if (!isDigit(cursor.raw(cursor.at + 1))) throw cursor.error('Illegal repetition');
    let next = cursor.skip();
    const number = (): number => {
      let value = 0;
      for (; isDigit(next); next = cursor.read()) {
        value = value * 10 + next - code('0');
        if (value > mostRounds) throw cursor.error('Illegal repetition range');
      }
      return value;
    };
    const min = number();
    let max = min;
    if (next === code(',')) {
      next = cursor.read();
      if (next === code('}')) max = Infinity;
      else if (isDigit(next)) max = number();
      else throw cursor.error('Illegal repetition range');
    }
    if (next !== code('}')) throw cursor.error('Unclosed counted closure');
    if (max < min) throw cursor.error('Illegal repetition range');
    cursor.unread();
    return [min, max];
  }
}
