/** Segments that are written, taken apart, changed file by file, put together again, and read. */
import fs from 'node:fs';
import path from 'node:path';
import { verifySegment } from '../../segment/dump.js';
import { chunkName, parseSmoosh } from '../../segment/format/smoosh.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { jsonReader } from '../../segment/read/plain-values.js';
import { NestedColumn } from '../../segment/read/nested.js';
import { createResidency } from '../../segment/read/residency.js';
import { readRows, type PlainRow } from '../../segment/read/rows.js';
import { registerSegment, SegmentReader, unregisterSegment } from '../../segment/read/segment.js';
import type { JsonValue, SegmentSource, WriteOptions } from '../../segment/write/source.js';
import { writeSegment } from '../../segment/write/writer.js';
import { temporaryFolder } from '../launch.js';
import type { Directory } from './specimens.js';

/** Internal files by name. */
export type Parts = Map<string, Buffer>;

/** The internal files of a segment of one chunk. */
export function partsOf(directory: Directory): Parts {
  const chunk = directory.get(chunkName(0)) as Buffer;
  const text = (directory.get('meta.smoosh') as Buffer).toString('utf8');
  const entries = parseSmoosh(text, 'meta.smoosh', () => chunk.length);
  return new Map(entries.map((entry) => [entry.name, chunk.subarray(entry.start, entry.end)]));
}

/** The same segment with other internal files. */
export function withParts(directory: Directory, parts: Parts): Directory {
  let at = 0;
  const lines = [...parts].map(([name, bytes]) => `${name},0,${at},${(at += bytes.length)}\n`);
  return new Map([
    ...directory,
    [chunkName(0), Buffer.concat([...parts.values()])],
    ['meta.smoosh', Buffer.from(`v1,2147483647,1\n${lines.join('')}`)],
  ]);
}

export interface ReadBack {
  readonly rows: readonly PlainRow[];
  readonly problems: readonly string[];
  /** Of the column asked for: its kind, and the paths and values of its fields. */
  readonly kind: string;
  readonly paths: readonly string[];
  readonly fields: readonly (readonly JsonValue[])[];
}

const arena = createArena({ maximumBytes: 64 << 20 });
const kernels = instantiateKernels(compileKernels(), arena);
const residency = createResidency({ arena, coldBytesMax: 16 << 20, hotBytesMax: 0 });

export function readBack(
  source: SegmentSource,
  change: (parts: Parts) => void,
  column: string,
  options: WriteOptions = {},
  /** Only the verification: the rows of a damaged segment may not be readable. */
  onlyVerify = false,
): ReadBack {
  const folder = temporaryFolder();
  try {
    const written = path.join(folder, 'written');
    writeSegment(written, source, options);
    const directory = new Map(
      fs.readdirSync(written).map((file) => [file, fs.readFileSync(path.join(written, file))]),
    );
    const parts = partsOf(directory);
    change(parts);
    const dir = path.join(folder, 'changed');
    fs.mkdirSync(dir);
    for (const [name, bytes] of withParts(directory, parts)) fs.writeFileSync(path.join(dir, name), bytes);
    return read(dir, column, onlyVerify);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function read(dir: string, name: string, onlyVerify: boolean): ReadBack {
  const handle = registerSegment(residency, { id: dir, dir });
  const reader = new SegmentReader({ kernels, residency });
  const view = reader.openView(handle);
  try {
    if (onlyVerify) {
      const problems = verifySegment(view, arena);
      return { rows: [], problems, kind: '', paths: [], fields: [] };
    }
    const column = view.column(name);
    const paths = column instanceof NestedColumn ? column.fields.map((field) => field.path) : [];
    const fields = paths.map((field) => {
      const found = column instanceof NestedColumn ? column.field(field) : undefined;
      return Array.from({ length: view.rowCount }, (_, row) => jsonReader(found, arena, view.rowCount)(row));
    });
    const rows = [...readRows(view, arena)];
    return { rows, problems: verifySegment(view, arena), kind: column?.kind ?? '', paths, fields };
  } finally {
    view.close();
    reader.close();
    unregisterSegment(residency, handle);
  }
}
