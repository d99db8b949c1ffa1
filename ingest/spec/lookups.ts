/** The registered lookups that a spec needs. */
import { metricColumn } from '../index/metric-columns.js';
import { askingFor } from '../transform/lookup-asking.js';
import { RowTransformer } from '../transform/row-transformer.js';
import type { IngestSpec } from './model.js';

/** Named by its transforms, its filter and its metrics. */
export function lookupsNamed(spec: Pick<IngestSpec, 'transform' | 'metrics'>): ReadonlySet<string> {
  const names = new Set<string>();
  const context = askingFor(names);
  if (spec.transform !== undefined) new RowTransformer(spec.transform, false, context);
  for (const metric of spec.metrics) metricColumn(metric, context);
  return names;
}
