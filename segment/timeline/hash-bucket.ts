/** Which partition of a hashed set a row belongs to: the bytes of its key and their bucket, as Druid has them. */
import { murmur32 } from '../format/murmur.js';

/** The one partition function there is. */
export const MURMUR3_32_ABS = 'murmur3_32_abs';

/** `key`: the JSON of {@link valuesKey} or {@link rowKey}. */
export function hashBucket(key: string, numBuckets: number): number {
  return Math.abs(murmur32(Buffer.from(key, 'utf8')) % numBuckets);
}

/** Of the values of the partition dimensions, in the order of the shard spec; a dimension without value: []. */
export function valuesKey(values: readonly (readonly string[])[]): string {
  return `[${values.map(listText).join(',')}]`;
}

/**
 * Of a whole row: `timeMs` truncated to the query granularity, and the dimensions that have values by name in UTF-16
 * order, the values of each sorted and without duplicates.
 */
export function rowKey(
  timeMs: number,
  dimensions: readonly (readonly [string, readonly string[]])[],
): string {
  const members = dimensions.map(([name, values]) => `${quoted(name)}:${listText(values)}`);
  return `[${timeMs},{${members.join(',')}}]`;
}

const listText = (values: readonly string[]): string => `[${values.map(quoted).join(',')}]`;

const plain = /^[ !#-[\]-\uD7FF\uE000-\uFFFF]*$/;
const special = /["\\]|[^ -\uD7FF\uE000-\uFFFF]/g;
const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

/** As Jackson writes a string: surrogates as escapes, all else beyond ASCII raw. */
function quoted(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  const escape = (unit: string): string =>
    short[unit] ?? `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  return `"${text.replace(special, escape)}"`;
}
