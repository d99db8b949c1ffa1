/** All input sources. */
import { CodedError } from '../../proto/errors.js';
import type { JsonKeys } from '../spec/keys.js';
import { combiningSource } from './combining.js';
import { druidSource } from './druid.js';
import { googleSource } from './google.js';
import { httpSource } from './http.js';
import { inlineSource } from './inline.js';
import { localSource } from './local-files.js';
import type { InputSource, SourceKind } from './source.js';

const kinds: readonly SourceKind[] = [
  inlineSource,
  localSource,
  httpSource,
  googleSource,
  druidSource,
  combiningSource,
];

/** Druid's other sources, refused by name. */
const notBuilt: readonly string[] = ['azure', 'azureStorage', 'delta', 'hdfs', 'iceberg', 's3', 'sql'];

/** `ioConfig.inputSource`. Throws InvalidInput or Unsupported, naming the path. */
export function checkSource(keys: JsonKeys): InputSource {
  const type = keys.text('type');
  const kind = kinds.find((each) => each.type === type);
  if (kind !== undefined) return kind.parse(keys, checkSource);
  if (notBuilt.includes(type))
    throw keys.unsupported('type', `input source[${type}] is not built into Grove`);
  const known = kinds.map((each) => each.type).join(', ');
  const field = keys.at('type');
  throw new CodedError('InvalidInput', `${field} is unknown: type[${type}], known are [${known}]`, { field });
}
