import type { ClientBase } from 'pg';
import { DeliveryFailed } from '../../domain/errors.ts';
import { versionOf } from './migrate.ts';
import { LATEST_VERSION } from './migrations.ts';
import { quoted } from './statements.ts';

/**
 * Whether rows could be written, in one sentence; creates nothing.
 * @throws DeliveryFailed where they could not
 */
export async function checkTables(client: ClientBase, schema: string): Promise<string> {
  const { rows } = await client.query<{ server: string; standby: boolean; may_create: boolean }>(
    `SELECT current_setting('server_version') AS server, pg_is_in_recovery() AS standby,
      coalesce(
        (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1),
        has_database_privilege(current_database(), 'CREATE')
      ) AS may_create`,
    [schema],
  );
  const { server = '', standby = false, may_create = false } = rows[0] ?? {};
  const refused = (why: string) => new DeliveryFailed(why, { retry: { afterMs: 10_000, hold: 'sink' } });
  if (standby) throw refused('the server is a standby: set url to the primary');
  const version = await versionOf(client, schema);
  if (version < LATEST_VERSION && !may_create)
    throw refused(
      `the user may not make the tables: let it create in the schema ${schema}, or make the schema its own`,
    );
  if (version > 0 && !(await mayWrite(client, schema)))
    throw refused(`the user may not write the tables: GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.deployments`);
  const tables = version === 0 ? 'the tables are made with the first deployment' : `the tables have version ${version}`;
  return `PostgreSQL ${server}, ${tables}`;
}

async function mayWrite(client: ClientBase, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `SELECT bool_and(has_table_privilege($1, privilege)) AS may
      FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS privilege`,
    [`${quoted(schema)}.deployments`],
  );
  return rows[0]?.may === true;
}
