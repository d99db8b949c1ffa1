/** The registered lookups that a task's spec names, as they are when the task begins. */
import { invalidInput } from '../../proto/errors.js';
import type { RegisteredLookup } from '../../proto/task-actions.js';
import type { SourceDeps } from '../../ingest/sources/source.js';
import { lookupsNamed } from '../../ingest/spec/lookups.js';
import type { IngestSpec } from '../../ingest/spec/model.js';
import { buildLookup } from '../../query/lookup/build.js';
import { parseLookupSpec } from '../../query/lookup/spec.js';
import { openLookups, type LookupTable } from '../../query/lookup/table.js';
import { readNamespace } from '../lookup-file.js';
import type { OverlordClient } from './overlord-client.js';

export interface TaskLookupDeps {
  readonly overlord: Pick<OverlordClient, 'action'>;
  readonly tier: string;
  /** What namespaces may read. */
  readonly source: SourceDeps;
}

/** Throws InvalidInput naming a lookup that is not there or can't be read. */
export async function withLookups(spec: IngestSpec, deps: TaskLookupDeps): Promise<IngestSpec> {
  const names = [...lookupsNamed(spec)];
  if (names.length === 0) return spec;
  const { overlord, tier, source } = deps;
  const { signal } = source;
  const { lookups } = await overlord.action({ type: 'registeredLookups', tier, names }, { signal });
  const missing = names.find((name) => lookups.every((one) => one.name !== name));
  if (missing !== undefined) {
    throw invalidInput(
      `Lookup [${missing}] not found: tier[${tier}] has none of the name`,
      'spec.dataSchema',
    );
  }
  const tables: LookupTable[] = [];
  for (const lookup of lookups) tables.push(await tableOf(lookup, source));
  source.log.info('lookups loaded', { lookups: names.join(', ') });
  return { ...spec, lookups: openLookups(tables) };
}

async function tableOf(lookup: RegisteredLookup, source: SourceDeps): Promise<LookupTable> {
  const { name, version, factoryJson } = lookup;
  const spec = parseLookupSpec(JSON.parse(factoryJson), `lookup[${name}]`);
  if (spec.type === 'map') return buildLookup({ name, version, factoryJson });
  const file = await readNamespace(spec, undefined, source);
  return buildLookup({ name, version, factoryJson, ...(file !== undefined && { file: file.bytes }) });
}
