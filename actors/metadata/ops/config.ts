/** Rules, dynamic configuration, and the audit trail of both. */
import { invalidInput } from '../../../proto/errors.js';
import type { AuditInput, AuditRow, OpInput, OpOutput } from '../../../proto/metadata.js';
import type { Tx } from '../store.js';
import { text } from './rows.js';

interface RuleRow {
  readonly id: string;
  readonly dataSource: string;
  readonly version: string;
  readonly payload: unknown;
}

export async function readRules(tx: Tx, input: OpInput<'readRules'>): Promise<OpOutput<'readRules'>> {
  const query = tx<RuleRow>('druid_rules').orderBy('dataSource').orderBy('version').orderBy('id');
  if (input.dataSource !== undefined) void query.where({ dataSource: input.dataSource });
  const newest = new Map<string, string>();
  for (const row of await query) newest.set(row.dataSource, text(row.payload));
  return { rules: [...newest].map(([dataSource, payload]) => ({ dataSource, payload })) };
}

export async function setRules(tx: Tx, input: OpInput<'setRules'>): Promise<OpOutput<'setRules'>> {
  const { dataSource, payload, audit } = input;
  requireJson(payload, 'payload');
  // One row a datasource and instant; a second change within the same millisecond replaces the first.
  await tx('druid_rules')
    .insert({ id: `${dataSource}_${audit.nowDate}`, dataSource, version: audit.nowDate, payload })
    .onConflict('id')
    .merge();
  await writeAudit(tx, 'rules', dataSource, payload, audit);
  return {};
}

export async function readConfig(tx: Tx, input: OpInput<'readConfig'>): Promise<OpOutput<'readConfig'>> {
  const row = (await tx('druid_config').where({ name: input.name }).first('payload')) as
    | { readonly payload: unknown }
    | undefined;
  return { payload: row === undefined ? null : text(row.payload) };
}

export async function setConfig(tx: Tx, input: OpInput<'setConfig'>): Promise<OpOutput<'setConfig'>> {
  const { name, payload, expected, audit } = input;
  if (payload !== null) requireJson(payload, 'payload');
  if (expected !== undefined) {
    const stored = await readConfig(tx, { name });
    if (stored.payload !== expected) return { changed: false };
  }
  if (payload === null) await tx('druid_config').where({ name }).delete();
  else await tx('druid_config').insert({ name, payload }).onConflict('name').merge();
  await writeAudit(tx, input.auditType ?? name, name, payload ?? '', audit);
  return { changed: true };
}

function requireJson(payload: string, field: string): void {
  try {
    JSON.parse(payload);
  } catch {
    throw invalidInput(`${field} is not JSON`, field);
  }
}

interface AuditPayload {
  readonly key: string;
  readonly type: string;
  readonly auditInfo: { readonly author: string; readonly comment: string; readonly ip: string };
  readonly payload: string;
  readonly auditTime: string;
}

async function writeAudit(
  tx: Tx,
  type: string,
  key: string,
  payload: string,
  audit: AuditInput,
): Promise<void> {
  const { author, ip, nowDate } = audit;
  const comment = audit.comment.slice(0, 2_000);
  const entry: AuditPayload = {
    key,
    type,
    auditInfo: { author, comment, ip },
    payload,
    auditTime: nowDate,
  };
  await tx('druid_audit').insert({
    audit_key: key,
    type,
    author,
    comment,
    created_date: nowDate,
    payload: JSON.stringify(entry),
  });
}

export async function readAudit(tx: Tx, input: OpInput<'readAudit'>): Promise<OpOutput<'readAudit'>> {
  const query = tx<{ payload: unknown }>('druid_audit').where({ type: input.type } as never);
  if (input.key !== undefined) void query.where({ audit_key: input.key } as never);
  if (input.interval !== undefined) {
    void query
      .where('created_date', '>=', input.interval.start)
      .where('created_date', '<', input.interval.end);
  }
  const order = input.count === undefined ? 'asc' : 'desc';
  const rows = await query
    .orderBy('created_date', order)
    .orderBy('id', order)
    .limit(Math.min(input.count ?? 1_000, 1_000));
  const entries = rows.map((row): AuditRow => {
    const entry = JSON.parse(text(row.payload)) as AuditPayload;
    return {
      key: entry.key,
      type: entry.type,
      author: entry.auditInfo.author,
      comment: entry.auditInfo.comment,
      ip: entry.auditInfo.ip,
      payload: entry.payload,
      auditTime: entry.auditTime,
    };
  });
  return { entries };
}
