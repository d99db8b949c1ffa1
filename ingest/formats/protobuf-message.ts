/** Messages by their descriptors, as plain values: names as in JSON, numbers as Java has them (no unsigned ones). */
import { formatInstant } from '../../segment/timeline/instant.js';
import { damagedProtobuf, DEPTH_MAX, WireInput, type WireField } from './protobuf-wire.js';
import type { ProtoField, ProtoMessage, ProtoTypes } from './protobuf-types.js';
import { setField, type NumberKinds } from './row-reader.js';

type Fields = Record<string, unknown>;

/** The fields that are set. `type` is one of `types`. */
export function decodeMessage(types: ProtoTypes, type: ProtoMessage, bytes: Uint8Array): Fields {
  return new MessageDecoder(types).fields(type, [bytes], 0);
}

/** The floating point numbers among its fields. */
export function protoKinds(type: ProtoMessage): NumberKinds {
  const kinds = new Map<string, 'float' | 'double'>();
  for (const field of type.fields.values()) {
    if (field.isRepeated) continue;
    if (field.type === 1 || field.typeName === 'google.protobuf.DoubleValue') kinds.set(field.name, 'double');
    if (field.type === 2 || field.typeName === 'google.protobuf.FloatValue') kinds.set(field.name, 'float');
  }
  return kinds;
}

const wrappers = /^google\.protobuf\.(?:Bool|Int32|UInt32|Int64|UInt64|String|Bytes|Float|Double)Value$/;

class MessageDecoder {
  readonly #types: ProtoTypes;

  constructor(types: ProtoTypes) {
    this.#types = types;
  }

  /** `pieces`: a message may be sent in several, which add up. */
  fields(type: ProtoMessage, pieces: readonly Uint8Array[], depth: number): Fields {
    const scalars = new Map<ProtoField, unknown[]>();
    const messages = new Map<ProtoField, Uint8Array[]>();
    for (const piece of pieces) {
      const input = new WireInput(piece);
      for (let found = input.field(); found !== undefined; found = input.field()) {
        const field = type.fields.get(found.number);
        if (field === undefined) input.skip(found);
        else if (isMessage(field)) add(messages, field, [messageBytes(input, found)]);
        else add(scalars, field, this.#values(field, found, input));
      }
    }
    const fields: Fields = {};
    for (const field of type.fields.values()) {
      const inner = messages.get(field);
      const values = scalars.get(field);
      if (inner !== undefined) setField(fields, field.name, this.#messageValue(field, inner, depth + 1));
      else if (values !== undefined && values.length > 0) this.#setScalar(fields, field, values);
    }
    return fields;
  }

  #setScalar(fields: Fields, field: ProtoField, values: readonly unknown[]): void {
    if (field.isRepeated) setField(fields, field.name, values);
    else {
      const last = values.at(-1);
      if (!field.isImplicit || !this.#isDefault(field, last)) setField(fields, field.name, last);
    }
  }

  #isDefault(field: ProtoField, value: unknown): boolean {
    if (field.type === 14) return value === this.#types.enums.get(field.typeName)?.get(0);
    return value === '' || value === false || value === 0n || Object.is(value, 0);
  }

  #values(field: ProtoField, found: WireField, input: WireInput): unknown[] {
    const wanted = wireTypeOf(field.type);
    if (found.type === wanted) return [this.#scalar(field, input)];
    if (found.type !== 2 || !field.isRepeated || wanted === 2) {
      throw damagedProtobuf(`field[${field.name}] is of another type than its descriptor says`);
    }
    const packed = new WireInput(input.bytes());
    const values: unknown[] = [];
    while (!packed.isAtEnd) values.push(this.#scalar(field, packed));
    return values;
  }

  #scalar(field: ProtoField, input: WireInput): unknown {
    switch (field.type) {
      case 1:
        return input.double();
      case 2:
        return input.float();
      case 3:
      case 4:
        return long(input.varint());
      case 5:
      case 13:
        return Number(BigInt.asIntN(32, input.varint()));
      case 6:
      case 16:
        return long(input.fixed64());
      case 7:
      case 15:
        return input.fixed32() | 0;
      case 8:
        return input.varint() !== 0n;
      case 9:
        return input.text();
      case 12:
        return Buffer.from(input.bytes()).toString('base64');
      case 14:
        return this.#enumName(field, Number(BigInt.asIntN(32, input.varint())));
      case 17:
        return Number(BigInt.asIntN(32, unZigZag(input.varint())));
      case 18:
        return long(unZigZag(input.varint()));
      default:
        throw damagedProtobuf(`field[${field.name}] has no type that is known`);
    }
  }

  #enumName(field: ProtoField, number: number): string | null {
    if (field.typeName === 'google.protobuf.NullValue') return null;
    const short = field.typeName.slice(field.typeName.lastIndexOf('.') + 1);
    return this.#types.enums.get(field.typeName)?.get(number) ?? `UNKNOWN_ENUM_VALUE_${short}_${number}`;
  }

  #messageValue(field: ProtoField, pieces: readonly Uint8Array[], depth: number): unknown {
    if (depth > DEPTH_MAX) throw damagedProtobuf('it is nested too deep');
    const type = this.#types.messages.get(field.typeName);
    if (type === undefined) {
      throw damagedProtobuf(
        `the descriptor lacks type[${field.typeName}] (protoc --include_imports adds it)`,
      );
    }
    if (type.isMapEntry) return this.#map(type, pieces, depth);
    if (!field.isRepeated) return this.#plain(type, pieces, depth);
    return pieces.map((piece) => this.#plain(type, [piece], depth));
  }

  #map(type: ProtoMessage, entries: readonly Uint8Array[], depth: number): Fields {
    const map: Fields = {};
    for (const entry of entries) {
      const { key, value } = this.fields(type, [entry], depth);
      // Keys are texts, numbers and truth values; those of Java's default are not sent.
      setField(map, String((key ?? '') as string | number | bigint | boolean), value ?? null);
    }
    return map;
  }

  /** A message, or what the well-known types stand for. */
  #plain(type: ProtoMessage, pieces: readonly Uint8Array[], depth: number): unknown {
    const fields = this.fields(type, pieces, depth);
    const { name } = type;
    if (wrappers.test(name)) return fields['value'] ?? this.#wrapperDefault(type);
    switch (name) {
      case 'google.protobuf.Timestamp':
        return timestampText(Number(fields['seconds'] ?? 0), Number(fields['nanos'] ?? 0));
      case 'google.protobuf.Duration':
        return durationText(Number(fields['seconds'] ?? 0), Number(fields['nanos'] ?? 0));
      case 'google.protobuf.FieldMask':
        return ((fields['paths'] ?? []) as string[]).join(',');
      case 'google.protobuf.Struct':
        return fields['fields'] ?? {};
      case 'google.protobuf.ListValue':
        return fields['values'] ?? [];
      case 'google.protobuf.Value':
        return Object.values(fields)[0] ?? null;
      default:
        return fields;
    }
  }

  #wrapperDefault(type: ProtoMessage): unknown {
    const value = type.fields.get(1)?.type;
    return value === 9 || value === 12 ? '' : value === 8 ? false : 0;
  }
}

function add<T>(map: Map<ProtoField, T[]>, field: ProtoField, values: readonly T[]): void {
  const before = map.get(field);
  if (before === undefined) map.set(field, [...values]);
  else for (const value of values) before.push(value);
}

const isMessage = ({ type }: ProtoField): boolean => type === 10 || type === 11;

function messageBytes(input: WireInput, found: WireField): Uint8Array {
  if (found.type === 2) return input.bytes();
  if (found.type === 3) return input.group(found);
  throw damagedProtobuf('a message is of another type than its descriptor says');
}

function wireTypeOf(type: number): number {
  if (type === 1 || type === 6 || type === 16) return 1;
  if (type === 2 || type === 7 || type === 15) return 5;
  return type === 9 || type === 12 ? 2 : 0;
}

const unZigZag = (value: bigint): bigint => (value >> 1n) ^ -(value & 1n);

/** Signed, a number where a double holds it. */
function long(value: bigint): number | bigint {
  const signed = BigInt.asIntN(64, value);
  return signed >= Number.MIN_SAFE_INTEGER && signed <= Number.MAX_SAFE_INTEGER ? Number(signed) : signed;
}

/** As in JSON: with as many digits as needed, in groups of three. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  const digits = String(Math.abs(nanos)).padStart(9, '0');
  return `.${digits.replace(/(?:000){1,2}$/, '')}`;
}

function timestampText(seconds: number, nanos: number): string {
  if (!Number.isSafeInteger(seconds) || Math.abs(seconds) > 8.64e12)
    throw damagedProtobuf('a time is out of bounds');
  return `${formatInstant(seconds * 1000).replace(/\.000Z$/, '')}${fraction(nanos)}Z`;
}

function durationText(seconds: number, nanos: number): string {
  return `${seconds < 0 || nanos < 0 ? '-' : ''}${Math.abs(seconds)}${fraction(nanos)}s`;
}
