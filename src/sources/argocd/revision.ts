import type { NewChangeRecord } from '../../domain/change-record.ts';
import { nameRef } from '../../values/ref.ts';
import { parseRepoUrl, type RepoUrl } from '../../values/repo-url.ts';
import { fullSha } from '../../values/sha.ts';
import { trimChars } from '../../values/text.ts';
import { annotation } from './annotation.ts';
import type { HistoryEntry, Notification, SourceOfApp } from './schema.ts';
import type { Settings } from './settings.ts';

/** What was deployed: which commit of which repository, or no commit at all. */
export interface Deployed {
  readonly sha?: string;
  /** The source that the commit, or failing that the application, comes from. */
  readonly source?: SourceOfApp;
  /** Argo CD's revision of that source: a sha, a chart version or a digest. */
  readonly revision?: string;
  /** The revision that was applied, where the commit is another one: a source hydrator generated it. */
  readonly manifests?: { readonly source: SourceOfApp; readonly revision?: string; readonly rendered: true };
  readonly artifacts: readonly string[];
  readonly notes: readonly string[];
}

type Candidate = { readonly source: SourceOfApp | undefined; readonly revision: string | undefined };

export function deployedBy(notification: Notification, gitlabHosts: readonly string[]): Deployed {
  const candidates = pairs(notification);
  const rank = (candidate: Candidate) => rankOf(candidate.source, gitlabHosts);
  const byRank = candidates.toSorted((a, b) => rank(a) - rank(b));
  const withCommit = byRank.find(({ source, revision }) => fullSha(revision) && !isChartOnly(source));
  const { source, revision } = withCommit ?? byRank[0] ?? {};
  const dry = source && dryOf(notification, source);
  const sha = dry ? dry.sha : fullSha(withCommit?.revision);
  const manifests = dry && { source, ...(revision && { revision }), rendered: true as const };
  const isRunning = notification.event === 'running';
  return {
    ...(sha && { sha }),
    ...(source && { source: dry?.source ?? source }),
    ...(revision && { revision }),
    ...(manifests && { manifests }),
    artifacts: artifactsOf(candidates),
    notes: dry ? [sha ? READ : NOT_READ] : notesOf({ sha, candidates, isRunning }),
  };
}

const READ = 'The commit is the one that the source hydrator read, not the one that it wrote.';
const NOT_READ = 'Argo CD does not say which commit the source hydrator read for these manifests.';

/**
 * A person's commit, from which a source hydrator generated the deployed manifests. Argo CD shows only the newest
 * commit that it read: after a roll-back that is another one, and the commit is unknown.
 */
function dryOf(
  notification: Notification,
  synced: SourceOfApp,
): { readonly sha: string | undefined; readonly source: SourceOfApp } | undefined {
  const { dry_sha, hydrator, revision, revisions } = notification;
  if (!dry_sha && !hydrator.repo_url) return undefined;
  const written = hydrator.hydrated_sha;
  const isNewest = written === undefined ? !isRollback(notification) : [revision, ...revisions].includes(written);
  const { repo_url = synced.repo_url, target_revision, path } = hydrator;
  return {
    sha: isNewest ? fullSha(dry_sha) : undefined,
    source: { repo_url, target_revision, path, chart: undefined, ref: undefined },
  };
}

/** `revisions[i]` belongs to `sources[i]`; an application with one source has `revision`. */
function pairs({ revision, revisions, sources }: Notification): readonly Candidate[] {
  const all = revisions.some(Boolean) ? revisions : [revision];
  const length = Math.max(all.length, sources.length);
  return Array.from({ length }, (_, index) => ({ source: sources[index], revision: all[index] }));
}

/** The revision of a chart is its version, whatever it looks like. */
const isChartOnly = (source: SourceOfApp | undefined) => source?.chart !== undefined;

/**
 * Lowest first: on our GitLab, then others, then charts. In each place manifests come before values for a chart, which
 * have no path.
 */
function rankOf(source: SourceOfApp | undefined, gitlabHosts: readonly string[]): number {
  if (!source) return 6;
  if (isChartOnly(source)) return 7;
  const host = parseRepoUrl(source.repo_url)?.host;
  const place = host && gitlabHosts.includes(host) ? 0 : 3;
  if (source.path) return place;
  return place + (source.ref ? 1 : 2);
}

function artifactsOf(candidates: readonly Candidate[]): readonly string[] {
  const charts = candidates.flatMap(({ source, revision }) => {
    if (!source?.chart) return digestOf(source, revision);
    const version = revision ?? (isRange(source.target_revision) ? undefined : source.target_revision);
    return [version ? `chart:${source.chart}@${version}` : `chart:${source.chart}`];
  });
  return [...new Set(charts)];
}

/** Manifests in an OCI registry (Argo CD 3.1) have a digest where Git has a commit. */
function digestOf(source: SourceOfApp | undefined, revision: string | undefined): string[] {
  const repo = parseRepoUrl(source?.repo_url);
  if (!repo || !revision || !/^sha\d+:[0-9a-f]+$/.test(revision)) return [];
  return [`${repo.url.replace(/^https?:\/\//, '')}@${revision}`];
}

function notesOf(reported: {
  sha: string | undefined;
  candidates: readonly Candidate[];
  isRunning: boolean;
}): readonly string[] {
  if (reported.sha) return [];
  const revisions = reported.candidates.flatMap(({ revision }) => revision ?? []);
  if (reported.candidates.some(({ source }) => source?.chart)) {
    return ['There is no commit: a chart version was deployed.'];
  }
  if (reported.isRunning) return []; // it is resolved first: HEAD, or nothing, is what was asked for
  if (revisions.length === 0) return ['There is no commit: Argo CD did not say which revision it deploys.'];
  return [`There is no commit: the revision is ${revisions.join(', ').slice(0, 200)}.`];
}

/** A branch or tag that somebody named; `HEAD`, a sha and a version range are none. */
export function refOf(notification: Pick<Notification, 'app'>, source: SourceOfApp | undefined): Ref {
  const annotated = annotation(notification, 'shiplog/ref').value;
  if (annotated) return toRef(annotated);
  return source?.chart ? {} : toRef(source?.target_revision);
}

type Ref = { readonly ref?: string; readonly tag?: boolean };

/**
 * A full version, such as `v1.2.3`, is the name of a tag; a merge request's ref, and any other of Git's own, is no
 * branch.
 */
function toRef(text: string | undefined): Ref {
  const { ref, tag } = nameRef(text?.replace(/^refs\/remotes\/[^/]+\//, 'refs/heads/'));
  if (!ref || ref.startsWith('refs/') || (tag === undefined && !isRefName(ref))) return {};
  return tag === undefined && VERSION.test(ref) ? { ref, tag: true } : { ref, ...(tag !== undefined && { tag }) };
}

const VERSION = /^v?\d+\.\d+\.\d+(?:[-+][\w.+-]*)?$/;

/** Argo CD: util/git IsTruncatedCommitSHA takes 7 or more hex digits for a commit. */
const isRefName = (text: string) => text !== 'HEAD' && !/^[0-9a-f]{7,}$/i.test(text) && !isRange(text);

/**
 * Masterminds/semver, as Argo CD uses it: `>=1`, `~1.2`, `^1.2`, `1.x`, `1.*`, `1.0 - 2.0`, `1 || 2`. No branch name
 * has these signs.
 */
function isRange(text: string | undefined): boolean {
  if (!text) return true;
  return /^[<>=!~^]|[*\s,^~|]/.test(text) || /^v?(\d+\.)+x(\.x)*$/i.test(text) || /^x$/i.test(text);
}

/**
 * True when Argo CD went back to what it had deployed before the previous deployment. Argo CD has no flag for a
 * roll-back (argo-cd issue 6588), and its `apply` strategy is a plain option of a sync as well.
 */
export function isRollback(notification: Notification): boolean {
  const deployed = keyOf(notification);
  return isRollbackTo(notification, earlierDeployments(notification, deployed));
}

/** @param earlier the deployments before, oldest first. */
export function isRollbackTo(to: RevisionSet, earlier: readonly RevisionSet[]): boolean {
  const deployed = keyOf(to);
  const previous = earlier.at(-1);
  if (!deployed || !previous || keyOf(previous) === deployed) return false;
  return earlier.some((entry) => keyOf(entry) === deployed);
}

/** The history without the entry that this very operation has added when it succeeded (partial syncs add none). */
function earlierDeployments({ history, operation }: Notification, deployed: string): readonly HistoryEntry[] {
  const sorted = history.filter(({ id }) => id !== undefined).toSorted((a, b) => (a.id ?? 0) - (b.id ?? 0));
  const newest = sorted.at(-1);
  const started = Date.parse(operation.started_at ?? '');
  const addedBefore = Date.parse(newest?.deployed_at ?? '') < started;
  const isOurs = operation.phase === 'Succeeded' && newest && keyOf(newest) === deployed && !addedBefore;
  return isOurs ? sorted.slice(0, -1) : sorted;
}

interface RevisionSet {
  readonly revision?: string | undefined;
  readonly revisions: readonly unknown[];
  readonly overrides: readonly unknown[];
}

/** What was deployed. An image updater changes the images of the source, and the revision stays. */
export function keyOf({ revision, revisions, overrides }: RevisionSet): string {
  const text = revisions.some(Boolean) ? revisions.join('\n') : (revision ?? '');
  return text && [text, ...overrides.map(String).sort()].join('\n');
}

export function repositoryOf(
  { app }: Pick<Notification, 'app'>,
  source: SourceOfApp | undefined,
  { gitlabHosts, gitlabRoots }: Pick<Settings, 'gitlabHosts' | 'gitlabRoots'>,
): NewChangeRecord['repository'] {
  const repo = parseRepoUrl(source?.repo_url);
  const annotated = annotatedProject({ app });
  const path = repo && withoutRoot(repo, gitlabRoots);
  const onGitlab = repo && !isChartOnly(source) && gitlabHosts.includes(repo.host) ? path : undefined;
  const gitlabProject = annotated ?? onGitlab;
  const name = path ?? annotated;
  if (!name) return undefined;
  return { name, ...(repo && { url: repo.url }), ...(gitlabProject && { gitlabProject }) };
}

/** A GitLab may run under a path of its host, which is no group. */
function withoutRoot({ host, path }: RepoUrl, roots: ReadonlyMap<string, string>): string {
  const root = roots.get(host);
  return root && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

export const annotatedProject = (reported: Pick<Notification, 'app'>): string | undefined =>
  projectName(annotation(reported, 'shiplog/gitlab-project').value);

const PROJECT_LIMIT = 500; // characters

/** People write the id, the path, and the address of the project's page. */
function projectName(text: string | undefined): string | undefined {
  if (!text || text.length > PROJECT_LIMIT) return undefined;
  const name = text.includes('://') ? parseRepoUrl(text)?.path : trimChars(text, '/');
  return name || undefined;
}
