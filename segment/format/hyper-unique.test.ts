import { expect } from 'chai';
import fc from 'fast-check';
import { estimateHyperUnique } from './hyper-unique.js';
import { HyperUnique, mergeHyperUnique } from './hyper-unique-sketch.js';

function sketchOf(texts: Iterable<string>): Uint8Array {
  const sketch = new HyperUnique();
  for (const text of texts) sketch.addText(text);
  return sketch.toBytes();
}
const users = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `user-${from + i}`);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe('hyperUnique sketches', () => {
  it('have the bytes that Druid writes', () => {
    expect(base64(sketchOf([]))).equal('AQAAAAAAAA==');
    expect(base64(sketchOf(['druid']))).equal('AQAAAQAAAAFVEA==');
    expect(base64(sketchOf(['user-1']))).equal('AQAAAQAAAAKnAg==');
    // Its hash is zero: nothing but an overflow.
    expect(base64(sketchOf(['']))).equal('AQAAAEAAAA==');
    expect(base64(sketchOf(users(0, 5)))).equal('AQAABQAAAACMAwEbEAJCEAKnAgOKAQ==');
  });

  it('have room for a triple of each register, also where two share one', () => {
    const sketch = new HyperUnique();
    for (let i = 0; i < 27; i++) sketch.addBytes(new Uint8Array(BigInt64Array.of(BigInt(i)).buffer));
    expect(base64(sketch.toBytes())).equal(
      'AQAAGwAAAABDIACEkgCZEAC0IAD0AQEHEAElAgFUUAGSIAHWAwHcEAIsAQJIEAJLAQJPQAKGEALhIALqAgLrIAL2AQL5BAMAEAMOIANHEANkEAO3EAAAAA==',
    );
    const before = estimateHyperUnique(sketch.toBytes());
    expect(before).closeTo(27.1796, 1e-4);
    // What is left over is taken for the place of the overflow that a hash of zero leaves.
    sketch.addBytes(new Uint8Array(0));
    expect(estimateHyperUnique(sketch.toBytes()) - before).closeTo(1.013, 1e-2);
    expect(HyperUnique.fromBytes(sketch.toBytes()).toBytes()).deep.equal(sketch.toBytes());
  });

  it('estimate what they have seen', () => {
    for (const count of [10, 200, 3000, 100_000]) {
      expect(estimateHyperUnique(sketchOf(users(0, count)))).closeTo(count, count * 0.06);
    }
  });

  it('merge to the sketch of both', () => {
    const sizes = fc.integer({ min: 0, max: 3000 });
    fc.assert(
      fc.property(sizes, sizes, sizes, (a, b, shift) => {
        const both = sketchOf([...users(0, a), ...users(shift, shift + b)]);
        const merged = mergeHyperUnique(sketchOf(users(0, a)), sketchOf(users(shift, shift + b)));
        expect(estimateHyperUnique(merged)).closeTo(estimateHyperUnique(both), 1e-6 + a * 1e-3);
      }),
      { numRuns: 30 },
    );
    // Far apart in size: one has raised its offset.
    const large = sketchOf(users(0, 60_000));
    const small = sketchOf(users(59_990, 60_010));
    expect(large[1]).above(0);
    for (const merged of [mergeHyperUnique(large, small), mergeHyperUnique(small, large)]) {
      expect(estimateHyperUnique(merged)).closeTo(60_010, 3000);
    }
  });
});
