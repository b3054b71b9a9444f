import { z } from 'zod';
import { digest } from '../../domain/change-record.ts';
import { Time } from '../../values/time.ts';
import type { NumberedRow } from '../rows.ts';

/** What an API caller may set. GitLab: lib/api/deployments.rb. */
export const Status = z.enum(['running', 'success', 'failed', 'canceled']);
export type Status = z.infer<typeof Status>;

/** A deployment as GitLab stores one, with what it needs to become a change. Times are ISO 8601 UTC. */
export const Row = z.object({
  /** As in the path: a number or a full path. */
  project: z.string(),
  environment: z.string(),
  /** As it was sent: no commit, where the sender has none. */
  sha: z.string(),
  ref: z.string(),
  tag: z.boolean(),
  status: Status,
  created_at: Time,
  /** When it reached its status. */
  updated_at: Time,
});
export type Row = z.infer<typeof Row>;

/** As it is stored in the inbox: the row beside its numbers. */
export const KeptRow = Row.extend({ id: z.int().positive(), iid: z.int().positive() });
export type KeptRow = z.infer<typeof KeptRow>;

/** @throws ZodError for what this source did not write. */
export const keptRow = ({ id, iid, row }: NumberedRow): KeptRow => ({ ...Row.parse(row), id, iid });

/** The state machine's events. GitLab: app/models/deployment.rb. */
const EVENTS: Readonly<Record<Status, string>> = {
  running: 'run',
  success: 'succeed',
  failed: 'drop',
  canceled: 'cancel',
};

/**
 * Why GitLab would refuse the step; undefined when it would not. `running` follows only states that no API caller can
 * make.
 */
export function refusedStep(from: Status, to: Status): string | undefined {
  return to === 'running' || from === to ? `cannot transition via "${EVENTS[to]}"` : undefined;
}

/** `API::Entities::DeploymentExtended`, as for a deployment that no job made. */
export function shownRow({ id, iid, environment, ...row }: KeptRow) {
  return {
    id,
    iid,
    ref: row.ref,
    sha: row.sha,
    created_at: row.created_at,
    updated_at: row.updated_at,
    status: row.status,
    user: USER,
    environment: { id: environmentId(row.project, environment), name: environment, slug: slug(environment), ...NO_URL },
    deployable: null,
  };
}

const NO_URL = { external_url: null };

/** Whose token it is, only the sender knows. */
export const USER = { id: 1, username: 'shiplog', name: 'Shiplog', state: 'active', locked: false, avatar_url: null };

/** The same name always gives the same number; GitLab's are below 2^31, too. */
const environmentId = (project: string, name: string): number =>
  Number.parseInt(digest(`${project.toLowerCase()}\n${name}`).slice(0, 7), 16) + 1;

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 24)
    .replace(/^-|-$/g, '');
