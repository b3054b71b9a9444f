import { fullSha, type NewChangeRecord } from '../../domain/change-record.ts';
import type { IgnoredReason, Mapped, Webhook } from '../source.ts';
import type { Project } from './project.ts';
import type { User } from './schema.ts';

/** What the mappers know besides the hook. */
export interface Context {
  /** The name of the configured source. */
  readonly instance: string;
  readonly webhook: Webhook;
}

/** The part of a record that is the same for all kinds of hook. */
export function originOf(project: Project, { instance, webhook }: Context) {
  return {
    source: 'gitlab',
    instance,
    service: project.service,
    repository: { name: project.name, ...(project.url && { url: project.url }), gitlabProject: project.id },
    receivedAt: webhook.receivedAt.toISOString(),
  };
}

/** The user name: e-mail addresses are mostly `[REDACTED]`, and never ours to pass on. */
export const personOf = (user: User): string | undefined => user?.username ?? user?.name;

/** Leaves out what is unknown, and the commit altogether when nothing is known. */
export function commitOf(commit: Record<CommitField, string | undefined>): Pick<NewChangeRecord, 'commit'> {
  const known = Object.entries({ ...commit, sha: fullSha(commit.sha) }).filter(([, value]) => value !== undefined);
  return known.length > 0 ? { commit: Object.fromEntries(known) } : {};
}
type CommitField = 'sha' | 'title' | 'message' | 'url' | 'author' | 'committedAt';

export type Ignored = Extract<Mapped, { kind: 'ignored' }>;

export const ignored = (reason: IgnoredReason, detail: string): Ignored => ({ kind: 'ignored', reason, detail });
