import { expect } from 'chai';
import { formatInstant, parseInstant, parseTimeOfDay } from './instant.js';
import { ETERNITY, condense, formatInterval, tryParseInterval } from './interval.js';
import { checkIdName, formatSegmentId, parseSegmentId, parseSegmentIds } from './segment-id.js';
import { dataSegmentToJson, identifierOf, parseDataSegment } from './data-segment.js';
import { parseShardSpec } from './shard-spec.js';

const utc = (text: string): number => Date.parse(text);

describe('instants and intervals', () => {
  it('reads ISO in all its lengths', () => {
    const cases: [string, string][] = [
      ['2020', '2020-01-01T00:00:00Z'],
      ['2020-02', '2020-02-01T00:00:00Z'],
      ['2020-1-2', '2020-01-02T00:00:00Z'],
      ['2020-034', '2020-02-03T00:00:00Z'],
      ['2020-W06', '2020-02-03T00:00:00Z'],
      ['2020-W01-4', '2020-01-02T00:00:00Z'],
      ['2020-01-02T', '2020-01-02T00:00:00Z'],
      ['2020-01-02T03', '2020-01-02T03:00:00Z'],
      ['2020-01-02T03.5', '2020-01-02T03:30:00Z'],
      ['2020-01-02T03:04:05,1239Z', '2020-01-02T03:04:05.123Z'],
      ['2020-01-02T03:04:05.123+05:30', '2020-01-01T21:34:05.123Z'],
      ['2020-01-02T03:04:05-0800', '2020-01-02T11:04:05Z'],
      ['0000-03-01', '0000-03-01T00:00:00Z'],
    ];
    for (const [text, same] of cases) expect(parseInstant(text), text).equal(utc(same));
    expect(parseInstant('2020-01-02 03:04', true)).equal(utc('2020-01-02T03:04:00Z'));
    expect(parseTimeOfDay('T03:04')).equal(184 * 60_000);
  });

  it('refuses what is no date', () => {
    const bad = ['', 'foo', '2020-13-01', '2020-02-30', '2020-01-02T24:00', '2020-01-02T00:00:60'];
    bad.push('2020-01-02 03:04', ' 2020', '2020-W54', '2020-366x', '2019-366', '2020-01-02T00:00:00.000X');
    for (const text of bad) expect(parseInstant(text), text).equal(undefined);
  });

  it('prints what it read, far years too', () => {
    for (const text of [
      '2020-01-01T00:00:00.000Z',
      '-0044-03-15T01:02:03.004Z',
      '202002-12-31T23:59:59.999Z',
    ]) {
      expect(formatInstant(parseInstant(text) ?? 0)).equal(text);
    }
    const eternity = '-146136543-09-08T08:23:32.096Z/146140482-04-24T15:36:27.903Z';
    expect(formatInterval(ETERNITY)).equal(eternity);
    expect(tryParseInterval(eternity)).deep.equal(ETERNITY);
  });

  it('reads intervals with periods', () => {
    const day = '2020-01-31T00:00:00.000Z/2020-02-29T00:00:00.000Z';
    expect(formatInterval(tryParseInterval('2020-01-31/P1M') ?? ETERNITY)).equal(day);
    expect(tryParseInterval('P1D/2020-01-02')?.startMs).equal(utc('2020-01-01'));
    expect(tryParseInterval('2020-01-01/PT1H30M')?.endMs).equal(utc('2020-01-01T01:30:00Z'));
    for (const bad of ['2020', 'P1D', '2020/2019', 'P1D/P1D', 'a/b', '2020/2021/2022', '2020/PT']) {
      expect(tryParseInterval(bad), bad).equal(undefined);
    }
    expect(
      condense([
        { startMs: 5, endMs: 7 },
        { startMs: 0, endMs: 5 },
        { startMs: 9, endMs: 9 },
      ]),
    ).deep.equal([{ startMs: 0, endMs: 7 }]);
  });
});

describe('segment ids', () => {
  const interval = { startMs: utc('2020-01-01'), endMs: utc('2020-01-02') };
  const base = 'my_ds_2020-01-01T00:00:00.000Z_2020-01-02T00:00:00.000Z_v_1';

  it('are read in both ways', () => {
    expect(formatSegmentId({ dataSource: 'my_ds', interval, version: 'v_1', partition: 0 })).equal(base);
    expect(parseSegmentIds('my_ds', base).map((id) => [id.version, id.partition])).deep.equal([
      ['v', 1],
      ['v_1', 0],
    ]);
    expect(parseSegmentIds('my_ds', `${base}_0`).map((id) => id.version)).deep.equal(['v_1_0']);
    expect(parseSegmentIds('my', base)).deep.equal([]);
    expect(parseSegmentIds('my_ds', 'my_ds_2020-01-01_2020-01-02_v')).deep.equal([]);
    expect(() => parseSegmentId('my_ds', 'my_ds')).throw('Not a segment id');
  });

  it('keep names out that would break paths', () => {
    expect(checkIdName('wiki edits é', 'dataSource')).equal('wiki edits é');
    const bad = [
      '',
      ' ',
      '.hidden',
      '..',
      'a/b',
      'a\\b',
      'a\nb',
      'a\u0000b',
      ' a',
      'a\u00a0b',
      '\ud800',
      null,
      7,
    ];
    bad.push('x'.repeat(256));
    for (const name of bad) expect(() => checkIdName(name, 'spec.dataSource')).throw('spec.dataSource');
  });
});

describe('published records', () => {
  const json = {
    dataSource: 'wiki',
    interval: '2024-03-01T00:00:00.000Z/2024-03-02T00:00:00.000Z',
    version: '2024-03-05T10:11:12.345Z',
    loadSpec: { type: 'local', path: '/segments/x/index.zip' },
    dimensions: 'site,kind',
    metrics: 'cnt',
    shardSpec: { type: 'numbered', partitionNum: 3, partitions: 2 },
    binaryVersion: 9,
    size: 16_797,
    identifier: 'wiki_2024-03-01T00:00:00.000Z_2024-03-02T00:00:00.000Z_2024-03-05T10:11:12.345Z_3',
  };

  it('go through Druid JSON unchanged', () => {
    const segment = parseDataSegment(json);
    expect(dataSegmentToJson(segment)).deep.equal(json);
    expect(Object.keys(dataSegmentToJson(segment))).deep.equal(Object.keys(json));
    expect(identifierOf(segment)).equal(json.identifier);
  });

  it('name the field at fault', () => {
    const wrong: [object, string][] = [
      [{ interval: 'x' }, 'segment.interval'],
      [{ dataSource: '../x' }, 'segment.dataSource'],
      [{ version: 3 }, 'segment.version'],
      [{ size: -1 }, 'segment.size'],
      [{ shardSpec: { type: 'numbered' } }, 'segment.shardSpec.partitionNum'],
      [{ shardSpec: { type: 'odd' } }, 'segment.shardSpec.type'],
      [{ loadSpec: 'x' }, 'segment.loadSpec'],
    ];
    for (const [patch, field] of wrong) {
      expect(() => parseDataSegment({ ...json, ...patch })).throw(field);
    }
  });

  it('take every kind of shard spec', () => {
    expect(parseShardSpec(null)).deep.equal({ type: 'none' });
    const hashed = parseShardSpec({ type: 'hashed', partitionNum: 1, partitions: 3 });
    expect(hashed).include({ bucketId: 1, numBuckets: 3, partitionFunction: null });
    const range = parseShardSpec({
      type: 'range',
      dimensions: ['a'],
      start: null,
      end: [null],
      partitionNum: 1,
    });
    expect(range).include({ numCorePartitions: -1, start: null });
    expect(parseShardSpec({ type: 'tombstone' })).deep.equal({
      type: 'tombstone',
      partitionNum: 0,
      partitions: 1,
    });
  });
});
