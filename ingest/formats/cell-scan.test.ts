import { expect } from 'chai';
import fc from 'fast-check';
import { dictionaryTexts } from '../../segment/format/packed-texts.js';
import { IncrementalIndex } from '../index/incremental-index.js';
import { RowTally } from '../report.js';
import { RowStream } from '../row-stream.js';
import type { SourceDeps } from '../sources/source.js';
import type { IngestSpec } from '../spec/model.js';
import { compileTask } from '../spec/task.js';
import type { InputFormat } from './format.js';

const names = ['t', 's', 'ä', 'set', 'l', 'd', 'f', 'j', 'a', 'm', 'w', 'other', '__proto__', 'constructor'];

const task = (inputFormat: object, rollup: boolean, timeFormat: string): object => ({
  type: 'index_parallel',
  spec: {
    dataSchema: {
      dataSource: 'x',
      timestampSpec: { column: 't', format: timeFormat },
      dimensionsSpec: {
        dimensions: [
          's',
          'ä',
          '__proto__',
          { type: 'string', name: 'set', multiValueHandling: 'SORTED_SET' },
          { type: 'long', name: 'l' },
          { type: 'double', name: 'd' },
          { type: 'float', name: 'f' },
          { type: 'json', name: 'j' },
          { type: 'auto', name: 'a' },
        ],
      },
      metricsSpec: [
        { type: 'count', name: 'count' },
        { type: 'longSum', name: 'ls', fieldName: 'm' },
        { type: 'doubleMax', name: 'dm', fieldName: 'd' },
        { type: 'hyperUnique', name: 'hu', fieldName: 'w' },
        { type: 'stringLast', name: 'sl', fieldName: 'w' },
        {
          type: 'filtered',
          filter: { type: 'selector', dimension: 's', value: 'true' },
          aggregator: { type: 'floatSum', name: 'fs', fieldName: 'm' },
        },
      ],
      granularitySpec: { segmentGranularity: 'all', queryGranularity: 'hour', rollup },
    },
    ioConfig: { type: 'index_parallel', inputSource: { type: 'inline', data: '' }, inputFormat },
    tuningConfig: { type: 'index_parallel', maxParseExceptions: 1e6, maxSavedParseExceptions: 1e6 },
  },
});

/** The format as it is for builds that want rows whole. */
function wholly(format: InputFormat | undefined): InputFormat {
  if (format?.by !== 'line') throw new Error('no line format');
  return { ...format, open: ({ names: asked, others }) => format.open({ names: asked, others }) };
}

interface Outcome {
  readonly counts: unknown;
  readonly bad: unknown;
  readonly rows: unknown;
  readonly content: unknown;
  readonly scanned: number;
}

async function ingested(spec: IngestSpec, pieces: readonly Uint8Array[]): Promise<Outcome> {
  const tally = new RowTally(
    spec.tuning,
    () => 0,
    () => undefined,
  );
  const entity = {
    name: 'file',
    alone: {},
    async *open(): AsyncGenerator<Uint8Array> {
      for (const piece of pieces) yield await Promise.resolve(piece);
    },
  };
  const inputSource = { type: 'some', open: () => Promise.resolve([entity]) };
  const deps = { log: { info: () => undefined }, signal: new AbortController().signal };
  const stream = new RowStream({ ...spec, inputSource }, deps as unknown as SourceDeps, tally, 2024, '');
  const index = new IncrementalIndex(spec, { startMs: -(2 ** 52), endMs: 2 ** 52 });
  const rows: unknown[] = [];
  let scanned = 0;
  await stream.readAll({
    take(timeMs, row, place) {
      const { cells } = row;
      if (cells !== undefined) scanned++;
      const errors = cells === undefined ? index.add(timeMs, row) : index.addCells(timeMs, cells, row);
      rows.push([timeMs, place.toString(), ...errors]);
      return undefined;
    },
    pause: () => undefined,
  });
  return { counts: tally.counts(), bad: tally.saved(), rows, content: contentOf(index), scanned };
}

function contentOf(index: IncrementalIndex): unknown {
  if (index.rowCount === 0) return undefined;
  const source = index.snapshot();
  return {
    ...source,
    dimensions: source.dimensions.map((column) =>
      'dictionary' in column ? { ...column, dictionary: dictionaryTexts(column.dictionary) } : column,
    ),
  };
}

const timeFormats = ['auto', 'iso', 'auto', 'posix', 'iso', 'yyyy-MM-dd'];

/** Answers how many of the rows were scanned. */
async function compare(format: object, lines: Buffer, cut: number, mode: number): Promise<number> {
  const timeFormat = timeFormats[mode >> 1]!;
  const { spec } = compileTask(task(format, mode % 2 === 0, timeFormat));
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < lines.length; at += cut) pieces.push(lines.subarray(at, at + cut));
  const { scanned, ...byCells } = await ingested(spec, pieces);
  const { scanned: none, ...byFields } = await ingested(
    { ...spec, inputFormat: wholly(spec.inputFormat) },
    pieces,
  );
  expect(none).equal(0);
  expect(byCells).deep.equal(byFields);
  return scanned;
}

const someText = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'b',
    'true',
    'null',
    '12',
    '-3.50',
    '1e3',
    '.5',
    '5.',
    '007',
    'ä',
    '日本語',
    '😀',
    ' x ',
  ),
  fc.constantFrom(
    '\u0001',
    'a\u0001b',
    '2024-02-30',
    '0.1',
    '9007199254740993',
    '99999999999999999999',
    '-0',
  ),
  fc.string({ maxLength: 30, unit: 'binary' }),
);

/** As it stands in JSON. */
const someNumber = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '7',
    '-12',
    '3.0',
    '3.50',
    '-0.0',
    '1e3',
    '1E+2',
    '-1.5e-3',
    '1e999',
    '0.1',
    '-1e-400',
  ),
  fc.constantFrom(
    '123456789012345',
    '999999999999999.5',
    '1234567890123456',
    '12345678901234567',
    '-123456789012345',
    '12345678901234.5',
  ),
  fc.constantFrom(
    '9223372036854775807',
    '-9223372036854775808',
    '9223372036854775808',
    '0.30000000000000004',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer().map(String),
);
const noNumber = [
  '01',
  '.5',
  '5.',
  '+1',
  '-',
  '1e',
  '1e+',
  'NaN',
  '-Infinity',
  '0x10',
  '1_0',
  '--1',
  '1.e3',
  '00.5',
];
const noValue = [
  'tru',
  'nulll',
  'True',
  '',
  "'x'",
  '"',
  '[',
  '{"a"}',
  '[1,]',
  '{,}',
  'undefined',
  ...noNumber,
];

const oddTime = fc.constantFrom(
  '2023-02-29',
  '2024-1-2',
  '1704164645',
  '2024-01-02T03:04:05.678+01:00',
  '2024-01-02 03:04:05',
  '2024-13-01',
  '0000-01-01',
  '-001-01-01',
  'T01:02:03Z',
  '2024-01-02T24:00:00Z',
  '2024-01-02T03:04:60Z',
  ' 2024-01-02 ',
  '9999-12-31T23:59:59.999Z',
  '2024-01-02T3:04:05.67Z',
);
const goodTime = fc.constantFrom('2024-01-02T03:04:05.678Z', '2024-01-02T03:04:05Z', '2024-02-29');
const someTime = fc.oneof({ weight: 6, arbitrary: goodTime }, { weight: 1, arbitrary: oddTime });

const quoted = (text: string): string => JSON.stringify(text);
const escapes = [
  '\\"',
  '\\\\',
  '\\/',
  '\\n',
  '\\u00e4',
  '\\ud83d',
  '\\ud83d\\ude00',
  '\\u12',
  '\\x',
  '\\',
  '\t',
  '\u0000',
];
const { someValue } = fc.letrec<{ someValue: string; nested: string }>((tie) => ({
  someValue: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'json' },
    { weight: 30, arbitrary: someText.map(quoted) },
    { weight: 30, arbitrary: someNumber },
    { weight: 15, arbitrary: fc.constantFrom('true', 'false', 'null') },
    { weight: 1, arbitrary: fc.constantFrom(...noValue) },
    {
      weight: 1,
      arbitrary: fc.array(fc.constantFrom('a', 'ä', ...escapes)).map((parts) => `"${parts.join('')}"`),
    },
    { weight: 4, arbitrary: tie('nested') },
  ),
  nested: fc.oneof(
    fc.array(tie('someValue'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc.array(fc.tuple(someText, tie('someValue')), { maxLength: 3 }).map((fields) => {
      return `{${fields.map(([name, value]) => `${quoted(name)}:${value}`).join(',')}}`;
    }),
  ),
}));

const blank = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('', '', '', ' ', '\t', '  ', '\r') },
  fc.constantFrom('\u00a0', '\u000b'),
);
const someName = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(...names).map(quoted) },
  { weight: 1, arbitrary: fc.constantFrom('"\\u0073"', '"l\\/"', "'s'", 's', '""', '"\\"') },
);

/** Fields mostly in one order, as files have them; at times doubled, left out, or others. */
const jsonLine = fc
  .record({
    time: fc.option(someTime, { freq: 6 }),
    fields: fc.array(fc.tuple(someName, blank, blank, someValue, blank), { maxLength: 8 }),
    common: fc.option(fc.tuple(someValue, someValue, someValue), { freq: 3 }),
    around: fc.tuple(blank, blank),
    tail: fc.oneof(
      { weight: 12, arbitrary: fc.constant('') },
      fc.constantFrom(',', '}', ' {"s":1}', ' x', '\u0000'),
    ),
  })
  .map(({ time, fields, common, around, tail }) => {
    const all = fields.map(([name, a, b, value, c]) => `${name}${a}:${b}${value}${c}`);
    if (common !== null) all.unshift(...['s', 'l', 'ä'].map((name, i) => `"${name}":${common[i]}`));
    if (time !== null) all.unshift(time.length === 10 ? '"t":1704164645' : `"t":"${time}"`);
    return `${around[0]}{${all.join(',')}}${around[1]}${tail}`;
  });

/** Few of the lines are damaged: a byte changed, dropped, or doubled. */
const damaged = (line: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      line,
      fc.option(fc.tuple(fc.nat(), fc.nat(255), fc.nat(2)), { nil: undefined, freq: 1 }),
      fc.nat(5),
    )
    .map(([text, change, often]) => {
      const bytes = Buffer.from(text.replaceAll('\n', ' '));
      if (change === undefined || often > 0 || bytes.length === 0) return bytes;
      const [place, byte, how] = change;
      const at = place % bytes.length;
      if (how === 0) bytes[at] = byte;
      else if (how === 1) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      else return Buffer.concat([bytes.subarray(0, at), bytes.subarray(0, at)]);
      return bytes;
    });

const fileOf = (line: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.array(fc.tuple(damaged(line), fc.constantFrom('\n', '\n', '\n', '\r\n', '\n\n')), { maxLength: 25 }),
      fc.constantFrom('', '', '\ufeff'),
    )
    .map(([lines, mark]) =>
      Buffer.concat([Buffer.from(mark), ...lines.flatMap(([bytes, end]) => [bytes, Buffer.from(end)])]),
    );

const cutAt = fc.constantFrom(7, 64, 100_000);
const mode = fc.nat(2 * timeFormats.length - 1);
const runs = { numRuns: Number(process.env['GROVE_SCAN_RUNS'] ?? 200) };

describe('rows whose cells are found in bytes', () => {
  it('are the rows that JSON gives, whatever the lines hold', async () => {
    let scanned = 0;
    const file = fileOf(fc.oneof({ weight: 20, arbitrary: jsonLine }, { weight: 1, arbitrary: someValue }));
    await fc.assert(
      fc.asyncProperty(file, cutAt, mode, async (lines, cut, how) => {
        scanned += await compare({ type: 'json' }, lines, cut, how);
      }),
      runs,
    );
    expect(scanned).above(runs.numRuns);
  });

  it('are the rows that csv and tsv give', async () => {
    let scanned = 0;
    const cell = fc.oneof(
      { weight: 10, arbitrary: someText },
      { weight: 10, arbitrary: someNumber },
      fc.constantFrom('"', '"a,b"', '""', 'a"b', '\ttab'),
    );
    const rest = fc.array(cell, { maxLength: 10 });
    const columns = ['t', 's', 'ä', 'set', 'l', 'd', 'm', 'other', 'w', 'f', 'constructor'];
    const formats = fc.constantFrom<object>(
      { type: 'csv', columns },
      { type: 'csv', findColumnsFromHeader: true, skipHeaderRows: 1 },
      { type: 'csv', columns, listDelimiter: 'a' },
      { type: 'csv', columns, tryParseNumbers: true },
      { type: 'tsv', columns },
      { type: 'tsv', columns, delimiter: '|', listDelimiter: 'ä' },
      { type: 'tsv', columns, delimiter: '||' },
    );
    const file = formats.chain((format) => {
      const { type, delimiter = type === 'csv' ? ',' : '\t' } = format as {
        type: string;
        delimiter?: string;
      };
      const line = fc.tuple(someTime, rest).map(([time, cells]) => [time, ...cells].join(delimiter));
      return fileOf(line).map((lines) => {
        const head = 'findColumnsFromHeader' in format ? `skipped\n${columns.join()}\n` : '';
        return { format, lines: Buffer.concat([Buffer.from(head), lines]) };
      });
    });
    await fc.assert(
      fc.asyncProperty(file, cutAt, mode, async ({ format, lines }, cut, how) => {
        scanned += await compare(format, lines, cut, how);
      }),
      runs,
    );
    expect(scanned).above(runs.numRuns);
  });
});
