import { expect } from 'chai';
import { RecentTexts } from './recent-texts.js';

/** Looks texts up as a column does; how many were found. */
function lookUp(recent: RecentTexts, numbers: Map<string, number>, texts: Iterable<string>): number {
  let found = 0;
  for (const text of texts) {
    const id = recent.find(text);
    if (id > 0) {
      found++;
      expect(id).equal(numbers.get(text));
      continue;
    }
    if (!numbers.has(text)) numbers.set(text, numbers.size + 1);
    if (id === 0) recent.keep(text, numbers.get(text)!);
  }
  return found;
}

function* repeated(count: number, textOf: (i: number) => string): Generator<string> {
  for (let i = 0; i < count; i++) yield textOf(i);
}

describe('recent texts', () => {
  it('are found again, with their own numbers', () => {
    const recent = new RecentTexts();
    const numbers = new Map<string, number>();
    const modes = ['AIR', 'MAIL', 'RAIL', 'SHIP', 'A', 'ä', '😀'];
    const found = lookUp(
      recent,
      numbers,
      repeated(10_000, (i) => modes[i % 7]!),
    );
    expect(found).equal(10_000 - 7);
    expect(recent.bytes).above(128 * 8);
  });

  it('are given up while hardly any come again, and tried once more later', () => {
    const recent = new RecentTexts();
    const numbers = new Map<string, number>();
    lookUp(
      recent,
      numbers,
      repeated(2000, (i) => `text ${i}`),
    );
    expect(recent.bytes).equal(0);
    expect(recent.find('again')).below(0);
    const found = lookUp(
      recent,
      numbers,
      repeated(60_000, () => 'again'),
    );
    expect(found).above(20_000);
  });

  it('want no long and no empty texts', () => {
    const recent = new RecentTexts();
    expect(recent.find('')).below(0);
    expect(recent.find('x'.repeat(1000))).below(0);
  });
});
