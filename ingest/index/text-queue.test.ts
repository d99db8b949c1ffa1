import { expect } from 'chai';
import fc from 'fast-check';
import { TextQueue } from './text-queue.js';
import { TextTable } from './text-table.js';

const text = fc.oneof(
  fc.nat(300).map((n) => `text ${n}`),
  fc.constantFrom(
    '',
    'ä',
    '😀',
    '\u4e2d\u6587',
    'a\ud83d',
    '\ude00b',
    'a?',
    'x'.repeat(9000),
    'ö'.repeat(5000),
  ),
);
/** A text, whether it comes as bytes, and whether its row's words were moved before it. */
const given = fc.array(fc.tuple(text, fc.boolean(), fc.nat(20)), { maxLength: 600 });

describe('text queue', () => {
  it('writes the number of every text to its place', () => {
    fc.assert(
      fc.property(given, (cells) => {
        const table = new TextTable();
        const queue = new TextQueue(table);
        const chunks = [new Int32Array(600)];
        const where: { words: Int32Array; text: string; place: number }[] = [];
        for (const [place, [own, isBytes, move]] of cells.entries()) {
          if (move === 0) chunks.push(new Int32Array(600));
          const words = chunks.at(-1)!;
          const stored = own.replace(/\p{Surrogate}/gu, '?');
          const bytes = Buffer.from(`(${stored})`, 'utf8');
          if (isBytes) queue.addBytes(bytes, 1, bytes.length - 1, words, place);
          else queue.add(own, words, place);
          bytes.fill(0);
          where.push({ words, text: stored, place });
        }
        queue.settle();
        for (const { words, text: stored, place } of where) expect(table.text(words[place]!)).equal(stored);
        const inOrder = [...new Set(where.map((each) => each.text))];
        expect(inOrder.map((each) => table.find(each))).deep.equal(inOrder.map((_, i) => i + 1));
      }),
      { numRuns: 60 },
    );
  });
});
