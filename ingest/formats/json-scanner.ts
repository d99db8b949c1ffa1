/**
 * Finds the fields of a JSON object in its bytes without making texts and objects of them. Only lines that are JSON by
 * the letter are taken, so that whatever is unusual is left to the reader of whole lines; see {@link RowCells}.
 */
import { RowCells, cellKinds } from '../index/row-cells.js';
import type { CellPlan, CellUse } from './format.js';

/** Names that nobody asks for are remembered too, so that they are passed over quickly; but not any number of them. */
const OTHER_NAMES_MAX = 1000;
const DEPTH_MAX = 50;
/** Digits that a double holds exactly, and that JSON's own reader takes for a number. */
const DIGITS_MAX = 15;
const powersOf10 = Float64Array.from({ length: DIGITS_MAX + 1 }, (_, power) => Number(`1e${power}`));

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const MINUS = 0x2d;
const ZERO = 0x30;

/** What was found. */
const NULL = 0;
const BOOLEAN = 1;
/** As it stands, without escapes. */
const TEXT = 2;
/** Of at most 15 digits, written as Java writes it. */
const INTEGER = 3;
const DECIMAL = 4;
/** What is left to the reader of whole lines: lists, objects, texts with escapes, long integers. */
const OTHER = 5;

interface KnownName {
  /** With the quotes and the colon that mostly follow it at once. */
  readonly token: Uint8Array;
  /** -1: not asked for. */
  readonly cell: number;
  /** The name that followed it the last time. */
  next: KnownName | undefined;
}

export class JsonScanner {
  readonly cells: RowCells;
  readonly #uses: readonly CellUse[];
  readonly #names = new Map<string, KnownName>();
  readonly #namesMax: number;
  readonly #before: KnownName = { token: new Uint8Array(0), cell: -1, next: undefined };
  #bytes: Buffer = Buffer.alloc(0);
  #end = 0;
  /** Of the value that was scanned last. */
  #kind = 0;
  #from = 0;
  #to = 0;
  #number = 0;

  constructor({ names, uses }: CellPlan) {
    this.cells = new RowCells(names.length);
    this.#uses = uses;
    this.#namesMax = names.length + OTHER_NAMES_MAX;
    for (const [cell, name] of names.entries()) this.#learn(name, cell);
  }

  /** Finds the {@link cells} of the line [start, end) of valid UTF-8; false: it has to be read as a whole. */
  scan(bytes: Buffer, start: number, end: number): boolean {
    this.cells.bytes = bytes;
    this.cells.kinds.fill(cellKinds.none);
    this.#bytes = bytes;
    this.#end = end;
    let at = this.#skip(start);
    if (at >= end || bytes[at] !== OPEN) return false;
    at = this.#skip(at + 1);
    if (at < end && bytes[at] === CLOSE) return this.#skip(at + 1) === end;
    for (let before = this.#before; ;) {
      let name = before.next;
      if (name !== undefined && this.#begins(name.token, at)) at += name.token.length;
      else {
        name = this.#name(at);
        if (name === undefined) return false;
        before.next = name;
        at = this.#to;
      }
      before = name;
      if (at < end && bytes[at]! <= 0x20) at = this.#skip(at);
      at = this.#value(at, 0);
      if (at < 0) return false;
      if (name.cell >= 0) this.#keep(name.cell);
      if (at < end && bytes[at]! <= 0x20) at = this.#skip(at);
      if (at >= end) return false;
      const mark = bytes[at];
      if (mark === CLOSE) return this.#skip(at + 1) === end;
      if (mark !== COMMA) return false;
      at++;
      if (at < end && bytes[at]! <= 0x20) at = this.#skip(at);
    }
  }

  /** Of equal names the last one counts. */
  #keep(cell: number): void {
    const { cells } = this;
    cells.kinds[cell] = this.#cellKind(this.#uses[cell]!);
    cells.starts[cell] = this.#from;
    cells.ends[cell] = this.#to;
    cells.numbers[cell] = this.#number;
  }

  #cellKind(use: CellUse): number {
    switch (this.#kind) {
      case NULL:
        return cellKinds.none;
      case BOOLEAN:
        return use === 'text' ? cellKinds.text : cellKinds.value;
      case TEXT:
        return cellKinds.text;
      case INTEGER:
        return use === 'text' ? cellKinds.text : cellKinds.number;
      case DECIMAL:
        // Java's text of 3.0 is not that of 3.
        return use === 'number' || !Number.isInteger(this.#number) ? cellKinds.number : cellKinds.value;
      default:
        return cellKinds.value;
    }
  }

  #learn(name: string, cell: number): KnownName {
    const known = { token: Buffer.from(`"${name}":`), cell, next: undefined };
    if (this.#names.size < this.#namesMax) this.#names.set(name, known);
    return known;
  }

  #begins(token: Uint8Array, at: number): boolean {
    const bytes = this.#bytes;
    const { length } = token;
    if (at + length > this.#end) return false;
    for (let i = 0; i < length; i++) if (bytes[at + i] !== token[i]) return false;
    return true;
  }

  /** The name and the colon at `at`; `#to` is behind them then. Undefined: none that can be taken. */
  #name(start: number): KnownName | undefined {
    const bytes = this.#bytes;
    if (start >= this.#end || bytes[start] !== QUOTE) return undefined;
    const behind = this.#string(start + 1);
    if (behind < 0 || this.#kind !== TEXT) return undefined;
    const name = bytes.toString('utf8', start + 1, behind - 1);
    const colon = this.#skip(behind);
    if (colon >= this.#end || bytes[colon] !== COLON) return undefined;
    this.#to = colon + 1;
    return this.#names.get(name) ?? this.#learn(name, -1);
  }

  #skip(start: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = start;
    while (at < end) {
      const byte = bytes[at]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      at++;
    }
    return at;
  }

  /** Scans the value that begins at `at`; answers the place behind it, -1 when it is none. */
  #value(at: number, depth: number): number {
    if (at >= this.#end) return -1;
    switch (this.#bytes[at]) {
      case QUOTE:
        return this.#string(at + 1);
      case 0x74:
        return this.#word(at, 'true', BOOLEAN);
      case 0x66:
        return this.#word(at, 'false', BOOLEAN);
      case 0x6e:
        return this.#word(at, 'null', NULL);
      case OPEN:
        return this.#object(at + 1, depth + 1);
      case 0x5b:
        return this.#array(at + 1, depth + 1);
      default:
        return this.#numeral(at);
    }
  }

  #word(start: number, word: string, kind: number): number {
    const behind = start + word.length;
    if (behind > this.#end) return -1;
    for (let i = 1; i < word.length; i++) {
      if (this.#bytes[start + i] !== word.charCodeAt(i)) return -1;
    }
    this.#kind = kind;
    this.#from = start;
    this.#to = behind;
    return behind;
  }

  /** From behind the opening quote. */
  #string(start: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = start;
    let kind = TEXT;
    while (at < end) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.#kind = kind;
        this.#from = start;
        this.#to = at;
        return at + 1;
      }
      if (byte < 0x20) return -1;
      if (byte === BACKSLASH) {
        kind = OTHER;
        at += this.#escapeLength(at + 1);
      }
      at++;
    }
    return -1;
  }

  /** Bytes of the escape behind the backslash; more than there are when it is none. */
  #escapeLength(at: number): number {
    const bytes = this.#bytes;
    if (at >= this.#end) return this.#end;
    switch (bytes[at]) {
      case QUOTE:
      case BACKSLASH:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return 1;
      case 0x75:
        for (let i = 1; i <= 4; i++) if (at + i >= this.#end || !isHex(bytes[at + i]!)) return this.#end;
        return 5;
      default:
        return this.#end;
    }
  }

  #numeral(start: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = start;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    const first = at;
    let value = 0;
    for (; at < end; at++) {
      const digit = bytes[at]! - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    let digits = at - first;
    if (digits === 0 || (digits > 1 && bytes[first] === ZERO)) return -1;
    let isWhole = true;
    if (at < end && bytes[at] === 0x2e) {
      isWhole = false;
      const point = at++;
      for (; at < end; at++) {
        const digit = bytes[at]! - ZERO;
        if (!(digit >= 0 && digit <= 9)) break;
        value = value * 10 + digit;
      }
      const places = at - point - 1;
      if (places === 0) return -1;
      digits += places;
      // Both are exact up to 15 digits, so that one division rounds as reading the text does.
      if (digits <= DIGITS_MAX) value /= powersOf10[places]!;
    }
    if (at < end && (bytes[at]! | 0x20) === 0x65) {
      isWhole = false;
      digits = Infinity;
      at = this.#exponent(at + 1);
      if (at < 0) return -1;
    }
    this.#from = start;
    this.#to = at;
    this.#settle(isWhole, digits, isNegative ? -value : value);
    return at;
  }

  /** From behind the e; answers the place behind it, -1 when it is none. */
  #exponent(start: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = start;
    if (at < end && (bytes[at] === 0x2b || bytes[at] === MINUS)) at++;
    const first = at;
    while (at < end && bytes[at]! >= ZERO && bytes[at]! <= 0x39) at++;
    return at === first ? -1 : at;
  }

  #settle(isWhole: boolean, digits: number, value: number): void {
    if (isWhole) {
      // Java has no -0 that is an integer, and longer ones do not go through a double.
      this.#kind = digits > DIGITS_MAX || Object.is(value, -0) ? OTHER : INTEGER;
      this.#number = value;
      return;
    }
    this.#kind = DECIMAL;
    this.#number =
      digits <= DIGITS_MAX ? value : Number(this.#bytes.toString('latin1', this.#from, this.#to));
  }

  #object(start: number, depth: number): number {
    const bytes = this.#bytes;
    if (depth > DEPTH_MAX) return -1;
    let at = this.#skip(start);
    if (at < this.#end && bytes[at] === CLOSE) return this.#nested(at);
    for (;;) {
      if (at >= this.#end || bytes[at] !== QUOTE) return -1;
      at = this.#string(at + 1);
      if (at < 0) return -1;
      at = this.#skip(at);
      if (at >= this.#end || bytes[at] !== COLON) return -1;
      at = this.#value(this.#skip(at + 1), depth);
      if (at < 0) return -1;
      at = this.#skip(at);
      if (at >= this.#end) return -1;
      if (bytes[at] === CLOSE) return this.#nested(at);
      if (bytes[at] !== COMMA) return -1;
      at = this.#skip(at + 1);
    }
  }

  #array(start: number, depth: number): number {
    const bytes = this.#bytes;
    if (depth > DEPTH_MAX) return -1;
    let at = this.#skip(start);
    if (at < this.#end && bytes[at] === 0x5d) return this.#nested(at);
    for (;;) {
      at = this.#value(this.#skip(at), depth);
      if (at < 0) return -1;
      at = this.#skip(at);
      if (at >= this.#end) return -1;
      if (bytes[at] === 0x5d) return this.#nested(at);
      if (bytes[at] !== COMMA) return -1;
      at++;
    }
  }

  #nested(at: number): number {
    this.#kind = OTHER;
    return at + 1;
  }
}

function isHex(byte: number): boolean {
  return (byte >= ZERO && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}
