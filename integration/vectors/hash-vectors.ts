/** Hashes of bytes, and the partition of a hashed set that a row belongs to. */
import type { InputRow } from '../../ingest/formats/row-reader.js';
import { rowStrings, sortedDimensions } from '../../ingest/partition/row-strings.js';
import { murmur32, murmur128 } from '../../segment/format/murmur.js';
import { hashBucket, rowKey, valuesKey } from '../../segment/timeline/hash-bucket.js';
import type { Vector, Verdict } from './vector.js';

export function murmur(vector: Vector): Verdict {
  const bytes = Buffer.from(String(vector['bytesHex']), 'hex');
  const short = murmur32(bytes);
  if (short !== vector['murmur3_32']) return `32 bits: got ${short}, wanted ${String(vector['murmur3_32'])}`;
  const out = Buffer.alloc(16);
  for (const [i, half] of murmur128(bytes).entries()) out.writeBigUInt64LE(BigInt.asUintN(64, half), i * 8);
  const long = out.toString('hex');
  return long === vector['murmur3_128']
    ? undefined
    : `128 bits: got ${long}, wanted ${String(vector['murmur3_128'])}`;
}

export interface JavaValue {
  readonly type: string;
  readonly value?: string;
  readonly values?: readonly JavaValue[];
}

/** Floating point numbers are what the vector says they look like in Java. */
export class VectorRow implements InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly #given: Readonly<Record<string, JavaValue>>;

  constructor(given: Readonly<Record<string, JavaValue>>) {
    this.#given = given;
    this.fields = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, plain(value)]));
  }

  doubleText(name: string, item?: number): string | undefined {
    const given = this.#given[name];
    const value = item === undefined ? given : given?.values?.[item];
    return value?.type === 'double' || value?.type === 'float' ? value.value : undefined;
  }
}

function plain({ type, value = '', values = [] }: JavaValue): unknown {
  switch (type) {
    case 'null':
      return null;
    case 'list':
      return values.map(plain);
    case 'string':
      return value;
    case 'boolean':
      return value === 'true';
    case 'double':
    case 'float':
      return Number(value);
    default:
      return Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value);
  }
}

export function hashPartition(vector: Vector): Verdict {
  const row = new VectorRow(vector['row'] as Readonly<Record<string, JavaValue>>);
  const by = vector['partitionDimensions'] as readonly string[];
  const names = vector['dimensionsOfRow'] as readonly string[];
  const dimensions = names.map(
    (name) => ({ type: 'string', name, multiValueHandling: 'ARRAY', createBitmapIndex: true }) as const,
  );
  const key =
    by.length > 0
      ? valuesKey(by.map((name) => rowStrings(row, name)))
      : rowKey(
          Number(vector['timestamp']),
          sortedDimensions(row, { dimensions, discoverDimensions: 'none', dimensionExclusions: [] }),
        );
  if (key !== vector['groupKeyJson']) return `key: got ${key}, wanted ${String(vector['groupKeyJson'])}`;
  const bucket = hashBucket(key, Number(vector['numBuckets']));
  return bucket === vector['bucket'] ? undefined : `got ${bucket}, wanted ${String(vector['bucket'])}`;
}
