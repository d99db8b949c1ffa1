import { expect } from 'chai';
import { createMetrics } from './metrics.js';

describe('runtime/metrics', () => {
  it('renders counters, gauges, histograms and collected samples', () => {
    const metrics = createMetrics();
    metrics.counter('asks_total', { b: '2', a: 'x"\n' }).add();
    metrics.counter('asks_total', { a: 'x"\n', b: '2' }).add(2);
    metrics.gauge('depth').set(4);
    const histogram = metrics.histogram('wait_ms', [1, 10]);
    for (const value of [0.5, 1, 5, 50]) histogram.observe(value);
    metrics.collect('live', 'gauge', () => [{ labels: { n: 'a' }, value: Infinity }]);
    expect(metrics.render().split('\n')).to.deep.equal([
      '# TYPE asks_total counter',
      'asks_total{a="x\\"\\n",b="2"} 3',
      '# TYPE depth gauge',
      'depth 4',
      '# TYPE wait_ms histogram',
      'wait_ms_bucket{le="1"} 2',
      'wait_ms_bucket{le="10"} 3',
      'wait_ms_bucket{le="+Inf"} 4',
      'wait_ms_sum 56.5',
      'wait_ms_count 4',
      '# TYPE live gauge',
      'live{n="a"} +Inf',
      '',
    ]);
  });

  it('refuses one name for two kinds, and bad names', () => {
    const metrics = createMetrics();
    metrics.counter('a_total');
    expect(() => metrics.gauge('a_total')).to.throw('is a counter');
    expect(() => metrics.gauge('A-b')).to.throw('valid name');
  });
});
