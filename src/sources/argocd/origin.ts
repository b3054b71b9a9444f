import type { NewChangeRecord } from '../../domain/change-record.ts';
import { toIso } from '../../values/time.ts';
import { annotation } from './annotation.ts';
import { applicationCommitOf, type CommitResult } from './application-commit.ts';
import { annotatedProject, type Deployed, refOf, repositoryOf } from './revision.ts';
import type { Notification } from './schema.ts';
import type { Settings } from './settings.ts';
import { short } from './text.ts';

interface Origin {
  readonly parts: Pick<NewChangeRecord, 'repository' | 'ref' | 'tag' | 'commit' | 'manifests'>;
  readonly tags: readonly string[];
  readonly notes: readonly (string | undefined)[];
}

interface OriginInput {
  readonly notification: Notification;
  readonly settings: Settings;
  readonly deployed: Deployed;
  /** Read from the history, which has only the manifests. */
  readonly isRecovered: boolean;
}

/**
 * Which commit of which project this is about: the application's where it is known to be another, else the manifests'.
 */
export function originOf(about: OriginInput): Origin {
  const { notification, settings, deployed, isRecovered } = about;
  const found = applicationCommitOf(notification, settings.applicationCommit, { isRecovered });
  if (found.kind !== 'none') return applicationsOwn(about, found);
  const repository = repositoryOf(notification, deployed.source, settings);
  // A later step may find the application's commit: the texts of another commit must not be shown with it.
  const commit = settings.applicationCommit.readTag
    ? deployed.sha && { sha: deployed.sha }
    : commitOf(notification, deployed.sha);
  return {
    parts: {
      ...(repository && { repository }),
      ...refOf(notification, deployed.source),
      ...(commit && { commit }),
      ...(deployed.manifests && { manifests: { ...manifestsOf(notification, deployed.manifests), rendered: true } }),
    },
    tags: [],
    notes: [...unrendered(notification), ...deployed.notes, foreignCommit(deployed, repository), found.note],
  };
}

function applicationsOwn(
  { notification, settings, deployed }: OriginInput,
  found: Exclude<CommitResult, { kind: 'none' }>,
): Origin {
  const { sha, short: abbreviated } = found.kind === 'found' ? found : {};
  const manifests = manifestsOf(notification, deployed.manifests ?? deployed);
  const repository = projectOf(notification, settings, deployed);
  const parts = {
    ...(repository && { repository }),
    ...refOf(notification, undefined), // the target revision is a branch of the manifests
    ...(sha && { commit: { sha } }),
    ...(manifests && { manifests }),
  };
  return {
    parts,
    tags: abbreviated ? [`commit:${abbreviated}`] : [],
    notes: [found.note, !repository && sha ? NO_PROJECT : undefined],
  };
}

const unrendered = (notification: Notification): (string | undefined)[] =>
  ['shiplog/gitlab-project', 'shiplog/ref'].map((key) => annotation(notification, key).note);

const NO_PROJECT =
  "The commit is the application's, and nothing names its project: set the annotation " +
  'shiplog/gitlab-project, or write a rule with gitlab_project.';

function manifestsOf(
  notification: Notification,
  { source, revision }: Pick<Deployed, 'source' | 'revision'>,
): NewChangeRecord['manifests'] {
  const repository = repositoryOf(notification, source, { gitlabHosts: [], gitlabRoots: new Map() });
  const reported = {
    ...(repository?.url && { repository: repository.name, url: repository.url }),
    ...(revision && { revision }),
  };
  return Object.keys(reported).length > 0 ? reported : undefined;
}

/**
 * The application's project has to be named: the manifests are in another one, unless the annotation names the same.
 */
function projectOf(
  notification: Notification,
  settings: Settings,
  { source }: Deployed,
): NewChangeRecord['repository'] {
  const project = annotatedProject(notification);
  if (!project) return undefined;
  const { gitlabHosts } = settings;
  const manifests = repositoryOf(notification, source, settings);
  if (manifests?.name.toLowerCase() === project.toLowerCase()) return manifests;
  const host = gitlabHosts.length === 1 ? gitlabHosts[0] : undefined;
  const url = host && !/^\d+$/.test(project) ? `https://${host}/${project}` : undefined;
  return { name: project, ...(url && { url }), gitlabProject: project };
}

/** With a source hydrator the message is of the commit that Argo CD wrote, and the sha is of a person's commit. */
function commitOf({ commit, dry_sha }: Notification, sha: string | undefined): NewChangeRecord['commit'] {
  const named = dry_sha ? {} : commitText(commit);
  return sha || Object.keys(named).length > 0 ? { ...(sha && { sha }), ...named } : undefined;
}

const COMMIT_LIMIT = 2000; // characters of a commit message

export function commitText({ message, author, date }: Notification['commit']) {
  const text = message && short(message, COMMIT_LIMIT);
  const title = text?.split('\n', 1)[0]?.trim();
  const committedAt = toIso(date);
  return {
    ...(title && { title }),
    ...(text && { message: text }),
    ...(author && { author }),
    ...(committedAt && { committedAt }),
  };
}

const COMMIT_ADVICE =
  'To name the commit of the application, write application_commit: { image_tag: "^.+:([0-9a-f]{40})$" } ' +
  'into this source of the configuration, or annotate the application with shiplog/commit.';

/** GitLab refuses a commit that the project does not have. */
function foreignCommit({ sha }: Deployed, repository: NewChangeRecord['repository']): string | undefined {
  if (!sha || !repository?.gitlabProject || !repository.url) return undefined;
  const project = repository.gitlabProject;
  if (/^\d+$/.test(project) || project.toLowerCase() === repository.name.toLowerCase()) return undefined;
  const conflict = `The commit is of ${repository.name}; the annotation shiplog/gitlab-project names ${project}.`;
  return `${conflict} ${COMMIT_ADVICE}`;
}
