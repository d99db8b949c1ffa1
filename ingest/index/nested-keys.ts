/** json and auto dimensions of the in-memory index: every distinct value once, rows hold its number. */
import { exactJsonText } from '../../segment/format/json.js';
import type { JsonValue } from '../../segment/write/source.js';
import type { InputRow } from '../formats/row-reader.js';
import type { NestedDimension } from '../spec/model.js';
import { ValueError, isTooDeep } from '../values.js';
import { castValue, exactValue } from './exact-values.js';
import type { FrozenColumn, KeyColumn, KeyWords } from './key-columns.js';

const VALUE_OVERHEAD_BYTES = 96;

interface ExactRow extends InputRow {
  /**
   * The field with every long a bigint and every double a number, however deep inside; undefined when `fields` tells
   * them apart already (no whole number is written like a double).
   */
  exact?(name: string): unknown;
}

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

  encode(value: unknown, row: InputRow, key: Int32Array): string | undefined {
    key[this.at] = 0;
    if (value === null || value === undefined) return undefined;
    const { castToType } = this.#spec;
    if (castToType === undefined && typeof value === 'string') {
      const known = this.#texts.get(value);
      if (known !== undefined) {
        key[this.at] = known;
        return undefined;
      }
    }
    if (isTooDeep(value)) return `value of column[${this.name}] is nested too deep`;
    const given = typeof value === 'string' ? undefined : (row as ExactRow).exact?.(this.name);
    const exact = given === undefined ? exactValue(value) : exactValue(given, true);
    const cast = castToType === undefined ? exact : castValue(exact, castToType, this.name);
    if (cast instanceof ValueError) return cast.reason;
    if (cast !== null) key[this.at] = this.#idOf(cast);
    return undefined;
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

  freeze(keys: KeyWords): FrozenColumn {
    const sortKeys = this.#values.map(sortKey);
    const order = Uint32Array.from(sortKeys.keys()).sort(
      (a, b) => compareKeys(sortKeys[a]!, sortKeys[b]!) || a - b,
    );
    const ranks = new Uint32Array(order.length + 1);
    for (const [rank, index] of order.entries()) ranks[index + 1] = rank + 1;
    const codes = keys.column(this.at);
    const { type: kind } = this.#spec;
    const { name } = this;
    return {
      compare: (a, b) => ranks[codes[a]!]! - ranks[codes[b]!]!,
      source: (rows) => ({
        kind,
        name,
        values: Array.from(rows, (row) => this.value(codes[row]!)),
        exactNumbers: true,
      }),
    };
  }
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
