/** cardinality over columns and hyperUnique over stored sketches; the state of both is a hyperUnique sketch. */
import { CodedError } from '../../../proto/errors.js';
import { estimateHyperUnique } from '../../../segment/format/hyper-unique.js';
import type { ColumnView } from '../../../segment/read/view.js';
import { elementsOf, type Value } from '../../expression/value.js';
import {
  HyperUnique,
  mergeHyperUnique,
  type Place,
  placeOfBytes,
} from '../../../segment/format/hyper-unique-sketch.js';
import { compareText } from '../../sort/comparators.js';
import { cellReader } from '../columns/cells.js';
import { dimensionColumn } from '../columns/dimension-column.js';
import type { Environment } from '../environment.js';
import type { AggregatorType } from './accumulator.js';
import { ObjectAccumulator, type ObjectAggregation } from './object-accumulator.js';

const complexType = 'hyperUnique';
const placesMax = 100_000;

const shared: Pick<AggregatorType, 'combine' | 'resultType' | 'merge' | 'finish'> = {
  combine: () => 'objects',
  resultType: () => 'COMPLEX',
  merge: () => mergeHyperUnique,
  finish(spec) {
    const isRounded = 'round' in spec && spec.round;
    const estimate = (bytes: Uint8Array | null): number => (bytes === null ? 0 : estimateHyperUnique(bytes));
    // Where no segment has the column there is no sketch, unless grouping brought one along.
    const rawJson = (bytes: Uint8Array | null, isGrouped: boolean): string =>
      bytes === null && spec.type === 'hyperUnique' && !isGrouped
        ? 'null'
        : `"${Buffer.from(bytes ?? new HyperUnique().toBytes()).toString('base64')}"`;
    if (!isRounded) return { type: 'DOUBLE', value: estimate, rawJson };
    return { type: 'LONG', value: (bytes) => BigInt(Math.round(estimate(bytes))), rawJson };
  },
};

/** The bytes that stand for a number; null adds nothing. */
export function numberBytes(value: bigint | number, kind: 'long' | 'double' | 'float'): Uint8Array {
  const view = new DataView(new ArrayBuffer(kind === 'float' ? 4 : 8));
  if (kind === 'long') view.setBigInt64(0, BigInt(value), true);
  else if (kind === 'double') view.setFloat64(0, Number(value), true);
  else view.setFloat32(0, Number(value), true);
  return new Uint8Array(view.buffer);
}

export const utf16 = (text: string): Uint8Array => Buffer.from(text, 'utf16le');

interface Field {
  open(start: number): void;
  /** Of a row, each of its values that are not null. */
  values(row: number): readonly (bigint | number | string)[];
  /** What a row adds to the hash of whole rows. */
  rowBytes(row: number): Uint8Array;
  bytes(value: bigint | number | string): Uint8Array;
}

const nothing = new Uint8Array(0);

/** Several texts as one, in any order. */
function severalBytes(list: readonly (string | null)[]): Uint8Array {
  if (list.every((each) => each === null)) return nothing;
  const texts = list.map((each) => each ?? '\0');
  return utf16(texts.sort(compareText).join('\u0001'));
}

/** What a field with these texts adds to the hash of a whole row. */
export function textsBytes(list: readonly (string | null)[]): Uint8Array {
  const [only] = list;
  if (list.length !== 1) return severalBytes(list);
  return only === null || only === undefined ? nothing : utf16(only);
}

/** The place of a whole row in a sketch, by the bytes of its fields. */
export function placeOfRow(fields: readonly Uint8Array[]): Place {
  return placeOfBytes(Buffer.concat(fields.flatMap((bytes, i) => (i === 0 ? [bytes] : [between, bytes]))));
}

const between = Uint8Array.of(0);

function fieldOf(environment: Environment, column: ColumnView | undefined): Field {
  const reader = cellReader(environment, column);
  const kind =
    column?.kind === 'long' || column?.kind === 'double' || column?.kind === 'float'
      ? column.kind
      : undefined;
  const bytes = (value: bigint | number | string): Uint8Array =>
    typeof value === 'string' || kind === undefined ? utf16(String(value)) : numberBytes(value, kind);
  const listOf = (value: Value): readonly unknown[] => elementsOf(value) ?? [value.value];
  return {
    open: (start) => reader.open(start),
    values: (row) =>
      listOf(reader.at(row)).filter((each) => each !== null && each !== undefined) as (
        | bigint
        | number
        | string
      )[],
    bytes,
    rowBytes(row) {
      const list = listOf(reader.at(row));
      const only = list[0];
      if (list.length === 1) return only === null ? nothing : bytes(only as bigint | number | string);
      return severalBytes(list.map((each) => (each === null ? null : String(each as string))));
    },
  };
}

function refuseArrays(column: ColumnView | undefined): void {
  if (column?.kind !== 'complex' || !column.typeName.startsWith('ARRAY<')) return;
  throw new CodedError('QueryFailed', `Cardinality aggregator does not support[${column.typeName}] inputs`, {
    errorClass: 'org.apache.druid.java.util.common.UOE',
  });
}

export const cardinalityAggregator: AggregatorType = {
  create(spec, { environment }) {
    if (spec.type !== 'cardinality')
      throw new CodedError('Bug', `aggregator[${spec.type}] is no cardinality`);
    const fields = spec.fields.map((field) => {
      const column = dimensionColumn(environment, field);
      refuseArrays(column);
      // Documents have no text and count for nothing.
      const isDocument = column?.kind === 'complex' && column.typeName === 'json';
      return fieldOf(environment, isDocument ? undefined : column);
    });
    const add = spec.byRow ? addRows(fields) : addValues(fields);
    return new ObjectAccumulator<HyperUnique>(spec.name, complexType, environment, {
      start: () => new HyperUnique(),
      open: (start) => fields.forEach((field) => field.open(start)),
      add,
      encode: (sketch) => sketch.toBytes(),
    });
  },
  ...shared,
};

type Add = ObjectAggregation<HyperUnique>['add'];

function addValues(fields: readonly Field[]): Add {
  const known = fields.map(() => new Map<bigint | number | string, Place>());
  return (sketch, row) => {
    fields.forEach((field, i) => {
      for (const value of field.values(row)) {
        // A map takes 0.0 and -0.0 for the same key; their hashes differ.
        let place = value === 0 ? undefined : known[i]?.get(value);
        if (place === undefined) {
          place = placeOfBytes(field.bytes(value));
          if ((known[i]?.size ?? 0) < placesMax) known[i]?.set(value, place);
        }
        sketch.addPlace(place);
      }
    });
    return sketch;
  };
}

function addRows(fields: readonly Field[]): Add {
  return (sketch, row) => {
    sketch.addPlace(placeOfRow(fields.map((field) => field.rowBytes(row))));
    return sketch;
  };
}

/** Rows that are looked at one by one can't be asked for a sketch they do not hold; vectors of documents neither, of arrays they can. */
function refuseOthers(column: ColumnView, byVector: boolean | undefined): void {
  const isDocument = column.kind === 'complex';
  const name = isDocument ? column.typeName : column.kind.toUpperCase();
  if (byVector === undefined || (byVector && (!isDocument || name.startsWith('ARRAY<')))) return;
  const type = isDocument && !name.startsWith('ARRAY<') ? `COMPLEX<${name}>` : name;
  throw new CodedError(
    'QueryFailed',
    `Using aggregator [hyperUnique] is not supported for complex columns with type [${type}].`,
    { legacyCode: 'druidException' },
  );
}

export const hyperUniqueAggregator: AggregatorType = {
  create(spec, { environment }) {
    if (spec.type !== 'hyperUnique')
      throw new CodedError('Bug', `aggregator[${spec.type}] is no hyperUnique`);
    const column = environment.segment.column(spec.fieldName);
    // Only stored sketches count; columns of other types have none.
    const isStored = column?.kind === 'complex' && column.typeName === 'hyperUnique';
    if (column !== undefined && !isStored && environment.wholeIntervals !== true)
      refuseOthers(column, environment.byVector);
    let from = 0;
    const encode = (sketch: HyperUnique): Uint8Array | null =>
      column === undefined ? null : sketch.toBytes();
    return new ObjectAccumulator<HyperUnique>(spec.name, complexType, environment, {
      start: () => new HyperUnique(),
      open(start) {
        from = start;
      },
      add(sketch, row) {
        const bytes = isStored ? column.bytes(from + row) : null;
        if (bytes !== null) sketch.merge(HyperUnique.fromBytes(bytes));
        return sketch;
      },
      encode,
      untouched: () => encode(new HyperUnique()),
    });
  },
  ...shared,
};
