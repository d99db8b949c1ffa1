/** json and auto columns (`nestedCommonFormat`): scalar, variant and nested layouts. */
import { CodedError } from '../../proto/errors.js';
import { Cursor } from '../format/bytes.js';
import { bitmapOf, type DescriptorPart } from '../format/descriptor.js';
import { readDictionary, type StringDictionary } from '../format/dictionary.js';
import { readIndexed } from '../format/indexed.js';
import { exactJsonText } from '../format/json.js';
import { decodeSmile } from '../format/smile.js';
import type { CastType, JsonValue } from '../write/source.js';
import { openBlobs } from './blobs.js';
import { readDoubleList, readLongList } from '../format/fixed-list.js';
import { Batches } from './blocks.js';
import { auditable } from './nested-audit.js';
import { readComplexHead } from './complex.js';
import { corruptIn, cursorOf, holderOf, opener, type ColumnFile, type ReadContext } from './column-file.js';
import {
  arrayColumn,
  GlobalValues,
  JsonColumn,
  localValue,
  MixedDoubleColumn,
  MixedStringColumn,
  readLocalList,
  valueBitset,
  type ValueIds,
} from './nested-values.js';
import { normalisedPath } from './nested-old.js';
import { pathSteps, rebuild } from './nested-rebuild.js';
import { jsonReader } from './plain-values.js';
import { nullBitset, NumberColumn, readNumbers, type BitmapKind } from './numbers.js';
import { readIds, StringColumn } from './strings.js';
import type { ColumnView } from './view.js';

/** Bits of a type set. */
export const typeBits = {
  string: 1,
  long: 4,
  double: 8,
  stringArray: 16,
  longArray: 32,
  doubleArray: 64,
} as const;
const arrayBits = typeBits.stringArray | typeBits.longArray | typeBits.doubleArray;

export interface NestedField {
  /** Normalised path, e.g. `$.a.b[0]`. */
  readonly path: string;
  readonly types: number;
  /** Its internal file. */
  readonly file: string;
}

interface Layout {
  readonly base: string;
  readonly part: DescriptorPart;
  readonly bitmap: BitmapKind;
  readonly bigEndian: boolean;
}

function toBytes(value: JsonValue): Uint8Array {
  return Buffer.from(exactJsonText(value), 'utf8');
}

/** The body of a `nestedCommonFormat` part. */
export function openNestedColumn(
  cursor: Cursor,
  context: ReadContext,
  file: ColumnFile,
  part: DescriptorPart,
): ColumnView {
  const version = cursor.u8('nested version');
  if (version !== 0) throw cursor.fail(`nested column of unknown version[${version}]`, cursor.at - 1);
  const base = cursor.text(cursor.vbyte('base name length'), 'base name');
  const layout = { base, part, bitmap: bitmapOf(part), bigEndian: part.byteOrder === 'BIG_ENDIAN' };
  const column = openLayout(cursor, context, file, layout);
  const castTo = castTypes.find((type) => type === part.logicalType);
  if (part.enforceLogicalType === true && castTo !== undefined) enforced.set(column, castTo);
  return column;
}

const castTypes: readonly CastType[] = [
  'STRING',
  'LONG',
  'DOUBLE',
  'ARRAY<STRING>',
  'ARRAY<LONG>',
  'ARRAY<DOUBLE>',
];
const enforced = new WeakMap<ColumnView, CastType>();

/** The type that the schema demanded of an auto column. */
export function enforcedType(column: ColumnView): CastType | undefined {
  return enforced.get(column);
}

function openLayout(cursor: Cursor, context: ReadContext, file: ColumnFile, layout: Layout): ColumnView {
  const { part } = layout;
  const logical = part.logicalType ?? '';
  if (part.isVariantType === true || logical.startsWith('ARRAY<'))
    return openVariant(context, layout, logical);
  switch (logical) {
    case 'STRING':
      return openScalarString(context, layout);
    case 'LONG':
    case 'DOUBLE':
      return openScalarNumber(context, layout, logical === 'LONG' ? 'long' : 'double');
    case 'COMPLEX<json>':
      return openDocuments(cursor, context, file, layout);
    default:
      throw new CodedError('Unsupported', `column[${file.place.column}] has the logical type[${logical}]`);
  }
}

function openScalarString(context: ReadContext, layout: Layout): StringColumn {
  const { base } = layout;
  const dictionaryFile = context.open(`${base}.__stringDictionary`);
  const dictionary = readDictionary(cursorOf(dictionaryFile), opener(context), {
    bigEndian: layout.bigEndian,
  });
  const idFile = context.open(`${base}.__encodedColumn`);
  const shape = {
    count: context.rowCount,
    cardinality: dictionary.count,
    bigEndian: layout.bigEndian,
    asInts: false,
  };
  const ids = readIds(cursorOf(idFile), context, idFile, shape);
  const bitmapFile = context.open(`${base}.__valueIndexes`);
  return new StringColumn(context, idFile, {
    dictionary,
    rowsHaveNulls: layout.part.hasNulls === true,
    single: ids.source,
    multi: undefined,
    bitmaps: readIndexed(cursorOf(bitmapFile), opener(context), 'value indexes'),
    bitmapFile,
    bitmapKind: layout.bitmap,
    compression: ids.compression,
    storedWidth: ids.storedWidth,
    isAuto: true,
  });
}

function openScalarNumber(context: ReadContext, layout: Layout, kind: 'long' | 'double'): NumberColumn {
  const { base, bitmap } = layout;
  const file = context.open(`${base}.__${kind}Column`);
  const numbers = readNumbers(cursorOf(file), context, file, { kind, bigEndian: layout.bigEndian });
  const batches = new Batches(context, file, numbers.source, kind);
  const ids = () => scalarIds(context, layout, kind);
  if (layout.part.hasNulls !== true)
    return auditable(new NumberColumn(kind, numbers, batches, undefined, true), ids);
  const nullBits = () => {
    const bitmapFile = context.open(`${base}.__valueIndexes`);
    const extent = readIndexed(cursorOf(bitmapFile), opener(context), 'value indexes').locate(0);
    const { start, length } = extent;
    const holder = holderOf(context, bitmapFile, extent);
    return nullBitset(context, file, { file: holder, start, length, kind: bitmap });
  };
  return auditable(new NumberColumn(kind, numbers, batches, nullBits, true), ids);
}

/** The ids, dictionary and bitmaps of a column of numbers, which queries don't need. */
function scalarIds(context: ReadContext, layout: Layout, kind: 'long' | 'double'): ValueIds {
  const { base, bigEndian } = layout;
  const file = context.open(`${base}.__encodedColumn`);
  const cursor = cursorOf(context.open(`${base}.__${kind}Dictionary`));
  const list = kind === 'long' ? readLongList(cursor, bigEndian) : readDoubleList(cursor, bigEndian);
  const shape = { count: context.rowCount, cardinality: list.count, bigEndian, asInts: true };
  const bitmapFile = context.open(`${base}.__valueIndexes`);
  return {
    context,
    file,
    ids: readIds(cursorOf(file), context, file, shape).source,
    cardinality: list.count,
    value: (id) => list.at(id),
    bitmaps: readIndexed(cursorOf(bitmapFile), opener(context), 'value indexes'),
    bitmapFile,
    bitmapKind: layout.bitmap,
    hasNulls: layout.part.hasNulls === true,
  };
}

function openVariant(context: ReadContext, layout: Layout, logical: string): ColumnView {
  const { base } = layout;
  const values = new GlobalValues(context, base, layout.bigEndian);
  const idFile = context.open(`${base}.__encodedColumn`);
  const shape = {
    count: context.rowCount,
    cardinality: values.count,
    bigEndian: layout.bigEndian,
    asInts: true,
  };
  const bitmapFile = context.open(`${base}.__valueIndexes`);
  const ids: ValueIds = {
    context,
    file: idFile,
    ids: readIds(cursorOf(idFile), context, idFile, shape).source,
    cardinality: values.count,
    value: (id) => values.value(id),
    bitmaps: readIndexed(cursorOf(bitmapFile), opener(context), 'value indexes'),
    bitmapFile,
    bitmapKind: layout.bitmap,
    hasNulls: layout.part.hasNulls === true,
  };
  return viewOf(logical, ids, layout.part.isVariantType);
}

function viewOf(logical: string, of: ValueIds, isMixed = false): ColumnView {
  if (logical === 'STRING') return auditable(new MixedStringColumn(of), () => of);
  if (logical === 'DOUBLE' || logical === 'LONG') return auditable(new MixedDoubleColumn(of), () => of);
  return auditable(arrayColumn(of, logical, toBytes, isMixed), () => of);
}

function openDocuments(cursor: Cursor, context: ReadContext, file: ColumnFile, layout: Layout): NestedColumn {
  const { bigEndian } = layout;
  const names = readDictionary(cursor, opener(context), { mayBeEmpty: true, bigEndian });
  const fields = Array.from({ length: names.count }, (_, i): NestedField => {
    const file = `${layout.base}.__field_${i}`;
    return { path: names.value(i) ?? '', types: cursor.u8('field types'), file };
  });
  return new NestedColumn(context, file, layout, fields);
}

const jqForm = 3;

/**
 * The body of a `complex` part of type json, as Druid 24 to 27 wrote it: form 3 with paths in jq's spelling and fields
 * in files named after them, form 4 without arrays, form 5 with them. A column of plain values is read as their type.
 */
export function openOldDocuments(cursor: Cursor, context: ReadContext, file: ColumnFile): ColumnView {
  const form = cursor.u8('json form');
  if (form < 3 || form > 5) throw cursor.fail(`json of unknown form[${form}]`, cursor.at - 1);
  const { base, bitmap, bigEndian, hasNulls } = readComplexHead(cursor);
  const layout: Layout = { base, bitmap, bigEndian, part: { type: 'complex', hasNulls } };
  const start = cursor.at;
  const names = readDictionary(cursor, opener(context), { mayBeEmpty: true, bigEndian });
  const fields = Array.from({ length: names.count }, (_, i): NestedField => {
    const name = names.value(i) ?? '';
    const path = form === jqForm ? normalisedPath(name) : name;
    if (path === undefined) throw cursor.fail(`field path[${name}]`, start);
    const own = form === jqForm ? `${base}_${name}` : `${base}.__field_${i}`;
    return { path, types: cursor.u8('field types'), file: own };
  });
  const documents = new NestedColumn(context, file, layout, fields);
  const isPlain = fields.length === 1 && fields[0]?.path === '$';
  return (isPlain ? documents.field('$') : undefined) ?? documents;
}

function rawDocuments(context: ReadContext, layout: Layout): (row: number) => JsonValue {
  const name = `${layout.base}.__raw`;
  const blobs = openBlobs(context, name, layout.bigEndian);
  const { place } = context.open(name);
  return (row) => {
    const bytes = blobs.blob(row);
    return bytes.length === 0 ? null : decodeSmile(new Cursor(bytes, place));
  };
}

/** Documents from their fields; a row without any is empty unless the null index names it. */
function rebuiltDocuments(
  context: ReadContext,
  file: ColumnFile,
  layout: Layout,
  fields: readonly NestedField[],
  column: (path: string) => ColumnView | undefined,
): (row: number) => JsonValue {
  const steps = fields.map((field) => {
    const found = pathSteps(field.path);
    if (found === undefined) throw corruptIn(file, 0, `field path[${field.path}]`);
    return found;
  });
  const isNull = nullTest(context, layout);
  let readers: ((row: number) => JsonValue)[] | undefined;
  return (row) => {
    if (isNull(row)) return null;
    readers ??= fields.map(({ path }) => jsonReader(column(path), context.kernels.arena, context.rowCount));
    const found: [steps: (string | number)[], value: JsonValue][] = [];
    readers.forEach((read, i) => {
      const value = read(row);
      if (value !== null) found.push([steps[i] as (string | number)[], value]);
    });
    return rebuild(found, (what) => corruptIn(file, 0, what));
  };
}

function nullTest(context: ReadContext, layout: Layout): (row: number) => boolean {
  const file = context.find(`${layout.base}.__nullIndex`);
  if (file === undefined) return () => false;
  const cursor = cursorOf(file);
  const length = cursor.count('null bitmap length');
  const start = cursor.skip(length, 'null bitmap');
  const bits = nullBitset(context, file, { file, start, length, kind: layout.bitmap });
  const nulls = context.kernels.arena.bytes(bits, Math.ceil(context.rowCount / 8));
  return (row) => (((nulls[row >>> 3] as number) >>> (row & 7)) & 1) === 1;
}

/** A json column: whole documents, and each field as a column of its own. */
export class NestedColumn extends JsonColumn {
  readonly fields: readonly NestedField[];
  readonly #context: ReadContext;
  readonly #layout: Layout;
  readonly #columns = new Map<string, ColumnView>();
  #values: GlobalValues | undefined;

  constructor(context: ReadContext, file: ColumnFile, layout: Layout, fields: readonly NestedField[]) {
    const isRaw = layout.part.columnFormatSpec?.objectStorageEncoding?.toLowerCase() !== 'none';
    const read = isRaw
      ? rawDocuments(context, layout)
      : rebuiltDocuments(context, file, layout, fields, (path) => this.field(path));
    super('json', read, toBytes, layout.part.hasNulls === true);
    this.#context = context;
    this.#layout = layout;
    this.fields = fields;
  }

  /** The values at a path; undefined when no row has any. */
  field(path: string): ColumnView | undefined {
    const field = this.fields.find((one) => one.path === path);
    if (field === undefined) return undefined;
    let column = this.#columns.get(path);
    if (column === undefined) {
      this.#values ??= new GlobalValues(this.#context, this.#layout.base, this.#layout.bigEndian);
      column = openField(this.#context, this.#layout, this.#values, field);
      this.#columns.set(path, column);
    }
    return column;
  }
}

/** The plainest type that holds all of a type set, as Druid names it. */
export function logicalTypeOf(types: number): string {
  const isArray = (types & arrayBits) !== 0;
  const has = (scalar: number, array: number) => (types & (scalar | array)) !== 0;
  const element = has(typeBits.string, typeBits.stringArray)
    ? 'STRING'
    : has(typeBits.double, typeBits.doubleArray)
      ? 'DOUBLE'
      : 'LONG';
  return isArray ? `ARRAY<${element}>` : element;
}

function openField(
  context: ReadContext,
  layout: Layout,
  values: GlobalValues,
  field: NestedField,
): ColumnView {
  const file = context.open(field.file);
  const cursor = cursorOf(file);
  const version = cursor.u8('field version');
  if (version !== 0 && version !== 2) throw cursor.fail(`field of unknown version[${version}]`, 0);
  cursor.i32('field flags');
  const list = readLocalList(file, cursor, layout.bigEndian);
  if (list.count === 0) throw cursor.fail('a field has no values');
  const hasNulls = list.at(0) === 0;
  const longBytes = cursor.i32in(layout.bigEndian, 'long values length');
  const doubleBytes = cursor.i32in(layout.bigEndian, 'double values length');
  const numbersAt = cursor.skip(longBytes, 'long values');
  const doublesAt = cursor.skip(doubleBytes, 'double values');
  const idShape = { count: context.rowCount, cardinality: list.count, bigEndian: layout.bigEndian };
  const isString = field.types === typeBits.string;
  const ids = readIds(cursor, context, file, { ...idShape, asInts: !isString });
  const kind =
    field.types === typeBits.long ? 'long' : field.types === typeBits.double ? 'double' : undefined;
  const value = localValue(values, list);
  const indexes = readFieldIndexes(cursor, context, layout, kind);
  const of: ValueIds = {
    context,
    file,
    ids: ids.source,
    cardinality: list.count,
    value,
    bitmaps: indexes.bitmaps,
    bitmapFile: file,
    bitmapKind: layout.bitmap,
    hasNulls,
  };
  if (kind !== undefined) {
    const at = kind === 'long' ? numbersAt : doublesAt;
    const part = new Cursor(file.bytes, file.place, at, at + (kind === 'long' ? longBytes : doubleBytes));
    const numbers = readNumbers(part, context, file, { kind, bigEndian: layout.bigEndian });
    const batches = new Batches(context, file, numbers.source, kind);
    const { nulls } = indexes;
    const nullBits =
      nulls === undefined
        ? () => valueBitset(of, 0)
        : () => nullBitset(context, file, { ...nulls, file, kind: layout.bitmap });
    const column = new NumberColumn(kind, numbers, batches, hasNulls ? nullBits : undefined, false, true);
    return auditable(column, () => of);
  }
  if (!isString) return viewOf(logicalTypeOf(field.types), of);
  const dictionary: StringDictionary = {
    count: list.count,
    hasNull: hasNulls,
    value: (id) => values.strings.value(list.at(id) ?? 0),
  };
  return new StringColumn(context, file, {
    dictionary,
    rowsHaveNulls: hasNulls,
    single: ids.source,
    multi: undefined,
    bitmaps: indexes.bitmaps,
    bitmapFile: file,
    bitmapKind: layout.bitmap,
    compression: ids.compression,
    storedWidth: ids.storedWidth,
  });
}

/** Per value a bitmap, or only the null rows. */
function readFieldIndexes(
  cursor: Cursor,
  context: ReadContext,
  layout: Layout,
  kind: 'long' | 'double' | undefined,
) {
  const spec = layout.part.columnFormatSpec;
  const type =
    kind === 'long'
      ? spec?.longFieldBitmapIndexType
      : kind === 'double'
        ? spec?.doubleFieldBitmapIndexType
        : undefined;
  if (type?.type === 'nullValueIndex') {
    const length = cursor.count('null bitmap length');
    return { bitmaps: undefined, nulls: { start: cursor.skip(length, 'null bitmap'), length } };
  }
  return { bitmaps: readIndexed(cursor, opener(context), 'field indexes'), nulls: undefined };
}
