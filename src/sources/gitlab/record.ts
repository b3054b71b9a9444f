import type { NewChangeRecord } from '../../domain/change-record.ts';
import { fullSha, shortSha } from '../../values/sha.ts';
import type { IgnoredReason, Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import { type Project, UNKNOWN_HOST } from './project.ts';
import type { User } from './schema.ts';

/** What the mappers need besides the hook. */
export interface Context {
  /** The name of the configured source. */
  readonly instance: string;
  readonly webhook: Webhook;
  /** The GitLab whose API is configured, as host and port. */
  readonly apiHost?: string;
}

/** The part of a record that is the same for all signals about a project. */
export function originOf(
  project: Project,
  { instance, webhook }: Pick<Context, 'instance'> & { readonly webhook: Pick<Webhook, 'receivedAt'> },
) {
  return {
    source: 'gitlab',
    instance,
    service: project.service,
    repository: {
      name: project.name,
      ...idOf(project),
      ...(project.url && { url: project.url }),
      gitlabProject: project.id,
    },
    receivedAt: webhook.receivedAt.toISOString(),
  };
}

/** Without a number, the id is the path. Without a path, a display name would count as one. */
const idOf = ({ host, id, path }: Project): { readonly id?: string } =>
  /^\d+$/.test(id) && path !== undefined && host !== UNKNOWN_HOST ? { id: `${host}:${id}` } : {};

export const NO_TIME = 'GitLab gave no time; this is when the webhook came in.';

/** The user name: e-mail addresses are mostly `[REDACTED]`, and must not be passed on. */
export const personOf = (user: User): string | undefined => user?.username ?? user?.name;

/** Leaves out what is unknown, and the commit altogether when nothing is known. */
export function commitOf(reported: Record<CommitField, string | undefined>): Pick<NewChangeRecord, 'commit'> {
  const { title, message, url, author, committedAt } = reported;
  const sha = fullSha(reported.sha);
  const commit = {
    ...(sha && { sha }),
    ...(title && { title }),
    ...(message && { message }),
    ...(url && { url }),
    ...(author && { author }),
    ...(committedAt && { committedAt }),
  };
  return Object.keys(commit).length > 0 ? { commit } : {};
}
type CommitField = 'sha' | 'title' | 'message' | 'url' | 'author' | 'committedAt';

/** Identifies a deployment without a job: it may be our own write, and only the worker can tell. */
export function madeByApiOf(
  project: Project,
  made: { deploymentId: string; environment: string | undefined; sha: string | undefined },
): Pick<NewChangeRecord, 'madeByApi'> {
  const digits = made.sha && shortSha(made.sha).toLowerCase();
  return {
    madeByApi: {
      projects: [...new Set([project.id, ...(project.path ? [project.path.toLowerCase()] : [])])],
      deploymentId: made.deploymentId,
      environment: made.environment ?? 'unknown',
      ...(digits && { shortSha: digits }),
    },
  };
}

export type Ignored = Extract<Mapped, { kind: 'ignored' }>;

export const ignored = (reason: IgnoredReason, detail: string): Ignored => ({ kind: 'ignored', reason, detail });
