/** The files of json and auto columns. */
import { ByteWriter } from '../format/bytes.js';
import { writeDictionary, writeFrontCodedList } from '../format/dictionary.js';
import { writeFixedList } from '../format/fixed-list.js';
import { IndexedWriter } from '../format/indexed.js';
import { encodeSmile } from '../format/smile.js';
import { writeBlobs, type Emit } from './blobs.js';
import {
  bytesOf,
  idCodec,
  writeBitmap,
  writeBitmapIndex,
  writeIds,
  writeNumbers,
  type WriteContext,
} from './columns.js';
import {
  addValue,
  arrayBits,
  cutDocument,
  exactDocument,
  isPlainArray,
  newField,
  plainArray,
  scalarBits,
  scalarOf,
  settleTypes,
  typeBits,
  ValueNumbers,
  wellFormedJson,
  type FieldValues,
} from './nested-values.js';
import type { CastType, JsonValue, NestedSource } from './source.js';

const arrayBucketSize = 4;

/** Writes the column in the plainest layout that holds it: a json column always as documents. */
export function writeNestedColumn(source: NestedSource, context: WriteContext, emit: Emit): void {
  const exact = source.exactNumbers === true;
  const values = source.values.map(wellFormedJson);
  const plain = source.kind === 'auto' ? asPlain(values, exact, source.castTo) : undefined;
  if (plain === undefined) writeDocuments({ ...source, values }, context, emit);
  else writePlain(source, plain, context, emit);
}

/** The values as one field, or undefined when some value is an object or an array of such. */
function asPlain(
  values: readonly JsonValue[],
  exact: boolean,
  castTo: CastType | undefined,
): FieldValues | undefined {
  const field = newField();
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as JsonValue;
    if (value === null) continue;
    if (typeof value !== 'object') addValue(field, row, scalarOf(value, exact));
    else if (isPlainArray(value)) addValue(field, row, plainArray(value, exact));
    else return undefined;
  }
  settleTypes(field);
  if (castTo !== undefined && fitsIn(field, castTo)) field.types = typesOf[castTo];
  return field;
}

const typesOf: Readonly<Record<CastType, number>> = {
  STRING: typeBits.string,
  LONG: typeBits.long,
  DOUBLE: typeBits.double,
  'ARRAY<STRING>': typeBits.stringArray,
  'ARRAY<LONG>': typeBits.longArray,
  'ARRAY<DOUBLE>': typeBits.doubleArray,
};

/** No values, or arrays that hold nothing else but nulls, are of any type. */
function fitsIn(field: FieldValues, castTo: CastType): boolean {
  if (field.rows.length === 0) return true;
  const isEmpty = (value: FieldValues['values'][number]): boolean =>
    typeof value === 'object' && value.every((item) => item === null);
  return castTo.startsWith('ARRAY<') && field.values.every(isEmpty);
}

function logicalTypeOf(types: number): string {
  const has = (scalar: number, array: number) => (types & (scalar | array)) !== 0;
  const element =
    types === 0 || has(typeBits.string, typeBits.stringArray)
      ? 'STRING'
      : has(typeBits.double, typeBits.doubleArray)
        ? 'DOUBLE'
        : 'LONG';
  return (types & arrayBits) !== 0 ? `ARRAY<${element}>` : element;
}

interface PartShape {
  readonly name: string;
  readonly logicalType: string;
  readonly hasNulls: boolean;
  readonly isVariantType: boolean;
  readonly enforceLogicalType?: boolean;
}

/** The column's main file up to and including the base name. */
function beginMain(shape: PartShape, context: WriteContext): ByteWriter {
  const out = new ByteWriter(1024);
  const { name, ...rest } = shape;
  const part = {
    type: 'nestedCommonFormat',
    enforceLogicalType: false,
    ...rest,
    byteOrder: 'LITTLE_ENDIAN',
    bitmapSerdeFactory: { type: context.options.bitmap ?? 'roaring' },
    pathParserVersion: 1,
  };
  out.str32(JSON.stringify({ valueType: 'COMPLEX', hasMultipleValues: false, parts: [part] }));
  out.u8(0);
  const base = Buffer.from(name, 'utf8');
  out.vbyte(base.length);
  out.bytes(base);
  return out;
}

function isOneType(types: number): boolean {
  return (types & (types - 1)) === 0;
}

function writePlain(source: NestedSource, field: FieldValues, context: WriteContext, emit: Emit): void {
  const { types } = field;
  const { name } = source;
  const hasNulls = field.rows.length < context.rowCount;
  const isVariantType = !isOneType(types);
  const logicalType = logicalTypeOf(types);
  const enforceLogicalType = source.castTo === logicalType;
  const main = beginMain({ name, logicalType, hasNulls, isVariantType, enforceLogicalType }, context);
  if (isVariantType) main.u8(types);
  emit(name, main.written());
  if (isVariantType || (types & arrayBits) !== 0) writeVariant(name, field, context, emit);
  else writeScalar(name, field, context, emit);
}

/** Runs `write` on a fresh buffer and emits it. */
function file(emit: Emit, name: string, write: (out: ByteWriter) => void): void {
  const out = new ByteWriter(4096);
  write(out);
  emit(name, out.written());
}

/** Per row the id of its value: 0 = null. */
function idsOf(field: FieldValues, numbers: ValueNumbers, rowCount: number): Uint32Array {
  const ids = new Uint32Array(rowCount);
  field.rows.forEach((row, i) => (ids[row] = numbers.id(field.values[i] as FieldValues['values'][number])));
  return ids;
}

function writeScalar(name: string, field: FieldValues, context: WriteContext, emit: Emit): void {
  const numbers = new ValueNumbers([field]);
  const ids = idsOf(field, numbers, context.rowCount);
  const kind = scalarKind(field.types);
  // Each scalar column has the one dictionary, null first: the numbers are positions in it already.
  const count = numbers.count;
  if (kind === 'string') {
    file(emit, `${name}.__stringDictionary`, (out) => writeDictionary(out, numbers.strings, context.options));
  } else {
    const values = kind === 'long' ? numbers.longs : numbers.doubles;
    file(emit, `${name}.__${kind}Dictionary`, (out) => writeFixedList(out, bytesOf(values), 8, true));
    file(emit, `${name}.__${kind}Column`, (out) => writeFieldNumbers(out, field, kind, context));
  }
  file(emit, `${name}.__encodedColumn`, (out) => writeIds(out, ids, count, idCodec(context), context));
  file(emit, `${name}.__valueIndexes`, (out) => writeBitmapIndex(out, { ids }, count, context));
}

function scalarKind(types: number): 'string' | 'long' | 'double' {
  if (types === typeBits.long) return 'long';
  return types === typeBits.double ? 'double' : 'string';
}

function writeFieldNumbers(
  out: ByteWriter,
  field: FieldValues,
  kind: 'long' | 'double',
  context: WriteContext,
): void {
  if (kind === 'long') {
    const values = new BigInt64Array(context.rowCount);
    field.rows.forEach((row, i) => (values[row] = field.values[i] as bigint));
    writeNumbers(out, { kind, name: '', values }, context);
    return;
  }
  const values = new Float64Array(context.rowCount);
  field.rows.forEach((row, i) => (values[row] = field.values[i] as number));
  writeNumbers(out, { kind, name: '', values }, context);
}

function writeDictionaries(name: string, numbers: ValueNumbers, context: WriteContext, emit: Emit): void {
  file(emit, `${name}.__stringDictionary`, (out) => writeDictionary(out, numbers.strings, context.options));
  file(emit, `${name}.__longDictionary`, (out) => writeFixedList(out, bytesOf(numbers.longs), 8, false));
  file(emit, `${name}.__doubleDictionary`, (out) => writeFixedList(out, bytesOf(numbers.doubles), 8, false));
  file(emit, `${name}.__arrayDictionary`, (out) =>
    writeFrontCodedList(
      out,
      numbers.arrays.map((ids) => bytesOf(Int32Array.from(ids))),
      { bucketSize: arrayBucketSize, version: 0, hasNull: false, unit: 4 },
    ),
  );
}

/** Which elements occur in arrays, and per element its rows. */
function elementsOf(field: FieldValues, numbers: ValueNumbers) {
  const rowsOf = new Map<number, number[]>();
  field.rows.forEach((row, i) => {
    const value = field.values[i];
    if (typeof value !== 'object') return;
    for (const item of new Set(value.map((element) => (element === null ? 0 : numbers.id(element))))) {
      const rows = rowsOf.get(item);
      if (rows === undefined) rowsOf.set(item, [row]);
      else rows.push(row);
    }
  });
  return [...rowsOf].sort(([a], [b]) => a - b);
}

function writeElementList(
  out: ByteWriter,
  elements: readonly (readonly [number, readonly number[]])[],
): void {
  writeFixedList(out, bytesOf(Int32Array.from(elements, ([id]) => id)), 4, false);
}

function writeElementBitmaps(
  out: ByteWriter,
  elements: readonly (readonly [number, readonly number[]])[],
  context: WriteContext,
): void {
  const list = new IndexedWriter(out, elements.length, false);
  for (const [, rows] of elements) {
    list.beginEntry();
    writeBitmap(out, Uint32Array.from(rows), 0, rows.length, context);
    list.endEntry();
  }
  list.finish();
}

function writeVariant(name: string, field: FieldValues, context: WriteContext, emit: Emit): void {
  const numbers = new ValueNumbers([field]);
  const ids = idsOf(field, numbers, context.rowCount);
  const elements = elementsOf(field, numbers);
  writeDictionaries(name, numbers, context, emit);
  file(emit, `${name}.__arrayElementDictionary`, (out) => writeElementList(out, elements));
  file(emit, `${name}.__encodedColumn`, (out) =>
    writeIds(out, ids, numbers.count, idCodec(context), context),
  );
  file(emit, `${name}.__valueIndexes`, (out) => writeBitmapIndex(out, { ids }, numbers.count, context));
  file(emit, `${name}.__arrayElementIndexes`, (out) => writeElementBitmaps(out, elements, context));
}

function writeDocuments(source: NestedSource, context: WriteContext, emit: Emit): void {
  const { name, values } = source;
  const exact = source.exactNumbers === true;
  const found = new Map<string, FieldValues>();
  const nulls: number[] = [];
  values.forEach((value, row) => {
    if (value === null) nulls.push(row);
    else cutDocument(found, row, value, exact);
  });
  const fields = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [, field] of fields) settleTypes(field);
  const shape = { name, logicalType: 'COMPLEX<json>', hasNulls: nulls.length > 0, isVariantType: false };
  const main = beginMain(shape, context);
  writeDictionary(
    main,
    fields.map(([path]) => path),
    {},
    true,
  );
  for (const [, field] of fields) main.u8(field.types);
  emit(name, main.written());
  const numbers = new ValueNumbers(fields.map(([, field]) => field));
  writeDictionaries(name, numbers, context, emit);
  writeRaw(`${name}.__raw`, values, exact, context, emit);
  if (nulls.length > 0) {
    file(emit, `${name}.__nullIndex`, (out) => {
      out.i32(0);
      writeBitmap(out, Uint32Array.from(nulls), 0, nulls.length, context);
      out.buffer.writeInt32BE(out.length - 4, 0);
    });
  }
  fields.forEach(([, field], i) => {
    file(emit, `${name}.__field_${i}`, (out) => writeField(out, field, numbers, context));
  });
}

function writeField(out: ByteWriter, field: FieldValues, numbers: ValueNumbers, context: WriteContext): void {
  const ids = idsOf(field, numbers, context.rowCount);
  const local = Uint32Array.from(new Set(ids)).sort();
  const position = new Map([...local].map((id, i) => [id, i]));
  const localIds = ids.map((id) => position.get(id) as number);
  out.u8(2);
  out.i32(0);
  writeFixedList(out, bytesOf(local), 4, false);
  const { types } = field;
  const numberOut = new ByteWriter(1024);
  const kind = types === typeBits.long ? 'long' : types === typeBits.double ? 'double' : undefined;
  if (kind !== undefined) writeFieldNumbers(numberOut, field, kind, context);
  out.i32le(kind === 'long' ? numberOut.length : 0);
  out.i32le(kind === 'double' ? numberOut.length : 0);
  out.bytes(numberOut.written());
  writeIds(out, localIds, local.length, idCodec(context), context);
  writeBitmapIndex(out, { ids: localIds }, local.length, context);
  const elements = (types & scalarBits) === 0 && isOneType(types) ? elementsOf(field, numbers) : [];
  if (elements.length > 0) {
    writeElementList(out, elements);
    writeElementBitmaps(out, elements, context);
  }
}

/** Documents as a blob set; a null row is a blob of no bytes. */
function writeRaw(
  name: string,
  values: readonly JsonValue[],
  exact: boolean,
  context: WriteContext,
  emit: Emit,
): void {
  const data = new ByteWriter(1 << 16);
  const ends = new BigInt64Array(values.length);
  values.forEach((value, row) => {
    if (value !== null) encodeSmile(data, exactDocument(value, exact));
    ends[row] = BigInt(data.length);
  });
  const codec = context.options.jsonCompression ?? 'lz4';
  writeBlobs(name, { data: data.written(), ends }, codec, context, emit, new ByteWriter(4096));
}
