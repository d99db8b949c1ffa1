/**
 * String columns that are made, not stored: values per row interned, values of another column's dictionary replaced,
 * and one value for all rows.
 */
import { CodedError } from '../../../proto/errors.js';
import { BATCH_ROWS, type StringColumnView } from '../../../segment/read/view.js';
import { compareText } from '../../sort/comparators.js';
import type { Environment } from '../environment.js';

type Text = string | null;

/** null first, then UTF-16 order. */
function compareTexts(a: Text, b: Text): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return compareText(a, b);
}

/** What the views here have in common: a dictionary in JavaScript memory and ids of four bytes. */
abstract class MadeColumn {
  readonly kind = 'string';
  readonly isMade = true;
  readonly idWidth = 4;
  readonly #idOf: ReadonlyMap<Text, number>;
  protected readonly values: readonly Text[];
  readonly dictionarySorted: boolean;

  constructor(values: readonly Text[], dictionarySorted: boolean) {
    this.values = values;
    this.dictionarySorted = dictionarySorted;
    this.#idOf = new Map(values.map((value, id) => [value, id]));
  }

  get cardinality(): number {
    return this.values.length;
  }
  value(id: number): Text {
    return this.values[id] ?? null;
  }
  idOf(value: Text): number {
    return this.#idOf.get(value) ?? -1;
  }
  lowerBoundId(value: string): number {
    let low = 0;
    let high = this.values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareTexts(this.values[middle] ?? null, value) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Rows of one batch as several ids a row, written to scratch memory. */
class MultiBuffer {
  readonly #environment: Environment;
  readonly #offsets: number;
  #ids = 0;
  #room = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#offsets = environment.scratch.take((BATCH_ROWS + 1) * 4);
  }

  fill(offsets: Uint32Array, ids: Uint32Array): { offsets: number; ids: number } {
    const { scratch } = this.#environment;
    if (ids.length > this.#room || this.#ids === 0) {
      if (this.#ids !== 0) scratch.give(this.#ids);
      this.#room = Math.max(ids.length, BATCH_ROWS);
      this.#ids = scratch.take(this.#room * 4);
    }
    scratch.arena.u32(this.#offsets, offsets.length).set(offsets);
    scratch.arena.u32(this.#ids, ids.length).set(ids);
    return { offsets: this.#offsets, ids: this.#ids };
  }
}

/** Of the different texts that are computed for one column of a segment. */
const mostCharacters = 256_000_000;

/** Counts the texts that a column is made of. */
class TextCount {
  #characters = 0;
  /** Throws LimitExceeded. */
  add(text: Text | undefined): void {
    this.#characters += text?.length ?? 0;
    if (this.#characters <= mostCharacters) return;
    throw new CodedError(
      'LimitExceeded',
      `the texts computed for a column of a segment have more than ${mostCharacters} characters`,
    );
  }
}

/** Collects values row by row, from row 0 on. */
export class StringRows {
  readonly #values: Text[] = [];
  readonly #idOf = new Map<Text, number>();
  readonly #offsets: Uint32Array;
  #ids: Uint32Array;
  #count = 0;
  #row = 0;
  #isMulti: boolean;
  readonly #size = new TextCount();

  /** `isMulti`: the column has several values a row even if none shows. */
  constructor(rows: number, isMulti: boolean) {
    this.#offsets = new Uint32Array(rows + 1);
    this.#ids = new Uint32Array(rows);
    this.#isMulti = isMulti;
  }

  add(value: Text): void {
    this.#put(this.#id(value));
    this.#end();
  }

  addAll(values: readonly Text[]): void {
    if (values.length !== 1) this.#isMulti = true;
    for (const value of values) this.#put(this.#id(value));
    this.#end();
  }

  column(environment: Environment): StringColumnView {
    const ids = this.#ids.subarray(0, this.#count);
    return this.#isMulti
      ? new MultiRowsColumn(environment, this.#values, this.#offsets, ids)
      : new RowsColumn(environment, this.#values, ids);
  }

  #id(value: Text): number {
    let id = this.#idOf.get(value);
    if (id === undefined) {
      this.#size.add(value);
      id = this.#values.length;
      this.#values.push(value);
      this.#idOf.set(value, id);
    }
    return id;
  }

  #put(id: number): void {
    if (this.#count === this.#ids.length) {
      const ids = new Uint32Array(Math.max(1024, this.#count * 2));
      ids.set(this.#ids);
      this.#ids = ids;
    }
    this.#ids[this.#count++] = id;
  }

  #end(): void {
    this.#offsets[++this.#row] = this.#count;
  }
}

function withoutBitmaps(): never {
  throw new Error('this column has no bitmaps');
}

class RowsColumn extends MadeColumn implements StringColumnView {
  readonly hasMultipleValues = false;
  readonly hasBitmaps = false;
  readonly orBitmap = withoutBitmaps;
  readonly #environment: Environment;
  readonly #ids: Uint32Array;
  readonly #out: number;

  constructor(environment: Environment, values: readonly Text[], ids: Uint32Array) {
    super(values, false);
    this.#environment = environment;
    this.#ids = ids;
    this.#out = environment.scratch.take(BATCH_ROWS * 4);
  }
  get hasNulls(): boolean {
    return this.idOf(null) >= 0;
  }
  batch(start: number): number {
    const part = this.#ids.subarray(start, start + BATCH_ROWS);
    this.#environment.scratch.arena.u32(this.#out, part.length).set(part);
    return this.#out;
  }
  multiBatch(): never {
    throw new Error('this column has one value a row');
  }
}

class MultiRowsColumn extends MadeColumn implements StringColumnView {
  readonly hasMultipleValues = true;
  readonly hasNulls = true;
  readonly hasBitmaps = false;
  readonly orBitmap = withoutBitmaps;
  readonly #offsets: Uint32Array;
  readonly #ids: Uint32Array;
  readonly #buffer: MultiBuffer;

  constructor(environment: Environment, values: readonly Text[], offsets: Uint32Array, ids: Uint32Array) {
    super(values, false);
    this.#offsets = offsets;
    this.#ids = ids;
    this.#buffer = new MultiBuffer(environment);
  }
  batch(): never {
    throw new Error('this column has several values a row');
  }
  multiBatch(start: number): { offsets: number; ids: number } {
    const ends = this.#offsets.slice(start, start + BATCH_ROWS + 1);
    const from = ends[0] ?? 0;
    const to = ends.at(-1) ?? from;
    for (let i = 0; i < ends.length; i++) ends[i] = (ends[i] ?? 0) - from;
    return this.#buffer.fill(ends, this.#ids.subarray(from, to));
  }
}

/** A value for each value, or undefined: the value is taken out of its row. */
export type ValueMap = (value: Text, number?: bigint | number) => Text | undefined;

const dropped = 0xffffffff;

interface Mapping {
  readonly values: readonly Text[];
  /** By the base's id; one more for rows without any id. */
  readonly ids: Uint32Array;
  readonly drops: boolean;
}

function mappingOf(base: StringColumnView, map: ValueMap, keepsEmpty: boolean): Mapping {
  const { cardinality } = base;
  const texts: (Text | undefined)[] = [];
  const size = new TextCount();
  for (let id = 0; id < cardinality; id++) {
    const text = map(base.value(id));
    size.add(text);
    texts.push(text);
  }
  texts.push(keepsEmpty ? undefined : map(null));
  const values = [...new Set(texts)].filter((value) => value !== undefined).sort(compareTexts);
  const idOf = new Map(values.map((value, id) => [value, id]));
  const ids = Uint32Array.from(texts, (text) => (text === undefined ? dropped : (idOf.get(text) ?? dropped)));
  // What rows without ids would become only counts where there can be such rows.
  const seen = base.hasMultipleValues ? ids : ids.subarray(0, cardinality);
  return { values, ids, drops: seen.includes(dropped) };
}

/**
 * A column with every value of `base` replaced; the map is asked once for each entry of its dictionary. Rows without
 * values are null to the map, or stay what they are.
 */
export function mapStrings(
  environment: Environment,
  base: StringColumnView,
  map: ValueMap,
  keepsEmpty = false,
): StringColumnView {
  const mapping = mappingOf(base, map, keepsEmpty);
  if (base.hasMultipleValues || mapping.drops) return new MultiMappedColumn(environment, base, mapping);
  return new MappedColumn(environment, base, mapping);
}

class MappedColumn extends MadeColumn implements StringColumnView {
  readonly hasMultipleValues = false;
  readonly hasBitmaps: boolean;
  readonly #environment: Environment;
  readonly #base: StringColumnView;
  readonly #table: number;
  readonly #mapped: Uint32Array;
  readonly #ids: number;
  readonly #out: number;
  #sources: number[][] | undefined;

  constructor(environment: Environment, base: StringColumnView, mapping: Mapping) {
    super(mapping.values, true);
    const { scratch } = environment;
    this.#environment = environment;
    this.#base = base;
    this.hasBitmaps = base.hasBitmaps;
    this.#mapped = mapping.ids.subarray(0, base.cardinality);
    this.#table = scratch.take(base.cardinality * 4 + 4);
    scratch.arena.u32(this.#table, base.cardinality).set(this.#mapped);
    this.#ids = scratch.take(BATCH_ROWS * 4);
    this.#out = scratch.take(BATCH_ROWS * 4);
  }
  get hasNulls(): boolean {
    return this.idOf(null) >= 0;
  }
  batch(start: number): number {
    const { kernels, segment } = this.#environment;
    const rows = Math.min(BATCH_ROWS, segment.rowCount - start);
    kernels.idsWiden(this.#base.batch(start), this.#base.idWidth, rows, this.#ids);
    kernels.gather32(this.#table, this.#ids, rows, this.#out);
    return this.#out;
  }
  orBitmap(id: number, bits: number, from?: number, to?: number): void {
    this.#sources ??= sourcesOf(this.#mapped, this.cardinality);
    for (const source of this.#sources[id] ?? []) this.#base.orBitmap(source, bits, from, to);
  }
  multiBatch(): never {
    throw new Error('this column has one value a row');
  }
}

/** The base's ids behind each new id. */
function sourcesOf(mapped: Uint32Array, cardinality: number): number[][] {
  const sources = Array.from({ length: cardinality }, (): number[] => []);
  mapped.forEach((id, source) => sources[id]?.push(source));
  return sources;
}

class MultiMappedColumn extends MadeColumn implements StringColumnView {
  readonly hasMultipleValues = true;
  readonly hasNulls = true;
  readonly hasBitmaps = false;
  readonly orBitmap = withoutBitmaps;
  readonly #environment: Environment;
  readonly #base: StringColumnView;
  readonly #mapped: Uint32Array;
  readonly #buffer: MultiBuffer;
  readonly #widened: number;

  constructor(environment: Environment, base: StringColumnView, mapping: Mapping) {
    super(mapping.values, true);
    this.#environment = environment;
    this.#base = base;
    this.#mapped = mapping.ids;
    this.#buffer = new MultiBuffer(environment);
    this.#widened = environment.scratch.take(BATCH_ROWS * 4);
  }
  batch(): never {
    throw new Error('this column has several values a row');
  }
  multiBatch(start: number): { offsets: number; ids: number } {
    const rows = Math.min(BATCH_ROWS, this.#environment.segment.rowCount - start);
    const { ends, ids } = this.#baseIds(start, rows);
    const without = this.#mapped[this.#base.cardinality] ?? dropped;
    const out = new Uint32Array(ids.length + rows);
    const offsets = new Uint32Array(rows + 1);
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const from = ends?.[row] ?? row;
      const to = ends?.[row + 1] ?? row + 1;
      if (from === to && without !== dropped) out[count++] = without;
      for (let at = from; at < to; at++) {
        const id = this.#mapped[ids[at] ?? 0] ?? dropped;
        if (id !== dropped) out[count++] = id;
      }
      offsets[row + 1] = count;
    }
    return this.#buffer.fill(offsets, out.subarray(0, count));
  }

  #baseIds(start: number, rows: number): { ends: Uint32Array | undefined; ids: Uint32Array } {
    const { kernels, scratch } = this.#environment;
    const { arena } = scratch;
    if (!this.#base.hasMultipleValues) {
      kernels.idsWiden(this.#base.batch(start), this.#base.idWidth, rows, this.#widened);
      return { ends: undefined, ids: arena.u32(this.#widened, rows) };
    }
    const block = this.#base.multiBatch(start);
    const ends = arena.u32(block.offsets, rows + 1);
    return { ends, ids: arena.u32(block.ids, ends[rows] ?? 0) };
  }
}

/** One value in every row. */
export class ConstantColumn extends MadeColumn implements StringColumnView {
  readonly hasMultipleValues = false;
  readonly hasBitmaps = true;
  readonly hasNulls: boolean;
  readonly #environment: Environment;
  readonly #out: number;

  constructor(environment: Environment, value: Text) {
    super([value], true);
    this.#environment = environment;
    this.hasNulls = value === null;
    this.#out = environment.scratch.takeZeroed(BATCH_ROWS * 4);
  }
  batch(): number {
    return this.#out;
  }
  orBitmap(_id: number, bits: number): void {
    const { kernels, segment } = this.#environment;
    kernels.bitsFillRange(bits, 0, segment.rowCount, 1);
  }
  multiBatch(): never {
    throw new Error('this column has one value a row');
  }
}
