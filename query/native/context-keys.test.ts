import { expect } from 'chai';
import { byteCount, realtimeMode } from './context-keys.js';
import { parseNativeQuery } from './parse.js';

const groupBy = (context: object, more: object = {}) => ({
  queryType: 'groupBy',
  dataSource: 't',
  intervals: '2024/2025',
  granularity: 'all',
  dimensions: ['c'],
  aggregations: [],
  context,
  ...more,
});
const parse = (body: unknown) => parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 });

describe('context keys', () => {
  it('of another format are refused, the key named', () => {
    const wrong: readonly [object, string][] = [
      [{ vectorize: 'sometimes' }, 'Expected key [vectorize] to be referring to one of the values'],
      [{ vectorSize: 'x' }, 'Expected key [vectorSize] to be in integer format, but got [x]'],
      [{ finalize: {} }, 'Expected key [finalize] to be a Boolean, but got [java.util.LinkedHashMap]'],
      [{ maxScatterGatherBytes: 'x' }, 'Expected key [maxScatterGatherBytes] to be in long format'],
      [{ maxOnDiskStorage: '10 parsecs' }, 'Expected key [maxOnDiskStorage] to be a human readable number'],
      [
        { bufferGrouperMaxLoadFactor: 'x' },
        'Expected key [bufferGrouperMaxLoadFactor] to be in float format',
      ],
    ];
    for (const [context, words] of wrong) expect(() => parse(groupBy(context)), words).to.throw(words);
    const search = (searchStrategy: unknown) => parse(groupBy({ searchStrategy }, { queryType: 'search' }));
    expect(() => search(5)).to.throw('Expected key [searchStrategy] to be a String');
    expect(() => search('fast'))
      .to.throw('Unknown strategy[fast]')
      .with.property('code', 'QueryFailed');
    expect(search('cursorOnly')).to.include({ queryType: 'search' });
    // Only those that mean something to the type of query.
    const timeBoundary = { queryType: 'timeBoundary', dataSource: 't', context: { maxOnDiskStorage: 'x' } };
    expect(parse(timeBoundary).queryType).to.equal('timeBoundary');
  });

  it('of the right format pass, as text too', () => {
    const context = {
      vectorize: 'FORCE',
      vectorSize: '512',
      finalize: 'false',
      maxScatterGatherBytes: 1n << 40n,
      maxOnDiskStorage: '1GiB',
      maxSubqueryBytes: 'auto',
      maxSpillFileCount: '3',
      cloneQueryMode: 'preferClones',
      returnPartialResults: true,
    };
    expect(parse(groupBy(context)).context.allowPartialResults).to.equal(true);
  });

  it('name one time for all groups, as text', () => {
    const more = { granularity: 'day' };
    const query = parse(groupBy({ fudgeTimestamp: '1710000000000' }, more));
    expect(query).to.have.nested.property('context.oneTimestampMs', 1_710_000_000_000);
    // Buckets are not told apart then.
    expect(query).to.have.nested.property('granularity.type', 'all');
    expect(parse(groupBy({ fudgeTimestamp: '' }, more))).to.have.nested.property(
      'granularity.type',
      'period',
    );
    expect(() => parse(groupBy({ fudgeTimestamp: 17 }))).to.throw(
      'Expected key [fudgeTimestamp] to be a String',
    );
    expect(() => parse(groupBy({ fudgeTimestamp: 'noon' }))).to.throw('long format');
    const other = { queryType: 'timeBoundary', dataSource: 't', context: { fudgeTimestamp: 17 } };
    expect(parse(other).context).not.to.have.property('oneTimestampMs');
  });

  it('that ask for what is not there are refused', () => {
    expect(() => parse(groupBy({ forceProjections: true }))).to.throw('none satisfy query');
    expect(() => parse(groupBy({ useProjection: 'p' }))).to.throw('Projection[p]');
    expect(() => parse(groupBy({ realtimeSegmentsMode: 'some' }))).to.throw('[INCLUDE,EXCLUDE,EXCLUSIVE]');
    expect(() => parse(groupBy({ maxSubqueryRows: 'all' }))).to.throw('integer format');
    expect(() => parse(groupBy({ maxSpillFileCount: 'all' }))).to.throw('integer format');
    expect(() => parse(groupBy({ cloneQueryMode: 'clones' }))).to.throw('No such clone query mode[clones]');
    expect(() => parse(groupBy({ perSegmentTimeout: 'x' }))).to.throw('perSegmentTimeout');
    expect(parse(groupBy({ maxSubqueryRows: -1 })).context.maxSubqueryRows).to.equal(Infinity);
    expect(parse(groupBy({ minTopNThreshold: 'x' })).context.minTopNThreshold).to.equal(1000);
    const modeOf = (given: object): string => realtimeMode(parse(groupBy(given)).context.given);
    expect(modeOf({})).to.equal('include');
    expect(modeOf({ realtimeSegmentsOnly: true })).to.equal('exclusive');
    expect(modeOf({ realtimeSegmentsOnly: true, realtimeSegmentsMode: 'Exclude' })).to.equal('exclude');
    const having = { having: { type: 'always' } };
    expect(() => parse(groupBy({ forceLimitPushDown: true }, having))).to.throw(
      'Cannot force limit push down',
    );
  });

  it('count bytes as people write them', () => {
    const counts = {
      '10': 10,
      '2K': 2_000,
      '2KB': 2_000,
      '2KiB': 2_048,
      '1gib': 2 ** 30,
      ' 3 M ': 3_000_000,
    };
    for (const [text, bytes] of Object.entries(counts)) expect(byteCount(text), text).to.equal(bytes);
    for (const text of ['', 'x', '-1', '1.5G', '10Q']) expect(byteCount(text), text).to.equal(undefined);
  });
});
