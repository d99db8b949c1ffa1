import { expect } from 'chai';
import fc from 'fast-check';
import { TextRanges, type TextRange } from './text-ranges.js';

const texts = [null, '', 'a', 'b', 'ba', '\u{1F600}', '～'];

/** Membership as the words of TextRange say it. */
function holds(ranges: readonly TextRange[], text: string | null): boolean {
  return ranges.some(({ lower, lowerClosed, upper, upperClosed }) => {
    if (text === null) return lower === null;
    const isAbove = lower === null || text > lower || (lowerClosed && text === lower);
    return isAbove && (upper === null || text < upper || (upperClosed && text === upper));
  });
}

const limit = fc.constantFrom(...texts);
const range = fc.record({ lower: limit, lowerClosed: fc.boolean(), upper: limit, upperClosed: fc.boolean() });
const sets = fc
  .array(range, { maxLength: 4 })
  .map((ranges) => TextRanges.union(ranges.map((each) => TextRanges.between(each))));

describe('ranges of texts', () => {
  it('are sets', () => {
    fc.assert(
      fc.property(sets, sets, limit, (a, b, text) => {
        const [inA, inB] = [holds(a.ranges(), text), holds(b.ranges(), text)];
        expect(holds(TextRanges.union([a, b]).ranges(), text)).equal(inA || inB);
        expect(holds(a.intersection(b).ranges(), text)).equal(inA && inB);
        expect(holds(a.complement().ranges(), text)).equal(!inA);
        expect(a.complement().complement().ranges()).deep.equal(a.ranges());
      }),
    );
  });

  it('put null below the empty text', () => {
    expect(TextRanges.point(null).ranges()).deep.equal([
      { lower: null, lowerClosed: false, upper: '', upperClosed: false },
    ]);
    expect(TextRanges.point(null).points()).equal(undefined);
    expect(TextRanges.union([TextRanges.point('b'), TextRanges.point('a')]).points()).deep.equal(['a', 'b']);
    const nothing = TextRanges.between({ lower: 'b', lowerClosed: true, upper: 'a', upperClosed: true });
    expect(nothing.isEmpty).equal(true);
  });
});
