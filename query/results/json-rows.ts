/** JSON of one result row, its names escaped once for all rows. */
import { jsonString } from '../json/write.js';
import type { Output, RowJson } from './output.js';

/** A row is written as such pieces one after the other: texts that are the same in each row, and values. */
export type RowPart = string | RowJson;

/** {"name":value,…}; `more` are further members, beginning without a comma. */
export function objectParts(outputs: readonly Output[], more: readonly RowPart[] = []): RowPart[] {
  const parts: RowPart[] = ['{'];
  for (const [i, { name, json }] of outputs.entries())
    parts.push(`${i === 0 ? '' : ','}${jsonString(name)}:`, json);
  if (more.length > 0 && outputs.length > 0) parts.push(',');
  parts.push(...more, '}');
  return parts;
}

/** [value,…] */
export function arrayParts(outputs: readonly Output[]): RowPart[] {
  const parts: RowPart[] = ['['];
  for (const [i, { json }] of outputs.entries()) {
    if (i > 0) parts.push(',');
    parts.push(json);
  }
  parts.push(']');
  return parts;
}

/** Neighbouring texts put together: texts and values take turns, beginning and ending with a text. */
export function inTurns(parts: readonly RowPart[]): {
  readonly texts: readonly string[];
  readonly values: readonly RowJson[];
} {
  const texts = [''];
  const values: RowJson[] = [];
  for (const part of parts) {
    if (typeof part === 'string') texts[texts.length - 1] += part;
    else {
      values.push(part);
      texts.push('');
    }
  }
  return { texts, values };
}

/** A row's text, put together as a string. */
export function rowText(parts: readonly RowPart[]): (row: number) => string {
  const { texts, values } = inTurns(parts);
  const head = texts[0] ?? '';
  return (row) => {
    let text = head;
    for (let i = 0; i < values.length; i++) text += (values[i]?.(row) ?? 'null') + (texts[i + 1] ?? '');
    return text;
  };
}
