/** All input formats. */
import { CodedError } from '../../proto/errors.js';
import type { JsonKeys } from '../spec/keys.js';
import { avroFormat } from './avro.js';
import { csvFormat, tsvFormat } from './delimited.js';
import type { FormatKind, InputFormat } from './format.js';
import { jsonFormat } from './json-lines.js';
import { linesFormat } from './lines.js';
import { parquetFormat } from './parquet.js';
import { protobufFormat } from './protobuf.js';
import { regexFormat } from './regex.js';

const kinds: readonly FormatKind[] = [
  jsonFormat,
  csvFormat,
  tsvFormat,
  regexFormat,
  linesFormat,
  parquetFormat,
  avroFormat,
  protobufFormat,
];

/** Druid's other formats, refused by name. */
const notBuilt: readonly string[] = ['avro_stream', 'kafka', 'kinesis', 'orc', 'thrift'];

/** `ioConfig.inputFormat`. Throws InvalidInput or Unsupported, naming the path. */
export function checkFormat(keys: JsonKeys): InputFormat {
  const type = keys.text('type');
  const kind = kinds.find((each) => each.type === type);
  if (kind !== undefined) return kind.parse(keys);
  if (notBuilt.includes(type))
    throw keys.unsupported('type', `input format[${type}] is not built into Grove`);
  const known = kinds.map((each) => each.type).join(', ');
  const field = keys.at('type');
  throw new CodedError('InvalidInput', `${field} is unknown: type[${type}], known are [${known}]`, { field });
}
