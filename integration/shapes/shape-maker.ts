/** Data sets in the shapes that their rows may have, each shape behind a broker. */
import fs from 'node:fs';
import path from 'node:path';
import { createSegmentOpener } from '../../actors/historical/open-segment.js';
import { isRealtimeHandle, openRealtimeView, realtimeHandle } from '../../ingest/index/realtime-view.js';
import type { IncrementalIndex } from '../../ingest/index/incremental-index.js';
import type { SegmentLookup } from '../../ingest/sources/source.js';
import { createInlinePool } from '../../query/engine/inline-pool.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { createResidency } from '../../segment/read/residency.js';
import { SegmentReader, type SegmentHandle } from '../../segment/read/segment.js';
import { dataSegmentToJson, identifierOf, type DataSegment } from '../../segment/timeline/data-segment.js';
import { overlaps, parseInterval } from '../../segment/timeline/interval.js';
import { Timeline } from '../../segment/timeline/timeline.js';
import { startCluster, type Cluster, type Placed } from './cluster.js';
import { layOut, recordOf, writeOne, type Chunk, type Piece } from './layouts.js';
import type { DataSet } from './suite.js';

/** In one process. */
export const madeShapes = ['growing', 'one', 'many', 'nodes'] as const;
export type MadeShape = (typeof madeShapes)[number];

const parts = 3;
const nodes = 3;
const still = { now: () => 0, monotonic: () => 0 };

export class ShapeMaker {
  readonly #dataDir: string;
  readonly #workDir: string;
  readonly #chunks = new Map<string, readonly Chunk[]>();
  readonly #arena = createArena({ maximumBytes: 1 << 30 });
  readonly #kernels = instantiateKernels(compileKernels(), this.#arena);
  readonly #residency = createResidency({ arena: this.#arena, coldBytesMax: 1 << 28, hotBytesMax: 0 });
  readonly #open = createSegmentOpener({ kernels: this.#kernels, residency: this.#residency });
  readonly #pool = createInlinePool({
    kernels: this.#kernels,
    open: this.#opener(),
    clock: still,
  });

  constructor(dataDir: string, workDir: string) {
    this.#dataDir = dataDir;
    this.#workDir = workDir;
  }

  #opener(): (handle: unknown) => ReturnType<typeof openRealtimeView> {
    const reader = new SegmentReader({ kernels: this.#kernels, residency: this.#residency });
    return (handle) =>
      isRealtimeHandle(handle)
        ? openRealtimeView(handle, this.#arena)
        : reader.openView(handle as SegmentHandle);
  }

  /** Answers why it could not be loaded, or undefined. */
  async load({ name, steps, rows }: DataSet): Promise<string | undefined> {
    try {
      const chunks = await layOut(steps, {
        dataDir: this.#dataDir,
        workDir: this.#workDir,
        clock: still,
        segments: this.#lookup(),
        parts,
      });
      // What is hidden is there too.
      const dataSource = chunks[0]?.dataSource ?? name;
      this.#chunks.set(dataSource, chunks);
      for (const piece of chunks.flatMap(onePieces)) writeOne(this.#dirOf(piece), piece.chunk, piece.indexes);
      const found = this.rowsOf(dataSource);
      return rows === undefined || rows === found ? undefined : `${found} rows instead of ${rows}`;
    } catch (thrown) {
      return String(thrown);
    }
  }

  /** Stored rows that no later version hides. */
  rowsOf(dataSource: string): number {
    const timeline = new Timeline<
      Chunk & { readonly id: string; readonly shardSpec: DataSegment['shardSpec'] }
    >();
    for (const chunk of this.#chunks.get(dataSource) ?? []) {
      const record = recordOf({ chunk, indexes: [], number: 0, count: 1 });
      timeline.add({ ...chunk, id: identifierOf(record), shardSpec: record.shardSpec });
    }
    let rows = 0;
    for (const { segments } of timeline.lookup({ startMs: -(2 ** 52), endMs: 2 ** 52 }, () => true))
      for (const { wholes } of segments) for (const index of wholes) rows += index.rowCount;
    return rows;
  }

  async cluster(shape: MadeShape): Promise<Cluster> {
    const segments: Placed[] = [];
    for (const chunk of [...this.#chunks.values()].flat()) {
      if (shape === 'growing') segments.push(growing(chunk));
      else {
        for (const piece of shape === 'one' ? onePieces(chunk) : manyPieces(chunk)) {
          const at = segments.length;
          const on = shape === 'nodes' ? [at % nodes, (at + 1) % nodes] : [0];
          segments.push(await this.#stored(piece, on));
        }
      }
    }
    return await startCluster({
      pool: this.#pool,
      kernels: this.#kernels,
      nodes: shape === 'nodes' ? nodes : 1,
      segments,
      ...(shape === 'nodes' ? { spillDir: path.join(this.#workDir, 'spill') } : {}),
    });
  }

  #dirOf(piece: Piece): string {
    const { number, count } = piece;
    return path.join(this.#workDir, `${idOf(piece)}-${number}-of-${count}`.replaceAll(':', ''));
  }

  async #stored(piece: Piece, on: readonly number[]): Promise<Placed> {
    const dir = this.#dirOf(piece);
    if (!fs.existsSync(dir)) writeOne(dir, piece.chunk, piece.indexes);
    return { record: recordOf(piece), segment: await this.#open(dir, idOf(piece)), on };
  }

  /** For data sets made of others: those in one segment for each time chunk. */
  #lookup(): SegmentLookup {
    return {
      usedSegments: async (dataSource, intervals) => {
        const asked = intervals.map((text) => parseInterval(text, 'interval'));
        const chunks = (this.#chunks.get(dataSource) ?? []).filter(({ interval }) =>
          asked.some((one) => overlaps(one, interval)),
        );
        return chunks.flatMap(onePieces).map((piece) => {
          const loadSpec = { type: 'folder', path: this.#dirOf(piece) };
          return JSON.stringify(dataSegmentToJson({ ...recordOf(piece), loadSpec }));
        });
      },
      fetch: async ({ loadSpec }, dir) => {
        await fs.promises.cp(String(loadSpec?.['path']), dir, { recursive: true });
      },
    };
  }
}

const idOf = (piece: Piece): string => identifierOf(recordOf(piece));

/** One segment; what was rolled up apart stays so. */
function onePieces(chunk: Chunk): Piece[] {
  const { wholes, spec } = chunk;
  return spec.rollup ? pieces(chunk, wholes) : [{ chunk, indexes: wholes, number: 0, count: 1 }];
}

const manyPieces = (chunk: Chunk): Piece[] => pieces(chunk, chunk.parts);

const pieces = (chunk: Chunk, indexes: readonly IncrementalIndex[]): Piece[] =>
  indexes.map((index, number) => ({ chunk, indexes: [index], number, count: indexes.length }));

function growing(chunk: Chunk): Placed {
  const record = recordOf({ chunk, indexes: chunk.wholes, number: 0, count: 1 });
  const id = identifierOf(record);
  const looks = chunk.wholes.map((index) => index.look());
  const times = {
    minMs: Math.min(...looks.map(({ minMs }) => minMs)),
    maxMs: Math.max(...looks.map(({ maxMs }) => maxMs)),
  };
  const segment = {
    handle: undefined,
    parts: () => chunk.wholes.map((index) => realtimeHandle(id, index)),
    rows: 0,
    times,
    close: () => undefined,
  };
  return { record, segment, on: [0] };
}
