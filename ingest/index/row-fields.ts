/**
 * The fields an index asks for, taken out of a row's `fields`. Asking an object for many names that are not known when
 * the code is compiled costs more than all that is done with a value, going through the names it has costs little: rows
 * of one source mostly have the same ones in the same order, which is learned.
 */

/** Objects with more fields than these lie in hash tables, where asking by name is what costs less. */
const FIELDS_MAX = 100;
/** Rows with many fields that nobody asks for, before it is given up to go through them. */
const WIDE_ROWS_MAX = 100;

export class RowFields {
  /** What the row read last has, by place; not there: undefined. */
  readonly values: unknown[] = [];
  readonly #names: string[] = [];
  readonly #places = new Map<string, number>();
  /** The names as they came in the last rows, and the place of each, -1 = not asked for. */
  #order: string[] = [];
  #orderPlaces = new Int32Array(0);
  /** By place, when it was last found. */
  #seen = new Float64Array(0);
  #reads = 0;
  #fieldsMax = 0;
  #wideRows = 0;
  #isByName = false;
  /** A few names also live on Object's prototype, where a missing field must not find them. */
  #isUnsafe = false;

  /** Where in {@link values} a field will be from now on. */
  placeOf(name: string): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.#names.push(name) - 1;
    this.values.push(undefined);
    this.#places.set(name, place);
    this.#isUnsafe ||= name in Object.prototype;
    this.#isByName ||= place >= FIELDS_MAX;
    this.#order = [];
    return place;
  }

  /** Reads a row's fields; hidden ones too. */
  read(fields: Readonly<Record<string, unknown>>): void {
    // Without a prototype they lie in a hash table.
    if (this.#isByName || !(fields instanceof Object)) {
      this.#readByName(fields);
      return;
    }
    const { values } = this;
    if (values.length === 0) return;
    if (this.#order.length === 0) this.#forget();
    const read = ++this.#reads;
    const order = this.#order;
    const places = this.#orderPlaces;
    const seen = this.#seen;
    const fieldsMax = this.#fieldsMax;
    let missing = values.length;
    let at = 0;
    for (const name in fields) {
      if (at >= fieldsMax) {
        this.#noteWide();
        break;
      }
      if (order[at] !== name) this.#learn(at, name);
      const place = places[at++]!;
      if (place < 0) continue;
      values[place] = fields[name];
      seen[place] = read;
      if (--missing === 0) return;
    }
    if (missing > 0) this.#readMissing(fields, read);
  }

  #forget(): void {
    this.#fieldsMax = 4 * this.#names.length + 16;
    this.#order = Array.from({ length: this.#fieldsMax }, () => '');
    this.#orderPlaces = new Int32Array(this.#fieldsMax).fill(this.#places.get('') ?? -1);
    this.#seen = new Float64Array(this.#names.length);
  }

  #learn(at: number, name: string): void {
    this.#order[at] = name;
    this.#orderPlaces[at] = this.#places.get(name) ?? -1;
  }

  #noteWide(): void {
    if (++this.#wideRows > WIDE_ROWS_MAX) this.#isByName = true;
  }

  /** Fields that are not there, or are hidden. */
  #readMissing(fields: Readonly<Record<string, unknown>>, read: number): void {
    const { values } = this;
    for (let place = 0; place < values.length; place++) {
      if (this.#seen[place] !== read) values[place] = this.#field(fields, this.#names[place]!);
    }
  }

  #readByName(fields: Readonly<Record<string, unknown>>): void {
    const { values } = this;
    for (let place = 0; place < values.length; place++) {
      values[place] = this.#field(fields, this.#names[place]!);
    }
  }

  #field(fields: Readonly<Record<string, unknown>>, name: string): unknown {
    return !this.#isUnsafe || Object.hasOwn(fields, name) ? fields[name] : undefined;
  }
}
