import { expect } from 'chai';
import { watchEventLoop, type DelaySource } from './event-loop.js';
import { createMetrics } from './metrics.js';
import { createVirtualClock } from './virtual-clock.js';

describe('runtime/event-loop', () => {
  it('shows the delay beyond the tick, over the current and the previous window', async () => {
    const clock = createVirtualClock();
    const metrics = createMetrics();
    let figures = { p50: 20.5e6, p99: 31e6, max: 120e6 };
    const source: DelaySource = {
      get max() {
        return figures.max;
      },
      percentile: (percent) => (percent === 50 ? figures.p50 : figures.p99),
      reset: () => {
        figures = { p50: 0, p99: 0, max: 0 };
      },
    };
    const monitor = watchEventLoop({ clock, metrics, source });
    expect(monitor.read()).to.deep.equal({ p50Ms: 0.5, p99Ms: 11, maxMs: 100 });
    await clock.advance(10_000);
    figures = { p50: 20e6, p99: 20e6, max: 25e6 };
    expect(monitor.read().maxMs).to.equal(100);
    await clock.advance(10_000);
    expect(metrics.render()).to.contain('grove_event_loop_delay_max_ms 5\n');
    monitor.stop();
    expect(clock.pending).to.equal(0);
  });

  it('reads the real event loop', () => {
    const monitor = watchEventLoop({ clock: createVirtualClock(), metrics: createMetrics() });
    expect(monitor.read().maxMs).to.be.at.least(0);
    monitor.stop();
  });
});
