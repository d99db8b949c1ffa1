/** `spec.ioConfig`: where the rows come from, what they look like, and what they replace. */
import { checkFormat } from '../formats/format-kinds.js';
import { checkSource } from '../sources/source-kinds.js';
import type { JsonKeys } from './keys.js';
import type { IngestSpec } from './model.js';

export type IoPart = Pick<IngestSpec, 'inputSource' | 'inputFormat' | 'appendToExisting' | 'dropExisting'>;

export function checkIo(io: JsonKeys): IoPart {
  if (io.has('firehose')) throw io.unsupported('firehose', 'firehoses were replaced by inputSource');
  const appendToExisting = io.flag('appendToExisting', false);
  const dropExisting = io.flag('dropExisting', false);
  if (appendToExisting && dropExisting) {
    throw io.wrong('dropExisting', 'and appendToExisting exclude each other');
  }
  const inputSource = checkSource(io.object('inputSource'));
  // A format given for stored rows means nothing: it is left among the ignored keys.
  const inputFormat = inputSource.readsSegments === true ? undefined : checkFormat(io.object('inputFormat'));
  io.leftovers();
  return { inputSource, inputFormat, appendToExisting, dropExisting };
}
