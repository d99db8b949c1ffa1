/** Metrics that count distinct values: a hyperUnique sketch in every row. */
import { numberBytes, placeOfRow, textsBytes, utf16 } from '../../query/engine/aggregators/distinct-count.js';
import { valueMap } from '../../query/engine/columns/dimension-column.js';
import type { ExpressionContext } from '../../query/expression/expression.js';
import type { DimensionSpec } from '../../query/native/model.js';
import { HyperUnique, placeOfBytes } from '../../segment/format/hyper-unique-sketch.js';
import type { SourceMetric } from '../../segment/write/source.js';
import { rowStrings } from '../partition/row-strings.js';
import { TIME_COLUMN } from '../spec/data-schema.js';
import type { CardinalityMetric } from '../spec/model.js';
import type { ColumnSnapshot } from './column-snapshot.js';
import type { MetricColumn, MetricInput } from './metric-columns.js';

const typeName = 'hyperUnique';

abstract class SketchColumn implements MetricColumn {
  readonly name: string;
  readonly fieldName: string | undefined;
  readonly bytesPerRow = 2200;
  readonly #sketches: HyperUnique[] = [];

  constructor(name: string, fieldName: string | undefined) {
    this.name = name;
    this.fieldName = fieldName;
  }

  grow(): void {
    // Sketches are made when their row is first asked for.
  }

  abstract fold(row: number, value: unknown, input: MetricInput): undefined;

  protected at(row: number): HyperUnique {
    return (this.#sketches[row] ??= new HyperUnique());
  }

  snapshot(rows: number, mayChange: boolean): ColumnSnapshot {
    const stored = mayChange ? Array.from({ length: rows }, (_, row) => this.at(row).toBytes()) : undefined;
    return { kind: 'bytes', typeName, bytes: (row) => stored?.[row] ?? this.at(row).toBytes() };
  }

  source(order: Uint32Array): SourceMetric {
    const values = Array.from(order, (row) => this.at(row).toBytes());
    return { kind: 'complex', name: this.name, typeName, values };
  }
}

/** Of the texts of one field, or of sketches in it. */
export class HyperUniqueColumn extends SketchColumn {
  readonly #field: string;

  constructor(name: string, fieldName: string) {
    super(name, fieldName);
    this.#field = fieldName;
  }

  fold(row: number, value: unknown, input: MetricInput): undefined {
    const sketch = this.at(row);
    if (value === null || value === undefined) return;
    if (value instanceof Uint8Array) sketch.merge(HyperUnique.fromBytes(value));
    else for (const text of rowStrings(input.row, this.#field)) sketch.addText(text);
  }
}

/** The values of a field as a dimension spec makes them: texts, but for the time, which is a number. */
interface Field {
  rowBytes(input: MetricInput): Uint8Array;
  valueBytes(input: MetricInput): readonly Uint8Array[];
}

function fieldOf({ dimension, steps = [] }: DimensionSpec, lookups: ExpressionContext): Field {
  if (dimension === TIME_COLUMN && steps.length === 0) {
    const bytes = ({ timeMs }: MetricInput): Uint8Array => numberBytes(timeMs, 'long');
    return {
      rowBytes: bytes,
      valueBytes: (input) => [bytes(input)],
    };
  }
  const map = valueMap(steps, lookups);
  const texts = ({ row, timeMs }: MetricInput): readonly (string | null)[] => {
    if (dimension === TIME_COLUMN) return [map(String(timeMs), timeMs) ?? null];
    // Of a stored sketch there is no text.
    if (row.fields[dimension] instanceof Uint8Array) return [];
    const given = rowStrings(row, dimension);
    if (steps.length === 0) return given;
    return (given.length === 0 ? [null] : given).flatMap((text) => {
      const made = map(text);
      return made === undefined ? [] : [made];
    });
  };
  return {
    rowBytes: (input) => textsBytes(texts(input)),
    valueBytes: (input) => texts(input).flatMap((text) => (text === null ? [] : [utf16(text)])),
  };
}

/** Of the values of several fields, or of whole rows of them. */
export class CardinalityColumn extends SketchColumn {
  readonly #byRow: boolean;
  readonly #fields: readonly Field[];

  constructor({ name, byRow, fields }: CardinalityMetric, lookups: ExpressionContext) {
    super(name, undefined);
    this.#byRow = byRow;
    this.#fields = fields.map((field) => fieldOf(field, lookups));
  }

  fold(row: number, _: unknown, input: MetricInput): undefined {
    const sketch = this.at(row);
    if (this.#byRow) sketch.addPlace(placeOfRow(this.#fields.map((field) => field.rowBytes(input))));
    else {
      for (const field of this.#fields)
        for (const bytes of field.valueBytes(input)) sketch.addPlace(placeOfBytes(bytes));
    }
  }
}
