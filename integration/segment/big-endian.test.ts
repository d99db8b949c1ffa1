import { expect } from 'chai';
import type { JsonValue, SegmentSource } from '../../segment/write/source.js';
import { readBack, type Parts } from './rebuilt.js';

const documents: JsonValue[] = [
  { a: 1, b: { c: 't', d: 1.5 } },
  null,
  { a: 2n ** 60n, b: { c: 'u', d: -2.25 } },
  {},
  { a: -3, b: { c: 't' } },
];

function source(kind: 'json' | 'auto', values: readonly JsonValue[]): SegmentSource {
  return {
    rowCount: values.length,
    interval: { startMs: 0, endMs: 1000 },
    time: BigInt64Array.from(values, (_, row) => BigInt(row)),
    dimensions: [{ kind, name: 'v', values, exactNumbers: false }],
    metrics: [],
    metadata: { aggregators: [], queryGranularity: null, rollup: false },
  };
}

/** What is written is of one block at most, uncompressed: only then are its numbers where they are sought here. */
const options = { metricCompression: 'none', jsonCompression: 'uncompressed' } as const;

function swapped(bytes: Buffer, from: number, to: number, width: 4 | 8): void {
  const part = bytes.subarray(from, to);
  if (width === 4) part.swap32();
  else part.swap64();
}

/** A fixed-width list at `at`; answers where it ends. */
function swapList(bytes: Buffer, at: number, width: 4 | 8): number {
  const start = at + 6;
  const end = start + bytes.readInt32LE(at + 2) * width;
  swapped(bytes, at + 2, start, 4);
  swapped(bytes, start, end, width);
  return end;
}

function swapBlocks(bytes: Buffer, width: 1 | 8): void {
  const ends = 10;
  expect(bytes.readInt32BE(6)).to.equal(1);
  swapped(bytes, ends, ends + 4, 4);
  if (width === 8) swapped(bytes, ends + 4, bytes.length, 8);
}

/** Head of ten bytes, then the values. */
const numberHead = 10;

function swapField(bytes: Buffer): void {
  const lengths = swapList(bytes, 5, 4);
  const longs = bytes.readInt32LE(lengths);
  const doubles = bytes.readInt32LE(lengths + 4);
  swapped(bytes, lengths, lengths + 8, 4);
  const values = lengths + 8;
  if (longs + doubles > 0) swapped(bytes, values + numberHead, values + longs + doubles, 8);
}

/** The column as a machine of the other byte order would have written it. */
function asBigEndian(parts: Parts): void {
  for (const [name, content] of parts) {
    if (name !== 'v' && !name.startsWith('v.')) continue;
    const bytes = Buffer.from(content);
    parts.set(name, bytes);
    if (name === 'v') bytes.set(Buffer.from('"BIG_ENDIAN"   '), bytes.indexOf('"LITTLE_ENDIAN"'));
    else if (name.endsWith('__longDictionary') || name.endsWith('__doubleDictionary')) swapList(bytes, 0, 8);
    else if (name.endsWith('__longColumn') || name.endsWith('__doubleColumn'))
      swapped(bytes, numberHead, bytes.length, 8);
    else if (name.endsWith('_offsets')) swapBlocks(bytes, 8);
    else if (name.endsWith('_compressed')) swapBlocks(bytes, 1);
    else if (name.includes('__field_')) swapField(bytes);
  }
}

describe('json and auto columns in big-endian byte order', () => {
  const cases: Readonly<Record<string, readonly ['json' | 'auto', readonly JsonValue[]]>> = {
    documents: ['json', documents],
    longs: ['auto', [5, null, 2n ** 62n, -1, 5]],
    doubles: ['auto', [0.5, null, -0.25, 1e300, 0.5]],
    texts: ['auto', ['b', null, 'a', '', 'b']],
    'longs among texts': ['auto', ['b', 7, null, 2n ** 55n, 'b']],
  };
  for (const [name, [kind, values]] of Object.entries(cases)) {
    it(name, () => {
      const little = readBack(source(kind, values), () => undefined, 'v', options);
      const big = readBack(source(kind, values), asBigEndian, 'v', options);
      expect(big.problems).to.deep.equal([]);
      expect(big).to.deep.equal(little);
    });
  }
});
