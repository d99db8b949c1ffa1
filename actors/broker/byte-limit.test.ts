import { expect } from 'chai';
import { parseNativeQuery } from '../../query/native/parse.js';
import { ByteLimit } from './byte-limit.js';

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
  });
});
