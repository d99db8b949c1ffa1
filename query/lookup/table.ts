/**
 * A registered lookup in shared memory: one copy for all threads of a process, whatever its size. Rows are a frame with
 * the columns k and v (what a join or a scan of it reads); keys are found through an open hash table beside it.
 */
import type { ExpressionContext, ExpressionLookup } from '../expression/expression.js';
import type { Frame, FrameColumn } from '../frame.js';
import { cellColumn, sharedFrame } from '../frame-build.js';
import { entryBytes, entryText } from '../merge/dictionary.js';

/** Plain data: crosses threads without a copy. */
export interface LookupTable {
  readonly name: string;
  /** Another one whenever the content is another. */
  readonly version: string;
  /** Every key has a value of its own. */
  readonly isOneToOne: boolean;
  readonly frame: Frame;
  /** Row + 1 by the hash of its key, 0 = free; its length is a power of two. */
  readonly slots: Uint32Array;
}

/** A key that is there twice keeps its last value. */
export function lookupTable(
  { name, version, isOneToOne }: Pick<LookupTable, 'name' | 'version' | 'isOneToOne'>,
  entries: Iterable<readonly [string, string | null]>,
): LookupTable {
  const map = new Map(entries);
  const k = cellColumn('k', 'STRING', [...map.keys()]);
  const v = cellColumn('v', 'STRING', [...map.values()]);
  const frame = sharedFrame({ rows: map.size, columns: [k, v] });
  const slots = slotsOf(textColumn(frame, 0), map.size);
  return { name, version, isOneToOne, frame, slots };
}

type TextColumn = Extract<FrameColumn, { type: 'STRING' }>;

function textColumn(frame: Frame, index: number): TextColumn {
  const column = frame.columns[index];
  if (column?.type !== 'STRING') throw new Error('a lookup has two columns of text');
  return column;
}

/** At most half of the slots are taken. */
function slotsOf({ values, dictionary }: TextColumn, rows: number): Uint32Array {
  let size = 2;
  while (size < rows * 2) size *= 2;
  const slots = new Uint32Array(new SharedArrayBuffer(size * 4));
  for (let row = 0; row < rows; row++) {
    const key = entryBytes(dictionary, values[row] ?? 0);
    let at = hashOf(key, key.length) & (size - 1);
    while (slots[at] !== 0) at = (at + 1) & (size - 1);
    slots[at] = row + 1;
  }
  return slots;
}

/** FNV-1a over the bytes, mixed once more: the low bits choose the slot. */
function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

const encoder = new TextEncoder();

/** Finds values by key; the texts of values are made once each. */
class OpenLookup implements ExpressionLookup {
  readonly #table: LookupTable;
  readonly #keys: TextColumn;
  readonly #values: TextColumn;
  readonly #texts = new Map<number, string>();
  #scratch = new Uint8Array(256);

  constructor(table: LookupTable) {
    this.#table = table;
    this.#keys = textColumn(table.frame, 0);
    this.#values = textColumn(table.frame, 1);
  }

  apply(key: string | null): string | null {
    const row = key === null ? -1 : this.#find(key);
    const { values, nulls, dictionary } = this.#values;
    if (row < 0 || (((nulls?.[row >> 3] ?? 0) >> (row & 7)) & 1) === 1) return null;
    const entry = values[row] ?? 0;
    let text = this.#texts.get(entry);
    if (text === undefined) this.#texts.set(entry, (text = entryText(dictionary, entry)));
    return text;
  }

  #find(key: string): number {
    // A unit of UTF-16 takes three bytes at most.
    if (key.length * 3 > this.#scratch.length) this.#scratch = new Uint8Array(key.length * 6);
    const length = encoder.encodeInto(key, this.#scratch).written;
    const { slots } = this.#table;
    const mask = slots.length - 1;
    let at = hashOf(this.#scratch, length) & mask;
    for (let slot = slots[at] ?? 0; slot !== 0; slot = slots[at] ?? 0) {
      if (this.#isKey(slot - 1, length)) return slot - 1;
      at = (at + 1) & mask;
    }
    return -1;
  }

  #isKey(row: number, length: number): boolean {
    const key = entryBytes(this.#keys.dictionary, this.#keys.values[row] ?? 0);
    if (key.length !== length) return false;
    for (let i = 0; i < length; i++) if (key[i] !== this.#scratch[i]) return false;
    return true;
  }
}

/** The lookups that a query names, for the expressions and extraction functions inside it. */
export function openLookups(tables: readonly LookupTable[] | undefined): ExpressionContext {
  if (tables === undefined || tables.length === 0) return {};
  const open = new Map(tables.map((table) => [table.name, new OpenLookup(table)]));
  return { lookup: (name) => open.get(name) };
}
