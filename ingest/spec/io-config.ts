/** `spec.ioConfig`: where the rows come from, what they look like, and what they replace. */
import { CodedError } from '../../proto/errors.js';
import type { JsonKeys } from './keys.js';
import type { IngestSpec, InputFormat, InputSource } from './model.js';

export type IoPart = Pick<IngestSpec, 'inputSource' | 'inputFormat' | 'appendToExisting' | 'dropExisting'>;

export function checkIo(io: JsonKeys): IoPart {
  if (io.has('firehose')) throw io.unsupported('firehose', 'firehoses were replaced by inputSource');
  const appendToExisting = io.flag('appendToExisting', false);
  const dropExisting = io.flag('dropExisting', false);
  if (appendToExisting && dropExisting) {
    throw io.wrong('dropExisting', 'and appendToExisting exclude each other');
  }
  const part: IoPart = {
    inputSource: checkSource(io.object('inputSource')),
    inputFormat: checkFormat(io.object('inputFormat')),
    appendToExisting,
    dropExisting,
  };
  io.leftovers();
  return part;
}

function checkSource(keys: JsonKeys): InputSource {
  const type = keys.text('type');
  keys.refuse('system fields are not supported yet', 'systemFields');
  switch (type) {
    case 'inline': {
      const data = keys.text('data');
      keys.leftovers();
      return { type, data };
    }
    case 'local': {
      const baseDir = keys.optionalText('baseDir');
      const files = keys.texts('files') ?? [];
      if (baseDir === undefined && files.length === 0) throw keys.wrong('baseDir', 'or files must be given');
      if (baseDir !== undefined && !keys.has('filter'))
        throw keys.wrong('filter', 'must be given with baseDir');
      const filter = keys.text('filter', '*');
      keys.leftovers();
      return { type, baseDir, filter, files };
    }
    default:
      throw keys.unsupported('type', `input sources of type[${type}] are not supported yet`);
  }
}

function checkFormat(keys: JsonKeys): InputFormat {
  const type = keys.text('type');
  switch (type) {
    case 'json':
      checkJson(keys);
      return { type };
    case 'csv':
    case 'tsv':
      return checkDelimited(type, keys);
    default:
      throw keys.unsupported('type', `input formats of type[${type}] are not supported yet`);
  }
}

function checkJson(keys: JsonKeys): void {
  const flatten = keys.optionalObject('flattenSpec');
  flatten?.refuse('flattening is not supported yet', 'fields');
  if (flatten?.flag('useFieldDiscovery', true) === false) {
    throw flatten.unsupported('useFieldDiscovery', 'without fields nothing would be read');
  }
  flatten?.leftovers();
  keys.refuse('parser features are not supported', 'featureSpec');
  keys.accept('keepNullColumns', 'assumeNewlineDelimited', 'useJsonNodeReader');
  keys.leftovers();
}

const LIST_DELIMITER = '\u0001';

function checkDelimited(type: 'csv' | 'tsv', keys: JsonKeys): InputFormat {
  const columns = keys.texts('columns');
  const fromHeader = keys.flag('findColumnsFromHeader', keys.flag('hasHeaderRow', false));
  const hasColumns = columns !== undefined && columns.length > 0;
  if (hasColumns === fromHeader) {
    throw keys.wrong(
      'columns',
      hasColumns ? 'and findColumnsFromHeader exclude each other' : 'or findColumnsFromHeader must be given',
    );
  }
  const doubled = columns?.find((name, i) => columns.indexOf(name) !== i);
  if (doubled !== undefined) throw keys.wrong('columns', `holds a name twice: name[${doubled}]`);
  const delimiter = type === 'csv' ? ',' : keys.text('delimiter', '\t');
  const listDelimiter = keys.text('listDelimiter', LIST_DELIMITER);
  if (delimiter === '' || /[\r\n]/.test(delimiter))
    throw keys.wrong('delimiter', 'must be a text without line breaks');
  if (delimiter === listDelimiter) {
    throw new CodedError('InvalidInput', `${keys.at('listDelimiter')} must differ from the delimiter`, {
      field: keys.at('listDelimiter'),
    });
  }
  const format: InputFormat = {
    type,
    columns: hasColumns ? columns : undefined,
    skipHeaderRows: keys.whole('skipHeaderRows', 0, 0),
    delimiter,
    listDelimiter,
    tryParseNumbers: keys.flag('tryParseNumbers', false),
  };
  keys.leftovers();
  return format;
}
