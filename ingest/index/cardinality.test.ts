import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { lookupTable, openLookups } from '../../query/lookup/table.js';
import { JsonLineReader } from '../formats/json-lines.js';
import type { InputRow } from '../formats/row-reader.js';
import { PartMerger } from '../part-merger.js';
import { createRowsReader } from '../segment-rows.js';
import { SegmentScanner } from '../sources/segment-scanner.js';
import { lookupsNamed } from '../spec/lookups.js';
import type { IngestSpec } from '../spec/model.js';
import { compileTask } from '../spec/task.js';
import { GrowingSegment } from './growing-segment.js';
import { metricInputs } from './metric-columns.js';

const interval = { startMs: 0, endMs: 86_400_000 };
const upper = { type: 'extraction', dimension: 's', extractionFn: { type: 'upper' } };
const mapped = { type: 'lookup', dimension: 's', outputName: 's', name: 'named' };

function specOf(metricsSpec: readonly object[]): IngestSpec {
  return compileTask({
    type: 'index',
    spec: {
      dataSchema: {
        dataSource: 'd',
        timestampSpec: { column: 't' },
        dimensionsSpec: { dimensions: ['k'] },
        metricsSpec,
        granularitySpec: { queryGranularity: 'day', rollup: true },
      },
      ioConfig: { inputSource: { type: 'inline', data: '' }, inputFormat: { type: 'json' } },
    },
  }).spec;
}

const metrics = [
  { type: 'cardinality', name: 'one', fields: ['s'] },
  { type: 'cardinality', name: 'three', fields: ['s', 'n', 'm'] },
  { type: 'cardinality', name: 'rows', fieldNames: ['s', 'n', 'm'], byRow: true, round: true },
  { type: 'cardinality', name: 'upper', fields: [upper] },
  { type: 'cardinality', name: 'named', fields: [mapped] },
  {
    type: 'filtered',
    filter: { type: 'selector', dimension: 'k', value: 'a' },
    aggregator: { type: 'cardinality', name: 'some', fields: ['s'] },
  },
];
const lines = [
  '{"k":"a","s":"x","n":1,"m":["p","q"]}',
  '{"k":"a","s":"y","n":2,"m":["q","r"]}',
  '{"k":"b","s":null,"n":null,"m":null}',
  '{"k":"b","s":"zz","n":"7","m":"single"}',
  '{"k":"c","s":"only","n":"abc","m":[]}',
  '{"k":"a","s":"x","n":5,"m":["p"]}',
  '{"k":"d"}',
];
const empty = 'AQAAAAAAAA==';
/** What Druid's segments of these rows hold, but for `named` and `some`. */
const expected = [
  {
    k: 'a',
    one: 'AQAAAgAAAAIaAgP/IA==',
    three: 'AQAACAAAAADXIAEXBAIaAgLLAgLNAgOIAQPOIAP/IA==',
    rows: 'AQAAAwAAAAFaBAImIAMrEA==',
    upper: 'AQAAAgAAAACrIADPAg==',
    some: 'AQAAAgAAAAIaAgP/IA==',
  },
  {
    k: 'b',
    one: 'AQAAAQAAAAEjEA==',
    three: 'AQAAAwAAAAEjEAEyAQOFIA==',
    rows: 'AQAAAgAAAACTQAJLQA==',
    upper: 'AQAAAQAAAAPBEA==',
    some: empty,
  },
  {
    k: 'c',
    one: 'AQAAAQAAAAKIAQ==',
    three: 'AQAAAgAAAADCAQKIAQ==',
    rows: 'AQAAAQAAAAK0IA==',
    upper: 'AQAAAQAAAAK3Aw==',
    some: empty,
  },
  { k: 'd', one: empty, three: empty, rows: 'AQAAAQAAAACTQA==', upper: empty, some: empty },
];

describe('cardinality as a metric', () => {
  const reader = createRowsReader();
  const merger = new PartMerger();
  let base = '';
  beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'cardinality-'))));
  afterEach(() => rmSync(base, { recursive: true }));

  const table = lookupTable({ name: 'named', version: '1', isOneToOne: false }, [
    ['x', 'X'],
    ['y', 'Y'],
  ]);
  const spec = { ...specOf(metrics), lookups: openLookups([table]) };
  const json = new JsonLineReader();
  const input = lines.map((line, timeMs) => ({ timeMs, row: json.read(line) as InputRow }));

  function build(of: IngestSpec, rows: readonly { timeMs: number; row: InputRow }[], every: number): string {
    const options = { dir: join(base, `parts${every}`), write: {}, merger };
    const segment = new GrowingSegment(of, interval, options);
    for (const [i, { timeMs, row }] of rows.entries()) {
      expect(segment.index.add(timeMs, row)).deep.equal([]);
      if (i % every === every - 1) segment.persist();
    }
    const dir = join(base, `segment${every}`);
    segment.finish(dir);
    return dir;
  }

  const shown = (dir: string): Record<string, unknown>[] =>
    reader
      .rows(dir)
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [
            name,
            value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
          ]),
        ),
      );

  it("holds Druid's sketches, however often they are written down, and again when it is read again", () => {
    for (const every of [99, 2, 1]) {
      const dir = build(spec, input, every);
      const found = shown(dir);
      expect(found).length(4);
      for (const [i, row] of expected.entries()) {
        expect(found[i], `every ${every}`).deep.include(row);
        // The lookup knows the texts of the first row only.
        expect(found[i]?.['named']).equal(i === 0 ? expected[0]?.upper : empty);
      }
      const growing = new GrowingSegment(spec, interval, { dir: base, write: {}, merger });
      const again = specOf(growing.index.metadata().aggregators as readonly object[]);
      const stored = [...new SegmentScanner().scan(dir, interval, undefined)].flat();
      const rows = stored.map((row) => ({ timeMs: row.timeMs, row }));
      expect(shown(build(again, rows, every + 100))).deep.equal(found);
    }
  });

  it('hashes the time as the number it is, and no stored sketch', () => {
    const byTime = specOf([
      { type: 'cardinality', name: 'times', fields: ['__time'] },
      { type: 'cardinality', name: 'none', fields: ['sketch'] },
    ]);
    const rows = [0, 1, 1, 2].map((timeMs) => ({
      timeMs,
      row: { fields: { k: 'a', sketch: Uint8Array.of(1, 0, 0) }, doubleText: () => undefined },
    }));
    const [row] = shown(build(byTime, rows, 3));
    expect(Buffer.from(String(row?.['times']), 'base64').readUInt16BE(2)).equal(3);
    expect(row?.['none']).equal(empty);
  });

  it('names the fields and the lookups it reads, and how it is combined', () => {
    expect([...metricInputs(spec.metrics)].toSorted()).deep.equal(['k', 'm', 'n', 's']);
    expect([...lookupsNamed(spec)]).deep.equal(['named']);
    const growing = new GrowingSegment(spec, interval, { dir: base, write: {}, merger });
    expect(growing.index.metadata().aggregators[2]).deep.equal({
      type: 'hyperUnique',
      name: 'rows',
      fieldName: 'rows',
      isInputHyperUnique: false,
      round: true,
    });
  });
});
