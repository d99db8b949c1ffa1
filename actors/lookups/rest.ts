/** What a node says of its lookups: to the coordinator, and to people who want to see what is in them. */
import { CodedError } from '../../proto/errors.js';
import { entryText } from '../../query/merge/dictionary.js';
import { jsonString } from '../../query/json/write.js';
import type { LookupTable } from '../../query/lookup/table.js';
import { inSlices } from '../../runtime/slices.js';
import type { Clock } from '../../runtime/types.js';
import { bareText, emptyJson, type RestAnswer, type RestCall, type RestRoute } from '../rest-router.js';
import type { HeldLookup, LookupStore } from './store.js';

export interface LookupRestDeps {
  readonly store: LookupStore;
  /** Registered, but not loaded as it should be. */
  readonly pending: () => readonly HeldLookup[];
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Pieces of a text: tables may be large, and this is not their thread. */
type Show = (table: LookupTable) => Generator<void, string[]>;

const LISTEN = '/druid/listen/v1/lookups';
const INTROSPECT = '/druid/v1/lookups/introspect/{id}';

export function lookupNodeRoutes({ store, pending, clock }: LookupRestDeps): RestRoute[] {
  const found = async (call: RestCall, show: Show): Promise<RestAnswer> => {
    const lookup = store.get(call.params['id'] ?? '');
    if (lookup === undefined) return emptyJson(404);
    return bareText((await inSlices(show(lookup.table), clock)).join(''));
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
      handle: (call) => found(call, (table) => listText(table, 0)),
    },
    {
      method: 'GET',
      path: `${INTROSPECT}/values`,
      handle: (call) => found(call, (table) => listText(table, 1)),
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

/** So many rows are written in one step. */
const perStep = 500;

/** JSON text of a row's value. */
function cellText({ frame }: LookupTable, index: 0 | 1): (row: number) => string {
  const column = frame.columns[index];
  if (column?.type !== 'STRING') throw new CodedError('Bug', 'A lookup holds texts');
  const { nulls, values, dictionary } = column;
  return (row) =>
    (((nulls?.[row >> 3] ?? 0) >> (row & 7)) & 1) === 1
      ? 'null'
      : jsonString(entryText(dictionary, values[row] ?? 0));
}

function* rowTexts(
  { frame }: LookupTable,
  [open, close]: readonly [string, string],
  text: (row: number) => string,
): Generator<void, string[]> {
  const pieces = [open];
  for (let row = 0; row < frame.rows; row++) {
    if (row % perStep === 0) yield;
    pieces.push(row === 0 ? text(row) : `,${text(row)}`);
  }
  pieces.push(close);
  return pieces;
}

const listText = (table: LookupTable, index: 0 | 1): Generator<void, string[]> =>
  rowTexts(table, ['[', ']'], cellText(table, index));

function mapText(table: LookupTable): Generator<void, string[]> {
  const [key, value] = [cellText(table, 0), cellText(table, 1)];
  return rowTexts(table, ['{', '}'], (row) => `${key(row)}:${value(row)}`);
}
