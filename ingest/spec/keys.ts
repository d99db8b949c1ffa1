/** Reads JSON objects key by key; every error names the path, e.g. `spec.dataSchema.timestampSpec.column`. */
import { CodedError, invalidInput } from '../../proto/errors.js';

export class JsonKeys {
  readonly path: string;
  readonly #json: Readonly<Record<string, unknown>>;
  readonly #asked = new Set<string>();
  readonly #ignored: string[];

  /** `ignored` collects the paths of keys nobody asked for, see {@link leftovers}. */
  constructor(json: unknown, path: string, ignored: string[] = []) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw invalidInput(`${path} must be an object`, path);
    }
    this.path = path;
    this.#json = json as Readonly<Record<string, unknown>>;
    this.#ignored = ignored;
  }

  at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  /** The object itself, for readers of their own. */
  get json(): Readonly<Record<string, unknown>> {
    return this.#json;
  }

  /** Undefined when absent or null. */
  raw(key: string): unknown {
    this.#asked.add(key);
    return Object.hasOwn(this.#json, key) ? (this.#json[key] ?? undefined) : undefined;
  }

  has(key: string): boolean {
    return this.raw(key) !== undefined;
  }

  /** Known keys that need no reading. */
  accept(...keys: string[]): void {
    for (const key of keys) this.#asked.add(key);
  }

  text(key: string, missing?: string): string {
    const value = this.raw(key) ?? missing;
    if (typeof value !== 'string')
      throw this.wrong(key, value === undefined ? 'is missing' : 'must be a text');
    return value;
  }

  optionalText(key: string): string | undefined {
    return this.has(key) ? this.text(key) : undefined;
  }

  flag(key: string, missing: boolean): boolean {
    const value = this.raw(key) ?? missing;
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw this.wrong(key, 'must be true or false');
  }

  /** A whole number; texts of digits are taken too, as Druid takes them. */
  whole(key: string, missing: number, min = -Number.MAX_SAFE_INTEGER): number {
    const raw = this.raw(key) ?? missing;
    const value = typeof raw === 'string' && /^-?\d{1,15}$/.test(raw) ? Number(raw) : raw;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
      throw this.wrong(key, min > 0 ? `must be a whole number >= ${min}` : 'must be a whole number');
    }
    return value;
  }

  list(key: string): readonly unknown[] | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.wrong(key, 'must be a list');
    return value;
  }

  texts(key: string): readonly string[] | undefined {
    const list = this.list(key);
    if (list === undefined) return undefined;
    return list.map((item, i) => {
      if (typeof item !== 'string')
        throw invalidInput(`${this.at(key)}[${i}] must be a text`, `${this.at(key)}[${i}]`);
      return item;
    });
  }

  object(key: string): JsonKeys {
    if (!this.has(key)) throw this.wrong(key, 'is missing');
    return new JsonKeys(this.raw(key), this.at(key), this.#ignored);
  }

  optionalObject(key: string): JsonKeys | undefined {
    return this.has(key) ? this.object(key) : undefined;
  }

  item(value: unknown, path: string): JsonKeys {
    return new JsonKeys(value, path, this.#ignored);
  }

  wrong(key: string, what: string): CodedError {
    return invalidInput(`${this.at(key)} ${what}`, this.at(key));
  }

  unsupported(key: string, what: string): CodedError {
    return new CodedError('Unsupported', `${this.at(key)}: ${what}`, { field: this.at(key) });
  }

  /** Refuses keys whose meaning would change the result. Empty lists and objects mean nothing and pass. */
  refuse(what: string, ...keys: string[]): void {
    for (const key of keys) {
      const value = this.raw(key);
      const isEmpty = value === undefined || value === false || isEmptyContainer(value);
      if (!isEmpty) throw this.unsupported(key, what);
    }
  }

  /** Notes the keys that nobody asked for. */
  leftovers(): void {
    for (const [key, value] of Object.entries(this.#json)) {
      if (!this.#asked.has(key) && value !== null) this.#ignored.push(this.at(key));
    }
  }
}

function isEmptyContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
