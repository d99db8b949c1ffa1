/** Complex columns: opaque bytes a row. */
import type { Cursor } from '../format/bytes.js';
import { readIndexed, type IndexedList } from '../format/indexed.js';
import { corruptIn, opener, type ColumnFile, type ReadContext } from './column-file.js';
import type { ComplexColumnView } from './view.js';

export class ComplexColumn implements ComplexColumnView {
  readonly kind = 'complex';
  readonly typeName: string;
  readonly #read: (row: number) => Uint8Array | null;

  constructor(typeName: string, read: (row: number) => Uint8Array | null) {
    this.typeName = typeName;
    this.#read = read;
  }

  bytes(row: number): Uint8Array | null {
    return this.#read(row);
  }
}

/** The body of a `complex` part. */
export function openComplexColumn(
  cursor: Cursor,
  context: ReadContext,
  file: ColumnFile,
  typeName: string,
): ComplexColumn {
  const list: IndexedList = readIndexed(cursor, opener(context), 'complex values');
  if (list.count < context.rowCount)
    throw corruptIn(file, cursor.at, `${list.count} complex values are too few`);
  return new ComplexColumn(typeName, (row) => {
    const at = list.locate(row);
    if (at.isNull) return null;
    const bytes = at.file === undefined ? file.bytes : context.open(at.file).bytes;
    return Uint8Array.prototype.slice.call(bytes, at.start, at.start + at.length) as Uint8Array;
  });
}
