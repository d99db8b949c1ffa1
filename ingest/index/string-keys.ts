/** Dimensions of texts: every distinct value once, rows hold its number. */
import { PackedDictionary, PackedTexts } from '../../segment/format/packed-texts.js';
import { textOrder } from '../../segment/format/text-order.js';
import type { SourceDimension } from '../../segment/write/source.js';
import type { InputRow } from '../formats/row-reader.js';
import type { MultiValueHandling } from '../spec/model.js';
import { isTooDeep, scalarText } from '../values.js';
import type { ColumnSnapshot } from './column-snapshot.js';
import type { FrozenColumn, KeyColumn, KeyRoom, KeyWords, StorageOrder, TextData } from './key-column.js';
import { RecentTexts } from './recent-texts.js';
import { TextQueue } from './text-queue.js';
import { TextTable } from './text-table.js';

const LIST_OVERHEAD_BYTES = 128;
/** As long as there are no more texts than this, their table is near, and bytes are looked up at once. */
const NEAR_TEXTS_MAX = 4096;

/** Word: 0 = null, n > 0 = the n-th value, n < 0 = list number -n - 1. */
export class StringKeys implements KeyColumn {
  readonly name: string;
  readonly at: number;
  readonly words = 1;
  readonly #handling: MultiValueHandling;
  readonly #keepsEmpty: boolean;
  readonly #texts = new TextTable();
  readonly #recent = new RecentTexts();
  /** Absent where the number of a text is asked for at once. */
  readonly #queue: TextQueue | undefined;
  #trueId = 0;
  #falseId = 0;
  readonly #listNumbers = new Map<string, number>();
  readonly #lists: Uint32Array[] = [];
  #listBytes = 0;

  constructor(name: string, at: number, handling: MultiValueHandling, keepsEmpty: boolean, isQueued = false) {
    this.#keepsEmpty = keepsEmpty;
    this.#queue = isQueued ? new TextQueue(this.#texts) : undefined;
    this.name = name;
    this.at = at;
    this.#handling = handling;
  }

  get bytes(): number {
    return this.#texts.memoryBytes + this.#recent.bytes + this.#listBytes + (this.#queue?.memoryBytes ?? 0);
  }

  encode(value: unknown, row: InputRow, { words, base, step }: KeyRoom): string | undefined {
    const to = base + this.at * step;
    if (typeof value === 'string') {
      const known = this.#recent.find(value);
      if (known > 0) words[to] = known;
      else if (known < 0 && this.#queue !== undefined) this.#queue.add(value, words, to);
      else {
        const id = this.#texts.idOf(value);
        if (known === 0) this.#recent.keep(value, id);
        words[to] = id;
      }
    } else if (value === null || value === undefined) words[to] = 0;
    else if (value === true) words[to] = this.#trueId ||= this.#texts.idOf('true');
    else if (value === false) words[to] = this.#falseId ||= this.#texts.idOf('false');
    else if (isTooDeep(value)) {
      words[to] = 0;
      return `value of column[${this.name}] is nested too deep`;
    } else if (Array.isArray(value)) words[to] = this.#listOf(value, row);
    else words[to] = this.#texts.idOf(this.#text(value, row));
    return undefined;
  }

  encodeBytes(bytes: Uint8Array, start: number, end: number, { words, base, step }: KeyRoom): undefined {
    const to = base + this.at * step;
    const isFew = this.#texts.count < NEAR_TEXTS_MAX;
    if (this.#queue === undefined || isFew) words[to] = this.#texts.idOfBytes(bytes, start, end);
    else this.#queue.addBytes(bytes, start, end, words, to);
  }

  #text(value: unknown, row: InputRow, item?: number): string {
    if (typeof value === 'number' && Number.isInteger(value)) {
      return row.doubleText(this.name, item) ?? scalarText(value);
    }
    return scalarText(value);
  }

  #listOf(list: readonly unknown[], row: InputRow): number {
    const texts = list.map((item, i) =>
      item === null || item === undefined ? null : this.#text(item, row, i),
    );
    if (texts.length === 0 && !this.#keepsEmpty) return 0;
    if (this.#handling !== 'ARRAY') texts.sort(nullFirst);
    const kept =
      this.#handling === 'SORTED_SET' ? texts.filter((text, i) => i === 0 || text !== texts[i - 1]) : texts;
    const ids = Uint32Array.from(kept, (text) => (text === null ? 0 : this.#texts.idOf(text)));
    if (ids.length === 1) return ids[0]!;
    const name = ids.join();
    const known = this.#listNumbers.get(name);
    if (known !== undefined) return -known - 1;
    const number = this.#lists.push(ids) - 1;
    this.#listNumbers.set(name, number);
    this.#listBytes += ids.length * 12 + LIST_OVERHEAD_BYTES;
    return -number - 1;
  }

  settle(): void {
    this.#queue?.settle();
  }

  snapshot(keys: KeyWords): ColumnSnapshot {
    this.settle();
    const texts = this.#texts;
    const cardinality = texts.count + 1;
    const lists = this.#lists.slice();
    const hasLists = holdsSeveral(lists);
    const { at } = this;
    return {
      kind: 'string',
      cardinality,
      value: (id) => (id > 0 && id < cardinality ? texts.text(id) : null),
      idOf(value) {
        const id = texts.find(value);
        return id > 0 && id < cardinality ? id : -1;
      },
      fill(start, count, out) {
        keys.gather(at, start, count, out);
        if (!hasLists) for (let i = 0; i < count; i++) out[i] = Math.max(0, out[i]!);
      },
      lists: hasLists ? lists : undefined,
    };
  }

  data(): TextData {
    this.settle();
    const { bytes, ends } = this.#texts.packed();
    return { kind: 'string', name: this.name, at: this.at, bytes, ends, lists: this.#lists.slice() };
  }
}

function holdsSeveral(lists: readonly Uint32Array[]): boolean {
  return lists.some((ids) => ids.length > 1);
}

export function frozenTexts({ name, at, bytes, ends, lists }: TextData, keys: KeyWords): FrozenColumn {
  const texts = new PackedTexts(bytes, ends);
  const order = textOrder(texts);
  // An empty list is no value, but the dictionary has null for it.
  const hasNull = keys.holdsZero(at) || lists.some((ids) => ids.length === 0 || ids.includes(0));
  const dictionary = new PackedDictionary(texts, order, hasNull);
  const ranks = new Uint32Array(order.length + 1);
  const shift = hasNull ? 1 : 0;
  for (let i = 0; i < order.length; i++) ranks[order[i]! + 1] = i + shift;
  const column = { name, at, dictionary, ranks, keys };
  if (!holdsSeveral(lists)) return new FrozenTexts(column);
  return new FrozenLists(
    column,
    lists.map((ids) => ids.map((id) => ranks[id]!)),
  );
}

interface Frozen {
  readonly name: string;
  readonly at: number;
  readonly dictionary: PackedDictionary;
  /** Place in the dictionary of what a key's word stands for. */
  readonly ranks: Uint32Array;
  readonly keys: KeyWords;
}

/** The only list there may be is the empty one: in a column of single values it is null. */
class FrozenTexts implements FrozenColumn {
  readonly name: string;
  readonly isAllNull: boolean;
  readonly #column: Frozen;

  constructor(column: Frozen) {
    this.name = column.name;
    this.isAllNull = column.dictionary.length === 1 && column.dictionary.hasNull;
    this.#column = column;
  }

  #rank(row: number): number {
    const { keys, at, ranks } = this.#column;
    return ranks[Math.max(0, keys.word(row, at))]!;
  }

  compare(a: number, b: number): number {
    return this.#rank(a) - this.#rank(b);
  }

  sortKeys(rows: Uint32Array, from: number, to: number, out: Float64Array): boolean {
    for (let i = from; i < to; i++) out[i] = this.#rank(rows[i]!);
    return true;
  }

  source({ places }: StorageOrder): SourceDimension {
    const { name, keys, at, ranks, dictionary } = this.#column;
    const ids = new Uint32Array(places.length);
    keys.place(at, places, ids, ranks);
    return { kind: 'string', name, dictionary, ids };
  }
}

function nullFirst(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

class FrozenLists implements FrozenColumn {
  readonly name: string;
  readonly isAllNull: boolean;
  readonly #column: Frozen;
  readonly #singles: readonly Uint32Array[];
  readonly #lists: readonly Uint32Array[];

  constructor(column: Frozen, lists: readonly Uint32Array[]) {
    this.name = column.name;
    this.isAllNull = column.dictionary.length === 1 && column.dictionary.hasNull;
    this.#column = column;
    this.#singles = Array.from(column.ranks, (rank) => Uint32Array.of(rank));
    this.#lists = lists;
  }

  #ids(row: number): Uint32Array {
    const code = this.#column.keys.word(row, this.#column.at);
    return code < 0 ? this.#lists[-code - 1]! : this.#singles[code]!;
  }

  compare(a: number, b: number): number {
    const left = this.#ids(a);
    const right = this.#ids(b);
    const shared = Math.min(left.length, right.length);
    for (let i = 0; i < shared; i++) if (left[i] !== right[i]) return left[i]! - right[i]!;
    return left.length - right.length;
  }

  sortKeys(rows: Uint32Array, from: number, to: number, out: Float64Array): boolean {
    let isExact = true;
    for (let i = from; i < to; i++) {
      const ids = this.#ids(rows[i]!);
      out[i] = ids.length === 0 ? -1 : ids[0]!;
      if (ids.length > 1) isExact = false;
    }
    return isExact;
  }

  source({ rows }: StorageOrder): SourceDimension {
    const offsets = new Uint32Array(rows.length + 1);
    for (let i = 0; i < rows.length; i++) offsets[i + 1] = offsets[i]! + this.#ids(rows[i]!).length;
    const ids = new Uint32Array(offsets[rows.length]!);
    for (let i = 0; i < rows.length; i++) {
      const own = this.#ids(rows[i]!);
      const at = offsets[i]!;
      for (let k = 0; k < own.length; k++) ids[at + k] = own[k]!;
    }
    return { kind: 'multiString', name: this.name, dictionary: this.#column.dictionary, offsets, ids };
  }
}
