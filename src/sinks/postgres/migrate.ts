import type { ClientBase } from 'pg';
import { inTransaction } from './database.ts';
import { LATEST_VERSION, stepsAfter } from './migrations.ts';
import { quoted } from './statements.ts';

/**
 * Shared by all bridges of one database, whatever their schemas: several may start at once. Nobody else uses the
 * number.
 */
const LOCK = 7_448_701_966;

/**
 * Brings the tables to the version that this bridge knows; those that have it already are left alone, so that a user
 * without the right to create anything can write. A newer version has only more columns.
 */
export async function migrate(client: ClientBase, schema: string, timeoutMs: number): Promise<void> {
  if ((await versionOf(client, schema)) >= LATEST_VERSION) return;
  await inTransaction(client, timeoutMs, async () => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const version = await versionOf(client, schema); // another bridge may have been quicker
    if (version >= LATEST_VERSION) return;
    const name = quoted(schema);
    // CREATE SCHEMA IF NOT EXISTS asks for the right to create one, even where it exists
    const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
    if (rowCount === 0) await client.query(`CREATE SCHEMA ${name}`);
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${name}.schema_version
        (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`,
    );
    for (const step of stepsAfter(version, name)) {
      await client.query(step.sql);
      await client.query(
        `INSERT INTO ${name}.schema_version (version) VALUES ($1)
          ON CONFLICT (version) DO UPDATE SET applied_at = now()`,
        [step.version],
      );
    }
  });
}

/** 0: there are no tables, or somebody dropped them. */
export async function versionOf(client: ClientBase, schema: string): Promise<number> {
  // to_regclass() would answer from the state before the connection waited for the lock
  const { rowCount } = await client.query(
    `SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE nspname = $1 AND relname IN ('schema_version', 'deployments')`,
    [schema],
  );
  if (rowCount !== 2) return 0;
  const { rows } = await client.query<{ version: number }>(
    `SELECT coalesce(max(version), 0) AS version FROM ${quoted(schema)}.schema_version`,
  );
  return rows[0]?.version ?? 0;
}
