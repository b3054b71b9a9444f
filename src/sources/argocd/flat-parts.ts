import type { NewChangeRecord } from '../../domain/change-record.ts';
import { fullSha } from '../../values/sha.ts';
import { environmentOf, type Named } from './environment.ts';
import { type Fields, nameIn, textIn, textsIn } from './flat-fields.ts';
import { NAMES } from './flat-names.ts';
import { commitText } from './origin.ts';
import { Notification } from './schema.ts';
import type { Settings } from './settings.ts';
import { webUrl } from './text.ts';

/** What one flat body says: the application, its revision, where it was deployed to, who did it. */

/** A service is an application under another name, if nothing else names one. */
export const appIn = (fields: Fields): string | undefined =>
  textIn(fields, NAMES.app) ?? nameOrLink(fields) ?? textIn(fields, NAMES.service);

/** `Continuous Delivery - my-app` is the name of a commit's status, and its link is that of the application. */
function nameOrLink(fields: Fields): string | undefined {
  const name = textIn(fields, NAMES.name);
  const linked = appOfLink(textIn(fields, NAMES.url));
  return name === undefined || (linked !== undefined && name.includes(linked)) ? linked : name;
}

/** `https://argocd.example.com/applications/argocd/my-app`: ServiceNow's template says the name nowhere else. */
function appOfLink(link: string | undefined): string | undefined {
  const path = webUrl(link)?.pathname;
  const name = path && /\/applications\/(?:[^/]+\/)?([^/]+)\/*$/.exec(path)?.[1];
  return name && /^[\w.-]+$/.test(name) ? name : undefined;
}

export interface Revision {
  /** As it was written; of several, all. */
  readonly text: string | undefined;
  readonly sha: string | undefined;
  readonly others: boolean;
}

/** An application with several sources has several revisions, which templates print as a list: `[4f0c… 1.2.0]`. */
export function revisionIn(fields: Fields): Revision {
  const one = nameIn(fields, NAMES.revision) ?? shaIn(fields, NAMES.perhapsRevision);
  const text = one ?? (textsIn(fields, NAMES.revisions).join(',') || undefined);
  const sha = fullSha(text);
  if (sha || !text) return { text, sha, others: false };
  const parts = text.split(/[\s,[\]]/).filter(Boolean);
  return { text, sha: parts.map((part) => fullSha(part)).find(Boolean), others: parts.length > 1 };
}

const shaIn = (fields: Fields, names: readonly string[]): string | undefined =>
  names.map((name) => textIn(fields, [name])).find((text) => fullSha(text) !== undefined);

export function commitIn(fields: Fields): NewChangeRecord['commit'] {
  const { sha } = revisionIn(fields);
  const message = textIn(fields, NAMES.commitMessage);
  const text = commitText({ message, author: textIn(fields, NAMES.commitAuthor), date: undefined });
  return sha || Object.keys(text).length > 0 ? { ...(sha && { sha }), ...text } : undefined;
}

/** The page of the application; Argo CD's own address leads there with the name of the application. */
export function linkIn(fields: Fields, app: string): string | undefined {
  const link = textIn(fields, NAMES.url);
  if (link && !link.includes('<no value>')) return webUrl(link)?.href;
  const argocd = webUrl(textIn(fields, NAMES.argocdUrl))?.href;
  if (!argocd || argocd.includes('/applications/')) return argocd;
  return `${argocd.replace(/\/$/, '')}/applications/${encodeURIComponent(app)}`;
}

/** Go prints a part as `map[automated:true]`. */
export function actorIn(fields: Fields): string | undefined {
  const actor = textIn(fields, NAMES.actor);
  return actor?.startsWith('map[') ? undefined : actor;
}

/** Before the end, the images are those of the deployment before. A revision that is a version is one of a chart. */
export function artifactsIn(
  fields: Fields,
  { service, isEnd }: { service: string; isEnd: boolean },
): readonly string[] {
  const images = isEnd ? textsIn(fields, NAMES.images) : [];
  const version = NAMES.version
    .map((name) => ({ name, text: nameIn(fields, [name]) }))
    .find(({ name, text }) => text !== undefined && isVersion(name, text));
  const own = images.length === 0 && version ? [`${service}:${version.text}`] : images;
  const { text: revision = '' } = revisionIn(fields);
  if (!isVersion('revision', revision)) return own;
  return [...own, `chart:${nameIn(fields, NAMES.chart) ?? service}@${revision}`];
}

/** A `version` may also be that of the body, `1` or `1.0`; the tag of an image is any word. */
const isVersion = (name: string, text: string): boolean =>
  !fullSha(text) && (/image/.test(name) ? /^\w[\w.-]{0,127}$/ : /^(?:v\d|\d+\.\d+\.\d)[\w.+-]{0,99}$/).test(text);

export function environmentIn(fields: Fields, notification: Notification, settings: Settings): Named {
  const reported = nameIn(fields, NAMES.environment);
  return reported ? { name: reported } : environmentOf(notification, settings, 'send "environment"');
}

export function toNotification(fields: Fields, app: string): Notification {
  const { cluster, namespace } = destinationIn(fields);
  // the namespace of the Application, not that of its target
  const isArgoCds = namespace && /^argo-?cd/i.test(namespace);
  const isAddress = webUrl(cluster) !== undefined;
  return Notification.parse({
    app: { name: app, project: textIn(fields, NAMES.project) },
    destination: { [isAddress ? 'server' : 'name']: cluster, ...(!isArgoCds && { namespace }) },
    sources: [{ repo_url: repositoryIn(fields), target_revision: textIn(fields, NAMES.ref) }],
  });
}

function destinationIn(fields: Fields): {
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
} {
  const both = textIn(fields, NAMES.destination);
  const slash = both?.lastIndexOf('/') ?? -1;
  const isBoth = both !== undefined && slash > 0 && both.charAt(slash - 1) !== '/';
  return {
    cluster: textIn(fields, NAMES.cluster) ?? (isBoth ? both.slice(0, slash) : both),
    namespace: textIn(fields, NAMES.namespace) ?? (isBoth ? both.slice(slash + 1) : undefined),
  };
}

/** `source` may also be the name of the sender. */
function repositoryIn(fields: Fields): string | undefined {
  const source = textIn(fields, NAMES.source);
  const isAddress = source?.includes('://') || source?.startsWith('git@');
  return textIn(fields, NAMES.repository) ?? (isAddress ? source : undefined);
}
