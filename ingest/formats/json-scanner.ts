/**
 * Finds the fields of JSON objects in the bytes of lines without making texts and objects of them, by the kernel in
 * ingest/kernels/assembly/json-scan.ts. Lines that are anything but plain JSON are left to the reader of whole lines.
 */
import { CodedError } from '../../proto/errors.js';
import { createArena, type Arena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { RowCells, cellKinds } from '../index/row-cells.js';
import type { CellPlan, CellUse } from './format.js';

interface ScanKernels {
  json_name(state: number, from: number, to: number, cell: number): void;
  json_scan(state: number, base: number, from: number, to: number): number;
}

/** Names that nobody asks for are remembered too, so that they are passed over quickly; but not any number of them. */
const OTHER_NAMES_MAX = 1000;
const NAME_BYTES = 20;
const OTHER_TOKEN_BYTES = 64 * 1024;
/** Beyond quotes, colon and what is read at once. */
const TOKEN_EXTRA = 32;
const STATE_WORDS = 16;
const ARENA_BYTES = 64 << 20;
const FIRST_BLOCK_BYTES = 512 * 1024;
/** Larger blocks are not scanned: they hold a line of many MiB. */
const BLOCK_BYTES_MAX = 24 << 20;

const useCodes: Readonly<Record<CellUse, number>> = { any: 0, text: 1, number: 2 };
/** What the kernel leaves to be read. */
const DECIMAL = 4;
const ESCAPED = 5;
const loneSurrogates = /\p{Surrogate}/gu;

export class JsonScanner {
  readonly plan: CellPlan;
  readonly cells: RowCells;
  readonly #arena: Arena;
  readonly #kernels: ScanKernels;
  readonly #state: number;
  #blockAt = 0;
  #blockRoom = 0;
  /** The block whose copy is in the arena. */
  #block: Buffer | undefined;
  #copy: Buffer<ArrayBufferLike> = Buffer.alloc(0);

  constructor(plan: CellPlan) {
    this.plan = plan;
    this.#arena = createArena({ maximumBytes: ARENA_BYTES });
    const { exports } = instantiateKernels(compileKernels(), this.#arena);
    if (typeof exports['json_scan'] !== 'function' || typeof exports['json_name'] !== 'function') {
      throw new CodedError('Bug', 'kernel[json_scan] is missing');
    }
    this.#kernels = exports as unknown as ScanKernels;
    const count = plan.names.length;
    const kinds = this.#arena.alloc(count);
    const starts = this.#arena.alloc(4 * count);
    const ends = this.#arena.alloc(4 * count);
    const numbers = this.#arena.alloc(8 * count);
    this.cells = new RowCells(count, {
      kinds: this.#arena.bytes(kinds, count),
      starts: this.#arena.u32(starts, count),
      ends: this.#arena.u32(ends, count),
      numbers: this.#arena.f64(numbers, count),
    });
    this.#state = this.#arena.alloc(4 * STATE_WORDS);
    this.#fillState([kinds, starts, ends, numbers]);
  }

  /** The words in the order in which the kernel names them. */
  #fillState(cells: readonly number[]): void {
    const { names, uses } = this.plan;
    const arena = this.#arena;
    const tokens = names.map((name) => Buffer.from(name));
    const usesAt = arena.alloc(names.length);
    arena.bytes(usesAt, names.length).set(uses.map((use) => useCodes[use]));
    const namesMax = 1 + names.length + OTHER_NAMES_MAX;
    const namesAt = arena.alloc(namesMax * NAME_BYTES);
    // The name of those there is no room for: it has no token and no cell.
    arena.i32(namesAt, NAME_BYTES / 4).set([0, 0, -1, 0, 0]);
    const places = 2 ** Math.ceil(Math.log2(2 * namesMax));
    const table = arena.alloc(4 * places);
    arena.u32(table, places).fill(0);
    const tokenBytes = OTHER_TOKEN_BYTES + tokens.reduce((sum, { length }) => sum + length + TOKEN_EXTRA, 0);
    const tokensAt = arena.alloc(tokenBytes);
    const known = [usesAt, namesAt, 1, namesMax, table, places - 1, tokensAt, tokensAt + tokenBytes];
    arena.u32(this.#state, STATE_WORDS).set([...cells, names.length, ...known, 0, 0, 0]);
    for (const [cell, token] of tokens.entries()) {
      const at = arena.alloc(token.length);
      arena.bytes(at, token.length).set(token);
      this.#kernels.json_name(this.#state, at, at + token.length, cell);
      arena.free(at);
    }
  }

  /** Finds the {@link cells} of the line [start, end) of valid UTF-8; false: it has to be read as a whole. */
  scan(bytes: Buffer, start: number, end: number): boolean {
    if (bytes !== this.#block && !this.#take(bytes)) return false;
    this.cells.bytes = bytes;
    const found = this.#kernels.json_scan(this.#state, this.#blockAt, start, end);
    if (found > 1) this.#readPending(bytes);
    return found > 0;
  }

  /** Copies a block of lines to where the kernel reads it; false when it is too large. */
  #take(block: Buffer): boolean {
    if (block.length > BLOCK_BYTES_MAX) return false;
    if (block.length > this.#blockRoom) {
      if (this.#blockRoom > 0) this.#arena.free(this.#blockAt);
      this.#blockRoom = 0;
      const room = Math.max(FIRST_BLOCK_BYTES, block.length);
      this.#blockAt = this.#arena.alloc(room);
      this.#blockRoom = room;
    }
    this.#copy = this.#arena.buffer(this.#blockAt, block.length);
    this.#copy.set(block);
    this.#block = block;
    return true;
  }

  #readPending(bytes: Buffer): void {
    const { kinds } = this.cells;
    for (let cell = 0; cell < kinds.length; cell++) {
      if (kinds[cell] === DECIMAL) this.#readDecimal(bytes, cell);
      else if (kinds[cell] === ESCAPED) this.#unescape(bytes, cell);
    }
  }

  #readDecimal(bytes: Buffer, cell: number): void {
    const { kinds, starts, ends, numbers } = this.cells;
    const number = Number(bytes.toString('latin1', starts[cell], ends[cell]));
    const isNumber = this.plan.uses[cell] === 'number' || !Number.isInteger(number);
    kinds[cell] = isNumber ? cellKinds.number : cellKinds.value;
    numbers[cell] = number;
  }

  /** No text is longer than it was with its escapes: it takes their place, in the copy of the line. */
  #unescape(bytes: Buffer, cell: number): void {
    const { kinds, starts, ends } = this.cells;
    const start = starts[cell]!;
    const written = bytes.toString('utf8', start, ends[cell]);
    const read = JSON.parse(`"${written}"`) as string;
    const text = written.includes('\\u') ? read.replace(loneSurrogates, '?') : read;
    kinds[cell] = cellKinds.text;
    ends[cell] = start + this.#copy.write(text, start, 'utf8');
    this.cells.bytes = this.#copy;
  }
}
