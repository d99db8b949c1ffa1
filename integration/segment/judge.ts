/**
 * Reads a damaged segment and judges what came of it. What is asked:
 *
 * - Every failure is a CorruptSegment that names file and offset, or an Unsupported (a damaged type name may read as
 *   a type that exists elsewhere); never another error.
 * - Format v9 has no checksums: damage to a column's values is not told from other values. But damage in one column's
 *   files must leave all other columns as they were, or failing; damage to meta.smoosh, version.bin or index.drd must
 *   leave every column as it was, or failing.
 * - A single-value string column with bitmaps says everything twice: rows that changed under an unchanged dictionary
 *   must be found by the verification.
 * - Column memory and buffers: at most four times the file more than the whole segment takes, beside
 *   scratch buffers of a fixed size.
 *
 * Loops that do not end are found by whoever runs this: see the fuzz runner.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { CodedError } from '../../proto/errors.js';
import { exactJsonText } from '../../segment/format/json.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { Files } from '../../segment/ports.js';
import { createResidency, type Residency } from '../../segment/read/residency.js';
import { readRows } from '../../segment/read/rows.js';
import {
  registerSegment,
  SegmentReader,
  unregisterSegment,
  type StoredSegment,
} from '../../segment/read/segment.js';
import { verifySegment } from '../../segment/dump.js';
import type { Damage } from './mutation.js';
import type { Directory, Specimen } from './specimens.js';

export interface ColumnReading {
  /** Of all values in row order; undefined = failed. */
  readonly digest: string | undefined;
  /** Of the dictionary, for single-value strings with bitmaps. */
  readonly dictionary: string | undefined;
  readonly isAllNull: boolean;
}

export interface Reading {
  /** Undefined = opened. */
  readonly refused: unknown;
  readonly errors: readonly unknown[];
  readonly problems: readonly string[];
  readonly columns: ReadonlyMap<string, ColumnReading>;
  /** Highest use of the column memory, bytes. */
  readonly arenaPeak: number;
  /** Buffers of plain memory that reading made, bytes. */
  readonly buffers: number;
}

export interface Verdict {
  readonly outcome: 'refused' | 'found' | 'unchanged' | 'values changed';
  /** What must not be. */
  readonly faults: readonly string[];
}

/** What buffers may be made without a thought for the file's size: pools and tables. */
const slackBytes = 4 << 20;
/** Readers hold scratch buffers of a fixed size, few at a time. */
const scratchSlack = 4 * 69_632;

export function memoryFiles(directory: Directory): Files {
  const find = (file: string): Buffer => {
    const bytes = directory.get(path.basename(file));
    if (bytes === undefined) throw new Error(`no file ${file}`);
    return bytes;
  };
  return {
    sizeSync: (file) => find(file).length,
    readSync: (file, into, position) => {
      const part = find(file).subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
  };
}

export class Judge {
  readonly #arena = createArena({ maximumBytes: 256 << 20 });
  readonly #kernels = instantiateKernels(compileKernels(), this.#arena);
  readonly #residency: Residency;
  #peak = 0;

  /** `windowed`: as if there was no room for any file. */
  constructor(windowed: boolean) {
    this.#residency = createResidency({
      arena: this.#arena,
      coldBytesMax: windowed ? 0 : 128 << 20,
      hotBytesMax: windowed ? 0 : 32 << 20,
      slotsMax: 4096,
    });
    const alloc = this.#arena.alloc.bind(this.#arena);
    this.#arena.alloc = (bytes) => {
      const pointer = alloc(bytes);
      this.#peak = Math.max(this.#peak, this.#arena.usedBytes);
      return pointer;
    };
  }

  read(directory: Directory): Reading {
    const files = memoryFiles(directory);
    const buffersBefore = process.memoryUsage().arrayBuffers;
    this.#peak = 0;
    const columns = new Map<string, ColumnReading>();
    const errors: unknown[] = [];
    let problems: string[] = [];
    let refused: unknown;
    let handle: ReturnType<typeof registerSegment> | undefined;
    const reader = new SegmentReader({ kernels: this.#kernels, residency: this.#residency, files });
    try {
      handle = registerSegment(this.#residency, { id: 'x', dir: '/none' }, files);
    } catch (error) {
      refused = error;
    }
    if (handle !== undefined) {
      const view = reader.openView(handle);
      try {
        for (const name of ['__time', ...view.dimensions, ...view.metrics])
          columns.set(name, this.#readColumn(view, name, errors));
        problems = verifySegment(view, this.#arena);
      } catch (error) {
        errors.push(error);
      } finally {
        view.close();
        unregisterSegment(this.#residency, handle);
      }
    }
    reader.close();
    if (this.#arena.usedBytes > 0) errors.push(new Error(`${this.#arena.usedBytes} bytes stay in use`));
    const buffers = process.memoryUsage().arrayBuffers - buffersBefore;
    return { refused, errors, problems, columns, arenaPeak: this.#peak, buffers };
  }

  #readColumn(view: StoredSegment, name: string, errors: unknown[]): ColumnReading {
    try {
      const hash = createHash('sha1');
      let isAllNull = true;
      for (const row of readRows(view, this.#arena, { columns: [name] })) {
        const value = row[name];
        isAllNull &&= value === null;
        hash.update(value instanceof Uint8Array ? Buffer.from(value) : exactJsonText(value ?? null));
        hash.update('\n');
      }
      const column = view.column(name);
      let dictionary: string | undefined;
      if (column?.kind === 'string' && !column.hasMultipleValues && column.hasBitmaps) {
        const texts = createHash('sha1');
        for (let id = 0; id < column.cardinality; id++) texts.update(`${exactJsonText(column.value(id))}\n`);
        dictionary = texts.digest('base64');
      }
      return { digest: hash.digest('base64'), dictionary, isAllNull };
    } catch (error) {
      errors.push(error);
      return { digest: undefined, dictionary: undefined, isAllNull: false };
    }
  }

  judge(specimen: Specimen, whole: Reading, damage: Damage): Verdict {
    const reading = this.read(damage.directory);
    const faults = [reading.refused, ...reading.errors].flatMap((error) =>
      error === undefined ? [] : faultOf(error),
    );
    const memoryMax = 4 * specimen.bytes;
    const arena = reading.arenaPeak - whole.arenaPeak;
    if (arena > memoryMax + scratchSlack)
      faults.push(`column memory of ${arena} bytes for a file of ${specimen.bytes}`);
    if (reading.buffers > Math.max(whole.buffers, 0) + memoryMax + slackBytes)
      faults.push(`buffers of ${reading.buffers} bytes for a file of ${specimen.bytes}`);
    if (reading.refused !== undefined) return { outcome: 'refused', faults };
    const owners = new Set(damage.touched.map((file) => ownerOf(file, whole)));
    let changes = 0;
    for (const [name, before] of whole.columns) {
      const after = reading.columns.get(name);
      if (after === undefined) {
        // An index cut short right before its list of all-null columns is one of Druid's old forms.
        if (!before.isAllNull) faults.push(`column[${name}] is gone without an error`);
      } else if (after.digest !== undefined && after.digest !== before.digest) {
        changes++;
        if (!owners.has(name)) faults.push(`column[${name}] changed without an error`);
        const isTold = reading.problems.some((problem) => problem.startsWith(`column[${name}]`));
        if (before.dictionary !== undefined && before.dictionary === after.dictionary && !isTold)
          faults.push(`column[${name}]: changed ids are not found by their bitmaps`);
      }
    }
    const isFound = reading.errors.length + reading.problems.length > 0;
    return { outcome: isFound ? 'found' : changes > 0 ? 'values changed' : 'unchanged', faults };
  }
}

function faultOf(error: unknown): string[] {
  if (!(error instanceof CodedError))
    return [`an error without a code: ${error instanceof Error ? error.stack : ''}`];
  if (error.code === 'Unsupported') return [];
  if (error.code !== 'CorruptSegment') return [`error ${error.code}: ${error.message}`];
  const named = /file\[[^\]]+\][^]*offset\[\d+\]$/.test(error.message);
  return named ? [] : [`no file and offset in: ${error.message}`];
}

/** The column an internal file belongs to. */
function ownerOf(file: string, whole: Reading): string {
  const names = [...whole.columns.keys()].filter((name) => file.startsWith(name));
  return names.sort((a, b) => b.length - a.length)[0] ?? '';
}
