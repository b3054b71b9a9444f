import { type Doubts, type NewChangeRecord, type Tier, withDoubts } from '../../domain/change-record.ts';
import { WebhookRejected } from '../../domain/errors.ts';
import { pullRequestIn } from '../../forges/bitbucket.ts';
import { forgeOf } from '../../forges/index.ts';
import { fullSha, shaPrefix } from '../../values/sha.ts';
import { trimChars } from '../../values/text.ts';
import type { IgnoredReason, Mapped } from '../mapped.ts';
import type { Commit } from './schema.ts';

export interface Context {
  readonly instance: string;
  readonly receivedAt: string;
  /** Bitbucket's API may be asked for what is not delivered. */
  readonly asks?: boolean;
}

/** Cloud's `environment_type.name` and Data Center's `environment.type`, lower case. */
export const TIERS: Readonly<Record<string, Tier>> = {
  test: 'testing',
  testing: 'testing',
  staging: 'staging',
  production: 'production',
  development: 'development',
};

export interface Environment {
  readonly name: string;
  readonly tier?: Tier;
  readonly url?: string;
  readonly note?: string;
}

export interface Repository {
  /** `<workspace>/<slug>`, in Data Center `<project key>/<slug>`. */
  readonly name?: string;
  readonly slug?: string;
  readonly uuid?: string;
  readonly url?: string;
  readonly note?: string;
}

/** A commit of the body: its full sha, or an abbreviation, which is only noted. */
export interface Resolved {
  readonly sha?: string;
  readonly note?: string;
}

export interface Keys {
  readonly deployment: string;
  readonly aliases: string[];
  readonly run: string;
  readonly note?: string;
}

export interface Actor {
  readonly name: string;
  readonly note?: string;
}

export const NO_TIME = 'Bitbucket gave no time: occurredAt is when Shiplog received this';

export function common(repository: Repository, environment: Environment, context: Context) {
  const { note: _, ...repo } = environment;
  return {
    source: 'bitbucket',
    instance: context.instance,
    environment: repo,
    service: repository.slug ?? 'unknown',
    ...(repository.name && {
      repository: withoutUndefined({ name: repository.name, id: idOf(repository), url: repository.url }),
    }),
    receivedAt: context.receivedAt,
  };
}

/** Of Bitbucket Cloud: Data Center's bodies have no id of their repositories. */
function idOf({ url, uuid }: Repository): string | undefined {
  const bare = bareUuid(uuid);
  return url !== undefined && bare !== undefined ? `${new URL(url).host}:${bare.toLowerCase()}` : undefined;
}

/** Uuids in braces may replace both parts, and are no name. */
export const fullNamed = (name: string): boolean => /^[\w.-]+\/[\w.-]+$/.test(name);

export function bitbucketOrg(fullName: string | undefined, uuid: string | undefined, slug?: string): Repository {
  if (fullName && fullNamed(fullName)) {
    return withoutUndefined({
      name: fullName,
      slug: fullName.split('/')[1],
      uuid,
      url: `https://bitbucket.org/${fullName}`,
    });
  }
  return withoutUndefined({
    name: slug,
    slug,
    uuid,
    note: 'the body does not name the repository as <workspace>/<slug>',
  });
}

/** The name of a deployment without a step. */
export function pipelineKey(parts: {
  readonly repository: Repository;
  readonly pipeline: string | undefined;
  readonly commit: Resolved;
  readonly environment: Environment;
  readonly run: string;
}): { deployment: string; note?: string } {
  const repository = (bareUuid(parts.repository.uuid) ?? parts.repository.name ?? 'unknown').toLowerCase();
  const pipeline = bareUuid(parts.pipeline) ?? `commit-${parts.commit.sha ?? 'unknown'}`;
  const deployment = `bitbucket:${repository}:${pipeline}:${parts.environment.name}:run:${parts.run}`;
  if (parts.pipeline) return { deployment };
  return {
    deployment,
    note: 'no step and no pipeline is named: another deployment of this commit would look like this one',
  };
}

/**
 * An environment occurs in a pipeline once, at a step or at a stage of several: pipeline, environment and run are what
 * the steps of a stage have in common. Bitbucket: "The deployment environment occurs multiple times in the pipeline".
 * @param step distinguishes the steps. Absent: the whole is reported.
 */
export function stageOf(parts: {
  readonly build: string | undefined;
  readonly pipeline: string | undefined;
  readonly environment: Environment;
  readonly run: string;
  readonly step: string | undefined;
  /** The step reports that the whole deployment goes on. */
  readonly goesOn?: boolean;
}): NewChangeRecord['stage'] {
  const { environment, run, step, goesOn } = parts;
  const pipeline = parts.build ?? bareUuid(parts.pipeline);
  if (!pipeline || environment.name === 'unknown') return undefined;
  return { of: `${pipeline}:${environment.name}:run:${run}`, ...(step && (goesOn ? { by: step } : { part: step })) };
}

export const runNumber = (run: string | undefined): string => (run && /^\d+$/.test(run) ? String(Number(run)) : '1');

export function tagsOf(
  repository: Repository,
  { name }: Environment,
  more: { ref?: string | undefined; run?: string; redeploy?: boolean },
): string[] {
  const environment = name === 'unknown' ? undefined : `env:${name}`;
  const redeploy = more.redeploy || (more.run && more.run !== '1') ? 'redeploy' : undefined;
  return [...new Set(texts('bitbucket', repository.name, environment, more.ref, redeploy))];
}

export function commitOf(reported: {
  readonly sha?: string;
  readonly message?: string | undefined;
  readonly author?: string | undefined;
  readonly committedAt?: string | undefined;
  readonly repository: Repository;
}): NewChangeRecord['commit'] {
  const { sha, message, author, committedAt, repository } = reported;
  const title = message?.split(/\r?\n/, 1)[0]?.trim();
  const url = sha && forgeOf(repository)?.commitUrl(sha);
  const commit = withoutUndefined({ sha, title, message, author, committedAt, url });
  return Object.keys(commit).length > 0 ? commit : undefined;
}

/**
 * A pull-request pipeline has its number; a deployment from main has only the message that Bitbucket wrote when it
 * merged.
 */
export function pullRequest(reported: {
  readonly id?: string | undefined;
  readonly message: string | undefined;
  readonly repository: Repository;
}): NewChangeRecord['pullRequest'] {
  const id = /^\d+$/.test(reported.id ?? '') ? reported.id : undefined;
  const number = id ?? pullRequestIn(reported.message);
  if (!number) return undefined;
  return withoutUndefined({ number, url: forgeOf(reported.repository)?.mergeRequestUrl(number) });
}

/** `Mira <mira@example.com>` is Mira. */
function withoutAddress(raw: string): string {
  const trimmed = raw.trim();
  const open = trimmed.endsWith('>') ? trimmed.lastIndexOf('<') : -1;
  return open < 0 ? trimmed : trimmed.slice(0, open).trim();
}

/** Without the e-mail address. */
export function authorOf(commit: Commit): string | undefined {
  return commit?.author?.user?.display_name ?? (withoutAddress(commit?.author?.raw ?? '') || undefined);
}

export function authorAsActor(author: string | undefined): Actor | undefined {
  return author
    ? { name: author, note: 'the actor is the author of the commit: Bitbucket did not say who deployed' }
    : undefined;
}

/** Only a full sha is used; an abbreviated one is noted, anything else is no commit. */
export function resolveCommit(candidates: readonly (string | undefined)[]): Resolved | undefined {
  const sha = first(candidates.map(fullSha));
  if (sha) return { sha };
  const part = candidates.find((text) => shaPrefix(text));
  return part ? { note: `Bitbucket shortened the commit to ${part}, which is not enough for a sha` } : undefined;
}

/** As Bitbucket makes slugs of names: lower case, words joined with "-". */
export function slugify(name: string | undefined): string | undefined {
  const slug = name?.toLowerCase().replace(/[^\p{L}\p{N}._/]+/gu, '-');
  return (slug && trimChars(slug, '-')) || undefined;
}

/** `{F00-…}` and `%7Bf00-…%7D` are the same as `f00-…`. */
export function bareUuid(uuid: string | undefined): string | undefined {
  return uuid?.replace(/[{}]|%7[bd]/gi, '').toLowerCase() || undefined;
}

/** A lookup in a table by foreign text: `constructor` is in no table. */
export function lookUp<Meaning>(
  table: Readonly<Record<string, Meaning>>,
  word: string | undefined,
): Meaning | undefined {
  return word !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;
}

export const first = <Value>(values: readonly (Value | undefined)[]): Value | undefined =>
  values.find((value) => value !== undefined);

/** What another signal of the deployment may know better. */
export const doubtsOf = (notes: {
  actor?: string | undefined;
  time?: string | undefined;
  commit?: string | undefined;
}) => withDoubts(withoutUndefined<Doubts>({ actor: notes.actor, occurredAt: notes.time, commit: notes.commit }));

export const texts = (...all: readonly (string | undefined)[]): string[] => all.filter((text) => text !== undefined);

/** Leaves out what is undefined: unknown values are absent in a record. */
export function withoutUndefined<Shape extends object>(parts: { [Key in keyof Shape]: Shape[Key] | undefined }): Shape {
  // the same keys, fewer of them
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Shape;
}

/** Foreign words for a sentence. */
export const short = (text: string): string => text.replace(/[^\x21-\x7e]+/g, ' ').slice(0, 80);

export const records = (record: NewChangeRecord) => ({ kind: 'records' as const, records: [record] });

export type Ignored = Extract<Mapped, { kind: 'ignored' }>;

export const ignored = (reason: IgnoredReason, detail?: string): Ignored => ({
  kind: 'ignored',
  reason,
  ...(detail && { detail }),
});

export const unknownStatus = (detail: string): Ignored => ignored('unknown_status', detail);

export function missingFields(fields: Readonly<Record<string, unknown>>, advice = ''): WebhookRejected {
  const names = Object.keys(fields).filter((name) => fields[name] === undefined);
  const lacking = `the body reports a deployment, but lacks a usable ${names.join(' and ')}`;
  return new WebhookRejected('bad_payload', lacking + advice);
}
