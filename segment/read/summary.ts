/** What is known of a segment without reading a column: meta.smoosh, index.drd, metadata.drd, the row count. */
import path from 'node:path';
import { corrupt, Cursor, type Place } from '../format/bytes.js';
import { packedPerBlock } from '../format/codec.js';
import { readDescriptor } from '../format/descriptor.js';
import { readIndexed, type OpenInternal } from '../format/indexed.js';
import { chunkName, parseSmoosh, type InternalFile } from '../format/smoosh.js';
import type { Files } from '../ports.js';
import type { IntervalMs } from './view.js';

export interface SegmentSummary {
  readonly interval: IntervalMs;
  readonly rowCount: number;
  /** Without `__time`, all-null ones included. */
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  readonly bitmap: 'roaring' | 'concise';
  /** Rows ascend by `__time`. */
  readonly timeSorted: boolean;
  /** metadata.drd as it stands; undefined when missing or not JSON. */
  readonly metadataText: string | undefined;
  readonly files: readonly InternalFile[];
  /** Bytes of all internal files. */
  readonly bytes: number;
}

const timeColumn = '__time';
const smallBytesMax = 64 << 20;

function readWhole(files: Files, file: string, limit: number): Buffer {
  const place = { file, column: '' };
  let size: number;
  try {
    size = files.sizeSync(file);
  } catch {
    throw corrupt(place, 0, `${path.basename(file)} is missing`);
  }
  if (size > limit) throw corrupt(place, 0, `${path.basename(file)} of ${size} bytes is too large`);
  const bytes = Buffer.alloc(size);
  if (files.readSync(file, bytes, 0) !== size) throw corrupt(place, 0, `${path.basename(file)} is cut short`);
  return bytes;
}

/** Reads part of an internal file. */
function readPart(files: Files, dir: string, entry: InternalFile, length: number): Buffer {
  const file = path.join(dir, chunkName(entry.chunk));
  const wanted = Math.min(length, entry.end - entry.start);
  const bytes = Buffer.alloc(wanted);
  if (files.readSync(file, bytes, entry.start) !== wanted) {
    throw corrupt({ file, column: entry.name }, entry.start, 'the file is cut short');
  }
  return bytes;
}

/** Parses a segment directory's structure; no column is decoded. Throws CorruptSegment. */
export function readSummary(dir: string, files: Files): SegmentSummary {
  const versionFile = path.join(dir, 'version.bin');
  const version = readWhole(files, versionFile, 1024);
  if (version.length < 4 || version.readInt32BE(0) !== 9) {
    throw corrupt({ file: versionFile, column: '' }, 0, 'the segment is not of version 9');
  }
  const metaFile = path.join(dir, 'meta.smoosh');
  const entries = parseSmoosh(
    readWhole(files, metaFile, smallBytesMax).toString('utf8'),
    metaFile,
    (chunk) => {
      try {
        return files.sizeSync(path.join(dir, chunkName(chunk)));
      } catch {
        return -1;
      }
    },
  );
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const part = (name: string, length: number = smallBytesMax) => {
    const entry = byName.get(name);
    if (entry === undefined)
      throw corrupt({ file: metaFile, column: name }, 0, `internal file[${name}] is missing`);
    if (length === smallBytesMax && entry.end - entry.start > length) {
      throw corrupt({ file: metaFile, column: name }, 0, `internal file[${name}] is too large`);
    }
    return readPart(files, dir, entry, length);
  };
  const index = readIndexFile(
    part('index.drd'),
    { file: path.join(dir, chunkName(0)), column: 'index.drd' },
    part,
  );
  for (const name of [timeColumn, ...index.columns]) {
    if (!byName.has(name)) throw corrupt({ file: metaFile, column: name }, 0, `column[${name}] has no file`);
  }
  const metadata = byName.has('metadata.drd') ? readMetadata(part('metadata.drd')) : undefined;
  const dimensions = new Set(index.dimensions);
  const timeRows = () => {
    const rows = readRowCount(part(timeColumn, 65536), { file: metaFile, column: timeColumn });
    const entry = byName.get(timeColumn);
    // A block costs eight bytes at least and holds 262144 rows at most.
    if (entry !== undefined && rows > (entry.end - entry.start) * 32768) {
      throw corrupt(
        { file: metaFile, column: timeColumn },
        0,
        `${rows} rows can't be in ${entry.end - entry.start} bytes`,
      );
    }
    return rows;
  };
  return {
    interval: index.interval,
    rowCount: timeRows(),
    dimensions: index.dimensions,
    metrics: index.columns.filter((name) => !dimensions.has(name)),
    bitmap: index.bitmap,
    timeSorted: startsWithTime(metadata?.value),
    metadataText: metadata?.text,
    files: entries,
    bytes: entries.reduce((sum, entry) => sum + entry.end - entry.start, 0),
  };
}

interface IndexFile {
  readonly columns: readonly string[];
  readonly dimensions: readonly string[];
  readonly interval: IntervalMs;
  readonly bitmap: 'roaring' | 'concise';
}

function readIndexFile(bytes: Buffer, place: Place, open: OpenInternal): IndexFile {
  const cursor = new Cursor(bytes, place);
  const columns = readNames(cursor, open, 'columns').map((name) => name ?? '');
  const dimensions = readNames(cursor, open, 'dimensions').map((name) => name ?? '');
  const startMs = millis(cursor, 'interval start');
  const endMs = millis(cursor, 'interval end');
  if (new Set(columns).size < columns.length || new Set(dimensions).size < dimensions.length)
    throw cursor.fail('a column is listed twice');
  if (startMs > endMs) throw cursor.fail('the interval ends before it starts');
  if (cursor.left === 0) return { columns, dimensions, interval: { startMs, endMs }, bitmap: 'concise' };
  const bitmap = bitmapKind(cursor, cursor.str32('bitmap type'));
  if (cursor.left === 0) return { columns, dimensions, interval: { startMs, endMs }, bitmap };
  return {
    columns: restore(cursor, readNames(cursor, open, 'all columns'), columns),
    dimensions: restore(cursor, readNames(cursor, open, 'all dimensions'), dimensions),
    interval: { startMs, endMs },
    bitmap,
  };
}

function millis(cursor: Cursor, what: string): number {
  const value = cursor.i64(what);
  // Java's largest instants; a double holds everything in between exactly enough for an interval.
  return Number(value);
}

function bitmapKind(cursor: Cursor, text: string): 'roaring' | 'concise' {
  const found = /"type"\s*:\s*"(roaring|concise)"/.exec(text);
  if (found === null) throw cursor.fail(`unknown bitmap type[${text.slice(0, 80)}]`);
  return found[1] as 'roaring' | 'concise';
}

function readNames(cursor: Cursor, open: OpenInternal, what: string): (string | null)[] {
  const list = readIndexed(cursor, open, what);
  return Array.from({ length: list.count }, (_, i) => {
    const at = list.locate(i);
    return at.isNull ? null : cursor.bytes.toString('utf8', at.start, at.start + at.length);
  });
}

/** A null stands for the next name with data. */
function restore(cursor: Cursor, all: readonly (string | null)[], withData: readonly string[]): string[] {
  let next = 0;
  const names = all.map((name) => name ?? withData[next++]);
  if (next !== withData.length || names.includes(undefined)) throw cursor.fail('the column lists disagree');
  return names as string[];
}

function readMetadata(bytes: Buffer): { readonly text: string; readonly value: unknown } | undefined {
  const text = bytes.toString('utf8');
  try {
    return { text, value: JSON.parse(text) };
  } catch {
    // As Druid does: a segment whose metadata can't be understood is read without it.
    return undefined;
  }
}

function startsWithTime(metadata: unknown): boolean {
  if (typeof metadata !== 'object' || metadata === null) return true;
  const ordering = (metadata as { readonly ordering?: unknown }).ordering;
  if (!Array.isArray(ordering) || ordering.length === 0) return true;
  const first = ordering[0] as { readonly columnName?: unknown; readonly order?: unknown } | null;
  return first?.columnName === timeColumn && first.order !== 'descending';
}

function readRowCount(bytes: Buffer, place: Place): number {
  const cursor = new Cursor(bytes, place);
  const descriptor = readDescriptor(cursor);
  if (descriptor.part.type === 'longV2') cursor.skip(4, 'values length');
  cursor.skip(1, 'number version');
  const rows = cursor.count('row count');
  if (rows === 0) throw cursor.fail('the segment has no rows');
  checkRowCount(cursor, rows, bytes);
  return rows;
}

/** A damaged row count must not be believed: everything else is sized by it. */
function checkRowCount(cursor: Cursor, rows: number, bytes: Buffer): void {
  const version = bytes[cursor.at - 5];
  const perBlock = cursor.count('values per block');
  let codec = version === 1 ? 0 : cursor.u8('compression');
  if (codec >= 0x80 && codec < 0xfe) {
    codec = (codec + 126) & 0xff;
    const encoding = cursor.u8('long encoding');
    if (encoding === 0) cursor.skip(13, 'delta head');
    else if (encoding === 1) {
      cursor.skip(1, 'table head');
      cursor.skip(8 * cursor.count('table size'), 'table');
    }
  }
  // Without blocks the column's own length tells, when it is read.
  if (codec === 0xfe) return;
  const list = cursor.u8('block list version');
  cursor.skip(5, 'block list head');
  const blocks = cursor.count('block count');
  if (
    perBlock <= 0 ||
    perBlock > packedPerBlock(1) ||
    (list === 1 && blocks !== Math.ceil(rows / perBlock))
  ) {
    throw cursor.fail(`${blocks} blocks can't hold ${rows} rows`);
  }
}
