import { expect } from 'chai';
import { wrongBitmap } from './bitmap-check.js';
import { createArena } from './kernels/arena.js';

describe('bitmaps of values', () => {
  const arena = createArena({ maximumBytes: 16 << 20 });
  const owners = [0, 1, 1, 0, 2, 0, 2, 1, 1, 2];
  const check = (rowsOfBitmap: (id: number) => readonly number[]): string | undefined => {
    const rowsOf = new Map<number, number[]>();
    for (const [row, id] of owners.entries()) rowsOf.set(id, [...(rowsOf.get(id) ?? []), row]);
    return wrongBitmap({
      arena,
      rowCount: owners.length,
      cardinality: 3,
      rowsOf,
      orBitmap(id, bits) {
        const set = arena.bytes(bits, 8);
        for (const row of rowsOfBitmap(id)) set[row >>> 3]! |= 1 << (row & 7);
      },
    });
  };
  const right = (id: number): number[] => [...owners.keys()].filter((row) => owners[row] === id);

  it('are right when each holds the rows of its value', () => {
    expect(check(right)).equal(undefined);
  });

  it('are wrong when one row is missing', () => {
    for (const [row, id] of owners.entries()) {
      const wrong = check((one) => right(one).filter((each) => one !== id || each !== row));
      expect(wrong).equal(`the bitmap of value[${id}] differs from its rows`);
    }
  });

  it('are wrong when one holds a row of another value, before it or after', () => {
    for (const [row, owner] of owners.entries()) {
      for (const id of [0, 1, 2].filter((each) => each !== owner)) {
        const wrong = check((one) => (one === id ? [...right(one), row] : right(one)));
        expect(wrong).equal(`a bitmap holds row[${row}], which has another value`);
      }
    }
  });

  it('are checked in time that does not grow with rows times values', () => {
    const rowCount = 400_000;
    const rowsOf = new Map(Array.from({ length: rowCount }, (_, row) => [row, [row]]));
    let steps = 0;
    const orBitmap = (id: number, bits: number): void => {
      steps++;
      arena.bytes(bits + (id >>> 3), 1)[0]! |= 1 << (id & 7);
    };
    expect(wrongBitmap({ arena, rowCount, cardinality: rowCount, rowsOf, orBitmap })).equal(undefined);
    expect(steps).equal(rowCount);
  });
});
