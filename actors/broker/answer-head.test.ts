import { expect } from 'chai';
import { parseDataSegmentText, identifierOf } from '../../segment/timeline/data-segment.js';
import { etagOf, matchesTag } from './answer-head.js';
import type { Slice } from './route.js';

function slice(version: string, realtime = false): Slice {
  const segment = parseDataSegmentText(
    JSON.stringify({
      dataSource: 'shop',
      interval: '2024-01-01/2024-01-02',
      version,
      loadSpec: { type: 'local', path: '/x' },
      dimensions: '',
      metrics: '',
      shardSpec: { type: 'none' },
      binaryVersion: 9,
      size: 1,
      identifier: '',
    }),
  );
  const intervals = [{ startMs: 0, endMs: 5 }];
  return { segmentId: identifierOf(segment), segment: { ...segment, realtime }, intervals, version } as never;
}

describe('tag of an answer', () => {
  const tag = (query: object, queryId = '', isPretty = false, version = 'v1'): string =>
    etagOf({ queryJson: JSON.stringify(query), queryId }, isPretty, [slice(version)]);
  const asked = (queryId: string, more: object = {}): object => ({ a: 1, ...more, context: { queryId } });

  it('is the same for the same question under another id', () => {
    expect(tag(asked('x'), 'x')).to.equal(tag(asked('y"\\'), 'y"\\'));
    const none = tag({ a: 1, context: { b: 2 } });
    expect(tag({ a: 1, context: { queryId: 'x', b: 2 } }, 'x')).to.equal(none);
    expect(tag({ a: 1, context: { b: 2, queryId: 'x' } }, 'x')).to.equal(none);
    expect(tag(asked('x'), 'x')).to.equal(tag({ a: 1, context: {} }));
  });

  it('differs with the question, its form, the segments, and what is only called like the id', () => {
    const tags = [
      tag(asked('x'), 'x'),
      tag(asked('x', { a: 2 }), 'x'),
      tag(asked('x'), 'x', true),
      tag(asked('x'), 'x', false, 'v2'),
      tag(asked('x', { map: { queryId: 'red' } }), 'x'),
      tag(asked('x', { map: { queryId: 'blue' } }), 'x'),
      tag(asked('x', { map: { sqlQueryId: 'red' } }), 'x'),
      tag(asked('x', { map: { sqlQueryId: 'blue' } }), 'x'),
    ];
    expect(new Set(tags).size).to.equal(tags.length);
  });

  it('there is none over rows that still grow', () => {
    expect(etagOf({ queryJson: '{}', queryId: '' }, false, [slice('v1', true)])).to.equal('');
  });

  it('is met by name, weak or among others', () => {
    expect(matchesTag('"abc", W/"def"', 'def')).to.equal(true);
    expect(matchesTag('abc', 'ab')).to.equal(false);
  });
});
