/**
 * The steps that create the tables. A step that was released is never changed: databases have it. Steps only add, so
 * that an older bridge continues to work beside a newer one, and a rollback of the bridge needs none of the database.
 * `{schema}` is replaced by the schema.
 */
const MIGRATIONS: readonly string[] = [
  `
    CREATE TABLE {schema}.deployments (
      key text PRIMARY KEY,
      state text NOT NULL,
      state_rank smallint NOT NULL,
      state_at timestamptz NOT NULL,
      sent_at timestamptz NOT NULL,
      occurred_at timestamptz NOT NULL,
      started_at timestamptz,
      finished_at timestamptz,
      succeeded_at timestamptz,
      received_at timestamptz NOT NULL,
      end_reason text,
      change_type text NOT NULL,
      risk_level text,
      summary text NOT NULL,
      description text,
      service text NOT NULL,
      environment text NOT NULL,
      tier text,
      repository text,
      repository_url text,
      ref text,
      ref_type text,
      commit_sha text,
      commit_title text,
      commit_author text,
      commit_url text,
      committed_at timestamptz,
      change_request text,
      change_request_url text,
      change_request_title text,
      pipeline_url text,
      job text,
      job_url text,
      actor text,
      artifacts text[] NOT NULL,
      tags text[] NOT NULL,
      replaced_deployment text,
      replaced_commit text,
      compare_url text,
      owner_team text,
      owner_channel text,
      owner_runbook text,
      owner_on_call text,
      source text NOT NULL,
      page_url text,
      record jsonb NOT NULL,
      inserted_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX deployments_occurred_at ON {schema}.deployments (occurred_at);
    CREATE INDEX deployments_place ON {schema}.deployments (environment, service, occurred_at);
    CREATE INDEX deployments_commit_sha ON {schema}.deployments (commit_sha);
    COMMENT ON TABLE {schema}.deployments IS 'One row a deployment, written by Shiplog. Columns are only ever added.';
  `,
];

export const LATEST_VERSION = MIGRATIONS.length;

interface Step {
  /** The version that the steps lead to. */
  readonly version: number;
  readonly sql: string;
}

/**
 * The steps that a database of this version lacks.
 * @param schema quoted
 */
export const stepsAfter = (version: number, schema: string): readonly Step[] =>
  MIGRATIONS.map((sql, at) => ({ version: at + 1, sql: sql.replaceAll('{schema}', schema) })).slice(version);
