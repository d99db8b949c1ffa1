import { expect } from 'chai';
import fc from 'fast-check';
import { parseGranularity } from '../../query/granularity.js';
import { dictionaryTexts } from '../../segment/format/packed-texts.js';
import { PlainRow } from '../formats/row-reader.js';
import type { DimensionSpec, MetricSpec } from '../spec/model.js';
import { IncrementalIndex, type IndexSchema } from './incremental-index.js';
import { RowCells, cellKinds, cellNames } from './row-cells.js';

const text = (name: string): DimensionSpec => ({
  type: 'string',
  name,
  multiValueHandling: 'ARRAY',
  createBitmapIndex: true,
});
const dimensions: readonly DimensionSpec[] = [
  text('s'),
  text('t'),
  { type: 'long', name: 'l' },
  { type: 'double', name: 'd' },
  { type: 'float', name: 'f' },
  { type: 'json', name: 'j', castToType: undefined },
  { type: 'auto', name: 'a', castToType: undefined },
];
const metrics: readonly MetricSpec[] = [
  { type: 'count', name: 'count' },
  { type: 'longSum', name: 'ls', fieldName: 'l' },
  { type: 'doubleMax', name: 'dm', fieldName: 'm' },
  { type: 'longMin', name: 'time', fieldName: '__time' },
  { type: 'hyperUnique', name: 'u', fieldName: 's', round: false },
  {
    type: 'filtered',
    name: 'fm',
    filter: { type: 'selector', dimension: 't', value: 'a' },
    aggregator: { type: 'floatSum', name: 'fm', fieldName: 'm' },
  } as MetricSpec,
];

const schema = (rollup: boolean): IndexSchema => ({
  dimensions,
  discoverDimensions: 'none',
  dimensionExclusions: [],
  metrics,
  queryGranularity: parseGranularity('second', 'g'),
  queryGranularityJson: 'SECOND',
  rollup,
});

const value = fc.oneof(
  fc.constantFrom(
    null,
    undefined,
    '',
    'a',
    'ä',
    '😀',
    '12',
    '-3.25',
    '1e3',
    '9007199254740993',
    '.5',
    '-',
    '1.',
  ),
  fc.constantFrom<unknown>(true, 12n, 0, -0, 3, -2.5, 2 ** 60, 1e300),
  fc.constantFrom<unknown>([], ['b', null], [1, 2], { k: 1 }),
  fc.string({ maxLength: 60 }),
);

/** Dictionaries as texts. */
function shown(index: IncrementalIndex): unknown {
  const source = index.snapshot();
  return {
    ...source,
    dimensions: source.dimensions.map((column) =>
      'dictionary' in column ? { ...column, dictionary: dictionaryTexts(column.dictionary) } : column,
    ),
  };
}

/** What a reader of bytes would say of the row. */
function fill(cells: RowCells, names: readonly string[], fields: Readonly<Record<string, unknown>>): void {
  const pieces = names.map((name) =>
    Buffer.from(typeof fields[name] === 'string' ? fields[name] : '', 'utf8'),
  );
  cells.bytes = Buffer.concat([Buffer.from('before'), ...pieces, Buffer.from('behind')]);
  let at = 6;
  for (const [i, name] of names.entries()) {
    const given = fields[name];
    cells.starts[i] = at;
    at += pieces[i]!.length;
    cells.ends[i] = at;
    if (given === null || given === undefined) cells.kinds[i] = cellKinds.none;
    else if (typeof given === 'string') cells.kinds[i] = cellKinds.text;
    else if (typeof given === 'number') {
      cells.kinds[i] = cellKinds.number;
      cells.numbers[i] = given;
    } else cells.kinds[i] = cellKinds.value;
  }
}

describe('rows as cells', () => {
  for (const rollup of [true, false]) {
    it(`are the same rows as those of fields: rollup ${rollup}`, () => {
      const row = fc.dictionary(fc.constantFrom('s', 't', 'l', 'd', 'f', 'j', 'a', 'm'), value);
      const interval = { startMs: 0, endMs: 10_000 };
      fc.assert(
        fc.property(fc.array(fc.tuple(fc.nat(3000), row), { minLength: 1, maxLength: 40 }), (rows) => {
          const byFields = new IncrementalIndex(schema(rollup), interval);
          const byCells = new IncrementalIndex(schema(rollup), interval);
          const names = cellNames(schema(rollup));
          expect(names).deep.equal(['s', 't', 'l', 'd', 'f', 'j', 'a', 'm']);
          const cells = new RowCells(names.length);
          for (const [timeMs, fields] of rows) {
            const plain = new PlainRow(fields);
            fill(cells, names, fields);
            expect(byCells.addCells(timeMs, cells, plain)).deep.equal(byFields.add(timeMs, plain));
          }
          expect(shown(byCells)).deep.equal(shown(byFields));
        }),
        { numRuns: 60 },
      );
    });
  }
});
