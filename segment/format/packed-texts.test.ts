import { expect } from 'chai';
import fc from 'fast-check';
import { CodedError } from '../../proto/errors.js';
import { ByteWriter, Cursor } from './bytes.js';
import { IndexedWriter, readIndexed } from './indexed.js';
import { PairSorter } from './pair-sort.js';
import { dictionaryTexts, packTexts, PackedDictionary } from './packed-texts.js';
import { textOrder } from './text-order.js';

const ascending = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const ascendingNumbers = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

describe('texts packed as UTF-8', () => {
  it('are gathered from a list, unless its entries overlap', () => {
    const out = new ByteWriter();
    const list = new IndexedWriter(out, 4, false);
    for (const text of ['one', 'two', 'three', 'four']) list.entry(Buffer.from(text));
    list.finish();
    const bytes = Buffer.from(out.written());
    const gathered = (): string => {
      const cursor = new Cursor(bytes, { file: 'f', column: 'c' });
      const found = readIndexed(cursor, () => bytes, 'texts').gather?.(Uint32Array.of(0, 2));
      return Buffer.from(found?.bytes ?? []).toString();
    };
    expect(gathered()).equal('onethree');
    // The ends of entries lie behind the version, the flag, the size and the count.
    for (const [entry, end] of [31, 4, 31, 31].entries()) bytes.writeInt32BE(end, 10 + 4 * entry);
    expect(gathered).throw(CodedError, /overlap/);
  });

  const sortedBy = (values: readonly string[], rounds?: number): string[] =>
    Array.from(textOrder(packTexts(values), rounds), (index) => values[index]!);

  it('sort as plain `<` sorts them', () => {
    const alphabet = fc.constantFrom(
      'a',
      'b',
      '\0',
      'é',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '\ud7ff',
      'aaaaaa',
    );
    const text = fc.oneof(fc.string({ unit: alphabet, maxLength: 30 }), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 120 }), (values) => {
        expect(sortedBy(values)).deep.equal([...values].sort(ascending));
      }),
    );
  });

  it('sort by what lies behind any number of shared bytes, partitioned or not', () => {
    const start = fc.constantFrom(
      '',
      'a',
      'sevensix',
      'eight by',
      'prefix longer than sixteen',
      '\u{10000}\ue000é',
    );
    const text = fc
      .tuple(start, fc.constantFrom('', '\0', 'x', '\uffff', '\u{10ffff}'), fc.nat(40))
      .map(([head, mark, tail]) => head + mark + 'z'.repeat(tail % 9) + String(tail));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 400 }), fc.constantFrom(0, 1, 2), (values, rounds) => {
        const order = Array.from(textOrder(packTexts(values), rounds));
        const wanted = values.map((_, i) => i).sort((a, b) => ascending(values[a]!, values[b]!) || a - b);
        expect(order).deep.equal(wanted);
      }),
    );
  });

  it('sort by their ends in thousands, long ones among them', () => {
    const values = Array.from(
      { length: 9000 },
      (_, i) => 'y'.repeat(i % 300 === 0 ? 150_000 : 20) + ((i * 7919) % 4500),
    );
    for (const rounds of [0, 2]) expect(sortedBy(values, rounds)).deep.equal(values.toSorted(ascending));
  });

  it('are copied in any order as entries of a list', () => {
    const values = Array.from(
      { length: 2000 },
      (_, i) => 'x'.repeat(i === 700 ? 600_000 : (i * 31) % 90) + i,
    );
    const texts = packTexts(values);
    const asPacked = Uint32Array.from(values.keys());
    for (const order of [textOrder(texts), asPacked, asPacked.toReversed().slice(5)]) {
      const out = new ByteWriter();
      const list = new IndexedWriter(out, order.length + 1, false);
      list.entry(null);
      list.texts(texts, order);
      list.finish();
      const bytes = Buffer.from(out.written());
      const read = readIndexed(new Cursor(bytes, { file: 'f', column: 'c' }), () => bytes, 'texts');
      const found = Array.from(order, (_, i) => {
        const { start, length, isNull } = read.locate(i + 1);
        return isNull ? null : bytes.toString('utf8', start, start + length);
      });
      expect(read.locate(0).isNull).equal(true);
      expect(found.every((text, i) => text === values[order[i]!])).equal(true);
    }
  });

  it('sort where many begin alike', () => {
    const values = Array.from({ length: 3000 }, (_, i) => `https://example.org/${(i * 7919) % 3000}/x`);
    expect(sortedBy(values)).deep.equal(values.toSorted(ascending));
  });

  it('keep the order of equal ones', () => {
    const texts = packTexts(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 'same text' : 'other')));
    const order = Array.from(textOrder(texts));
    expect(order.slice(0, 50)).deep.equal(Array.from({ length: 50 }, (_, i) => 2 * i + 1));
    expect(order.slice(50)).deep.equal(Array.from({ length: 50 }, (_, i) => 2 * i));
  });

  it('are a dictionary with null first', () => {
    const texts = packTexts(['ö', '', 'a']);
    const order = textOrder(texts);
    expect(dictionaryTexts(new PackedDictionary(texts, order, true))).deep.equal([null, '', 'a', 'ö']);
    expect(dictionaryTexts(new PackedDictionary(texts, order, false))).deep.equal(['', 'a', 'ö']);
  });
});

describe('pairs', () => {
  it('are sorted by key, ids of equal keys in their order', () => {
    const sorter = new PairSorter();
    const some = fc.integer({ min: -20, max: 20 });
    const stepped = some.map((key) => 1_447_027_200_000 + key * 3_600_000);
    const mixed = fc.oneof(
      some,
      fc.constantFrom(0.5, -0, 2 ** 52, -(2 ** 53) - 2, 1e300, -Infinity, Infinity),
    );
    const lists = [some, stepped, mixed].map((key) => fc.array(key, { maxLength: 200 }));
    fc.assert(
      fc.property(fc.oneof(...lists), fc.nat(5), (given, skip) => {
        const keys = Float64Array.from(given);
        const ids = Uint32Array.from(given, (_, i) => i);
        const from = Math.min(skip, given.length);
        sorter.sort(keys, ids, from, given.length);
        const wanted = given
          .map((key, id) => ({ key, id }))
          .slice(from)
          .sort((a, b) => ascendingNumbers(a.key, b.key) || a.id - b.id);
        expect(Array.from(ids.subarray(from))).deep.equal(wanted.map(({ id }) => id));
        expect(Array.from(keys.subarray(from), (key) => key + 0)).deep.equal(
          wanted.map(({ key }) => key + 0),
        );
      }),
    );
  });
});
