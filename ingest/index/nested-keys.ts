/** json and auto dimensions of the in-memory index: every distinct value once, rows hold its number. */
import { doubleText } from '../../query/json/java-number.js';
import { exactJsonText } from '../../segment/format/json.js';
import type { CastType, JsonValue } from '../../segment/write/source.js';
import { PlainRow, type InputRow } from '../formats/row-reader.js';
import type { NestedDimension } from '../spec/model.js';
import { ValueError, bytesText, isTooDeep } from '../values.js';
import { castValue, exactValue } from './exact-values.js';
import type { ColumnSnapshot } from './column-snapshot.js';
import type { FrozenColumn, KeyColumn, KeyRoom, KeyWords, NestedData } from './key-column.js';

const VALUE_OVERHEAD_BYTES = 96;
/** A text is exact without its row. */
const noRow = new PlainRow({});

/** Word: 0 = null, n > 0 = the n-th value. Values are exact: longs bigint, doubles number. */
export class NestedKeys implements KeyColumn {
  readonly name: string;
  readonly at: number;
  readonly words = 1;
  bytes = 0;
  readonly #spec: NestedDimension;
  readonly #texts = new Map<string, number>();
  readonly #wholes = new Map<number, number>();
  /** Everything else, by its exact JSON text. */
  readonly #others = new Map<string, number>();
  readonly #values: JsonValue[] = [];

  constructor(spec: NestedDimension, at: number) {
    this.name = spec.name;
    this.at = at;
    this.#spec = spec;
  }

  /** The value of a word. */
  value(code: number): JsonValue {
    return code === 0 ? null : (this.#values[code - 1] ?? null);
  }

  encode(value: unknown, row: InputRow, { words, base, step }: KeyRoom): string | undefined {
    const to = base + this.at * step;
    words[to] = 0;
    if (value === null || value === undefined) return undefined;
    const { castToType } = this.#spec;
    if (castToType === undefined && typeof value === 'string') {
      const known = this.#texts.get(value);
      if (known !== undefined) {
        words[to] = known;
        return undefined;
      }
    }
    if (isTooDeep(value)) return `value of column[${this.name}] is nested too deep`;
    const given = typeof value === 'string' ? undefined : row.exact?.(this.name);
    const exact = given === undefined ? exactValue(value) : exactValue(given, true);
    const cast = castToType === undefined ? exact : castValue(exact, castToType, this.name);
    if (cast instanceof ValueError) return cast.reason;
    if (cast !== null) words[to] = this.#idOf(cast);
    return undefined;
  }

  encodeBytes(bytes: Uint8Array, start: number, end: number, key: KeyRoom): string | undefined {
    return this.encode(bytesText(bytes, start, end), noRow, key);
  }

  /** A cast to documents changes nothing: the column is of the plainest type all the same. */
  #castTo(): CastType | undefined {
    const { castToType } = this.#spec;
    return castToType === 'COMPLEX<json>' ? undefined : castToType;
  }

  #idOf(value: JsonValue): number {
    if (typeof value === 'string') return this.#numbered(this.#texts, value, value.length * 2, value);
    if (typeof value === 'bigint' && BigInt.asIntN(53, value) === value) {
      return this.#numbered(this.#wholes, Number(value), 16, value);
    }
    const text = exactJsonText(value);
    return this.#numbered(this.#others, text, text.length * 6, value);
  }

  #numbered<K>(ids: Map<K, number>, key: K, bytes: number, value: JsonValue): number {
    let id = ids.get(key);
    if (id === undefined) {
      id = this.#values.push(value);
      ids.set(key, id);
      this.bytes += bytes + VALUE_OVERHEAD_BYTES;
    }
    return id;
  }

  /** As the stored column would show itself: auto columns by what they hold so far. */
  snapshot(keys: KeyWords): ColumnSnapshot {
    const count = this.#values.length;
    const codeOf = (row: number): number => keys.word(row, this.at);
    const castTo = this.#castTo();
    const type = this.#spec.type === 'json' ? 'json' : logicalType(this.#values.slice(0, count), castTo);
    if (type === 'STRING') return this.#textSnapshot(keys, count);
    if (type === 'LONG' || type === 'DOUBLE') {
      const kind = type === 'LONG' ? 'long' : 'double';
      return {
        kind,
        fill: (start, rows, out) => {
          const longs = new BigInt64Array(1);
          const doubles = new Float64Array(longs.buffer);
          const words = new Int32Array(longs.buffer);
          for (let i = 0; i < rows; i++) {
            const value = this.value(codeOf(start + i)) ?? 0n;
            if (kind === 'long') longs[0] = BigInt(value as bigint | boolean);
            else doubles[0] = Number(value);
            out[2 * i] = words[0]!;
            out[2 * i + 1] = words[1]!;
          }
        },
        isNull: (row) => codeOf(row) === 0,
        ...(kind === 'double' && { json: (row: number) => shownAs(this.value(codeOf(row)), type) }),
      };
    }
    const json = (row: number) => shownAs(this.value(codeOf(row)), type);
    return { kind: 'json', typeName: type, json, isNull: (row) => codeOf(row) === 0 };
  }

  /** Texts, and numbers among them as texts; equal texts are one value. */
  #textSnapshot(keys: KeyWords, count: number): ColumnSnapshot {
    const texts: (string | null)[] = [null];
    const known = new Map<string, number>();
    const ids = new Int32Array(count + 1);
    let isMixed = false;
    for (let i = 0; i < count; i++) {
      const value = this.#values[i]!;
      const text = textOf(value);
      isMixed ||= typeof value !== 'string';
      let id = known.get(text);
      if (id === undefined) {
        id = texts.push(text) - 1;
        known.set(text, id);
      }
      ids[i + 1] = id;
    }
    return {
      kind: 'string',
      cardinality: texts.length,
      value: (id) => texts[id] ?? null,
      idOf: (value) => known.get(value) ?? -1,
      fill: (start, rows, out) => {
        keys.gather(this.at, start, rows, out);
        for (let i = 0; i < rows; i++) out[i] = ids[out[i]!]!;
      },
      lists: undefined,
      ...(isMixed && { json: (row: number) => shownAs(this.value(keys.word(row, this.at)), 'STRING') }),
    };
  }

  data(): NestedData {
    const values = this.#values.slice();
    return { kind: this.#spec.type, name: this.name, at: this.at, values, castTo: this.#castTo() };
  }
}

export function frozenNested(data: NestedData, keys: KeyWords): FrozenColumn {
  const { kind, name, at, values, castTo } = data;
  const sortKeys = values.map(sortKey);
  const order = Uint32Array.from(sortKeys.keys()).sort(
    (a, b) => compareKeys(sortKeys[a]!, sortKeys[b]!) || a - b,
  );
  const ranks = new Uint32Array(order.length + 1);
  for (const [rank, index] of order.entries()) ranks[index + 1] = rank + 1;
  const codes = keys.column(at);
  return {
    name,
    isAllNull: false,
    compare: (a, b) => ranks[codes[a]!]! - ranks[codes[b]!]!,
    sortKeys(rows, from, to, out) {
      for (let i = from; i < to; i++) out[i] = ranks[codes[rows[i]!]!]!;
      return true;
    },
    source: ({ rows }) => ({
      kind,
      name,
      values: Array.from(rows, (row) => {
        const code = codes[row]!;
        return code === 0 ? null : values[code - 1]!;
      }),
      exactNumbers: true,
      ...(castTo !== undefined && { castTo }),
    }),
  };
}

type ElementType = 'STRING' | 'DOUBLE' | 'LONG';

/** The type under which an auto column of these values is stored. */
function logicalType(values: readonly JsonValue[], castTo: CastType | undefined): CastType | 'json' {
  let element: ElementType | undefined;
  let isArray = false;
  for (const value of values) {
    const items: readonly JsonValue[] = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
    if (Array.isArray(value)) isArray = true;
    for (const item of items) {
      if (item === null) continue;
      if (typeof item === 'object') return 'json';
      if (typeof item === 'string') element = 'STRING';
      else if (typeof item === 'number' && element !== 'STRING') element = 'DOUBLE';
      else element ??= 'LONG';
    }
  }
  const isOfAny = element === undefined && castTo !== undefined;
  if (isOfAny && (!isArray || castTo.startsWith('ARRAY<'))) return castTo;
  if (isArray) return `ARRAY<${element ?? 'LONG'}>`;
  return element ?? 'STRING';
}

function textOf(value: JsonValue): string {
  return typeof value === 'number'
    ? doubleText(value)
    : String(typeof value === 'boolean' ? Number(value) : (value as string | bigint));
}

/** Values beside arrays keep their own type; booleans are longs but in documents. */
function shownAs(value: JsonValue, type: string): JsonValue {
  if (type === 'json') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (!Array.isArray(value)) return value;
  const items = value as readonly JsonValue[];
  if (items.some((item) => typeof item === 'string')) {
    return items.map((item) =>
      item === null ? null : typeof item === 'boolean' ? String(item) : textOf(item),
    );
  }
  const isDouble = items.some((item) => typeof item === 'number');
  return items.map((item) =>
    item === null ? null : isDouble ? Number(item) : BigInt(item as bigint | boolean),
  );
}

type SortKey = string | number | bigint;

/** The order in which the writer's merge expects rows: texts and documents by their text, then numbers. */
function sortKey(value: JsonValue): SortKey {
  if (typeof value === 'object') return exactJsonText(value);
  return typeof value === 'boolean' ? Number(value) : value;
}

function compareKeys(a: SortKey, b: SortKey): number {
  if ((typeof a === 'string') !== (typeof b === 'string')) return typeof a === 'string' ? -1 : 1;
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}
