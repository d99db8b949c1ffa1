/** Scan results as Druid's JSON: entries of at most batchSize events. */
import { type Frame, type FrameColumn, mixedType } from '../frame.js';
import { jsonString, type JsonSink } from '../json/write.js';
import { entryText } from '../merge/dictionary.js';
import { schemaColumn } from '../merge/scan.js';
import type { ScanQuery } from '../native/model.js';
import { leafOf } from '../native/source.js';
import type { Steps } from './buckets.js';
import { arrayParts, objectParts } from './json-rows.js';
import { columnOutput, nullOutput, type Output } from './output.js';
import { rowsBetween } from './row-order.js';
import { RowPrinter } from './row-printer.js';

const typeNames: Readonly<Record<FrameColumn['type'], string>> = {
  LONG: 'LONG',
  DOUBLE: 'DOUBLE',
  FLOAT: 'FLOAT',
  STRING: 'STRING',
  STRING_ARRAY: 'STRING',
  COMPLEX: 'COMPLEX',
};

/** What an entry of rows with the same columns looks like. */
interface Shape {
  /** From its columns to its events. */
  readonly head: string;
  readonly printer: RowPrinter;
  readonly tail: string;
}

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
    const { batchSize } = this.#query;
    const shapes = this.#shapes(frame);
    let written = 0;
    for (let start = from; start < to; start += batchSize) {
      const { head, tail } = shapes.at(start);
      const open = `{"segmentId":${segmentId === null ? 'null' : jsonString(segmentId)},${head}`;
      this.#sink.raw(this.#entries++ === 0 ? open : `,${open}`);
      const end = Math.min(to, start + batchSize);
      for (let row = start; row < end;) {
        // Rows of one shape are written together.
        const { printer } = shapes.at(row);
        const first = row;
        for (row++; row < end && shapes.at(row).printer === printer;) row++;
        yield* printer.print(rowsBetween(first, row), this.#sink, first === start);
        written += row - first;
        if (written < 1024) continue;
        written = 0;
        yield;
      }
      this.#sink.raw(tail);
    }
  }

  end(): void {
    this.#sink.raw(']');
  }

  /** How rows are written: all alike, or each with the columns of its own segment. */
  #shapes(frame: Frame): { at(row: number): Shape } {
    const schema = frame.columns.find(({ name }) => name === schemaColumn);
    if (schema?.type !== 'STRING') {
      const only = this.#shape(frame, this.#query.columns);
      return { at: () => only };
    }
    const known = new Map<number, Shape>();
    return {
      at: (row) => {
        const entry = schema.values[row] ?? 0;
        const shape =
          known.get(entry) ?? this.#shape(frame, JSON.parse(entryText(schema.dictionary, entry)) as string[]);
        known.set(entry, shape);
        return shape;
      },
    };
  }

  #shape(frame: Frame, columns: readonly string[]): Shape {
    const outputs = this.#outputs(frame, columns);
    const names = outputs.map(({ name }) => jsonString(name)).join(',');
    return {
      head: `"columns":[${names}],"events":[`,
      printer: new RowPrinter(
        this.#query.resultFormat === 'list' ? objectParts(firstOfName(outputs)) : arrayParts(outputs),
      ),
      tail: `],"rowSignature":[${signature(frame, outputs, untyped(this.#query))}]}`,
    };
  }

  /** The columns in their order, or all of the frame. */
  #outputs(frame: Frame, columns: readonly string[]): Output[] {
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

/** Values of several types are texts to whoever reads the signature. */
function complexName(complexType: string): string {
  if (complexType === mixedType) return 'STRING';
  if (complexType === '' || complexType.startsWith('ARRAY<')) return complexType || 'COMPLEX';
  return `COMPLEX<${complexType}>`;
}

const untyped = ({ source }: ScanQuery): ReadonlySet<string> => {
  const leaf = source === undefined ? undefined : leafOf(source);
  return new Set(leaf?.type === 'inline' ? leaf.untyped : []);
};

/** A column that is not there has no type. */
function signature(frame: Frame, outputs: readonly Output[], without: ReadonlySet<string>): string {
  const typed = frame.columns.filter(({ name }) => !without.has(name));
  const types = new Map(
    typed.map((column) => [
      column.name,
      column.type === 'COMPLEX' ? complexName(column.complexType) : typeNames[column.type],
    ]),
  );
  return outputs
    .map(({ name }) => {
      const type = types.get(name);
      return `{"name":${jsonString(name)}${type === undefined ? '' : `,"type":${jsonString(type)}`}}`;
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
