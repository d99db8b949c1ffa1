import { expect } from 'chai';
import type { SegmentSource } from '../../segment/write/source.js';
import { readBack, type Parts } from './rebuilt.js';

interface Plan {
  readonly times?: readonly bigint[];
  readonly ids?: readonly number[];
  readonly numbers?: readonly (number | null)[];
}

function source({ times = [0n, 1n, 2n, 3n, 4n], ids = [0, 1, 2, 1, 0], numbers = [7, null, 9, 7, 8] }: Plan) {
  const made: SegmentSource = {
    rowCount: 5,
    interval: { startMs: 0, endMs: 5000 },
    time: BigInt64Array.from(times),
    dimensions: [
      { kind: 'string', name: 'text', dictionary: ['aa', 'bb', 'cc'], ids: Uint32Array.from(ids) },
      { kind: 'auto', name: 'auto', values: numbers },
      { kind: 'auto', name: 'mixed', values: numbers.map((n, i) => (i === 3 ? 'x' : n)) },
      { kind: 'auto', name: 'lists', values: numbers.map((n) => (n === null ? null : [n, 1])) },
      { kind: 'json', name: 'doc', values: numbers.map((n) => ({ n, t: `t${n}` })) },
    ],
    metrics: [],
    metadata: { aggregators: [], queryGranularity: null, rollup: false },
  };
  return made;
}

const options = { dimensionCompression: 'uncompressed', metricCompression: 'none' } as const;

/** The internal files of the segment that another plan gives. */
function partsOf(plan: Plan): Parts {
  let parts: Parts = new Map();
  readBack(source(plan), (own) => (parts = new Map(own)), 'text', options);
  return parts;
}

function problems(change: (parts: Parts) => void): readonly string[] {
  return readBack(source({}), change, 'text', options, true).problems;
}

const taken =
  (plan: Plan, ...names: readonly string[]) =>
  (parts: Parts): void => {
    const other = partsOf(plan);
    for (const name of names) parts.set(name, other.get(name) as Buffer);
  };

function replaced(name: string, from: Uint8Array | string, to: Uint8Array | string) {
  return (parts: Parts): void => {
    const bytes = Buffer.from(parts.get(name) as Buffer);
    const at = bytes.indexOf(from);
    expect(at, `${name} holds what is to change`).to.be.above(0);
    bytes.set(Buffer.from(to as string), at);
    parts.set(name, bytes);
  };
}

const other = { numbers: [8, null, 9, 7, 7] };
const ids = Uint8Array.of(0, 1, 2, 1, 0);

const planted: Readonly<Record<string, readonly [(parts: Parts) => void, RegExp]>> = {
  'a time outside the interval': [
    (parts) => {
      const bytes = Buffer.from(parts.get('__time') as Buffer);
      bytes.writeBigInt64LE(9000n, bytes.length - 8);
      parts.set('__time', bytes);
    },
    /column\[__time\]: row\[4\] lies outside/,
  ],
  'times that descend': [
    (parts) => {
      const bytes = Buffer.from(parts.get('__time') as Buffer);
      bytes.writeBigInt64LE(1n, bytes.length - 8);
      parts.set('__time', bytes);
    },
    /column\[__time\]: row\[4\] descends/,
  ],
  'a dictionary out of order': [replaced('text', 'bb', 'zz'), /column\[text\]: dictionary entry\[2\]/],
  'a value twice': [replaced('text', 'cc', 'bb'), /column\[text\]: dictionary entry\[2\]/],
  'an id changed': [
    replaced('text', ids, Uint8Array.of(0, 1, 2, 1, 1)),
    /column\[text\]: a bitmap holds row\[4\]/,
  ],
  'an id of no value': [replaced('text', ids, Uint8Array.of(0, 1, 2, 1, 9)), /column\[text\]: .*exceeds/],
  'bitmaps of other rows': [
    (parts) => {
      const own = parts.get('text') as Buffer;
      const swapped = partsOf({ ids: [1, 0, 2, 0, 1] }).get('text') as Buffer;
      const at = own.indexOf(ids) + 8;
      parts.set('text', Buffer.concat([own.subarray(0, at), swapped.subarray(at)]));
    },
    /column\[text\]: the bitmap of value\[0\] differs/,
  ],
  'numbers beside other ids': [taken(other, 'auto.__encodedColumn'), /column\[auto\]: the number of row/],
  'other numbers': [taken(other, 'auto.__longColumn'), /column\[auto\]: the number of row/],
  'nulls denied': [taken({ numbers: [7, 8, 9, 7, 8] }, 'auto'), /column\[auto\]: the number of row\[1\]/],
  'bitmaps of other numbers': [taken(other, 'auto.__valueIndexes'), /column\[auto\]: the bitmap of value/],
  'bitmaps of other mixed values': [taken(other, 'mixed.__valueIndexes'), /column\[mixed\]: /],
  'bitmaps of other arrays': [taken(other, 'lists.__valueIndexes'), /column\[lists\]: the bitmap/],
  'a field of another document': [
    (parts) => {
      const own = parts.get('doc.__field_0') as Buffer;
      const bytes = Buffer.from(own);
      const at = bytes.indexOf(Buffer.from(BigInt64Array.of(7n, 0n, 9n).buffer));
      bytes.writeBigInt64LE(8n, at);
      parts.set('doc.__field_0', bytes);
    },
    /column\[doc:\$\.n\]: the number of row\[0\]/,
  ],
  'an order that is none': [
    (parts) =>
      parts.set(
        'metadata.drd',
        Buffer.from('{"ordering":[{"columnName":"text","order":"ascending"},{"columnName":"__time"}]}'),
      ),
    /row\[3\] is not in the order that the metadata claims for column\[text\]/,
  ],
  'a column cut short': [
    (parts) => parts.set('text', (parts.get('text') as Buffer).subarray(0, -3)),
    /column\[text\]: corrupt segment/,
  ],
  'a helper file gone': [(parts) => void parts.delete('lists.__arrayDictionary'), /column\[lists\]/],
};

describe('the verification of a segment', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(problems(() => undefined)).to.deep.equal([]);
  });

  for (const [what, [change, message]] of Object.entries(planted)) {
    it(`finds ${what}`, () => {
      expect(problems(change).join('\n')).to.match(message);
    });
  }
});
