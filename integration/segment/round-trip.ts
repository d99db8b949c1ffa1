/** Segments read, written again, and compared by what they say. */
import { expect } from 'chai';
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { columnStats, dumpRows, verifySegment } from '../../segment/dump.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { createResidency } from '../../segment/read/residency.js';
import {
  registerSegment,
  SegmentReader,
  unregisterSegment,
  type StoredSegment,
} from '../../segment/read/segment.js';
import { mergeSegments, type Combine } from '../../segment/write/merge.js';
import type { JsonValue, WriteOptions } from '../../segment/write/source.js';
import { recordedSpecimens, type Specimen } from './specimens.js';

const arena = createArena({ maximumBytes: 256 << 20 });
const kernels = instantiateKernels(compileKernels(), arena);
const residency = createResidency({ arena, coldBytesMax: 64 << 20, hotBytesMax: 32 << 20, slotsMax: 8192 });
const reader = new SegmentReader({ kernels, residency });

/** What a segment says, whatever its encodings. */
interface Content {
  readonly rows: readonly string[];
  readonly types: readonly string[];
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  readonly interval: unknown;
  readonly metadata: Metadata;
}

interface Metadata {
  readonly aggregators?: readonly { readonly name: string }[] | null;
  readonly queryGranularity?: JsonValue;
  readonly rollup?: boolean | null;
  readonly timestampSpec?: JsonValue;
  readonly ordering?: readonly { readonly columnName: string }[];
  readonly container?: { readonly [key: string]: JsonValue };
}

export function withView<T>(dir: string, action: (view: StoredSegment) => T): T {
  const handle = registerSegment(residency, { id: path.basename(dir), dir });
  const view = reader.openView(handle);
  try {
    return action(view);
  } finally {
    view.close();
    unregisterSegment(residency, handle);
  }
}

export function contentOf(view: StoredSegment): Content {
  expect(verifySegment(view, arena)).to.deep.equal([]);
  return {
    rows: [...dumpRows(view, arena)],
    types: columnStats(view).map((column) => `${column.name} ${column.type}`),
    dimensions: view.dimensions,
    metrics: view.metrics,
    interval: view.interval,
    metadata: JSON.parse(view.summary.metadataText ?? '{}') as Metadata,
  };
}

const neverEqual: Combine = {
  type: 'complex',
  merge: () => {
    throw new Error('rows of a rolled-up segment are all different');
  },
};

/** Reads a segment and writes what was read. */
export function rewritten(from: string, to: string, options: WriteOptions): void {
  withView(from, (view) => {
    const metadata = JSON.parse(view.summary.metadataText ?? '{}') as Metadata;
    const isComplex = (name: string) => view.column(name)?.kind === 'complex';
    const combine = view.metrics.map((name): [string, Combine] => [
      name,
      isComplex(name) ? neverEqual : { type: 'sum' },
    ]);
    mergeSegments(to, [view], arena, {
      interval: view.interval,
      rollup: metadata.rollup === true,
      combine: Object.fromEntries(combine),
      metadata: {
        aggregators: (metadata.aggregators ?? []) as unknown as readonly JsonValue[],
        queryGranularity: metadata.queryGranularity ?? null,
        ...(metadata.timestampSpec === undefined ? {} : { timestampSpec: metadata.timestampSpec }),
        ...(metadata.container === undefined ? {} : { container: metadata.container }),
      },
      write: options,
    });
  });
}

export function expectSame(before: Content, after: Content): void {
  expect(after.rows).to.deep.equal(before.rows);
  expect(after.types).to.deep.equal(before.types);
  expect(after.dimensions).to.deep.equal(before.dimensions);
  expect(after.metrics).to.deep.equal(before.metrics);
  expect(after.interval).to.deep.equal(before.interval);
  for (const key of ['queryGranularity', 'timestampSpec', 'container'] as const)
    expect(after.metadata[key] ?? null, key).to.deep.equal(before.metadata[key] ?? null);
  expect(after.metadata.rollup ?? false).to.equal(before.metadata.rollup ?? false);
  expect(after.metadata.aggregators ?? []).to.deep.equal(before.metadata.aggregators ?? []);
  // What is said of the order must be true; it may say less (json and auto columns have no order of their own).
  const names = (content: Content) =>
    (content.metadata.ordering ?? [{ columnName: '__time' }]).map((one) => one.columnName);
  expect(names(after)[0]).to.equal(names(before)[0]);
}

function placed(folder: string, specimen: Specimen): string {
  const dir = path.join(folder, specimen.name.replaceAll(/\W+/g, '-'));
  fs.mkdirSync(dir);
  for (const [name, bytes] of specimen.directory) fs.writeFileSync(path.join(dir, name), bytes);
  return dir;
}

/** Recorded segments of at most `bytesMax`: rows as recorded, and the same content after rewriting; answers how many. */
export async function checkRecorded(fixtures: string, folder: string, bytesMax: number): Promise<number> {
  const specimens = await recordedSpecimens(fixtures, bytesMax);
  for (const specimen of specimens) {
    const dir = placed(folder, specimen);
    const before = withView(dir, contentOf);
    expect(before.rows, specimen.name).to.deep.equal(recordedRows(fixtures, specimen.name));
    const copy = `${dir}-copy`;
    rewritten(dir, copy, {});
    try {
      expectSame(before, withView(copy, contentOf));
    } catch (error) {
      throw new Error(`${specimen.name}: ${(error as Error).message}`, { cause: error });
    }
  }
  return specimens.length;
}

function recordedRows(folder: string, name: string): string[] {
  const plain = path.join(folder, `${name}.rows.jsonl`);
  const text = fs.existsSync(plain)
    ? fs.readFileSync(plain, 'utf8')
    : gunzipSync(fs.readFileSync(`${plain}.gz`)).toString('utf8');
  return text.trimEnd().split('\n');
}
