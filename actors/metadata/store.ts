/**
 * Opens the SQL database: the one file that knows knex and its drivers. SQLite through libsql behind knex's
 * better-sqlite3 dialect; MySQL through mysql2, which is loaded only when asked for.
 */
import { createRequire } from 'node:module';
import knexFactory, { type Knex } from 'knex';
import BetterSqlite3Client from 'knex/lib/dialects/better-sqlite3/index.js';
import SqliteTransaction from 'knex/lib/dialects/sqlite3/execution/sqlite-transaction.js';
import { CodedError, asCoded } from '../../proto/errors.js';

export type StoreConfig =
  | { readonly kind: 'sqlite'; readonly file: string; readonly busyTimeoutMs: number }
  | {
      readonly kind: 'mysql';
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
      readonly connectionsMax: number;
      readonly acquireTimeoutMs: number;
    };

/** What every operation gets: a query builder bound to one open transaction. */
export type Tx = Knex.Transaction;
export type { Knex };

const load = createRequire(import.meta.url);

/** Writers queue up at BEGIN instead of failing at their first write. */
class ImmediateTransaction extends SqliteTransaction {
  override begin(connection: unknown): Promise<unknown> {
    return this.query(connection, this.readOnly ? 'BEGIN;' : 'BEGIN IMMEDIATE;');
  }
}

class LibsqlClient extends BetterSqlite3Client {
  override _driver(): unknown {
    return load('libsql');
  }
  override transaction(...given: readonly unknown[]): unknown {
    return new ImmediateTransaction(this, ...given);
  }
}

interface RawConnection {
  prepare(sql: string): { all(): unknown[] };
  exec(sql: string): void;
  close(): void;
}

// EXCLUSIVE: the file belongs to this process while it is open; a second one gets SQLITE_BUSY at its first read.
function prepareSqlite(connection: RawConnection, busyTimeoutMs: number): void {
  connection.prepare(`PRAGMA busy_timeout = ${busyTimeoutMs}`).all();
  connection.prepare('PRAGMA locking_mode = EXCLUSIVE').all();
  connection.prepare('PRAGMA journal_mode = WAL').all();
  connection.prepare('PRAGMA synchronous = FULL').all();
  connection.exec('BEGIN IMMEDIATE; COMMIT;');
}

function sqliteConfig(config: StoreConfig & { kind: 'sqlite' }): Knex.Config {
  return {
    client: LibsqlClient as unknown as typeof Knex.Client,
    connection: { filename: config.file },
    useNullAsDefault: true,
    pool: {
      min: 1,
      max: 1,
      afterCreate: (connection: RawConnection, done: (error: Error | null, c: RawConnection) => void) => {
        try {
          prepareSqlite(connection, config.busyTimeoutMs);
          done(null, connection);
        } catch (error) {
          // knex forgets a connection that failed here: it has to be closed by hand.
          connection.close();
          done(error instanceof Error ? error : new Error(String(error)), connection);
        }
      },
    },
  };
}

function mysqlConfig(config: StoreConfig & { kind: 'mysql' }): Knex.Config {
  return {
    client: 'mysql2',
    connection: {
      host: config.host,
      port: config.port,
      user: config.user,
      password: config.password,
      database: config.database,
      charset: 'utf8mb4',
      // A hostile server must not be able to read files of this machine.
      flags: ['-LOCAL_FILES'],
    },
    pool: { min: 0, max: config.connectionsMax },
    acquireConnectionTimeout: config.acquireTimeoutMs,
  };
}

// Failures reach the caller as errors; knex would print them besides.
const silent: Knex.Logger = { warn: () => {}, error: () => {}, deprecate: () => {}, debug: () => {} };

/** Opens the database and proves it answers; MetadataUnavailable when it does not. */
export async function openStore(config: StoreConfig): Promise<Knex> {
  const given = config.kind === 'sqlite' ? sqliteConfig(config) : mysqlConfig(config);
  const knex = knexFactory({ ...given, log: silent });
  try {
    await knex.raw('SELECT 1');
    return knex;
  } catch (thrown) {
    await knex.destroy();
    throw storeError(thrown, 'open');
  }
}

interface DriverError {
  readonly code?: unknown;
  readonly message?: unknown;
}

// Nothing was done: the store was busy, full, read-only, gone, or not reached at all.
const unavailable =
  /^(SQLITE_(BUSY|LOCKED|IOERR|FULL|CANTOPEN|READONLY|NOMEM|PROTOCOL|NOTADB|CORRUPT)|ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|PROTOCOL_|ER_(LOCK_|CON_COUNT|OPTION_PREVENTS|CANT_EXECUTE_IN_READ_ONLY|SERVER_SHUTDOWN|ACCESS_DENIED|BAD_DB))/;

/**
 * A driver's error as ours. `stage` commit: the outcome of a transaction whose COMMIT failed on a broken connection
 * is not known; everything before it was rolled back.
 */
export function storeError(thrown: unknown, stage: 'open' | 'work' | 'commit'): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const { code, message } = (thrown ?? {}) as DriverError;
  const text = typeof message === 'string' ? message : String(thrown);
  const known = typeof code === 'string' ? code : '';
  if (stage === 'commit' && /^(ECONN|EPIPE|ETIMEDOUT|PROTOCOL_)/.test(known)) {
    return new CodedError('Unknown', `The outcome of the transaction is not known: ${text}`, {}, thrown);
  }
  if (unavailable.test(known) || /database is locked|pool is probably full/.test(text)) {
    const busy = /BUSY|LOCKED|locked/.test(`${known} ${text}`);
    const hint = stage === 'open' && busy ? ' (another process has it open)' : '';
    return new CodedError(
      'MetadataUnavailable',
      `The metadata store does not answer: ${text}${hint}`,
      {},
      thrown,
    );
  }
  return asCoded(thrown);
}
