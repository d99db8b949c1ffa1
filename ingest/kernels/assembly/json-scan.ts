// Finds the fields of a JSON object in its bytes. Only lines that are JSON by the letter are taken; whatever is unusual
// is left to the reader of whole lines. Reads up to 16 bytes past the end of a line, never judges by them.

// Words of the state, see ingest/formats/json-scanner.ts, which fills it.
const KINDS: usize = 0;
const STARTS: usize = 4;
const ENDS: usize = 8;
const NUMBERS: usize = 12;
const CELLS: usize = 16;
const USES: usize = 20;
const NAMES: usize = 24;
const NAME_COUNT: usize = 28;
const NAMES_MAX: usize = 32;
const TABLE: usize = 36;
const TABLE_MASK: usize = 40;
const TOKENS: usize = 44;
const TOKENS_END: usize = 48;
const FIRST: usize = 52;
const PENDING: usize = 56;

// A name: its token (quotes and the colon that mostly follows at once), its cell (-1: nobody asks), the name that
// followed it the last time, its hash. The first name of all stands for those there was no room for.
const NAME_BYTES: usize = 20;
const TOKEN: usize = 0;
const TOKEN_LENGTH: usize = 4;
const CELL: usize = 8;
const NEXT: usize = 12;
const HASH: usize = 16;

// Kinds of cells, as in ingest/index/row-cells.ts; the last two are decimals and texts that the caller has to read.
const CELL_NONE: u8 = 0;
const CELL_TEXT: u8 = 1;
const CELL_NUMBER: u8 = 2;
const CELL_VALUE: u8 = 3;
const CELL_DECIMAL: u8 = 4;
const CELL_ESCAPED: u8 = 5;

const USE_TEXT: u8 = 1;
const USE_NUMBER: u8 = 2;

// What a value is.
const NULL: u32 = 0;
const BOOLEAN: u32 = 1;
/** As it stands, without escapes. */
const TEXT: u32 = 2;
/** Of at most 15 digits, written as Java writes it. */
const INTEGER: u32 = 3;
const DECIMAL: u32 = 4;
/** Of more digits, or with an exponent. */
const LONG_DECIMAL: u32 = 5;
const ESCAPED: u32 = 6;
/** Lists, objects, long integers. */
const OTHER: u32 = 7;

const DEPTH_MAX: u32 = 50;
/** Digits that a double holds exactly. */
const DIGITS_MAX: u32 = 15;
const powersOf10 = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]);

// Of the value scanned last.
let kind: u32 = 0;
let first: usize = 0;
let behind: usize = 0;
let number: f64 = 0;

// @ts-ignore: decorator
@inline
function skip(start: usize, end: usize): usize {
  let at = start;
  while (at < end) {
    const byte = load<u8>(at);
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
    at++;
  }
  return at;
}

// @ts-ignore: decorator
@inline
function isHex(byte: u8): bool {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** Bytes of the escape behind a backslash, 0 when it is none. */
function escapeLength(at: usize, end: usize): usize {
  if (at >= end) return 0;
  switch (load<u8>(at)) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return 1;
    case 0x75:
      if (at + 5 > end) return 0;
      for (let i: usize = 1; i <= 4; i++) if (!isHex(load<u8>(at + i))) return 0;
      return 5;
    default:
      return 0;
  }
}

/** From behind the opening quote; answers the place behind the closing one, 0 when the text is none. */
function text(start: usize, end: usize): usize {
  let at = start;
  let found: u32 = TEXT;
  while (true) {
    const bytes = v128.load(at);
    const marks = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        i8x16.lt_u(bytes, i8x16.splat(0x20)),
      ),
    );
    if (marks === 0) {
      at += 16;
      if (at >= end) return 0;
      continue;
    }
    at += <usize>ctz(marks);
    if (at >= end) return 0;
    const mark = load<u8>(at);
    if (mark === 0x22) {
      kind = found;
      first = start;
      behind = at;
      return at + 1;
    }
    if (mark !== 0x5c) return 0;
    const length = escapeLength(at + 1, end);
    if (length === 0) return 0;
    found = ESCAPED;
    at += 1 + length;
    if (at >= end) return 0;
  }
}

/** `tail`: the last four bytes of the word. */
// @ts-ignore: decorator
@inline
function word(start: usize, length: usize, tail: u32, end: usize, what: u32): usize {
  const stop = start + length;
  if (stop > end || load<u32>(stop - 4) !== tail) return 0;
  kind = what;
  first = start;
  behind = stop;
  return stop;
}

function numeral(start: usize, end: usize): usize {
  let at = start;
  const isNegative = load<u8>(at) === 0x2d;
  if (isNegative) at++;
  const from = at;
  let value: u64 = 0;
  for (; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    value = value * 10 + <u64>digit;
  }
  let digits = <u32>(at - from);
  if (digits === 0 || (digits > 1 && load<u8>(from) === 0x30)) return 0;
  let result = <f64>value;
  let what = INTEGER;
  if (at < end && load<u8>(at) === 0x2e) {
    what = DECIMAL;
    const point = ++at;
    for (; at < end; at++) {
      const digit = <u32>load<u8>(at) - 0x30;
      if (digit > 9) break;
      value = value * 10 + <u64>digit;
    }
    const places = <u32>(at - point);
    if (places === 0) return 0;
    digits += places;
    // Both are exact, so that one division rounds as reading the text does.
    if (digits <= DIGITS_MAX) result = <f64>value / load<f64>(powersOf10 + ((<usize>places) << 3));
  }
  if (at < end && (load<u8>(at) | 0x20) === 0x65) {
    what = LONG_DECIMAL;
    at++;
    if (at < end && (load<u8>(at) === 0x2b || load<u8>(at) === 0x2d)) at++;
    const exponent = at;
    while (at < end && <u32>load<u8>(at) - 0x30 <= 9) at++;
    if (at === exponent) return 0;
  } else if (digits > DIGITS_MAX) {
    // Longer integers do not go through a double.
    what = what === INTEGER ? OTHER : LONG_DECIMAL;
  } else if (what === INTEGER && isNegative && value === 0) {
    // Java has no -0 that is an integer.
    what = OTHER;
  }
  kind = what;
  first = start;
  behind = at;
  number = isNegative ? -result : result;
  return at;
}

/** Scans the value that begins at `at`; answers the place behind it, 0 when it is none. */
function value(at: usize, end: usize, depth: u32): usize {
  if (at >= end) return 0;
  switch (load<u8>(at)) {
    case 0x22:
      return text(at + 1, end);
    case 0x74:
      return word(at, 4, 0x65757274, end, BOOLEAN);
    case 0x66:
      return word(at, 5, 0x65736c61, end, BOOLEAN);
    case 0x6e:
      return word(at, 4, 0x6c6c756e, end, NULL);
    case 0x7b:
      return object(at + 1, end, depth + 1);
    case 0x5b:
      return list(at + 1, end, depth + 1);
    default:
      return numeral(at, end);
  }
}

function object(start: usize, end: usize, depth: u32): usize {
  if (depth > DEPTH_MAX) return 0;
  let at = skip(start, end);
  if (at < end && load<u8>(at) === 0x7d) return nested(at);
  while (true) {
    if (at >= end || load<u8>(at) !== 0x22) return 0;
    at = text(at + 1, end);
    if (at === 0) return 0;
    at = skip(at, end);
    if (at >= end || load<u8>(at) !== 0x3a) return 0;
    at = value(skip(at + 1, end), end, depth);
    if (at === 0) return 0;
    at = skip(at, end);
    if (at >= end) return 0;
    if (load<u8>(at) === 0x7d) return nested(at);
    if (load<u8>(at) !== 0x2c) return 0;
    at = skip(at + 1, end);
  }
}

function list(start: usize, end: usize, depth: u32): usize {
  if (depth > DEPTH_MAX) return 0;
  let at = skip(start, end);
  if (at < end && load<u8>(at) === 0x5d) return nested(at);
  while (true) {
    at = value(skip(at, end), end, depth);
    if (at === 0) return 0;
    at = skip(at, end);
    if (at >= end) return 0;
    if (load<u8>(at) === 0x5d) return nested(at);
    if (load<u8>(at) !== 0x2c) return 0;
    at++;
  }
}

function nested(at: usize): usize {
  kind = OTHER;
  return at + 1;
}

// @ts-ignore: decorator
@inline
function begins(token: usize, length: usize, at: usize, end: usize): bool {
  if (at + length > end) return false;
  let i: usize = 0;
  for (; i + 16 <= length; i += 16) {
    if (!i8x16.all_true(i8x16.eq(v128.load(token + i), v128.load(at + i)))) return false;
  }
  if (i === length) return true;
  const wanted = (1 << <i32>(length - i)) - 1;
  return (i8x16.bitmask(i8x16.eq(v128.load(token + i), v128.load(at + i))) & wanted) === wanted;
}

function hashOf(from: usize, to: usize): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = (hash ^ <u32>load<u8>(at)) * 0x01000193;
  return hash ^ (hash >>> 15);
}

/** The name that is written at [from, to), which is added when it is new. */
function find(state: usize, from: usize, to: usize, cell: i32): usize {
  const hash = hashOf(from, to);
  const table = <usize>load<u32>(state, TABLE);
  const mask = load<u32>(state, TABLE_MASK);
  const length = to - from + 3;
  let place = hash & mask;
  while (true) {
    const known = <usize>load<u32>(table + ((<usize>place) << 2));
    if (known === 0) break;
    if (load<u32>(known, HASH) === hash && <usize>load<u32>(known, TOKEN_LENGTH) === length) {
      if (memory.compare(<usize>load<u32>(known, TOKEN) + 1, from, to - from) === 0) return known;
    }
    place = (place + 1) & mask;
  }
  const names = <usize>load<u32>(state, NAMES);
  const count = load<u32>(state, NAME_COUNT);
  const token = <usize>load<u32>(state, TOKENS);
  if (count >= load<u32>(state, NAMES_MAX) || token + length + 16 > <usize>load<u32>(state, TOKENS_END)) {
    return names;
  }
  store<u8>(token, 0x22);
  memory.copy(token + 1, from, to - from);
  store<u8>(token + length - 2, 0x22);
  store<u8>(token + length - 1, 0x3a);
  store<u32>(state, <u32>(token + length), TOKENS);
  const name = names + <usize>count * NAME_BYTES;
  store<u32>(name, <u32>token, TOKEN);
  store<u32>(name, <u32>length, TOKEN_LENGTH);
  store<i32>(name, cell, CELL);
  store<u32>(name, 0, NEXT);
  store<u32>(name, hash, HASH);
  store<u32>(state, count + 1, NAME_COUNT);
  store<u32>(table + ((<usize>place) << 2), <u32>name);
  return name;
}

/** Makes the name known that stands at [from, to), as UTF-8. */
export function json_name(state: usize, from: usize, to: usize, cell: i32): void {
  find(state, from, to, cell);
}

/** The name and the colon at `at`; `behind` is the place behind them then. 0: none that can be taken. */
function name(state: usize, at: usize, end: usize): usize {
  if (at >= end || load<u8>(at) !== 0x22) return 0;
  const stop = text(at + 1, end);
  if (stop === 0 || kind !== TEXT) return 0;
  const found = find(state, at + 1, stop - 1, -1);
  const colon = skip(stop, end);
  if (colon >= end || load<u8>(colon) !== 0x3a) return 0;
  behind = colon + 1;
  return found;
}

/** Of equal names the last one counts. */
// @ts-ignore: decorator
@inline
function keep(state: usize, base: usize, cell: usize): void {
  const use = load<u8>(<usize>load<u32>(state, USES) + cell);
  let cellKind: u8 = CELL_VALUE;
  switch (kind) {
    case NULL:
      cellKind = CELL_NONE;
      break;
    case BOOLEAN:
      if (use === USE_TEXT) cellKind = CELL_TEXT;
      break;
    case TEXT:
      cellKind = CELL_TEXT;
      break;
    case INTEGER:
      cellKind = use === USE_TEXT ? CELL_TEXT : CELL_NUMBER;
      break;
    case DECIMAL:
      // Java's text of 3.0 is not that of 3.
      if (use === USE_NUMBER || trunc(number) !== number) cellKind = CELL_NUMBER;
      break;
    case LONG_DECIMAL:
      cellKind = CELL_DECIMAL;
      store<u32>(state, load<u32>(state, PENDING) + 1, PENDING);
      break;
    case ESCAPED:
      cellKind = CELL_ESCAPED;
      store<u32>(state, load<u32>(state, PENDING) + 1, PENDING);
      break;
    default:
      break;
  }
  store<u8>(<usize>load<u32>(state, KINDS) + cell, cellKind);
  store<u32>(<usize>load<u32>(state, STARTS) + (cell << 2), <u32>(first - base));
  store<u32>(<usize>load<u32>(state, ENDS) + (cell << 2), <u32>(behind - base));
  store<f64>(<usize>load<u32>(state, NUMBERS) + (cell << 3), number);
}

/**
 * Finds the cells of the line at bytes [from, to) behind `base`, valid UTF-8. 0: it has to be read as a whole; else 1
 * plus the number of cells that are to be read.
 */
export function json_scan(state: usize, base: usize, from: u32, to: u32): u32 {
  const end = base + <usize>to;
  const unknown = <usize>load<u32>(state, NAMES);
  memory.fill(<usize>load<u32>(state, KINDS), CELL_NONE, <usize>load<u32>(state, CELLS));
  store<u32>(state, 0, PENDING);
  let at = skip(base + <usize>from, end);
  if (at >= end || load<u8>(at) !== 0x7b) return 0;
  at = skip(at + 1, end);
  if (at < end && load<u8>(at) === 0x7d) return skip(at + 1, end) === end ? 1 : 0;
  let link = state + FIRST;
  while (true) {
    let known = <usize>load<u32>(link);
    const length: usize = known === 0 ? 0 : <usize>load<u32>(known, TOKEN_LENGTH);
    if (known !== 0 && begins(<usize>load<u32>(known, TOKEN), length, at, end)) at += length;
    else {
      known = name(state, at, end);
      if (known === 0) return 0;
      if (known !== unknown) store<u32>(link, <u32>known);
      at = behind;
    }
    link = known + NEXT;
    at = value(skip(at, end), end, 0);
    if (at === 0) return 0;
    const cell = load<i32>(known, CELL);
    if (cell >= 0) keep(state, base, <usize>cell);
    at = skip(at, end);
    if (at >= end) return 0;
    const mark = load<u8>(at);
    if (mark === 0x7d) return skip(at + 1, end) === end ? 1 + load<u32>(state, PENDING) : 0;
    if (mark !== 0x2c) return 0;
    at = skip(at + 1, end);
  }
}
