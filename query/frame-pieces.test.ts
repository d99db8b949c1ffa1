import { expect } from 'chai';
import fc from 'fast-check';
import { cellColumn } from './frame-build.js';
import { frameBytes } from './frame-codec.js';
import { framePieces } from './frame-pieces.js';
import type { Frame, FrameColumn } from './frame.js';
import { isNull } from './merge/columns.js';
import { entryText } from './merge/dictionary.js';

function cell(column: FrameColumn, row: number): unknown {
  if (isNull(column.nulls, row)) return null;
  switch (column.type) {
    case 'STRING':
    case 'COMPLEX':
      return entryText(column.dictionary, column.values[row] ?? 0);
    case 'STRING_ARRAY':
      return Array.from(
        column.values.subarray(column.offsets[row] ?? 0, column.offsets[row + 1] ?? 0),
        (entry) => (entry === 0xffffffff ? null : entryText(column.dictionary, entry)),
      );
    default:
      return column.values[row];
  }
}
const rowsOf = (frames: readonly Frame[]): unknown[] =>
  frames.flatMap((frame) =>
    Array.from({ length: frame.rows }, (_, row) => frame.columns.map((column) => cell(column, row))),
  );

/** Every third row has three elements, of which one may be null. */
function arrays(texts: Extract<FrameColumn, { type: 'STRING' }>): FrameColumn {
  const rows = texts.values.length;
  const offsets = new Uint32Array(rows + 1);
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < row % 3; i++)
      values.push((row + i) % 5 === 0 ? 0xffffffff : (texts.values[row] ?? 0));
    offsets[row + 1] = values.length;
  }
  return {
    name: 'array',
    type: 'STRING_ARRAY',
    offsets,
    values: Uint32Array.from(values),
    dictionary: texts.dictionary,
  };
}

function frameOf(cells: readonly (string | null)[]): Frame {
  const text = cellColumn('text', 'STRING', cells);
  const long = cellColumn(
    'long',
    'LONG',
    cells.map((each) => (each === null ? null : BigInt(each.length))),
  );
  // An array of texts needs one that is there.
  const filled = cellColumn(
    'filled',
    'STRING',
    cells.map((each) => each ?? 'none'),
  );
  if (filled.type !== 'STRING') throw new Error('no texts');
  return { rows: cells.length, columns: [text, long, filled, arrays(filled)] };
}

describe('pieces of a frame', () => {
  it('hold the rows of the whole in order, each with what its dictionaries need', () => {
    const cells = fc.array(fc.option(fc.string({ maxLength: 12 })), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(cells, fc.integer({ min: 64, max: 4096 }), (texts, bytesMax) => {
        const frame = frameOf(texts);
        const pieces = [...framePieces(frame, bytesMax)];
        expect(rowsOf(pieces)).to.deep.equal(rowsOf([frame]));
        for (const piece of pieces) {
          expect(piece.rows <= 8 || frameBytes(piece) <= bytesMax * 2).to.equal(true);
          for (const column of piece.columns)
            if (column.type === 'STRING')
              expect(column.dictionary.ends.length).to.be.at.most(column.values.length);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('are the frame itself when it is small', () => {
    const frame = frameOf(['a', null, 'b']);
    expect([...framePieces(frame)]).to.deep.equal([frame]);
  });
});
