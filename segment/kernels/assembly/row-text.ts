// Rows of a result as JSON text: pieces that are the same for each row, and values of columns.
import { putDouble, putLong } from './_number-text';

const constant: u32 = 0;
const long: u32 = 1;
const double: u32 = 2;
const text: u32 = 3;
const quoted: u32 = 4;
const instant: u32 = 5;

const dayMs: i64 = 86400000;
/** 0000-01-01 and 10000-01-01, in days of 1970. */
const firstDay: i64 = -719528;
const endDay: i64 = 2932897;

/** Copies by 16 bytes: up to 15 more are read and written. */
// @ts-ignore: decorator
@inline
function copy(target: usize, source: usize, length: u32): usize {
  for (let i: usize = 0; i < <usize>length; i += 16) v128.store(target + i, v128.load(source + i));
  return target + <usize>length;
}

/** A byte as JSON writes it inside of a string that can't take it as it is. */
function putEscape(at: usize, byte: u32): usize {
  let letter: u32 = 0;
  if (byte === 34 || byte === 92) letter = byte;
  else if (byte === 8) letter = 98;
  else if (byte === 9) letter = 116;
  else if (byte === 10) letter = 110;
  else if (byte === 12) letter = 102;
  else if (byte === 13) letter = 114;
  if (letter !== 0) {
    store<u16>(at, <u16>(92 | (letter << 8)));
    return at + 2;
  }
  const low = byte & 15;
  store<u32>(at, 0x3030755c); // \u00
  store<u8>(at + 4, <u8>(48 + (byte >> 4)));
  store<u8>(at + 5, <u8>(low < 10 ? 48 + low : 55 + low));
  return at + 6;
}

function putQuoted(at: usize, source: usize, length: u32): usize {
  let p = at;
  store<u8>(p++, 34);
  for (let i: u32 = 0; i < length; i += 16) {
    const from = source + <usize>i;
    const bytes = v128.load(from);
    const odd = v128.or(
      i8x16.lt_u(bytes, i8x16.splat(32)),
      v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(92))),
    );
    const left = min<u32>(16, length - i);
    if ((<u32>i8x16.bitmask(odd) & ((1 << left) - 1)) === 0) {
      v128.store(p, bytes);
      p += <usize>left;
      continue;
    }
    for (let j: u32 = 0; j < left; j++) {
      const byte = <u32>load<u8>(from + <usize>j);
      if (byte < 32 || byte === 34 || byte === 92) p = putEscape(p, byte);
      else store<u8>(p++, <u8>byte);
    }
  }
  store<u8>(p, 34);
  return p + 1;
}

// @ts-ignore: decorator
@inline
function putTwo(at: usize, value: u32): void {
  const tens = value / 10;
  store<u16>(at, <u16>(0x3030 + tens + ((value - tens * 10) << 8)));
}

/** "2020-01-31T01:02:03.004Z" with its quotes, 26 bytes. `days` since 0000-01-01, `ms` inside the day. */
function putInstant(at: usize, days: u32, ms: u32): usize {
  // Years that begin with March, so that leap days come last, counted from -0400-03-01.
  const day = days + 146037;
  const cycle = day / 146097;
  const inCycle = day - cycle * 146097;
  const yearOfCycle = (inCycle - inCycle / 1460 + inCycle / 36524 - inCycle / 146096) / 365;
  const inYear = inCycle - (yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100);
  const fromMarch = (inYear * 5 + 2) / 153;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = cycle * 400 + yearOfCycle - 400 + (month <= 2 ? 1 : 0);
  store<u8>(at, 34);
  putTwo(at + 1, year / 100);
  putTwo(at + 3, year % 100);
  store<u8>(at + 5, 45);
  putTwo(at + 6, month);
  store<u8>(at + 8, 45);
  putTwo(at + 9, inYear - (fromMarch * 153 + 2) / 5 + 1);
  store<u8>(at + 11, 84);
  const seconds = ms / 1000;
  const minutes = seconds / 60;
  putTwo(at + 12, minutes / 60);
  store<u8>(at + 14, 58);
  putTwo(at + 15, minutes % 60);
  store<u8>(at + 17, 58);
  putTwo(at + 18, seconds % 60);
  const rest = ms % 1000;
  store<u8>(at + 20, 46);
  store<u8>(at + 21, <u8>(48 + rest / 100));
  putTwo(at + 22, rest % 100);
  store<u16>(at + 24, 0x225a); // Z"
  return at + 26;
}

/**
 * Writes `rows` rows end to end and answers where they end, or 0 where a value is none that can be written here (a time
 * outside of the years 0000 to 9999, a text that begins inside a character). `parts`: four words each, a kind with
 *   0 bytes at a, b of them: the same in each row
 *   1 i64 at a      2 f64 at a      5 i64 at a, ms: as UTC, with quotes      (nulls: a byte a row, or 0)
 *   3 bytes at a, row r up to the word at b + 4 r, as they are
 *   4 the UTF-8 of row r from the word at b + 8 r to the next, counted from a: quoted (nulls as above)
 * 16 bytes behind each text are read, as many behind the target are written.
 */
export function row_text(parts: usize, count: u32, rows: u32, target: usize, table: usize): usize {
  const end = parts + ((<usize>count) << 4);
  let p = target;
  for (let row: u32 = 0; row < rows; row++) {
    for (let part = parts; part < end; part += 16) {
      const kind = load<u32>(part);
      const a = <usize>load<u32>(part, 4);
      const b = <usize>load<u32>(part, 8);
      if (kind === constant) {
        p = copy(p, a, <u32>b);
        continue;
      }
      if (kind === text) {
        const from = row === 0 ? 0 : load<u32>(b + ((<usize>(row - 1)) << 2));
        p = copy(p, a + <usize>from, load<u32>(b + ((<usize>row) << 2)) - from);
        continue;
      }
      const nulls = <usize>load<u32>(part, 12);
      if (nulls !== 0 && load<u8>(nulls + <usize>row) !== 0) {
        store<u32>(p, 0x6c6c756e); // null
        p += 4;
        continue;
      }
      if (kind === long) {
        p = putLong(p, load<i64>(a + ((<usize>row) << 3)), table);
      } else if (kind === double) {
        p = putDouble(p, load<f64>(a + ((<usize>row) << 3)), table);
      } else if (kind === quoted) {
        const from = load<u32>(b + ((<usize>row) << 3));
        const length = load<u32>(b + ((<usize>row) << 3), 4) - from;
        if (length > 0 && (load<u8>(a + <usize>from) & 0xc0) === 0x80) return 0;
        p = putQuoted(p, a + <usize>from, length);
      } else {
        const ms = load<i64>(a + ((<usize>row) << 3));
        const whole = ms / dayMs;
        const days = ms - whole * dayMs < 0 ? whole - 1 : whole;
        if (days < firstDay || days >= endDay) return 0;
        p = putInstant(p, <u32>(days - firstDay), <u32>(ms - days * dayMs));
      }
    }
  }
  return p;
}
