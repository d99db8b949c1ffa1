/** A row as a format hands it over. */
import type { RowCells } from '../index/row-cells.js';
import { doubleText, floatText } from '../../query/json/java-number.js';

export interface InputRow {
  /** Fields by name; values as in values.ts. Never a prototype: any name is just a name. */
  readonly fields: Readonly<Record<string, unknown>>;
  /**
   * How a whole number was written when it was written like a double (`3.0`, `1e3`): Java's text of that double;
   * otherwise undefined. `item`: index in the list `name` holds.
   */
  doubleText(name: string, item?: number): string | undefined;
  /**
   * The field with every long a bigint and every double a number, however deep inside; undefined when `fields` tells
   * them apart already (no whole number is written like a double).
   */
  exact?(name: string): unknown;
  /** Where the cells that a build reads lie in bytes, when they were found there. */
  readonly cells?: RowCells | undefined;
}

/** A row of a format in which whole numbers are what they seem. */
export class PlainRow implements InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  constructor(fields: Readonly<Record<string, unknown>>) {
    this.fields = fields;
  }
  doubleText(): undefined {
    return undefined;
  }
}

/** Columns that hold floating point numbers, so that whole ones are written as such. */
export type NumberKinds = ReadonlyMap<string, 'float' | 'double'>;

/** A row of a format that knows the types of its columns. */
export class TypedRow implements InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly #kinds: NumberKinds;

  constructor(fields: Readonly<Record<string, unknown>>, kinds: NumberKinds) {
    this.fields = fields;
    this.#kinds = kinds;
  }

  doubleText(name: string): string | undefined {
    const kind = this.#kinds.get(name);
    const value = this.fields[name];
    if (kind === undefined || typeof value !== 'number') return undefined;
    return kind === 'float' ? floatText(value) : doubleText(value);
  }
}

/** Whatever the name: `__proto__` is one like any other. A hidden field is found by its name but not discovered. */
export function setField(
  fields: Record<string, unknown>,
  name: string,
  value: unknown,
  isHidden = false,
): void {
  if (!isHidden && name !== '__proto__') fields[name] = value;
  else {
    const property = { value, enumerable: !isHidden, configurable: true, writable: true };
    Object.defineProperty(fields, name, property);
  }
}
