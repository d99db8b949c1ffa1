import { expect } from 'chai';
import { linesOf } from '../sources/lines.js';
import { hasLongRun } from './json-lines.js';
import { rowReader, type InputRow } from './row-reader.js';

const delimited = {
  type: 'csv' as 'csv' | 'tsv',
  columns: ['a', 'b', 'c'] as readonly string[] | undefined,
  skipHeaderRows: 0,
  delimiter: ',',
  listDelimiter: '|',
  tryParseNumbers: false,
};

function rowsOf(format: Parameters<typeof rowReader>[0], ...lines: string[]): unknown[] {
  const reader = rowReader(format);
  return lines
    .map((line) => reader.read(line))
    .filter((row) => row !== undefined)
    .map((row) => (typeof row === 'string' ? 'bad' : { ...row.fields }));
}

describe('input formats', () => {
  it('json lines keep longs exact and bad lines out', () => {
    expect(
      rowsOf(
        { type: 'json' },
        '{"a":9007199254740993,"b":1}',
        '',
        '  ',
        '{"a":',
        '[1]',
        'null',
        '{"__proto__":1}',
      ),
    ).deep.equal([{ a: 9_007_199_254_740_993n, b: 1 }, 'bad', 'bad', 'bad', JSON.parse('{"__proto__":1}')]);
  });

  it('finds runs of 16 digits wherever they are', () => {
    for (let lead = 0; lead < 40; lead++) {
      const before = 'x1'.repeat(lead).slice(0, lead);
      expect(hasLongRun(`${before}x1234567890123456y`), String(lead)).equal(true);
      expect(hasLongRun(`${before}x123456789012345y6`), String(lead)).equal(false);
    }
  });

  it('json lines tell 3.0 from 3', () => {
    const row = rowReader({ type: 'json' }).read(
      '{"a":3.0,"b":3,"c":1e3,"d":[1,2.0],"e":"4.0","f":{"x":5.0}}',
    ) as InputRow;
    expect(['a', 'b', 'c', 'e'].map((name) => row.fields[name] !== '4.0' && row.doubleText(name))).deep.equal(
      ['3.0', undefined, '1000.0', false],
    );
    expect([row.doubleText('d', 0), row.doubleText('d', 1)]).deep.equal([undefined, '2.0']);
  });

  it('csv: quotes, nulls, lists, short and long rows', () => {
    const lines = ['1,"bob, the ""builder""",', ',"",x|y|', 'only', '1,2,3,4', '"open,1', '"a"b,c'];
    expect(rowsOf(delimited, ...lines)).deep.equal([
      { a: '1', b: 'bob, the "builder"', c: null },
      { a: null, b: '', c: ['x', 'y', ''] },
      { a: 'only' },
      { a: '1', b: '2', c: '3' },
      'bad',
      { a: 'ab', b: 'c' },
    ]);
  });

  it('headers and skipped rows', () => {
    const format = { ...delimited, columns: undefined, skipHeaderRows: 1 };
    expect(rowsOf(format, 'skip', 'x,,x', '1,2,3')).deep.equal([{ x: '1', column_2: '2', x_3: '3' }]);
    expect(rowsOf({ ...delimited, tryParseNumbers: true }, '1,2.5,x')).deep.equal([{ a: 1, b: 2.5, c: 'x' }]);
  });

  it('tsv knows no quotes', () => {
    const format = { ...delimited, type: 'tsv' as const, delimiter: '\t' };
    expect(rowsOf(format, '"a\t\tb"')).deep.equal([{ a: '"a', b: '', c: 'b"' }]);
  });

  it('lines are cut the same wherever the pieces end', async () => {
    const bytes = Buffer.from('\ufeffeins\r\nzwei 日本\n\ndrei');
    for (let size = 1; size <= bytes.length; size++) {
      const lines: string[] = [];
      for await (const some of linesOf(inPieces(bytes, size))) lines.push(...some);
      expect(lines).deep.equal(['eins', 'zwei 日本', '', 'drei']);
    }
  });

  it('a line without end is refused in bounded memory', async () => {
    const endless = async (): Promise<void> => {
      for await (const lines of linesOf(inPieces(Buffer.alloc(20 * 1024 * 1024, 'x'), 1024 * 1024))) {
        expect(lines).equal(undefined);
      }
    };
    const thrown = await endless().then(() => undefined, String);
    expect(thrown).contain('line longer than');
  });
});

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    // The same buffer again and again, as streams do it.
    piece.set(bytes.subarray(at, at + size));
    yield await Promise.resolve(piece.subarray(0, Math.min(size, bytes.length - at)));
  }
}
