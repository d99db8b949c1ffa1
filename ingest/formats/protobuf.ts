/** protobuf: every file is one message, described by a descriptor file or text. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import { flattener, type Flattener } from '../flatten/flatten.js';
import { readAllowedFile } from '../sources/local-files.js';
import { checkFlatten } from '../spec/flatten.js';
import type { JsonKeys } from '../spec/keys.js';
import type { FileFormat, FormatKind, FormatReach, RandomAccess } from './format.js';
import { decodeMessage, protoKinds } from './protobuf-message.js';
import { findMessage, readDescriptors, type ProtoMessage, type ProtoTypes } from './protobuf-types.js';
import { TypedRow, type InputRow } from './row-reader.js';

const DESCRIPTOR_BYTES_MAX = 16 * 1024 * 1024;
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

interface Described {
  readonly types: ProtoTypes;
  readonly type: ProtoMessage;
}

/** Reads the descriptor when it is asked for first: there may be a file for every message. */
type Decoder = (reach: FormatReach) => Promise<Described>;

export const protobufFormat: FormatKind = {
  type: 'protobuf',
  parse(keys: JsonKeys): FileFormat {
    const flatten = checkFlatten(keys, 'nested');
    const decoder = checkDecoder(keys.object('protoBytesDecoder'));
    keys.leftovers();
    return {
      type: 'protobuf',
      by: 'file',
      rows: (file, wanted, reach) =>
        readFile(file, decoder, reach, flatten === undefined ? undefined : flattener(flatten, wanted)),
    };
  },
};

function checkDecoder(keys: JsonKeys): Decoder {
  const type = keys.text('type');
  const messageType = keys.optionalText('protoMessageType');
  const described = (bytes: Uint8Array, field: string): Described => {
    const types = typesOf(bytes, field);
    return { types, type: messageOf(types, messageType, keys.at('protoMessageType')) };
  };
  if (type === 'file') {
    const path = keys.text('descriptor').replace(/^file:(?:\/\/)?(?=\/)/, '');
    const field = keys.at('descriptor');
    if (/^[a-z]+:\/\//i.test(path)) {
      throw keys.unsupported('descriptor', 'must be a file inside the folders that input may be read from');
    }
    keys.leftovers();
    let known: Described | undefined;
    return async ({ inputDirs }) =>
      (known ??= described(await readAllowedFile(path, inputDirs, field, DESCRIPTOR_BYTES_MAX), field));
  }
  if (type === 'inline') {
    const text = keys.text('descriptorString');
    const found = Buffer.from(text, 'base64');
    if (found.length === 0) throw keys.wrong('descriptorString', 'must be a descriptor set in base64');
    // Checked when the task is submitted: it is all there.
    const known = described(found, keys.at('descriptorString'));
    keys.leftovers();
    return () => Promise.resolve(known);
  }
  throw keys.unsupported('type', `protoBytesDecoder of type[${type}] is not built into Grove`);
}

function typesOf(bytes: Uint8Array, field: string): ProtoTypes {
  try {
    return readDescriptors(bytes);
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown;
    throw invalidInput(`${field} is no descriptor set: ${thrown.message}`, field);
  }
}

function messageOf(types: ProtoTypes, name: string | undefined, field: string): ProtoMessage {
  const found = findMessage(types, name);
  if (found !== undefined) return found;
  const known = [...types.messages.keys()].slice(0, 20).join(', ');
  throw new CodedError(
    'InvalidInput',
    `${field} is none of the descriptor's types: type[${name}], known are [${known}]`,
    {
      field,
    },
  );
}

async function* readFile(
  file: RandomAccess,
  decoder: Decoder,
  reach: FormatReach,
  flat: Flattener | undefined,
): AsyncGenerator<readonly (InputRow | string)[]> {
  const { types, type } = await decoder(reach);
  if (file.sizeBytes > MESSAGE_BYTES_MAX) {
    throw new CodedError(
      'LimitExceeded',
      `a message of ${file.sizeBytes} bytes is larger than ${MESSAGE_BYTES_MAX}`,
    );
  }
  const bytes = await file.slice(0, file.sizeBytes);
  yield [rowOf(types, type, bytes, flat)];
}

/** A message that can't be read is one bad row. */
function rowOf(
  types: ProtoTypes,
  type: ProtoMessage,
  bytes: Uint8Array,
  flat: Flattener | undefined,
): InputRow | string {
  try {
    const fields = decodeMessage(types, type, bytes);
    return new TypedRow(flat === undefined ? fields : flat.flatten(fields), protoKinds(type));
  } catch (thrown) {
    if (thrown instanceof CodedError) return thrown.message;
    throw thrown;
  }
}
