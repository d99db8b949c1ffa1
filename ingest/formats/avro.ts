/** avro_ocf: Avro object container files, block by block. */
import { inflateRawSync } from 'node:zlib';
import { CodedError } from '../../proto/errors.js';
import { parseJson } from '../../query/json/parse.js';
import { flattener, type Flattener } from '../flatten/flatten.js';
import { checkFlatten } from '../spec/flatten.js';
import { unzstdBytes } from '../sources/unzstd.js';
import type { JsonKeys } from '../spec/keys.js';
import { AvroInput, avroDecoder, damagedAvro, type AvroDecoder, type AvroOptions } from './avro-schema.js';
import type { FileFormat, FormatKind, RandomAccess } from './format.js';
import { TypedRow, type InputRow, type NumberKinds } from './row-reader.js';

export const avroFormat: FormatKind = {
  type: 'avro_ocf',
  parse(keys: JsonKeys): FileFormat {
    const flatten = checkFlatten(keys, 'nested');
    const options: AvroOptions = {
      binaryAsString: keys.flag('binaryAsString', false),
      extractUnionsByType: keys.flag('extractUnionsByType', false),
    };
    keys.refuse('files are read by the schema they carry', 'schema');
    keys.leftovers();
    return {
      type: 'avro_ocf',
      by: 'file',
      rows: (file, wanted) =>
        readFile(file, options, flatten === undefined ? undefined : flattener(flatten, wanted)),
    };
  },
};

const HEADER_BYTES_MAX = 1024 * 1024;
const BLOCK_BYTES_MAX = 256 * 1024 * 1024;
const SYNC_BYTES = 16;
const ROWS_AT_ONCE = 1000;

async function* readFile(
  file: RandomAccess,
  options: AvroOptions,
  flat: Flattener | undefined,
): AsyncGenerator<readonly (InputRow | string)[]> {
  const head = new AvroInput(await file.slice(0, Math.min(file.sizeBytes, HEADER_BYTES_MAX)));
  const { decode, kinds, codec, sync } = readHeader(head, options);
  let at = head.at;
  while (at < file.sizeBytes) {
    const block = new AvroInput(await file.slice(at, Math.min(file.sizeBytes, at + 20)));
    const count = block.size();
    const size = block.size();
    if (count < 0 || size < 0 || size > BLOCK_BYTES_MAX) throw damagedAvro('a block is out of bounds');
    const start = at + block.at;
    const end = start + size + SYNC_BYTES;
    if (end > file.sizeBytes) throw damagedAvro('it is cut short');
    const bytes = await file.slice(start, end);
    if (Buffer.compare(bytes.subarray(size), sync) !== 0)
      throw damagedAvro('a block does not end as it should');
    yield* rowsOf(new AvroInput(unpackBlock(codec, bytes.subarray(0, size))), count, decode, kinds, flat);
    at = end;
  }
}

interface Header {
  readonly decode: AvroDecoder;
  readonly kinds: NumberKinds;
  readonly codec: string;
  readonly sync: Uint8Array;
}

/** The record's fields that are floating point numbers, or may be null instead. */
function numberKinds(schema: unknown): NumberKinds {
  const kinds = new Map<string, 'float' | 'double'>();
  const fields: unknown = (schema as { readonly fields?: unknown } | null)?.fields;
  if (!Array.isArray(fields)) return kinds;
  for (const { name, type } of fields as readonly { readonly name?: unknown; readonly type?: unknown }[]) {
    const types: readonly unknown[] = Array.isArray(type) ? type : [type];
    const kind = types.find((each) => each === 'float' || each === 'double');
    if (typeof name === 'string' && (kind === 'float' || kind === 'double')) kinds.set(name, kind);
  }
  return kinds;
}

function readHeader(input: AvroInput, options: AvroOptions): Header {
  if (Buffer.from(input.take(4)).toString('latin1') !== 'Obj\x01')
    throw damagedAvro('it has not the first bytes of one');
  const entries = new Map<string, Uint8Array>();
  for (let count = input.size(); count !== 0; count = input.size()) {
    if (count < 0) input.size();
    for (let i = 0; i < Math.abs(count); i++) entries.set(input.text(), input.take(input.size()));
  }
  const text = (key: string): string => Buffer.from(entries.get(key) ?? []).toString('utf8');
  const schema = schemaOf(text('avro.schema'));
  const decode = avroDecoder(schema, options);
  const kinds = numberKinds(schema);
  return {
    decode,
    kinds,
    codec: text('avro.codec') || 'null',
    sync: Uint8Array.from(input.take(SYNC_BYTES)),
  };
}

function schemaOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw damagedAvro('its schema is not JSON');
  }
}

function unpackBlock(codec: string, bytes: Uint8Array): Uint8Array {
  try {
    switch (codec) {
      case 'null':
        return bytes;
      case 'deflate':
        return inflateRawSync(bytes, { maxOutputLength: BLOCK_BYTES_MAX });
      case 'zstandard':
        return unzstdBytes(bytes, BLOCK_BYTES_MAX);
      default:
        throw new CodedError(
          'Unsupported',
          `avro: codec[${codec.slice(0, 40)}] can't be read, only null, deflate and zstandard`,
        );
    }
  } catch (thrown) {
    throw thrown instanceof CodedError ? thrown : damagedAvro('a block is damaged');
  }
}

function* rowsOf(
  input: AvroInput,
  count: number,
  decode: AvroDecoder,
  kinds: NumberKinds,
  flat: Flattener | undefined,
): Generator<readonly (InputRow | string)[]> {
  let rows: (InputRow | string)[] = [];
  for (let i = 0; i < count; i++) {
    const value = decode(input);
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
    rows.push(flatRow(isRecord ? (value as Record<string, unknown>) : {}, kinds, flat));
    if (rows.length < ROWS_AT_ONCE) continue;
    yield rows;
    rows = [];
  }
  if (!input.isAtEnd) throw damagedAvro('a block holds more than its rows');
  yield rows;
}

function flatRow(
  fields: Record<string, unknown>,
  kinds: NumberKinds,
  flat: Flattener | undefined,
): InputRow | string {
  if (flat === undefined) return new TypedRow(fields, kinds);
  try {
    return new TypedRow(flat.flatten(fields), kinds);
  } catch (thrown) {
    if (thrown instanceof CodedError) return thrown.message;
    throw thrown;
  }
}
