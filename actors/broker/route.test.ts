import { expect } from 'chai';
import type { IntervalMs } from '../../segment/read/view.js';
import { parseInterval } from '../../segment/timeline/interval.js';
import type { NodeInventory, SegmentCopy, SegmentCopyState } from '../inventory-watch.js';
import {
  assign,
  chooseSlices,
  onlyNamed,
  segmentsUnavailable,
  uncoveredIntervals,
  type Holder,
  type Question,
} from './route.js';
import { BrokerView } from './view.js';

const json = (interval: string, version: string, partition = 0, partitions = 1): string =>
  JSON.stringify({
    dataSource: 'ds',
    interval,
    version,
    loadSpec: { type: 'local', path: '/x' },
    dimensions: 'd',
    metrics: '',
    shardSpec: { type: 'numbered', partitionNum: partition, partitions },
    binaryVersion: 9,
    size: 10,
  });
const expected = (
  id: string,
  interval: string,
  version: string,
  queryable = true,
  partition = 0,
  partitions = 1,
) => ({
  id,
  json: json(interval, version, partition, partitions),
  queryable,
});
const ask = (...intervals: string[]): Question => ({
  dataSources: ['ds'],
  intervals: intervals.map((text) => parseInterval(text)),
  filter: undefined,
});
const shown = (view: BrokerView, question: Question): string[] =>
  chooseSlices(question, (name) => view.timeline(name)).map(
    (slice) => `${slice.segmentId} ${slice.intervals.map(dayText).join(',')}`,
  );
const dayText = (interval: IntervalMs): string =>
  `${new Date(interval.startMs).toISOString().slice(8, 13)}-${new Date(interval.endMs).toISOString().slice(8, 13)}`;

function inventory(copies: readonly (readonly [string, SegmentCopyState, string])[]): NodeInventory {
  return {
    info: undefined as never,
    role: 'historical',
    fresh: true,
    complete: true,
    copies: new Map<string, SegmentCopy>(
      copies.map(([id, state, segmentJson]) => [
        id,
        { segmentId: id, segmentJson, state, rows: 1, bytes: 10, error: '' },
      ]),
    ),
  };
}

describe('broker view and routing', () => {
  it('knows nothing before the first expected set', () => {
    const view = new BrokerView();
    expect(view.hasExpected).to.equal(false);
    view.applyExpected([], [], true);
    expect(view.hasExpected).to.equal(true);
    expect(shown(view, ask('2024-01-01/2024-02-01'))).to.deep.equal([]);
  });

  it('answers from queryable segments only, the newest complete version of each chunk', () => {
    const view = new BrokerView();
    view.applyExpected(
      [
        expected('day', '2024-01-01/P1D', 'v1'),
        expected('hour', '2024-01-01T03/PT1H', 'v2'),
        expected('half', '2024-01-01T05/PT1H', 'v2', true, 0, 2),
        expected('fresh', '2024-01-01T07/PT1H', 'v2', false),
      ],
      [],
      true,
    );
    expect(shown(view, ask('2024-01-01/P1D'))).to.deep.equal([
      'day 01T00-01T03,01T04-02T00',
      'hour 01T03-01T04',
    ]);
    expect(shown(view, ask('2024-01-01T03:30/PT1H'))).to.deep.equal(['hour 01T03-01T04', 'day 01T04-01T04']);
  });

  it('deltas add, change and remove', () => {
    const view = new BrokerView();
    view.applyExpected([expected('a', '2024-01-01/P1D', 'v1', false)], [], true);
    expect(shown(view, ask('2024-01-01/P3D'))).to.deep.equal([]);
    expect(view.dataSources()).to.deep.equal([]);
    view.applyExpected(
      [expected('a', '2024-01-01/P1D', 'v1'), expected('b', '2024-01-02/P1D', 'v1')],
      [],
      false,
    );
    expect(shown(view, ask('2024-01-01/P3D'))).to.deep.equal(['a 01T00-02T00', 'b 02T00-03T00']);
    expect(view.dataSources()).to.deep.equal(['ds']);
    view.applyExpected([], ['a'], false);
    expect(shown(view, ask('2024-01-01/P3D'))).to.deep.equal(['b 02T00-03T00']);
    view.applyExpected([], [], true);
    expect(view.timeline('ds')).to.equal(undefined);
  });

  it('an inventory says where, never what', () => {
    const view = new BrokerView();
    view.applyExpected([expected('a', '2024-01-01/P1D', 'v1')], [], true);
    view.applyInventory(
      'n1',
      inventory([
        ['a', 'served', ''],
        ['other', 'served', json('2024-01-05/P1D', 'v1')],
      ]),
    );
    view.applyInventory('n2', inventory([['a', 'loading', '']]));
    expect([...view.holders('a')]).to.deep.equal(['n1']);
    expect(shown(view, ask('2024-01-01/P9D'))).to.deep.equal(['a 01T00-02T00']);
    view.applyCopies('n2', inventory([['a', 'served', '']]), ['a']);
    view.applyInventory('n1', undefined);
    expect([...view.holders('a')]).to.deep.equal(['n2']);
    expect(view.everyQueryableHasHolder()).to.equal(true);
    view.applyCopies('n2', inventory([]), ['a']);
    expect(view.everyQueryableHasHolder()).to.equal(false);
    expect(shown(view, ask('2024-01-01/P9D'))).to.deep.equal(['a 01T00-02T00']);
  });

  it('realtime segments are answered while a task announces them, and handed over without a gap', () => {
    const view = new BrokerView();
    view.applyExpected([], [], true);
    const realtime = inventory([['r', 'realtime', json('2024-01-01/P1D', 'v1', 0, 0)]]);
    view.applyInventory('peon', realtime);
    expect(shown(view, ask('2024-01-01/P1D'))).to.deep.equal(['r 01T00-02T00']);
    view.applyExpected([expected('r', '2024-01-01/P1D', 'v1', false)], [], false);
    expect(shown(view, ask('2024-01-01/P1D'))).to.deep.equal(['r 01T00-02T00']);
    view.applyExpected([expected('r', '2024-01-01/P1D', 'v1', true)], [], false);
    view.applyInventory('peon', undefined);
    expect(shown(view, ask('2024-01-01/P1D'))).to.deep.equal(['r 01T00-02T00']);
    view.applyExpected([], ['r'], false);
    expect(shown(view, ask('2024-01-01/P1D'))).to.deep.equal([]);
  });

  it('a task that leaves without publishing takes its rows along', () => {
    const view = new BrokerView();
    view.applyExpected([], [], true);
    view.applyInventory('peon', inventory([['r', 'realtime', json('2024-01-01/P1D', 'v1', 0, 0)]]));
    view.applyCopies('peon', inventory([]), ['r']);
    expect(shown(view, ask('2024-01-01/P1D'))).to.deep.equal([]);
  });

  it('says what is not covered', () => {
    const view = new BrokerView();
    view.applyExpected([expected('a', '2024-01-02/P1D', 'v1')], [], true);
    const uncovered = uncoveredIntervals(ask('2024-01-01/P3D'), (name) => view.timeline(name));
    expect(uncovered.map(dayText)).to.deep.equal(['01T00-02T00', '03T00-04T00']);
  });

  describe('assignment', () => {
    const view = new BrokerView();
    view.applyExpected(
      Array.from({ length: 4 }, (_, i) => expected(`s${i}`, `2024-01-0${i + 1}/P1D`, 'v1')),
      [],
      true,
    );
    const slices = chooseSlices(ask('2024-01-01/P9D'), (name) => view.timeline(name));
    const give = (holders: readonly Holder[], excluded: readonly string[] = []): string[] => {
      const { byNode, missing } = assign(
        slices,
        () => holders,
        (_, node) => excluded.includes(node),
      );
      return [
        ...[...byNode].map(([node, own]) => `${node}:${own.map((slice) => slice.segmentId).join(',')}`),
        ...(missing.length > 0 ? [`missing:${missing.length}`] : []),
      ];
    };

    it('spreads over equal replicas', () => {
      expect(
        give([
          { node: 'a', fresh: true, load: 0 },
          { node: 'b', fresh: true, load: 0 },
        ]),
      ).to.deep.equal(['a:s0,s2', 'b:s1,s3']);
    });
    it('prefers the less loaded', () => {
      expect(
        give([
          { node: 'a', fresh: true, load: 5 },
          { node: 'b', fresh: true, load: 0 },
        ]),
      ).to.deep.equal(['b:s0,s1,s2,s3']);
    });
    it('takes a node that is not heard only when there is no other', () => {
      const holders = [
        { node: 'a', fresh: false, load: 0 },
        { node: 'b', fresh: true, load: 50 },
      ];
      expect(give(holders)).to.deep.equal(['b:s0,s1,s2,s3']);
      expect(give(holders, ['b'])).to.deep.equal(['a:s0,s1,s2,s3']);
    });
    it('tells what nobody has', () => {
      expect(give([])).to.deep.equal(['missing:4']);
      const error = segmentsUnavailable(slices);
      expect(error.code).to.equal('SegmentsUnavailable');
      expect(error.context).to.deep.equal({
        dataSource: 'ds',
        interval: '2024-01-01T00:00:00.000Z/2024-01-05T00:00:00.000Z',
        count: 4,
      });
      const many = Array.from({ length: 50_000 }, () => slices).flat();
      expect(segmentsUnavailable(many).context['count']).to.equal(200_000);
    });
  });
});

describe('segments named one by one', () => {
  const view = new BrokerView();
  view.applyExpected(
    [
      expected('a0', '2024-01-01/2024-01-03', 'v1', true, 0, 2),
      expected('a1', '2024-01-01/2024-01-03', 'v1', true, 1, 2),
      expected('b', '2024-01-03/2024-01-04', 'v2'),
    ],
    [],
    true,
  );
  const named = (...segments: readonly (readonly [string, string, number])[]): string[] => {
    const list = segments.map(([text, version, partitionNum]) => ({
      interval: parseInterval(text),
      version,
      partitionNum,
    }));
    const slices = chooseSlices(ask('2024-01-01/2024-01-04'), (name) => view.timeline(name));
    return onlyNamed(slices, list).map(
      (slice) => `${slice.segmentId} ${slice.intervals.map(dayText).join(',')}`,
    );
  };

  it('are asked alone, each for its own interval', () => {
    expect(named(['2024-01-01/2024-01-03', 'v1', 1])).to.deep.equal(['a1 01T00-03T00']);
    expect(named(['2024-01-02/2024-01-03', 'v1', 0], ['2024-01-03/2024-01-04', 'v2', 0])).to.deep.equal([
      'a0 02T00-03T00',
      'b 03T00-04T00',
    ]);
    expect(named(['2024-01-01/2024-01-02', 'v1', 0], ['2024-01-02/2024-01-03', 'v1', 0])).to.deep.equal([
      'a0 01T00-03T00',
    ]);
    expect(named()).to.deep.equal([]);
  });

  it('are an error when they are not there', () => {
    for (const missing of [
      ['2024-01-01/2024-01-03', 'v0', 0],
      ['2024-01-01/2024-01-03', 'v1', 2],
      ['2024-01-01/2024-01-04', 'v1', 0],
    ] as const)
      expect(() => named(missing)).to.throw('No segment of interval');
  });
});
