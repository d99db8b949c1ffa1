/** What a node says of its lookups: to the coordinator, and to people who want to see what is in them. */
import { CodedError } from '../../proto/errors.js';
import { entryText } from '../../query/merge/dictionary.js';
import { jsonString } from '../../query/json/write.js';
import type { LookupTable } from '../../query/lookup/table.js';
import { bareText, emptyJson, type RestAnswer, type RestCall, type RestRoute } from '../rest-router.js';
import type { HeldLookup, LookupStore } from './store.js';

export interface LookupRestDeps {
  readonly store: LookupStore;
  /** Registered, but not loaded as it should be. */
  readonly pending: () => readonly HeldLookup[];
}

const LISTEN = '/druid/listen/v1/lookups';
const INTROSPECT = '/druid/v1/lookups/introspect/{id}';

export function lookupNodeRoutes({ store, pending }: LookupRestDeps): RestRoute[] {
  const found = (call: RestCall, show: (table: LookupTable) => string): RestAnswer => {
    const lookup = store.get(call.params['id'] ?? '');
    return lookup === undefined ? emptyJson(404) : bareText(show(lookup.table));
  };
  const refuse = (): never => {
    throw new CodedError('Unsupported', 'Lookups are registered at the coordinator: nodes ask it for them');
  };
  return [
    {
      method: 'GET',
      path: LISTEN,
      handle: () => bareText(`{"current":${specs(store.all())},"toLoad":${specs(pending())},"toDrop":[]}`),
    },
    { method: 'POST', path: LISTEN, handle: refuse },
    { method: 'POST', path: `${LISTEN}/updates`, handle: refuse },
    {
      method: 'GET',
      path: `${LISTEN}/{id}`,
      handle: (call) => {
        const lookup = store.get(call.params['id'] ?? '');
        return lookup === undefined ? emptyJson(404) : bareText(spec(lookup));
      },
    },
    { method: 'POST', path: `${LISTEN}/{id}`, handle: refuse },
    { method: 'DELETE', path: `${LISTEN}/{id}`, handle: refuse },
    { method: 'GET', path: INTROSPECT, handle: (call) => found(call, mapText) },
    {
      method: 'GET',
      path: `${INTROSPECT}/keys`,
      handle: (call) => found(call, (table) => `[${texts(table, 0).join(',')}]`),
    },
    {
      method: 'GET',
      path: `${INTROSPECT}/values`,
      handle: (call) => found(call, (table) => `[${texts(table, 1).join(',')}]`),
    },
    {
      method: 'GET',
      path: `${INTROSPECT}/version`,
      handle: (call) => {
        const lookup = store.get(call.params['id'] ?? '');
        return lookup === undefined ? emptyJson(404) : bareText(`{"version":${jsonString(lookup.version)}}`);
      },
    },
  ];
}

const spec = ({ version, factoryJson }: HeldLookup): string =>
  `{"version":${jsonString(version)},"lookupExtractorFactory":${factoryJson}}`;
const specs = (lookups: readonly HeldLookup[]): string =>
  `{${lookups.map((one) => `${jsonString(one.name)}:${spec(one)}`).join(',')}}`;

/** JSON texts of a column's rows. */
function texts({ frame }: LookupTable, index: 0 | 1): string[] {
  const column = frame.columns[index];
  if (column?.type !== 'STRING') return [];
  const { nulls, values, dictionary } = column;
  return Array.from({ length: frame.rows }, (_, row) =>
    (((nulls?.[row >> 3] ?? 0) >> (row & 7)) & 1) === 1
      ? 'null'
      : jsonString(entryText(dictionary, values[row] ?? 0)),
  );
}

function mapText(table: LookupTable): string {
  const values = texts(table, 1);
  return `{${texts(table, 0)
    .map((key, i) => `${key}:${values[i]}`)
    .join(',')}}`;
}
