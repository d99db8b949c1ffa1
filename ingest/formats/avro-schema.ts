/** Avro schemas (JSON) to decoders of their binary form. No code is made from them: a schema is data of a stranger. */
import { invalidInput } from '../../proto/errors.js';
import { setField } from './row-reader.js';

/** Reads one value at the cursor. */
export type AvroDecoder = (input: AvroInput) => unknown;

export interface AvroOptions {
  /** Bytes and fixed as text, not base64. */
  readonly binaryAsString: boolean;
  /** Unions of several types as `{type: value}`. */
  readonly extractUnionsByType: boolean;
}

export function damagedAvro(what: string): Error {
  return invalidInput(`no avro file that can be read: ${what}`, 'avro');
}

/** Bytes read from front to back; reading behind the end is an error. */
export class AvroInput {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  get at(): number {
    return this.#at;
  }

  take(count: number): Uint8Array {
    const end = this.#at + count;
    if (!(count >= 0) || end > this.#bytes.length) throw damagedAvro('it is cut short');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** Zig-zag varint of up to 64 bits; a number where a double holds it. */
  long(): number | bigint {
    let low = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.take(1)[0]!;
      low += (byte & 0x7f) * scale;
      if (byte < 0x80) return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
      scale *= 128;
    }
    let value = BigInt(low);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return narrowed(BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)));
    }
    throw damagedAvro('a number does not end');
  }

  /** A length or count. */
  size(): number {
    const value = this.long();
    if (typeof value === 'bigint' || Math.abs(value) > 0x7fffffff)
      throw damagedAvro('a length is out of bounds');
    return value;
  }

  float(): number {
    this.take(4);
    return this.#view.getFloat32(this.#at - 4, true);
  }

  double(): number {
    this.take(8);
    return this.#view.getFloat64(this.#at - 8, true);
  }

  text(): string {
    return Buffer.from(this.take(this.size())).toString('utf8');
  }
}

function narrowed(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

const DEPTH_MAX = 100;
const ITEMS_MAX = 10_000_000;

/** Throws InvalidInput for what is no schema. */
export function avroDecoder(schema: unknown, options: AvroOptions): AvroDecoder {
  return new SchemaCompiler(options).compile(schema, '', 0);
}

type Json = Readonly<Record<string, unknown>>;

class SchemaCompiler {
  readonly #options: AvroOptions;
  /** Named types, by full name; filled before their fields are compiled, since they may hold themselves. */
  readonly #named = new Map<string, { decode: AvroDecoder }>();

  constructor(options: AvroOptions) {
    this.#options = options;
  }

  compile(schema: unknown, namespace: string, depth: number): AvroDecoder {
    if (depth > DEPTH_MAX) throw damagedAvro('its schema is nested too deep');
    if (typeof schema === 'string') return this.#byName(schema, namespace);
    if (Array.isArray(schema)) return this.#union(schema, namespace, depth);
    if (typeof schema !== 'object' || schema === null) throw damagedAvro('its schema is none');
    const json = schema as Json;
    switch (json['type']) {
      case 'record':
      case 'error':
        return this.#record(json, namespace, depth);
      case 'enum':
        return this.#define(json, namespace, enumDecoder(json['symbols']));
      case 'fixed': {
        const size = Number(json['size']);
        return this.#define(json, namespace, (input) => this.#binary(input.take(size)));
      }
      case 'array':
        return list(this.compile(json['items'], namespace, depth + 1));
      case 'map':
        return map(this.compile(json['values'], namespace, depth + 1));
      default:
        return logical(json, this.compile(json['type'], namespace, depth + 1));
    }
  }

  #define(json: Json, namespace: string, decode: AvroDecoder): AvroDecoder {
    this.#named.set(fullName(json, namespace), { decode });
    return decode;
  }

  #byName(name: string, namespace: string): AvroDecoder {
    switch (name) {
      case 'null':
        return () => null;
      case 'boolean':
        return (input) => input.take(1)[0] === 1;
      case 'int':
      case 'long':
        return (input) => input.long();
      case 'float':
        return (input) => input.float();
      case 'double':
        return (input) => input.double();
      case 'bytes':
        return (input) => this.#binary(input.take(input.size()));
      case 'string':
        return (input) => input.text();
      default: {
        const known = this.#named.get(name) ?? this.#named.get(`${namespace}.${name}`);
        if (known === undefined) throw damagedAvro(`its schema names an unknown type[${name.slice(0, 80)}]`);
        let depth = 0;
        return (input) => {
          if (++depth > DEPTH_MAX) throw damagedAvro('it is nested too deep');
          try {
            return known.decode(input);
          } finally {
            depth--;
          }
        };
      }
    }
  }

  #binary(bytes: Uint8Array): string {
    return Buffer.from(bytes).toString(this.#options.binaryAsString ? 'utf8' : 'base64');
  }

  #record(json: Json, namespace: string, depth: number): AvroDecoder {
    const holder: { decode: AvroDecoder } = { decode: () => null };
    const name = fullName(json, namespace);
    this.#named.set(name, holder);
    const inner = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
    const list = json['fields'];
    if (!Array.isArray(list)) throw damagedAvro('its schema has a record without fields');
    const fields = (list as readonly Json[]).map(
      (field) => [String(field['name']), this.compile(field['type'], inner, depth + 1)] as const,
    );
    holder.decode = (input) => {
      const record: Record<string, unknown> = {};
      for (const [field, decode] of fields) setField(record, field, decode(input));
      return record;
    };
    return holder.decode;
  }

  #union(schemas: readonly unknown[], namespace: string, depth: number): AvroDecoder {
    const branches = schemas.map((schema) => this.compile(schema, namespace, depth + 1));
    const names = schemas.map((schema) => typeName(schema));
    const isTagged = this.#options.extractUnionsByType && names.filter((name) => name !== 'null').length > 1;
    return (input) => {
      const index = input.size();
      const branch = branches[index];
      if (branch === undefined) throw damagedAvro('a union has no such branch');
      const value = branch(input);
      return isTagged && value !== null ? { [names[index] ?? '']: value } : value;
    };
  }
}

function fullName(json: Json, namespace: string): string {
  const name = String(json['name']);
  if (name.includes('.')) return name;
  const given = json['namespace'];
  const space = typeof given === 'string' ? given : namespace;
  return space === '' ? name : `${space}.${name}`;
}

function typeName(schema: unknown): string {
  if (typeof schema === 'string') return schema;
  if (typeof schema !== 'object' || schema === null) return '';
  const { type, name } = schema as Json;
  return typeof name === 'string' ? name : String(type);
}

function enumDecoder(symbols: unknown): AvroDecoder {
  if (!Array.isArray(symbols)) throw damagedAvro('its schema has an enum without symbols');
  return (input) => {
    const symbol: unknown = symbols[input.size()];
    if (typeof symbol !== 'string') throw damagedAvro('an enum has no such symbol');
    return symbol;
  };
}

/** Blocks of items; a negative count is followed by the block's bytes, which need not be known. */
function forItems(input: AvroInput, take: () => void): void {
  let total = 0;
  for (let count = input.size(); count !== 0; count = input.size()) {
    if (count < 0) {
      count = -count;
      input.size();
    }
    total += count;
    if (total > ITEMS_MAX) throw damagedAvro('a list is too long');
    for (let i = 0; i < count; i++) take();
  }
}

function list(item: AvroDecoder): AvroDecoder {
  return (input) => {
    const items: unknown[] = [];
    forItems(input, () => void items.push(item(input)));
    return items;
  };
}

function map(value: AvroDecoder): AvroDecoder {
  return (input) => {
    const entries: [string, unknown][] = [];
    forItems(input, () => void entries.push([input.text(), value(input)]));
    return Object.fromEntries(entries);
  };
}

/** Dates and times as milliseconds; other logical types stay what they are underneath. */
function logical(json: Json, decode: AvroDecoder): AvroDecoder {
  const scaled = (by: (value: number) => number): AvroDecoder => {
    return (input) => by(Number(decode(input)));
  };
  switch (json['logicalType']) {
    case 'date':
      return scaled((days) => days * 86_400_000);
    case 'timestamp-micros':
    case 'local-timestamp-micros':
    case 'time-micros':
      return scaled((micros) => Math.floor(micros / 1000));
    default:
      return decode;
  }
}
