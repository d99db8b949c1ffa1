// The two classes of knex's SQLite dialect that store.ts extends; knex ships no types for them.
declare module 'knex/lib/dialects/better-sqlite3/index.js' {
  export default class BetterSqlite3Client {
    constructor(config: unknown);
    _driver(): unknown;
    transaction(...given: readonly unknown[]): unknown;
  }
}
declare module 'knex/lib/dialects/sqlite3/execution/sqlite-transaction.js' {
  export default class SqliteTransaction {
    constructor(client: unknown, ...given: readonly unknown[]);
    readonly readOnly: boolean;
    query(connection: unknown, sql: string): Promise<unknown>;
    begin(connection: unknown): Promise<unknown>;
  }
}
