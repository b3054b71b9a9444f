import { COLUMNS, type Row } from './row.ts';

/** A name in SQL. Names of schemas are checked in the configuration. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * One row a deployment. An earlier state never replaces a later one, by the rules of domain/deployment.ts
 * (`transition`): a higher rank wins, among ends the later one, and of one state what was sent last. So a statement
 * that was delayed on its way changes nothing any more. It returns no row then.
 */
export function upsert(schema: string, row: Row): Statement {
  const updates = COLUMNS.filter((name) => name !== 'key').map((name) => `${name} = EXCLUDED.${name}`);
  return {
    text: `
      INSERT INTO ${schema}.deployments AS kept (${COLUMNS.join(', ')})
      VALUES (${COLUMNS.map((_, at) => `$${at + 1}`).join(', ')})
      ON CONFLICT (key) DO UPDATE SET ${updates.join(', ')}, updated_at = now()
      WHERE EXCLUDED.state_rank > kept.state_rank
        OR (EXCLUDED.state_rank = kept.state_rank AND EXCLUDED.state <> kept.state
          AND EXCLUDED.state_at >= kept.state_at)
        OR (EXCLUDED.state = kept.state AND EXCLUDED.sent_at >= kept.sent_at)
      RETURNING inserted_at = updated_at AS is_new`,
    values: COLUMNS.map((name) => parameter(row[name])),
  };
}

/** How many rows one statement deletes: the others wait for the next. */
export const PRUNED_ROWS = 1_000;

export const prune = (schema: string, before: Date): Statement => ({
  text: `
    DELETE FROM ${schema}.deployments WHERE key IN (
      SELECT key FROM ${schema}.deployments WHERE occurred_at < $1 ORDER BY occurred_at LIMIT ${PRUNED_ROWS}
    )`,
  values: [before.toISOString()],
});

/** The client writes lists as lists of PostgreSQL; an object is JSON. */
const parameter = (value: Row[string] | undefined): unknown => {
  if (value === undefined) return null;
  return typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : value;
};
