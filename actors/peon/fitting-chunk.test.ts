import { expect } from 'chai';
import { formatInterval, parseInterval } from '../../segment/timeline/interval.js';
import { fittingChunk } from './fitting-chunk.js';

describe('where rows are appended beside segments of another granularity', () => {
  const fit = (time: string, chunk: string, ...used: string[]): string | undefined => {
    const intervals = used.map((text) => parseInterval(text, 'used'));
    const found = fittingChunk(Date.parse(time), parseInterval(chunk, 'chunk'), intervals);
    return found && formatInterval(found).replaceAll(':00.000Z', '');
  };
  const day = '2024-05-01/2024-05-02';

  it('is the segment that holds the row, wider or narrower', () => {
    expect(fit('2024-05-01T05:45:00Z', '2024-05-01T05:00/2024-05-01T06:00', day)).equal(
      '2024-05-01T00:00/2024-05-02T00:00',
    );
    const hours = ['2024-05-01T00:00/2024-05-01T01:00', '2024-05-01T05:00/2024-05-01T06:00'];
    expect(fit('2024-05-01T05:45:00Z', day, ...hours)).equal('2024-05-01T05:00/2024-05-01T06:00');
  });

  it('is else the widest that is free', () => {
    const hour = '2024-05-01T00:00/2024-05-01T01:00';
    expect(fit('2024-05-01T05:45:00Z', day, hour)).equal('2024-05-01T05:00/2024-05-01T06:00');
    expect(fit('2024-05-01T08:45:00Z', day, hour)).equal('2024-05-01T08:00/2024-05-01T16:00');
    expect(fit('2024-05-03T08:45:00Z', '2024-05-01/2024-06-01', hour)).equal(
      '2024-05-03T00:00/2024-05-04T00:00',
    );
    expect(fit('2024-02-03T08:45:00Z', '2024-01-01/2025-01-01', hour)).equal(
      '2024-01-01T00:00/2024-04-01T00:00',
    );
  });

  it('is nowhere when a segment stands in the way of every one', () => {
    const second = '2024-05-01T05:45:00.000/2024-05-01T05:45:00.500';
    expect(fit('2024-05-01T05:45:00.700Z', day, second)).equal(undefined);
  });
});
