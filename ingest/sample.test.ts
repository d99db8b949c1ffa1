import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { compileTask } from './spec/task.js';
import { SAMPLE_ROWS, sampleLines, sampleTask } from './sample.js';

describe('bundled sample', () => {
  it('is the same everywhere and looks like real data', () => {
    const lines = [...sampleLines()];
    expect(lines).length(SAMPLE_ROWS);
    const hash = createHash('sha256').update(lines.join('\n')).digest('hex');
    expect(hash.slice(0, 16)).equal('bb6e4a08be096586');
    const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const times = rows.map((row) => String(row['time']));
    expect(times).deep.equal(times.toSorted());
    expect(new Set(times.map((time) => time.slice(0, 10))).size).equal(5);
    const count = (test: (row: Record<string, unknown>) => boolean): number => rows.filter(test).length;
    expect(count((row) => row['user'] === null)).within(12_000, 18_000);
    expect(count((row) => row['city'] === '東京')).above(100);
    expect(count((row) => row['event'] === 'chargeback')).within(1, 100);
    expect(count((row) => Array.isArray(row['tags']) && row['tags'].length > 1)).above(1000);
    expect(count((row) => row['search'] === '')).above(10);
  });

  it('has a task that is valid', () => {
    const { spec } = compileTask(sampleTask('/data', 'sample.json'));
    expect(spec.dataSource).equal('shop');
    expect(spec.ignoredKeys).deep.equal([]);
    expect([...sampleLines({ rows: 3, seed: 1 })]).not.deep.equal([...sampleLines({ rows: 3, seed: 2 })]);
  });
});
