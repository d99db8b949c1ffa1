import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { LineCursor, lineBlocksOf } from '../sources/lines.js';
import { JsonKeys } from '../spec/keys.js';
import type { LineReader } from './format.js';
import { checkFormat } from './format-kinds.js';
import { hasLongRun } from './json-lines.js';
import type { InputRow } from './row-reader.js';

function reader(json: object): LineReader {
  const format = checkFormat(new JsonKeys(json, 'inputFormat'));
  if (format.by !== 'line') throw new Error('no line format');
  return format.open({ names: new Set(['ts']), others: true });
}

function rowsOf(json: object, ...lines: string[]): unknown[] {
  const lineReader = reader(json);
  return lines
    .map((line) => lineReader.read(line))
    .filter((row) => row !== undefined)
    .map((row) => (typeof row === 'string' ? 'bad' : { ...row.fields }));
}

function refused(json: object): unknown {
  try {
    checkFormat(new JsonKeys(json, 'inputFormat'));
  } catch (thrown) {
    if (thrown instanceof CodedError) return [thrown.code, thrown.context['field']];
    throw thrown;
  }
  return 'accepted';
}

const delimited = { type: 'csv', columns: ['a', 'b', 'c'], listDelimiter: '|' };

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
    ).deep.equal([
      { a: 9_007_199_254_740_993n, b: 1 },
      'bad',
      'bad',
      'bad',
      {},
      {},
      JSON.parse('{"__proto__":1}'),
    ]);
  });

  it('finds runs of 16 digits wherever they are', () => {
    for (let lead = 0; lead < 40; lead++) {
      const before = 'x1'.repeat(lead).slice(0, lead);
      expect(hasLongRun(`${before}x1234567890123456y`), String(lead)).equal(true);
      expect(hasLongRun(`${before}x123456789012345y6`), String(lead)).equal(false);
    }
  });

  it('json lines tell 3.0 from 3', () => {
    const row = reader({ type: 'json' }).read(
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
      { a: '"open,1' },
      { a: 'a"b,c' },
    ]);
    expect(rowsOf(delimited, '', '"a" ,"b" x,c"d', '"",,"x""y"')).deep.equal([
      { a: null },
      { a: 'a" ,"b" x,c"d' },
      { a: '', b: null, c: 'x"y' },
    ]);
  });

  it('csv: numbers are tried as Druid tries them', () => {
    const format = checkFormat(new JsonKeys({ ...delimited, tryParseNumbers: true }, 'f'));
    if (format.by !== 'line') throw new Error('no lines');
    const shown = (text: string): unknown => {
      const row = format.open({ names: new Set(), others: true }).read(text);
      return typeof row === 'object' ? [row.fields['a'], row.doubleText('a')] : row;
    };
    expect(['7', '-0', '1f', '5.', '+3', '1e5', 'NaN', '0x1p3', '1 '].map(shown)).deep.equal([
      [7, undefined],
      [0, undefined],
      [1, '1.0'],
      [5, '5.0'],
      [3, '3.0'],
      [100_000, '100000.0'],
      ['NaN', undefined],
      ['0x1p3', undefined],
      ['1 ', undefined],
    ]);
    expect(shown('9223372036854775807')).deep.equal([2n ** 63n - 1n, undefined]);
    expect(shown('99999999999999999999')).deep.equal([1e20, '1.0E20']);
  });

  it('headers and skipped rows', () => {
    const format = { ...delimited, columns: [], findColumnsFromHeader: true, skipHeaderRows: 1 };
    expect(rowsOf(format, 'skip', 'x,,z', '1,2,3')).deep.equal([{ x: '1', column_2: '2', z: '3' }]);
    expect(() => rowsOf(format, 'skip', 'x,y,x', '1,2,3')).throw('twice');
    const both = { ...delimited, columns: ['a', 'b'] };
    expect(rowsOf({ ...both, findColumnsFromHeader: true }, 'x,y', '1,2')).deep.equal([{ x: '1', y: '2' }]);
    expect(rowsOf({ ...both, hasHeaderRow: true }, 'x,y')).deep.equal([{ a: 'x', b: 'y' }]);
    expect(rowsOf({ ...delimited, tryParseNumbers: true }, '1,2.5,x')).deep.equal([{ a: 1, b: 2.5, c: 'x' }]);
  });

  it('tsv knows no quotes', () => {
    const format = { ...delimited, type: 'tsv' };
    expect(rowsOf(format, '"a\t\tb"')).deep.equal([{ a: '"a', b: null, c: 'b"' }]);
  });

  it('json: what follows the first value is ignored; Java has no lone surrogates and no integers beyond 64 bits', () => {
    expect(
      rowsOf({ type: 'json' }, '{"x":1}{"y":2}', '{"x":"\\ud83d"}', '{"x":12345678901234567890}'),
    ).deep.equal([{ x: 1 }, { x: '?' }, { x: Number('12345678901234567890') }]);
  });

  it('json: parser features are off until they are asked for', () => {
    const odd = "{/* c */'a':1, b:[01,NaN,], \"c\":'x\\q'}";
    const featureSpec = {
      ALLOW_COMMENTS: true,
      ALLOW_SINGLE_QUOTES: true,
      ALLOW_UNQUOTED_FIELD_NAMES: true,
      ALLOW_NUMERIC_LEADING_ZEROS: true,
      ALLOW_NON_NUMERIC_NUMBERS: true,
      ALLOW_TRAILING_COMMA: true,
      ALLOW_BACKSLASH_ESCAPING_ANY_CHARACTER: true,
    };
    expect(rowsOf({ type: 'json' }, odd)).deep.equal(['bad']);
    expect(rowsOf({ type: 'json', featureSpec }, odd)).deep.equal([{ a: 1, b: [1, NaN], c: 'xq' }]);
    for (const [name] of Object.entries(featureSpec).filter(([each]) => each !== 'ALLOW_COMMENTS')) {
      expect(rowsOf({ type: 'json', featureSpec: { ...featureSpec, [name]: false } }, odd), name).deep.equal([
        'bad',
      ]);
    }
  });

  it('json: fields come from paths and keep how they were written', () => {
    const flattenSpec = {
      fields: [
        { type: 'path', name: 'deep', expr: '$.o.x' },
        { type: 'jq', name: 'sum', expr: '.n + 1' },
        { type: 'tree', name: 'leaf', nodes: ['o', 'y'] },
        { type: 'path', name: 'mean', expr: '$.list.avg()' },
        'n',
      ],
    };
    const line = '{"n":1,"o":{"x":3.0,"y":"z"},"list":[1,3],"k":4.0}';
    const row = reader({ type: 'json', flattenSpec }).read(line) as InputRow;
    expect(row.fields).deep.include({ deep: 3, sum: 2, leaf: 'z', mean: 2, n: 1, k: 4 });
    expect(['deep', 'sum', 'mean', 'k'].map((name) => row.doubleText(name))).deep.equal([
      '3.0',
      undefined,
      '2.0',
      '4.0',
    ]);
    const bare = reader({ type: 'json', flattenSpec: { useFieldDiscovery: false, fields: ['n'] } });
    expect((bare.read('{"n":1,"ts":2,"m":3}') as InputRow).fields).deep.equal({ n: 1, ts: 2 });
  });

  it('regex: groups by column, unmatched lines are bad', () => {
    const format = { type: 'regex', pattern: '(\\w+)=(\\d+)?(;.*)?', columns: ['k', 'v'] };
    expect(rowsOf(format, 'a=1', 'b=', 'nothing')).deep.equal([
      { k: 'a', v: '1' },
      { k: 'b', v: null },
      'bad',
    ]);
    expect(rowsOf({ type: 'regex', pattern: '(.)(.)' }, 'xy')).deep.equal([{ column_1: 'x', column_2: 'y' }]);
    expect(refused({ type: 'regex', pattern: '(' })).deep.equal(['InvalidInput', 'inputFormat.pattern']);
  });

  it('lines: one field', () => {
    expect(rowsOf({ type: 'lines' }, 'a', '')).deep.equal([{ line: 'a' }, { line: '' }]);
  });

  it('refuses by name what is not there', () => {
    expect(refused({ type: 'orc' })).deep.equal(['Unsupported', 'inputFormat.type']);
    expect(refused({ type: 'odd' })).deep.equal(['InvalidInput', 'inputFormat.type']);
    const noColumn = ['InvalidInput', 'inputFormat.columns'];
    expect(refused({ type: 'csv', columns: ['a,b'] })).deep.equal(noColumn);
    expect(refused({ type: 'tsv', columns: ['a|b'], delimiter: '|' })).deep.equal(noColumn);
    const noFeature = ['InvalidInput', 'inputFormat.featureSpec.ODD'];
    expect(refused({ type: 'json', featureSpec: { ODD: true } })).deep.equal(noFeature);
    const flatten = (field: object): unknown => refused({ type: 'json', flattenSpec: { fields: [field] } });
    const at = 'inputFormat.flattenSpec.fields[0]';
    expect(flatten({ type: 'path', name: 'x', expr: '$[' })).deep.equal(['InvalidInput', `${at}.expr`]);
    expect(flatten({ type: 'jq', name: 'x', expr: 'odd(.)' })).deep.equal(['InvalidInput', `${at}.expr`]);
    expect(flatten({ type: 'tree', name: 'x', nodes: [] })).deep.equal(['InvalidInput', `${at}.nodes`]);
  });

  it('lines are cut the same wherever the pieces end', async () => {
    const bytes = Buffer.from('\ufeffeins\r\nzwei 日本\n\ndrei');
    for (let size = 1; size <= bytes.length; size++) {
      const lines: string[] = [];
      for await (const block of lineBlocksOf(inPieces(bytes, size))) {
        for (const line = new LineCursor(block); line.advance();) lines.push(line.text());
      }
      expect(lines).deep.equal(['eins', 'zwei 日本', '', 'drei']);
    }
  });

  it('a line without end is refused in bounded memory', async () => {
    const endless = async (): Promise<void> => {
      for await (const block of lineBlocksOf(inPieces(Buffer.alloc(20 * 1024 * 1024, 'x'), 1024 * 1024))) {
        expect(block).equal(undefined);
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
