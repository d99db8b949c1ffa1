import { expect } from 'chai';
import type { CodedError } from '../../proto/errors.js';
import { errorEnvelope } from '../../query/native/errors.js';
import { cellColumn } from '../../query/frame-build.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import { ByteLimit, checkAsked, checkOrdering, HeldLimit, noLimits, subqueryBytes } from './limits.js';

const frame = { rows: 2, columns: [{ name: 'a', type: 'LONG', values: new BigInt64Array(2) } as const] };

function added(context: object, times: number): string {
  const query = parseNativeQuery(
    { queryType: 'timeBoundary', dataSource: 't', context },
    { queryId: 'q', timeoutMs: 0 },
  );
  const limit = new ByteLimit(query);
  try {
    for (let i = 0; i < times; i++) limit.add(frame);
    return 'passed';
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
}

describe('maxScatterGatherBytes', () => {
  it('counts what arrives; without it nothing is counted', () => {
    expect(added({ maxScatterGatherBytes: 32 }, 2)).to.equal('passed');
    expect(added({ maxScatterGatherBytes: '32' }, 3)).to.equal('LimitExceeded');
    expect(added({}, 100)).to.equal('passed');
    expect(added({ maxScatterGatherBytes: 0 }, 1)).to.equal('LimitExceeded');
    expect(added({ maxScatterGatherBytes: -5 }, 1)).to.equal('LimitExceeded');
  });
});

const groupBy = (context: object) =>
  parseNativeQuery(
    { queryType: 'groupBy', dataSource: 't', intervals: '2024/2025', granularity: 'all', context },
    { queryId: 'q', timeoutMs: 1_000 },
  );

describe('limits of one query', () => {
  const texts = { rows: 2, columns: [cellColumn('d', 'STRING', ['abcdefgh', 'ijklmnop'])] };
  const over = (context: object, limits: object, frames = [texts]): string =>
    new HeldLimit(groupBy(context), { ...noLimits, ...limits }).over(frames)?.message ?? 'room';

  it('bytes of what stands inside the data source', () => {
    const asked = (maxSubqueryBytes: unknown, heldBytesMax = 0): number | string | undefined => {
      try {
        return subqueryBytes(groupBy({ maxSubqueryBytes }), { ...noLimits, heldBytesMax });
      } catch (error) {
        return errorEnvelope(error as CodedError).body;
      }
    };
    for (const none of [undefined, null, 'disabled', 0]) expect(asked(none)).to.equal(undefined);
    expect(asked('auto', 500)).to.equal(500);
    expect(asked('AUTO')).to.equal(2 ** 28);
    expect(asked('100')).to.equal(100);
    expect(asked(7n)).to.equal(7);
    expect(asked(-1)).to.contain('Limit too large').and.contain('"errorCode":"invalidInput"');
    for (const bad of ['unlimited', 1.5, true, [1]]) expect(asked(bad)).to.contain('Unable to parse');
  });

  it('bytes held', () => {
    expect(over({}, {})).to.equal('room');
    expect(over({}, { heldBytesMax: 1_000 })).to.equal('room');
    expect(over({}, { heldBytesMax: 30 })).to.contain('more than 30 bytes of partial results');
    expect(over({}, { heldBytesMax: 50 }, [texts, texts])).to.contain('partial results');
    expect(() => new HeldLimit(groupBy({}), { ...noLimits, heldBytesMax: 1 }).check([texts])).to.throw(
      'buffer',
    );
  });

  it('texts that a groupBy groups by: the smaller of what is asked and what there is', () => {
    expect(over({ maxMergingDictionarySize: 1 }, {})).to.contain('Not enough dictionary memory');
    expect(over({ maxMergingDictionarySize: 0 }, { dictionaryBytesMax: 0 })).to.equal('room');
    // As Druid counts two texts of four and five letters.
    const frame = { rows: 2, columns: [cellColumn('isNew', 'STRING', ['false', 'true'])] };
    expect(over({ maxMergingDictionarySize: 105 }, {}, [frame])).to.contain('dictionary memory');
    expect(over({ maxMergingDictionarySize: 106 }, {}, [frame])).to.equal('room');
    expect(over({ maxMergingDictionarySize: 1_000 }, { dictionaryBytesMax: 10 })).to.contain('than 10 bytes');
  });

  it('a context that asks for more than there is', () => {
    const refused = (context: object): string => {
      try {
        checkAsked(groupBy(context), { ...noLimits, timeoutMsMax: 1_000, scatterGatherBytesMax: 50 });
        return 'taken';
      } catch (thrown) {
        return (thrown as Error).message;
      }
    };
    expect(refused({})).to.equal('taken');
    expect(refused({ timeout: 0 })).to.equal('taken');
    expect(refused({ timeout: 1_001 })).to.contain('maxQueryTimeout [1000]');
    expect(refused({ maxScatterGatherBytes: 51 })).to.contain('enforced limit of [50]');
    expect(refused({ maxScatterGatherBytes: 50 })).to.equal('taken');
  });
});

describe('scans in the order of time', () => {
  const at = (startMs: number) => ({ segment: { interval: { startMs, endMs: startMs + 1 } } }) as never;
  const slices = [at(0), at(0), at(0), at(5)];
  const ordered = (context: object, limit?: number): string => {
    const body = {
      queryType: 'scan',
      dataSource: 't',
      intervals: '2024/2025',
      order: 'ascending',
      limit,
      context,
    };
    try {
      checkOrdering(parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 }), slices);
      return 'passed';
    } catch (thrown) {
      return (thrown as { code: string }).code;
    }
  };

  it('are limited where the context says so: few rows, or few segments a time chunk', () => {
    expect(ordered({})).to.equal('passed');
    expect(ordered({ maxSegmentPartitionsOrderedInMemory: 2 })).to.equal('LimitExceeded');
    expect(ordered({ maxSegmentPartitionsOrderedInMemory: 3 })).to.equal('passed');
    expect(ordered({ maxSegmentPartitionsOrderedInMemory: 2 }, 10)).to.equal('passed');
    expect(ordered({ maxRowsQueuedForOrdering: 9, maxSegmentPartitionsOrderedInMemory: 2 }, 10)).to.equal(
      'LimitExceeded',
    );
  });
});
