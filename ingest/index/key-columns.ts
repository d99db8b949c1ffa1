/** Which column of the in-memory index a dimension gets. */
import type { DimensionSpec } from '../spec/model.js';
import type { KeyColumn } from './key-column.js';
import { NestedKeys } from './nested-keys.js';
import { DoubleKeys, FloatKeys, LongKeys } from './number-keys.js';
import { StringKeys } from './string-keys.js';

/** With rollup an empty list is null, so that both are one key, and words are asked for as soon as they are written. */
export function keyColumn(spec: DimensionSpec, at: number, rollup: boolean): KeyColumn {
  switch (spec.type) {
    case 'string':
      return new StringKeys(spec.name, at, spec.multiValueHandling, !rollup, !rollup);
    case 'long':
      return new LongKeys(spec.name, at);
    case 'double':
      return new DoubleKeys(spec.name, at);
    case 'float':
      return new FloatKeys(spec.name, at);
    case 'json':
    case 'auto':
      return new NestedKeys(spec, at);
  }
}
