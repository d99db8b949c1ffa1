/** Batch tasks: Druid's JSON of `index_parallel` and `index` to a checked {@link BatchTask}. */
import { CodedError } from '../../proto/errors.js';
import { checkDataSchema } from './data-schema.js';
import { checkIo } from './io-config.js';
import { JsonKeys } from './keys.js';
import type { BatchTask } from './model.js';
import { checkTuning } from './tuning.js';

/**
 * `json` = the parsed request body. Throws InvalidInput or Unsupported; message and `field` name the JSON path.
 * Keys that mean nothing here are ignored as Druid ignores them and listed in `spec.ignoredKeys`.
 */
export function compileTask(json: unknown): BatchTask {
  const ignored: string[] = [];
  const task = new JsonKeys(json, '', ignored);
  const type = task.text('type');
  if (type !== 'index_parallel' && type !== 'index') {
    throw new CodedError('InvalidInput', `type: not a batch ingestion task: type[${type}]`, {
      field: 'type',
    });
  }
  const spec = task.object('spec');
  const ioKeys = spec.object('ioConfig');
  const ioType = ioKeys.optionalText('type');
  if (ioType !== undefined && ioType !== type) throw ioKeys.wrong('type', `must be [${type}] like the task`);
  const schema = checkDataSchema(spec.object('dataSchema'));
  const io = checkIo(ioKeys);
  const tuningType = spec.optionalObject('tuningConfig')?.optionalText('type');
  if (tuningType !== undefined && tuningType !== type)
    throw spec.wrong('tuningConfig.type', `must be [${type}] like the task`);
  const tuning = checkTuning(spec.optionalObject('tuningConfig'), spec.at('tuningConfig'), ignored);
  if (io.appendToExisting && tuning.partitioning.type !== 'dynamic') {
    throw spec.wrong(
      'tuningConfig.partitionsSpec',
      'must be dynamic when ioConfig.appendToExisting is true: Perfect rollup cannot be guaranteed when appending to existing dataSources',
    );
  }
  if (io.appendToExisting && schema.arbitraryChunks !== undefined) {
    throw spec.wrong(
      'dataSchema.granularitySpec.type',
      'must be uniform when ioConfig.appendToExisting is true: segments to be appended are cut by a granularity',
    );
  }
  if (io.dropExisting && schema.intervals === undefined) {
    throw spec.wrong(
      'dataSchema.granularitySpec.intervals',
      'must be given when ioConfig.dropExisting is true',
    );
  }
  const context = task.raw('context') ?? {};
  if (typeof context !== 'object' || Array.isArray(context)) throw task.wrong('context', 'must be an object');
  const id = task.optionalText('id');
  const groupId = task.optionalText('groupId');
  task.accept('resource', 'dataSource');
  spec.accept('type');
  task.leftovers();
  spec.leftovers();
  return {
    type,
    id,
    groupId,
    context: context as Readonly<Record<string, unknown>>,
    spec: { ...schema, ...io, tuning, ignoredKeys: ignored },
  };
}
