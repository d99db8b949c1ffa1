/** `YYYY-MM-DD` and `YYYY-MM-DDTHH:MM:SS[.mmm]Z` read from bytes: what nearly all rows carry. */
import { DAY_MS, daysFromCivil, daysInMonth } from '../../segment/timeline/instant.js';

const DATE_LENGTH = 10;

export class InstantBytes {
  /** The date read last, and when that day begins: neighbouring rows mostly share it. */
  readonly #date = new Uint8Array(DATE_LENGTH);
  #dayMs = NaN;

  /** Epoch ms of bytes [start, end); NaN when they are no such text. */
  read(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length === DATE_LENGTH) return this.#day(bytes, start);
    if (length !== 24 && length !== 20) return NaN;
    if (bytes[end - 1] !== 0x5a || bytes[start + 10] !== 0x54) return NaN;
    if (bytes[start + 13] !== 0x3a || bytes[start + 16] !== 0x3a) return NaN;
    const hours = digits(bytes, start + 11, 2);
    const minutes = digits(bytes, start + 14, 2);
    const seconds = digits(bytes, start + 17, 2);
    let millis = 0;
    if (length === 24) {
      if (bytes[start + 19] !== 0x2e) return NaN;
      millis = digits(bytes, start + 20, 3);
    }
    if (!(hours <= 23 && minutes <= 59 && seconds <= 59)) return NaN;
    const dayMs = this.#day(bytes, start);
    return dayMs + hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + millis;
  }

  #day(bytes: Uint8Array, start: number): number {
    const date = this.#date;
    let same = 0;
    while (same < DATE_LENGTH && bytes[start + same] === date[same]) same++;
    if (same === DATE_LENGTH) return this.#dayMs;
    if (bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d) return NaN;
    const year = digits(bytes, start, 4);
    const month = digits(bytes, start + 5, 2);
    const day = digits(bytes, start + 8, 2);
    if (!(year >= 0 && month >= 1 && month <= 12)) return NaN;
    if (!(day >= 1 && day <= daysInMonth(year, month))) return NaN;
    const dayMs = daysFromCivil(year, month, day) * DAY_MS;
    date.set(bytes.subarray(start, start + DATE_LENGTH));
    this.#dayMs = dayMs;
    return dayMs;
  }
}

function digits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = bytes[at]! - 0x30;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    value = value * 10 + digit;
  }
  return value;
}
