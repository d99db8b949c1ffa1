import { expect } from 'chai';
import type { Frame } from '../frame.js';
import { DictionaryBuilder } from '../merge/dictionary.js';
import { parseNativeQuery } from '../native/parse.js';
import { runJob } from './jobs.js';

function groups(rows: number): Frame {
  const builder = new DictionaryBuilder();
  const values = Uint32Array.from({ length: rows }, (_, i) =>
    builder.addText(`value ${String(i).padStart(9, '0')}`),
  );
  return {
    rows,
    columns: [
      { name: '__bucket', type: 'LONG', values: new BigInt64Array(rows) },
      { name: 'd', type: 'STRING', values, dictionary: builder.build() },
      { name: 'n', type: 'LONG', values: BigInt64Array.from(values, BigInt) },
    ],
  };
}

const query = parseNativeQuery(
  {
    queryType: 'groupBy',
    dataSource: 't',
    intervals: '2024/2025',
    granularity: 'all',
    dimensions: ['d'],
    aggregations: [{ type: 'count', name: 'n' }],
  },
  { queryId: 'q', timeoutMs: 0 },
);

const textOf = (chunks: readonly unknown[]): string =>
  Buffer.concat(chunks as readonly Uint8Array[]).toString('utf8');

describe('the finish job', () => {
  it('hands out a long answer in pieces that make the whole', async () => {
    const input = { query, frames: [groups(40_000)] };
    const whole = await runJob('finish', input, () => {});
    const pieces: unknown[] = [];
    const emit = (piece: unknown): void => void pieces.push(...(piece as unknown[]));
    const rest = await runJob('finish', input, () => {}, emit);
    expect(pieces.length).to.be.greaterThan(4);
    expect(textOf([...pieces, ...(rest.output as unknown[])])).to.equal(textOf(whole.output as unknown[]));
  });

  it('hands out a short answer at its end', async () => {
    const emit = (): void => expect.fail('a piece of a short answer');
    const { output } = await runJob('finish', { query, frames: [groups(100)] }, () => {}, emit);
    expect(JSON.parse(textOf(output as unknown[]))).to.have.length(100);
  });
});
