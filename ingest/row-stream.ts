/**
 * The rows of a task's input: entities opened one after another, bytes to rows, times, transforms and the filter.
 * What can't be read or is filtered out is counted here; what comes through is handed over one by one.
 */
import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError } from '../proto/errors.js';
import { cellPlanOf } from './cell-plan.js';
import type { FileFormat, LineFormat, Wanted } from './formats/format.js';
import { setField, type InputRow } from './formats/row-reader.js';
import { ScannedRow } from './formats/scanned-row.js';
import type { RowTally } from './report.js';
import { cellKinds, type RowCells } from './index/row-cells.js';
import { metricInputs } from './index/metric-columns.js';
import type { InputEntity } from './sources/input-entity.js';
import { LineCursor, lineBlocksOf } from './sources/lines.js';
import type { SourceDeps } from './sources/source.js';
import { spooled } from './sources/spool.js';
import type { IngestSpec } from './spec/model.js';
import { InstantBytes } from './timestamps/instant-bytes.js';
import { timestampParser, type TimestampParser } from './timestamps/timestamp-parser.js';
import { RowTransformer } from './transform/row-transformer.js';
import { bytesText, scalarText } from './values.js';

/** Where a row was found, for reports. One object for all rows of an entity: use it before the next row. */
export interface RowPlace {
  toString(): string;
}

export interface RowTaker {
  /** A promise only when the row needs waiting. */
  take(timeMs: number, row: InputRow, place: RowPlace): Promise<void> | undefined;
  /** Called now and then. */
  pause(): void;
}

class Place implements RowPlace {
  readonly #entity: string;
  readonly #unit: string;
  number = 0;

  constructor(entity: string, unit: 'line' | 'row') {
    this.#entity = entity;
    this.#unit = unit;
  }

  toString(): string {
    return `${this.#entity}, ${this.#unit} ${this.number}`;
  }
}

export class RowStream {
  readonly #spec: IngestSpec;
  readonly #deps: SourceDeps;
  readonly #spoolDir: string;
  readonly #tally: RowTally;
  readonly #timestamp: TimestampParser;
  readonly #transformer: RowTransformer | undefined;
  readonly #wanted: Wanted;
  readonly #instants = new InstantBytes();
  readonly #takesInstants: boolean;
  readonly #timeCell: number;

  /** `nowYear`: two-digit years turn around it. `spoolDir`: for input that has to be a file before it can be read. */
  constructor(spec: IngestSpec, deps: SourceDeps, tally: RowTally, nowYear: number, spoolDir: string) {
    this.#spec = spec;
    this.#deps = deps;
    this.#tally = tally;
    this.#spoolDir = spoolDir;
    this.#timestamp = timestampParser(spec.timestamp.format, nowYear, 'spec.dataSchema.timestampSpec.format');
    const discovers = spec.discoverDimensions !== 'none';
    this.#transformer =
      spec.transform === undefined
        ? undefined
        : new RowTransformer(spec.transform, discovers, spec.lookups ?? {});
    const cells = cellPlanOf(spec);
    this.#timeCell = cells?.time ?? -1;
    // Formats that read an instant as what it says.
    this.#takesInstants = ['auto', 'iso'].includes(spec.timestamp.format.toLowerCase());
    this.#wanted = { names: namesOf(spec, this.#transformer), others: discovers, ...(cells && { cells }) };
  }

  /** Reads everything. Throws what sources and formats throw, with the place, and Canceled. */
  async readAll(taker: RowTaker): Promise<void> {
    const { log, signal } = this.#deps;
    const format = this.#spec.inputFormat;
    for (const entity of await this.#spec.inputSource.open(this.#deps)) {
      log.info('Reading', { entity: entity.name });
      if (entity.rows !== undefined) await this.#readRows(entity, entity.rows(this.#wanted, signal), taker);
      else if (format?.by === 'line') await this.#readLines(entity, format, taker);
      else if (format !== undefined) await this.#readFile(entity, format, taker);
    }
    this.#throwIfCanceled();
  }

  async #readLines(entity: InputEntity, format: LineFormat, taker: RowTaker): Promise<void> {
    const reader = format.open(this.#wanted);
    // Fields that are added to a row make it another than was scanned.
    const { cells: plan } = entity.systemFields === undefined ? this.#wanted : {};
    const scannedRow = plan && new ScannedRow(plan, reader);
    const place = new Place(entity.name, 'line');
    try {
      for await (const block of lineBlocksOf(this.#countBytes(entity.open(this.#deps.signal)))) {
        const shortcut = isUtf8(block) ? scannedRow : undefined;
        const line = new LineCursor(block);
        while (line.advance()) {
          place.number++;
          const cells = shortcut && reader.scan?.(block, line.start, line.end);
          const row = cells ? shortcut.set(cells, block, line.start, line.end) : reader.read(line.text());
          if (row === undefined) continue;
          if (typeof row === 'string') {
            this.#tally.badRow(`${row} (${place.toString()})`, () => line.text());
            continue;
          }
          const pending = this.#takeRow(row, entity, place, taker);
          if (pending !== undefined) await pending;
        }
        await this.#breathe(taker);
      }
    } catch (thrown) {
      throw placed(thrown, place);
    }
  }

  async #readFile(entity: InputEntity, format: FileFormat, taker: RowTaker): Promise<void> {
    const { signal } = this.#deps;
    const bytes = this.#countBytes(entity.open(signal));
    const file = await spooled(bytes, join(this.#spoolDir, 'input.spool'));
    try {
      await this.#readRows(entity, format.rows(file, this.#wanted, this.#deps), taker);
    } finally {
      await file.close();
    }
  }

  async #readRows(
    entity: InputEntity,
    batches: AsyncIterable<readonly (InputRow | string)[]>,
    taker: RowTaker,
  ): Promise<void> {
    const place = new Place(entity.name, 'row');
    try {
      for await (const rows of batches) {
        for (const row of rows) {
          place.number++;
          if (typeof row === 'string') {
            this.#tally.badRow(`${row} (${place.toString()})`, () => '');
            continue;
          }
          const pending = this.#takeRow(row, entity, place, taker);
          if (pending !== undefined) await pending;
        }
        await this.#breathe(taker);
      }
    } catch (thrown) {
      throw placed(thrown, place);
    }
  }

  /** Sources that never wait would keep heartbeats and cancellation from running. */
  async #breathe(taker: RowTaker): Promise<void> {
    taker.pause();
    await nextTurn();
    this.#throwIfCanceled();
  }

  async *#countBytes(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#tally.processedBytes += piece.length;
      yield piece;
    }
  }

  #takeRow(row: InputRow, entity: InputEntity, place: Place, taker: RowTaker): Promise<void> | undefined {
    const time = this.#timeOf(row);
    if (typeof time === 'string') {
      this.#tally.badRow(`${time} (${place.toString()})`, () => scalarText(row.fields));
      return undefined;
    }
    if (entity.systemFields !== undefined) this.#addSystemFields(row, entity.systemFields);
    if (this.#transformer === undefined) return taker.take(time, row, place);
    const transformed = this.#transformer.apply(time, row);
    if (transformed === 'filtered') {
      this.#tally.thrownAway++;
      return undefined;
    }
    if ('reason' in transformed) {
      this.#tally.badRow(`${transformed.reason} (${place.toString()})`, () => scalarText(row.fields));
      return undefined;
    }
    return taker.take(transformed.timeMs, transformed.row, place);
  }

  #addSystemFields(row: InputRow, values: Readonly<Record<string, string | null>>): void {
    const fields = row.fields as Record<string, unknown>;
    for (const [name, value] of Object.entries(values)) setField(fields, name, value, this.#wanted.others);
  }

  /** Epoch ms, or why there is none. */
  #timeOf(row: InputRow): number | string {
    const { column, missingValueMs } = this.#spec.timestamp;
    const { cells } = row;
    if (cells !== undefined && this.#takesInstants) {
      const instant = this.#instantIn(cells);
      if (!Number.isNaN(instant)) return instant;
    }
    const value = cells === undefined ? fieldOf(row, column) : this.#timeIn(cells, row);
    if (value === null || value === undefined) return missingValueMs ?? 'Timestamp[null] is unparseable';
    const time = this.#timestamp(value);
    if (time === undefined) return `Timestamp[${scalarText(value).slice(0, 60)}] is unparseable`;
    if (!Number.isSafeInteger(time)) return 'Timestamp is outside the years that can be stored';
    return time;
  }

  /** NaN: it is no instant as most are written. */
  #instantIn({ kinds, bytes, starts, ends }: RowCells): number {
    const cell = this.#timeCell;
    return kinds[cell] === cellKinds.text
      ? this.#instants.read(bytes, starts[cell]!, ends[cell]!)
      : Number.NaN;
  }

  #timeIn(cells: RowCells, row: InputRow): unknown {
    const { kinds, bytes, starts, ends, numbers } = cells;
    const cell = this.#timeCell;
    switch (kinds[cell]) {
      case cellKinds.none:
        return null;
      case cellKinds.text:
        return bytesText(bytes, starts[cell]!, ends[cell]!);
      case cellKinds.number:
        return numbers[cell];
      default:
        return fieldOf(row, this.#spec.timestamp.column);
    }
  }

  #throwIfCanceled(): void {
    if (this.#deps.signal.aborted) {
      throw new CodedError('Canceled', 'The task was stopped before it had read its input');
    }
  }
}

function fieldOf(row: InputRow, name: string): unknown {
  return Object.hasOwn(row.fields, name) ? row.fields[name] : undefined;
}

function namesOf(spec: IngestSpec, transformer: RowTransformer | undefined): ReadonlySet<string> {
  return new Set([
    spec.timestamp.column,
    ...spec.dimensions.map(({ name }) => name),
    ...metricInputs(spec.metrics),
    ...(transformer?.columns ?? []),
  ]);
}

/** Damaged input says how far it could be read. */
function placed(thrown: unknown, place: Place): unknown {
  if (!(thrown instanceof CodedError) || thrown.code !== 'InvalidInput' || place.number === 0) return thrown;
  if (thrown.message.includes(place.toString())) return thrown;
  return new CodedError(
    'InvalidInput',
    `${thrown.message} (behind ${place.toString()})`,
    thrown.context,
    thrown,
  );
}
