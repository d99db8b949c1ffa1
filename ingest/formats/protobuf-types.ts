/**
 * Message types out of a descriptor file (`protoc --include_imports --descriptor_set_out`). They are read as data: no
 * code is made of them.
 */
import { invalidInput } from '../../proto/errors.js';
import { WireInput } from './protobuf-wire.js';

export interface ProtoField {
  readonly number: number;
  /** As in JSON. */
  readonly name: string;
  /** 1 double … 18 sint64, as descriptors number them. */
  readonly type: number;
  readonly isRepeated: boolean;
  /** A value that equals the default counts as absent. */
  readonly isImplicit: boolean;
  /** Of messages, groups and enums, without the leading dot. */
  readonly typeName: string;
}

export interface ProtoMessage {
  readonly name: string;
  readonly isMapEntry: boolean;
  readonly fields: ReadonlyMap<number, ProtoField>;
}

export interface ProtoTypes {
  readonly messages: ReadonlyMap<string, ProtoMessage>;
  /** Names of values by number. */
  readonly enums: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** The first message type of the first file that has one. */
  readonly first: string | undefined;
}

/** Throws InvalidInput for what is no descriptor set. */
export function readDescriptors(bytes: Uint8Array): ProtoTypes {
  const reader = new DescriptorReader();
  for (const file of parts(bytes, 1)) reader.file(file);
  reader.resolve();
  if (reader.messages.size === 0)
    throw invalidInput('the descriptor holds no message types', 'protoBytesDecoder');
  return reader;
}

/** By its full name, or by its last part when only one type is called so; undefined: the first one. */
export function findMessage(types: ProtoTypes, name: string | undefined): ProtoMessage | undefined {
  const wanted = name?.replace(/^\./, '') ?? types.first ?? '';
  const exact = types.messages.get(wanted);
  if (exact !== undefined) return exact;
  const short = [...types.messages.values()].filter((each) => each.name.endsWith(`.${wanted}`));
  return short.length === 1 ? short[0] : undefined;
}

class DescriptorReader implements ProtoTypes {
  readonly messages = new Map<string, ProtoMessage>();
  readonly enums = new Map<string, Map<number, string>>();
  first: string | undefined;

  file(bytes: Uint8Array): void {
    const space = textAt(bytes, 2) ?? '';
    const isProto3 = textAt(bytes, 12) === 'proto3';
    for (const message of parts(bytes, 4)) this.#message(message, space, isProto3, 0);
    for (const one of parts(bytes, 5)) this.#enum(one, space);
  }

  /** Makes full names of all type names: what is not full is looked for from the innermost scope outwards. */
  resolve(): void {
    for (const [name, message] of this.messages) {
      const fields = [...message.fields].map(([number, field]): [number, ProtoField] => [
        number,
        { ...field, typeName: this.#fullName(field.typeName, name) },
      ]);
      this.messages.set(name, { ...message, fields: new Map(fields) });
    }
  }

  #fullName(typeName: string, scope: string): string {
    if (typeName === '' || typeName.startsWith('.')) return typeName.slice(1);
    for (let space = scope; ; space = space.slice(0, Math.max(0, space.lastIndexOf('.')))) {
      const full = joined(space, typeName);
      if (this.messages.has(full) || this.enums.has(full) || space === '') return full;
    }
  }

  #message(bytes: Uint8Array, space: string, isProto3: boolean, depth: number): void {
    if (depth > 50) throw invalidInput('the descriptor is nested too deep', 'protoBytesDecoder');
    const name = joined(space, textAt(bytes, 1) ?? '');
    const fields = parts(bytes, 2).map((each) => fieldOf(each, isProto3));
    const isMapEntry = parts(bytes, 7).some((options) => numberAt(options, 7) === 1);
    if (depth === 0) this.first ??= name;
    this.messages.set(name, { name, isMapEntry, fields: new Map(fields.map((each) => [each.number, each])) });
    for (const inner of parts(bytes, 3)) this.#message(inner, name, isProto3, depth + 1);
    for (const one of parts(bytes, 4)) this.#enum(one, name);
  }

  #enum(bytes: Uint8Array, space: string): void {
    const values = new Map<number, string>();
    for (const value of parts(bytes, 2)) {
      const number = numberAt(value, 2) ?? 0;
      // Of several names the first counts.
      if (!values.has(number)) values.set(number, textAt(value, 1) ?? '');
    }
    this.enums.set(joined(space, textAt(bytes, 1) ?? ''), values);
  }
}

const REPEATED = 3;
const MESSAGE = 11;
const GROUP = 10;

function fieldOf(bytes: Uint8Array, isProto3: boolean): ProtoField {
  const type = numberAt(bytes, 5) ?? 0;
  const isRepeated = numberAt(bytes, 4) === REPEATED;
  const hasPresence =
    !isProto3 ||
    type === MESSAGE ||
    type === GROUP ||
    numberAt(bytes, 9) !== undefined ||
    numberAt(bytes, 17) === 1;
  return {
    number: numberAt(bytes, 3) ?? 0,
    name: textAt(bytes, 10) ?? jsonName(textAt(bytes, 1) ?? ''),
    type,
    isRepeated,
    isImplicit: !isRepeated && !hasPresence,
    typeName: textAt(bytes, 6) ?? '',
  };
}

const jsonName = (name: string): string => name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());
const joined = (space: string, name: string): string => (space === '' ? name : `${space}.${name}`);

/** All occurrences of a length-delimited field. */
function parts(bytes: Uint8Array, number: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const input = new WireInput(bytes);
  for (let field = input.field(); field !== undefined; field = input.field()) {
    if (field.number === number && field.type === 2) found.push(input.bytes());
    else input.skip(field);
  }
  return found;
}

function textAt(bytes: Uint8Array, number: number): string | undefined {
  const last = parts(bytes, number).at(-1);
  return last === undefined ? undefined : Buffer.from(last).toString('utf8');
}

function numberAt(bytes: Uint8Array, number: number): number | undefined {
  let found: number | undefined;
  const input = new WireInput(bytes);
  for (let field = input.field(); field !== undefined; field = input.field()) {
    if (field.number === number && field.type === 0) found = Number(BigInt.asIntN(32, input.varint()));
    else input.skip(field);
  }
  return found;
}
