import { expect } from 'chai';
import { noRows, reportToJson, type RowCounts } from './report.js';
import { RowMeter } from './row-meter.js';

const rows = (processed: number): RowCounts => ({ ...noRows, processed });

describe('row meter', () => {
  it('begins with the first rate, then follows it, the short window first', () => {
    const meter = new RowMeter(0);
    meter.update(rows(10), 4_999);
    expect(meter.averages()['1m'].processed).to.equal(0);
    meter.update(rows(500), 5_000);
    for (const name of ['1m', '5m', '15m'] as const) expect(meter.averages()[name].processed).to.equal(100);
    meter.update(rows(500), 65_000);
    const { '1m': one, '5m': five, '15m': fifteen } = meter.averages();
    expect(one.processed).to.be.closeTo(100 * Math.exp(-1), 0.01);
    expect(five.processed).to.be.closeTo(100 * Math.exp(-1 / 5), 0.01);
    expect(fifteen.processed).to.be.greaterThan(five.processed);
  });

  it('shows in live reports as Druid shows it; ended ones have their counts only', () => {
    const meter = new RowMeter(0);
    meter.update(rows(50), 5_000);
    const report = {
      ingestionState: 'BUILD_SEGMENTS',
      rows: rows(50),
      unparseableEvents: [],
      segmentsBuilt: 0,
    } as const;
    const live = reportToJson(report, null, { kind: 'live', averages: meter.averages() })['rowStats'];
    expect(live).to.have.nested.property('movingAverages.buildSegments.5m.processed', 10);
    expect(live).to.have.nested.property('totals.buildSegments.processed', 50);
    expect(reportToJson(report, null)['rowStats']).to.deep.equal({ buildSegments: rows(50) });
    expect(reportToJson(report, null, { kind: 'subTasks' })['rowStats']).to.deep.equal({
      totals: { buildSegments: rows(50) },
    });
  });
});
