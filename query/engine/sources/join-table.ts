/** The right side of a join, found by the values of its key columns. */
import { CodedError } from '../../../proto/errors.js';
import { type Frame, type FrameColumn, mixedType } from '../../frame.js';
import type { Scalar } from '../../expression/value.js';
import { doubleText } from '../../json/java-number.js';
import { isNull } from '../../merge/columns.js';
import { entryBytes, entryText } from '../../merge/dictionary.js';
import { jsonOf } from '../columns/cells.js';
import { parseDouble, parseLong } from '../numbers.js';
import { mixedText } from './frame-columns.js';
import type { Equality } from './join-condition.js';

type KeyType = 'LONG' | 'DOUBLE' | 'FLOAT' | 'STRING';

/** A key part is the text of a value of the right column's type; undefined: nothing can equal it. */
type KeyPart = string | undefined;

const noRows = new Uint32Array(0);
const nullPart = '\u0000';

export class JoinTable {
  readonly #types: readonly KeyType[];
  readonly #equalities: readonly Equality[];
  readonly #rows = new Map<string, number[]>();
  readonly #found = new Map<string, Uint32Array>();
  readonly #all: Uint32Array;

  constructor(frame: Frame, equalities: readonly Equality[]) {
    this.#equalities = equalities;
    this.#all = Uint32Array.from({ length: frame.rows }, (_, row) => row);
    const columns = equalities.map(({ rightColumn }) =>
      frame.columns.find(({ name }) => name === rightColumn),
    );
    if (frame.columns.length > 0 && columns.includes(undefined)) throw otherColumns(frame, equalities);
    this.#types = columns.map((column) => keyType(column));
    if (equalities.length === 0) return;
    for (let row = 0; row < frame.rows; row++) {
      const key = this.#key(columns.map((column) => valueAt(column, row)));
      if (key === undefined) continue;
      const rows = this.#rows.get(key);
      if (rows === undefined) this.#rows.set(key, [row]);
      else rows.push(row);
    }
  }

  /** Different keys. */
  get distinct(): number {
    return this.#rows.size;
  }

  /** Rows of the right side that equal the left values, ascending. */
  find(values: readonly Scalar[]): Uint32Array {
    if (this.#equalities.length === 0) return this.#all;
    const key = this.#key(values);
    if (key === undefined) return noRows;
    let found = this.#found.get(key);
    if (found === undefined) {
      const rows = this.#rows.get(key);
      found = rows === undefined ? noRows : Uint32Array.from(rows);
      if (rows !== undefined) this.#found.set(key, found);
    }
    return found;
  }

  #key(values: readonly Scalar[]): string | undefined {
    let key = '';
    for (const [i, { nullMatches }] of this.#equalities.entries()) {
      const value = values[i] ?? null;
      const part: KeyPart =
        value === null ? (nullMatches ? nullPart : undefined) : keyPart(value, this.#types[i] ?? 'STRING');
      if (part === undefined) return undefined;
      key += `${part.length}:${part}`;
    }
    return key;
  }
}

/** Keys that the right side does not have, in Druid's words. */
function otherColumns(frame: Frame, equalities: readonly Equality[]): CodedError {
  const keys = equalities.map(({ rightColumn }) => rightColumn).join(', ');
  const names = frame.columns.map(({ name, type }) => `${name}:${type}`).join(', ');
  return new CodedError(
    'QueryFailed',
    `keyColumns[${keys}] must all be contained in rowSignature[{${names}}]`,
    {
      errorClass: 'org.apache.druid.java.util.common.ISE',
    },
  );
}

function keyType(column: FrameColumn | undefined): KeyType {
  switch (column?.type) {
    case 'LONG':
    case 'DOUBLE':
    case 'FLOAT':
      return column.type;
    default:
      return 'STRING';
  }
}

function valueAt(column: FrameColumn | undefined, row: number): Scalar {
  if (column === undefined || isNull(column.nulls, row)) return null;
  switch (column.type) {
    case 'LONG':
    case 'DOUBLE':
    case 'FLOAT':
      return column.values[row] ?? null;
    case 'STRING':
      return entryText(column.dictionary, column.values[row] ?? 0);
    case 'COMPLEX': {
      if (column.complexType !== mixedType) return null;
      return mixedText(jsonOf(entryBytes(column.dictionary, column.values[row] ?? 0)));
    }
    default:
      return null;
  }
}

/** Values are compared in the type of the right column. */
function keyPart(value: Exclude<Scalar, null>, type: KeyType): KeyPart {
  switch (type) {
    case 'LONG':
      if (typeof value === 'bigint') return value.toString();
      if (typeof value === 'string') return parseLong(value)?.toString();
      return Number.isInteger(value) ? BigInt(value).toString() : undefined;
    case 'STRING':
      if (typeof value === 'string') return value;
      return typeof value === 'bigint' ? value.toString() : doubleText(value);
    default: {
      const number = typeof value === 'string' ? parseDouble(value) : Number(value);
      if (number === undefined) return undefined;
      return String(type === 'FLOAT' ? Math.fround(number) : number);
    }
  }
}
