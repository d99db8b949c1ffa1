/**
 * The tables, in numbered steps that are never edited once released: a new step is added. Druid's tables carry
 * Druid's names and columns, so that a Druid installation's store can be taken over (`createIfAbsent` leaves what is
 * there alone); our own are prefixed `grove_`.
 */
import type { Knex, Tx } from './store.js';

export interface MigrationInput {
  /** Used when the store is new. */
  readonly clusterId: string;
  readonly nowDate: string;
}
interface Migration {
  readonly version: number;
  readonly name: string;
  readonly run: (tx: Tx, input: MigrationInput) => Promise<void>;
}

const isMysql = (tx: Tx): boolean => String(tx.client.config.client).includes('mysql');
const blob = (tx: Tx): string => (isMysql(tx) ? 'longblob' : 'blob');

type Columns = (table: Knex.CreateTableBuilder) => void;
async function createIfAbsent(tx: Tx, name: string, columns: Columns): Promise<void> {
  if (!(await tx.schema.hasTable(name))) await tx.schema.createTable(name, columns);
}

async function createSegmentTables(tx: Tx): Promise<void> {
  await createIfAbsent(tx, 'druid_segments', (t) => {
    t.string('id', 255).primary();
    t.string('dataSource', 255).notNullable();
    t.string('created_date', 255).notNullable();
    t.string('start', 255).notNullable();
    t.string('end', 255).notNullable();
    t.boolean('partitioned').notNullable();
    t.string('version', 255).notNullable();
    t.boolean('used').notNullable();
    t.specificType('payload', blob(tx)).notNullable();
    t.string('used_status_last_updated', 255).notNullable();
    t.string('upgraded_from_segment_id', 255);
    t.index(['used'], 'idx_druid_segments_used');
    t.index(['dataSource', 'used', 'end', 'start'], 'idx_druid_segments_ds_used_end_start');
  });
  await createIfAbsent(tx, 'druid_pendingSegments', (t) => {
    t.string('id', 255).primary();
    t.string('dataSource', 255).notNullable();
    t.string('created_date', 255).notNullable();
    t.string('start', 255).notNullable();
    t.string('end', 255).notNullable();
    t.string('sequence_name', 255).notNullable();
    t.string('sequence_prev_id', 255).notNullable();
    t.string('sequence_name_prev_id_sha1', 255).notNullable();
    t.specificType('payload', blob(tx)).notNullable();
    t.string('upgraded_from_segment_id', 255);
    t.string('task_allocator_id', 255);
    t.unique(['sequence_name_prev_id_sha1'], { indexName: 'idx_druid_pending_sequence_sha1' });
    t.index(['dataSource', 'end'], 'idx_druid_pending_ds_end');
    t.index(['dataSource', 'sequence_name'], 'idx_druid_pending_ds_sequence');
  });
  await createIfAbsent(tx, 'druid_dataSource', (t) => {
    t.string('dataSource', 255).primary();
    t.string('created_date', 255).notNullable();
    t.specificType('commit_metadata_payload', blob(tx)).notNullable();
    t.string('commit_metadata_sha1', 255).notNullable();
  });
}

async function createTaskTables(tx: Tx): Promise<void> {
  await createIfAbsent(tx, 'druid_tasks', (t) => {
    t.string('id', 255).primary();
    t.string('created_date', 255).notNullable();
    t.string('datasource', 255).notNullable();
    t.specificType('payload', blob(tx)).notNullable();
    t.specificType('status_payload', blob(tx)).notNullable();
    t.boolean('active').notNullable().defaultTo(false);
    t.string('type', 255);
    t.string('group_id', 255);
    t.index(['active', 'created_date'], 'idx_druid_tasks_active_created_date');
    t.index(['datasource', 'active'], 'idx_druid_tasks_datasource_active');
  });
  await createIfAbsent(tx, 'druid_tasklogs', (t) => {
    t.bigIncrements('id');
    t.string('task_id', 255).index('idx_druid_tasklogs_task_id');
    t.specificType('log_payload', blob(tx));
  });
  await createIfAbsent(tx, 'druid_tasklocks', (t) => {
    t.bigIncrements('id');
    t.string('task_id', 255).index('idx_druid_tasklocks_task_id');
    t.specificType('lock_payload', blob(tx));
  });
  await createIfAbsent(tx, 'druid_supervisors', (t) => {
    t.bigIncrements('id');
    t.string('spec_id', 255).notNullable().index('idx_druid_supervisors_spec_id');
    t.string('created_date', 255).notNullable();
    t.specificType('payload', blob(tx)).notNullable();
  });
}

async function createConfigTables(tx: Tx): Promise<void> {
  await createIfAbsent(tx, 'druid_rules', (t) => {
    t.string('id', 255).primary();
    t.string('dataSource', 255).notNullable().index('idx_druid_rules_datasource');
    t.string('version', 255).notNullable();
    t.specificType('payload', blob(tx)).notNullable();
  });
  await createIfAbsent(tx, 'druid_config', (t) => {
    t.string('name', 255).primary();
    t.specificType('payload', blob(tx)).notNullable();
  });
  await createIfAbsent(tx, 'druid_audit', (t) => {
    t.bigIncrements('id');
    t.string('audit_key', 255).notNullable();
    t.string('type', 255).notNullable();
    t.string('author', 255).notNullable();
    t.string('comment', 2048).notNullable();
    t.string('created_date', 255).notNullable().index('idx_druid_audit_time');
    t.specificType('payload', blob(tx)).notNullable();
    t.index(['audit_key', 'created_date'], 'idx_druid_audit_key_time');
    t.index(['type', 'created_date'], 'idx_druid_audit_type_time');
  });
}

async function createOwnTables(tx: Tx): Promise<void> {
  await createIfAbsent(tx, 'grove_cluster', (t) => {
    t.integer('id').primary();
    t.string('cluster_id', 64).notNullable();
    t.string('created_date', 64).notNullable();
  });
  await createIfAbsent(tx, 'grove_leader', (t) => {
    t.string('role', 64).primary();
    t.double('epoch').notNullable();
    t.string('holder', 255).notNullable();
  });
  await createIfAbsent(tx, 'grove_queryable', (t) => {
    t.string('segment_id', 255).primary();
  });
  await createIfAbsent(tx, 'grove_counter', (t) => {
    t.string('name', 64).primary();
    t.double('value').notNullable();
  });
  // Partition numbers stay taken after their rows were deleted.
  await createIfAbsent(tx, 'grove_partition_mark', (t) => {
    t.string('chunk_sha1', 40).primary();
    t.integer('next_partition').notNullable();
  });
  await createIfAbsent(tx, 'grove_task_run', (t) => {
    t.string('task_id', 255).primary();
    t.string('node', 255).notNullable();
    t.string('incarnation', 255).notNullable();
    t.double('assigned_at_ms').notNullable();
  });
}

async function insertFirstRows(tx: Tx, input: MigrationInput): Promise<void> {
  const cluster: unknown = await tx('grove_cluster').first();
  if (cluster === undefined) {
    await tx('grove_cluster').insert({ id: 1, cluster_id: input.clusterId, created_date: input.nowDate });
  }
  await tx('grove_counter').insert({ name: 'segments', value: 1 }).onConflict('name').ignore();
  const rule: unknown = await tx('druid_rules').where({ dataSource: '_default' }).first('id');
  if (rule === undefined) {
    await tx('druid_rules').insert({
      id: `_default_${input.nowDate}`,
      dataSource: '_default',
      version: input.nowDate,
      payload: '[{"type":"loadForever","tieredReplicants":{"_default_tier":2},"useDefaultTierForNull":true}]',
    });
  }
}

const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'tables of Druid and our own',
    run: async (tx, input) => {
      await createSegmentTables(tx);
      await createTaskTables(tx);
      await createConfigTables(tx);
      await createOwnTables(tx);
      await insertFirstRows(tx, input);
    },
  },
  {
    version: 2,
    name: 'which active tasks have published',
    run: (tx) =>
      createIfAbsent(tx, 'grove_task_published', (t) => {
        t.string('task_id', 255).primary();
        t.string('published_date', 64).notNullable();
      }),
  },
];

interface SchemaRow {
  readonly version: number;
}

/** Runs what is missing, each step in its own transaction. Answers the version reached. */
export async function migrate(knex: Knex, input: MigrationInput): Promise<number> {
  await knex.transaction(async (tx) => {
    await createIfAbsent(tx, 'grove_schema', (t) => {
      t.integer('version').primary();
      t.string('name', 255).notNullable();
      t.string('applied_date', 64).notNullable();
    });
  });
  let reached = 0;
  for (const migration of migrations) {
    await knex.transaction(async (tx) => {
      const done = await tx<SchemaRow>('grove_schema').where({ version: migration.version }).first('version');
      if (done === undefined) {
        await migration.run(tx, input);
        await tx('grove_schema').insert({
          version: migration.version,
          name: migration.name,
          applied_date: input.nowDate,
        });
      }
    });
    reached = migration.version;
  }
  return reached;
}
