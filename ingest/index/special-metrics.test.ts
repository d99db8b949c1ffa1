import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { estimateHyperUnique } from '../../segment/format/hyper-unique.js';
import { JsonLineReader } from '../formats/json-lines.js';
import type { InputRow } from '../formats/row-reader.js';
import { PartMerger } from '../part-merger.js';
import { createRowsReader } from '../segment-rows.js';
import { compileTask } from '../spec/task.js';
import { GrowingSegment } from './growing-segment.js';
import { metricInputs } from './metric-columns.js';
import { openRealtimeView, realtimeHandle } from './realtime-view.js';

const filter = { type: 'selector', dimension: 'd', value: 'x' };
const { spec } = compileTask({
  type: 'index',
  spec: {
    dataSchema: {
      dataSource: 'd',
      timestampSpec: { column: 't' },
      dimensionsSpec: { dimensions: ['d'] },
      metricsSpec: [
        { type: 'hyperUnique', name: 'users', fieldName: 'user' },
        { type: 'filtered', filter, aggregator: { type: 'count', name: 'some' } },
        { type: 'filtered', name: 'own', filter, aggregator: { type: 'longMax', name: 'm', fieldName: 'v' } },
      ],
      granularitySpec: { queryGranularity: 'day', rollup: true },
    },
    ioConfig: { inputSource: { type: 'inline', data: '' }, inputFormat: { type: 'json' } },
  },
});

describe('metrics with sketches and filters', () => {
  const reader = createRowsReader();
  const merger = new PartMerger();
  let base = '';
  beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'metrics-'))));
  afterEach(() => rmSync(base, { recursive: true }));
  const lines = [
    '{"d":"x","user":"a","v":3}',
    '{"d":"x","user":["a","b",null],"v":9}',
    '{"d":"y","user":null,"v":20}',
    '{"d":"x","user":7}',
    '{"d":"x","v":null}',
  ];

  it('fold the rows that pass, across parts', () => {
    for (const every of [9, 2]) {
      const segment = new GrowingSegment(
        spec,
        { startMs: 0, endMs: 86_400_000 },
        {
          dir: join(base, `parts${every}`),
          write: {},
          merger,
        },
      );
      const json = new JsonLineReader();
      for (const [i, line] of lines.entries()) {
        expect(segment.index.add(i, json.read(line) as InputRow)).deep.equal([]);
        if (i % every === every - 1) segment.persist();
      }
      const dir = join(base, String(every));
      segment.finish(dir);
      const rows = reader
        .rows(dir)
        .map((row) => ({ ...row, users: estimateHyperUnique(row['users'] as Uint8Array) }));
      expect(rows).length(2);
      expect(rows[0]).include({ d: 'x', some: 4n, own: 9n });
      // a, b, the text null of a list, and 7.
      expect(rows[0]?.users).closeTo(4, 0.1);
      expect(rows[1]).include({ d: 'y', some: 0n, own: null, users: 0 });
    }
  });

  it('are seen by queries while they grow', () => {
    const segment = new GrowingSegment(
      spec,
      { startMs: 0, endMs: 86_400_000 },
      { dir: base, write: {}, merger },
    );
    const json = new JsonLineReader();
    segment.index.add(0, json.read(lines[0] ?? '') as InputRow);
    const view = openRealtimeView(realtimeHandle('s', segment.index), reader.arena);
    segment.index.add(0, json.read(lines[1] ?? '') as InputRow);
    const column = view.column('users');
    expect(column).include({ kind: 'complex', typeName: 'hyperUnique' });
    const bytes = column?.kind === 'complex' ? column.bytes(0) : null;
    expect(estimateHyperUnique(bytes ?? new Uint8Array())).closeTo(1, 0.01);
    view.close();
  });

  it('name the fields they read, and how they are combined', () => {
    expect([...metricInputs(spec.metrics)].toSorted()).deep.equal(['d', 'user', 'v']);
    expect(spec.dimensionExclusions).include.members(['users', 'user', 'some', 'own', 'v']);
    const segment = new GrowingSegment(spec, { startMs: 0, endMs: 1 }, { dir: base, write: {}, merger });
    expect(segment.index.metadata().aggregators).deep.equal([
      { type: 'hyperUnique', name: 'users', fieldName: 'users', isInputHyperUnique: false, round: false },
      { type: 'longSum', name: 'some', fieldName: 'some' },
      { type: 'longMax', name: 'own', fieldName: 'own' },
    ]);
  });
});
