/** Scan results as Druid's JSON: entries of at most batchSize events. */
import type { Frame, FrameColumn } from '../frame.js';
import { jsonString, type JsonSink } from '../json/write.js';
import type { ScanQuery } from '../native/model.js';
import { leafOf } from '../native/source.js';
import type { Steps } from './buckets.js';
import { arrayWriter, objectWriter } from './json-rows.js';
import { columnOutput, nullOutput, type Output } from './output.js';

const typeNames: Readonly<Record<FrameColumn['type'], string>> = {
  LONG: 'LONG',
  DOUBLE: 'DOUBLE',
  FLOAT: 'FLOAT',
  STRING: 'STRING',
  STRING_ARRAY: 'STRING',
  COMPLEX: 'COMPLEX',
};

/**
 * Writes a scan frame by frame, in the order they are given: for streams of frames without an order, and for one
 * merged frame. Offset and limit of the query count over all frames; `done` says that no further frame is needed.
 */
export class ScanWriter {
  readonly #query: ScanQuery;
  readonly #sink: JsonSink;
  #skip: number;
  #left: number;
  #entries = 0;

  constructor(query: ScanQuery, sink: JsonSink) {
    this.#query = query;
    this.#sink = sink;
    this.#skip = query.offset;
    this.#left = query.limit ?? Infinity;
    sink.raw('[');
  }

  get done(): boolean {
    return this.#left <= 0;
  }

  /** Rows of one frame; `segmentId` null when they come from several segments or are ordered. */
  *frame(frame: Frame, segmentId: string | null): Steps {
    const from = Math.min(this.#skip, frame.rows);
    this.#skip -= from;
    const to = Math.min(frame.rows, from + this.#left);
    this.#left -= to - from;
    if (from === to) return;
    const { batchSize, resultFormat } = this.#query;
    const outputs = this.#outputs(frame);
    const write = resultFormat === 'list' ? objectWriter(firstOfName(outputs)) : arrayWriter(outputs);
    const head = `{"segmentId":${segmentId === null ? 'null' : jsonString(segmentId)},"columns":[${outputs.map(({ name }) => jsonString(name)).join(',')}],"events":[`;
    const tail = `],"rowSignature":[${signature(frame, outputs)}]}`;
    for (let start = from; start < to; start += batchSize) {
      this.#sink.raw(this.#entries++ === 0 ? head : `,${head}`);
      const end = Math.min(to, start + batchSize);
      for (let row = start; row < end; row++) {
        this.#sink.raw(row === start ? write(row) : `,${write(row)}`);
        if (row % 1024 === 1023) yield;
      }
      this.#sink.raw(tail);
    }
  }

  end(): void {
    this.#sink.raw(']');
  }

  /** The columns asked in their order, or all of the frame but the internal ones. */
  #outputs(frame: Frame): Output[] {
    const { columns } = this.#query;
    if (columns.length === 0) return frame.columns.map((column) => columnOutput(column));
    const byName = new Map(frame.columns.map((column) => [column.name, column]));
    return columns.map((name) => {
      const column = byName.get(name);
      return column === undefined ? nullOutput(name) : columnOutput(column);
    });
  }
}

/** A column that is asked for twice is one key of an object. */
function firstOfName(outputs: readonly Output[]): Output[] {
  return [...new Map(outputs.map((output) => [output.name, output])).values()];
}

function signature(frame: Frame, outputs: readonly Output[]): string {
  const types = new Map(
    frame.columns.map((column) => [
      column.name,
      column.type === 'COMPLEX' && column.complexType !== ''
        ? `COMPLEX<${column.complexType}>`
        : typeNames[column.type],
    ]),
  );
  return outputs
    .map(({ name }) => {
      const type = types.get(name);
      return `{"name":${jsonString(name)},"type":${type === undefined ? 'null' : jsonString(type)}}`;
    })
    .join(',');
}

/** Druid's name for rows in memory, where rows have no order. */
function memoryId({ source, order }: ScanQuery): string | null {
  const leaf = source === undefined ? undefined : leafOf(source);
  if (leaf?.type !== 'inline' || order !== 'none') return null;
  return `${leaf.lookup ?? 'inline'}_-146136543-09-08T08:23:32.096Z_146140482-04-24T15:36:27.903Z_dummy_version`;
}

/** `merged` holds the rows in their final order, those before the offset included. */
export function* renderScan(query: ScanQuery, merged: Frame, sink: JsonSink): Steps {
  const writer = new ScanWriter(query, sink);
  yield* writer.frame(merged, memoryId(query));
  writer.end();
}
