import { expect } from 'chai';
import { Chance } from '../engine/random-queries.js';
import type { FrameColumn } from '../frame.js';
import { doubleJson } from '../json/java-number.js';
import { ChunkSink, TextSink } from '../json/write.js';
import { formatTimestamp } from '../granularity.js';
import { jsonString } from '../json/write.js';
import { objectParts, type RowPart, rowText } from './json-rows.js';
import { columnOutput, plainJson } from './output.js';
import { rowsBetween } from './row-order.js';
import { RowPrinter } from './row-printer.js';

/** The rows as strings put together, which is what a printer must write. */
function twin(parts: readonly RowPart[], rows: Uint32Array): string {
  const text = rowText(parts);
  return Array.from(rows, (row) => text(row)).join(',');
}

function printed(parts: readonly RowPart[], rows: Uint32Array): string {
  const sink = new TextSink();
  const steps = new RowPrinter(parts).print(rows, sink, true);
  while (steps.next().done !== true);
  return sink.text;
}

const bits = new DataView(new ArrayBuffer(8));

function ofBits(high: number, low: number): number {
  bits.setUint32(0, high);
  bits.setUint32(4, low);
  return bits.getFloat64(0);
}

/** The doubles right below and above, too. */
function withNeighbours(values: readonly number[]): number[] {
  return values.flatMap((value) => {
    bits.setFloat64(0, value);
    const whole = bits.getBigUint64(0);
    return [-1n, 0n, 1n].map((by) => {
      bits.setBigUint64(0, BigInt.asUintN(64, whole + by));
      return bits.getFloat64(0);
    });
  });
}

function doublesAsText(values: readonly number[]): string[] {
  const column: FrameColumn = { name: 'x', type: 'DOUBLE', values: Float64Array.from(values) };
  return printed([columnOutput(column).json], rowsBetween(0, values.length)).split(',');
}

function expectTwins(values: readonly number[]): void {
  const texts = doublesAsText(values);
  for (const [i, value] of values.entries()) {
    if (texts[i] !== doubleJson(value)) expect(texts[i], `text of ${value}`).to.equal(doubleJson(value));
  }
  expect(texts.length).to.equal(values.length);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('Doubles written by a kernel', () => {
  const chance = new Chance(7);
  const word = (): number => chance.below(2 ** 32);
  const many = (make: () => number): number[] => range(0, 100_000).map(make);

  it('are Java texts at the edges', () => {
    const texts: readonly [number, string][] = [
      [0, '0.0'],
      [-0, '-0.0'],
      [Number.NaN, '"NaN"'],
      [Infinity, '"Infinity"'],
      [-Infinity, '"-Infinity"'],
      [1e10, '1.0E10'],
      [9_999_999.999999998, '9999999.999999998'],
      [1e7, '1.0E7'],
      [0.001, '0.001'],
      [-0.00099, '-9.9E-4'],
      [5e-324, '5.0E-324'],
      [1.7976931348623157e308, '1.7976931348623157E308'],
      [100, '100.0'],
      [1234567.5, '1234567.5'],
      [0.1 + 0.2, '0.30000000000000004'],
    ];
    const padded = [...texts, ...range(0, 40).map((i) => [i, `${i}.0`] as const)];
    expect(doublesAsText(padded.map(([value]) => value))).to.deep.equal(padded.map(([, text]) => text));
  });

  it('are the strings put together here, at powers of two and of ten and beside them', () => {
    expectTwins(withNeighbours(range(-1074, 1024).flatMap((e) => [2 ** e, -(2 ** e)])));
    const mantissas = ['1', '2', '5', '9', '9.5', '1.5', '12345678', '4.35'];
    expectTwins(withNeighbours(range(-325, 309).flatMap((e) => mantissas.map((m) => Number(`${m}e${e}`)))));
  });

  it('are the strings put together here, of any bits', () => {
    expectTwins(many(() => ofBits(word(), word())));
  });

  it('are the strings put together here, of subnormals, whole and decimal numbers', () => {
    expectTwins(many(() => ofBits(chance.below(2 ** 20), word())));
    expectTwins(many(() => Math.floor(chance.next() * 2 ** 60) * 2 ** chance.below(12)));
    expectTwins(many(() => Math.round(chance.next() * 1e9) / 10 ** chance.below(12)));
    expectTwins(many(() => (chance.next() - 0.5) * 10 ** (chance.below(24) - 8)));
  });
});

/** As in a frame, with a tenth of nulls when there are to be some. */
function nullsOf(chance: Chance, rows: number): { nulls?: Uint8Array } {
  const kind = chance.below(3);
  if (kind === 0) return {};
  const nulls = new Uint8Array(Math.ceil(rows / 8));
  for (let row = 0; row < rows; row++)
    if (kind === 1 && chance.below(10) === 0) nulls[row >> 3] = (nulls[row >> 3] ?? 0) | (1 << (row & 7));
  return { nulls };
}

const pieces = [
  '',
  'a',
  'plain text ',
  '"',
  '\\',
  '\n',
  '\u0001',
  '\u001f',
  'ä',
  '€uro',
  '😀',
  '\ufeff',
  '\u007f',
];

function texts(chance: Chance, count: number): string[] {
  return range(0, count).map(() =>
    range(0, chance.below(6))
      .map(() => pieces[chance.below(pieces.length)] ?? '')
      .join(''),
  );
}

function stringColumn(
  chance: Chance,
  name: string,
  rows: number,
  entries: readonly Uint8Array[],
): FrameColumn {
  let end = 0;
  const ends = Uint32Array.from(entries, (entry) => (end += entry.length));
  const values = Uint32Array.from({ length: rows }, () => chance.below(entries.length));
  const dictionary = { bytes: Buffer.concat(entries), ends };
  return { name, type: 'STRING', values, dictionary, ...nullsOf(chance, rows) };
}

function columnsOf(chance: Chance, rows: number): FrameColumn[] {
  const longs = BigInt64Array.from({ length: rows }, () =>
    BigInt.asIntN(64, BigInt(chance.below(2 ** 32)) << BigInt(chance.below(40))),
  );
  const doubles = Float64Array.from({ length: rows }, () => chance.next() * 10 ** chance.below(20));
  const floats = Float32Array.from({ length: rows }, () => chance.next() * 1000);
  const entries = texts(chance, 1 + chance.below(rows * 2)).map((text) => Buffer.from(text));
  return [
    { name: 'long "quoted"', type: 'LONG', values: longs, ...nullsOf(chance, rows) },
    { name: 'double', type: 'DOUBLE', values: doubles, ...nullsOf(chance, rows) },
    { name: 'float', type: 'FLOAT', values: floats, ...nullsOf(chance, rows) },
    stringColumn(chance, 'text', rows, entries),
  ];
}

describe('RowPrinter', () => {
  it('writes what strings put together are, whatever columns, rows and batches', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const chance = new Chance(seed);
      const rows = 1 + chance.below(3000);
      const columns = columnsOf(chance, rows).filter(() => chance.below(4) > 0);
      const picked = Uint32Array.from({ length: chance.below(2 * rows) }, () => chance.below(rows));
      const parts = objectParts(
        columns.map((column) => columnOutput(column)),
        chance.below(2) === 0 ? [] : ['"more":', (row) => (row % 2 === 0 ? `"ä${row}"` : String(row))],
      );
      for (const some of [picked, rowsBetween(0, rows), rowsBetween(rows >> 1, rows)])
        expect(printed(parts, some), `seed ${seed}`).to.equal(twin(parts, some));
    }
  });

  it('writes doubles that are worked out', () => {
    const values = [null, 0.5, Number.NaN, -0, null, 1e21];
    const at = (row: number): number | null => values[row % values.length] ?? null;
    const json = plainJson({ type: 'COMPUTED', at }, (row) => {
      const value = at(row);
      return value === null ? 'null' : doubleJson(value);
    });
    const rows = rowsBetween(0, 100);
    expect(printed(['[', json, ']'], rows)).to.equal(twin(['[', json, ']'], rows));
  });

  it('writes longs to the last digit', () => {
    const edges = [0n, 1n, -1n, 9n, 10n, 99n, 100n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];
    const powers = range(1, 19).flatMap((e) => [
      10n ** BigInt(e),
      10n ** BigInt(e) - 1n,
      -(10n ** BigInt(e)),
    ]);
    const values = BigInt64Array.from([...edges, ...powers]);
    const parts = [columnOutput({ name: 'x', type: 'LONG', values }).json];
    expect(printed(parts, rowsBetween(0, values.length))).to.equal(values.join(','));
  });

  it('writes times in UTC, and those of five-digit years as text', () => {
    const chance = new Chance(3);
    const day = 86_400_000;
    const times = (make: (i: number) => number): void => {
      const values = BigInt64Array.from(range(0, 2000), (i) => BigInt(Math.floor(make(i))));
      const json = plainJson({ type: 'INSTANT', values }, (row) =>
        jsonString(formatTimestamp(Number(values[row]), { type: 'all' })),
      );
      const rows = rowsBetween(0, values.length);
      expect(printed(['[', json, ']'], rows)).to.equal(twin(['[', json, ']'], rows));
    };
    const first = Date.UTC(2000, 0, 1) - 2000 * 365.2425 * day;
    // Every year's end from 0000 to 9999, and anything between.
    for (let year = 0; year < 10_000; year += 1000)
      times((i) => Date.UTC(2000, 1, 28) + (year + (i >> 1) - 2000) * 365.2425 * day + (i % 2) * day);
    times(() => Math.floor(first + chance.next() * 10_000 * 365.2425 * day));
    times((i) => (i - 1000) * day);
    times((i) => Date.UTC(9999, 11, 31) + i * 3_600_000);
    times((i) => first - i * day);
  });

  it('takes texts that are no UTF-8 as their strings', () => {
    const chance = new Chance(5);
    const broken = [
      Buffer.from('ok'),
      Buffer.from([0x61, 0xc3]),
      Buffer.from([0xa4, 0x62]),
      Buffer.from([0xff]),
    ];
    const column = stringColumn(chance, 'text', 500, broken);
    const parts = objectParts([columnOutput(column)]);
    expect(printed(parts, rowsBetween(0, 500))).to.equal(twin(parts, rowsBetween(0, 500)));
  });

  it('writes large texts in smaller batches, and the largest as strings', () => {
    const chance = new Chance(9);
    const entries = [10, 100_000, 900_000].map((length) => Buffer.from('xy"'.repeat(length)));
    const column = stringColumn(chance, 'text', 120, entries);
    const few = { ...column, nulls: Uint8Array.from({ length: 15 }, () => 0b1110_1111) } as FrameColumn;
    const parts = objectParts([columnOutput(few)]);
    expect(printed(parts, rowsBetween(0, 120))).to.equal(twin(parts, rowsBetween(0, 120)));
  });

  it('begins with a comma behind other rows, and stops after every batch', () => {
    const values = BigInt64Array.from({ length: 3000 }, (_, i) => BigInt(i));
    const sink = new TextSink();
    const printer = new RowPrinter([columnOutput({ name: 'x', type: 'LONG', values }).json]);
    const steps = [...printer.print(rowsBetween(0, 3000), sink, false)];
    expect(steps.length).to.equal(2);
    expect(sink.text).to.equal(`,${values.join(',')}`);
  });

  it('hands bytes to chunks of whole characters', () => {
    const column = stringColumn(
      new Chance(2),
      'text',
      2000,
      ['ä€😀', 'b'].map((text) => Buffer.from(text)),
    );
    const parts = objectParts([columnOutput(column)]);
    const chunks: Uint8Array[] = [];
    const sink = new ChunkSink((chunk) => chunks.push(chunk), 100);
    sink.raw('[');
    const steps = new RowPrinter(parts).print(rowsBetween(0, 2000), sink, true);
    while (steps.next().done !== true);
    sink.raw(']');
    sink.end();
    const fatal = new TextDecoder('utf-8', { fatal: true });
    expect(chunks.map((chunk) => fatal.decode(chunk)).join('')).to.equal(
      `[${twin(parts, rowsBetween(0, 2000))}]`,
    );
    expect(chunks.length).to.be.greaterThan(3);
  });
});
