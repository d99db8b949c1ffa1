/** JSON text with 64-bit integers kept exact, and doubles as Java writes them. */
import { exactDoubleText, exactFloatText } from './java-digits.js';

/** Like JSON.stringify, without spaces; bigints become plain integers, undefined members are left out. */
export function jsonText(value: unknown): string {
  return text(value, (number) => JSON.stringify(number));
}

/** The same, with numbers that are no bigint written as doubles: 1.0, 1.0E10, "NaN". */
export function exactJsonText(value: unknown): string {
  return text(value, doubleText);
}

function text(value: unknown, number: (value: number) => string): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return number(value);
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `[${value.map((item) => text(item, number)).join(',')}]`;
  if (typeof value === 'object') {
    const members: string[] = [];
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) members.push(`${JSON.stringify(key)}:${text(member, number)}`);
    }
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** A double as Java writes it; what JSON can't say is a string. */
export function doubleText(value: number): string {
  return Number.isFinite(value) ? exactDoubleText(value) : JSON.stringify(String(value));
}

/** The same for a value of 32 bits. */
export function floatText(value: number): string {
  return Number.isFinite(value) ? exactFloatText(value) : JSON.stringify(String(value));
}
