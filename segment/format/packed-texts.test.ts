import { expect } from 'chai';
import fc from 'fast-check';
import { CodedError } from '../../proto/errors.js';
import { ByteWriter, Cursor } from './bytes.js';
import { IndexedWriter, readIndexed } from './indexed.js';
import { PairSorter } from './pair-sort.js';
import { dictionaryTexts, packTexts, PackedDictionary } from './packed-texts.js';
import { textOrder } from './text-order.js';

const ascending = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

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

  const sortedBy = (values: readonly string[]): string[] =>
    Array.from(textOrder(packTexts(values)), (index) => values[index]!);

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
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 200 }),
        fc.nat(5),
        (given, skip) => {
          const keys = Float64Array.from(given);
          const ids = Uint32Array.from(given, (_, i) => i);
          const from = Math.min(skip, given.length);
          sorter.sort(keys, ids, from, given.length);
          const wanted = given
            .map((key, id) => ({ key, id }))
            .slice(from)
            .sort((a, b) => a.key - b.key || a.id - b.id);
          expect(Array.from(ids.subarray(from))).deep.equal(wanted.map(({ id }) => id));
          expect(Array.from(keys.subarray(from))).deep.equal(wanted.map(({ key }) => key));
        },
      ),
    );
  });
});
