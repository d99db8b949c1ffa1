/** Columns of a result: what stands in a row, as a value and as JSON. Frame columns and post-aggregators are both. */
import { exactJsonText } from '../../segment/format/json.js';
import { timedKindOf, timedTime, timedValue, type TimedKind } from '../../segment/format/timed-values.js';
import { type Dictionary, type Frame, type FrameColumn, mixedType } from '../frame.js';
import { compareDoubles } from '../expression/operators.js';
import { listOrder } from '../expression/value-order.js';
import { bestEffort, type ExprType, type Json, nullValue, type Value } from '../expression/value.js';
import { doubleJson, doubleText, floatJson, floatText } from '../json/java-number.js';
import { parseJson } from '../json/parse.js';
import { jsonString } from '../json/write.js';
import { compareText } from '../sort/comparators.js';

/** LONG = bigint, DOUBLE and FLOAT = number, STRING = string. */
export type Cell = bigint | number | string | null;
export type CellType = 'LONG' | 'DOUBLE' | 'FLOAT' | 'STRING' | 'ARRAY' | 'COMPLEX';

/** Values that are written as their type is: longs and doubles as numbers, texts in quotes, instants as ISO text in UTC. */
export type PlainValues =
  | Extract<FrameColumn, { type: 'LONG' | 'DOUBLE' | 'STRING' }>
  | { readonly type: 'INSTANT'; readonly values: BigInt64Array; readonly nulls?: Uint8Array }
  /** Doubles that are worked out row by row. */
  | { readonly type: 'COMPUTED'; readonly at: (row: number) => number | null };

/** JSON text of one row's value. */
export interface RowJson {
  (row: number): string;
  /** It is that of these values. */
  readonly plain?: PlainValues;
}

export interface Output {
  readonly name: string;
  readonly type: CellType;
  /** Null for a null and for arrays and complex values, which only have JSON. */
  at(row: number): Cell;
  readonly json: RowJson;
  /** Of an aggregator: JSON text of its state, where that is another. */
  rawJson?(row: number): string;
  /** Where `at` does not tell all: what the value is declared to be, and the value as expressions see it. */
  readonly exprType?: ExprType;
  value?(row: number): Value;
  /** Order of two rows' values, where `at` does not tell them. */
  compare?(a: number, b: number): number;
}

/** Printed by the aggregator's state; its value stays what others compute with. */
export function rawOutput(output: Output): Output {
  return output.rawJson === undefined
    ? output
    : { ...output, json: (row) => output.rawJson?.(row) ?? output.json(row) };
}

/** The column of that name, or one of nulls. */
export function frameOutput(frame: Frame, name: string, as = name): Output {
  const column = frame.columns.find((each) => each.name === name);
  return column === undefined ? nullOutput(as) : columnOutput(column, as);
}

export function nullOutput(name: string): Output {
  return { name, type: 'STRING', at: () => null, json: () => 'null' };
}

/** `json` writes just what stands in `plain`. */
export const plainJson = (plain: PlainValues, json: (row: number) => string): RowJson =>
  Object.assign(json, { plain });

function nullTest(nulls: Uint8Array | undefined): (row: number) => boolean {
  if (nulls === undefined || nulls.length === 0) return () => false;
  return (row) => (((nulls[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

export function columnOutput(column: FrameColumn, name = column.name): Output {
  const isNull = nullTest(column.nulls);
  switch (column.type) {
    case 'LONG': {
      const { values } = column;
      const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
      return {
        name,
        type: 'LONG',
        at: (row) => (isNull(row) ? null : (values[row] ?? null)),
        json: plainJson(column, (row) => (isNull(row) ? 'null' : longText(values, halves, row))),
      };
    }
    case 'DOUBLE':
    case 'FLOAT': {
      const { values } = column;
      const text = column.type === 'FLOAT' ? floatJson : doubleJson;
      const json = (row: number): string => (isNull(row) ? 'null' : text(values[row] ?? 0));
      return {
        name,
        type: column.type,
        at: (row) => (isNull(row) ? null : (values[row] ?? null)),
        json: column.type === 'DOUBLE' ? plainJson(column, json) : json,
      };
    }
    case 'STRING': {
      const { values } = column;
      const entries = new Entries(column.dictionary);
      return {
        name,
        type: 'STRING',
        at: (row) => (isNull(row) ? null : entries.text(values[row] ?? 0)),
        json: plainJson(column, (row) => (isNull(row) ? 'null' : entries.quoted(values[row] ?? 0))),
      };
    }
    case 'STRING_ARRAY':
      return arrayOutput(column, name, isNull);
    case 'COMPLEX': {
      const { values, dictionary, complexType } = column;
      // Documents and arrays are carried as their JSON text.
      const isJson = complexType === 'json' || complexType === mixedType || complexType.startsWith('ARRAY<');
      const pair = timedKindOf(complexType);
      const json = (row: number): string => {
        const entry = values[row] ?? 0;
        const bytes = dictionary.bytes.subarray(dictionary.ends[entry - 1] ?? 0, dictionary.ends[entry] ?? 0);
        if (pair !== undefined) return pairJson(pair, bytes);
        return isJson ? decoder.decode(bytes) : `"${Buffer.from(bytes).toString('base64')}"`;
      };
      const plain = {
        name,
        type: 'COMPLEX',
        at: () => null,
        json: (row: number) => (isNull(row) ? 'null' : json(row)),
      } as const;
      if (!isJson) return plain;
      const exprType = complexType.startsWith('ARRAY<') ? complexType : 'COMPLEX<json>';
      const value = (row: number): Value => jsonValue(isNull(row) ? 'null' : json(row), complexType);
      if (complexType === 'json')
        return { ...plain, exprType, value, compare: (a, b) => documentOrder(value(a), value(b)) };
      if (exprType !== complexType) return { ...plain, exprType, value };
      const elements = (row: number): unknown => parseJson(plain.json(row));
      return { ...plain, exprType, value, compare: (a, b) => compareArrays(elements(a), elements(b)) };
    }
  }
}

/** What first and last aggregators stored. */
const pairJson = (kind: TimedKind, bytes: Uint8Array): string =>
  exactJsonText({ lhs: timedTime(bytes), rhs: timedValue(kind, bytes) });

/** Without a BigInt where a number is exact. */
function longText(values: BigInt64Array, halves: Int32Array, row: number): string {
  const high = halves[row * 2 + 1] ?? 0;
  if (high >= 1 << 20 || high < -(1 << 20)) return String(values[row]);
  return String(high * 2 ** 32 + ((halves[row * 2] ?? 0) >>> 0));
}

/** Null, texts, numbers, all others by their JSON (where Druid goes by a hash of theirs). */
function documentOrder({ value: a }: Value, { value: b }: Value): number {
  const rank = (value: unknown): number =>
    value === null
      ? 0
      : typeof value === 'string'
        ? 1
        : typeof value === 'object' || typeof value === 'boolean'
          ? 3
          : 2;
  const order = rank(a) - rank(b);
  if (order !== 0 || rank(a) === 0) return order;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (rank(a) === 2) return compareDoubles(Number(a), Number(b));
  return compareText(exactJsonText(a), exactJsonText(b));
}

/** JSON text as a value: of documents the document, of mixed values each as what it is. */
function jsonValue(text: string, complexType: string): Value {
  const found = parseJson(text, exactLimits) as Json;
  if (found === null) return nullValue;
  if (complexType === 'json') return { type: 'COMPLEX<json>', value: found };
  return complexType === mixedType || !Array.isArray(found)
    ? bestEffort(found)
    : { type: complexType, value: found };
}

const exactLimits = { maxDepth: 500, allLongs: true };

/** Null first. */
function compareArrays(a: unknown, b: unknown): number {
  if (!Array.isArray(a) || !Array.isArray(b)) return Number(Array.isArray(a)) - Number(Array.isArray(b));
  return listOrder(a, b);
}

const NULL_ELEMENT = 0xffffffff;

/** A multi-value string: no value is null, one value stands alone, several are an array. */
function arrayOutput(
  column: Extract<FrameColumn, { type: 'STRING_ARRAY' }>,
  name: string,
  isNull: (row: number) => boolean,
): Output {
  const { offsets, values } = column;
  const entries = new Entries(column.dictionary);
  const element = (at: number): string => {
    const entry = values[at] ?? NULL_ELEMENT;
    return entry === NULL_ELEMENT ? 'null' : entries.quoted(entry);
  };
  const json = (row: number): string => {
    const from = offsets[row] ?? 0;
    const to = offsets[row + 1] ?? 0;
    if (isNull(row) || from === to) return 'null';
    let text = element(from);
    if (to - from === 1) return text;
    for (let at = from + 1; at < to; at++) text += `,${element(at)}`;
    return `[${text}]`;
  };
  return { name, type: 'ARRAY', at: () => null, json };
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const wholeBytesMax = 1 << 28;

/** Dictionary entries decoded at first use. */
class Entries {
  readonly #dictionary: Dictionary;
  #texts: (string | undefined)[] = [];
  #quoted: (string | undefined)[] = [];
  /** All entries as one text, when every byte is a character of its own. */
  #whole: string | undefined;
  /** No entry holds anything that JSON writes differently. */
  #isPlain = false;
  #isOpen = false;

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  text(entry: number): string {
    let text = this.#texts[entry];
    if (text === undefined) {
      if (!this.#isOpen) this.#open();
      const { bytes, ends } = this.#dictionary;
      const from = entry === 0 ? 0 : (ends[entry - 1] ?? 0);
      const to = ends[entry] ?? 0;
      text = this.#whole?.slice(from, to) ?? decoder.decode(bytes.subarray(from, to));
      this.#texts[entry] = text;
    }
    return text;
  }

  quoted(entry: number): string {
    let quoted = this.#quoted[entry];
    if (quoted === undefined) {
      const text = this.text(entry);
      quoted = this.#isPlain ? `"${text}"` : jsonString(text);
      this.#quoted[entry] = quoted;
    }
    return quoted;
  }

  /** Decoding many short entries one by one would cost more than anything else. */
  #open(): void {
    this.#isOpen = true;
    const { bytes, ends } = this.#dictionary;
    this.#texts = Array<string | undefined>(ends.length).fill(undefined);
    this.#quoted = Array<string | undefined>(ends.length).fill(undefined);
    if (bytes.length > wholeBytesMax) return;
    let isPlain = true;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (byte > 127) return;
      if (byte < 32 || byte === 34 || byte === 92) isPlain = false;
    }
    this.#isPlain = isPlain;
    this.#whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  }
}

/** What a dimension's late step makes of its values. */
export function lateOutput(output: Output, apply: (value: string | null) => string | null): Output {
  const at = (row: number): string | null => apply(cellText(output.at(row), output.type));
  return {
    name: output.name,
    type: 'STRING',
    at,
    json: (row) => {
      const text = at(row);
      return text === null ? 'null' : jsonString(text);
    },
  };
}

/** A value as Java's text of it; null stays null. */
export function cellText(cell: Cell, type: CellType): string | null {
  if (cell === null || typeof cell === 'string') return cell;
  if (typeof cell === 'bigint') return cell.toString();
  return type === 'FLOAT' ? floatText(cell) : doubleText(cell);
}
