/**
 * The keys of all rows (time, then dimensions) as 32-bit words in chunks, with an open-addressing table over them for
 * rollup. Words that a row does not have are zero, which reads as null: a dimension met late costs older rows nothing.
 */
import type { KeyRoom, KeyWords } from './key-column.js';

const CHUNK_BITS = 13;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_ROWS - 1;

/** Rows of a chunk when it is made; it doubles until it is full. */
const FIRST_ROWS = 64;

/** Words between columns: those of one row would all share a few lines of the processor's cache else. */
const COLUMN_GAP = 16;

/** Word w of row r of the chunk lies at r * rowStep + w * wordStep. */
export interface KeyChunk {
  /** Words a row. */
  readonly count: number;
  /** Rows there is room for. */
  readonly rows: number;
  readonly rowStep: number;
  readonly wordStep: number;
  readonly words: Int32Array;
}

/** The words of rows, for reading. */
export class RowWords implements KeyWords {
  rowCount: number;
  readonly chunks: KeyChunk[];

  constructor(rowCount: number, chunks: KeyChunk[]) {
    this.rowCount = rowCount;
    this.chunks = chunks;
  }

  word(row: number, word: number): number {
    const { count, rowStep, wordStep, words } = this.chunks[row >>> CHUNK_BITS]!;
    return word < count ? words[(row & CHUNK_MASK) * rowStep + word * wordStep]! : 0;
  }

  column(word: number): Int32Array {
    const values = new Int32Array(this.rowCount);
    for (let first = 0; first < this.rowCount; first += CHUNK_ROWS) {
      const { count, rowStep, wordStep, words } = this.chunks[first >>> CHUNK_BITS]!;
      const rows = Math.min(CHUNK_ROWS, this.rowCount - first);
      if (word >= count) continue;
      if (rowStep === 1) values.set(words.subarray(word * wordStep, word * wordStep + rows), first);
      else this.gather(word, first, rows, values, first);
    }
    return values;
  }

  /** One word of rows [start, start + rows), which lie in one chunk, to `out[at]`, `out[at + step]` … */
  gather(word: number, start: number, rows: number, out: Int32Array, at = 0, step = 1): void {
    const { count, rowStep, wordStep, words } = this.chunks[start >>> CHUNK_BITS]!;
    const first = (start & CHUNK_MASK) * rowStep + word * wordStep;
    const isThere = word < count;
    for (let i = 0; i < rows; i++) out[at + i * step] = isThere ? words[first + i * rowStep]! : 0;
  }

  // Rows are read as they came and each goes to its place: rows of one time came from all over, so that picking them
  // one after another would miss the cache with every row.

  place(word: number, places: Uint32Array, out: Int32Array | Uint32Array, values?: Uint32Array): void {
    for (let first = 0; first < this.rowCount; first += CHUNK_ROWS) {
      const { words, from, step, count } = this.#run(word, first);
      const to = places.subarray(first, first + count);
      if (values === undefined) {
        for (let i = 0, at = from; i < count; i++, at += step) out[to[i]!] = words[at]!;
      } else {
        for (let i = 0, at = from; i < count; i++, at += step) out[to[i]!] = values[Math.max(0, words[at]!)]!;
      }
    }
  }

  placePairs(word: number, places: Uint32Array, out: Int32Array): void {
    for (let first = 0; first < this.rowCount; first += CHUNK_ROWS) {
      const low = this.#run(word, first);
      const high = this.#run(word + 1, first);
      const to = places.subarray(first, first + low.count);
      for (let i = 0; i < low.count; i++) {
        const at = 2 * to[i]!;
        out[at] = low.words[low.from + i * low.step]!;
        out[at + 1] = high.words[high.from + i * high.step]!;
      }
    }
  }

  holdsZero(word: number): boolean {
    for (let first = 0; first < this.rowCount; first += CHUNK_ROWS) {
      const { words, from, step, count } = this.#run(word, first);
      if (step === 1 ? words.subarray(from, from + count).includes(0) : holdsZero(words, from, step, count))
        return true;
    }
    return false;
  }

  zeros(word: number, places: Uint32Array): Uint8Array | undefined {
    if (!this.holdsZero(word)) return undefined;
    const bits = new Uint8Array(Math.ceil(this.rowCount / 8));
    for (let first = 0; first < this.rowCount; first += CHUNK_ROWS) {
      const { words, from, step, count } = this.#run(word, first);
      for (let i = 0; i < count; i++) {
        const place = places[first + i]!;
        if (words[from + i * step] === 0) bits[place >> 3]! |= 1 << (place & 7);
      }
    }
    return bits;
  }

  /** Where the words of a chunk's rows are; `first` is its first row. */
  #run(word: number, first: number): WordRun {
    const { count, rowStep, wordStep, words } = this.chunks[first >>> CHUNK_BITS]!;
    const rows = Math.min(CHUNK_ROWS, this.rowCount - first);
    if (word >= count) return { words: noWords, from: 0, step: 1, count: rows };
    return { words, from: word * wordStep, step: rowStep, count: rows };
  }
}

/** One word of some rows. */
interface WordRun {
  readonly words: Int32Array;
  readonly from: number;
  readonly step: number;
  readonly count: number;
}

/** Of rows that have not the word. */
const noWords = new Int32Array(CHUNK_ROWS);

function holdsZero(words: Int32Array, from: number, step: number, count: number): boolean {
  for (let i = 0, at = from; i < count; i++, at += step) if (words[at] === 0) return true;
  return false;
}

export class RowKeys extends RowWords {
  readonly #isFound: boolean;
  #chunkBytes = 0;
  /** Row + 1 at its place, 0 = free. At most half full. */
  #table: Int32Array;
  /** Hash of each row, so that growing does not hash again. */
  #hashes: Int32Array;
  readonly #next: { words: Int32Array; base: number; step: number };
  #wordCount = 0;

  /** `isFound`: equal keys are one row. Then the words of a row lie side by side, else those of a column. */
  constructor(isFound: boolean) {
    super(0, []);
    this.#isFound = isFound;
    this.#table = new Int32Array(isFound ? 128 : 0);
    this.#hashes = new Int32Array(isFound ? 64 : 0);
    this.#next = { words: new Int32Array(0), base: 0, step: 1 };
  }

  get bytes(): number {
    return this.#chunkBytes + this.#table.byteLength + this.#hashes.byteLength;
  }

  /** False: the next {@link begin} moves the rows of the last chunk, or starts another one. */
  hasRoom(count: number): boolean {
    if (this.#isFound) return true;
    const chunk = this.chunks[this.rowCount >>> CHUNK_BITS];
    return chunk !== undefined && chunk.count >= count && (this.rowCount & CHUNK_MASK) < chunk.rows;
  }

  /** Where to write all `count` words of the next row, before {@link end}. */
  begin(count: number): KeyRoom {
    const next = this.#next;
    this.#wordCount = count;
    if (this.#isFound) {
      if (next.words.length < count) next.words = new Int32Array(2 * count);
      return next;
    }
    const { words, wordStep } = this.#chunkFor(count);
    next.words = words;
    next.step = wordStep;
    next.base = this.rowCount & CHUNK_MASK;
    return next;
  }

  /** The row that was written: a new one, or the one that has this very key already. */
  end(): number {
    return this.#isFound ? this.#findOrAppend(this.#next.words, this.#wordCount) : this.rowCount++;
  }

  /** The chunk that has room for the next row. */
  #chunkFor(count: number): KeyChunk {
    const row = this.rowCount;
    const at = row & CHUNK_MASK;
    const chunk = this.chunks[row >>> CHUNK_BITS];
    if (chunk !== undefined && chunk.count >= count && at < chunk.rows) return chunk;
    // Only the first chunk starts small: many small segments may be open at once.
    const widened = this.#widened(chunk, at, count, row < CHUNK_ROWS ? FIRST_ROWS : CHUNK_ROWS);
    this.chunks[row >>> CHUNK_BITS] = widened;
    this.#chunkBytes += widened.words.byteLength - (chunk?.words.byteLength ?? 0);
    return widened;
  }

  #append(key: Int32Array, count: number): number {
    const { rowStep, words } = this.#chunkFor(count);
    const to = (this.rowCount & CHUNK_MASK) * rowStep;
    for (let i = 0; i < count; i++) words[to + i] = key[i]!;
    return this.rowCount++;
  }

  #widened(old: KeyChunk | undefined, rows: number, count: number, firstRows: number): KeyChunk {
    let room = firstRows;
    while (room <= rows) room *= 2;
    const rowStep = this.#isFound ? count : 1;
    const wordStep = this.#isFound ? 1 : room === CHUNK_ROWS ? room + COLUMN_GAP : room;
    const words = new Int32Array(this.#isFound ? room * count : wordStep * count);
    for (let row = 0; old !== undefined && row < rows; row++) {
      for (let word = 0; word < old.count; word++) {
        words[row * rowStep + word * wordStep] = old.words[row * old.rowStep + word * old.wordStep]!;
      }
    }
    return { count, rows: room, rowStep, wordStep, words };
  }

  #findOrAppend(key: Int32Array, count: number): number {
    const hash = hashOf(key, count);
    const mask = this.#table.length - 1;
    let place = hash & mask;
    for (let entry = this.#table[place]!; entry !== 0; entry = this.#table[place]!) {
      const row = entry - 1;
      if (this.#hashes[row] === hash && this.#equals(row, key, count)) return row;
      place = (place + 1) & mask;
    }
    const row = this.#append(key, count);
    this.#table[place] = row + 1;
    if (row >= this.#hashes.length) {
      const grown = new Int32Array(this.#hashes.length * 2);
      grown.set(this.#hashes);
      this.#hashes = grown;
    }
    this.#hashes[row] = hash;
    if (this.rowCount * 2 > this.#table.length) this.#rehash();
    return row;
  }

  #equals(row: number, key: Int32Array, count: number): boolean {
    const { count: stored, rowStep, wordStep, words } = this.chunks[row >>> CHUNK_BITS]!;
    const from = (row & CHUNK_MASK) * rowStep;
    const shared = Math.min(stored, count);
    for (let i = 0; i < shared; i++) if (words[from + i * wordStep] !== key[i]) return false;
    for (let i = shared; i < count; i++) if (key[i] !== 0) return false;
    for (let i = shared; i < stored; i++) if (words[from + i * wordStep] !== 0) return false;
    return true;
  }

  #rehash(): void {
    const table = new Int32Array(this.#table.length * 2);
    const mask = table.length - 1;
    for (let row = 0; row < this.rowCount; row++) {
      let place = this.#hashes[row]! & mask;
      while (table[place] !== 0) place = (place + 1) & mask;
      table[place] = row + 1;
    }
    this.#table = table;
  }
}

/** Zero words are skipped, so that a key hashes alike whether or not it has words for dimensions met later. */
function hashOf(key: Int32Array, count: number): number {
  let hash = 0x2545f491;
  for (let i = 0; i < count; i++) {
    const word = key[i]!;
    if (word === 0) continue;
    hash = Math.imul(hash ^ Math.imul(word + Math.imul(i, 0x9e3779b1), 0x85ebca6b), 0xc2b2ae35);
    hash = (hash << 13) | (hash >>> 19);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
