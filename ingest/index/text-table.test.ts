import { expect } from 'chai';
import fc from 'fast-check';
import { TextTable } from './text-table.js';

const texts = fc.array(
  fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.string({ maxLength: 100, unit: 'binary' }),
    fc.constantFrom('', 'a', 'a\ud83d', 'a\ude00', 'a?', '\u0000', 'ä'.repeat(40), '😀', 'x'.repeat(200)),
  ),
  { maxLength: 200 },
);

/** As UTF-8 can hold it. */
const stored = (text: string): string => text.replace(/\p{Surrogate}/gu, '?');

describe('text table', () => {
  it('numbers different texts as they appear, given as strings or as bytes', () => {
    fc.assert(
      fc.property(texts, (given) => {
        const table = new TextTable();
        const numbers = new Map<string, number>();
        for (const [i, text] of given.entries()) {
          const own = stored(text);
          if (!numbers.has(own)) numbers.set(own, numbers.size + 1);
          const bytes = Buffer.from(`<${own}>`, 'utf8');
          const id = i % 2 === 0 ? table.idOf(text) : table.idOfBytes(bytes, 1, bytes.length - 1);
          expect(id).equal(numbers.get(own));
        }
        expect(table.count).equal(numbers.size);
        for (const [text, id] of numbers) {
          expect(table.text(id)).equal(text);
          expect(table.find(text)).equal(id);
        }
        expect(table.find('not there')).equal(0);
        expect(table.find('a\ud83d')).equal(0);
        expect(table.count).equal(numbers.size);
        const packed = table.packed();
        expect(packed.count).equal(numbers.size);
        expect(Array.from({ length: packed.count }, (_, i) => packed.text(i))).deep.equal([
          ...numbers.keys(),
        ]);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps what was packed as it was while it grows, and counts its memory', () => {
    const table = new TextTable();
    for (let i = 0; i < 100; i++) table.idOf(`text ${i}`);
    const packed = table.packed();
    const before = table.memoryBytes;
    for (let i = 0; i < 50_000; i++) expect(table.idOf(`text ${i}`)).equal(i + 1);
    expect(packed.count).equal(100);
    expect(packed.text(99)).equal('text 99');
    expect(table.text(50_000)).equal('text 49999');
    expect(table.memoryBytes).above(before + 50_000 * (10 + 4 + 16));
  });

  it('finds texts made up to have the same hash', () => {
    const table = new TextTable();
    const ordinary = Array.from({ length: 500 }, (_, i) => `text ${i}`);
    for (const text of ordinary) table.idOf(text);
    const plain = table.memoryBytes;
    // Two of four bytes that are changed alike in these bits leave the hash as it was.
    const twins = Array.from({ length: 4096 }, (_, bits) => {
      const text = Buffer.alloc(100, 'abcd');
      for (let pair = 0; pair < 12; pair++) {
        if ((bits & (1 << pair)) === 0) continue;
        text[8 * pair + 3]! ^= 0x80;
        text[8 * pair + 6]! ^= 0x01;
        text[8 * pair + 7]! ^= 0x80;
      }
      return text;
    });
    for (let round = 0; round < 2; round++) {
      for (const [i, text] of twins.entries()) expect(table.idOfBytes(text, 0, 100)).equal(501 + i);
    }
    for (const [i, text] of ordinary.entries()) expect(table.find(text)).equal(i + 1);
    // Those that have no place are counted: else they all would be found, one after another.
    expect(table.memoryBytes).above(plain + 4096 * (100 + 64));
    expect(table.packed().count).equal(4596);
  });
});
