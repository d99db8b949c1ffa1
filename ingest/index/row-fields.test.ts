import { expect } from 'chai';
import fc from 'fast-check';
import { RowFields } from './row-fields.js';

const names = ['a', 'b', 'c', 'constructor', '7', '', '__proto__'];
const field = fc.tuple(fc.constantFrom(...names, 'x', 'y', 'toString'), fc.integer(), fc.nat(8));
/** Fields in any order, some of them hidden; and whether the object has a prototype. */
const rows = fc.array(fc.tuple(fc.array(field, { maxLength: 12 }), fc.nat(4)), { maxLength: 40 });

describe('fields of rows', () => {
  it('are those that asking by name finds, whatever order they come in', () => {
    fc.assert(
      fc.property(rows, (given) => {
        const reader = new RowFields();
        const places = names.slice(0, 3).map((name) => reader.placeOf(name));
        for (const [i, [row, kind]] of given.entries()) {
          if (i === 20) places.push(...names.slice(3).map((name) => reader.placeOf(name)));
          const fields = (kind === 0 ? Object.create(null) : {}) as Record<string, unknown>;
          for (const [name, value, hidden] of row) {
            const property = { value, enumerable: hidden > 0, configurable: true, writable: true };
            Object.defineProperty(fields, name, property);
          }
          reader.read(fields);
          const expected = places.map((_, at) =>
            Object.hasOwn(fields, names[at]!) ? fields[names[at]!] : undefined,
          );
          expect(places.map((place) => reader.values[place])).deep.equal(expected);
        }
        expect(reader.placeOf('a')).equal(0);
      }),
      { numRuns: 200 },
    );
  });

  it('are found in rows with many others, and when many are asked for', () => {
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, i]));
    const few = new RowFields();
    const last = few.placeOf('f299');
    const many = new RowFields();
    for (let i = 0; i < 300; i++) many.placeOf(`f${i}`);
    for (let round = 0; round < 300; round++) {
      few.read(wide);
      expect(few.values[last]).equal(299);
    }
    many.read(wide);
    expect(many.values).deep.equal(Object.values(wide));
  });
});
