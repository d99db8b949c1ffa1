/** timeBoundary over one segment: one row with `minTime` and `maxTime` of the selected rows, null when there are none. */
import type { Frame, FrameColumn } from '../frame.js';
import type { TimeBoundaryQuery } from '../native/model.js';
import { CellTable } from './aggregators/cell-table.js';
import { createAccumulators } from './aggregators/registry.js';
import { inputCache } from './aggregators/input.js';
import { forEachBatch } from './cursor.js';
import type { Environment } from './environment.js';
import { selectRows } from './filter.js';
import type { IntervalMs } from '../../segment/read/view.js';

export function runTimeBoundary(
  environment: Environment,
  query: TimeBoundaryQuery,
  intervals: readonly IntervalMs[],
): Frame {
  const { segment, scratch } = environment;
  const selected = selectRows(environment, intervals, query.filter);
  const time = segment.timeRange();
  const whole = selected.ranges.length === 1 && selected.hull.to - selected.hull.from === segment.rowCount;
  // Filtering, joining and unnesting leave the range of times what it was, but not the rows.
  const isExact = query.source === undefined;
  if (time !== undefined && isExact && whole && selected.mask.kind === 'all') {
    return { rows: 1, columns: [boundColumn('minTime', time.minMs), boundColumn('maxTime', time.maxMs)] };
  }
  const cells = new CellTable(environment);
  const inputs = inputCache(environment);
  const context = { environment, inputs, cells, span: selected.hull, emptyGroups: true, typedStates: false };
  const accumulators = createAccumulators(
    [
      { type: 'longMin', name: 'minTime', fieldName: '__time' },
      { type: 'longMax', name: 'maxTime', fieldName: '__time' },
    ],
    context,
  );
  for (const accumulator of accumulators) {
    accumulator.reserve(1);
    accumulator.reset(0, 1);
  }
  cells.reserve(1);
  forEachBatch(environment, selected, (batch) => {
    for (const accumulator of accumulators) accumulator.run(batch, 0);
  });
  const group = scratch.takeZeroed(4);
  return { rows: 1, columns: accumulators.map((accumulator) => accumulator.result(group, 1)) };
}

function boundColumn(name: string, ms: number): FrameColumn {
  return { name, type: 'LONG', values: BigInt64Array.of(BigInt(ms)) };
}
