import picomatch from 'picomatch';
import { RE2JS } from 're2js';
import { z } from 'zod';
import { compilePattern, type PatternFault } from '../../values/pattern.ts';
import { anySha, fullSha } from '../../values/sha.ts';
import type { Notification } from './schema.ts';
import { quotedWord } from './text.ts';

const INPUT_LIMIT = 500; // characters of an image's name

/** Reads the commit out of an image's name, or returns undefined. */
type ReadTag = (image: string) => string | undefined;

const ImageTag = z.string().transform((text, context): ReadTag => {
  const compiled = compile(text);
  if (typeof compiled === 'function') return compiled;
  context.issues.push({ code: 'custom', message: compiled.wrong, input: text });
  return z.NEVER;
});

function compile(text: string): ReadTag | { readonly wrong: string } {
  const example = 'write for example ^.+:([0-9a-f]{40})$';
  const regex = compilePattern(text);
  if (!(regex instanceof RE2JS)) return { wrong: `${faultOf(regex)}; ${example}` };
  if (regex.groupCount() !== 1)
    return { wrong: `it needs exactly one group in ( ), for the commit; others begin with (?: ; ${example}` };
  return (image) => {
    const matcher = regex.matcher(image.slice(0, INPUT_LIMIT));
    return matcher.find() ? (matcher.group(1) ?? undefined) : undefined;
  };
}

function faultOf({ kind, why }: PatternFault): string {
  if (kind === 'invalid') return `not a valid regular expression (${why})`;
  if (kind === 'unsupported') return 'look-around and back-references are not supported';
  return `a catastrophic regular expression: ${why}`;
}

/** Where to find the application's own commit, when Argo CD deploys manifests of another repository. */
export const ApplicationCommit = z
  .strictObject({
    /** Its value is the commit. */
    annotation: z
      .string()
      .regex(/^[\w./-]{1,317}$/, 'write the name of an annotation, such as shiplog/commit')
      .default('shiplog/commit'),
    /** A regular expression with one group for the commit, for the whole name of an image. */
    image_tag: ImageTag.optional(),
    /** A glob: only images whose name fits count. `*` stays within a path part. */
    image: z.string().min(1).optional(),
  })
  .prefault({})
  .transform(({ annotation, image_tag, image }) => ({
    annotation,
    ...(image_tag && { readTag: image_tag }),
    counts: image === undefined ? () => true : picomatch(image, { dot: true }),
  }));
export type ApplicationCommit = z.output<typeof ApplicationCommit>;

/**
 * `found`: it is not the manifests' · `unknown`: there is one, and this notification does not say which · `none`:
 * nothing names one, so that only the deployed revision is known.
 */
export type CommitResult =
  | { readonly kind: 'found'; readonly sha?: string; readonly short?: string; readonly note?: string }
  | { readonly kind: 'unknown'; readonly note: string }
  | { readonly kind: 'none'; readonly note?: string };

export function applicationCommitOf(
  notification: Notification,
  rule: ApplicationCommit,
  options: { readonly isRecovered: boolean },
): CommitResult {
  const annotated = notification.app.annotations[rule.annotation];
  if (options.isRecovered)
    return annotated || rule.readTag ? { kind: 'unknown', note: NOT_IN_HISTORY } : { kind: 'none' };
  if (annotated !== undefined) {
    if (isSha(annotated)) return toCommitResult(annotated);
    return { kind: 'none', note: `The annotation ${rule.annotation} is ${quotedWord(annotated)}, which is no commit.` };
  }
  return rule.readTag ? readImages(notification, rule, rule.readTag) : { kind: 'none' };
}

const NOT_IN_HISTORY = "Argo CD's history does not say which commit of the application was deployed.";
const NOT_YET = 'While the sync runs, Argo CD still shows the images of before.';

const UNKNOWN_IMAGES = 'Argo CD does not say which images the failed sync was to deploy.';

/**
 * The result of a sync names the images of its manifests (since Argo CD 3.1); the summary those of all pods that run.
 */
function readImages(
  { images, resources, event }: Notification,
  rule: ApplicationCommit,
  readTag: ReadTag,
): CommitResult {
  const isOpen = event === 'running' || event === 'failed';
  const deployed = resources.images.length > 0 ? resources.images : isOpen ? [] : images;
  const counted = deployed.flatMap((image) => (image && rule.counts(nameOf(image)) ? [withoutDigest(image)] : []));
  const commits = [...new Set(counted.flatMap((image) => readTag(image)?.toLowerCase() ?? []).filter(isSha))];
  const [commit] = commits;
  if (commits.length > 1) return { kind: 'unknown', note: severalCommits(commits) };
  if (commit) return toCommitResult(commit);
  if (event === 'running') return { kind: 'unknown', note: NOT_YET };
  if (isOpen && counted.length === 0) return { kind: 'unknown', note: UNKNOWN_IMAGES };
  const shown = counted.join(', ').slice(0, 200) || 'no image is named';
  return { kind: 'none', note: `The setting application_commit.image_tag finds no commit: ${shown}.` };
}

function severalCommits(commits: readonly string[]): string {
  const shown = commits.map((commit) => commit.slice(0, 12)).slice(0, 5);
  return (
    'The images are of several commits ' +
    `(${shown.join(', ')}); the setting application_commit.image says which image counts.`
  );
}

const isSha = (text: string): boolean => anySha(text) !== undefined;

/** GitLab and others identify a commit by all its digits only: a short one may belong to another commit. */
function toCommitResult(text: string): CommitResult {
  const sha = fullSha(text);
  if (sha) return { kind: 'found', sha };
  const note =
    `The application's commit is ` +
    `${text.toLowerCase()}, which is not the full sha: put all its digits into the tag or the annotation.`;
  return { kind: 'found', short: text.toLowerCase(), note };
}

/** A digest has hex digits, and is no commit. */
const withoutDigest = (image: string): string => image.replace(/@[\w+.-]+:[0-9a-f]+$/i, '');

/** Without tag and digest; a colon before a slash begins a port. */
const nameOf = (image: string): string => withoutDigest(image).replace(/:[^/:]*$/, '');
