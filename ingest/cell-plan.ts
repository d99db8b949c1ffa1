/** Which fields of a row a build reads, when it can take them as cells found in bytes. */
import type { CellPlan, CellUse } from './formats/format.js';
import { cellNames } from './index/row-cells.js';
import { metricColumn } from './index/metric-columns.js';
import type { IngestSpec } from './spec/model.js';
import { anyLookup } from './transform/lookup-asking.js';

/** The cells of the index, as it wants them, then the time's. Undefined where a row is more than its cells. */
export function cellPlanOf(task: IngestSpec): CellPlan | undefined {
  const { dimensions, metrics, timestamp, discoverDimensions, transform, tuning } = task;
  // Partitions other than these are chosen by the fields of each row.
  const isPlain = transform === undefined && tuning.partitioning.type === 'dynamic';
  if (!isPlain || discoverDimensions !== 'none') return undefined;
  const uses = new Map<string, CellUse>();
  const note = (name: string, use: CellUse): void => {
    const other = uses.get(name);
    uses.set(name, other === undefined || other === use ? use : 'any');
  };
  note(timestamp.column, 'any');
  for (const { name, type } of dimensions) {
    note(name, type === 'string' ? 'text' : type === 'json' || type === 'auto' ? 'any' : 'number');
  }
  for (const spec of metrics) {
    const metric = metricColumn(spec, anyLookup);
    if (metric.fieldName !== undefined)
      note(metric.fieldName, metric.takesNumbers === true ? 'number' : 'any');
  }
  const names = [...new Set([...cellNames(task), timestamp.column])];
  return {
    names,
    uses: names.map((name) => uses.get(name) ?? 'any'),
    time: names.indexOf(timestamp.column),
  };
}
